package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// outbox are the tests of the queue of deliveries.
func outbox() map[string]func(*house) {
	return map[string]func(*house){
		"a lane is sent in order, one at a time":             laneInOrder,
		"lanes do not wait for one another":                  lanesApart,
		"one change may hold a lane's next two":              twoInOneChange,
		"a claim is not claimed again before its lease ends": leases,
		"a released claim is due at once":                    released,
		"a try that failed is due when it says":              retried,
		"a dead head lets the next one go":                   deadHead,
		"a try is settled once":                              settledOnce,
		"a late report does not undo":                        lateReport,
		"failures in a row are counted":                      health,
		"an endpoint's deliveries can be given up":           abandoned,
		"endpoints can be passed over":                       passedOver,
		"a delivery is read with its tries":                  readDelivery,
		"what was sent is listed once an event":              sentOnce,
		"a line can be made to move now":                     hurried,
		"the next due time is that of a head":                nextDue,
		"a thousand behind a dead head are not looked at":    longLane,
		"one exchange settles and gives the next in line":    exchange,
	}
}

const lease = time.Minute

func (h *house) claim(limit int, except ...string) []store.DeliveryRow {
	h.Helper()
	list, err := h.ClaimDeliveries(ctx(), usher.DeliveryClaim{Now: h.now, Lease: lease, Limit: limit, Except: except})
	h.must(err)
	return list
}

func (h *house) claimed(except ...string) []string {
	h.Helper()
	ids, _ := idsOf(h.claim(100, except...), nil, func(d store.DeliveryRow) string { return d.ID })
	return ids
}

func (h *house) report(d store.DeliveryRow, status usher.DeliveryStatus) usher.DeliveryReport {
	r := usher.DeliveryReport{
		Delivery: d.Delivery, Status: status, Attempt: usher.DeliveryAttempt{Number: d.Attempts + 1, At: h.now, Status: 200, LatencyMS: 3, Answer: "ok"},
	}
	if status == usher.DeliveryPending {
		r.RetryAt, r.Attempt.Status = h.now.Add(5*time.Second), 503
	}
	return r
}

func (h *house) settle(d store.DeliveryRow, status usher.DeliveryStatus) {
	h.Helper()
	h.must(h.SettleDeliveries(ctx(), []usher.DeliveryReport{h.report(d, status)}))
}

// queue puts n deliveries of one session to an endpoint into the store.
func (h *house) queue(endpoint string, s store.SessionRow, n int) (ids []string) {
	h.Helper()
	for range n {
		d := h.delivery(endpoint, s)
		h.must(h.AddDelivery(ctx(), d))
		ids = append(ids, d.ID)
	}
	return ids
}

func laneInOrder(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 3)
	for _, id := range ids {
		got := h.claim(10)
		same(h, "claimed", len(got), 1)
		same(h, "id", got[0].ID, id)
		same(h, "none behind it", len(h.claim(10)), 0)
		h.settle(got[0], usher.DeliveryDelivered)
	}
	same(h, "left", len(h.claim(10)), 0)
}

func lanesApart(h *house) {
	_, s := h.person(ours)
	_, other := h.person(theirs)
	var want []string
	for _, lane := range []func() []string{
		func() []string { return h.queue("one", s, 2) },
		func() []string { return h.queue("two", s, 2) },
		func() []string { return h.queue("one", other, 2) },
	} {
		want = append(want, lane()[0])
	}
	got := h.claimed()
	slices.Sort(got)
	same(h, "heads of lanes", got, want)
}

func twoInOneChange(h *house) {
	_, s := h.person(ours)
	a, b := h.delivery("endpoint", s), h.delivery("endpoint", s)
	h.commit(store.Change{Deliveries: []store.DeliveryRow{a, b}})
	first := h.claim(10)
	same(h, "claimed", len(first), 1)
	same(h, "first", first[0].ID, a.ID)
	h.settle(first[0], usher.DeliveryDelivered)
	same(h, "then", h.claimed(), []string{b.ID})
}

func leases(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	same(h, "claimed", h.claimed(), ids[:1])
	h.now = h.now.Add(lease - time.Millisecond)
	same(h, "within the lease", len(h.claimed()), 0)
	h.now = h.now.Add(time.Millisecond)
	same(h, "after it", h.claimed(), ids[:1])
}

