package webhook_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

// An endpoint that may not be sent to any more is told nothing, and the delivery says why.
func TestNotAllowedIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, o := &receiver{answer: always(200)}, newOutbox()
		o.add("d1", endpoint("e1", "https://a.example/"), "s1", nil, time.Now())
		o.add("d2", endpoint("e2", "https://b.example/"), "s2", nil, time.Now())
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, Allowed: func(_ context.Context, e usher.Endpoint) error {
			return usher.Tenant{WebhookHosts: []string{"a.example"}}.MaySend(e.URL)
		}})
		time.Sleep(time.Second)
		mustStop(t, stop)
		if len(f.seen()) != 1 || o.status("d1") != usher.DeliveryDelivered {
			t.Errorf("%d calls; the allowed one is %s", len(f.seen()), o.status("d1"))
		}
		if tries := o.tries("d2"); len(tries) != 1 || tries[0].Error != "this host is not on the tenant's list of webhook hosts; use one that is, or have the operator of the server add it" {
			t.Errorf("the other: %+v", tries)
		}
	})
}
