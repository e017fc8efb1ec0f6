package postgres

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/store"
)

// sets writes the rows of many changes with one statement for each table, all of them sent at once: a column is an array, and unnest makes rows of
// the arrays. Rows that others may want as well are taken in the order of their ids.
type sets struct{}

// Match writes the rows that have a version or a name, where they fit.
func (sets) Match(_ context.Context, tx store.Tx, s *store.Set) (map[string]bool, error) {
	slices.SortFunc(s.Sessions, func(a, b *store.SessionRow) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Applicants, func(a, b *store.ApplicantRow) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Keys, func(a, b *store.KeyRow) int { return cmp.Compare(a.Row(), b.Row()) })
	slices.SortFunc(s.Once, func(a, b *store.Once) int { return cmp.Compare(a.Row(), b.Row()) })
	slices.SortFunc(s.Take, func(a, b *store.OnceRow) int { return cmp.Compare(a.Row(), b.Row()) })
	misfits := map[string]bool{}
	b := batch{fits: func(row string) { delete(misfits, row) }}
	for _, r := range s.Sessions {
		misfits[r.ID] = true
	}
	for _, r := range s.Applicants {
		misfits[r.ID] = true
	}
	for _, r := range s.Keys {
		misfits[r.Row()] = true
	}
	for _, r := range s.Once {
		misfits[r.Row()] = true
	}
	for _, r := range s.Take {
		misfits[r.Row()] = true
	}
	b.take(s.Take)
	b.sessions(s.Sessions)
	b.applicants(s.Applicants)
	b.keys(s.Keys)
	b.monitors(s.Applicants)
	b.once(s.Once)
	return misfits, b.send(tx)
}

// Attach writes the rows that go with those.
func (sets) Attach(_ context.Context, tx store.Tx, s *store.Set) (lanes []string, err error) {
	b := batch{fits: func(lane string) { lanes = append(lanes, lane) }}
	b.keysets(s.Keysets)
	b.links(s.Links, s.Relinked)
	b.events(s.Events)
	b.deliveries(putDeliveries, s.Deliveries)
	b.deliveries(putNewLanes, s.NewLanes)
	b.accounts(s.Accounts)
	b.cases(s.Cases)
	b.words(s.Words, false)
	b.words(s.NewWords, true)
	b.answers(s.Answers)
	b.jobs(s.Jobs)
	return lanes, b.send(tx)
}

// batch gathers statements.
type batch struct {
	pgx.Batch
	fits func(row string) // takes what statements give
}

// put adds a statement over rows; columns gives the arrays.
func put[T any](b *batch, rows []T, query string, columns func() []any) {
	if len(rows) > 0 {
		b.Queue(query, columns()...)
	}
}

// take adds a statement whose rows name what it wrote.
func take[T any](b *batch, rows []T, query string, name func(pgx.Rows) (string, error), columns func() []any) {
	if len(rows) == 0 {
		return
	}
	b.Queue(query, columns()...).Query(func(rs pgx.Rows) error {
		for rs.Next() {
			row, err := name(rs)
			if err != nil {
				return fmt.Errorf("read what was written: %w", err)
			}
			b.fits(row)
		}
		return rs.Err()
	})
}

func text(rs pgx.Rows) (s string, err error) { return s, rs.Scan(&s) }

func (b *batch) send(tx store.Tx) error {
	t, ours := tx.(*transaction)
	if !ours {
		return errForeign
	}
	if b.Len() == 0 {
		return nil
	}
	if err := t.send(&b.Batch); err != nil {
		return fmt.Errorf("write a set: %w", err)
	}
	return nil
}