func released(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	h.claim(1)
	h.must(h.ReleaseDeliveries(ctx(), h.now, ids[:1]))
	got := h.claim(10)
	same(h, "claimed", len(got), 1)
	same(h, "id", got[0].ID, ids[0])
	same(h, "tries counted", got[0].Attempts, 0)
	h.settle(got[0], usher.DeliveryDelivered)
	h.must(h.ReleaseDeliveries(ctx(), h.now, ids[:1])) // too late: it is done
	same(h, "then", h.claimed(), ids[1:])
}

func retried(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	h.settle(h.claim(1)[0], usher.DeliveryPending)
	same(h, "at once", len(h.claimed()), 0)
	h.now = h.now.Add(5 * time.Second)
	got := h.claim(10)
	same(h, "claimed", len(got), 1)
	same(h, "id", got[0].ID, ids[0])
	same(h, "tries", got[0].Attempts, 1)
}

func deadHead(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	h.settle(h.claim(1)[0], usher.DeliveryDead)
	same(h, "claimed", h.claimed(), ids[1:])
}

func settledOnce(h *house) {
	_, s := h.person(ours)
	h.must(h.AddEndpoint(ctx(), store.EndpointRow{ID: "endpoint", TenantID: ours, Doc: []byte("doc"), CreatedAt: h.now}))
	ids := h.queue("endpoint", s, 1)
	d := h.claim(1)[0]
	h.settle(d, usher.DeliveryPending)
	h.settle(d, usher.DeliveryPending)
	got, tries, err := h.Delivery(ctx(), ours, ids[0])
	h.must(err)
	same(h, "tries counted", got.Attempts, 1)
	same(h, "tries kept", len(tries), 1)
	same(h, "failures", h.endpoint("endpoint").Failures, 1)
}

func lateReport(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 1)
	d := h.claim(1)[0]
	h.settle(d, usher.DeliveryDelivered)
	h.settle(d, usher.DeliveryPending)
	got, _, err := h.Delivery(ctx(), ours, ids[0])
	h.must(err)
	same(h, "status", got.Status, usher.DeliveryDelivered)
	same(h, "done", got.DoneAt, h.now)
}

func (h *house) endpoint(id string) store.EndpointRow {
	h.Helper()
	list, err := h.Endpoints(ctx(), ours)
	h.must(err)
	i := slices.IndexFunc(list, func(r store.EndpointRow) bool { return r.ID == id })
	if i < 0 {
		h.Fatalf("no endpoint %s", id)
	}
	return list[i]
}

func health(h *house) {
	_, s := h.person(ours)
	h.must(h.AddEndpoint(ctx(), store.EndpointRow{ID: "endpoint", TenantID: ours, Doc: []byte("doc"), CreatedAt: h.now}))
	h.queue("endpoint", s, 1)
	began := h.now
	for n := 1; n <= 3; n++ {
		h.settle(h.claim(1)[0], usher.DeliveryPending)
		e := h.endpoint("endpoint")
		same(h, "failures", e.Failures, n)
		same(h, "failing since", e.FailingSince, began)
		h.now = h.now.Add(5 * time.Second)
	}
	h.must(h.ChangeEndpoint(ctx(), store.EndpointRow{ID: "endpoint", TenantID: ours, Doc: []byte("changed")}, []byte("doc")))
	same(h, "failures after a change of settings", h.endpoint("endpoint").Failures, 3)
	h.settle(h.claim(1)[0], usher.DeliveryDelivered)
	e := h.endpoint("endpoint")
	same(h, "failures after a success", e.Failures, 0)
	same(h, "failing since", e.FailingSince, time.Time{})
}

func abandoned(h *house) {
	_, s := h.person(ours)
	gone := h.queue("gone", s, 3)
	kept := h.queue("kept", s, 1)
	h.must(h.AbandonDeliveries(ctx(), "gone", h.now))
	same(h, "claimed", h.claimed(), kept)
	got, _, err := h.Delivery(ctx(), ours, gone[2])
	h.must(err)
	same(h, "status", got.Status, usher.DeliveryDead)
	// The endpoint may come back: what is queued from then on is sent.
	same(h, "afterwards", func() []string { want := h.queue("gone", s, 1); same(h, "claimed", h.claimed(), want); return nil }(), nil)
}

func passedOver(h *house) {
	_, s := h.person(ours)
	one, two := h.queue("one", s, 1), h.queue("two", s, 1)
	same(h, "without one", h.claimed("one", "no such"), two)
	same(h, "with it", h.claimed(), one)
}

