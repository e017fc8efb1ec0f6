package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// Trim is how far a walk over old deliveries has come. The zero value begins at the oldest.
type Trim struct {
	pos  int64
	Gone int64 // deliveries that were removed
	Done bool  // nothing older than the time is left
}

// TrimDeliveries removes deliveries that were queued before a time and wait for nobody any more, with their tries, the oldest first. It looks at no more
// than limit of them, in one short transaction, and gives how far it came: whoever wants all of them calls it until Done, with pauses, and may begin
// anew at any time. It walks along the key of the table, so that no index is kept for it; what still waits is passed over.
func (s *Store) TrimDeliveries(ctx context.Context, t Trim, before time.Time, limit int) (Trim, error) {
	last, seen, young := t.pos, 0, false
	err := s.rows(ctx, `SELECT pos, created_at FROM deliveries WHERE pos > $1 ORDER BY pos LIMIT $2`, []any{t.pos, limit}, func(row scanner) error {
		var pos, created int64
		err := row.Scan(&pos, &created)
		if seen++; created >= ms(before) {
			young = true
		}
		if !young {
			last = pos
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if last > t.pos {
		var gone int64
		err = s.together(ctx, func(w *writer) {
			w.exec(`DELETE FROM delivery_attempts WHERE delivery_id IN
				(SELECT id FROM deliveries WHERE pos > $1 AND pos <= $2 AND status <> $3)`, t.pos, last, usher.DeliveryPending)
			gone = w.exec(`DELETE FROM deliveries WHERE pos > $1 AND pos <= $2 AND status <> $3`, t.pos, last, usher.DeliveryPending)
		})
		if err != nil {
			return t, err
		}
		t.pos, t.Gone = last, t.Gone+gone
	}
	t.Done = young || seen < limit
	return t, nil
}
