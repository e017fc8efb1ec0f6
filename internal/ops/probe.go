package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Probe is one thing that must be well for a node to be sent requests. Look gives what is wrong, for the log; callers learn the name alone.
type Probe struct {
	Name string
	Look func(context.Context) error
}

// Result is what a probe found.
type Result struct {
	Name string
	Err  error
}

// Probes are looked at together. The zero value finds nothing wrong.
type Probes struct {
	List []Probe
	Log  *slog.Logger

	stopping atomic.Bool
	mu       sync.Mutex
	wrong    map[string]bool
	at       time.Time
	kept     []Result
}

const (
	probeTime = 2 * time.Second
	// probeEvery keeps a caller who asks all day from keeping the database busy.
	probeEvery = 500 * time.Millisecond
)

// errSlow says that a probe gave no answer in time.
var errSlow = errors.New("no answer in time")

// Stop makes the node say that it is not ready, from now on.
func (p *Probes) Stop() { p.stopping.Store(true) }

// Look looks at everything at once, and notes in the log what has become wrong, and what is well again.
func (p *Probes) Look(ctx context.Context) []Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept != nil && time.Since(p.at) < probeEvery {
		return p.kept
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	results := make([]Result, len(p.List))
	var all sync.WaitGroup
	for i, one := range p.List {
		all.Go(func() { results[i] = Result{one.Name, look(ctx, one)} })
	}
	all.Wait()
	p.note(ctx, results)
	p.at, p.kept = time.Now(), results
	return results
}

// look gives up a probe that does not: a disk or network that hangs must not hang the one who asks for it.
func look(ctx context.Context, one Probe) error {
	said := make(chan error, 1)
	go func() { said <- one.Look(ctx) }()
	select {
	case err := <-said:
		return err
	case <-ctx.Done():
		return errSlow
	}
}

func (p *Probes) note(ctx context.Context, results []Result) {
	if p.wrong == nil {
		p.wrong = map[string]bool{}
	}
	for _, r := range results {
		if was := p.wrong[r.Name]; was != (r.Err != nil) && p.Log != nil {
			if r.Err != nil {
				p.Log.ErrorContext(ctx, "not ready", "probe", r.Name, "error", r.Err)
			} else {
				p.Log.InfoContext(ctx, "ready again", "probe", r.Name)
			}
		}
		p.wrong[r.Name] = r.Err != nil
	}
}

// Ready answers whether this node should be sent requests: 200, or 503. The body names each probe and says ok or failed, and nothing of what is
// inside.
func (p *Probes) Ready(w http.ResponseWriter, r *http.Request) {
	probes := map[string]string{}
	status := http.StatusOK
	if p.stopping.Load() {
		// Said at once and without asking anybody: whoever sends requests must look elsewhere now.
		probes["stopping"], status = "failed", http.StatusServiceUnavailable
	} else {
		for _, found := range p.Look(context.WithoutCancel(r.Context())) {
			probes[found.Name] = "ok"
			if found.Err != nil {
				probes[found.Name], status = "failed", http.StatusServiceUnavailable
			}
		}
	}
	health(w, status, probes)
}

// Live answers that the process is there. It asks nobody: a database that is away is no reason to start the process anew.
func Live(w http.ResponseWriter, _ *http.Request) { health(w, http.StatusOK, nil) }

func health(w http.ResponseWriter, status int, probes map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	body := struct {
		Status string            `json:"status"`
		Probes map[string]string `json:"probes,omitempty"`
	}{"ok", probes}
	if status != http.StatusOK {
		body.Status = "unavailable"
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller hung up; there is nobody to tell
}

// AtMost makes a probe of an age: it fails where something has waited for longer.
func AtMost(limit time.Duration, since func(context.Context) (time.Time, error), now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		begun, err := since(ctx)
		if err != nil {
			return err
		}
		if waited := now().Sub(begun); !begun.IsZero() && waited > limit {
			return fmt.Errorf("the oldest has waited for %s, more than %s", waited.Round(time.Second), limit)
		}
		return nil
	}
}
