// Package queue puts River behind the job queue of package store: a job is a row that is there exactly when the change that made it is, and each
// database brings River's driver for it.
//
// What River leaves open is settled here, for every database alike: tries, the pauses between them, that a job is never thrown away, and what of
// River's own talk reaches the log.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/usher-kyc/usher/internal/store"
)

// Config is how a queue works.
type Config struct {
	RetryPause time.Duration // unit of the growing pause between tries of a job; 1 s when zero
	Poll       time.Duration // how often jobs are looked for; 20 ms when zero
	Node       string        // who works, in River's rows; "" is a name of River's
	Log        *slog.Logger
}

// Queue is River on one database, whose transactions are T.
type Queue[T any] struct {
	c      Config
	db     store.DB
	driver riverdriver.Driver[T]
	of     func(store.Tx) (T, error)
	insert *river.Client[T] // only inserts
	work   *river.Client[T] // only works, from Start on
	hand   sync.Map         // ids of the jobs that are worked
}

const (
	tries = 6
	// River's own default for finding jobs of a dead process is an hour; a person waits for these.
	jobTimeout  = 30 * time.Second
	rescueAfter = 75 * time.Second
	// A job put in is looked for this often: one database has nothing that could call, and the other need not.
	poll     = 20 * time.Millisecond
	cooldown = 5 * time.Millisecond
	workers  = 8
	keepDone = 10 * time.Minute
	// lastPause is after how many units of the retry pause (seconds) a job is tried again whose tries are used up.
	lastPause = 60
	stopSoon  = 15 * time.Second
)

// New opens the queue of a database whose queue's schema is in place; of gives the driver's transaction that one of the store's is.
func New[T any](db store.DB, driver riverdriver.Driver[T], of func(store.Tx) (T, error), c Config) (*Queue[T], error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.RetryPause == 0 {
		c.RetryPause = time.Second
	}
	if c.Poll == 0 {
		c.Poll = poll
	}
	insert, err := river.NewClient(driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Queue[T]{c: c, db: db, driver: driver, of: of, insert: insert}, nil
}

// Migrate brings the queue's own tables up to date.
func Migrate[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("prepare job queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("bring the job queue up to date: %w", err)
	}
	return nil
}

// Enqueue puts jobs into a transaction.
func (q *Queue[T]) Enqueue(ctx context.Context, tx store.Tx, jobs []store.Job) error {
	into, err := q.of(tx)
	if err != nil {
		return err
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		opts := &river.InsertOpts{MaxAttempts: tries}
		if job.After > 0 {
			opts.ScheduledAt = time.Now().Add(job.After)
		}
		params[i] = river.InsertManyParams{Args: jobArgs{job}, InsertOpts: opts}
	}
	if _, err := q.insert.InsertManyFastTx(ctx, into, params); err != nil {
		return fmt.Errorf("put jobs into the queue: %w", err)
	}
	return nil
}

// Row is a job as River keeps it, for a database that puts jobs in by itself.
type Row struct {
	Args  []byte // JSON
	Kind  string
	Tries int16 // at most
	At    time.Time
	State string
}

// RowOf gives the row of a job.
func RowOf(j store.Job, now time.Time) Row {
	args, _ := json.Marshal(jobArgs{j}) // of texts and numbers
	r := Row{Args: args, Kind: jobArgs{}.Kind(), Tries: tries, At: now, State: string(rivertype.JobStateAvailable)}
	if j.After > 0 {
		r.At, r.State = now.Add(j.After), string(rivertype.JobStateScheduled)
	}
	return r
}

// Start begins to work jobs, and timers by one node at a time.
func (q *Queue[T]) Start(ctx context.Context, h store.Handler, timers []store.Timer) error {
	bundle := river.NewWorkers()
	if err := river.AddWorkerSafely(bundle, &worker{handle: h, pause: lastPause * q.c.RetryPause, hand: &q.hand}); err != nil {
		return fmt.Errorf("register worker: %w", err)
	}
	periodic := make([]*river.PeriodicJob, len(timers))
	for i, t := range timers {
		args := jobArgs{store.Job{Kind: t.Kind, Period: true}}
		periodic[i] = river.NewPeriodicJob(river.PeriodicInterval(t.Every), func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{MaxAttempts: 1}
		}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	client, err := river.NewClient(q.driver, &river.Config{
		ID: q.c.Node, Logger: slog.New(onlyErrors{q.c.Log.Handler()}), Workers: bundle, PeriodicJobs: periodic,
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, FetchPollInterval: q.c.Poll, FetchCooldown: cooldown,
		CompletedJobRetentionPeriod: keepDone, RetryPolicy: retrySoon{q.c.RetryPause}, SoftStopTimeout: stopSoon,
	})
	if err != nil {
		return fmt.Errorf("open job queue: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	q.work = client
	return nil
}

// Stop waits for the jobs in hand; what it cannot wait for runs again after the next start.
func (q *Queue[T]) Stop(ctx context.Context) error {
	if q.work == nil {
		return nil
	}
	if err := q.work.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop job queue: %w", err)
	}
	return nil
}

// Worker gives who works here, in River's rows; only after Start.
func (q *Queue[T]) Worker() string { return q.work.ID() }

// InHand tells whether a job is being worked here.
func (q *Queue[T]) InHand(id int64) bool {
	_, is := q.hand.Load(id)
	return is
}

// Waiting counts the jobs that are due and not done.
func (q *Queue[T]) Waiting(ctx context.Context) (n int, err error) {
	rows, err := q.db.Query(ctx, `SELECT count(*) FROM river_job WHERE kind = 'usher' AND state IN ('available', 'running', 'retryable')`)
	if err != nil {
		return 0, fmt.Errorf("count jobs: %w", err)
	}
	for rows.Next() && err == nil {
		err = rows.Scan(&n)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return 0, fmt.Errorf("count jobs: %w", err)
	}
	return n, nil
}

// Oldest gives when the job that has been due for longest was due, or the zero time when none is. It reads one entry of River's own index.
func (q *Queue[T]) Oldest(ctx context.Context) (due time.Time, err error) {
	rows, err := q.db.Query(ctx, `SELECT scheduled_at FROM river_job WHERE state = 'available' AND queue = 'default' AND priority = 1
		ORDER BY scheduled_at LIMIT 1`)
	if err != nil {
		return due, fmt.Errorf("find the oldest job: %w", err)
	}
	for rows.Next() && err == nil {
		err = rows.Scan(&due)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return due, fmt.Errorf("find the oldest job: %w", err)
	}
	return due, nil
}
