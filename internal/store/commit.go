package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
)

// writeBatch writes what many callers want in one transaction and gives one error, or nil, per caller. When the transaction as a whole fails,
// they are tried one by one, so that a bad one fails alone.
func (s *Store) writeBatch(batch []*pending, over func()) []error {
	results := make([]error, len(batch))
	var err error
	if s.c.Sets != nil && batch[0].change != nil {
		err = s.writeSet(batch, results, over)
	} else {
		err = s.writeEach(batch, results, over)
	}
	switch {
	case err == nil:
		return results
	case len(batch) == 1 || errors.Is(err, ErrUnknown) || errors.Is(err, errBegin):
		for i := range results {
			results[i] = err
		}
		return results
	}
	for i := range batch {
		results[i] = s.writeBatch(batch[i:i+1], over)[0]
	}
	return results
}

// writeEach writes a batch statement by statement.
func (s *Store) writeEach(batch []*pending, results []error, over func()) error {
	return s.inTx(func(tx Tx) error {
		var jobs []Job
		end := writer{s: s, tx: tx}
		for i, p := range batch {
			w := writer{s: s, tx: tx}
			p.write(&w)
			if results[i] = w.err; w.err != nil && (len(batch) == 1 || !errors.Is(w.err, ErrConflict)) {
				return w.err
			}
			if w.err == nil {
				jobs = append(jobs, p.jobs...)
				end.trail = append(end.trail, w.trail...)
				end.lanes = append(end.lanes, w.lanes...)
			}
		}
		return end.last(jobs)
	}, over)
}

// last writes what comes at the end of a transaction, whose locks others wait for.
func (w *writer) last(jobs []Job) error {
	if len(jobs) > 0 {
		w.err = w.s.c.Queue.Enqueue(context.Background(), w.tx, jobs)
	}
	w.unblockLanes()
	w.chainAudit(w.trail)
	return w.err
}

// errBegin says that a transaction did not even begin.
var errBegin = errors.New("begin")

// inTx runs fn in a write transaction, and again when it left nothing because another came into its way or the connection was lost.
func (s *Store) inTx(fn func(Tx) error, over func()) error {
	return s.retry(func() (bool, error) {
		err := s.inOneTx(fn, over)
		return err != nil && s.c.Again != nil && s.c.Again(err), err
	})
}

// retry does something up to so often: together the pauses outlast the restart of a server.
func (s *Store) retry(try func() (again bool, err error)) error {
	const mostTries, longestPause = 8, time.Second
	pause := 5 * time.Millisecond
	for n := 1; ; n++ {
		again, err := try()
		if !again || n == mostTries {
			return err
		}
		select {
		case <-time.After(pause):
			pause = min(4*pause, longestPause)
		case <-s.quit:
			return err
		}
	}
}

func (s *Store) inOneTx(fn func(Tx) error, over func()) error {
	ctx := context.Background()
	tx, err := s.c.Write.Begin(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errBegin, err)
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback(ctx))
	}
	over()
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// writer runs the statements of one caller within a batch; after the first error it does nothing more.
type writer struct {
	s     *Store
	tx    Tx
	err   error
	trail []usher.AuditRecord // for chainAudit
	lanes []string            // in which a delivery may wait for one that has been done meanwhile, for unblockLanes
}

// exec runs one statement and gives the number of rows it touched.
func (w *writer) exec(query string, args ...any) (n int64) {
	if w.err != nil {
		return 0
	}
	if n, w.err = w.tx.Exec(context.Background(), query, args...); w.err != nil {
		w.err = fmt.Errorf("write: %w", w.err)
	}
	return n
}

// rows runs a statement that gives rows.
func (w *writer) rows(query string, args []any, scan func(scanner) error) {
	if w.err != nil {
		return
	}
	rs, err := w.tx.Query(context.Background(), query, args...)
	if err != nil {
		w.err = fmt.Errorf("read for writing: %w", err)
		return
	}
	for rs.Next() && w.err == nil {
		w.err = scan(rs)
	}
	w.err = errors.Join(w.err, rs.Err(), rs.Close())
}

// encode gives a value as JSON, for statements that take a list.
func (w *writer) encode(v any) string {
	text, err := encode(v)
	w.err = errors.Join(w.err, err)
	return text
}

// lock keeps other writers that take the same names out until the transaction has ended. It comes before what it guards, in a statement of its own,
// so that what is read behind it is what the one before has left.
func (w *writer) lock(names ...string) {
	if lock := w.s.c.Words.Lock; lock != "" && len(names) > 0 {
		w.rows(lock, []any{w.encode(names)}, func(scanner) error { return nil })
	}
}

// mustOne turns "no row matched" into a conflict.
func (w *writer) mustOne(n int64) {
	if w.err == nil && n != 1 {
		w.err = ErrConflict
	}
}

