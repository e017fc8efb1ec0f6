package storetest

import (
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// handoffs are keys to a second browser.
func handoffs() map[string]func(*house) {
	return map[string]func(*house){
		"a key to a second browser is used once":       takenHandoff,
		"a wrong number ends the key":                  wrongHandoff,
		"a third browser leaves nothing to hand back":  lostHandoff,
		"only the session's own browser makes the key": madeHandoff,
	}
}

// begun gives a key that the session's browser "first" made.
func begun(h *house) store.HandoffRow {
	h.Helper()
	_, err := h.AddVisit(ctx(), store.VisitRow{Hash: []byte("first"), TenantID: ours, SessionID: "s", CreatedAt: h.now})
	h.must(err)
	r := store.HandoffRow{
		Hash: []byte("key"), TenantID: ours, SessionID: "s", Visit: []byte("first"), Number: 47, Device: "Chrome, Windows", CreatedAt: h.now,
		EndsAt: h.now.Add(time.Minute),
	}
	h.must(h.PutHandoff(ctx(), r))
	return r
}

// has compares which browser has the session.
func has(h *house, visit string, want bool) {
	h.Helper()
	v, err := h.Visit(ctx(), []byte(visit))
	h.must(err)
	same(h, visit+" has the session", !v.Replaced, want)
}

func takenHandoff(h *house) {
	begun(h)
	_, err := h.TakeHandoff(ctx(), []byte("key"), 47, store.VisitRow{Hash: []byte("late")}, h.now.Add(time.Minute))
	h.wants(err, store.ErrNotFound)
	got, err := h.TakeHandoff(ctx(), []byte("key"), 47, store.VisitRow{Hash: []byte("second")}, h.now)
	h.must(err)
	same(h, "state", got.State, usher.HandoffTaken)
	_, err = h.TakeHandoff(ctx(), []byte("key"), 47, store.VisitRow{Hash: []byte("third")}, h.now)
	h.wants(err, store.ErrNotFound)
	has(h, "first", false)
	has(h, "second", true)
	_, err = h.Followed(ctx(), []byte("first"))
	h.must(err)
	_, err = h.Followed(ctx(), []byte("second"))
	h.wants(err, store.ErrNotFound)
	h.must(h.HandBack(ctx(), []byte("second")))
	has(h, "first", true)
	has(h, "second", false)
	h.wants(h.HandBack(ctx(), []byte("first")), store.ErrNotFound)
	got, err = h.HandoffOf(ctx(), []byte("first"))
	h.must(err)
	same(h, "state", got.State, usher.HandoffBack)
}

func wrongHandoff(h *house) {
	begun(h)
	got, err := h.TakeHandoff(ctx(), []byte("key"), 48, store.VisitRow{Hash: []byte("second")}, h.now)
	h.must(err)
	same(h, "state", got.State, usher.HandoffWrong)
	_, err = h.TakeHandoff(ctx(), []byte("key"), 47, store.VisitRow{Hash: []byte("second")}, h.now)
	h.wants(err, store.ErrNotFound)
	has(h, "first", true)
	_, err = h.Visit(ctx(), []byte("second"))
	h.wants(err, store.ErrNotFound)
}

func lostHandoff(h *house) {
	begun(h)
	_, err := h.TakeHandoff(ctx(), []byte("key"), 47, store.VisitRow{Hash: []byte("second")}, h.now)
	h.must(err)
	_, err = h.AddVisit(ctx(), store.VisitRow{Hash: []byte("third"), TenantID: ours, SessionID: "s", CreatedAt: h.now})
	h.must(err)
	_, err = h.Followed(ctx(), []byte("first"))
	h.wants(err, store.ErrNotFound)
	h.wants(h.HandBack(ctx(), []byte("first")), store.ErrNotFound)
	has(h, "third", true)
}

func madeHandoff(h *house) {
	r := begun(h)
	r.Hash = []byte("newer")
	h.must(h.PutHandoff(ctx(), r))
	got, err := h.Handoff(ctx(), []byte("key"))
	h.must(err)
	same(h, "the older key", got.State, usher.HandoffEnded)
	h.must(h.EndHandoff(ctx(), []byte("newer")))
	_, err = h.TakeHandoff(ctx(), []byte("newer"), 47, store.VisitRow{Hash: []byte("second")}, h.now)
	h.wants(err, store.ErrNotFound)
	_, err = h.AddVisit(ctx(), store.VisitRow{Hash: []byte("third"), TenantID: ours, SessionID: "s", CreatedAt: h.now})
	h.must(err)
	r.Hash = []byte("newest")
	h.wants(h.PutHandoff(ctx(), r), store.ErrNotFound)
	h.must(h.Tidy(ctx(), h.now, h.now.Add(time.Hour)))
	_, err = h.Handoff(ctx(), []byte("key"))
	h.wants(err, store.ErrNotFound)
}
