package intergiro

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

// flows that between them reach every way an applicant's part can end: by sending, by a check that stops, by a second reviewer.
func testFlows() []usher.Flow {
	flows := []usher.Flow{
		{Name: "plain", Steps: []usher.Step{
			{Kind: usher.StepDetails}, {Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckAge}}, {Kind: usher.StepDecide, Automatic: true},
		}},
		{Name: "stop", Steps: []usher.Step{
			{Kind: usher.StepDetails},
			{Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckWatchlist}, Stop: true},
			{Kind: usher.StepContact},
			{Kind: usher.StepDecide, Reviewers: 2},
		}},
		{Name: "stop_reject", Steps: []usher.Step{
			{Kind: usher.StepDetails},
			{Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckWatchlist}, Stop: true},
			{Kind: usher.StepContact},
			{Kind: usher.StepDecide, OnReject: usher.ToReject, Automatic: true},
		}},
		{Name: "identity", Purpose: usher.ForIdentity, Steps: []usher.Step{{Kind: usher.StepDetails}, {Kind: usher.StepDecide}}},
	}
	for i := range flows {
		flows[i] = flows[i].WithDefaults()
	}
	return flows
}

// wishes are all commands, and those that move a session on more often than those that end it: drawn evenly, hardly a history reaches a decision.
func wishes() []usher.CommandKind {
	all := usher.Commands()
	for range 4 {
		all = append(all, usher.CmdCompleteStep, usher.CmdSubmit, usher.CmdReport, usher.CmdApprove, usher.CmdReject, usher.CmdAskAgain)
	}
	return all
}

func draw(t *rapid.T, s usher.Session) usher.Command {
	step := "details"
	round := 0
	if cur, _, ok := s.Current(); ok {
		step, round = cur.ID, cur.Round
	}
	reviewer := usher.Actor{Kind: usher.ByStaff, ID: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "reviewer"), Role: usher.RoleSenior}
	c := usher.Command{
		Kind: rapid.SampledFrom(wishes()).Draw(t, "command"), By: reviewer, Step: step, Round: round, Given: usher.DetailFields(),
		Reasons: []usher.Reason{{Code: usher.Policy}}, Steps: []string{rapid.SampledFrom([]string{"details", "contact"}).Draw(t, "again")},
	}
	outcome := rapid.SampledFrom([]usher.Outcome{usher.Clear, usher.Refuse}).Draw(t, "outcome")
	for _, kind := range []usher.CheckKind{usher.CheckAge, usher.CheckWatchlist} {
		c.Results = append(c.Results, usher.CheckResult{Kind: kind, Outcome: outcome, Assurance: usher.Verified})
	}
	return c
}

// The webhook's name is made when the event is written, the name that GET /v3/events gives is made later from the history: they must agree
// for every history there can be.
func TestHistoryAgreesWithWebhooks(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	history := func(t *rapid.T) {
		flow := rapid.SampledFrom(testFlows()).Draw(t, "flow")
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		s, all := usher.Start(usher.Session{ID: "s", Flow: flow}, usher.Actor{Kind: usher.ByClient}, now)
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			now = now.Add(time.Minute)
			next, events, err := usher.Decide(s, draw(t, s), now)
			if err == nil {
				s, all = next, append(all, events...)
			}
		}
		for i := range all {
			all[i].ID = fmt.Sprint(i)
		}
		told := historyOf(flow.Purpose, all)
		var folded usher.Session
		for _, e := range all {
			folded = usher.Fold(flow, all[:e.Sequence])
			messages, err := Renderer{}.Render(usher.View{Session: &folded}, e)
			if err != nil {
				t.Fatal(err)
			}
			name := ""
			if len(messages) > 0 {
				name = messages[0].Event
			}
			if got := told.told[e.ID].name; got != name {
				t.Fatalf("event %d %s: the webhook said %q, the history says %q", e.Sequence, e.Type, name, got)
			}
			seen[name]++
		}
		asked := folded.State == usher.Created || folded.State == usher.InProgress || folded.State == usher.AwaitingApplicant
		again := flow.Purpose != usher.ForOnboarding || folded.Attempt > 1
		if (told.open != "") != (asked && again) && folded.State != usher.Expired && folded.State != usher.Cancelled {
			t.Fatalf("a session %s at attempt %d has the open action %q", folded.State, folded.Attempt, told.open)
		}
	}
	wanted := []string{dataProvided, individualActivated, individualBlocked, pendingActionCreated, pendingActionCompleted}
	// Some come in one history of hundreds: a few rounds more, rather than a test that hangs on chance.
	missing := func(name string) bool { return seen[name] == 0 }
	for round := 0; round < 10 || (round < 1000 && slices.ContainsFunc(wanted, missing)); round++ {
		rapid.Check(t, history)
	}
	t.Log("names told:", seen)
	for _, name := range wanted {
		if seen[name] == 0 {
			t.Errorf("no history had a %s", name)
		}
	}
}
