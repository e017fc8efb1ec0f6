package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

const sessionColumns = `id, tenant_id, applicant_id, client_id, dialect, purpose, state, flow, flow_version, version, doc, submitted_at,
    created_at, updated_at, expires_at, due_at`

func scanSession(row scanner) (SessionRow, error) {
	var r SessionRow
	var submitted, created, updated, expires, due int64
	err := row.Scan(&r.ID, &r.TenantID, &r.ApplicantID, &r.ClientID, &r.Dialect, &r.Purpose, &r.State, &r.Flow, &r.FlowVersion, &r.Version,
		&r.Doc, &submitted, &created, &updated, &expires, &due)
	r.Was, r.SubmittedAt = r.Version, at(submitted)
	r.CreatedAt, r.UpdatedAt, r.ExpiresAt, r.DueAt = at(created), at(updated), at(expires), at(due)
	return r, err
}

// Session gives a tenant's session.
func (s *Store) Session(ctx context.Context, tenant, id string) (SessionRow, error) {
	return one(ctx, s, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1 AND tenant_id = $2`, id, tenant)
}

// SessionOfKey gives the session that a key names: a tenant's, or, for tenant "", that of the only tenant who has the key.
func (s *Store) SessionOfKey(ctx context.Context, tenant string, hash []byte) (SessionRow, error) {
	q := query{
		text: `SELECT ` + sessionColumns + ` FROM sessions WHERE id IN (SELECT k.session_id FROM session_keys k WHERE k.hash = $1`,
		args: []any{hash},
	}
	q.when(tenant != "", `k.tenant_id = ?`, tenant)
	list, err := all(ctx, s, scanSession, q.text+`) LIMIT 2`, q.args...)
	if err == nil && len(list) != 1 {
		err = ErrNotFound
	}
	if err != nil {
		return SessionRow{}, err
	}
	return list[0], nil
}

// DueSessions gives sessions whose timer has come, oldest first, of all tenants.
func (s *Store) DueSessions(ctx context.Context, now time.Time, limit int) ([]SessionRow, error) {
	return all(ctx, s, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE due_at > 0 AND due_at <= $1 ORDER BY due_at LIMIT $2`,
		ms(now), limit)
}

// ListSessions gives a tenant's sessions by id, which is by time, and, where it is asked for, how many there are. reference is a keyed hash, or
// nil.
func (s *Store) ListSessions(ctx context.Context, tenant string, f usher.SessionFilter, reference []byte) ([]SessionRow, int, error) {
	q := query{text: `SELECT ` + sessionColumns + ` FROM sessions WHERE tenant_id = $1`, args: []any{tenant}}
	// Nested, since a database that knows no statistics would rather walk through the tenant's sessions, which come in the order of ids.
	q.when(f.ApplicantID != "", `id IN (SELECT o.id FROM sessions o WHERE o.applicant_id = ?)`, f.ApplicantID)
	q.when(f.Dialect != "", `dialect = ?`, f.Dialect)
	q.when(f.Purpose != "", `purpose = ?`, f.Purpose)
	q.when(f.State != "", `state = ?`, f.State)
	in(&q, `state`, f.States)
	q.when(reference != nil, `reference_index = ?`, reference)
	q.when(!f.CreatedFrom.IsZero(), `created_at >= ?`, ms(f.CreatedFrom))
	q.when(!f.CreatedBefore.IsZero(), `created_at < ?`, ms(f.CreatedBefore))
	total, err := s.count(ctx, q, f.Paging)
	if err != nil {
		return nil, 0, err
	}
	q.page(f.Paging, "id")
	list, err := all(ctx, s, scanSession, q.text, q.args...)
	return list, total, err
}

// count gives the length of the list that a query without order is, where it is asked for.
func (s *Store) count(ctx context.Context, q query, p usher.Paging) (n int, err error) {
	if p.Count {
		err = s.row(ctx, `SELECT count(*) FROM (`+q.text+`) counted`, q.args, &n)
	}
	return n, err
}

// latest finds the newest onboarding session of an applicant; its columns stand beside the applicant's own.
const applicantColumns = `a.id, a.tenant_id, a.client_id, a.dialect, a.version, a.erased, a.doc, a.created_at, a.updated_at,
    COALESCE(s.id, ''), COALESCE(s.state, ''), COALESCE(s.flow, ''), COALESCE(s.submitted_at, 0), COALESCE(s.updated_at, 0), COALESCE(s.expires_at, 0)`

const applicantTables = ` FROM applicants a LEFT JOIN sessions s ON s.id =
    (SELECT n.id FROM sessions n WHERE n.applicant_id = a.id AND n.purpose = 'onboarding' ORDER BY n.id DESC LIMIT 1)`

func scanApplicant(row scanner) (ApplicantRow, error) {
	var r ApplicantRow
	var head usher.SessionHead
	var created, updated, submitted, changed, expires int64
	err := row.Scan(&r.ID, &r.TenantID, &r.ClientID, &r.Dialect, &r.Version, &r.Erased, &r.Doc, &created, &updated,
		&head.ID, &head.State, &head.Flow, &submitted, &changed, &expires)
	r.Was = r.Version
	r.CreatedAt, r.UpdatedAt = at(created), at(updated)
	if head.ID != "" {
		head.SubmittedAt, head.UpdatedAt, head.ExpiresAt = at(submitted), at(changed), at(expires)
		r.Latest = &head
	}
	return r, err
}

// Applicant gives a tenant's applicant with the head of the newest onboarding session.
func (s *Store) Applicant(ctx context.Context, tenant, id string) (ApplicantRow, error) {
	return one(ctx, s, scanApplicant, `SELECT `+applicantColumns+applicantTables+` WHERE a.id = $1 AND a.tenant_id = $2`, id, tenant)
}

