package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

// lined makes an outbox that gives lines, with one of so many deliveries d0, d1 …
func lined(count int, e usher.Endpoint) *outbox {
	o := newOutbox()
	o.behind = 100
	for i := range count {
		o.add(fmt.Sprint("d", i), e, "s1", nil, time.Now())
	}
	return o
}

// ids gives what was sent, in order.
func (f *receiver) ids() string {
	var list []string
	for _, c := range f.seen() {
		list = append(list, c.header.Get(webhook.HeaderID))
	}
	return strings.Join(list, " ")
}

// A line is sent in order, one at a time, and told in a few calls.
func TestLineInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at, most atomic.Int64
		f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
			most.Store(max(most.Load(), at.Add(1)))
			defer at.Add(-1)
			time.Sleep(time.Millisecond)
			return status(200), nil
		}}
		o := lined(100, endpoint("e1", "https://client.example/"))
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		o.waitDone()
		mustStop(t, stop)
		var want []string
		for i := range 100 {
			want = append(want, fmt.Sprint("d", i))
		}
		if diff := cmp.Diff(strings.Join(want, " "), f.ids()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if most.Load() != 1 || o.settles != 1 {
			t.Errorf("%d at once, told in %d calls", most.Load(), o.settles)
		}
	})
}

// The first try that fails ends a line; it goes on when that one was taken.
func TestLineEndsAtFailure(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer   int
		want     string
		disabled bool
	}{
		"tried again": {500, "d0 d1 d2 d2 d3 d4", false},
		"gone":        {410, "d0 d1 d2 d3 d4", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var failed atomic.Bool
				f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
					if r.Header.Get(webhook.HeaderID) == "d2" && !failed.Swap(true) {
						return status(tt.answer), nil
					}
					return status(200), nil
				}}
				o := lined(5, endpoint("e1", "https://client.example/"))
				_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
				time.Sleep(time.Millisecond)
				synctest.Wait()
				// What is behind a message that is gone is the outbox's to give up: this one does not, and gives it again.
				if got := f.ids(); !tt.disabled && got != "d0 d1 d2" {
					t.Errorf("at first %s was sent", got)
				}
				o.waitDone()
				mustStop(t, stop)
				if got := f.ids(); got != tt.want {
					t.Errorf("sent %s, want %s", got, tt.want)
				}
				if (o.disabled["e1"] != "") != tt.disabled {
					t.Errorf("disabled: %q", o.disabled["e1"])
				}
				if n := len(o.tries("d3")); n != 1 {
					t.Errorf("%d tries are counted of one that waited", n)
				}
			})
		})
	}
}

// A slow line is told of before it is through, and hands its place on: a second line of the host is not kept waiting.
func TestLineHandsItsPlaceOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			return status(200), nil
		}}
		e := endpoint("e1", "https://client.example/")
		o := lined(20, e)
		o.add("other", e, "s2", nil, time.Now())
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, PerHost: 1})
		time.Sleep(time.Second)
		if o.status("other") != usher.DeliveryDelivered || o.status("d2") != usher.DeliveryDelivered {
			t.Errorf("after a second: %s", f.ids())
		}
		o.waitDone()
		mustStop(t, stop)
	})
}

// A stop in the middle of a line ends it behind the try under way; the rest is nobody's, untried.
func TestStopWithinLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		takes time.Duration // a try
		want  string        // delivered
	}{
		"a try ends":       {50 * time.Millisecond, "d0 d1 d2"},
		"a try is cut off": {time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
					select {
					case <-time.After(tt.takes):
						return status(200), nil
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				}}
				e := endpoint("e1", "https://client.example/")
				e.Dialect = "patient"
				o := lined(10, e)
				_, stop := start(t, webhook.Config{
					Outbox: o, Client: &http.Client{Transport: f}, Policies: map[string]webhook.Policy{"patient": {Timeout: 45 * time.Second}},
				})
				time.Sleep(120 * time.Millisecond)
				mustStop(t, stop)
				var delivered []string
				for i := range 10 {
					id := fmt.Sprint("d", i)
					if o.status(id) == usher.DeliveryDelivered {
						delivered = append(delivered, id)
					} else if len(o.tries(id)) != 0 {
						t.Errorf("a try of %s is counted", id)
					}
				}
				if got := strings.Join(delivered, " "); got != tt.want {
					t.Errorf("delivered %s, want %s", got, tt.want)
				}
				if len(o.leased) != 0 {
					t.Errorf("%d are leased behind the stop", len(o.leased))
				}
			})
		})
	}
}

// A line is not gone on with when its lease is nearly out: a claim of its own gives the rest.
func TestLineEndsWithItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			if r.Header.Get(webhook.HeaderID) == "slow" {
				time.Sleep(9950 * time.Millisecond)
			} else {
				time.Sleep(40 * time.Millisecond)
			}
			return status(200), nil
		}}
		e := endpoint("e1", "https://client.example/")
		e.Dialect = "patient"
		o := newOutbox()
		o.behind = 100
		o.add("slow", e, "s0", nil, time.Now().Add(-time.Second))
		for i := range 5 {
			o.add(fmt.Sprint("d", i), e, "s1", nil, time.Now())
		}
		_, stop := start(t, webhook.Config{
			// The lease is a minute, of which a try may take 45 s and its settling 5 s: ten are left to begin one.
			Outbox: o, Client: &http.Client{Transport: f}, PerHost: 1, Policies: map[string]webhook.Policy{"patient": {Timeout: 45 * time.Second}},
		})
		o.waitDone()
		mustStop(t, stop)
		if f.ids() != "slow d0 d1 d2 d3 d4" || o.settles != 3 {
			t.Errorf("told in %d calls, want 3: the slow one, two that were begun in time, and the rest: %s", o.settles, f.ids())
		}
	})
}

// A line is not gone on with when this node is taken for dead: others send it.
func TestLineOfTheDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			return status(200), nil
		}}
		o := lined(3, endpoint("e1", "https://client.example/"))
		_, stop := start(t, webhook.Config{
			Outbox: o, Client: &http.Client{Transport: f}, Alive: func() bool { return time.Since(began) < 50*time.Millisecond },
		})
		time.Sleep(time.Minute)
		if f.ids() != "d0" || o.status("d0") != usher.DeliveryDelivered {
			t.Errorf("sent %s", f.ids())
		}
		mustStop(t, stop)
	})
}

// A line ends when another line finds the host overloaded.
func TestLineEndsWhenHostIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			time.Sleep(10 * time.Millisecond)
			if r.Header.Get(webhook.HeaderID) == "busy" {
				return status(429, "Retry-After", "20"), nil
			}
			return status(200), nil
		}}
		e := endpoint("e1", "https://client.example/")
		o := lined(50, e)
		o.add("busy", e, "s2", nil, time.Now())
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		time.Sleep(15 * time.Second)
		if n := len(f.seen()); n > 4 {
			t.Errorf("%d calls to a host that asked to be left alone: %s", n, f.ids())
		}
		mustStop(t, stop)
	})
}
