package store

import (
	"context"
	"errors"
	"time"
)

// SweepRow is how far the evidence of a store was gone through for files that nothing names.
type SweepRow struct {
	Store    string
	Position string    // "" is the start
	Due      time.Time // of the next part
}

// Sweep gives how far a store was gone through; the start where it never was.
func (s *Store) Sweep(ctx context.Context, of string) (SweepRow, error) {
	r := SweepRow{Store: of}
	var due int64
	err := s.row(ctx, `SELECT position, due_at FROM sweeps WHERE store = $1`, []any{of}, &r.Position, &due)
	if errors.Is(err, ErrNotFound) {
		return r, nil
	}
	r.Due = at(due)
	return r, err
}

// MoveSweep says how far a store was gone through, unless another has gone on from the same place meanwhile.
func (s *Store) MoveSweep(ctx context.Context, was, r SweepRow) error {
	_, err := s.exec(ctx, `INSERT INTO sweeps (store, position, due_at) VALUES ($1, $2, $3) ON CONFLICT (store) DO UPDATE SET
		position = excluded.position, due_at = excluded.due_at WHERE sweeps.position = $4 AND sweeps.due_at = $5`,
		r.Store, r.Position, ms(r.Due), was.Position, ms(was.Due))
	return err
}