// ApplicantIndexes are the keyed hashes of what a list of applicants is narrowed by; nil narrows nothing.
type ApplicantIndexes struct{ Reference, Email, National []byte }

// ListApplicants gives a tenant's applicants by id, which is by time, and, where it is asked for, how many there are.
func (s *Store) ListApplicants(ctx context.Context, tenant string, f usher.ApplicantFilter, by ApplicantIndexes) ([]ApplicantRow, int, error) {
	q := query{text: `SELECT ` + applicantColumns + applicantTables + ` WHERE a.tenant_id = $1`, args: []any{tenant}}
	q.when(f.Dialect != "", `a.dialect = ?`, f.Dialect)
	in(&q, `s.state`, f.States)
	q.when(f.NoSession, `s.id IS NULL`)
	q.when(by.Reference != nil, `a.reference_index = ?`, by.Reference)
	q.when(by.Email != nil, `a.email_index = ?`, by.Email)
	q.when(by.National != nil, `a.national_index = ?`, by.National)
	q.when(!f.CreatedFrom.IsZero(), `a.created_at >= ?`, ms(f.CreatedFrom))
	q.when(!f.CreatedBefore.IsZero(), `a.created_at < ?`, ms(f.CreatedBefore))
	total, err := s.count(ctx, q, f.Paging)
	if err != nil {
		return nil, 0, err
	}
	q.page(f.Paging, "a.id")
	list, err := all(ctx, s, scanApplicant, q.text, q.args...)
	return list, total, err
}

const eventColumns = `id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at`

func scanEvent(row scanner) (EventRow, error) {
	var r EventRow
	var when int64
	err := row.Scan(&r.ID, &r.TenantID, &r.ApplicantID, &r.SessionID, &r.Dialect, &r.Purpose, &r.Type, &r.Sequence, &r.Doc, &when)
	r.At = at(when)
	return r, err
}

// Event gives a tenant's event.
func (s *Store) Event(ctx context.Context, tenant, id string) (EventRow, error) {
	return one(ctx, s, scanEvent, `SELECT `+eventColumns+` FROM events WHERE id = $1 AND tenant_id = $2`, id, tenant)
}

// ListEvents gives a tenant's events in the order in which they were committed, or the reverse.
func (s *Store) ListEvents(ctx context.Context, tenant string, f usher.EventFilter) ([]EventRow, error) {
	q := query{text: `SELECT ` + eventColumns + ` FROM events WHERE tenant_id = $1`, args: []any{tenant}}
	q.when(f.Dialect != "", `dialect = ?`, f.Dialect)
	q.when(f.ApplicantID != "", `applicant_id = ?`, f.ApplicantID)
	// Within a session the order of commit is that of the sequence numbers, which an index of the session's events gives.
	q.when(f.SessionID != "", `session_id = ? AND session_id <> ''`, f.SessionID)
	q.when(!f.From.IsZero(), `at >= ?`, ms(f.From))
	q.when(!f.Before.IsZero(), `at < ?`, ms(f.Before))
	in(&q, `type`, f.Types)
	in(&q, `purpose`, f.Purposes)
	q.when(f.AskedAgain, `(type = 'session.resubmission_requested' OR (type = 'session.created' AND purpose <> 'onboarding'))`)
	if err := s.between(ctx, &q, "events", "pos", tenant, f.Paging); err != nil {
		return nil, err
	}
	if f.SessionID == "" {
		return inOrder(ctx, s, q, "events", "pos", tenant, f.Paging, scanEvent)
	}
	q.order("sequence", f.Paging)
	return all(ctx, s, scanEvent, q.text, q.args...)
}

// between keeps what lies behind or before cursors in a list that comes in the order of commit: the cursors are ids of rows, whose places are
// looked up first. ErrNotFound says that the tenant has no such row.
func (s *Store) between(ctx context.Context, q *query, table, column, tenant string, p usher.Paging) error {
	for _, cursor := range []struct {
		id     string
		rising bool
	}{{p.After, p.Oldest}, {p.Before, !p.Oldest}} {
		if cursor.id == "" {
			continue
		}
		var place int64
		err := s.row(ctx, `SELECT pos FROM `+table+` WHERE id = $1 AND tenant_id = $2`, []any{cursor.id, tenant}, &place)
		if err != nil {
			return err
		}
		q.beyond(column, place, cursor.rising)
	}
	return nil
}

// Account gives a tenant's account.
func (s *Store) Account(ctx context.Context, tenant, id string) (AccountRow, error) {
	return one(ctx, s, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE id = $1 AND tenant_id = $2`, id, tenant)
}

// AccountByNumber gives the newest account of a tenant whose number has a keyed hash.
func (s *Store) AccountByNumber(ctx context.Context, tenant string, number []byte) (AccountRow, error) {
	return one(ctx, s, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE tenant_id = $1 AND number_index = $2 ORDER BY id DESC LIMIT 1`,
		tenant, number)
}

// AccountsOf gives an applicant's accounts, oldest first.
func (s *Store) AccountsOf(ctx context.Context, tenant, applicant string) ([]AccountRow, error) {
	return all(ctx, s, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE applicant_id = $1 AND tenant_id = $2 ORDER BY id`,
		applicant, tenant)
}

const accountColumns = `id, tenant_id, applicant_id, session_id, doc, created_at`

func scanAccount(row scanner) (AccountRow, error) {
	var r AccountRow
	var created int64
	err := row.Scan(&r.ID, &r.TenantID, &r.ApplicantID, &r.SessionID, &r.Doc, &created)
	r.CreatedAt = at(created)
	return r, err
}
