package dialecttest

import (
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// act does something that happens elsewhere. The first word names it; an id may be an applicant's, whose newest onboarding session is meant,
// or a session's:
//
//	open ID                  the applicant opens the link
//	step ID STEP             the applicant completes one step that needs no file: consent, details
//	send ID                  the applicant does all that is asked, with simulated evidence, and sends it
//	simulate ID ACTION       any other action of the sandbox, such as fail_check:document
//	review ID                the session is sent to a reviewer
//	approve ID, reject ID    a reviewer decides
//	ask ID STEP…             a reviewer asks for steps again
//	overturn ID, cancel ID
//	erase ID                 the applicant is erased: everything personal is gone
//	wait DURATION            time passes
func (p *player) act(t *testing.T, words []string) {
	t.Helper()
	if len(words) < 2 {
		t.Fatalf("the act %q lacks its object", words)
	}
	name, args := words[0], words[1:]
	if do, ok := p.Acts[name]; ok {
		do(t, args)
		return
	}
	reviewer := usher.Actor{Kind: usher.ByStaff, ID: "reviewer", Role: usher.RoleSenior}
	switch name {
	case "wait":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			t.Fatalf("wait: %v", err)
		}
		p.Advance(d)
	case "send":
		p.simulate(t, args[0], "submit")
	case "simulate":
		if len(args) != 2 {
			t.Fatalf("simulate takes an id and an action, not %q", args)
		}
		p.simulate(t, args[0], args[1])
	case "open":
		p.do(t, args[0], usher.Command{Kind: usher.CmdOpen, By: usher.Actor{Kind: usher.ByApplicant}})
	case "step":
		if len(args) != 2 {
			t.Fatalf("step takes an id and a step, not %q", args)
		}
		p.step(t, args[0], args[1])
	case "review":
		p.do(t, args[0], usher.Command{Kind: usher.CmdReview, By: reviewer})
	case "approve":
		p.do(t, args[0], usher.Command{Kind: usher.CmdApprove, By: reviewer})
	case "reject":
		p.do(t, args[0], usher.Command{Kind: usher.CmdReject, By: reviewer, Reasons: []usher.Reason{{Code: usher.SuspectedFraud}}})
	case "ask":
		p.do(t, args[0], usher.Command{
			Kind: usher.CmdAskAgain, By: reviewer, Steps: slices.Clone(args[1:]), Reasons: []usher.Reason{{Code: usher.DocumentBlurred}},
			Note: "The picture is blurred.",
		})
	case "overturn":
		p.do(t, args[0], usher.Command{Kind: usher.CmdOverturn, By: reviewer, Reasons: []usher.Reason{{Code: usher.Policy}}})
	case "erase":
		p.erase(t, args[0])
	case "cancel":
		p.do(t, args[0], usher.Command{Kind: usher.CmdCancel, By: reviewer})
	default:
		t.Fatalf("there is no act %q", name)
	}
}

func (p *player) step(t *testing.T, id, step string) {
	t.Helper()
	c := usher.Command{Kind: usher.CmdCompleteStep, By: usher.Actor{Kind: usher.ByApplicant}, Step: step}
	if step == string(usher.StepConsent) {
		c.Kind, c.Consent = usher.CmdConsent, &usher.Consent{Face: true}
	}
	p.do(t, id, c)
}

func (p *player) erase(t *testing.T, id string) {
	t.Helper()
	if s, err := p.Service.Session(t.Context(), p.Client.TenantID, id); err == nil {
		id = s.ApplicantID
	}
	by := usher.Actor{Kind: usher.ByStaff, ID: "privacy", Role: usher.RoleAdmin}
	if _, err := p.Service.EraseApplicant(t.Context(), p.Client.TenantID, id, by); err != nil {
		t.Fatalf("erase: %v", err)
	}
}

func (p *player) do(t *testing.T, id string, c usher.Command) {
	t.Helper()
	if _, err := p.Service.Do(t.Context(), p.Client.TenantID, p.session(t, id), c); err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
}

func (p *player) simulate(t *testing.T, id, action string) {
	t.Helper()
	if _, err := p.Service.Simulate(t.Context(), p.Client, p.session(t, id), action); err != nil {
		t.Fatalf("simulate %s: %v", action, err)
	}
}

// session gives the id of the session that an id of a transcript means.
func (p *player) session(t *testing.T, id string) string {
	t.Helper()
	a, err := p.Service.Applicant(t.Context(), p.Client.TenantID, id)
	if err != nil {
		return id
	}
	if a.Latest == nil {
		t.Fatal("the applicant has no session yet")
	}
	return a.Latest.ID
}
