package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// TestReminders holds that the timer tells a client's endpoints of silence, and that a holder of an ended link can ask them for a new one.
func TestReminders(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	h.Publish(h.Tenant.ID, "name: reminded\nremind: [24h, 40h]\nreissue: true\nsteps:\n  - details: {ask: [name]}\n  - decide: {}\n")
	s, link := start(t, h, "reminded", person)
	told := func(kind usher.EventType) int {
		t.Helper()
		page, err := h.ListEvents(t.Context(), h.Tenant.ID, usher.EventFilter{SessionID: s.ID, Types: []usher.EventType{kind}})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	for _, c := range []struct {
		wait time.Duration
		want int
	}{{23 * time.Hour, 0}, {2 * time.Hour, 1}, {16 * time.Hour, 2}} {
		h.Advance(c.wait)
		if got := told(usher.SessionReminder); got != c.want {
			t.Errorf("after %s more: told %d times, want %d", c.wait, got, c.want)
		}
	}
	h.Advance(10 * time.Hour)
	for range 2 {
		if err := h.AskLink(t.Context(), link.Token); err != nil {
			t.Fatal(err)
		}
	}
	if got := told(usher.SessionLinkRequested); got != 1 {
		t.Errorf("the wish for a link is told %d times", got)
	}
	var e *usher.Error
	if err := h.AskLink(t.Context(), "nobody's"); !errors.As(err, &e) || e.Code != usher.CodeNotFound {
		t.Errorf("a link that never was: %v", err)
	}
}