// col makes the array of a column.
func col[R, V any](rows []R, of func(R) V) []V {
	list := make([]V, len(rows))
	for i, r := range rows {
		list[i] = of(r)
	}
	return list
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

const putSessions = `
INSERT INTO sessions (id, tenant_id, applicant_id, client_id, dialect, purpose, state, flow, flow_version, version, reference_index, doc,
    submitted_at, created_at, updated_at, expires_at, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::bigint[],
    $11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, doc = excluded.doc, updated_at = excluded.updated_at,
    submitted_at = excluded.submitted_at, expires_at = excluded.expires_at, due_at = excluded.due_at
WHERE (sessions.id, sessions.version) IN (SELECT * FROM unnest($1::text[], $18::bigint[])) AND sessions.tenant_id = excluded.tenant_id
RETURNING id`

func (b *batch) sessions(rows []*store.SessionRow) {
	type row = *store.SessionRow
	take(b, rows, putSessions, text, func() []any {
		return []any{
			col(rows, func(r row) string { return r.ID }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.ApplicantID }), col(rows, func(r row) string { return r.ClientID }),
			col(rows, func(r row) string { return r.Dialect }), col(rows, func(r row) string { return string(r.Purpose) }),
			col(rows, func(r row) string { return string(r.State) }), col(rows, func(r row) string { return r.Flow }),
			col(rows, func(r row) int { return r.FlowVersion }), col(rows, func(r row) int64 { return r.Version }),
			col(rows, func(r row) []byte { return r.ReferenceIndex }), col(rows, func(r row) []byte { return r.Doc }),
			col(rows, func(r row) int64 { return ms(r.SubmittedAt) }), col(rows, func(r row) int64 { return ms(r.CreatedAt) }),
			col(rows, func(r row) int64 { return ms(r.UpdatedAt) }), col(rows, func(r row) int64 { return ms(r.ExpiresAt) }),
			col(rows, func(r row) int64 { return ms(r.DueAt) }), col(rows, func(r row) int64 { return r.Was }),
		}
	})
}

const putApplicants = `
INSERT INTO applicants (id, tenant_id, client_id, dialect, version, erased, reference_index, email_index, national_index, doc, created_at, updated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bool[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[],
    $11::bigint[], $12::bigint[])
ON CONFLICT (id) DO UPDATE SET version = excluded.version, erased = excluded.erased, reference_index = excluded.reference_index,
    email_index = excluded.email_index, doc = excluded.doc, updated_at = excluded.updated_at, national_index = excluded.national_index
WHERE (applicants.id, applicants.version) IN (SELECT * FROM unnest($1::text[], $13::bigint[])) AND applicants.tenant_id = excluded.tenant_id
RETURNING id`

func (b *batch) applicants(rows []*store.ApplicantRow) {
	type row = *store.ApplicantRow
	take(b, rows, putApplicants, text, func() []any {
		return []any{
			col(rows, func(r row) string { return r.ID }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.ClientID }), col(rows, func(r row) string { return r.Dialect }),
			col(rows, func(r row) int64 { return r.Version }), col(rows, func(r row) bool { return r.Erased }),
			col(rows, func(r row) []byte { return r.ReferenceIndex }), col(rows, func(r row) []byte { return r.EmailIndex }),
			col(rows, func(r row) []byte { return r.NationalIndex }), col(rows, func(r row) []byte { return r.Doc }),
			col(rows, func(r row) int64 { return ms(r.CreatedAt) }), col(rows, func(r row) int64 { return ms(r.UpdatedAt) }),
			col(rows, func(r row) int64 { return r.Was }),
		}
	})
}

// monitors says of the monitors of applicants that changed that no re-screening has seen that.
func (b *batch) monitors(rows []*store.ApplicantRow) {
	type row = *store.ApplicantRow
	changed := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.Was == 0 })
	put(b, changed, `UPDATE monitors m SET behind = m.behind + 1
		FROM (SELECT applicant_id FROM monitors WHERE applicant_id = ANY($1::text[]) ORDER BY applicant_id FOR NO KEY UPDATE) taken
		WHERE m.applicant_id = taken.applicant_id`, func() []any {
		return []any{col(changed, func(r row) string { return r.ID })}
	})
}

func (b *batch) keys(rows []*store.KeyRow) {
	type row = *store.KeyRow
	take(b, rows, `INSERT INTO session_keys (hash, tenant_id, session_id) SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])
		ON CONFLICT DO NOTHING RETURNING hash, tenant_id`, func(rs pgx.Rows) (string, error) {
		var k store.KeyRow
		err := rs.Scan(&k.Hash, &k.TenantID)
		return k.Row(), err
	}, func() []any {
		return []any{
			col(rows, func(r row) []byte { return r.Hash }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.SessionID }),
		}
	})
}

// blocked is when a delivery is due that waits for another of its lane.
const blocked = math.MaxInt64
