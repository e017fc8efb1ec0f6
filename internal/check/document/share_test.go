package document_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
)

// reader counts how often a document is read, and waits to be let go.
type reader struct {
	calls atomic.Int32
	let   chan struct{}
	fail  atomic.Bool
}

func (r *reader) Kind() usher.CheckKind { return usher.CheckDocument }

func (r *reader) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	r.calls.Add(1)
	<-r.let
	if r.fail.Swap(false) {
		return usher.CheckResult{}, errors.New("store is away")
	}
	return usher.CheckResult{Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified, Fields: map[string]string{"session": in.Session.ID}}, nil
}

func TestShareReadsOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sessions []string
		fail     bool
		calls    int32
		errors   int32
	}{
		{"three checks of one session", []string{"a", "a", "a"}, false, 1, 0},
		{"two sessions", []string{"a", "b", "a"}, false, 2, 0},
		{"a failure is not shared", []string{"a", "a"}, true, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &reader{let: make(chan struct{})}
				r.fail.Store(tt.fail)
				shared := document.Share(r)
				var wg sync.WaitGroup
				var failed atomic.Int32
				for _, id := range tt.sessions {
					wg.Go(func() {
						result, err := shared.Check(t.Context(), usher.CheckInput{Session: usher.Session{ID: id}})
						if err != nil {
							failed.Add(1)
						} else if result.Fields["session"] != id {
							t.Errorf("asked about %s, told about %s", id, result.Fields["session"])
						}
					})
				}
				synctest.Wait() // everybody is either reading or waiting for the one who reads
				close(r.let)
				wg.Wait()
				if r.calls.Load() != tt.calls || failed.Load() != tt.errors {
					t.Errorf("%d calls, %d errors; want %d, %d", r.calls.Load(), failed.Load(), tt.calls, tt.errors)
				}
				// Nothing is kept: asked again, it reads again.
				if _, err := shared.Check(t.Context(), usher.CheckInput{Session: usher.Session{ID: "a"}}); err != nil || r.calls.Load() != tt.calls+1 {
					t.Errorf("later call: %v, %d calls", err, r.calls.Load())
				}
			})
		})
	}
}

func TestShareGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan struct{})}
		shared := document.Share(r)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = shared.Check(t.Context(), usher.CheckInput{}) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := shared.Check(ctx, usher.CheckInput{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
		close(r.let)
		wg.Wait()
	})
}

func TestEarlier(t *testing.T) {
	t.Parallel()
	session := func(r usher.CheckResult) usher.Session {
		return usher.Session{Steps: []usher.StepStatus{{Kind: usher.StepRun, Checks: []usher.CheckResult{r}}}}
	}
	page := file(usher.DocumentFront, nil)
	known := usher.CheckResult{Kind: usher.CheckDocument, Outcome: usher.Consider, Assurance: usher.Verified, EvidenceIDs: []string{page.ID}}
	pending := usher.CheckResult{Kind: usher.CheckDocument}
	outdated := known
	outdated.EvidenceIDs = []string{"another picture"}
	for name, tt := range map[string]struct {
		result usher.CheckResult
		calls  int32
	}{"known": {known, 0}, "pending": {pending, 1}, "of another picture": {outdated, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &reader{let: make(chan struct{})}
			close(r.let)
			_, err := document.Earlier(r).Check(t.Context(), usher.CheckInput{Session: session(tt.result), Evidence: []usher.EvidenceFile{page}})
			if err != nil || r.calls.Load() != tt.calls {
				t.Errorf("%d calls, want %d; %v", r.calls.Load(), tt.calls, err)
			}
		})
	}
}
