package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const reachable = `name: reachable
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, contact]}
  - contact: {verify: [email, phone]}
  - run: [age]
  - decide: {automatic: approve}
`

// asked gives a session whose applicant has said how they are reached.
func asked(t *testing.T) (*enginetest.House, usher.Session) {
	t.Helper()
	h := enginetest.Open(t)
	h.Publish(h.Tenant.ID, reachable)
	s, _, err := h.StartSession(t.Context(), h.Client(h.Tenant, "native"), usher.NewSession{Flow: "reachable", Applicant: &usher.NewApplicant{}})
	if err != nil {
		t.Fatal(err)
	}
	do(t, h, s.ID, usher.Command{Kind: usher.CmdConsent, By: usher.Actor{Kind: usher.ByApplicant}, Step: "consent", Consent: &usher.Consent{}})
	return h, tell(t, h, s.ID, "anna@example.test")
}

func tell(t *testing.T, h *enginetest.House, session, email string) usher.Session {
	t.Helper()
	return do(t, h, session, usher.Command{
		Kind: usher.CmdCompleteStep, By: usher.Actor{Kind: usher.ByApplicant}, Step: "details",
		Details: &usher.Details{FirstName: "Anna", LastName: "Bok", Email: email, Phone: "46701234567"},
	})
}

func send(t *testing.T, h *enginetest.House, s usher.Session, c usher.Channel) string {
	t.Helper()
	var drawn string
	err := h.SendCode(t.Context(), h.Tenant.ID, s.ID, c, func(code string) (string, string) { drawn = code; return "Your code", code + " is your code" })
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

func enter(t *testing.T, h *enginetest.House, s usher.Session, c usher.Channel, code string) string {
	t.Helper()
	_, err := h.EnterCode(t.Context(), h.Tenant.ID, s.ID, c, code)
	var e *usher.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	return e.Detail
}

// otherThan gives a code that is not this one.
func otherThan(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

func TestCodesProveBothChannels(t *testing.T) {
	t.Parallel()
	h, s := asked(t)
	mail := send(t, h, s, usher.ByEmail)
	m := h.Codes.Sent()[0]
	if m.To != "anna@example.test" || m.Subject != "Your code" || m.Text != mail+" is your code" || m.TenantID != h.Tenant.ID {
		t.Errorf("sent: %s %s %s", m.To, m.Subject, m.Text)
	}
	if got := enter(t, h, s, usher.ByEmail, otherThan(mail)); got != "code_wrong" {
		t.Errorf("a wrong code answers %q", got)
	}
	if got := enter(t, h, s, usher.ByEmail, mail[:3]+" "+mail[3:]); got != "" {
		t.Errorf("the code with a space answers %q", got)
	}
	phone := send(t, h, s, usher.ByPhone)
	if got := enter(t, h, s, usher.ByPhone, phone); got != "" {
		t.Errorf("the code of the phone answers %q", got)
	}
	s, err := h.Session(t.Context(), h.Tenant.ID, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	st, _ := s.Step("contact")
	p, ok := st.Proof(usher.ByPhone)
	if st.State != usher.StepDone || !ok || p.Address != "46701234567" || p.Simulated {
		t.Errorf("the step is %s, with %v", st.State, ok)
	}
}

func TestCodeIsOfItsAddress(t *testing.T) {
	t.Parallel()
	h, s := asked(t)
	code := send(t, h, s, usher.ByEmail)
	tell(t, h, s.ID, "other@example.test")
	if got := enter(t, h, s, usher.ByEmail, code); got != "code_wrong" {
		t.Errorf("the code of another address answers %q", got)
	}
}

func TestCodesAreLimited(t *testing.T) {
	t.Parallel()
	h, s := asked(t)
	code := send(t, h, s, usher.ByEmail)
	limited := func(want bool) {
		t.Helper()
		err := h.SendCode(t.Context(), h.Tenant.ID, s.ID, usher.ByEmail, func(c string) (string, string) { code = c; return "", c })
		var e *usher.Error
		if got := errors.As(err, &e) && e.Code == usher.CodeLimited; got != want {
			t.Errorf("another code: %v", err)
		}
	}
	limited(true) // at once
	for range 4 {
		if got := enter(t, h, s, usher.ByEmail, otherThan(code)); got != "code_wrong" {
			t.Errorf("a wrong code answers %q", got)
		}
	}
	for range 2 {
		if got := enter(t, h, s, usher.ByEmail, otherThan(code)); got != "code_locked" {
			t.Errorf("the fifth wrong code answers %q", got)
		}
	}
	if got := enter(t, h, s, usher.ByEmail, code); got != "code_locked" {
		t.Errorf("the right code after five wrong ones answers %q", got)
	}
	for range 4 {
		h.Advance(time.Minute)
		limited(false)
	}
	h.Advance(time.Minute)
	limited(true) // five in this hour
	standing, err := h.CodeStanding(t.Context(), h.Tenant.ID, s.ID, usher.ByEmail)
	if err != nil || standing.NextAt.Before(h.Now().Add(50*time.Minute)) || standing.Tries != 5 {
		t.Errorf("standing %+v, %v", standing, err)
	}
	h.Advance(11 * time.Minute)
	if got := enter(t, h, s, usher.ByEmail, code); got != "code_ended" {
		t.Errorf("a code after its time answers %q", got)
	}
}

func TestNoCodeWhenTheSessionTakesNone(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*enginetest.House, usher.Session){
		"cancelled": func(h *enginetest.House, s usher.Session) {
			do(t, h, s.ID, usher.Command{Kind: usher.CmdCancel, By: usher.Actor{Kind: usher.ByClient}})
		},
		"expired": func(h *enginetest.House, s usher.Session) { h.Advance(s.ExpiresAt.Sub(h.Now()) + time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := asked(t)
			end(h, s)
			sent := len(h.Codes.Sent())
			err := h.SendCode(t.Context(), h.Tenant.ID, s.ID, usher.ByEmail, func(code string) (string, string) { return "", code })
			var told *usher.Error
			if !errors.As(err, &told) || told.Code != usher.CodeConflict || len(h.Codes.Sent()) != sent {
				t.Errorf("asked for a code: %v, %d sent", err, len(h.Codes.Sent())-sent)
			}
		})
	}
}

func TestCodeThatIsNotSent(t *testing.T) {
	t.Parallel()
	h, s := asked(t)
	h.Codes.Down(true)
	err := h.SendCode(t.Context(), h.Tenant.ID, s.ID, usher.ByEmail, func(c string) (string, string) { return "", c })
	var e *usher.Error
	if !errors.As(err, &e) || e.Detail != "not_sent" {
		t.Errorf("a sender that is down: %v", err)
	}
	h.Codes.Down(false)
	if code := send(t, h, s, usher.ByEmail); enter(t, h, s, usher.ByEmail, code) != "" {
		t.Error("the next try does not work at once")
	}
}

func TestSimulationEntersCodes(t *testing.T) {
	t.Parallel()
	h, s := asked(t)
	s, err := h.Simulate(t.Context(), h.Client(h.Tenant, "native"), s.ID, "submit")
	if err != nil {
		t.Fatal(err)
	}
	st, _ := s.Step("contact")
	if p, ok := st.Proof(usher.ByEmail); !ok || !p.Simulated || len(h.Codes.Sent()) != 0 {
		t.Errorf("proved %v, by %d messages", ok, len(h.Codes.Sent()))
	}
}
