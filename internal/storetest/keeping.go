package storetest

import (
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// keeping is for how long applicants are kept.
func keeping() map[string]func(*house) {
	return map[string]func(*house){
		"rules of keeping are the tenant's own":        keepRules,
		"keeping is looked at when it is due":          keepDue,
		"bodies are forgotten from the oldest on":      oldBodies,
		"bodies of the erased that wait are forgotten": erasedBodies,
		"a look that was asked for is not put off":     keepAsked,
		"all applicants of a tenant are looked at":     keepAll,
		"what was erased is not looked at any more":    keepErased,
	}
}

func keepRules(h *house) {
	_, err := h.KeepRules(ctx(), ours)
	h.wants(err, store.ErrNotFound)
	for days := range 2 {
		want := usher.KeepRules{Rejected: usher.KeepRule{Days: days + 1}, Approved: usher.KeepRule{Days: 7, Duty: true}, Bodies: 9}
		h.must(h.PutKeepRules(ctx(), ours, want, h.now, usher.AuditRecord{ID: h.id(), TenantID: ours, At: h.now, Action: "retention.set"}))
		got, err := h.KeepRules(ctx(), ours)
		h.must(err)
		same(h, "rules", got, want)
	}
	_, err = h.KeepRules(ctx(), theirs)
	h.wants(err, store.ErrNotFound)
}

// due gives the ids of those who are to be looked at, the first to the last.
func due(h *house, at time.Time) (ids []string, rows []store.KeptRow) {
	h.Helper()
	rows, err := h.KeepDue(ctx(), ours, at, store.KeptRow{}, 10)
	h.must(err)
	for _, r := range rows {
		same(h, "tenant", r.TenantID, ours)
		ids = append(ids, r.ApplicantID)
	}
	return ids, rows
}

func keepDue(h *house) {
	a, _ := h.person(ours)
	b, _ := h.person(ours)
	h.person(theirs)
	ids, rows := due(h, h.now)
	same(h, "new ones", len(ids), 2)
	rest, err := h.KeepDue(ctx(), ours, h.now, rows[0], 10)
	h.must(err)
	same(h, "behind the first", rest, rows[1:])
	for i, r := range rows {
		at := h.now.Add(time.Hour)
		if r.ApplicantID == a.ID {
			at = h.now.Add(2 * time.Hour)
		}
		h.must(h.KeepUntil(ctx(), rows[i], at))
	}
	ids, _ = due(h, h.now)
	same(h, "put off", len(ids), 0)
	ids, _ = due(h, h.now.Add(2*time.Hour))
	same(h, "in their order", ids, []string{b.ID, a.ID})
}

func keepAsked(h *house) {
	a, _ := h.person(ours)
	_, rows := due(h, h.now)
	a.Was, a.Version = 1, 2
	h.commit(store.Change{Applicant: &a, KeepAt: h.now.Add(-time.Minute)})
	late := a
	h.wants(h.Commit(ctx(), store.Change{Applicant: &late, KeepAt: h.now.Add(time.Hour)}), store.ErrConflict)
	h.must(h.KeepUntil(ctx(), rows[0], h.now.Add(time.Hour)))
	ids, _ := due(h, h.now)
	same(h, "asked for between reading and writing", ids, []string{a.ID})
}

func keepAll(h *house) {
	for range 5 {
		h.person(ours)
	}
	_, rows := due(h, h.now)
	for _, r := range rows {
		h.must(h.KeepUntil(ctx(), r, h.now.Add(time.Hour)))
	}
	var came []int64
	for {
		n, err := h.KeepAllAgain(ctx(), ours, h.now, 3)
		h.must(err)
		if n == 0 {
			break
		}
		came = append(came, n)
	}
	same(h, "in portions", came, []int64{3, 2})
	ids, _ := due(h, h.now)
	same(h, "all", len(ids), 5)
}

func keepErased(h *house) {
	a, _ := h.person(ours)
	a.Was, a.Version, a.Erased = 1, 2, true
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	ids, _ := due(h, h.now)
	same(h, "due", len(ids), 0)
}

func oldBodies(h *house) {
	_, s := h.person(ours)
	var ids []string
	for i := range 5 {
		d := h.delivery("endpoint", s)
		d.CreatedAt = h.now.Add(time.Duration(i) * time.Hour)
		h.commit(store.Change{Deliveries: []store.DeliveryRow{d}})
		ids = append(ids, d.ID)
	}
	// The first three are done; the fourth is old and waits still.
	for range 3 {
		claimed, err := h.ClaimDeliveries(ctx(), usher.DeliveryClaim{Now: h.now.Add(10 * time.Hour), Lease: time.Minute, Limit: 1})
		h.must(err)
		r := h.report(claimed[0], usher.DeliveryDelivered)
		r.Attempt.Answer = "taken\x00"
		h.must(h.SettleDeliveries(ctx(), []usher.DeliveryReport{r}))
	}
	before := h.now.Add(3*time.Hour + time.Minute)
	forget := func() {
		h.Helper()
		var at store.Forgetting
		var err error
		for !at.Done {
			at, err = h.ForgetBodies(ctx(), ours, at, before, 2)
			h.must(err)
		}
	}
	left := func(name string, from int) {
		h.Helper()
		for i, id := range ids {
			d, tries, err := h.Delivery(ctx(), ours, id)
			h.must(err)
			same(h, fmt.Sprintf("%s: body %d is there", name, i), d.Message.Body != nil, i >= from)
			for _, try := range tries {
				same(h, fmt.Sprintf("%s: answer %d is there", name, i), try.Answer != "", i >= from)
				same(h, "number of the try", try.Number, 1)
			}
		}
	}
	forget()
	left("while the fourth waits", 3)
	claimed, err := h.ClaimDeliveries(ctx(), usher.DeliveryClaim{Now: h.now.Add(10 * time.Hour), Lease: time.Minute, Limit: 1})
	h.must(err)
	h.settle(claimed[0], usher.DeliveryDelivered)
	left("when it is done", 3)
	forget()
	left("by the next walk", 4)
}

func erasedBodies(h *house) {
	a, s := h.person(ours)
	_, other := h.person(ours)
	ids := append(h.queue("endpoint", s, 2), h.queue("endpoint", other, 1)...)
	a.Was, a.Version, a.Erased = 1, 2, true
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	for i, id := range ids {
		d, _, err := h.Delivery(ctx(), ours, id)
		h.must(err)
		same(h, fmt.Sprintf("body %d is there", i), d.Message.Body != nil, i == 2)
	}
}