func readDelivery(h *house) {
	_, s := h.person(ours)
	d := h.delivery("endpoint", s)
	h.must(h.AddDelivery(ctx(), d))
	r := h.report(h.claim(1)[0], usher.DeliveryPending)
	h.must(h.SettleDeliveries(ctx(), []usher.DeliveryReport{r}))
	got, tries, err := h.Delivery(ctx(), ours, d.ID)
	h.must(err)
	d.Attempts, d.DueAt = 1, r.RetryAt
	same(h, "delivery", got.Delivery, d.Delivery)
	same(h, "tries", tries, []usher.DeliveryAttempt{r.Attempt})
}

func sentOnce(h *house) {
	_, s := h.person(ours)
	first := h.delivery("endpoint", s)
	again := first
	again.ID = h.id()
	later := h.delivery("endpoint", s)
	later.CreatedAt = h.now.Add(time.Hour)
	for _, d := range []store.DeliveryRow{first, again, later, h.delivery("other", s)} {
		h.must(h.AddDelivery(ctx(), d))
	}
	for name, ask := range map[string]struct {
		event string
		since time.Time
		want  []string
	}{
		"all":       {"", time.Time{}, []string{first.ID, later.ID}},
		"since":     {"", later.CreatedAt, []string{later.ID}},
		"one event": {first.EventID, time.Time{}, []string{first.ID}},
	} {
		list, err := h.SentTo(ctx(), ours, "endpoint", ask.event, ask.since)
		got, err := idsOf(list, err, func(d store.DeliveryRow) string { return d.ID })
		h.must(err)
		same(h, name, got, ask.want)
	}
}

func hurried(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	head := h.claim(1)[0]
	h.settle(head, usher.DeliveryPending)
	same(h, "while the first waits", h.claimed(), nil)

	behind, _, err := h.Delivery(ctx(), ours, ids[1])
	h.must(err)
	waits, err := h.HurryDelivery(ctx(), behind, h.now)
	h.must(err)
	same(h, "the second waits", waits, true)
	same(h, "what moves is the first of the line", h.claimed(), ids[:1])

	head.Attempts = 1
	h.settle(head, usher.DeliveryDelivered)
	waits, err = h.HurryDelivery(ctx(), store.DeliveryRow{Delivery: head.Delivery}, h.now)
	h.must(err)
	same(h, "what is done waits no more", waits, false)
	same(h, "the second moves by itself", h.claimed(), ids[1:])

	// Sent again and still waiting, it stands for its event.
	again := head
	again.ID, again.Status, again.Attempts = h.id(), usher.DeliveryPending, 0
	h.must(h.AddDelivery(ctx(), again))
	list, err := h.SentTo(ctx(), ours, "endpoint", head.EventID, time.Time{})
	got, err := idsOf(list, err, func(d store.DeliveryRow) string { return d.ID })
	h.must(err)
	same(h, "listed", got, []string{again.ID})
}

func nextDue(h *house) {
	at, err := h.NextDelivery(ctx())
	h.must(err)
	same(h, "of an empty outbox", at, time.Time{})
	_, s := h.person(ours)
	h.queue("endpoint", s, 2)
	at, err = h.NextDelivery(ctx())
	h.must(err)
	same(h, "of a new delivery", at, h.now)
	h.claim(1)
	at, err = h.NextDelivery(ctx())
	h.must(err)
	same(h, "of a leased one", at, h.now.Add(lease))
}

// longLane says nothing about time: that a claim reads nothing but what is due is held by the query plans.
func longLane(h *house) {
	_, s := h.person(ours)
	_, other := h.person(ours)
	lane := make([]store.DeliveryRow, 1000)
	for i := range lane {
		lane[i] = h.delivery("dead", s)
	}
	h.commit(store.Change{Deliveries: lane})
	h.settle(h.claim(1)[0], usher.DeliveryPending) // its next try is far off
	live := h.queue("live", other, 1)
	same(h, "claimed", h.claimed(), live)
	h.now = h.now.Add(5 * time.Second)
	for i := range 3 {
		head := h.claim(10)
		same(h, fmt.Sprint("head ", i), head[0].ID, lane[i].ID)
		h.settle(head[0], usher.DeliveryDead)
	}
}

func exchange(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	first := h.claim(10)
	same(h, "claimed", len(first), 1)
	next, err := h.ExchangeDeliveries(ctx(), []usher.DeliveryReport{h.report(first[0], usher.DeliveryDelivered)},
		usher.DeliveryClaim{Now: h.now, Lease: lease, Limit: 10})
	h.must(err)
	same(h, "given by the exchange", len(next), 1)
	same(h, "id", next[0][0].ID, ids[1])
	same(h, "leased by it", len(h.claim(10)), 0)
}
