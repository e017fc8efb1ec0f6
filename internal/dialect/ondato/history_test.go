package ondato

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

// testFlows reach every way an identification can begin and end: after consent, at once, behind a check, by a check that stops.
func testFlows() []usher.Flow {
	document := usher.Step{Kind: usher.StepDocument}
	first := usher.Step{Kind: usher.StepRun, ID: "first", Checks: []usher.CheckKind{usher.CheckAge, usher.CheckWatchlist}}
	last := usher.Step{Kind: usher.StepRun, ID: "last", Checks: []usher.CheckKind{usher.CheckDocument}}
	stop := first
	stop.Stop = true
	consent, details := usher.Step{Kind: usher.StepConsent}, usher.Step{Kind: usher.StepDetails}
	flows := []usher.Flow{
		{Name: "plain", Steps: []usher.Step{consent, document, last, {Kind: usher.StepDecide, Automatic: true}}},
		{Name: "bare", Steps: []usher.Step{document, last, {Kind: usher.StepDecide, Automatic: true, OnReject: usher.ToReject}}},
		{Name: "phased", Steps: []usher.Step{consent, details, first, document, last, {Kind: usher.StepDecide, Automatic: true}}},
		{Name: "leading", Steps: []usher.Step{first, document, {Kind: usher.StepDecide, Automatic: true}}},
		{Name: "stop", Steps: []usher.Step{consent, stop, document, {Kind: usher.StepDecide, Reviewers: 2}}},
		{Name: "stop_early", Steps: []usher.Step{consent, stop, details, document, {Kind: usher.StepDecide}}},
		{Name: "stop_reject", Steps: []usher.Step{consent, stop, document, {Kind: usher.StepDecide, OnReject: usher.ToReject, Automatic: true}}},
	}
	for i := range flows {
		flows[i] = flows[i].WithDefaults()
	}
	return flows
}

// wishes are all commands, and those that move a session on more often than those that end it: drawn evenly, hardly a history reaches a decision.
func wishes() []usher.CommandKind {
	all := slices.DeleteFunc(usher.Commands(), func(k usher.CommandKind) bool { return k == usher.CmdReissueLink })
	for range 8 {
		all = append(all, usher.CmdConsent, usher.CmdAddEvidence, usher.CmdCompleteStep, usher.CmdSubmit, usher.CmdReport, usher.CmdApprove,
			usher.CmdReject, usher.CmdAskAgain)
	}
	return all
}

func draw(t *rapid.T, s usher.Session) usher.Command {
	step, round := "document", 0
	if cur, _, ok := s.Current(); ok {
		step, round = cur.ID, cur.Round
	}
	reviewer := usher.Actor{Kind: usher.ByStaff, ID: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "reviewer"), Role: usher.RoleSenior}
	c := usher.Command{
		Kind: rapid.SampledFrom(wishes()).Draw(t, "command"), By: reviewer, Step: step, Round: round, Given: usher.DetailFields(),
		Reasons: []usher.Reason{{Code: usher.Policy}}, Steps: []string{"document"}, Consent: &usher.Consent{}, Metadata: map[string]string{"a": "b"},
		Evidence: &usher.Evidence{ID: "e", Kind: usher.DocumentFront}, Facts: []usher.Correction{{Field: "number", New: "7"}},
	}
	outcome := rapid.SampledFrom([]usher.Outcome{usher.Clear, usher.Refuse}).Draw(t, "outcome")
	for _, kind := range []usher.CheckKind{usher.CheckAge, usher.CheckWatchlist, usher.CheckDocument} {
		c.Results = append(c.Results, usher.CheckResult{Kind: kind, Outcome: outcome, Assurance: usher.Verified})
	}
	return c
}

// A client that believes the messages must know what a client that asks would be told, in every history there can be: a status is told when and
// only when it changes, and an identification is made before anything is told of it.
func TestMessagesTellEveryChange(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	history := func(t *rapid.T) {
		flow := rapid.SampledFrom(testFlows()).Draw(t, "flow")
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		s, all := usher.Start(usher.Session{ID: "s", Flow: flow, Dialect: Name, Key: "k"}, usher.Actor{Kind: usher.ByClient}, now)
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			now = now.Add(rapid.SampledFrom([]time.Duration{1, 2, 3, 4, 5, 6, 7, 8, time.Hour, 49 * time.Hour}).Draw(t, "pause"))
			if next, events, err := usher.Decide(s, draw(t, s), now); err == nil {
				s, all = next, append(all, events...)
			}
		}
		var was usher.Session
		for i, e := range all {
			is := usher.Fold(flow, all[:i+1])
			watch(t, was, is, e, seen)
			was = is
		}
	}
	wanted := []string{idvConsented, idvStatusChanged, kycCreated, kycProcessed, kycApproved, kycUpdated, kycRejected}
	// Some come in one history of hundreds: a few rounds more, rather than a test that hangs on chance.
	missing := func(name string) bool { return seen[name] == 0 }
	for round := 0; round < 20 || (round < 1000 && slices.ContainsFunc(wanted, missing)); round++ {
		rapid.Check(t, history)
	}
	t.Log("messages:", seen)
	for _, name := range wanted {
		if seen[name] == 0 {
			t.Errorf("no history had a %s", name)
		}
	}
}

// watch looks at the messages of one event.
func watch(t *rapid.T, was, is usher.Session, e usher.Event, seen map[string]int) {
	told := namesOf(is, e)
	before, after := standings[was.State], standings[is.State]
	tells := func(names ...string) bool {
		return slices.ContainsFunc(told, func(name string) bool { return slices.Contains(names, name) })
	}
	if was.ID == "" {
		if len(told) > 0 {
			t.Fatalf("creation tells %v", told)
		}
		return
	}
	for _, name := range told {
		seen[name]++
	}
	if changed := before.idv != after.idv; changed != tells(idvStatusChanged) {
		t.Fatalf("%s from %s to %s tells %v", e.Type, was.State, is.State, told)
	}
	if decided := is.State != was.State && after.kyc != awaiting; decided != tells(kycApproved, kycRejected) {
		t.Fatalf("%s from %s to %s tells %v", e.Type, was.State, is.State, told)
	}
	if began := !begun(was) && begun(is); began && !tells(kycCreated) {
		t.Fatalf("%s from %s to %s begins an identification and tells %v", e.Type, was.State, is.State, told)
	}
	if begun(was) && !begun(is) {
		t.Fatalf("%s from %s to %s takes the identification away", e.Type, was.State, is.State)
	}
	if tells(kycProcessed, kycApproved, kycUpdated, kycRejected) && !begun(was) && !tells(kycCreated) {
		t.Fatalf("%s from %s to %s tells %v of an identification that was not made", e.Type, was.State, is.State, told)
	}
	if tells(kycProcessed) && after.idv != completed {
		t.Fatalf("%s from %s to %s tells %v", e.Type, was.State, is.State, told)
	}
	for _, name := range told {
		var v struct{ Status string }
		messages, err := Renderer{}.Render(usher.View{Session: &is}, e)
		if err != nil || len(messages) < len(told) {
			t.Fatal(len(messages), err)
		}
		for _, m := range messages {
			var envelope struct{ Payload json.RawMessage }
			if err := json.Unmarshal(m.Body, &envelope); err != nil {
				t.Fatal(err)
			}
			if m.Event == name && (json.Unmarshal(envelope.Payload, &v) != nil || v.Status == "") {
				t.Fatalf("%s carries %s", name, envelope.Payload)
			}
		}
	}
}