// change writes one change, or nothing of it when a version does not match. The versioned rows come first; a savepoint is needed only when
// there are several of them, since the first may match and the second not.
func (w *writer) change(c Change) {
	several := len(c.keys()) > 1
	if several {
		w.exec(`SAVEPOINT change`)
	}
	w.versioned(c)
	if several && errors.Is(w.err, ErrConflict) {
		back := writer{s: w.s, tx: w.tx}
		back.exec(`ROLLBACK TO change`)
		back.exec(`RELEASE change`)
		if back.err != nil {
			w.err = back.err // what is left of the change may not be committed
		}
		return
	}
	if several {
		w.exec(`RELEASE change`)
	}
	w.attached(c)
}

const putApplicant = `
INSERT INTO applicants (id, tenant_id, client_id, dialect, version, erased, reference_index, email_index, doc, created_at, updated_at,
    national_index)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, erased = excluded.erased, reference_index = excluded.reference_index,
    email_index = excluded.email_index, doc = excluded.doc, updated_at = excluded.updated_at, national_index = excluded.national_index
WHERE applicants.version = $12 AND applicants.tenant_id = excluded.tenant_id`

const putSession = `
INSERT INTO sessions (id, tenant_id, applicant_id, client_id, dialect, purpose, state, flow, flow_version, version, reference_index, doc,
    submitted_at, created_at, updated_at, expires_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, doc = excluded.doc, updated_at = excluded.updated_at,
    submitted_at = excluded.submitted_at, expires_at = excluded.expires_at, due_at = excluded.due_at
WHERE sessions.version = $18 AND sessions.tenant_id = excluded.tenant_id`

