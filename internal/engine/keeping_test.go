package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/store"
)

var lawyer = usher.Actor{Kind: usher.ByStaff, ID: "lawyer", Role: usher.RoleAdmin}

// decided gives an applicant of the live tenant whose only session ended so.
func decided(t *testing.T, h *enginetest.House, kind usher.CommandKind) usher.Session {
	t.Helper()
	if _, err := h.FlowSource(t.Context(), h.Live.ID, "quick"); err != nil {
		h.Publish(h.Live.ID, "name: quick\nsteps:\n  - details: {ask: [name]}\n  - decide: {}\n")
	}
	s, _, err := h.StartSession(t.Context(), h.Client(h.Live, "native"), usher.NewSession{
		Applicant: &usher.NewApplicant{Details: person}, Flow: "quick",
	})
	if err != nil {
		t.Fatal(err)
	}
	if kind == "" {
		return s
	}
	for _, c := range []usher.Command{
		{Kind: usher.CmdOpen},
		{Kind: usher.CmdCompleteStep, Step: s.Steps[0].ID},
		{Kind: usher.CmdSubmit},
		{Kind: kind, By: lawyer, Reasons: []usher.Reason{{Code: usher.DocumentUnreadable}}},
	} {
		if s, err = h.Do(t.Context(), h.Live.ID, s.ID, c); err != nil {
			t.Fatalf("%s: %v", c.Kind, err)
		}
	}
	return s
}

