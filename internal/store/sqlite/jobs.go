package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/queue"
)

// Jobs is the job queue on the same file.
type Jobs struct {
	*queue.Queue[*sql.Tx]
	db *sql.DB
}

func newJobs(ctx context.Context, write *pool, c Config) (*Jobs, error) {
	driver := riversqlite.New(write.db)
	if err := queue.Migrate(ctx, driver); err != nil {
		return nil, err
	}
	q, err := queue.New(write, driver, sqlTx, queue.Config{RetryPause: c.RetryPause, Poll: c.Poll, Log: c.Log})
	return &Jobs{q, write.db}, err
}

func sqlTx(tx store.Tx) (*sql.Tx, error) {
	if t, ours := tx.(transaction); ours {
		return t.Tx, nil
	}
	return nil, errors.New("a transaction of another database")
}

// longestLease is how long a sender may hold a delivery that it claimed.
const longestLease = time.Minute

// takeUp frees what a process that died had in hand. On this database one process works at a time, so at its start nobody else holds anything:
// a person need not wait until jobs are found to be stuck, nor a client until keys are free and leases have ended.
func (j *Jobs) takeUp(ctx context.Context) error {
	now := time.Now()
	for _, free := range []struct {
		query string
		args  []any
	}{
		// A job that was on its last try gets one more: it was not the job that failed.
		{`UPDATE river_job SET state = 'available', attempt = min(attempt, max_attempts - 1) WHERE state = 'running' AND kind = 'usher'`, nil},
		// Older ones are free already.
		{`UPDATE idempotency SET started_at = 0 WHERE status = 0 AND started_at > $1`, []any{now.Add(-time.Hour).UnixMilli()}},
		// A lease looks like the wait before a next try; one that was close comes a little early.
		{
			`UPDATE deliveries SET due_at = $1 WHERE status = 'pending' AND due_at > $1 AND due_at <= $2`,
			[]any{now.UnixMilli(), now.Add(longestLease).UnixMilli()},
		},
	} {
		if _, err := j.db.ExecContext(ctx, free.query, free.args...); err != nil {
			return fmt.Errorf("take up what a dead process left: %w", err)
		}
	}
	return nil
}

// Start takes up what was left and begins to work jobs and timers.
func (j *Jobs) Start(ctx context.Context, h store.Handler, timers []store.Timer) error {
	if err := j.takeUp(ctx); err != nil {
		return err
	}
	return j.Queue.Start(ctx, h, timers)
}
