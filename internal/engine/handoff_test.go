package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// opened gives a house and the cookie of the browser that a session's link was opened in.
func opened(t *testing.T) (*enginetest.House, usher.Visit) {
	t.Helper()
	h := enginetest.Open(t)
	_, link, err := h.StartSession(t.Context(), h.Client(h.Tenant, "native"), usher.NewSession{Flow: "onboarding", Applicant: &usher.NewApplicant{}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.UseLink(t.Context(), link.Token)
	if err != nil {
		t.Fatal(err)
	}
	return h, v
}

func begin(t *testing.T, h *enginetest.House, v usher.Visit) usher.Handoff {
	t.Helper()
	k, err := h.BeginHandoff(t.Context(), v.Token, "Chrome, Windows")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func detail(err error) string {
	var e *usher.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}

func TestHandoffAndBack(t *testing.T) {
	t.Parallel()
	h, v := opened(t)
	k := begin(t, h, v)
	_, seen, err := h.LookHandoff(t.Context(), k.Token)
	if err != nil || len(seen.Choices) != 3 || !slices.Contains(seen.Choices, k.Number) || seen.Device != "Chrome, Windows" {
		t.Fatalf("the second browser is told %v of %s, %v", seen.Choices, seen.Device, err)
	}
	phone, err := h.TakeHandoff(t.Context(), k.Token, k.Number)
	if err != nil || phone.Session.ID != v.Session.ID {
		t.Fatal(err)
	}
	if _, _, err := h.LookHandoff(t.Context(), k.Token); detail(err) != "handoff_taken" {
		t.Errorf("a key that was used: %v", err)
	}
	follows := func(cookie string, replaced, follows bool) {
		t.Helper()
		got, err := h.Visit(t.Context(), cookie)
		if err != nil || got.Replaced != replaced || got.Follows != follows {
			t.Errorf("replaced %t, follows %t, %v", got.Replaced, got.Follows, err)
		}
	}
	follows(v.Token, true, true)
	follows(phone.Token, false, false)
	if err := h.HandBack(t.Context(), v.Token); err != nil {
		t.Fatal(err)
	}
	follows(v.Token, false, false)
	follows(phone.Token, true, false)
}

func TestHandoffEnds(t *testing.T) {
	t.Parallel()
	h, v := opened(t)
	k := begin(t, h, v)
	_, seen, _ := h.LookHandoff(t.Context(), k.Token)
	other := seen.Choices[(slices.Index(seen.Choices, k.Number)+1)%3]
	if _, err := h.TakeHandoff(t.Context(), k.Token, other); detail(err) != "handoff_wrong" {
		t.Errorf("another number: %v", err)
	}
	if _, err := h.TakeHandoff(t.Context(), k.Token, k.Number); detail(err) != "handoff_wrong" {
		t.Errorf("the right number after a wrong one: %v", err)
	}
	k = begin(t, h, v)
	if err := h.RefuseHandoff(t.Context(), k.Token); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Handoff(t.Context(), v.Token); err != nil || got.State != usher.HandoffEnded {
		t.Errorf("a key that was refused is %s, %v", got.State, err)
	}
	k = begin(t, h, v)
	h.Advance(16 * time.Minute)
	if _, err := h.TakeHandoff(t.Context(), k.Token, k.Number); detail(err) != "handoff_ended" {
		t.Errorf("a key after its time: %v", err)
	}
	if _, _, err := h.LookHandoff(t.Context(), "unknown"); err == nil || detail(err) != "" {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestHandoffIsLimited(t *testing.T) {
	t.Parallel()
	h, v := opened(t)
	for range 20 {
		begin(t, h, v)
	}
	_, err := h.BeginHandoff(t.Context(), v.Token, "")
	var e *usher.Error
	if !errors.As(err, &e) || e.Code != usher.CodeLimited {
		t.Errorf("the 21st key of an hour: %v", err)
	}
}