func applicant(t *testing.T, h *enginetest.House, s usher.Session) usher.Applicant {
	t.Helper()
	a, err := h.Applicant(t.Context(), s.TenantID, s.ApplicantID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func told(t *testing.T, h *enginetest.House, s usher.Session, kind usher.EventType) int {
	t.Helper()
	page, err := h.ListEvents(t.Context(), s.TenantID, usher.EventFilter{ApplicantID: s.ApplicantID, Types: []usher.EventType{kind}})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Items)
}

const year = 365 * 24 * time.Hour

// TestErasureInsideTheLegalTime follows an approved applicant who asks to be erased: restricted now, erased when the law's time has passed.
func TestErasureInsideTheLegalTime(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s := decided(t, h, usher.CmdApprove)
	for range 2 {
		a, err := h.EraseApplicant(t.Context(), s.TenantID, s.ApplicantID, lawyer)
		if err != nil || a.Erased || !a.Restricted() || a.Keeping.Asked.Reason != string(usher.KeptApproved) {
			t.Fatalf("asked for erasure: %+v, %v", a.Keeping, err)
		}
	}
	if told(t, h, s, usher.ApplicantRestricted) != 1 || told(t, h, s, usher.ApplicantErased) != 0 {
		t.Error("the restriction is not told once, or an erasure is")
	}
	mail := "new@example.test"
	if _, err := h.UpdateApplicant(t.Context(), s.TenantID, s.ApplicantID, usher.ApplicantPatch{Email: &mail}, lawyer); refusal(err) != usher.CodeConflict {
		t.Errorf("changed all the same: %v", err)
	}
	if _, _, err := h.StartSession(t.Context(), h.Client(h.Live, "native"), usher.NewSession{ApplicantID: s.ApplicantID, Flow: "quick"}); refusal(err) != usher.CodeConflict {
		t.Errorf("a session was begun: %v", err)
	}
	h.Advance(8 * year)
	if a := applicant(t, h, s); a.Erased {
		t.Fatal("erased although the relationship goes on")
	}
	if _, err := h.EndRelationship(t.Context(), s.TenantID, s.ApplicantID, h.Now().Add(time.Hour), lawyer); refusal(err) != usher.CodeInvalid {
		t.Errorf("ended in the future: %v", err)
	}
	if _, err := h.EndRelationship(t.Context(), s.TenantID, s.ApplicantID, h.Now(), lawyer); err != nil {
		t.Fatal(err)
	}
	k, err := h.Kept(t.Context(), s.TenantID, s.ApplicantID)
	if err != nil || k.Basis != usher.KeptApproved || k.Until.Sub(h.Now()) < 4*year || k.Until.Sub(h.Now()) > 6*year {
		t.Errorf("kept %+v, %v", k, err)
	}
	h.Advance(5*year - 24*time.Hour)
	if a := applicant(t, h, s); a.Erased {
		t.Error("erased before its time")
	}
	h.Advance(4 * 24 * time.Hour)
	if a := applicant(t, h, s); !a.Erased || a.Details != (usher.Details{}) {
		t.Error("not erased when the time had passed")
	}
	if told(t, h, s, usher.ApplicantErased) != 1 {
		t.Error("the erasure is not told")
	}
}

// TestHold stops what the rules would do, and lets it go on when it is lifted.
func TestHold(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s := decided(t, h, "")
	if _, err := h.HoldApplicant(t.Context(), s.TenantID, s.ApplicantID, " court order 12 ", lawyer); err != nil {
		t.Fatal(err)
	}
	a, err := h.EraseApplicant(t.Context(), s.TenantID, s.ApplicantID, lawyer)
	if err != nil || !a.Restricted() || a.Keeping.Asked.Reason != string(usher.KeptOnHold) {
		t.Errorf("asked for erasure under a hold: %+v, %v", a.Keeping, err)
	}
	h.Advance(10 * year)
	if a = applicant(t, h, s); a.Erased || a.Keeping.Hold.Reason != "court order 12" {
		t.Fatalf("under a hold: %+v", a)
	}
	if _, err := h.HoldApplicant(t.Context(), s.TenantID, s.ApplicantID, "", lawyer); err != nil {
		t.Fatal(err)
	}
	h.Advance(time.Hour)
	if a = applicant(t, h, s); !a.Erased {
		t.Error("kept after the hold was lifted")
	}
	if _, err := h.HoldApplicant(t.Context(), s.TenantID, s.ApplicantID, "too late", lawyer); refusal(err) != usher.CodeGone {
		t.Errorf("held after the erasure: %v", err)
	}
	if _, err := h.HoldApplicant(t.Context(), h.Other.ID, s.ApplicantID, "not theirs", lawyer); refusal(err) != usher.CodeNotFound {
		t.Errorf("held by another tenant: %v", err)
	}
}

// TestLiftedHoldDoesWhatWasAsked erases at once who asked for it under a hold, though the rules would keep them for longer.
func TestLiftedHoldDoesWhatWasAsked(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s := decided(t, h, usher.CmdReject)
	for _, reason := range []string{"court order", ""} {
		if _, err := h.HoldApplicant(t.Context(), s.TenantID, s.ApplicantID, reason, lawyer); err != nil {
			t.Fatal(err)
		}
		h.Settle()
		if applicant(t, h, s).Erased != (reason == "") {
			t.Errorf("with the reason %q: erased %v", reason, reason != "")
		}
		if reason == "" {
			break
		}
		if a, err := h.EraseApplicant(t.Context(), s.TenantID, s.ApplicantID, lawyer); err != nil || !a.Restricted() {
			t.Fatalf("%+v, %v", a.Keeping, err)
		}
	}
}

// TestRetention lets time pass over applicants of every outcome, with a plan before and an entry of the trail after.
func TestRetention(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	kinds := map[string]usher.CommandKind{"abandoned": "", "rejected": usher.CmdReject, "approved": usher.CmdApprove}
	all := map[string]usher.Session{}
	for name, kind := range kinds {
		all[name] = decided(t, h, kind)
	}
	rules := usher.KeepRules{
		Abandoned: usher.KeepRule{Days: 30}, Rejected: usher.KeepRule{Days: 60}, Approved: usher.KeepRule{Days: 90, Duty: true},
	}
	if err := h.SetKeepRules(t.Context(), h.Live.ID, usher.KeepRules{Bodies: -1}, lawyer); refusal(err) != usher.CodeInvalid {
		t.Errorf("rules that cannot be: %v", err)
	}
	if err := h.SetKeepRules(t.Context(), h.Live.ID, rules, lawyer); err != nil {
		t.Fatal(err)
	}
	gone := func() (names []string) {
		for name, s := range all {
			if applicant(t, h, s).Erased {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	h.Advance(3 * 24 * time.Hour) // links end
	plan, ids, err := h.KeepPlan(t.Context(), h.Live.ID, rules, h.Now().Add(40*24*time.Hour), 10)
	if err != nil || len(plan) != 1 || plan[usher.KeptAbandoned] != 1 || len(ids) != 1 || ids[0] != all["abandoned"].ApplicantID {
		t.Errorf("planned %v of %v, %v", plan, ids, err)
	}
	if got := gone(); got != nil {
		t.Fatalf("a plan has erased %v", got)
	}
	for _, c := range []struct {
		days int
		want string
	}{{28, ""}, {4, "abandoned"}, {23, "abandoned"}, {4, "abandoned,rejected"}, {400, "abandoned,rejected"}} {
		h.Advance(time.Duration(c.days) * 24 * time.Hour)
		if got := strings.Join(gone(), ","); got != c.want {
			t.Errorf("%d days on, gone are %q, want %q", c.days, got, c.want)
		}
	}
	trail, err := h.Store.ListAudit(t.Context(), h.Live.ID, "", usher.Paging{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, r := range trail {
		if r.Action == "retention.done" || r.Action == "retention.set" {
			entries = append(entries, r.Action+" "+r.Detail)
		}
	}
	slices.Reverse(entries)
	want := []string{
		"retention.set abandoned 30, rejected 60, approved 90 by law, bodies 0",
		"retention.done erased: abandoned 1; webhooks looked at: 0", "retention.done erased: rejected 1; webhooks looked at: 0",
	}
	if !slices.Equal(entries, want) {
		t.Errorf("on the trail are %q", entries)
	}
}

// TestNewRulesHoldForThoseWhoAreThere shortens the time of applicants who were to be looked at much later.
func TestNewRulesHoldForThoseWhoAreThere(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s := decided(t, h, usher.CmdReject)
	h.Advance(20 * 24 * time.Hour)
	if err := h.SetKeepRules(t.Context(), h.Live.ID, usher.KeepRules{Rejected: usher.KeepRule{Days: 10}}, lawyer); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	h.Settle()
	if !applicant(t, h, s).Erased {
		t.Error("kept after the rules said otherwise")
	}
	left, err := h.Store.KeepDue(context.Background(), h.Live.ID, h.Now(), store.KeptRow{}, 10)
	if err != nil || len(left) != 0 {
		t.Errorf("still to be looked at: %v, %v", left, err)
	}
}
