package storetest

import (
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// lines are the tests of deliveries that are claimed together with those behind them.
func lines() map[string]func(*house) {
	return map[string]func(*house){
		"a claim brings those behind":                   behindTheHead,
		"what may come behind is shared by lanes":       sharedAhead,
		"a line that was sent is settled at once":       lineSettled,
		"a failure within a line ends it":               failedWithin,
		"a line that was stopped goes on":               stoppedWithin,
		"a line whose lease ended is another's":         lateWithin,
		"what was given up within a line stays so":      abandonedWithin,
		"what somebody has in hand is not made to move": notHurried,
	}
}

// claimLines claims, and gives the ids of each lane.
func (h *house) claimLines(limit, ahead int) (ids [][]string, runs []store.Run) {
	h.Helper()
	runs, err := h.ExchangeDeliveries(ctx(), nil, usher.DeliveryClaim{Now: h.now, Lease: lease, Limit: limit, Ahead: ahead})
	h.must(err)
	for _, run := range runs {
		var line []string
		for _, d := range run {
			line = append(line, d.ID)
		}
		ids = append(ids, line)
	}
	return ids, runs
}

// sent settles the first of a line as they ended.
func (h *house) sent(run store.Run, ends ...usher.DeliveryStatus) {
	h.Helper()
	var reports []usher.DeliveryReport
	for i, status := range ends {
		reports = append(reports, h.report(run[i], status))
	}
	h.must(h.SettleDeliveries(ctx(), reports))
}

const (
	delivered = usher.DeliveryDelivered
	waits     = usher.DeliveryPending
)

func behindTheHead(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 5)
	got, _ := h.claimLines(10, 3)
	same(h, "with three ahead", got, [][]string{ids[:4]})
	got, _ = h.claimLines(10, 10)
	same(h, "while it is leased", got, nil)
	at, err := h.NextDelivery(ctx())
	h.must(err)
	same(h, "due again", at, h.now.Add(lease))
	h.must(h.ReleaseDeliveries(ctx(), h.now, ids[:1]))
	got, _ = h.claimLines(10, 100)
	same(h, "given back and claimed again", got, [][]string{ids})
	for range 2 {
		ids = append(ids, h.queue("endpoint", s, 100)...)
	}
	h.must(h.ReleaseDeliveries(ctx(), h.now, ids[:1]))
	got, _ = h.claimLines(10, 1000)
	same(h, "at most", len(got[0]), 128)
}

func sharedAhead(h *house) {
	_, s := h.person(ours)
	one, two := h.queue("one", s, 5), h.queue("two", s, 5)
	got, _ := h.claimLines(10, 5)
	if got[0][0] == two[0] {
		one, two = two, one
	}
	same(h, "of each", got, [][]string{one[:3], two[:3]})
}

func lineSettled(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 5)
	_, runs := h.claimLines(10, 2)
	reports := []usher.DeliveryReport{h.report(runs[0][0], delivered), h.report(runs[0][1], delivered), h.report(runs[0][2], delivered)}
	next, err := h.ExchangeDeliveries(ctx(), reports, usher.DeliveryClaim{Now: h.now, Lease: lease, Limit: 10, Ahead: 10})
	h.must(err)
	same(h, "lanes", len(next), 1)
	same(h, "next", []string{next[0][0].ID, next[0][1].ID}, ids[3:])
	for _, id := range ids[:3] {
		d, tries, err := h.Delivery(ctx(), ours, id)
		h.must(err)
		same(h, "status", d.Status, delivered)
		same(h, "due", d.DueAt, time.Time{})
		same(h, "tries", len(tries), 1)
	}
}

func failedWithin(h *house) {
	_, s := h.person(ours)
	h.must(h.AddEndpoint(ctx(), store.EndpointRow{ID: "endpoint", TenantID: ours, Doc: []byte("doc"), CreatedAt: h.now}))
	ids := h.queue("endpoint", s, 4)
	_, runs := h.claimLines(10, 10)
	reports := []usher.DeliveryReport{h.report(runs[0][0], delivered), h.report(runs[0][1], waits)}
	reports[1].Attempt.At = h.now.Add(time.Second)
	h.must(h.SettleDeliveries(ctx(), reports))
	same(h, "failures behind a success", h.endpoint("endpoint").Failures, 1)
	got, _ := h.claimLines(10, 10)
	same(h, "at once", got, nil)
	h.now = h.now.Add(5 * time.Second)
	got, runs = h.claimLines(10, 10)
	same(h, "when it is time", got, [][]string{ids[1:]})
	same(h, "tries of it", runs[0][0].Attempts, 1)
	same(h, "tries of the next", runs[0][1].Attempts, 0)
	h.sent(runs[0], usher.DeliveryDead)
	got, _ = h.claimLines(10, 10)
	same(h, "behind what was given up", got, [][]string{ids[2:]})
}

func stoppedWithin(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 4)
	_, runs := h.claimLines(10, 10)
	h.sent(runs[0], delivered, delivered)
	got, runs := h.claimLines(10, 10)
	same(h, "the rest", got, [][]string{ids[2:]})
	same(h, "tries of it", runs[0][0].Attempts, 0)
}

func lateWithin(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 4)
	_, late := h.claimLines(10, 10)
	h.now = h.now.Add(lease)
	got, runs := h.claimLines(10, 10)
	same(h, "after the lease", got, [][]string{ids})
	h.sent(runs[0], delivered, delivered, delivered)
	h.sent(late[0], delivered, waits) // it comes late, and undoes nothing
	got, _ = h.claimLines(10, 10)
	same(h, "then", got, [][]string{ids[3:]})
}

func abandonedWithin(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 4)
	_, runs := h.claimLines(10, 10)
	h.must(h.AbandonDeliveries(ctx(), "endpoint", h.now))
	h.sent(runs[0], delivered, waits)
	got, _ := h.claimLines(10, 10)
	same(h, "claimed", got, nil)
	for _, id := range ids {
		d, _, err := h.Delivery(ctx(), ours, id)
		h.must(err)
		same(h, "status", d.Status, usher.DeliveryDead)
	}
	again := h.queue("endpoint", s, 2)
	got, _ = h.claimLines(10, 10)
	same(h, "queued since", got, [][]string{again})
}

func notHurried(h *house) {
	_, s := h.person(ours)
	ids := h.queue("endpoint", s, 2)
	head := h.claim(1)[0]
	for _, id := range ids {
		d, _, err := h.Delivery(ctx(), ours, id)
		h.must(err)
		waiting, err := h.HurryDelivery(ctx(), d, h.now)
		h.must(err)
		same(h, "waits", waiting, true)
		same(h, "given to a second", h.claimed(), nil)
	}
	h.settle(head, waits)
	_, err := h.HurryDelivery(ctx(), head, h.now)
	h.must(err)
	same(h, "once it failed", h.claimed(), ids[:1])
}
