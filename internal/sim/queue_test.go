package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// The job queue of the simulation: one table in the database that all nodes share, so that a job is there exactly when its change is. It does
// what the real one is asked to (tries with growing pauses, jobs of a dead process found after a while, a last try), in an order of the seed's.

const (
	jobTries   = 6
	jobTimeout = 30 * time.Second
	jobRescue  = 75 * time.Second
	jobsAtOnce = 4 // of one node
	lastPause  = time.Minute
)

const jobTable = `CREATE TABLE sim_jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, doc TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL,
    due_at BIGINT NOT NULL, node TEXT NOT NULL DEFAULT '')`

// queue is one process's side of it.
type queue struct {
	w       *world
	inc     *incarnation
	handler store.Handler
	timers  []store.Timer
	running int
}

func (q *queue) Enqueue(ctx context.Context, tx store.Tx, jobs []store.Job) error {
	return put(ctx, tx.Exec, jobs)
}

func put(ctx context.Context, exec func(ctx context.Context, text string, args ...any) (int64, error), jobs []store.Job) error {
	for _, j := range jobs {
		doc, err := json.Marshal(j)
		if err != nil {
			return err
		}
		due := time.Now().Add(j.After).UnixMilli()
		if _, err := exec(ctx, `INSERT INTO sim_jobs (doc, state, attempt, due_at) VALUES ($1, 'waiting', 0, $2)`, string(doc), due); err != nil {
			return fmt.Errorf("put job: %w", err)
		}
	}
	return nil
}

func (q *queue) Start(_ context.Context, h store.Handler, timers []store.Timer) error {
	q.handler, q.timers = h, timers
	return nil
}

func (q *queue) Stop(context.Context) error {
	q.handler = nil // what runs is waited for by who stops the node
	return nil
}

// jobRow is a job as stored.
type jobRow struct {
	id      int64
	job     store.Job
	state   string
	attempt int
	due     time.Time
}

// jobs reads what is not done, and remembers it until something was written.
func (w *world) jobs() []jobRow {
	if !w.jobsStale {
		return w.jobList
	}
	rows, err := w.raw.db.QueryContext(context.Background(), `SELECT id, doc, state, attempt, due_at FROM sim_jobs WHERE state <> 'done' ORDER BY id`)
	w.must(err)
	w.jobList = w.jobList[:0]
	for rows.Next() {
		var r jobRow
		var doc string
		var due int64
		w.must(rows.Scan(&r.id, &doc, &r.state, &r.attempt, &due))
		w.must(json.Unmarshal([]byte(doc), &r.job))
		r.due = time.UnixMilli(due)
		w.jobList = append(w.jobList, r)
	}
	w.must(errors.Join(rows.Err(), rows.Close()))
	w.jobsStale = false
	return w.jobList
}

// due gives the jobs that some process could take now. A running one whose time is over is found again, on whatever try it was.
func (w *world) due() []jobRow {
	now := time.Now()
	return slices.DeleteFunc(slices.Clone(w.jobs()), func(r jobRow) bool { return r.due.After(now) })
}

func (w *world) setJob(id int64, state string, attempt int, due time.Time, node string) {
	_, err := w.raw.db.ExecContext(context.Background(),
		`UPDATE sim_jobs SET state = $2, attempt = $3, due_at = $4, node = $5 WHERE id = $1 AND state <> 'done'`,
		id, state, attempt, due.UnixMilli(), node)
	w.must(err)
	w.jobsStale = true
}

// take has a process work a job. The world calls it while nobody writes.
func (q *queue) take(r jobRow) {
	attempt := min(r.attempt+1, jobTries)
	q.w.setJob(r.id, "running", attempt, time.Now().Add(jobRescue), q.inc.name)
	j := r.job
	j.Attempt, j.Last = attempt, attempt == jobTries
	q.running++
	q.w.jobRuns++
	name := fmt.Sprintf("%s/job%d.%d", q.inc.name, r.id, q.w.jobRuns)
	handler := q.handler
	q.w.live.Go(func() {
		err := run(name, handler, j)
		q.w.finish(q, name, r.id, j, err)
	})
}

func run(name string, h store.Handler, j store.Job) error {
	ctx, cancel := context.WithTimeout(as(context.Background(), name), jobTimeout)
	defer cancel()
	return h(ctx, j)
}

// finish writes down how a job ended, apart from what it did, as the real queue does: a process that dies in between has it done again.
func (w *world) finish(q *queue, name string, id int64, j store.Job, err error) {
	later := (*store.Later)(nil)
	said := "done"
	switch {
	case errors.As(err, &later):
		said = "later"
	case err != nil:
		said = "failed"
	}
	locked, dead := w.gate.lock(q.inc, name+" "+said)
	if locked {
		defer w.unlock()
	}
	if dead != nil || w.dies(q.inc, "at the end of "+name) {
		return
	}
	q.running--
	switch n := time.Duration(j.Attempt); {
	case said == "later":
		w.setJob(id, "waiting", j.Attempt-1, later.At, "")
	case said == "done":
		w.setJob(id, "done", j.Attempt, time.Now(), "")
	case j.Last:
		w.setJob(id, "waiting", j.Attempt-1, time.Now().Add(lastPause), "")
	default:
		w.setJob(id, "waiting", j.Attempt, time.Now().Add(n*n*time.Second), "")
	}
}

// takeOver frees the jobs that a dead node was at. One that was on its last try gets one more: it was not the job that failed.
func (q *queue) takeOver(_ context.Context, node string) error {
	locked, err := q.w.gate.lock(q.inc, q.inc.name+" takes over the jobs of "+node)
	if locked {
		defer q.w.unlock()
	}
	if err != nil {
		return err
	}
	_, err = q.w.raw.db.ExecContext(context.Background(), `UPDATE sim_jobs SET state = 'waiting', due_at = $2, node = '', attempt = attempt - 1
		WHERE state = 'running' AND node = $1`, node, time.Now().UnixMilli())
	q.w.jobsStale = true
	q.w.leases.bury(node)
	return err
}
