package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/vault"
)

// Family names that steer a sandbox session (DESIGN 6.4). The other two, Reject and Review, and Hit, are the sandbox checks' to read.
const (
	magicExpire       = "expire"
	magicAccountError = "accounterror"
)

// magicName gives the family name, folded, when it is one of those that steer a sandbox.
func magicName(d usher.Details) string {
	name := strings.ToLower(strings.TrimSpace(d.LastName))
	if slices.Contains([]string{"reject", "review", magicExpire, magicAccountError, "hit"}, name) {
		return name
	}
	return ""
}

func (h *hand) magic() string {
	if h.tenant.Mode != usher.Sandbox {
		return ""
	}
	return magicName(h.applicant.Details)
}

func erased(err error) bool { return errors.Is(err, vault.ErrErased) }

// Simulate steers a sandbox session: submit, submit_review, approve, reject, expire, fail_check:<kind>, watchlist_hit, account_error. What it
// makes happen is told by the same events as the real thing.
func (e *Engine) Simulate(ctx context.Context, c usher.APIClient, session, action string) (usher.Session, error) {
	t, err := e.Tenant(ctx, c.TenantID)
	if err != nil {
		return usher.Session{}, err
	}
	if t.Mode != usher.Sandbox {
		return usher.Session{}, usher.NotFound("simulation")
	}
	by := clientActor(c)
	name, arg, _ := strings.Cut(action, ":")
	run, ok := map[string]func(*hand) error{
		"submit":        func(h *hand) error { return h.pretend(ctx, by) },
		"submit_review": func(h *hand) error { return h.pretendAnd(ctx, by, usher.CmdReview, nil) },
		"approve":       func(h *hand) error { return h.pretendAnd(ctx, by, usher.CmdApprove, nil) },
		"reject":        func(h *hand) error { return h.pretendAnd(ctx, by, usher.CmdReject, simulatedReason()) },
		"expire": func(h *hand) error {
			return h.decide(ctx, usher.Command{Kind: usher.CmdTick, By: by, Expires: h.session.ExpiresAt.Add(time.Millisecond)})
		},
		"fail_check": func(h *hand) error {
			return h.fail(ctx, by, usher.CheckKind(arg), usher.Refuse, usher.SimulatedOutcome)
		},
		"watchlist_hit": func(h *hand) error { return h.fail(ctx, by, usher.CheckWatchlist, usher.Consider, usher.WatchlistHit) },
		"account_error": func(h *hand) error {
			return h.decide(ctx, usher.Command{Kind: usher.CmdAccount, By: by, Account: &usher.AccountStatus{
				Reasons: []usher.Reason{{Code: usher.AccountOpenerRefused}},
			}})
		},
	}[name]
	if !ok {
		return usher.Session{}, usher.Invalid("action", "use submit, submit_review, approve, reject, expire, fail_check:<check>, watchlist_hit or account_error")
	}
	if err := e.standIns(ctx, c.TenantID, session, name); err != nil {
		return usher.Session{}, err
	}
	return e.script(ctx, c.TenantID, session, "simulate", false, run)
}

func simulatedReason() []usher.Reason { return []usher.Reason{{Code: usher.SimulatedOutcome}} }

// standIns stores pictures, marked as simulated, for every open step that asks for one. It comes before the script: files are written outside
// of the change.
func (e *Engine) standIns(ctx context.Context, tenant, id, action string) error {
	if action == "expire" || action == "account_error" {
		return nil
	}
	s, err := e.Session(ctx, tenant, id)
	if err != nil {
		return err
	}
	if !slices.Contains([]usher.State{usher.Created, usher.InProgress, usher.AwaitingApplicant}, s.State) {
		return nil
	}
	for _, st := range s.Asked() {
		for _, kind := range needs(s, st) {
			body := bytes.NewReader(e.c.Stand(kind))
			n := usher.NewEvidence{
				Kind: kind, Source: usher.FromSimulation, ContentType: "image/png", By: usher.Actor{Kind: usher.BySystem, ID: "simulation"},
			}
			if _, _, err := e.AddEvidence(ctx, tenant, id, n, body); err != nil {
				return fmt.Errorf("simulate evidence: %w", err)
			}
		}
	}
	return nil
}

