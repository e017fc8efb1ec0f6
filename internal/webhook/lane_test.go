package webhook_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/webhook"
)

// The head of one session fails for hours; its followers wait for it and keep their order, other sessions and endpoints go on.
func TestOrderHoldsUnderFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		var failing atomic.Bool
		failing.Store(true)
		f := &receiver{}
		f.answer = func(r *http.Request, _ int) (*http.Response, error) {
			if r.Header.Get(webhook.HeaderID) == "a1" && failing.Load() {
				return status(500), nil
			}
			return status(200), nil
		}
		e1, e2 := endpoint("e1", "https://one.example/1"), endpoint("e2", "https://two.example/2")
		for i := range 5 {
			o.add(fmt.Sprint("a", i+1), e1, "a", []byte("x"), time.Now())
			o.add(fmt.Sprint("b", i+1), e1, "b", []byte("x"), time.Now())
			o.add(fmt.Sprint("c", i+1), e2, "a", []byte("x"), time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		time.Sleep(time.Hour)
		before := map[byte][]string{}
		for _, c := range f.seen() {
			id := c.header.Get(webhook.HeaderID)
			before[id[0]] = append(before[id[0]], id)
		}
		want := map[byte][]string{'a': {"a1", "a1", "a1", "a1"}, 'b': {"b1", "b2", "b3", "b4", "b5"}, 'c': {"c1", "c2", "c3", "c4", "c5"}}
		if diff := cmp.Diff(want, before); diff != "" {
			t.Errorf("in the first hour (-want +got):\n%s", diff)
		}
		failing.Store(false)
		f.mu.Lock()
		f.calls = nil
		f.mu.Unlock()
		o.waitDone()
		var after []string
		for _, c := range f.seen() {
			after = append(after, c.header.Get(webhook.HeaderID))
		}
		if diff := cmp.Diff([]string{"a1", "a2", "a3", "a4", "a5"}, after); diff != "" {
			t.Errorf("afterwards (-want +got):\n%s", diff)
		}
		mustStop(t, stop)
	})
}

// A host that never answers, with a thousand sessions due before those of another, must cost the other nothing.
func TestHangingHostStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		var hanging, most atomic.Int64
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			if r.URL.Host != "hangs.example" {
				return status(200), nil
			}
			now := hanging.Add(1)
			defer hanging.Add(-1)
			for {
				if m := most.Load(); now <= m || most.CompareAndSwap(m, now) {
					break
				}
			}
			return hang(r)
		}}
		for i := range 1000 {
			o.add(fmt.Sprint("h", i), endpoint(fmt.Sprint("eh", i%3), "https://hangs.example/"), fmt.Sprint("s", i), nil, time.Now())
		}
		for i := range 100 {
			o.add(fmt.Sprint("g", i), endpoint("eg", "https://good.example/"), fmt.Sprint("s", i), nil, time.Now().Add(time.Second))
		}
		begun := time.Now()
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		o.wait(func() bool {
			for i := range 100 {
				if len(o.attempts[fmt.Sprint("g", i)]) == 0 {
					return false
				}
			}
			return true
		})
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("the good host waited %s", took)
		}
		o.mu.Lock()
		leased := len(o.leased)
		o.mu.Unlock()
		if leased > 300 {
			t.Errorf("%d deliveries of a host that takes none are held, want one claim's worth", leased)
		}
		if got := most.Load(); got != 8 {
			t.Errorf("%d tries at once to one host, want 8", got)
		}
		// Eight tries that time out bring the host down to one at a time.
		time.Sleep(time.Minute)
		most.Store(0)
		time.Sleep(time.Minute)
		if got := most.Load(); got != 1 {
			t.Errorf("%d tries at once to a host that has been silent for a minute, want 1", got)
		}
		mustStop(t, stop)
	})
}

// A host that says "too much" is left alone for as long as it asks, up to 30 s, and asked more gently afterwards.
func TestOverloadedHostIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		f := &receiver{answer: func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				return status(429, "Retry-After", "20"), nil
			}
			return status(200), nil
		}}
		for i := range 50 {
			o.add(fmt.Sprint("d", i), endpoint("e1", "https://busy.example/"), fmt.Sprint("s", i), nil, time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, PerHost: 1})
		o.waitDone()
		mustStop(t, stop)
		calls := f.seen()
		if len(calls) != 51 {
			t.Fatalf("%d calls, want 51", len(calls))
		}
		if quiet := calls[1].at.Sub(calls[0].at); quiet < 20*time.Second || quiet > 21*time.Second {
			t.Errorf("the second call came after %s, want 20 s", quiet)
		}
	})
}
