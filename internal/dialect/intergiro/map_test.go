package intergiro

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

func TestEveryStateHasAStatusAndBack(t *testing.T) {
	t.Parallel()
	statuses := []string{pendingActivation, onboardingRequested, onboardingDataProvided, activated, blocked}
	for _, state := range usher.States() {
		for _, sent := range []time.Time{{}, time.Now()} {
			status := statusOf(&usher.SessionHead{State: state, SubmittedAt: sent})
			if !slices.Contains(statuses, status) {
				t.Errorf("%s has the status %q", state, status)
			}
			if !slices.Contains(statesOf(status), state) {
				t.Errorf("%s has the status %s, whose states are %v", state, status, statesOf(status))
			}
		}
	}
	if got := statusOf(nil); got != pendingActivation || len(statesOf(got)) != 0 {
		t.Errorf("without a session the status is %s of the states %v", got, statesOf(got))
	}
}

func TestActionType(t *testing.T) {
	t.Parallel()
	steps := []usher.StepStatus{{ID: "document", Kind: usher.StepDocument}, {ID: "home", Kind: usher.StepProofOfAddress}}
	for _, c := range []struct {
		purpose usher.Purpose
		asked   []string
		want    string
	}{
		{usher.ForOnboarding, []string{"document"}, identityVerification},
		{usher.ForOnboarding, []string{"home"}, proofOfAddressVerification},
		{usher.ForOnboarding, []string{"home", "document"}, identityVerification},
		{usher.ForIdentity, nil, identityVerification},
		{usher.ForProofOfAddress, nil, proofOfAddressVerification},
		{usher.ForProofOfAddress, []string{"home"}, proofOfAddressVerification},
	} {
		if got := actionType(usher.Session{Purpose: c.purpose, Steps: steps}, c.asked); got != c.want {
			t.Errorf("%s asking for %v is %s, want %s", c.purpose, c.asked, got, c.want)
		}
	}
}

func TestDescriptionIsInTheSessionsLanguage(t *testing.T) {
	t.Parallel()
	e := usher.Event{Data: usher.EventData{Note: "Bilden är suddig."}}
	got := actionOf(usher.Session{Purpose: usher.ForIdentity, Locale: "sv"}, e).Description
	want := "Vi behöver kontrollera din identitet en gång till. Öppna länken. Bilden är suddig."
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	if got := actionOf(usher.Session{Purpose: usher.ForIdentity, Locale: "xx"}, usher.Event{}).Description; got == "" {
		t.Error("an unknown language has no description")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{
			"conflict", usher.Conflict("no"), http.StatusUnprocessableEntity,
			`{"error":{"code":"request_blocked","message":"no"}}`,
		},
		{"gone", &usher.Error{Code: usher.CodeGone, Message: "erased"}, http.StatusNotFound, `{"error":{"code":"not_found","message":"erased"}}`},
		{
			"rate", &usher.Error{Code: usher.CodeLimited, Message: "slowly"}, http.StatusTooManyRequests,
			`{"error":{"code":"rate_limited","message":"slowly"}}`,
		},
		{
			"limit of a field", &usher.Error{Code: usher.CodeLimited, Field: "file", Message: "too many"}, http.StatusBadRequest,
			`{"errors":[{"code":"invalid_format","field":"file","message":"too many"}]}`,
		},
		{
			"our fault", errors.New("secret detail"), http.StatusInternalServerError,
			`{"error":{"code":"internal_error","message":"something went wrong on our side; try again, and give this request id when you ask for help: "}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			fail(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), c.err)
			if diff := cmp.Diff(c.body+"\n", w.Body.String()); w.Code != c.status || diff != "" {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", w.Code, c.status, diff)
			}
		})
	}
}

func FuzzPerson(f *testing.F) {
	f.Add(`{"first_name": "John", "last_name": null, "address": {"country_code": "SE"}}`)
	f.Add(`{"address": [], "email": 7}`)
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		m, err := readBody(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		d := m.person(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		whole := slices.Contains(d.Given(), usher.AskName) && slices.Contains(d.Given(), usher.AskDateOfBirth) && slices.Contains(d.Given(), usher.AskContact)
		if m.err() == nil && !whole {
			t.Errorf("%q is taken without fault but lacks something: %v", text, d.Given())
		}
	})
}
