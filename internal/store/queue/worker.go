package queue

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/usher-kyc/usher/internal/store"
)

// jobArgs is River's view of a job: one kind, since ours is inside.
type jobArgs struct{ store.Job }

// Kind names the jobs in River's table.
func (jobArgs) Kind() string { return "usher" }

type worker struct {
	river.WorkerDefaults[jobArgs]
	handle store.Handler
	pause  time.Duration // after the last try
	hand   *sync.Map     // takes the ids of jobs while they are worked
}

// Work hands a job to the handler. On its last try a job only has to write down that there was no answer; when not even that can be done, it
// is put off and not thrown away: a session would wait for it for ever.
func (w *worker) Work(ctx context.Context, r *river.Job[jobArgs]) error {
	w.hand.Store(r.ID, true)
	defer w.hand.Delete(r.ID)
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
