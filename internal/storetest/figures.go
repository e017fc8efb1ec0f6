package storetest

import (
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// figures are what is counted.
func figures() map[string]func(*house) {
	return map[string]func(*house){
		"screens are counted with the time in front of them": screensSeen,
		"decisions are counted by day":                       daySums,
	}
}

func screensSeen(h *house) {
	a, s := h.person(ours)
	see := func(tenant, session, screen string, after time.Duration) {
		h.must(h.AddPageView(ctx(), store.PageViewRow{
			TenantID: tenant, ApplicantID: a.ID, SessionID: session, Doc: []byte("x"), At: h.now.Add(after), Screen: screen, Flow: "onboarding",
		}, 99))
	}
	see(ours, s.ID, "consent", 0)
	see(ours, s.ID, "selfie", 10*time.Second)
	see(ours, s.ID, "selfie", 15*time.Second)
	see(ours, s.ID, "done", 8*time.Hour) // away, not in front of the screen
	see(ours, "another", "consent", time.Second)
	see(theirs, "foreign", "consent", 0)
	got, err := h.ScreenSums(ctx(), ours, h.now, h.now.Add(time.Minute), 9)
	h.must(err)
	text := ""
	for _, r := range got {
		text += fmt.Sprintf("%s %s: %d sessions, %d views, %d left, %d ms\n", r.Flow, r.Screen, r.Sessions, r.Views, r.Left, r.Spent)
	}
	same(h, "screens", text, `onboarding consent: 2 sessions, 2 views, 1 left, 10000 ms
onboarding selfie: 1 sessions, 2 views, 0 left, 5000 ms
onboarding done: 1 sessions, 1 views, 0 left, 0 ms
`)
	newest, err := h.ScreenSums(ctx(), ours, h.now, h.now, 2)
	h.must(err)
	same(h, "of the newest two", []string{newest[0].Screen, newest[1].Screen}, []string{"selfie", "done"})
	none, err := h.ScreenSums(ctx(), ours, h.now.Add(24*time.Hour), h.now, 9)
	h.must(err)
	same(h, "screens of tomorrow", len(none), 0)
}

func daySums(h *house) {
	_, s := h.person(ours)
	for i, typed := range []usher.EventType{usher.SessionSubmitted, usher.SessionApproved, usher.SessionOverturned} {
		s = next(s)
		s.SubmittedAt = h.now
		e := h.event(s, s.Version)
		e.Type = typed
		e.At = h.now.Add(time.Duration(i) * 24 * time.Hour)
		h.commit(store.Change{Session: &s, Events: []store.EventRow{e}})
	}
	got, err := h.DaySums(ctx(), ours, h.now)
	h.must(err)
	same(h, "days", fmt.Sprint(len(got), got[0].Type, got[1].Day-got[0].Day, got[1].N), fmt.Sprint(2, usher.SessionApproved, 1, 1))
	took, err := h.DecisionTimes(ctx(), ours, h.now, 10)
	h.must(err)
	same(h, "took", fmt.Sprint(took), "[24h0m0s]")
	foreign, err := h.DaySums(ctx(), theirs, h.now)
	h.must(err)
	same(h, "days of another tenant", len(foreign), 0)
}
