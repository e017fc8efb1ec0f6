package store

import (
	"context"
	"time"
)

// AuditPlace is the last entry of a tenant's trail that somebody has taken; 0 before the first.
type AuditPlace struct {
	TenantID string
	Seq      int64
}

// AuditUntaken gives where a target stands in the trails of which it has not taken all, by tenant.
func (s *Store) AuditUntaken(ctx context.Context, target string) ([]AuditPlace, error) {
	return all(ctx, s, func(row scanner) (p AuditPlace, err error) { return p, row.Scan(&p.TenantID, &p.Seq) },
		`SELECT h.tenant_id, COALESCE(p.seq, 0) FROM audit_heads h LEFT JOIN audit_streams p ON p.target = $1 AND p.tenant_id = h.tenant_id
		WHERE h.seq > COALESCE(p.seq, 0) ORDER BY h.tenant_id`, target)
}

// AuditTaken notes how far a target has taken trails. A place never goes back.
func (s *Store) AuditTaken(ctx context.Context, target string, places []AuditPlace) error {
	return s.together(ctx, func(w *writer) {
		for _, p := range places {
			w.exec(`INSERT INTO audit_streams (target, tenant_id, seq) VALUES ($1, $2, $3)
				ON CONFLICT (target, tenant_id) DO UPDATE SET seq = excluded.seq WHERE audit_streams.seq < excluded.seq`, target, p.TenantID, p.Seq)
		}
	})
}

// AuditLag gives how many entries a target has not taken, and when the oldest of them was written; the zero time when there is none.
func (s *Store) AuditLag(ctx context.Context, target string) (entries int64, oldest time.Time, err error) {
	var when int64
	err = s.row(ctx, `SELECT CAST(COALESCE(SUM(h.seq - COALESCE(p.seq, 0)), 0) AS BIGINT),
		COALESCE(MIN((SELECT a.at FROM audit a WHERE a.tenant_id = h.tenant_id AND a.seq = COALESCE(p.seq, 0) + 1 AND a.seq > 0)), 0)
		FROM audit_heads h LEFT JOIN audit_streams p ON p.target = $1 AND p.tenant_id = h.tenant_id WHERE h.seq > COALESCE(p.seq, 0)`,
		[]any{target}, &entries, &when)
	if when > 0 {
		oldest = at(when)
	}
	return entries, oldest, err
}
