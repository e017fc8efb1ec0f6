package sandbox_test

import (
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/sandbox"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	flow := usher.Flow{Steps: []usher.Step{{Kind: usher.StepDocument}, {Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckDocument, usher.CheckFace}}, {Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckWatchlist}}}}
	tests := []struct {
		name    string
		kind    usher.CheckKind
		mode    usher.Mode
		steer   string
		outcome usher.Outcome
		reason  usher.ReasonCode
	}{
		{"anybody", usher.CheckDocument, usher.Sandbox, "", usher.Clear, usher.SimulatedOutcome},
		{"reject", usher.CheckDocument, usher.Sandbox, usher.SteerReject, usher.Refuse, usher.DocumentSuspicious},
		{"named check", usher.CheckDocument, usher.Sandbox, usher.SteerFail + "document", usher.Refuse, usher.DocumentSuspicious},
		{"another check named", usher.CheckFace, usher.Sandbox, usher.SteerFail + "document", usher.Clear, usher.SimulatedOutcome},
		{"reject, later check", usher.CheckFace, usher.Sandbox, usher.SteerReject, usher.Clear, usher.SimulatedOutcome},
		{"review", usher.CheckDocument, usher.Sandbox, usher.SteerReview, usher.Consider, usher.ManualReview},
		{"hit", usher.CheckWatchlist, usher.Sandbox, usher.SteerHit, usher.Consider, usher.WatchlistHit},
		{"hit, other check", usher.CheckDocument, usher.Sandbox, usher.SteerHit, usher.Clear, usher.SimulatedOutcome},
		{"live", usher.CheckDocument, usher.Live, "", usher.NotRun, ""},
		{"reject, live", usher.CheckDocument, usher.Live, usher.SteerReject, usher.NotRun, ""},
		{"no mode", usher.CheckDocument, "", "", usher.NotRun, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := usher.CheckInput{Session: usher.Session{Flow: flow}, Steer: tt.steer, Mode: tt.mode}
			got, err := sandbox.New(sandbox.Config{Kind: tt.kind}).Check(t.Context(), in)
			if err != nil || got.Outcome != tt.outcome {
				t.Errorf("%s, %v; want %s", got.Outcome, err, tt.outcome)
			}
			if made := tt.outcome != usher.NotRun; made != (got.Assurance == usher.Simulated) {
				t.Errorf("assurance %q", got.Assurance)
			}
			var reason usher.ReasonCode
			if len(got.Reasons) > 0 {
				reason = got.Reasons[0].Code
			}
			if reason != tt.reason {
				t.Errorf("reason %q, want %q", reason, tt.reason)
			}
		})
	}
}

func TestAllKnowTheirReasons(t *testing.T) {
	t.Parallel()
	seen := map[usher.CheckKind]bool{}
	for _, c := range sandbox.All() {
		if seen[c.Kind()] {
			t.Errorf("%s twice", c.Kind())
		}
		seen[c.Kind()] = true
		in := usher.CheckInput{
			Session: usher.Session{Flow: usher.Flow{Steps: []usher.Step{{Checks: []usher.CheckKind{c.Kind()}}}}},
			Steer:   usher.SteerReject, Mode: usher.Sandbox,
		}
		got, err := c.Check(t.Context(), in)
		if err != nil || got.Outcome != usher.Refuse {
			t.Errorf("%s: %s, %v", c.Kind(), got.Outcome, err)
		}
		for _, r := range got.Reasons {
			if _, known := r.Code.Class(); !known {
				t.Errorf("%s gives the unknown reason %s", c.Kind(), r.Code)
			}
		}
	}
}
