package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"
)

// Drip is what a node has let through of one key since it last told the others. What all nodes let through drains at the rate of the limit.
type Drip struct {
	Name  string
	Count int64
	Rate  float64       // a second
	Full  time.Duration // in which the fullest bucket has drained
}

// Sharing lets the limits of several nodes hold for all of them together. Requests never wait for it: a node counts by itself, and tells the others of a
// key when it has let through a tenth of the key's burst, a tenth of a second later at most. So n nodes together let through no more than one would, and
// (n-1)·burst/10, and what comes in while they tell each other. nil is for one node.
type Sharing struct {
	// Add adds drips to what the nodes share and gives how full each key's bucket is then.
	Add func(ctx context.Context, drips []Drip) (levels []float64, err error)
	Key []byte // hides addresses and names from whoever reads the database
	Log *slog.Logger

	once sync.Once
	wake chan struct{}
	mu   sync.Mutex
	all  []*Limiter
}

const (
	shareEvery = 100 * time.Millisecond
	// mostShared bounds what is told at once; the rest is told next.
	mostShared = 500
	shareTime  = 5 * time.Second
)

// Limiter makes a limiter whose counts are shared under a name that is its own.
func (s *Sharing) Limiter(name string, l Limit) *Limiter {
	made := NewLimiter(l)
	if s == nil || l.Rate <= 0 {
		return made
	}
	made.name, made.sharing, made.due = name, s, map[string]*bucket{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, made)
	return made
}

func (s *Sharing) woken() chan struct{} {
	s.once.Do(func() { s.wake = make(chan struct{}, 1) })
	return s.wake
}

// Run tells the other nodes what was counted, until ctx ends.
func (s *Sharing) Run(ctx context.Context) {
	if s == nil {
		return
	}
	pause := time.NewTicker(shareEvery)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.woken():
		}
		s.settle(ctx)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// settle tells what is due of every limiter.
func (s *Sharing) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, shareTime)
	defer cancel()
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	for _, l := range all {
		if err := l.settle(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "limits of requests are this node's alone for now", "limit", l.name, "error", err)
		}
	}
}

// hidden names a key for the others.
func (s *Sharing) hidden(limit, key string) string {
	h := hmac.New(sha256.New, s.Key)
	_, _ = h.Write([]byte(limit + "/" + key)) // a hash takes everything
	return "limit/" + hex.EncodeToString(h.Sum(nil)[:16])
}

// settle tells the other nodes what this one has let through, and takes in what they have.
func (l *Limiter) settle(ctx context.Context) error {
	now := l.limit.Now()
	var drips []Drip
	var of []*bucket
	l.mu.Lock()
	for key, b := range l.due {
		if len(drips) == mostShared {
			l.sharing.ring()
			break
		}
		delete(l.due, key)
		full := time.Duration(float64(l.limit.Burst) / l.limit.Rate * float64(time.Second))
		drips = append(drips, Drip{Name: l.sharing.hidden(l.name, key), Count: b.untold, Rate: l.limit.Rate, Full: full})
		of = append(of, b)
	}
	l.mu.Unlock()
	if len(drips) == 0 {
		return nil
	}
	levels, err := l.sharing.Add(ctx, drips)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		for _, b := range of {
			l.due[b.key] = b
		}
		return err
	}
	for i, b := range of {
		b.untold -= drips[i].Count
		b.fill(l.limit, now, levels[i]+float64(b.untold))
	}
	return nil
}

func (s *Sharing) ring() {
	select {
	case s.woken() <- struct{}{}:
	default: // it is awake
	}
}
