package engine_test

import (
	"context"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// audited says of every method of the service which entry it leaves on the trail; "-" and a reason where it leaves none. A method that is added
// without a line here fails the test.
var audited = map[string]string{
	"Account": readsNothing, "AccountByNumber": readsNothing, "AccountsOf": readsNothing, "Applicant": readsNothing, "Case": readsNothing,
	"CaseLog": readsNothing, "CaseTags": readsNothing, "CheckFlow": readsNothing, "CountCases": readsNothing, "Delivery": readsNothing,
	"Endpoint": readsNothing, "Endpoints": readsNothing, "Event": readsNothing, "Figures": readsNothing, "Flow": readsNothing, "FlowSource": readsNothing,
	"FlowText": readsNothing, "FlowVersions": readsNothing, "Flows": readsNothing, "Journey": readsNothing, "KeepPlan": readsNothing, "KeepRules": readsNothing,
	"Kept": readsNothing, "LatestScreening": readsNothing, "ListCases": readsNothing, "ListDeliveries": readsNothing, "ListEvents": readsNothing,
	"ListMonitors": readsNothing, "ListSessions": readsNothing, "Monitor": readsNothing, "Screening": readsNothing, "Session": readsNothing,
	"SessionByKey": readsNothing, "Tenant": readsNothing, "EntryLink": readsNothing,

	"AskLink": byApplicant, "BeginHandoff": byApplicant, "CodeStanding": byApplicant, "EnterCode": byApplicant, "HandBack": byApplicant, "Handoff": byApplicant,
	"LookHandoff": byApplicant, "LookLink": byApplicant, "RefuseHandoff": byApplicant, "Saw": byApplicant, "SendCode": byApplicant, "TakeHandoff": byApplicant,
	"UseLink": byApplicant, "Visit": byApplicant,

	"CreateApplicant": begins, "StartSession": begins, "AddEvidence": begins,
	"Hold": monitoring, "Rescreen": monitoring,

	"AssignCase": "case.assigned", "CreateEndpoint": "endpoint.created", "DeleteEndpoint": "endpoint.deleted", "Do": "session.approved",
	"EraseApplicant": "applicant.erased", "FindSessions": "applicants.searched", "HoldDecision": "case.held", "IssueLink": "session.link_issued",
	"JudgeHit": "hit.cleared", "ListApplicants": "applicants.searched", "NextCase": "case.assigned", "NoteCase": "case.noted",
	"OpenAccount": "account.opened", "OpenEvidence": "evidence.viewed", "PublishFlow": "flow.published", "Replay": "endpoint.replayed", "Resend": "delivery.resent",
	"RotateSecret": "endpoint.rotated", "SetMonitor": "monitor.suspended", "Simulate": "session.simulated", "TagCase": "case.tagged",
	"TestEndpoint": "endpoint.tested", "UndoDecision": "case.undone", "UpdateApplicant": "applicant.updated", "UpdateEndpoint": "endpoint.disabled",
	"EndRelationship": "applicant.updated", "HoldApplicant": "applicant.updated", "SetKeepRules": "retention.set",
}

const (
	readsNothing = "- opens no file; pages and reports that show it are noted where they are shown"
	byApplicant  = "- what applicants do is in the session's own history"
	begins       = "- what begins, and what came in, is in the session's own history"
	monitoring   = "- the server's own work; what it finds is an event"
)

// elsewhere are held by tests of their own, which set up what they need.
var elsewhere = []string{"JudgeHit", "SetMonitor", "UndoDecision", "HoldDecision"}

func TestEveryMethodIsAudited(t *testing.T) {
	t.Parallel()
	service := reflect.TypeFor[usher.Service]()
	for i := range service.NumMethod() {
		if audited[service.Method(i).Name] == "" {
			t.Errorf("nobody has said which entry of the audit trail %s leaves: say it here", service.Method(i).Name)
		}
	}
	for name := range audited {
		if _, ok := service.MethodByName(name); !ok {
			t.Errorf("the service has no %s any more", name)
		}
	}
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{names{}}})
	ctx := usher.Acting(t.Context(), usher.Actor{Kind: usher.ByStaff, ID: "ann", Role: usher.RoleAdmin})
	done := trailCalls(t, ctx, h)
	for name, action := range audited {
		call, ok := done[name]
		switch {
		case strings.HasPrefix(action, "-"), slices.Contains(elsewhere, name):
			continue
		case !ok:
			t.Errorf("nothing tries %s", name)
			continue
		}
		before := trailOf(t, h)
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		after := trailOf(t, h)
		if !slices.ContainsFunc(after[len(before):], func(r usher.AuditRecord) bool { return r.Action == action && r.TenantID == h.Tenant.ID }) {
			t.Errorf("%s leaves no entry %q but %v", name, action, after[len(before):])
		}
		for _, r := range after[len(before):] {
			if strings.Contains(r.Detail+r.Object, "Ada") || strings.Contains(r.Detail+r.Object, "@") {
				t.Errorf("%s leaves personal data: %+v", name, r)
			}
		}
	}
}

