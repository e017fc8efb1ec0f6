package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/usher-kyc/usher"
)

// ReceiptPlace gives the place of a session's receipts in the status lists, the same every time; the entry of the trail is written the first time.
// A place is drawn at random in the newest list of size places, so that it tells nobody which of two receipts was earlier, and in the next one where
// that list is nearly full. Of two sessions that draw one place, or two nodes that place one session, the index lets one have it: the other draws again.
func (s *Store) ReceiptPlace(ctx context.Context, tenant, session string, size int64, now time.Time, audit ...usher.AuditRecord) (int64, error) {
	const draws, lists = 10, 3 // the first ten in a row that are all taken come when some two fifths of a large list are
	for try := range int64(draws * lists) {
		var place int64
		err := s.row(ctx, `SELECT idx FROM receipts WHERE session_id = $1 AND tenant_id = $2`, []any{session, tenant}, &place)
		if err == nil {
			return place, nil
		}
		given, err := s.Receipts(ctx)
		if err != nil {
			return 0, err
		}
		newest := max(given-1, 0) / size
		place = (newest+try/draws)*size + drawn(size)
		if _, err := s.noted(ctx, audit, `INSERT INTO receipts (session_id, tenant_id, idx, issued_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			session, tenant, place, ms(now)); err != nil {
			return 0, err
		}
	}
	return 0, ErrConflict
}

// drawn gives a random number below n, which is small beside 2^63.
func drawn(n int64) int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:])>>1) % n
}

// RevokedReceipts gives which places of a run, without its end, are of sessions that are not approved any more, or whose applicant was erased.
func (s *Store) RevokedReceipts(ctx context.Context, from, to int64) ([]int64, error) {
	return all(ctx, s, func(row scanner) (n int64, err error) { return n, row.Scan(&n) },
		`SELECT r.idx FROM receipts r LEFT JOIN sessions s ON s.id = r.session_id LEFT JOIN applicants a ON a.id = s.applicant_id
		WHERE r.idx >= $1 AND r.idx < $2 AND (s.id IS NULL OR s.state <> 'approved' OR a.id IS NULL OR a.erased) ORDER BY r.idx`, from, to)
}

// Receipts gives the end of the places that were given: one more than the highest.
func (s *Store) Receipts(ctx context.Context) (n int64, err error) {
	err = s.row(ctx, `SELECT COALESCE(max(idx) + 1, 0) FROM receipts`, nil, &n)
	return n, err
}
