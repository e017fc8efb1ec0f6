package webhook_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

// A node that makes deliveries does not wake the sender of another, which looks for them by itself.
func TestDeliveriesOfOtherNodesAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		poll, most time.Duration
	}{
		"many nodes": {40 * time.Millisecond, 40 * time.Millisecond},
		"one node":   {0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, f := newOutbox(), &receiver{answer: always(200)}
				_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, Poll: test.poll})
				time.Sleep(10*time.Second + 7*time.Millisecond)
				o.add("d1", endpoint("e1", "https://client.example/"), "s1", nil, time.Now())
				time.Sleep(test.most)
				synctest.Wait()
				if got := o.status("d1"); got != usher.DeliveryDelivered {
					t.Errorf("after %s the delivery of another node is %s", test.most, got)
				}
				mustStop(t, stop)
			})
		})
	}
}

// A sender that the other nodes take for dead begins nothing, not even what it has claimed: they do.
func TestTakenForDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
			time.Sleep(3 * time.Second)
			return status(200), nil
		}}
		for _, id := range []string{"sent", "claimed"} {
			o.add(id, endpoint("e1", "https://client.example/"), id, nil, time.Now())
		}
		var dead atomic.Bool
		s, stop := start(t, webhook.Config{
			Outbox: o, Client: &http.Client{Transport: f}, PerHost: 1, Poll: 40 * time.Millisecond, Alive: func() bool { return !dead.Load() },
		})
		time.Sleep(time.Second)
		dead.Store(true)
		o.add("new", endpoint("e1", "https://client.example/"), "new", nil, time.Now())
		s.Wake()
		time.Sleep(20 * time.Second)
		if len(f.seen()) != 1 || o.status("sent") != usher.DeliveryDelivered {
			t.Errorf("%d calls were made, want the one under way, which is %s", len(f.seen()), o.status("sent"))
		}
		dead.Store(false)
		time.Sleep(2 * time.Minute) // the lease of what was dropped ends
		if o.status("new") != usher.DeliveryDelivered || o.status("claimed") != usher.DeliveryDelivered {
			t.Errorf("alive again: %s, %s", o.status("new"), o.status("claimed"))
		}
		mustStop(t, stop)
	})
}
