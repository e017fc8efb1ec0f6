package store

import (
	"context"
	"fmt"
	"time"
)

// MostCounted bounds a count that is only to be looked at: past it a figure says no more than "many".
const MostCounted = 100_000

// Backlog counts the deliveries that are due at a time and not sent, up to [MostCounted], and tells when the oldest was due: the zero time when none
// is. One that a sender holds is not due until its lease ends.
func (s *Store) Backlog(ctx context.Context, now time.Time) (due int, oldest time.Time, err error) {
	if err = s.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE status = 'pending' AND due_at <= $1 LIMIT 100000) AS due`,
		[]any{ms(now)}, &due); err != nil || due == 0 {
		return due, oldest, err
	}
	oldest, err = s.NextDelivery(ctx)
	return due, oldest, err
}

// Migrated fails where the schema is older than it was when this process began: a back-up was put in place under it. A newer one is well, since
// another node may be ahead.
func (s *Store) Migrated(ctx context.Context) error {
	var level int64
	if err := s.row(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`, nil, &level); err != nil {
		return fmt.Errorf("read the level of the schema: %w", err)
	}
	if s.level.CompareAndSwap(0, level); level < s.level.Load() {
		return fmt.Errorf("the schema is at %d and was at %d: start again, which brings it up to date", level, s.level.Load())
	}
	return nil
}
