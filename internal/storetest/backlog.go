package storetest

import (
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// backlogs are about what is due, and what has served.
func backlogs() map[string]func(*house) {
	return map[string]func(*house){
		"what is due is counted, and how long it has been": backlog,
		"the schema is at its level":                       migrated,
		"old deliveries go, and those that wait stay":      trimmed,
	}
}

func backlog(h *house) {
	due, oldest, err := h.Backlog(ctx(), h.now)
	h.must(err)
	same(h, "nothing is due", due, 0)
	same(h, "and nothing the oldest", oldest, time.Time{})
	_, s := h.person(ours)
	for range 2 {
		d := h.delivery("endpoint", s)
		h.must(h.AddDelivery(ctx(), d)) // the second waits behind the first
	}
	due, oldest, err = h.Backlog(ctx(), h.now.Add(time.Hour))
	h.must(err)
	same(h, "due", due, 1)
	same(h, "the oldest", oldest.IsZero(), false)
	at, err := h.jobs.Oldest(ctx())
	h.must(err)
	same(h, "no job", at, time.Time{})
	h.commit(store.Change{Jobs: []store.Job{{Kind: "checks", Tenant: ours, Object: s.ID}}})
	at, err = h.jobs.Oldest(ctx())
	h.must(err)
	if age := time.Since(at); at.IsZero() || age < -time.Minute || age > time.Hour {
		h.Errorf("the job is due since %s", at)
	}
}

func migrated(h *house) {
	for range 2 {
		h.must(h.Migrated(ctx()))
	}
}

func trimmed(h *house) {
	_, s := h.person(ours)
	var ids []string
	for i := range 7 {
		d := h.delivery(fmt.Sprint("endpoint", i), s)
		d.CreatedAt = h.now.Add(time.Duration(i) * time.Hour)
		h.must(h.AddDelivery(ctx(), d))
		ids = append(ids, d.ID)
		if i == 2 {
			continue // it waits for a receiver that is away
		}
		h.must(h.SettleDeliveries(ctx(), []usher.DeliveryReport{{
			Delivery: d.Delivery, Status: usher.DeliveryDelivered, Attempt: usher.DeliveryAttempt{Number: 1, At: d.CreatedAt},
		}}))
	}
	var t store.Trim
	var err error
	for rounds := 0; !t.Done; rounds++ {
		if rounds > 10 {
			h.Fatal("it does not end")
		}
		t, err = h.TrimDeliveries(ctx(), t, h.now.Add(5*time.Hour), 2)
		h.must(err)
	}
	same(h, "gone", t.Gone, 4)
	for i, id := range ids {
		_, tries, err := h.Delivery(ctx(), ours, id)
		if stays := i == 2 || i > 4; (err == nil) != stays {
			h.Errorf("delivery %d: stays %v, %v", i, stays, err)
		}
		if i > 4 {
			same(h, "tries", len(tries), 1)
		}
	}
	// Whoever begins anew finds nothing more.
	again, err := h.TrimDeliveries(ctx(), store.Trim{}, h.now.Add(5*time.Hour), 100)
	h.must(err)
	same(h, "nothing more", again.Gone, 0)
}
