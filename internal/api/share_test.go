package api_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-kyc/usher/internal/api"
)

// shelf is what nodes share, with the arithmetic of the store's.
type shelf struct {
	mu     sync.Mutex
	level  map[string]float64
	at     map[string]time.Time
	broken bool
}

func (s *shelf) add(_ context.Context, drips []api.Drip) ([]float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil, errors.New("away")
	}
	levels := make([]float64, len(drips))
	for i, d := range drips {
		drained := time.Since(s.at[d.Name]).Seconds() * d.Rate
		s.level[d.Name] = max(0, s.level[d.Name]-drained) + float64(d.Count)
		s.at[d.Name] = time.Now()
		levels[i] = s.level[d.Name]
	}
	return levels, nil
}

// TestLimitsAreShared asks several nodes in turn, as fast as they let it, and counts what all of them let through.
func TestLimitsAreShared(t *testing.T) {
	t.Parallel()
	const rate, burst, seconds = 100, 200, 10
	for name, test := range map[string]struct {
		nodes  int
		broken bool
		most   int
	}{
		"one node":           {nodes: 1, most: rate*seconds + burst},
		"three nodes":        {nodes: 3, most: rate*seconds + burst + 2*burst/10 + 300}, // 300 come in during the first tenth of a second
		"the store is away":  {nodes: 3, broken: true, most: 3 * (rate*seconds + burst)},
		"and one node of it": {nodes: 1, broken: true, most: rate*seconds + burst},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shared := &shelf{level: map[string]float64{}, at: map[string]time.Time{}, broken: test.broken}
				ctx, stop := context.WithCancel(t.Context())
				var running sync.WaitGroup
				limiters := make([]*api.Limiter, test.nodes)
				for i := range limiters {
					s := &api.Sharing{Add: shared.add, Key: []byte("k"), Log: slog.New(slog.DiscardHandler)}
					limiters[i] = s.Limiter("address", api.Limit{Rate: rate, Burst: burst})
					running.Go(func() { s.Run(ctx) })
				}
				passed := 0
				for range seconds * 1000 {
					for _, l := range limiters {
						if ok, _ := l.Allow("192.0.2.1"); ok {
							passed++
						}
					}
					time.Sleep(time.Millisecond)
				}
				stop()
				running.Wait()
				const least = (rate*seconds + burst) * 9 / 10
				if passed < least || passed > test.most {
					t.Errorf("%d requests were let through, want %d to %d", passed, least, test.most)
				}
			})
		})
	}
}
