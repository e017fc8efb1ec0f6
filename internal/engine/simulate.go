package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// magicNames are the family names that steer a sandbox session (DESIGN 6.4), in small letters.
var magicNames = map[string]string{
	"reject": usher.SteerReject, "review": usher.SteerReview, "hit": usher.SteerHit, "expire": usher.SteerExpire,
	"accounterror": usher.SteerAccountError,
}

// steered gives what a sandbox session asks to come of it, by its own word or by the applicant's family name; "" in live ones.
func steered(mode usher.Mode, steer string, d usher.Details) string {
	if mode != usher.Sandbox {
		return ""
	}
	return cmp.Or(steer, magicNames[strings.ToLower(strings.TrimSpace(d.LastName))])
}

func (h *hand) steer() string { return steered(h.tenant.Mode, h.session.Steer, h.applicant.Details) }

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
	const operation = "simulate"
	if had, err := e.done(ctx, operation); err != nil || had != "" {
		if err != nil {
			return usher.Session{}, err
		}
		return e.Session(ctx, c.TenantID, session)
	}
	by := clientActor(c)
	name, arg, _ := strings.Cut(action, ":")
	run, ok := map[string]func(*hand) error{
		"submit":        func(h *hand) error { return h.pretend(ctx, by, nil) },
		"submit_review": func(h *hand) error { return h.pretendAnd(ctx, by, usher.CmdReview, nil) },
		"approve":       func(h *hand) error { return h.pretendAnd(ctx, by, usher.CmdApprove, nil) },
		"reject":        func(h *hand) error { return h.pretendAnd(ctx, by, usher.CmdReject, simulatedReason()) },
		"expire": func(h *hand) error {
			return h.decide(ctx, usher.Command{Kind: usher.CmdTick, By: by, Expires: h.session.ExpiresAt.Add(time.Millisecond)})
		},
		"fail_check": func(h *hand) error {
			return h.fail(ctx, by, usher.CheckKind(arg), usher.Refuse, usher.SimulatedOutcome)
		},
		"watchlist_hit": func(h *hand) error {
			if h.session.State == usher.Approved {
				return h.pretendNews(ctx, by)
			}
			return h.fail(ctx, by, usher.CheckWatchlist, usher.Consider, usher.WatchlistHit)
		},
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
	return e.script(ctx, c.TenantID, session, operation, false, func(h *hand) error {
		h.change.Audit = append(h.change.Audit, e.record(c.TenantID, by, "session.simulated", session, action))
		return run(h)
	})
}

// collecting are the states in which it is the applicant's turn.
func collecting() []usher.State {
	return []usher.State{usher.Created, usher.InProgress, usher.AwaitingApplicant}
}

// simulatedProof stands for every code that a simulation would have to enter.
func simulatedProof() *usher.ContactProof {
	return &usher.ContactProof{Address: "simulated", Simulated: true}
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
	if !slices.Contains(collecting(), s.State) {
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
		if def, _, _ := s.Flow.Step(st.ID); def.Video && !def.VideoFree {
			kinds = append(kinds, usher.SelfieVideo)
		}
	case usher.StepProofOfAddress:
		kinds = []usher.EvidenceKind{usher.ProofOfAddress}
	default:
	}
	return slices.DeleteFunc(kinds, func(k usher.EvidenceKind) bool { return s.Has(k) && len(st.Redo) == 0 })
}

// someone fills in what the flow asks of a sandbox applicant who did not say it.
func someone(f usher.Flow, d usher.Details) usher.Details {
	fill := func(to *string, with string) {
		if *to == "" {
			*to = with
		}
	}
	for _, st := range f.Steps {
		for _, ask := range st.Ask {
			switch ask {
			case usher.AskName:
				fill(&d.FirstName, "Sam")
				fill(&d.LastName, "Sandbox")
			case usher.AskDateOfBirth:
				fill((*string)(&d.DateOfBirth), "1990-01-01")
			case usher.AskNationality:
				fill(&d.Nationality, "SE")
			case usher.AskContact:
				fill(&d.Email, "sam@example.test")
				fill(&d.Phone, "46700000000")
			case usher.AskAddress:
				if d.Address == nil {
					d.Address = &usher.Address{Country: "SE", Street: "Sandbox street 1", City: "Stockholm", PostalCode: "111 11"}
				}
			}
		}
	}
	return d
}

// verdicts are outcomes that a simulation sets beforehand, by check.
type verdicts map[usher.CheckKind]usher.CheckResult

