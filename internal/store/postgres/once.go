package postgres

import (
	"cmp"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/store"
)

// taken reads which idempotency key a statement wrote.
func taken(rs pgx.Rows) (string, error) {
	var o store.OnceRow
	err := rs.Scan(&o.Client, &o.Key)
	return o.Row(), err
}

// take takes keys that nobody has had. A row that is there is left as it is, and not even locked: whoever serves its call writes it.
func (b *batch) take(rows []*store.OnceRow) {
	type row = *store.OnceRow
	take(b, rows, `INSERT INTO idempotency (tenant_id, client_id, key, fingerprint, started_at, holder, effect, status, header, body)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::text[], $7::text[], $8::int[], $9::text[], $10::bytea[])
		ON CONFLICT DO NOTHING RETURNING client_id, key`, taken, func() []any {
		return []any{
			col(rows, func(r row) string { return r.Tenant }), col(rows, func(r row) string { return r.Client }),
			col(rows, func(r row) string { return r.Key }), col(rows, func(r row) []byte { return r.Fingerprint }),
			col(rows, func(r row) int64 { return ms(r.StartedAt) }), col(rows, func(r row) string { return r.Holder }),
			col(rows, func(r row) string { return r.Effect }), col(rows, func(r row) int { return r.Status }),
			col(rows, func(r row) string { return r.Header }), col(rows, func(r row) []byte { return r.Body }),
		}
	})
}

// once writes what changes made under the key they are the effect of.
func (b *batch) once(rows []*store.Once) {
	type row = *store.Once
	take(b, rows, `UPDATE idempotency i SET effect = i.effect || u.mark
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u (tenant, client, key, mark, made)
		WHERE i.tenant_id = u.tenant AND i.client_id = u.client AND i.key = u.key AND i.effect || ';' NOT LIKE '%;' || u.made || '=%'
		RETURNING i.client_id, i.key`, taken, func() []any {
		return []any{
			col(rows, func(r row) string { return r.Tenant }), col(rows, func(r row) string { return r.Client }),
			col(rows, func(r row) string { return r.Key }), col(rows, func(r row) string { return r.Mark() }),
			col(rows, func(r row) string { return r.Made }),
		}
	})
}

// answers keeps what was answered; see [store.Store.FinishOnce].
func (b *batch) answers(rows []*store.OnceRow) {
	type row = *store.OnceRow
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.Row(), b.Row()) })
	put(b, rows, `UPDATE idempotency i SET status = u.status, header = u.header, body = u.body,
		started_at = CASE WHEN i.started_at = 0 THEN u.started ELSE i.started_at END
		FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::bytea[], $7::bigint[])
			AS u (tenant, client, key, status, header, body, started)
		WHERE i.tenant_id = u.tenant AND i.client_id = u.client AND i.key = u.key`, func() []any {
		return []any{
			col(rows, func(r row) string { return r.Tenant }), col(rows, func(r row) string { return r.Client }),
			col(rows, func(r row) string { return r.Key }), col(rows, func(r row) int { return r.Status }),
			col(rows, func(r row) string { return r.Header }), col(rows, func(r row) []byte { return r.Body }),
			col(rows, func(r row) int64 { return ms(r.StartedAt) }),
		}
	})
}
