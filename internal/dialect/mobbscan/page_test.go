package mobbscan

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

func moments() []usher.Moment {
	return []usher.Moment{
		usher.MomentStarted, usher.MomentFinished, usher.MomentDeclined, usher.MomentFailed, usher.MomentExpired, usher.MomentPermission,
		usher.MomentHardware, usher.MomentConnection, usher.MomentUnexpected,
	}
}

func TestExit(t *testing.T) {
	t.Parallel()
	const back = "https://client.example/done?order=7&q=a%20b#top"
	for m, want := range map[usher.Moment]string{
		usher.MomentStarted:    "",
		usher.MomentFinished:   back,
		usher.MomentPermission: "https://client.example/done?order=7&q=a%20b&error=PermissionError#top",
		usher.MomentHardware:   "https://client.example/done?order=7&q=a%20b&error=HardwareError#top",
		usher.MomentConnection: "https://client.example/done?order=7&q=a%20b&error=ConnectionError#top",
		usher.MomentExpired:    "https://client.example/done?order=7&q=a%20b&error=TimeoutError#top",
		usher.MomentDeclined:   "https://client.example/done?order=7&q=a%20b&error=OnboardingError#top",
		usher.MomentFailed:     "https://client.example/done?order=7&q=a%20b&error=OnboardingError#top",
		usher.MomentUnexpected: "https://client.example/done?order=7&q=a%20b&error=SupportError#top",
	} {
		if got := exit(usher.Session{ReturnURL: back}, m); got != want {
			t.Errorf("%s leads to %q, want %q", m, got, want)
		}
	}
	if got := exit(usher.Session{ReturnURL: "https://client.example"}, usher.MomentFailed); got != "https://client.example?error=OnboardingError" {
		t.Errorf("without a query: %q", got)
	}
	for _, m := range moments() {
		if got := exit(usher.Session{}, m); got != "" {
			t.Errorf("without a redirectUrl %s leads to %q", m, got)
		}
	}
}

// What the example application of the vendor reads of a message.
func TestMessages(t *testing.T) {
	t.Parallel()
	s := usher.Session{
		Key: "5c0c1f5e-8b1a-4a52-9f0b-5e2f8d7a1c33", ReturnURL: "https://client.example/done", Metadata: map[string]string{keptToken: "Q1w2e3"},
	}
	const onboarding = `{"onboarding":{"onboardingToken":"Q1w2e3","returnUrl":"https://client.example/done","scanId":"5c0c1f5e-8b1a-4a52-9f0b-5e2f8d7a1c33"},`
	started := onboarding + `"type":"Info","value":{"name":"OnboardingStarted"}}`
	finished := onboarding + `"type":"Info","value":{"name":"OnboardingFinished"}}`
	failed := func(kind string) string { return onboarding + `"type":"Error","value":{"message":"` + kind + `"}}` }
	for m, want := range map[usher.Moment][]string{
		usher.MomentStarted: {started}, usher.MomentFinished: {finished},
		usher.MomentDeclined: {failed("OnboardingError"), finished}, usher.MomentFailed: {failed("OnboardingError"), finished},
		usher.MomentExpired: {failed("TimeoutError"), finished}, usher.MomentPermission: {failed("PermissionError")},
		usher.MomentHardware: {failed("HardwareError")}, usher.MomentConnection: {failed("ConnectionError")}, usher.MomentUnexpected: {failed("SupportError")},
	} {
		var got []string
		for _, text := range posted(s, m) {
			got = append(got, string(text))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", m, diff)
		}
	}
	var none message
	if err := json.Unmarshal(posted(usher.Session{}, usher.MomentFinished)[0], &none); err != nil || none.Onboarding.ReturnURL != nil {
		t.Errorf("without a redirectUrl: %v, %v", none, err)
	}
}

// The webhook goes out at the vendor's moments and has the status of the session as it is then.
func TestWebhookMoments(t *testing.T) {
	t.Parallel()
	flow := func(automatic bool) usher.Flow {
		return usher.Flow{Steps: []usher.Step{{Kind: usher.StepDecide, Automatic: automatic}}}
	}
	asked := map[string]string{keptReview: "1"}
	for _, c := range []struct {
		name    string
		session usher.Session
		event   usher.Event
		want    []string
	}{
		{"finished, a rule decides", usher.Session{State: usher.Submitted, Flow: flow(true)}, usher.Event{Type: usher.SessionSubmitted}, []string{pending}},
		{"finished, somebody decides: told with what the checks found", usher.Session{State: usher.Submitted, Flow: flow(false)}, usher.Event{Type: usher.SessionSubmitted}, nil},
		{"waits for an agent", usher.Session{State: usher.InReview, Attempt: 1}, usher.Event{Type: usher.SessionReviewRequested}, []string{pending}},
		{"waits for a second agent", usher.Session{State: usher.InReview}, usher.Event{Type: usher.SessionReviewRequested, Data: usher.EventData{Votes: []usher.Actor{{}}}}, nil},
		{"review asked", usher.Session{State: usher.InReview, Attempt: 1, Metadata: asked}, usher.Event{Type: usher.SessionAnnotated, Data: usher.EventData{Metadata: asked}}, []string{pending}},
		{"and told already", usher.Session{State: usher.InReview, Attempt: 1, Metadata: asked}, usher.Event{Type: usher.SessionReviewRequested}, nil},
		{"and again after a second attempt", usher.Session{State: usher.InReview, Attempt: 2, Metadata: asked}, usher.Event{Type: usher.SessionReviewRequested}, []string{pending}},
		{"another note", usher.Session{State: usher.InReview}, usher.Event{Type: usher.SessionAnnotated, Data: usher.EventData{Metadata: map[string]string{keptDecided: "x"}}}, nil},
		{"accepted", usher.Session{State: usher.Approved}, usher.Event{Type: usher.SessionApproved}, []string{verified}},
		{"rejected", usher.Session{State: usher.Rejected}, usher.Event{Type: usher.SessionRejected}, []string{notVerified}},
		{"overturned", usher.Session{State: usher.Approved}, usher.Event{Type: usher.SessionOverturned}, []string{verified}},
	} {
		c.session.ID = "v"
		messages, err := Renderer{}.Render(usher.View{Session: &c.session}, c.event)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range messages {
			got = append(got, m.Event)
			if want := `{"verificationId":"v","status":"` + m.Event + `"}`; string(m.Body) != want || m.ContentType != "application/json" {
				t.Errorf("%s: the body is %s of type %s", c.name, m.Body, m.ContentType)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, kind := range usher.EventTypes() {
		told := []usher.EventType{
			usher.SessionSubmitted, usher.SessionReviewRequested, usher.SessionAnnotated, usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned,
		}
		s := usher.Session{State: usher.Submitted, Flow: flow(true)}
		if messages, _ := (Renderer{}).Render(usher.View{Session: &s}, usher.Event{Type: kind}); len(messages) > 0 && !slices.Contains(told, kind) {
			t.Errorf("%s is told", kind)
		}
	}
	if messages, err := (Renderer{}).Render(usher.View{}, usher.Event{Type: usher.ApplicantErased}); len(messages) > 0 || err != nil {
		t.Errorf("an applicant's event is told: %v, %v", messages, err)
	}
}
