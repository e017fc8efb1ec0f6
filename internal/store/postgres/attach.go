package postgres

import (
	"time"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/queue"
)

func (b *batch) keysets(rows []*store.Keyset) {
	type row = *store.Keyset
	put(b, rows, `INSERT INTO keysets (applicant_id, tenant_id, wrapped) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])`, func() []any {
		return []any{
			col(rows, func(r row) string { return r.ApplicantID }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) []byte { return r.Wrapped }),
		}
	})
}

// links puts new links in the place of those that some sessions had.
func (b *batch) links(rows []*store.LinkRow, again []string) {
	type row = *store.LinkRow
	put(b, again, `UPDATE links SET dead = TRUE WHERE session_id = ANY($1::text[])`, func() []any { return []any{again} })
	put(b, rows, `INSERT INTO links (hash, tenant_id, session_id, created_at, dead)
		SELECT *, FALSE FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[])`, func() []any {
		return []any{
			col(rows, func(r row) []byte { return r.Hash }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.SessionID }), col(rows, func(r row) int64 { return ms(r.CreatedAt) }),
		}
	})
}

func (b *batch) events(rows []*store.EventRow) {
	type row = *store.EventRow
	put(b, rows, `INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bytea[],
			$10::bigint[])`, func() []any {
		return []any{
			col(rows, func(r row) string { return r.ID }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.ApplicantID }), col(rows, func(r row) string { return r.SessionID }),
			col(rows, func(r row) string { return r.Dialect }), col(rows, func(r row) string { return string(r.Purpose) }),
			col(rows, func(r row) string { return string(r.Type) }), col(rows, func(r row) int64 { return r.Sequence }),
			col(rows, func(r row) []byte { return r.Doc }), col(rows, func(r row) int64 { return ms(r.At) }),
		}
	})
}

// putDeliveries looks for what is pending lane by lane. For EXISTS in the place of the one row that it asks for, the planner may read all that is pending.
const putDeliveries = `
WITH put AS (INSERT INTO deliveries (id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, created_at,
    due_at, status, attempts, done_at)
SELECT id, tenant, endpoint, applicant, session, lane, event, type, name, content, body, created,
    CASE WHEN (SELECT TRUE FROM deliveries o WHERE o.lane = u.lane AND o.status = 'pending' LIMIT 1) THEN 9223372036854775807 ELSE due END, 'pending', 0, 0
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[],
    $12::bigint[], $13::bigint[]) AS u (id, tenant, endpoint, applicant, session, lane, event, type, name, content, body, created, due)
RETURNING lane, due_at) SELECT lane FROM put WHERE due_at = 9223372036854775807`

// putNewLanes does without looking.
const putNewLanes = `
INSERT INTO deliveries (id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, created_at,
    due_at, status, attempts, done_at)
SELECT u.*, 'pending', 0, 0 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::bytea[], $12::bigint[], $13::bigint[]) AS u`

// deliveries queues deliveries; those behind another of their lane wait for it, be it one of these.
func (b *batch) deliveries(query string, rows []*store.DeliveryRow) {
	type row = *store.DeliveryRow
	due := make([]int64, len(rows))
	first := make(map[string]bool, len(rows))
	for i, r := range rows {
		lane := r.Lane()
		if due[i] = ms(r.DueAt); first[lane] {
			due[i] = blocked
		}
		first[lane] = true
	}
	take(b, rows, query, text, func() []any {
		return []any{
			col(rows, func(r row) string { return r.ID }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.EndpointID }), col(rows, func(r row) string { return r.ApplicantID }),
			col(rows, func(r row) string { return r.SessionID }), col(rows, func(r row) string { return r.Lane() }),
			col(rows, func(r row) string { return r.EventID }), col(rows, func(r row) string { return string(r.EventType) }),
			col(rows, func(r row) string { return r.Message.Event }), col(rows, func(r row) string { return r.Message.ContentType }),
			col(rows, func(r row) []byte { return r.Message.Body }), col(rows, func(r row) int64 { return ms(r.CreatedAt) }), due,
		}
	})
}

func (b *batch) accounts(rows []*store.AccountRow) {
	type row = *store.AccountRow
	put(b, rows, `INSERT INTO accounts (id, tenant_id, applicant_id, session_id, doc, created_at, number_index)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::bytea[])`, func() []any {
		return []any{
			col(rows, func(r row) string { return r.ID }), col(rows, func(r row) string { return r.TenantID }),
			col(rows, func(r row) string { return r.ApplicantID }), col(rows, func(r row) string { return r.SessionID }),
			col(rows, func(r row) []byte { return r.Doc }), col(rows, func(r row) int64 { return ms(r.CreatedAt) }),
			col(rows, func(r row) []byte { return r.NumberIndex }),
		}
	})
}

// cases takes over the state of sessions that no reviewer has before them.
func (b *batch) cases(rows []*store.CaseState) {
	type row = *store.CaseState
	for _, table := range []string{"cases", "case_marks"} {
		put(b, rows, `UPDATE `+table+` c SET state = u.state FROM unnest($1::text[], $2::text[]) AS u (session, state) WHERE c.session_id = u.session`,
			func() []any {
				return []any{col(rows, func(r row) string { return r.SessionID }), col(rows, func(r row) string { return string(r.State) })}
			})
	}
}

// words adds what applicants are found by; unless they are new, they may have been erased meanwhile.
func (b *batch) words(rows []*store.WordsRow, fresh bool) {
	unless := ` WHERE EXISTS (SELECT 1 FROM keysets k WHERE k.applicant_id = u.applicant FOR KEY SHARE)`
	if fresh {
		unless = ""
	}
	var tenants, applicants []string
	var words [][]byte
	for _, r := range rows {
		for _, w := range r.Words {
			tenants, applicants, words = append(tenants, r.TenantID), append(applicants, r.ApplicantID), append(words, w)
		}
	}
	put(b, words, `INSERT INTO applicant_words (tenant_id, word_index, applicant_id)
		SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[]) AS u (tenant, word, applicant)`+unless+` ON CONFLICT DO NOTHING`, func() []any {
		return []any{tenants, words, applicants}
	})
}

// jobs puts jobs into the queue as River would, but together with everything else; a test holds that the rows are the same.
func (b *batch) jobs(jobs []store.Job) {
	rows := make([]queue.Row, len(jobs))
	for i, j := range jobs {
		rows[i] = queue.RowOf(j, time.Now())
	}
	type row = queue.Row
	put(b, rows, `INSERT INTO river_job (args, kind, max_attempts, priority, queue, scheduled_at, state)
		SELECT args, kind, tries, 1, 'default', at, state::river_job_state
		FROM unnest($1::jsonb[], $2::text[], $3::smallint[], $4::timestamptz[], $5::text[]) AS u (args, kind, tries, at, state)`, func() []any {
		return []any{
			col(rows, func(r row) []byte { return r.Args }), col(rows, func(r row) string { return r.Kind }),
			col(rows, func(r row) int16 { return r.Tries }), col(rows, func(r row) time.Time { return r.At }),
			col(rows, func(r row) string { return r.State }),
		}
	})
}
