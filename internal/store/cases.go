package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// CaseRow is what reviewers keep about a session, as stored. Was is the version the writer saw, 0 for one that is not there yet.
type CaseRow struct {
	SessionID, TenantID, ApplicantID string
	State                            usher.State
	Flow, Assignee                   string
	Doc                              []byte // sealed
	Version, Was                     int64
	OpenedAt, DueAt                  time.Time
	Held                             *HeldRow // read only
}

// CaseState is what a change of a session means for its case.
type CaseState struct {
	SessionID, TenantID, ApplicantID string
	State                            usher.State
	Flow                             string
	Marks                            [][]byte // in review: reasons and outcomes, as keyed hashes
	Voters                           []string // in review: who has approved
	Most                             int      // in review, over 0: deal it to somebody who has fewer
	Now, DueAt                       time.Time
	Entry                            string // id for the entry of the log that says to whom it was dealt
}

// CaseLogRow is an entry of the log of a case. Member is of dealt cases alone, where nothing is sealed.
type CaseLogRow struct {
	ID, TenantID, ApplicantID, SessionID string
	Kind                                 usher.CaseEntryKind
	By                                   usher.Actor
	Member                               string
	Doc                                  []byte
	At                                   time.Time
}

// HeldRow is a decision that can still be taken back; Doc is its sealed command.
type HeldRow struct {
	ID, SessionID, TenantID, ApplicantID, StaffID string
	Doc                                           []byte
	DueAt                                         time.Time
}

// WordsRow is what an applicant is found by, as keyed hashes.
type WordsRow struct {
	TenantID, ApplicantID string
	Words                 [][]byte
}

// CaseEdit is what reviewers do with a case. Tags nil leaves the marks of tags as they are.
type CaseEdit struct {
	Case  CaseRow
	Tags  [][]byte // as keyed hashes
	Names [][]byte // the same sealed, for the tenant's list
	Free  bool     // it is not dealt again: somebody gave it back
}

const putCase = `
INSERT INTO cases (session_id, tenant_id, applicant_id, state, flow, assignee, voters, deal_most, doc, version, opened_at, due_at)
SELECT s.id, s.tenant_id, s.applicant_id, s.state, s.flow, $3, '', 0, $4, $5, 0, 0 FROM sessions s WHERE s.id = $1 AND s.tenant_id = $2
ON CONFLICT (session_id) DO UPDATE SET assignee = excluded.assignee, doc = excluded.doc, version = excluded.version,
    deal_most = CASE WHEN $7 THEN 0 ELSE cases.deal_most END
WHERE cases.version = $6`

