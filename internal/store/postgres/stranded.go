package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// A job may be this node's by its row, and nobody works it: the connection was cut when the node took it and before it was told so, or its end could
// not be written. River finds it after 75 s, since it cannot know that no other process works it; here the node itself knows.
const (
	lookEvery   = 5 * time.Second
	strandedFor = 10 * time.Second // longer than River takes to write the end of a job, or to begin one that it took
)

// heldJob is one try of a job.
type heldJob struct {
	id      int64
	attempt int16
}

// Start begins to work jobs and timers, and to look for jobs that were lost.
func (j *Jobs) Start(ctx context.Context, h store.Handler, timers []store.Timer) error {
	if err := j.Queue.Start(ctx, h, timers); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				if err := j.FreeStranded(ctx, now); err != nil && ctx.Err() == nil {
					j.log.WarnContext(ctx, "jobs that nobody works could not be looked for", "error", err)
				}
			}
		}
	})
	j.end = func() {
		cancel()
		looking.Wait()
	}
	return nil
}

// Stop waits for the jobs in hand.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.end != nil {
		j.end()
	}
	return j.Queue.Stop(ctx)
}

const (
	myJobs = `SELECT id, attempt FROM river_job WHERE state = 'running' AND queue = 'default' AND kind = 'usher'
		AND attempted_by[array_upper(attempted_by, 1)] = $1`
	freeJob = `UPDATE river_job SET state = 'available', attempt = LEAST(attempt, max_attempts - 1), scheduled_at = now()
		WHERE id = $2 AND attempt = $3 AND state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`
)

// FreeStranded looks once, at a time, and has done again what was seen in nobody's hands for long enough.
func (j *Jobs) FreeStranded(ctx context.Context, now time.Time) error {
	j.looking.Lock()
	defer j.looking.Unlock()
	held, err := j.held(ctx)
	if err != nil {
		return fmt.Errorf("look at the jobs of this node: %w", err)
	}
	lost := map[heldJob]time.Time{}
	for _, job := range held {
		if j.InHand(job.id) {
			continue
		}
		since, seen := j.lost[job]
		if !seen {
			since = now
		}
		if now.Sub(since) < strandedFor {
			lost[job] = since
			continue
		}
		if _, err := j.pool.Exec(ctx, freeJob, j.Worker(), job.id, job.attempt); err != nil {
			return fmt.Errorf("free a job that nobody works: %w", err)
		}
		j.log.WarnContext(ctx, "a job that this node had taken was in nobody's hands; it is done again", "job", job.id)
	}
	j.lost = lost
	return nil
}

func (j *Jobs) held(ctx context.Context) (list []heldJob, err error) {
	rows, err := j.pool.Query(ctx, myJobs, j.Worker())
	if err != nil {
		return nil, err
	}
	for rows.Next() && err == nil {
		var job heldJob
		err = rows.Scan(&job.id, &job.attempt)
		list = append(list, job)
	}
	return list, errors.Join(err, rows.Err(), rows.Close())
}
