package native

import (
	"context"
	"fmt"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const tagResults = "results"

func (s *server) resultRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/sessions/{id}/checks", id: "list_checks", tag: tagResults, may: usher.ActSeeCases,
		summary: "Read what the checks found", about: "In the order of the flow. A check that has no outcome yet has the outcome `pending`.",
	}, s.listChecks)
	handle(s, route{
		method: http.MethodGet, path: "/v1/sessions/{id}/events", id: "list_session_events", tag: tagResults, may: usher.ActSeeCases,
		summary: "Read a session's history", about: "Oldest first.",
	}, s.listSessionEvents)
	handle(s, route{
		method: http.MethodGet, path: "/v1/sessions/{id}/report.json", id: "get_report", tag: tagResults, may: usher.ActExportCase,
		summary: "Read everything of a case",
		about:   "Applicant, session, checks, decisions, corrections, history, and the hashes of all files: what an auditor asks for. That you read it is kept in the audit trail.",
	}, s.getReport)
}

type check struct {
	Kind        string            `json:"kind" doc:"Name of the check." example:"document"`
	Step        string            `json:"step" doc:"Step of the flow it belongs to." example:"run"`
	Outcome     string            `json:"outcome" enum:"pending,clear,consider,reject,unavailable,not_run" doc:"clear: nothing stands against the applicant. consider: a person must look. reject: the check says no. unavailable: it could not be asked, which says nothing about the applicant. not_run: nothing was examined." example:"clear"`
	Score       float64           `json:"score" minimum:"0" maximum:"1" doc:"How sure the check is of a clear reading, 0 to 1." example:"0.98"`
	Assurance   string            `json:"assurance,omitempty" enum:"verified,assisted,simulated" doc:"What the outcome is worth: verified by rule or cryptography, assisted by a heuristic that informs a reviewer, or simulated by a sandbox." example:"verified"`
	Reasons     []reason          `json:"reasons" nullable:"false" doc:"Why."`
	Provider    string            `json:"provider,omitempty" doc:"Name of the provider." example:"document"`
	Version     string            `json:"version,omitempty" doc:"Version of the method." example:"1"`
	Examined    []string          `json:"examined" nullable:"false" doc:"What was looked at." example:"[\"mrz_check_digits\"]"`
	NotExamined []string          `json:"not_examined" nullable:"false" doc:"What was not looked at, and so is not vouched for." example:"[\"security_features\"]"`
	Fields      map[string]string `json:"fields,omitempty" doc:"What was read, by name. Personal data."`
	Findings    []finding         `json:"findings,omitempty" nullable:"false" doc:"Measurements and comparisons behind the outcome. Personal data."`
	EvidenceIDs []string          `json:"evidence_ids" nullable:"false" doc:"Files the result rests on." example:"[\"0198c1f2a3b47c5d8e9f0a1b2c3d4e62\"]"`
	DurationMS  int64             `json:"duration_ms" doc:"Time the provider took, in milliseconds." example:"412"`
}

type finding struct {
	Name  string `json:"name" doc:"What was measured or compared." example:"last_name"`
	Given string `json:"given,omitempty" doc:"What was said." example:"Lindqvist"`
	Read  string `json:"read,omitempty" doc:"What was found or measured, with its unit." example:"LINDQVIST"`
	OK    bool   `json:"ok" doc:"Whether it is as it should be." example:"true"`
}

func findingOf(f usher.Finding) finding {
	return finding{Name: f.Name, Given: f.Given, Read: f.Read, OK: f.OK}
}

// pending is the outcome of a check that has none yet: an empty word would be easy to take for a good one.
const pending = "pending"

func checkOf(step string, r usher.CheckResult) check {
	out := check{
		Kind: string(r.Kind), Step: step, Outcome: string(r.Outcome), Score: r.Score, Assurance: string(r.Assurance),
		Reasons: each(r.Reasons, reasonOf), Provider: r.Provider, Version: r.Version, Examined: text(r.Examined),
		NotExamined: text(r.NotExamined), Fields: r.Fields, Findings: each(r.Findings, findingOf),
		EvidenceIDs: text(r.EvidenceIDs), DurationMS: r.DurationMS,
	}
	if out.Outcome == "" {
		out.Outcome = pending
	}
	return out
}

func checksOf(s usher.Session) []check {
	out := []check{}
	for _, st := range s.Steps {
		for _, r := range st.Checks {
			out = append(out, checkOf(st.ID, r))
		}
	}
	return out
}