// caseEdit writes what reviewers did; a conflict when another was faster. The case copies the session's state, which lockSessionsOf holds.
func (w *writer) caseEdit(e CaseEdit) {
	c := e.Case
	w.mustOne(w.exec(putCase, c.SessionID, c.TenantID, c.Assignee, c.Doc, c.Version, c.Was, e.Free))
	w.exec(`UPDATE case_marks SET assignee = $2 WHERE session_id = $1 AND assignee <> $2`, c.SessionID, c.Assignee)
	if e.Tags == nil {
		return
	}
	w.exec(`DELETE FROM case_marks WHERE session_id = $1 AND tag`, c.SessionID)
	w.marks(c.SessionID, e.Tags, true)
	for i, name := range e.Names {
		w.exec(`INSERT INTO tags (tenant_id, name_index, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, c.TenantID, e.Tags[i], name)
	}
}

func (w *writer) marks(session string, marks [][]byte, tags bool) {
	for _, m := range marks {
		w.exec(`INSERT INTO case_marks (session_id, mark_index, tag, tenant_id, state, assignee, due_at)
			SELECT session_id, $2, $3, tenant_id, state, assignee, due_at FROM cases WHERE session_id = $1 ON CONFLICT DO NOTHING`, session, m, tags)
	}
}

const openCase = `
INSERT INTO cases (session_id, tenant_id, applicant_id, state, flow, assignee, voters, deal_most, version, opened_at, due_at)
VALUES ($1, $2, $3, $4, $5, '', $6, $7, 1, $8, $9)
ON CONFLICT (session_id) DO UPDATE SET state = excluded.state, voters = excluded.voters, version = cases.version + 1,
    deal_most = CASE WHEN cases.state = 'in_review' THEN cases.deal_most ELSE excluded.deal_most END,
    opened_at = CASE WHEN cases.state = 'in_review' THEN cases.opened_at ELSE excluded.opened_at END,
    due_at = CASE WHEN cases.state = 'in_review' THEN cases.due_at ELSE excluded.due_at END,
    assignee = CASE WHEN cases.assignee <> '' AND excluded.voters LIKE '%' || cases.assignee || '%' THEN '' ELSE cases.assignee END
WHERE cases.tenant_id = excluded.tenant_id`

// caseState takes in what became of the session of a case. Whoever has approved must not be the one who has it any more.
func (w *writer) caseState(c CaseState) {
	if c.State != usher.InReview {
		if w.exec(`UPDATE cases SET state = $2 WHERE session_id = $1`, c.SessionID, c.State) > 0 {
			w.exec(`UPDATE case_marks SET state = $2 WHERE session_id = $1`, c.SessionID, c.State)
		}
		return
	}
	w.exec(openCase, c.SessionID, c.TenantID, c.ApplicantID, c.State, c.Flow, strings.Join(c.Voters, " "), c.Most, ms(c.Now), ms(c.DueAt))
	w.exec(`DELETE FROM case_marks WHERE session_id = $1 AND NOT tag`, c.SessionID)
	w.marks(c.SessionID, c.Marks, false)
	w.exec(`UPDATE case_marks SET state = $2, due_at = (SELECT due_at FROM cases WHERE session_id = $1),
		assignee = (SELECT assignee FROM cases WHERE session_id = $1) WHERE session_id = $1 AND tag`, c.SessionID, c.State)
	if c.Most > 0 {
		w.deal(c.TenantID, c.SessionID, c.Entry, c.Now)
	}
}

// nextDealt finds whose turn it is: of those who may decide and have fewer cases than they are dealt at most, who was dealt one longest ago.
const nextDealt = `
SELECT s.id, s.tenant_id, c.applicant_id FROM cases c JOIN staff s ON s.tenant_id = c.tenant_id LEFT JOIN case_turns t ON t.staff_id = s.id
WHERE c.session_id = $1 AND c.state = 'in_review' AND c.assignee = '' AND c.deal_most > 0 AND NOT s.disabled
    AND s.role IN ('reviewer', 'senior') AND c.voters NOT LIKE '%' || s.id || '%'
    AND (SELECT count(*) FROM cases o WHERE o.tenant_id = c.tenant_id AND o.assignee = s.id AND o.state = 'in_review') < c.deal_most
ORDER BY COALESCE(t.turn, 0), s.id LIMIT 1`

// deal gives a case to the reviewer whose turn it is. Of a tenant's cases one is dealt at a time, so nobody is dealt more than they may have.
func (w *writer) deal(of, session, entry string, now time.Time) (dealt bool) {
	if w.exec(`UPDATE cases SET assignee = '' WHERE session_id = $1 AND assignee = ''`, session) == 0 {
		return false
	}
	w.lock("deal/" + of)
	var member, tenant, applicant string
	w.rows(nextDealt, []any{session}, func(row scanner) error { return row.Scan(&member, &tenant, &applicant) })
	if w.err != nil || member == "" {
		return false
	}
	w.exec(`UPDATE cases SET assignee = $2, version = version + 1 WHERE session_id = $1`, session, member)
	w.exec(`UPDATE case_marks SET assignee = $2 WHERE session_id = $1`, session, member)
	w.exec(`INSERT INTO case_turns (staff_id, tenant_id, turn)
		SELECT $1, $2, COALESCE(max(turn), 0) + 1 FROM case_turns WHERE tenant_id = $2 ON CONFLICT (staff_id) DO UPDATE SET turn = excluded.turn`,
		member, tenant)
	by := usher.Actor{Kind: usher.BySystem, ID: "round_robin"}
	w.caseLog(CaseLogRow{
		ID: entry, TenantID: tenant, ApplicantID: applicant, SessionID: session, Kind: usher.CaseDealt, By: by, Member: member, At: now,
	})
	w.audit(usher.AuditRecord{ID: entry, TenantID: tenant, At: now, Actor: by, Action: "case.dealt", Object: session, Detail: member})
	return true
}

// dealable finds cases that wait and that somebody has room for now: those of a tenant whose reviewers have all they may do not hold up others.
const dealable = `
WITH room AS MATERIALIZED (
    SELECT s.id, s.tenant_id, (SELECT count(*) FROM cases o WHERE o.tenant_id = s.tenant_id AND o.assignee = s.id AND o.state = 'in_review') AS has
    FROM staff s WHERE NOT s.disabled AND s.role IN ('reviewer', 'senior'))
SELECT session_id, tenant_id FROM cases WHERE deal_most > 0 AND assignee = '' AND state = 'in_review' AND EXISTS (
    SELECT 1 FROM room r WHERE r.tenant_id = cases.tenant_id AND r.has < cases.deal_most AND cases.voters NOT LIKE '%' || r.id || '%')
ORDER BY due_at LIMIT $1`

// DealCases deals up to most cases for which nobody had room before; newID gives ids for the log.
func (s *Store) DealCases(ctx context.Context, now time.Time, most int, newID func() string) (dealt int, err error) {
	type waits struct{ session, tenant string }
	waiting, err := all(ctx, s, func(row scanner) (c waits, err error) { return c, row.Scan(&c.session, &c.tenant) }, dealable, most)
	for _, c := range waiting {
		done := false
		err = errors.Join(err, s.together(ctx, func(w *writer) { done = w.deal(c.tenant, c.session, newID(), now) }))
		if done && err == nil {
			dealt++
		}
	}
	return dealt, err
}

func (w *writer) caseLog(r CaseLogRow) {
	w.exec(`INSERT INTO case_log (id, tenant_id, applicant_id, session_id, kind, actor_kind, actor_id, member, doc, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, r.TenantID, r.ApplicantID, r.SessionID, r.Kind, r.By.Kind, r.By.ID, r.Member, r.Doc, ms(r.At))
}

// CaseLog gives what was done with a case, newest first.
func (s *Store) CaseLog(ctx context.Context, tenant, session string, most int) ([]CaseLogRow, error) {
	return all(ctx, s, func(row scanner) (CaseLogRow, error) {
		var r CaseLogRow
		var when int64
		err := row.Scan(&r.ID, &r.TenantID, &r.ApplicantID, &r.SessionID, &r.Kind, &r.By.Kind, &r.By.ID, &r.Member, &r.Doc, &when)
		r.At = at(when)
		return r, err
	}, `SELECT id, tenant_id, applicant_id, session_id, kind, actor_kind, actor_id, member, doc, at FROM case_log
		WHERE session_id = $1 AND tenant_id = $2 ORDER BY pos DESC LIMIT $3`, session, tenant, most)
}

// hold keeps a decision; a conflict when one is held already, or the applicant was erased meanwhile.
func (w *writer) hold(r HeldRow) {
	w.mustOne(w.exec(`INSERT INTO held_decisions (session_id, id, tenant_id, applicant_id, staff_id, doc, due_at) SELECT $1, $2, $3, $4, $5, $6, $7
		WHERE EXISTS (SELECT 1 FROM keysets WHERE applicant_id = $4 AND tenant_id = $3`+w.s.c.Words.Keep+`) ON CONFLICT DO NOTHING`,
		r.SessionID, r.ID, r.TenantID, r.ApplicantID, r.StaffID, r.Doc, ms(r.DueAt)))
}

// release ends a held decision; a conflict when it has ended before.
func (w *writer) release(id string) {
	w.mustOne(w.exec(`DELETE FROM held_decisions WHERE id = $1`, id))
}

const heldColumns = `session_id, id, tenant_id, applicant_id, staff_id, doc, due_at`

func scanHeld(row scanner) (HeldRow, error) {
	var r HeldRow
	var due int64
	err := row.Scan(&r.SessionID, &r.ID, &r.TenantID, &r.ApplicantID, &r.StaffID, &r.Doc, &due)
	r.DueAt = at(due)
	return r, err
}

// DueHeld gives held decisions whose time has come, oldest first.
func (s *Store) DueHeld(ctx context.Context, now time.Time, most int) ([]HeldRow, error) {
	return all(ctx, s, scanHeld, `SELECT `+heldColumns+` FROM held_decisions WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, ms(now), most)
}

// Held gives the decision that is held for a session.
func (s *Store) Held(ctx context.Context, tenant, session string) (HeldRow, error) {
	return one(ctx, s, scanHeld, `SELECT `+heldColumns+` FROM held_decisions WHERE session_id = $1 AND tenant_id = $2`, session, tenant)
}

// CaseTags gives the words a tenant has used as tags, sealed, in no order.
func (s *Store) CaseTags(ctx context.Context, tenant string) ([][]byte, error) {
	return all(ctx, s, func(row scanner) (name []byte, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM tags WHERE tenant_id = $1`, tenant)
}

// words adds what an applicant is found by, unless they were erased meanwhile.
func (w *writer) words(r WordsRow) {
	for _, word := range r.Words {
		w.exec(`INSERT INTO applicant_words (tenant_id, word_index, applicant_id) SELECT $1, $2, $3
			WHERE EXISTS (SELECT 1 FROM keysets WHERE applicant_id = $3`+w.s.c.Words.Keep+`) ON CONFLICT DO NOTHING`, r.TenantID, word, r.ApplicantID)
	}
}

// caseCursor is a place in a list of cases.
type caseCursor struct {
	due     int64
	session string
}

// Cursor gives the place of a case in a list, for the next page; byAge as [ByAge] says of the list.
func (r CaseRow) Cursor(byAge bool) string {
	at := r.DueAt
	if byAge {
		at = r.OpenedAt
	}
	return strconv.FormatInt(ms(at), 10) + "." + r.SessionID
}

// ByAge tells whether a list is in the order in which cases came to the reviewers: where it is asked for those who wait long, that order has
// them together, while that of due times has them anywhere.
func ByAge(f usher.CaseFilter, marks [][]byte) bool { return !f.Since.IsZero() && len(marks) == 0 }

func readCursor(text string) (caseCursor, error) {
	due, session, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(due, 10, 64)
	if err != nil || session == "" {
		return caseCursor{}, errors.Join(ErrNotFound, err)
	}
	return caseCursor{n, session}, nil
}
