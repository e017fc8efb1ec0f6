package webhook_test

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	usher "github.com/usher-kyc/usher"
)

// outbox keeps the contract of usher.Outbox in memory: one lease per line, which is an endpoint and subject; the oldest of it and those behind come
// with a claim, and what is left when tries are reported is due.
type outbox struct {
	mu        sync.Mutex
	lines     map[string]*line // by endpoint and subject
	due       dueHeap          // heads of lines that are not leased
	leased    map[string]*line // by the id of the oldest
	behind    int              // how many are given with the oldest at most
	endpoints map[string]usher.Endpoint
	attempts  map[string][]usher.DeliveryAttempt
	disabled  map[string]string
	released  []string
	settles   int
	open      int           // not done
	failNext  int           // this many calls with reports fail
	changed   chan struct{} // one place, signalled by every call with reports, and by Release
}

type line struct {
	queue []usher.Delivery
	until time.Time // of the lease, zero when not leased
	done  []usher.Delivery
}

func newOutbox() *outbox {
	return &outbox{
		lines: map[string]*line{}, leased: map[string]*line{}, endpoints: map[string]usher.Endpoint{},
		attempts: map[string][]usher.DeliveryAttempt{}, disabled: map[string]string{}, changed: make(chan struct{}, 1),
	}
}

// add makes a pending delivery of a session to an endpoint, due at once.
func (o *outbox) add(id string, e usher.Endpoint, session string, body []byte, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.endpoints[e.ID] = e
	key := e.ID + "/" + session
	l := o.lines[key]
	if l == nil {
		l = &line{}
		o.lines[key] = l
	}
	l.queue = append(l.queue, usher.Delivery{
		ID: id, TenantID: "t1", EndpointID: e.ID, SessionID: session, Status: usher.DeliveryPending, DueAt: now, CreatedAt: now,
		Message: usher.Message{Event: "session.approved", ContentType: "application/json", Body: body},
	})
	o.open++
	if len(l.queue) == 1 {
		heap.Push(&o.due, l)
	}
}

// Exchange settles and claims, as one.
func (o *outbox) Exchange(_ context.Context, reports []usher.DeliveryReport, c usher.DeliveryClaim) ([]usher.ClaimedDelivery, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(reports) > 0 {
		if err := o.settle(reports); err != nil {
			return nil, err
		}
	}
	return o.claim(c), nil
}

func (o *outbox) claim(c usher.DeliveryClaim) []usher.ClaimedDelivery {
	now, lease, limit, except := c.Now, c.Lease, c.Limit, c.Except
	for id, l := range o.leased {
		if now.After(l.until) {
			delete(o.leased, id)
			heap.Push(&o.due, l)
		}
	}
	var claimed []usher.ClaimedDelivery
	var passed []*line
	defer func() {
		for _, l := range passed {
			heap.Push(&o.due, l)
		}
	}()
	for len(claimed) < limit && len(o.due) > 0 && !o.due[0].queue[0].DueAt.After(now) {
		l := heap.Pop(&o.due).(*line)
		d := l.queue[0]
		if slices.Contains(except, d.EndpointID) {
			passed = append(passed, l)
			continue
		}
		l.until = now.Add(lease)
		o.leased[d.ID] = l
		behind := slices.Clone(l.queue[1:min(len(l.queue), 1+o.behind)])
		claimed = append(claimed, usher.ClaimedDelivery{Delivery: d, Endpoint: o.endpoints[d.EndpointID], Behind: behind})
	}
	return claimed
}

func (o *outbox) settle(reports []usher.DeliveryReport) error {
	defer o.signal()
	if o.failNext > 0 {
		o.failNext--
		return fmt.Errorf("the disk is full")
	}
	o.settles++
	free := map[*line]bool{}
	for _, r := range reports {
		key := r.Delivery.EndpointID + "/" + r.Delivery.SessionID
		l := o.lines[key]
		if l == nil || len(l.queue) == 0 || l.queue[0].ID != r.Delivery.ID {
			return fmt.Errorf("settled %s, which is not the oldest of its line", r.Delivery.ID)
		}
		if o.leased[r.Delivery.ID] == nil && !free[l] {
			return fmt.Errorf("settled %s, which is not leased", r.Delivery.ID)
		}
		delete(o.leased, r.Delivery.ID)
		free[l] = true
		o.attempts[r.Delivery.ID] = append(o.attempts[r.Delivery.ID], r.Attempt)
		e := o.endpoints[r.Delivery.EndpointID]
		if r.Status == usher.DeliveryDelivered {
			e.Failures, e.FailingSince = 0, time.Time{}
		} else if e.Failures++; e.FailingSince.IsZero() {
			e.FailingSince = r.Attempt.At
		}
		o.endpoints[r.Delivery.EndpointID] = e
		if r.Disable != "" {
			o.disabled[r.Delivery.EndpointID] = r.Disable
		}
		d := &l.queue[0]
		d.Attempts, d.Status, d.DueAt = r.Attempt.Number, r.Status, r.RetryAt
		if r.Status != usher.DeliveryPending {
			l.done = append(l.done, *d)
			l.queue = l.queue[1:]
			o.open--
		}
	}
	for l := range free {
		if len(l.queue) > 0 {
			heap.Push(&o.due, l)
		}
	}
	return nil
}

func (o *outbox) Release(_ context.Context, ids []string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.signal()
	for _, id := range ids {
		l := o.leased[id]
		if l == nil {
			return fmt.Errorf("released %s, which is not leased", id)
		}
		delete(o.leased, id)
		heap.Push(&o.due, l)
		o.released = append(o.released, id)
	}
	return nil
}

func (o *outbox) NextDue(context.Context) (time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var due time.Time
	if len(o.due) > 0 {
		due = o.due[0].queue[0].DueAt
	}
	for _, l := range o.leased {
		if due.IsZero() || l.until.Before(due) {
			due = l.until // then it is due again
		}
	}
	return due, nil
}

func (o *outbox) signal() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// wait blocks until the state of the outbox is as asked.
func (o *outbox) wait(is func() bool) {
	for {
		o.mu.Lock()
		ok := is()
		o.mu.Unlock()
		if ok {
			return
		}
		<-o.changed
	}
}

// waitDone blocks until nothing is pending.
func (o *outbox) waitDone() { o.wait(func() bool { return o.open == 0 }) }

// tries gives what is known of a delivery's tries.
func (o *outbox) tries(id string) []usher.DeliveryAttempt {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.attempts[id])
}

// status gives the status of a delivery that is done, or pending.
func (o *outbox) status(id string) usher.DeliveryStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lines {
		for _, d := range l.done {
			if d.ID == id {
				return d.Status
			}
		}
	}
	return usher.DeliveryPending
}

type dueHeap []*line

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].queue[0].DueAt.Before(h[j].queue[0].DueAt) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(*line)) }
func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
