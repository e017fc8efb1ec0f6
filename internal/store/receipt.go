package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// ReceiptPlace gives the place of a session's receipts in the status lists, the same every time; the entry of the trail is written the first time.
// Two nodes that give the same place to two sessions at once find out by the index over it, and the slower one looks again.
func (s *Store) ReceiptPlace(ctx context.Context, tenant, session string, now time.Time, audit ...usher.AuditRecord) (int64, error) {
	const tries = 20
	for range tries {
		var place int64
		err := s.row(ctx, `SELECT idx FROM receipts WHERE session_id = $1 AND tenant_id = $2`, []any{session, tenant}, &place)
		if err == nil {
			return place, nil
		}
		_, failed := s.noted(ctx, audit, `INSERT INTO receipts (session_id, tenant_id, idx, issued_at)
			SELECT $1, $2, COALESCE(max(idx) + 1, 0), $3 FROM receipts WHERE idx >= 0 ON CONFLICT DO NOTHING`, session, tenant, ms(now))
		if failed != nil {
			return 0, failed
		}
	}
	return 0, ErrConflict
}

// RevokedReceipts gives which places of a run, without its end, are of sessions that are not approved any more, or whose applicant was erased.
func (s *Store) RevokedReceipts(ctx context.Context, from, to int64) ([]int64, error) {
	return all(ctx, s, func(row scanner) (n int64, err error) { return n, row.Scan(&n) },
		`SELECT r.idx FROM receipts r LEFT JOIN sessions s ON s.id = r.session_id LEFT JOIN applicants a ON a.id = s.applicant_id
		WHERE r.idx >= $1 AND r.idx < $2 AND (s.id IS NULL OR s.state <> 'approved' OR a.id IS NULL OR a.erased) ORDER BY r.idx`, from, to)
}

// Receipts counts the places that were given.
func (s *Store) Receipts(ctx context.Context) (n int64, err error) {
	err = s.row(ctx, `SELECT COALESCE(max(idx) + 1, 0) FROM receipts`, nil, &n)
	return n, err
}
