package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/usher-kyc/usher/internal/store"
)

// Jobs is the job queue: River on the same database, so that a job is there exactly when the change that made it is.
type Jobs struct {
	db     *sql.DB
	c      Config
	insert *river.Client[*sql.Tx] // only inserts
	work   *river.Client[*sql.Tx] // only works, from Start on
}

const (
	tries = 6
	// River's own default for finding jobs of a dead process is an hour; a person waits for these.
	jobTimeout  = 30 * time.Second
	rescueAfter = 75 * time.Second
	// A job put in is looked for this often; SQLite has nothing that could call.
	poll     = 20 * time.Millisecond
	cooldown = 5 * time.Millisecond
	workers  = 8
	keepDone = 10 * time.Minute
	// lastPause is after how many units of the retry pause (seconds) a job is tried again whose tries are used up.
	lastPause = 60
	stopSoon  = 15 * time.Second
)

// jobArgs is River's view of a job: one kind, since ours is inside.
type jobArgs struct{ store.Job }

// Kind names the jobs in River's table.
func (jobArgs) Kind() string { return "usher" }

func newJobs(ctx context.Context, db *sql.DB, c Config) (*Jobs, error) {
	driver := riversqlite.New(db)
	quiet := slog.New(slog.DiscardHandler)
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("prepare job queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("bring the job queue up to date: %w", err)
	}
	insert, err := river.NewClient(driver, &river.Config{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Jobs{db: db, c: c, insert: insert}, nil
}

// Enqueue puts jobs into a transaction.
func (j *Jobs) Enqueue(ctx context.Context, tx *sql.Tx, jobs []store.Job) error {
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		opts := &river.InsertOpts{MaxAttempts: tries}
		if job.After > 0 {
			opts.ScheduledAt = time.Now().Add(job.After)
		}
		params[i] = river.InsertManyParams{Args: jobArgs{job}, InsertOpts: opts}
	}
	if _, err := j.insert.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("put jobs into the queue: %w", err)
	}
	return nil
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

// Start begins to work jobs, and timers by one node at a time.
func (j *Jobs) Start(ctx context.Context, h store.Handler, timers []store.Timer) error {
	if err := j.takeUp(ctx); err != nil {
		return err
	}
	bundle := river.NewWorkers()
	if err := river.AddWorkerSafely(bundle, &worker{handle: h, pause: lastPause * j.c.RetryPause}); err != nil {
		return fmt.Errorf("register worker: %w", err)
	}
	periodic := make([]*river.PeriodicJob, len(timers))
	for i, t := range timers {
		args := jobArgs{store.Job{Kind: t.Kind, Period: true}}
		periodic[i] = river.NewPeriodicJob(river.PeriodicInterval(t.Every), func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{MaxAttempts: 1}
		}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	client, err := river.NewClient(riversqlite.New(j.db), &river.Config{
		Logger: slog.New(onlyErrors{j.c.Log.Handler()}), Workers: bundle, PeriodicJobs: periodic,
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, FetchPollInterval: j.c.Poll, FetchCooldown: cooldown,
		CompletedJobRetentionPeriod: keepDone, RetryPolicy: retrySoon{j.c.RetryPause}, SoftStopTimeout: stopSoon,
	})
	if err != nil {
		return fmt.Errorf("open job queue: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	j.work = client
	return nil
}

// Stop waits for the jobs in hand; what it cannot wait for runs again after the next start.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.work == nil {
		return nil
	}
	if err := j.work.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop job queue: %w", err)
	}
	return nil
}

// Waiting counts the jobs that are due and not done.
func (j *Jobs) Waiting(ctx context.Context) (int, error) {
	var n int
	err := j.db.QueryRowContext(ctx, `SELECT count(*) FROM river_job WHERE kind = 'usher' AND state IN ('available', 'running', 'retryable')`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count jobs: %w", err)
	}
	return n, nil
}

type worker struct {
	river.WorkerDefaults[jobArgs]
	handle store.Handler
	pause  time.Duration // after the last try
}

// Work hands a job to the handler. On its last try a job only has to write down that there was no answer; when not even that can be done, it
// is put off and not thrown away: a session would wait for it for ever.
func (w *worker) Work(ctx context.Context, r *river.Job[jobArgs]) error {
	j := r.Args.Job
	j.Attempt, j.Last = r.Attempt, r.Attempt >= r.MaxAttempts
	err := w.handle(ctx, j)
	if later := (*store.Later)(nil); errors.As(err, &later) {
		return river.JobSnooze(max(time.Until(later.At), 0))
	}
	if err != nil && j.Last && !j.Period {
		return river.JobSnooze(w.pause)
	}
	return err
}

// retrySoon waits 1, 4, 9, 16, 25 units (seconds) between tries: a person is waiting, and after about a minute a reviewer takes over.
type retrySoon struct{ unit time.Duration }

// NextRetry gives the time of the next try.
func (r retrySoon) NextRetry(job *rivertype.JobRow) time.Time {
	n := time.Duration(len(job.Errors) + 1)
	return time.Now().Add(n * n * r.unit)
}

// onlyErrors keeps River's talk about its own life out of the log.
type onlyErrors struct{ slog.Handler }

// Enabled tells whether a line is worth its place.
func (h onlyErrors) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && h.Handler.Enabled(ctx, l)
}

// Handle drops what is only the end of River's own context: it tells of a stop that was wanted.
func (h onlyErrors) Handle(ctx context.Context, r slog.Record) error {
	ended := false
	r.Attrs(func(a slog.Attr) bool {
		ended = ended || strings.Contains(a.Value.String(), context.Canceled.Error())
		return !ended
	})
	if ended {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}