// needs gives the evidence a step lacks.
func needs(s usher.Session, st usher.StepStatus) []usher.EvidenceKind {
	var kinds []usher.EvidenceKind
	switch st.Kind {
	case usher.StepDocument:
		kinds = []usher.EvidenceKind{usher.DocumentFront, usher.DocumentBack}
	case usher.StepSelfie:
		kinds = []usher.EvidenceKind{usher.Selfie}
	case usher.StepProofOfAddress:
		kinds = []usher.EvidenceKind{usher.ProofOfAddress}
	default:
	}
	return slices.DeleteFunc(kinds, func(k usher.EvidenceKind) bool { return s.Has(k) && len(st.Redo) == 0 })
}

// someone fills in what a sandbox applicant did not say.
func someone(d usher.Details) usher.Details {
	fill := func(to *string, with string) {
		if *to == "" {
			*to = with
		}
	}
	fill(&d.FirstName, "Sam")
	fill(&d.LastName, "Sandbox")
	fill((*string)(&d.DateOfBirth), "1990-01-01")
	fill(&d.Nationality, "SE")
	fill(&d.Email, "sam@example.test")
	fill(&d.Phone, "46700000000")
	if d.Address == nil {
		d.Address = &usher.Address{Country: "SE", Street: "Sandbox street 1", City: "Stockholm", PostalCode: "111 11"}
	}
	return d
}

// pretend does what an applicant would: says everything that is asked, and sends it.
func (h *hand) pretend(ctx context.Context, by usher.Actor) error {
	if h.magic() == magicExpire {
		return h.decide(ctx, usher.Command{Kind: usher.CmdTick, By: by, Expires: h.session.ExpiresAt.Add(time.Millisecond)})
	}
	details := someone(h.applicant.Details)
	for range h.session.Flow.Steps {
		submit := usher.Command{Kind: usher.CmdSubmit, By: by, Details: &details, Consent: &usher.Consent{Face: true}}
		if err := h.decide(ctx, submit); err != nil {
			return err
		}
		st, _, ok := h.session.Current()
		if h.session.State != usher.InProgress || !ok || st.State != usher.StepRunning {
			return nil
		}
		// Checks that stand between the applicant's steps: nobody waits for a queue in a simulation.
		if err := h.runHere(ctx, st); err != nil {
			return err
		}
	}
	return nil
}

// runHere asks the sandbox checks of a step at once and reports them.
func (h *hand) runHere(ctx context.Context, st usher.StepStatus) error {
	in, err := h.e.checkInput(ctx, h.session)
	if err != nil {
		return err
	}
	in.Simulated, in.Details = true, h.applicant.Details
	results, _ := h.e.ask(ctx, st, in, true)
	return h.decide(ctx, usher.Command{
		Kind: usher.CmdReport, By: usher.Actor{Kind: usher.BySystem, ID: "simulation"}, Step: st.ID, Round: st.Round, Results: results,
	})
}

// pretendAnd sends what is still to be sent, and then does one thing more before any check can.
func (h *hand) pretendAnd(ctx context.Context, by usher.Actor, then usher.CommandKind, why []usher.Reason) error {
	if !slices.Contains([]usher.State{usher.Submitted, usher.InReview}, h.session.State) {
		if err := h.pretend(ctx, by); err != nil {
			return err
		}
	}
	if then == usher.CmdReview && h.session.State == usher.InReview {
		return nil
	}
	return h.decide(ctx, usher.Command{Kind: then, By: by, Reasons: why})
}

// fail sends what is still to be sent and reports the checks of the run step in hand: the named one with the outcome, the others clear.
func (h *hand) fail(ctx context.Context, by usher.Actor, kind usher.CheckKind, outcome usher.Outcome, why usher.ReasonCode) error {
	planned := slices.ContainsFunc(h.session.Flow.Steps, func(s usher.Step) bool { return slices.Contains(s.Checks, kind) })
	if !planned {
		return usher.Invalid("action", "the flow of this session does not run the check %q", string(kind))
	}
	if h.session.State != usher.Submitted {
		if err := h.pretend(ctx, by); err != nil {
			return err
		}
	}
	for range h.session.Flow.Steps {
		st, _, ok := h.session.Current()
		if !ok || st.State != usher.StepRunning {
			break
		}
		var results []usher.CheckResult
		for _, c := range st.Checks {
			r := usher.CheckResult{Kind: c.Kind, Outcome: usher.Clear, Score: 1, Assurance: usher.Simulated, Provider: "simulation"}
			if c.Kind == kind {
				r.Outcome, r.Score, r.Reasons = outcome, 0, []usher.Reason{{Code: why, Check: kind}}
			}
			results = append(results, r)
		}
		report := usher.Command{Kind: usher.CmdReport, By: by, Step: st.ID, Round: st.Round, Results: results}
		if err := h.decide(ctx, report); err != nil {
			return err
		}
	}
	return nil
}
