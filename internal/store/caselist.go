package store

import (
	"context"
	"strconv"
	"time"

	"github.com/usher-kyc/usher"
)

// CaseItemRow is a case in a list, with its session and applicant as stored.
type CaseItemRow struct {
	Case      CaseRow
	Session   SessionRow
	Applicant ApplicantRow
}

const caseColumns = `c.session_id, c.tenant_id, c.applicant_id, c.state, c.flow, c.assignee, c.doc, c.version, c.opened_at, c.due_at,
    COALESCE(h.id, ''), COALESCE(h.staff_id, ''), h.doc, COALESCE(h.due_at, 0)`

func caseInto(r *CaseRow) (into []any, finish func()) {
	var opened, due, held int64
	var h HeldRow
	into = []any{
		&r.SessionID, &r.TenantID, &r.ApplicantID, &r.State, &r.Flow, &r.Assignee, &r.Doc, &r.Version, &opened, &due,
		&h.ID, &h.StaffID, &h.Doc, &held,
	}
	finish = func() {
		r.Was, r.OpenedAt, r.DueAt = r.Version, at(opened), at(due)
		if h.ID != "" {
			h.SessionID, h.TenantID, h.ApplicantID, h.DueAt = r.SessionID, r.TenantID, r.ApplicantID, at(held)
			r.Held = &h
		}
	}
	return into, finish
}

// Case gives what is kept about a tenant's session; ErrNotFound when nobody has kept anything.
func (s *Store) Case(ctx context.Context, tenant, session string) (CaseRow, error) {
	return one(ctx, s, func(row scanner) (CaseRow, error) {
		var r CaseRow
		into, finish := caseInto(&r)
		err := row.Scan(into...)
		finish()
		return r, err
	}, `SELECT `+caseColumns+` FROM cases c LEFT JOIN held_decisions h ON h.session_id = c.session_id WHERE c.session_id = $1 AND c.tenant_id = $2`,
		session, tenant)
}

const caseItemColumns = caseColumns + `, s.client_id, s.dialect, s.purpose, s.flow_version, s.version, s.doc, s.submitted_at, s.created_at,
    s.updated_at, s.expires_at, a.client_id, a.dialect, a.version, a.erased, a.doc`

const caseItemTables = ` JOIN sessions s ON s.id = c.session_id JOIN applicants a ON a.id = c.applicant_id
    LEFT JOIN held_decisions h ON h.session_id = c.session_id`

func scanCaseItem(row scanner) (CaseItemRow, error) {
	var r CaseItemRow
	into, finish := caseInto(&r.Case)
	s, a := &r.Session, &r.Applicant
	var submitted, created, updated, expires int64
	err := row.Scan(append(into, &s.ClientID, &s.Dialect, &s.Purpose, &s.FlowVersion, &s.Version, &s.Doc, &submitted, &created, &updated, &expires,
		&a.ClientID, &a.Dialect, &a.Version, &a.Erased, &a.Doc)...)
	finish()
	s.ID, s.TenantID, s.ApplicantID, s.State, s.Flow = r.Case.SessionID, r.Case.TenantID, r.Case.ApplicantID, r.Case.State, r.Case.Flow
	s.SubmittedAt, s.CreatedAt, s.UpdatedAt, s.ExpiresAt = at(submitted), at(created), at(updated), at(expires)
	a.ID, a.TenantID = r.Case.ApplicantID, r.Case.TenantID
	return r, err
}

// ListCases gives a tenant's cases by the time they are due, one more than the limit. marks are keyed hashes of what each of them must have.
// Each filter that leaves many out has an index in the order of the list, so that a page costs the same wherever it stands.
func (s *Store) ListCases(ctx context.Context, tenant string, f usher.CaseFilter, marks [][]byte) ([]CaseItemRow, error) {
	// The table whose index gives the order: that of marks, where there is one.
	q, from, at := query{args: []any{tenant}}, "c", ".due_at"
	if ByAge(f, marks) {
		at = ".opened_at"
	}
	if len(marks) > 0 {
		from = "m"
		q.text = ` FROM case_marks m CROSS JOIN cases c` + caseItemTables + ` WHERE c.session_id = m.session_id AND m.tenant_id = $1`
		q.when(true, `m.mark_index = ?`, marks[0])
		for _, more := range marks[1:] {
			q.when(true, `EXISTS (SELECT 1 FROM case_marks x WHERE x.session_id = m.session_id AND x.mark_index = ?)`, more)
		}
	} else {
		q.text = ` FROM cases c` + caseItemTables + ` WHERE c.tenant_id = $1`
	}
	q.when(f.State != "", from+`.state = ?`, f.State)
	q.when(f.Of != "" || f.Free, from+`.assignee = ?`, f.Of)
	q.when(f.Flow != "", `c.flow = ?`, f.Flow)
	q.when(!f.Overdue.IsZero(), from+`.due_at <= ?`, ms(f.Overdue))
	q.when(!f.Since.IsZero(), `c.opened_at <= ?`, ms(f.Since))
	if f.After != "" {
		c, err := readCursor(f.After)
		if err != nil {
			return nil, err
		}
		op := `>`
		if f.Newest {
			op = `<`
		}
		q.when(true, `(`+from+at+`, `+from+`.session_id) `+op+` (?, ?)`, c.due, c.session)
	}
	direction := ` ASC`
	if f.Newest {
		direction = ` DESC`
	}
	q.args = append(q.args, f.Limit+1)
	q.text += ` ORDER BY ` + from + at + direction + `, ` + from + `.session_id` + direction + ` LIMIT $` + strconv.Itoa(len(q.args))
	return all(ctx, s, scanCaseItem, `SELECT `+caseItemColumns+q.text, q.args...)
}

