package webhook_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

func TestStopReleasesWhatIsNotDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			if r.Header.Get(webhook.HeaderID) == "slow" {
				time.Sleep(5 * time.Second)
				return status(200), nil
			}
			return hang(r)
		}}
		e := endpoint("e1", "https://client.example/")
		e.Dialect = "patient"
		for i, id := range []string{"slow", "stuck", "waiting1", "waiting2"} {
			o.add(id, e, id, nil, time.Now().Add(time.Duration(i)))
		}
		_, stop := start(t, webhook.Config{
			Outbox: o, Client: &http.Client{Transport: f}, PerHost: 2,
			Policies: map[string]webhook.Policy{"patient": {Timeout: 40 * time.Second}},
		})
		time.Sleep(1500 * time.Millisecond) // behind the look that finds those due a moment after the first
		begun := time.Now()
		mustStop(t, stop)
		if took := time.Since(begun); took != 15*time.Second {
			t.Errorf("the stop took %s, want the 15 s that a try under way is given", took)
		}
		if o.status("slow") != usher.DeliveryDelivered || len(o.tries("slow")) != 1 {
			t.Errorf("the slow one: %s, %d tries", o.status("slow"), len(o.tries("slow")))
		}
		slices.Sort(o.released)
		if diff := cmp.Diff([]string{"stuck", "waiting1", "waiting2"}, o.released); diff != "" {
			t.Errorf("released (-want +got):\n%s", diff)
		}
		if n := len(o.tries("stuck")) + len(o.tries("waiting1")); n != 0 {
			t.Errorf("%d tries were counted against deliveries that were given back", n)
		}
		if len(f.seen()) != 2 {
			t.Errorf("%d calls were made, want 2", len(f.seen()))
		}
	})
}

// When the outbox does not take a settlement it is offered again, and nothing is sent meanwhile.
func TestSettleIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: always(200)}
		o := newOutbox()
		o.failNext = 3
		for _, id := range []string{"d1", "d2", "d3"} {
			o.add(id, endpoint("e1", "https://client.example/"), "s1", nil, time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		o.waitDone()
		mustStop(t, stop)
		if len(f.seen()) != 3 {
			t.Errorf("%d calls, want 3", len(f.seen()))
		}
	})
}

func TestSettlesInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			return status(200), nil
		}}
		o := newOutbox()
		for i := range 640 {
			o.add(fmt.Sprint("d", i), endpoint(fmt.Sprint("e", i%64), fmt.Sprintf("https://h%d.example/", i%64)), fmt.Sprint("s", i), nil, time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, Log: slog.New(slog.DiscardHandler)})
		o.waitDone()
		mustStop(t, stop)
		if o.settles > 320 {
			t.Errorf("640 deliveries, 64 at a time, were settled by %d calls", o.settles)
		}
	})
}

// Wake brings a new delivery out at once; without it the sweep finds it.
func TestWake(t *testing.T) {
	t.Parallel()
	for _, wake := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := &receiver{answer: always(200)}
			o := newOutbox()
			s, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
			time.Sleep(10500 * time.Millisecond)
			begun := time.Now()
			o.add("d1", endpoint("e1", "https://client.example/"), "s1", nil, begun)
			want := 500 * time.Millisecond
			if wake {
				for range 10 {
					s.Wake()
				}
				want = 0
			}
			o.waitDone()
			if took := time.Since(begun); took != want {
				t.Errorf("wake %v: sent after %s, want %s", wake, took, want)
			}
			mustStop(t, stop)
		})
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	whole := webhook.Config{Outbox: newOutbox(), Client: http.DefaultClient}
	if _, err := webhook.New(whole); err != nil {
		t.Error(err)
	}
	for name, cfg := range map[string]webhook.Config{
		"no outbox":          {Client: whole.Client},
		"no client":          {Outbox: whole.Outbox},
		"too long a timeout": {Outbox: whole.Outbox, Client: whole.Client, Policies: map[string]webhook.Policy{"v": {Timeout: time.Minute}}},
	} {
		if _, err := webhook.New(cfg); err == nil {
			t.Errorf("%s: made a sender", name)
		}
	}
}