func trailOf(t *testing.T, h *enginetest.House) []usher.AuditRecord {
	t.Helper()
	var list []usher.AuditRecord
	for r, err := range h.Store.AuditTrail(context.Background(), h.Tenant.ID, 1) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// trailCalls calls each method in a way that succeeds, each on things of its own.
func trailCalls(t *testing.T, ctx context.Context, h *enginetest.House) map[string]func() error {
	t.Helper()
	tenant, client := h.Tenant.ID, h.Client(h.Tenant, "native")
	ann, member := usher.ActorFrom(ctx), reviewers(t, h, usher.RoleReviewer)[0]
	who := usher.Details{FirstName: "Ada", LastName: "Plain", Email: "ada@example.test", DateOfBirth: "1990-02-03"}
	session := func(action string) usher.Session {
		t.Helper()
		s, _, err := h.StartSession(ctx, client, usher.NewSession{Applicant: &usher.NewApplicant{Details: who}, Flow: "onboarding"})
		if err == nil && action != "" {
			s, err = h.Simulate(ctx, client, s.ID, action)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	endpoint := func() usher.Endpoint {
		t.Helper()
		ep, err := h.CreateEndpoint(ctx, tenant, usher.Endpoint{URL: "https://client.example.test/hooks", Dialect: "native", Events: []usher.EventType{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		return ep
	}
	return map[string]func() error{
		"AssignCase": func() error {
			_, err := h.AssignCase(ctx, tenant, session("submit_review").ID, member.ID, "", member)
			return err
		},
		"CreateEndpoint": func() error { endpoint(); return nil },
		"DeleteEndpoint": func() error { return h.DeleteEndpoint(ctx, tenant, endpoint().ID) },
		"Do": func() error {
			_, err := h.Do(ctx, tenant, session("submit_review").ID, usher.Command{Kind: usher.CmdApprove, By: ann})
			return err
		},
		"EraseApplicant": func() error {
			_, err := h.EraseApplicant(ctx, tenant, session("").ApplicantID, ann)
			return err
		},
		"EndRelationship": func() error {
			_, err := h.EndRelationship(ctx, tenant, session("approve").ApplicantID, h.Now(), ann)
			return err
		},
		"HoldApplicant": func() error {
			_, err := h.HoldApplicant(ctx, tenant, session("approve").ApplicantID, "a court asked", ann)
			return err
		},
		"SetKeepRules": func() error { return h.SetKeepRules(ctx, tenant, usher.KeepRules{}, ann) },
		"FindSessions": func() error { _, err := h.FindSessions(ctx, tenant, "Ada", 5); return err },
		"IssueLink": func() error {
			_, _, err := h.IssueLink(ctx, client, session("").ID, usher.NewLink{})
			return err
		},
		"ListApplicants": func() error {
			_, err := h.ListApplicants(ctx, tenant, usher.ApplicantFilter{Email: "ada@example.test"})
			return err
		},
		"NextCase": func() error {
			session("submit_review")
			_, err := h.NextCase(ctx, tenant, member)
			return err
		},
		"NoteCase": func() error { return h.NoteCase(ctx, tenant, session("submit_review").ID, "Ada seems well", ann) },
		"OpenAccount": func() error {
			_, err := h.OpenAccount(ctx, client, session("approve").ApplicantID, "savings")
			return err
		},
		"OpenEvidence": func() error {
			s := session("approve")
			_, r, err := h.OpenEvidence(ctx, tenant, s.ID, s.Evidence[0].ID, 0, ann)
			if err == nil {
				_, err = io.Copy(io.Discard, r)
				_ = r.Close()
			}
			return err
		},
		"PublishFlow": func() error {
			_, err := h.PublishFlow(ctx, tenant, usher.Flow{Name: "tried"}, "name: tried\nsteps:\n  - consent: {text: identity-check}\n  - decide: {}\n")
			return err
		},
		"Replay": func() error { _, err := h.Replay(ctx, tenant, endpoint().ID, "", time.Time{}); return err },
		"Resend": func() error {
			d, err := h.TestEndpoint(ctx, tenant, endpoint().ID)
			if err == nil {
				_, err = h.Resend(ctx, tenant, d.ID)
			}
			return err
		},
		"RotateSecret": func() error { _, err := h.RotateSecret(ctx, tenant, endpoint().ID); return err },
		"Simulate":     func() error { session("submit"); return nil },
		"TagCase": func() error {
			_, err := h.TagCase(ctx, tenant, session("submit_review").ID, []string{"odd"}, ann)
			return err
		},
		"TestEndpoint": func() error { _, err := h.TestEndpoint(ctx, tenant, endpoint().ID); return err },
		"UpdateApplicant": func() error {
			phone := "46700000000"
			_, err := h.UpdateApplicant(ctx, tenant, session("").ApplicantID, usher.ApplicantPatch{Phone: &phone}, ann)
			return err
		},
		"UpdateEndpoint": func() error {
			_, err := h.UpdateEndpoint(ctx, tenant, endpoint().ID, func(ep *usher.Endpoint) { ep.Disabled = "for a while" })
			return err
		},
	}
}