// pretend does what an applicant would: says everything that is asked, and sends it. Checks that stand between the applicant's steps are run
// here: nobody waits for a queue in a simulation.
func (h *hand) pretend(ctx context.Context, by usher.Actor, set verdicts) error {
	if h.steer() == usher.SteerExpire {
		return h.decide(ctx, usher.Command{Kind: usher.CmdTick, By: by, Expires: h.session.ExpiresAt.Add(time.Millisecond)})
	}
	// The checks of a flow's first step went out when the session began.
	if _, err := h.runHere(ctx, set); err != nil || !slices.Contains(collecting(), h.session.State) {
		return err
	}
	details := someone(h.session.Flow, h.applicant.Details)
	for range h.session.Flow.Steps {
		submit := usher.Command{Kind: usher.CmdSubmit, By: by, Details: &details, Consent: &usher.Consent{Face: true}, Contact: simulatedProof()}
		if err := h.decide(ctx, submit); err != nil {
			return err
		}
		if h.session.State != usher.InProgress {
			return nil
		}
		if done, err := h.runHere(ctx, set); done || err != nil {
			return err
		}
		if h.session.State != usher.InProgress {
			return nil // a check said stop
		}
	}
	return nil
}

// runHere asks the sandbox checks of the run step in hand at once, or takes what was set, and reports it. done: there was none to run.
func (h *hand) runHere(ctx context.Context, set verdicts) (done bool, err error) {
	st, _, ok := h.session.Current()
	if !ok || st.State != usher.StepRunning {
		return true, nil
	}
	in, err := h.e.checkInput(ctx, h.session, st)
	if err != nil {
		return true, err
	}
	in.Simulated, in.Details, in.Steer = true, h.applicant.Details, h.steer()
	results, _, _ := h.e.ask(ctx, st, in, true)
	h.e.nameScreenings(h.session, results)
	for i, r := range results {
		if given, ok := set[r.Kind]; ok {
			results[i] = given
		}
	}
	return false, h.decide(ctx, usher.Command{
		Kind: usher.CmdReport, By: usher.Actor{Kind: usher.BySystem, ID: "simulation"}, Step: st.ID, Round: st.Round, Results: results,
	})
}

// pretendNews tells of an approved applicant what monitoring would, of a record that no list has.
func (h *hand) pretendNews(ctx context.Context, by usher.Actor) error {
	subjects := usher.SubjectOf(h.applicant.Details)
	s := usher.Screening{
		ID: newID(), TenantID: h.tenant.ID, ApplicantID: h.applicant.ID, SessionID: h.session.ID, At: h.e.now(), Monitoring: true,
		Algorithm: "simulation", Subject: usher.SubjectHash(subjects),
	}
	s.Hits = []usher.Hit{{
		Key: "simulation/" + s.ID, Record: s.ID, List: "simulation", Kind: "person", Name: "Simulated Person", Subject: "Simulated Person",
		Score: 1, NameScore: 1, Match: true,
	}}
	if err := h.keepScreening(s); err != nil {
		return err
	}
	judged, err := h.e.judgements(ctx, h.tenant.ID, h.applicant.ID)
	if err != nil {
		return err
	}
	h.change.Monitor = &store.MonitorRow{Flow: h.session.FlowName, FlowVersion: h.session.FlowVersion, Hits: 1, Judged: len(judged), Monitor: usher.Monitor{
		ApplicantID: h.applicant.ID, TenantID: h.tenant.ID, SessionID: h.session.ID, State: usher.MonitorActive, OpenHits: 1, Screening: s.ID,
		Since: s.At, UpdatedAt: s.At,
	}}
	return h.decide(ctx, usher.Command{
		Kind: usher.CmdHits, By: by, Hits: &usher.HitChange{Screening: s.ID, New: []string{s.Hits[0].Key}, Open: 1},
	})
}

// pretendAnd sends what is still to be sent, and then does one thing more before any check can.
func (h *hand) pretendAnd(ctx context.Context, by usher.Actor, then usher.CommandKind, why []usher.Reason) error {
	decidable := []usher.State{usher.Submitted, usher.InReview}
	if !slices.Contains(decidable, h.session.State) {
		if err := h.pretend(ctx, by, nil); err != nil {
			return err
		}
	}
	if then == usher.CmdReview && h.session.State != usher.Submitted {
		return nil
	}
	return h.decide(ctx, usher.Command{Kind: then, By: by, Reasons: why})
}

// fail sends what is still to be sent and runs the checks here, the named one with the outcome that is wanted.
func (h *hand) fail(ctx context.Context, by usher.Actor, kind usher.CheckKind, outcome usher.Outcome, why usher.ReasonCode) error {
	planned := slices.ContainsFunc(h.session.Flow.Steps, func(s usher.Step) bool { return slices.Contains(s.Checks, kind) })
	if !planned {
		return usher.Invalid("action", "the flow of this session does not run the check %q", string(kind))
	}
	set := verdicts{kind: {
		Kind: kind, Outcome: outcome, Assurance: usher.Simulated, Provider: "simulation", Reasons: []usher.Reason{{Code: why, Check: kind}},
	}}
	if h.session.State != usher.Submitted {
		if err := h.pretend(ctx, by, set); err != nil {
			return err
		}
	}
	for h.session.State == usher.Submitted {
		if done, err := h.runHere(ctx, set); done || err != nil {
			return err
		}
	}
	return nil
}
