package usher_test

import (
	"testing"
	"time"

	usher "github.com/usher-kyc/usher"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, n) }
	head := func(s usher.State, at int) usher.SessionHead { return usher.SessionHead{State: s, UpdatedAt: day(at)} }
	rules := usher.KeepRules{
		Abandoned: usher.KeepRule{Days: 30}, Rejected: usher.KeepRule{Days: 100}, Approved: usher.KeepRule{Days: 1000, Duty: true},
	}
	easy := usher.UsualKeepRules(usher.Sandbox)
	for name, c := range map[string]struct {
		rules    usher.KeepRules
		keeping  usher.Keeping
		sessions []usher.SessionHead
		want     usher.Kept
	}{
		"nobody began":     {rules, usher.Keeping{}, nil, usher.Kept{Basis: usher.KeptAbandoned, Until: day(30)}},
		"began and left":   {rules, usher.Keeping{}, []usher.SessionHead{head(usher.Expired, 5)}, usher.Kept{Basis: usher.KeptAbandoned, Until: day(35)}},
		"cancelled":        {rules, usher.Keeping{}, []usher.SessionHead{head(usher.Cancelled, 6), head(usher.Expired, 5)}, usher.Kept{Basis: usher.KeptAbandoned, Until: day(36)}},
		"rejected twice":   {rules, usher.Keeping{}, []usher.SessionHead{head(usher.Rejected, 5), head(usher.Rejected, 9)}, usher.Kept{Basis: usher.KeptRejected, Until: day(109)}},
		"rejected, left":   {rules, usher.Keeping{}, []usher.SessionHead{head(usher.Rejected, 5), head(usher.Expired, 90)}, usher.Kept{Basis: usher.KeptRejected, Until: day(105)}},
		"once approved":    {rules, usher.Keeping{}, []usher.SessionHead{head(usher.Approved, 5), head(usher.Rejected, 90)}, usher.Kept{Basis: usher.KeptApproved, Duty: true}},
		"relationship end": {rules, usher.Keeping{EndedAt: day(50)}, []usher.SessionHead{head(usher.Approved, 5)}, usher.Kept{Basis: usher.KeptApproved, Until: day(1050), Duty: true}},
		"ended, at it":     {rules, usher.Keeping{EndedAt: day(50)}, []usher.SessionHead{head(usher.Approved, 5), head(usher.InReview, 60)}, usher.Kept{Basis: usher.KeptOpen}},
		"on hold": {
			rules,
			usher.Keeping{EndedAt: day(50), Hold: &usher.Hold{}},
			[]usher.SessionHead{head(usher.Approved, 5)},
			usher.Kept{Basis: usher.KeptOnHold, Duty: true},
		},
		"sandbox, approved": {easy, usher.Keeping{}, []usher.SessionHead{head(usher.Approved, 5)}, usher.Kept{Basis: usher.KeptApproved, Until: day(35)}},
		"for ever":          {usher.KeepRules{}, usher.Keeping{}, nil, usher.Kept{Basis: usher.KeptAbandoned}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := usher.Applicant{CreatedAt: day(0), Keeping: c.keeping}
			got := c.rules.Keep(a, c.sessions)
			if got != c.want {
				t.Errorf("kept %+v, want %+v", got, c.want)
			}
			if !got.Until.IsZero() && (got.Due(got.Until.Add(-time.Millisecond)) || !got.Due(got.Until)) {
				t.Error("due before its time, or not at it")
			}
			if got.Until.IsZero() && got.Due(day(1e5)) {
				t.Error("due without an end")
			}
		})
	}
}

func TestKeepEvents(t *testing.T) {
	t.Parallel()
	now, by := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), usher.Actor{Kind: usher.ByStaff, ID: "s1"}
	a := usher.Applicant{ID: "a1", TenantID: "t1", Version: 3}
	hold := &usher.Hold{Reason: "court order", By: by, At: now}
	for _, step := range []struct {
		keeping usher.Keeping
		event   usher.EventType
		fields  int
	}{
		{usher.Keeping{EndedAt: now}, usher.ApplicantUpdated, 1},
		{usher.Keeping{EndedAt: now}, "", 0},
		{usher.Keeping{Hold: hold}, usher.ApplicantUpdated, 2},
		{usher.Keeping{Hold: hold, Asked: hold}, usher.ApplicantRestricted, 0},
		{usher.Keeping{Asked: hold}, usher.ApplicantUpdated, 1},
	} {
		was := a.Version
		var events []usher.Event
		var err error
		if a, events, err = a.Keep(step.keeping, by, now); err != nil {
			t.Fatal(err)
		}
		if step.event == "" {
			if len(events) != 0 || a.Version != was {
				t.Errorf("nothing changed, and %d events, version %d", len(events), a.Version)
			}
			continue
		}
		if len(events) != 1 || events[0].Type != step.event || len(events[0].Data.Fields) != step.fields || a.Version != was+1 {
			t.Errorf("%+v: events %v, version %d after %d", step.keeping, events, a.Version, was)
		}
	}
	if !a.Restricted() {
		t.Error("not restricted after erasure was asked for")
	}
	a, _, err := a.Erase(by, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Keep(usher.Keeping{}, by, now); err == nil || a.Restricted() {
		t.Error("an erased applicant is changed, or restricted still")
	}
}

func TestKeepRulesCheck(t *testing.T) {
	t.Parallel()
	for _, m := range []usher.Mode{usher.Live, usher.Sandbox} {
		if err := usher.UsualKeepRules(m).Check(); err != nil {
			t.Errorf("%s: %v", m, err)
		}
	}
	for _, r := range []usher.KeepRules{{Abandoned: usher.KeepRule{Days: -1}}, {Rejected: usher.KeepRule{Days: 40_000}}, {Bodies: -5}} {
		if r.Check() == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