// versioned writes the rows that have a version, in the order in which every writer takes them, so that none waits for another that waits for it:
// sessions, applicants, names, keys of applicants, monitors, and what belongs to one of them.
func (w *writer) versioned(c Change) {
	w.lockSessionsOf(c)
	if r := c.Session; r != nil {
		w.mustOne(w.exec(putSession, r.ID, r.TenantID, r.ApplicantID, r.ClientID, r.Dialect, r.Purpose, r.State, r.Flow, r.FlowVersion,
			r.Version, r.ReferenceIndex, r.Doc, ms(r.SubmittedAt), ms(r.CreatedAt), ms(r.UpdatedAt), ms(r.ExpiresAt), ms(r.DueAt), r.Was))
	}
	if a := c.Applicant; a != nil {
		w.mustOne(w.exec(putApplicant, a.ID, a.TenantID, a.ClientID, a.Dialect, a.Version, a.Erased, a.ReferenceIndex, a.EmailIndex, a.Doc,
			ms(a.CreatedAt), ms(a.UpdatedAt), a.Was, a.NationalIndex))
	}
	if k := c.Key; k != nil {
		w.mustOne(w.exec(`INSERT INTO session_keys (hash, tenant_id, session_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			k.Hash, k.TenantID, k.SessionID))
	}
	for _, m := range []*MonitorRow{c.Monitor, c.News} {
		if m != nil {
			w.counted(*m)
		}
	}
	if a := c.Applicant; a != nil && a.Was > 0 {
		w.exec(`UPDATE monitors SET behind = behind + 1 WHERE applicant_id = $1`, a.ID)
	}
	if m := c.News; m != nil {
		w.mustOne(w.exec(`UPDATE monitors SET hits = $4, open_hits = $5, screening_id = $6, updated_at = $7
			WHERE applicant_id = $1 AND tenant_id = $2 AND session_id = $3 AND state = 'active'`,
			m.ApplicantID, m.TenantID, m.SessionID, m.Hits, m.OpenHits, m.Screening, ms(m.UpdatedAt)))
	}
	if c.Settle != "" {
		w.release(c.Settle)
	}
	if c.Hold != nil {
		w.hold(*c.Hold)
	}
	if c.CaseEdit != nil {
		w.caseEdit(*c.CaseEdit)
	}
	if c.Take != nil {
		w.takeOnce(*c.Take)
	}
	if o := c.Once; o != nil {
		w.mustOne(w.exec(`UPDATE idempotency SET effect = effect || $4 WHERE tenant_id = $1 AND client_id = $2 AND key = $3
			AND effect || ';' NOT LIKE '%;' || $5 || '=%'`, o.Tenant, o.Client, o.Key, o.Mark(), o.Made))
	}
}

// lockSessionsOf takes the sessions that a change writes beside the one it names, or whose state it copies.
func (w *writer) lockSessionsOf(c Change) {
	var ids []string
	if c.CaseEdit != nil {
		ids = append(ids, c.CaseEdit.Case.SessionID)
	}
	if c.Erase != "" {
		w.rows(`SELECT id FROM sessions WHERE applicant_id = $1 ORDER BY id`, []any{c.Erase}, func(row scanner) error {
			var id string
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		})
	}
	for _, id := range ids {
		w.exec(`UPDATE sessions SET state = state WHERE id = $1`, id)
	}
}

const putEvent = `
INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const putDelivery = `
INSERT INTO deliveries (id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, status,
    attempts, due_at, created_at, done_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', 0,
    CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE lane = $6 AND status = 'pending') THEN 9223372036854775807 ELSE $12 END, $13, 0)`

// attached writes what goes with the versioned rows.
func (w *writer) attached(c Change) {
	if k := c.Keyset; k != nil {
		w.exec(`INSERT INTO keysets (applicant_id, tenant_id, wrapped) VALUES ($1, $2, $3)`, k.ApplicantID, k.TenantID, k.Wrapped)
	}
	if l := c.Link; l != nil {
		if !c.starts() {
			w.exec(`UPDATE links SET dead = TRUE WHERE session_id = $1`, l.SessionID)
		}
		w.exec(`INSERT INTO links (hash, tenant_id, session_id, dead, created_at) VALUES ($1, $2, $3, FALSE, $4)`,
			l.Hash, l.TenantID, l.SessionID, ms(l.CreatedAt))
	}
	for _, e := range c.Events {
		w.exec(putEvent, e.ID, e.TenantID, e.ApplicantID, e.SessionID, e.Dialect, e.Purpose, e.Type, e.Sequence, e.Doc, ms(e.At))
	}
	for _, d := range c.Deliveries {
		w.lanes = append(w.lanes, d.Lane())
		w.exec(putDelivery, d.ID, d.TenantID, d.EndpointID, d.ApplicantID, d.SessionID, d.Lane(), d.EventID, d.EventType, d.Message.Event,
			d.Message.ContentType, d.Message.Body, ms(d.DueAt), ms(d.CreatedAt))
	}
	for _, a := range c.Accounts {
		w.exec(`INSERT INTO accounts (id, tenant_id, applicant_id, session_id, doc, created_at, number_index) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			a.ID, a.TenantID, a.ApplicantID, a.SessionID, a.Doc, ms(a.CreatedAt), a.NumberIndex)
	}
	for _, r := range c.Screenings {
		w.screening(r)
	}
	if c.Monitor != nil {
		w.monitor(*c.Monitor)
	}
	if c.Case != nil {
		w.caseState(*c.Case)
	}
	for _, r := range c.CaseLog {
		w.caseLog(r)
	}
	if c.Words != nil {
		w.words(*c.Words)
	}
	w.audit(c.Audit...)
	if a := c.Applicant; a != nil && !c.KeepAt.IsZero() {
		w.exec(`UPDATE applicants SET keep_due = $3 WHERE id = $1 AND tenant_id = $2`, a.ID, a.TenantID, ms(c.KeepAt))
	}
	if c.Erase != "" {
		w.erase(c.Erase)
	}
}

// erase destroys the keys of an applicant and every hash that could still find them.
func (w *writer) erase(applicant string) {
	w.exec(`DELETE FROM keysets WHERE applicant_id = $1`, applicant)
	w.exec(`UPDATE applicants SET reference_index = NULL, email_index = NULL, national_index = NULL WHERE id = $1`, applicant)
	w.exec(`UPDATE sessions SET reference_index = NULL, due_at = 0 WHERE applicant_id = $1`, applicant)
	w.exec(`UPDATE accounts SET number_index = NULL WHERE applicant_id = $1`, applicant)
	w.exec(`DELETE FROM monitors WHERE applicant_id = $1`, applicant)
	w.exec(`DELETE FROM hit_judgements WHERE applicant_id = $1`, applicant)
	w.exec(`DELETE FROM applicant_words WHERE applicant_id = $1`, applicant)
	w.exec(`DELETE FROM held_decisions WHERE applicant_id = $1`, applicant)
	w.exec(`DELETE FROM case_log WHERE applicant_id = $1`, applicant)
	w.exec(`DELETE FROM case_marks WHERE session_id IN (SELECT session_id FROM cases WHERE applicant_id = $1)`, applicant)
	w.exec(`UPDATE cases SET doc = NULL, assignee = '', deal_most = 0 WHERE applicant_id = $1`, applicant)
	w.exec(`UPDATE screenings SET doc = NULL WHERE applicant_id = $1`, applicant)
	w.forgetTraits(applicant)
	w.exec(`DELETE FROM codes WHERE session_id IN (SELECT id FROM sessions WHERE applicant_id = $1)`, applicant)
	w.exec(`DELETE FROM handoffs WHERE session_id IN (SELECT id FROM sessions WHERE applicant_id = $1)`, applicant)
	w.exec(`DELETE FROM page_views WHERE session_id IN (SELECT id FROM sessions WHERE applicant_id = $1)`, applicant)
	w.exec(`UPDATE links SET dead = TRUE WHERE session_id IN (SELECT id FROM sessions WHERE applicant_id = $1)`, applicant)
	// Nobody can open them any more. Those that wait are given up when they are due.
	w.exec(`UPDATE deliveries SET body = NULL WHERE session_id IN (SELECT id FROM sessions WHERE applicant_id = $1) AND body IS NOT NULL`, applicant)
}

// encode writes a small document without personal data; it cannot fail on the types it is used for.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(b), nil
}