func (s *server) listChecks(ctx context.Context, p api.Principal, in *ByID) (*answer[page[check]], error) {
	found, err := s.Service.Session(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[page[check]]{Body: page[check]{Data: checksOf(found)}}, nil
}

type sessionEventsInput struct {
	ByID
	Paged
}

func (s *server) listSessionEvents(ctx context.Context, p api.Principal, in *sessionEventsInput) (*answer[page[event]], error) {
	// A session without events does not exist, but one of another tenant must be not found and not empty.
	if _, err := s.Service.Session(ctx, p.Tenant(), in.ID); err != nil {
		return nil, err
	}
	paging := in.paging()
	paging.Oldest = true
	found, err := s.Service.ListEvents(ctx, p.Tenant(), usher.EventFilter{Paging: paging, SessionID: in.ID})
	if err != nil {
		return nil, api.CursorError(err)
	}
	return &answer[page[event]]{Body: pageOf(found, eventOf)}, nil
}

// report is a case as a whole. Its members are those of the single operations, so that there is nothing new to learn.
type report struct {
	GeneratedAt stamp        `json:"generated_at" doc:"When the report was made."`
	TenantID    string       `json:"tenant_id" doc:"Tenant the case belongs to." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e50"`
	Applicant   applicant    `json:"applicant" doc:"The applicant as known now."`
	Session     Session      `json:"session" doc:"The session."`
	Checks      []check      `json:"checks" nullable:"false" doc:"What the checks found."`
	Evidence    []evidence   `json:"evidence" nullable:"false" doc:"All files with their hashes."`
	Decisions   []verdict    `json:"decisions" nullable:"false" doc:"Every decision in its order, overturned ones too."`
	Corrections []correction `json:"corrections" nullable:"false" doc:"What reviewers corrected of what was read."`
	Events      []event      `json:"events" nullable:"false" doc:"The history, oldest first."`
}

type verdict struct {
	Decision

	Internal string `json:"internal_note,omitempty" doc:"Words for your staff." example:"Called back, all fine."`
}

type correction struct {
	Field string `json:"field" doc:"What was corrected." example:"last_name"`
	Old   string `json:"old" doc:"What was read." example:"LINDQVlST"`
	New   string `json:"new" doc:"What it was corrected to." example:"LINDQVIST"`
}

func correctionOf(c usher.Correction) correction {
	return correction{Field: c.Field, Old: c.Old, New: c.New}
}

func (s *server) getReport(ctx context.Context, p api.Principal, in *ByID) (*answer[report], error) {
	found, err := s.Service.Session(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	person, err := s.Service.Applicant(ctx, p.Tenant(), found.ApplicantID)
	if err != nil {
		return nil, err
	}
	events, err := s.history(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	// The trail is written before the report is given: who could not be noted gets none.
	if s.Auditor != nil {
		err := s.Auditor.Record(ctx, usher.AuditRecord{TenantID: p.Tenant(), At: now, Actor: p.Actor(), Action: "report.viewed", Object: in.ID})
		if err != nil {
			return nil, fmt.Errorf("note that a report was read: %w", err)
		}
	}
	return &answer[report]{Body: report{
		GeneratedAt: stamp{now}, TenantID: p.Tenant(), Applicant: applicantOf(person), Session: sessionOf(found), Checks: checksOf(found),
		Evidence: each(found.Evidence, evidenceOf), Decisions: verdictsOf(events),
		Corrections: each(found.Facts, correctionOf),
		Events:      each(events, eventOf),
	}}, nil
}

// history gives all events of a session, oldest first.
func (s *server) history(ctx context.Context, tenant, session string) ([]usher.Event, error) {
	var all []usher.Event
	paging := usher.Paging{Limit: api.MostLimit, Oldest: true}
	for {
		found, err := s.Service.ListEvents(ctx, tenant, usher.EventFilter{Paging: paging, SessionID: session})
		if err != nil {
			return nil, err
		}
		all = append(all, found.Items...)
		if found.Next == "" {
			return all, nil
		}
		paging.After = found.Next
	}
}

func verdictsOf(events []usher.Event) []verdict {
	out := []verdict{}
	for _, e := range events {
		if d := decisionOf(e.Data.Decision); d != nil {
			out = append(out, verdict{Decision: *d, Internal: e.Data.Decision.Internal})
		}
	}
	return out
}
