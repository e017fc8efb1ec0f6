package screening

import (
	"context"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// Feed is where a list comes from, and when.
type Feed struct {
	source.Feed
	Every time.Duration // 0: an hour
	Stale time.Duration // 0: that of the lists
}

const (
	defaultEvery = time.Hour
	// After a failure a feed is asked again sooner than it would be, but not at once.
	retryFeed = 10 * time.Minute
	// The command line imports beside a server that runs; it is noticed this soon.
	watchEvery = 5 * time.Second
	// What another node brought in is fetched this soon, by reading a row of each list.
	meetEvery = time.Second
)

// Run brings feeds in as they are due and keeps monitored applicants up to date, until ctx ends. It returns when what was in hand has ended.
func (l *Lists) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, f := range l.c.Feeds {
		wg.Go(func() { l.follows(ctx, f) })
	}
	wg.Go(func() { l.monitors(ctx) })
	wg.Go(func() { l.watches(ctx) })
	wg.Wait()
}

// follows asks one feed again and again.
func (l *Lists) follows(ctx context.Context, f Feed) {
	every := f.Every
	if every == 0 {
		every = defaultEvery
	}
	for ctx.Err() == nil {
		wait := every
		if err := l.fetch(ctx, f, every); err != nil && ctx.Err() == nil {
			l.c.Log.ErrorContext(ctx, "a watchlist could not be brought up to date; the edition in use stays", "feed", f.String(), "error", err)
			wait = min(every, retryFeed)
		}
		pause(ctx, wait)
	}
}

// watches takes up what another process brought in.
func (l *Lists) watches(ctx context.Context) {
	every := watchEvery
	if l.c.Nodes != nil {
		every = meetEvery
	}
	for ctx.Err() == nil {
		pause(ctx, every)
		l.changes.Lock()
		err := l.follow(ctx)
		l.changes.Unlock()
		if err != nil && ctx.Err() == nil {
			l.c.Log.ErrorContext(ctx, "an edition of a watchlist could not be put into use; the one before stays", "error", err)
		}
	}
}

// monitors holds applicants against the lists at the start and whenever one changed, and new monitors soon after they began.
func (l *Lists) monitors(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	act := l.CatchUp
	for ctx.Err() == nil {
		if err := act(ctx); err != nil && ctx.Err() == nil {
			l.c.Log.ErrorContext(ctx, "monitored applicants could not be held against the lists; it is tried again", "error", err)
			pause(ctx, retryFeed)
			act = l.CatchUp
			continue
		}
		select {
		case <-l.wake:
			act = l.CatchUp
		case <-tick.C:
			act = l.holdNew
		case <-ctx.Done():
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
