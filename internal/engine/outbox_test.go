package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// stopping is a context that ends once somebody has begun to wait for the store: a server that is stopped in the middle of a turn.
type stopping struct {
	context.Context
	asked atomic.Bool
}

func (s *stopping) Done() <-chan struct{} {
	ended := make(chan struct{})
	if s.asked.Swap(true) {
		close(ended)
	}
	return ended
}

func (s *stopping) Err() error {
	if s.asked.Load() {
		return context.Canceled
	}
	return nil
}

// What was claimed when the server was stopped waits for the next start: it is not given up as if its applicant were erased.
func TestStopGivesUpNoDelivery(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	if _, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native"}); err != nil {
		t.Fatal(err)
	}
	start(t, h, "", person)
	for range 20 { // whether a stopped caller is still heard by the store is a matter of luck
		h.Advance(2 * time.Minute) // past the lease, and past what the vault keeps of keys
		ctx := &stopping{Context: context.Background()}
		_, err := h.Exchange(ctx, nil, usher.DeliveryClaim{Now: h.Now(), Lease: time.Minute, Limit: 10})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a turn that was cut off ends with %v", err)
		}
	}
	dead, err := h.ListDeliveries(t.Context(), h.Tenant.ID, usher.DeliveryFilter{Status: usher.DeliveryDead})
	if err != nil || len(dead.Items) != 0 {
		t.Errorf("%d deliveries were given up, %v", len(dead.Items), err)
	}
}