// CountCases counts a tenant's undecided cases, each kind up to most.
func (s *Store) CountCases(ctx context.Context, tenant, staff string, now time.Time, most int) (usher.CaseCounts, error) {
	var n usher.CaseCounts
	err := s.row(ctx, `SELECT
		(SELECT count(*) FROM (SELECT 1 FROM cases WHERE tenant_id = $1 AND assignee = $2 AND state = 'in_review' LIMIT $4) bounded),
		(SELECT count(*) FROM (SELECT 1 FROM cases WHERE tenant_id = $1 AND assignee = '' AND state = 'in_review' LIMIT $4) bounded),
		(SELECT count(*) FROM (SELECT 1 FROM cases WHERE tenant_id = $1 AND state = 'in_review' AND due_at <= $3 LIMIT $4) bounded),
		(SELECT count(*) FROM (SELECT 1 FROM cases WHERE tenant_id = $1 AND state = 'in_review' LIMIT $4) bounded)`,
		[]any{tenant, staff, ms(now), most}, &n.Mine, &n.Free, &n.Overdue, &n.All)
	return n, err
}

// SessionsByWord gives the newest sessions of a tenant's applicants who have every one of some words.
func (s *Store) SessionsByWord(ctx context.Context, tenant string, words [][]byte, most int) ([]CaseItemRow, error) {
	if len(words) == 0 {
		return nil, nil
	}
	q := query{args: []any{tenant}, text: ` FROM applicant_words w CROSS JOIN sessions s` + foundTables + ` WHERE s.applicant_id = w.applicant_id AND w.tenant_id = $1`}
	q.when(true, `w.word_index = ?`, words[0])
	for _, more := range words[1:] {
		q.when(true, `EXISTS (SELECT 1 FROM applicant_words x WHERE x.tenant_id = $1 AND x.word_index = ? AND x.applicant_id = w.applicant_id)`, more)
	}
	q.args = append(q.args, most)
	return all(ctx, s, scanCaseItem, `SELECT `+foundColumns+q.text+` ORDER BY w.applicant_id DESC, s.id DESC LIMIT $`+strconv.Itoa(len(q.args)), q.args...)
}

// SessionsBy gives the newest sessions of a tenant that have an id or a reference, or whose applicant has an id, reference, e-mail address or
// national number: what can be found without its words. Ids are held against the tenant at the end: asked for it where they are looked up, SQLite walks
// through all of the tenant's sessions to get the union in order.
func (s *Store) SessionsBy(ctx context.Context, tenant, id string, reference []byte, by ApplicantIndexes, most int) ([]CaseItemRow, error) {
	return all(ctx, s, scanCaseItem, `SELECT `+foundColumns+` FROM (
			SELECT id FROM sessions WHERE id = $2
			UNION SELECT id FROM sessions WHERE tenant_id = $1 AND reference_index = $3
			UNION SELECT id FROM sessions WHERE applicant_id = $2
			UNION SELECT o.id FROM applicants p CROSS JOIN sessions o WHERE o.applicant_id = p.id AND p.tenant_id = $1 AND p.reference_index = $4
			UNION SELECT o.id FROM applicants p CROSS JOIN sessions o WHERE o.applicant_id = p.id AND p.tenant_id = $1 AND p.email_index = $5
			UNION SELECT o.id FROM applicants p CROSS JOIN sessions o WHERE o.applicant_id = p.id AND p.tenant_id = $1 AND p.national_index = $6
		) found CROSS JOIN sessions s`+foundTables+` WHERE s.id = found.id AND s.tenant_id = $1 ORDER BY s.id DESC LIMIT $7`,
		tenant, id, reference, by.Reference, by.Email, by.National, most)
}

// What is found need not be a case.
const foundColumns = `s.id, s.tenant_id, s.applicant_id, s.state, s.flow, COALESCE(c.assignee, ''), c.doc, COALESCE(c.version, 0), COALESCE(c.opened_at, 0),
    COALESCE(c.due_at, 0), COALESCE(h.id, ''), COALESCE(h.staff_id, ''), h.doc, COALESCE(h.due_at, 0), s.client_id, s.dialect, s.purpose, s.flow_version,
    s.version, s.doc, s.submitted_at, s.created_at, s.updated_at, s.expires_at, a.client_id, a.dialect, a.version, a.erased, a.doc`

const foundTables = ` JOIN applicants a ON a.id = s.applicant_id LEFT JOIN cases c ON c.session_id = s.id
    LEFT JOIN held_decisions h ON h.session_id = s.id`
