package native

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/usher-kyc/usher"
)

// Renderer writes events in the words of the native API. It holds nothing.
type Renderer struct{}

var _ usher.Renderer = Renderer{}

// Name gives "native".
func (Renderer) Name() string { return Name }

// Render gives one message for each event, of the shape that GET /v1/events gives it in. It is thin: ids, names of fields, states, reasons and
// outcomes, and nothing that says who the applicant is.
func (Renderer) Render(_ usher.View, e usher.Event) ([]usher.Message, error) {
	body, err := json.Marshal(eventOf(e))
	if err != nil {
		return nil, fmt.Errorf("write the event %s: %w", e.Type, err)
	}
	return []usher.Message{{Event: string(e.Type), ContentType: jsonType, Body: body}}, nil
}

type event struct {
	ID          string    `json:"id" doc:"Id of the event; the same in every try of every delivery. Use it to drop repeats." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e63"`
	Type        string    `json:"type" doc:"What happened." example:"session.approved"`
	Sequence    int64     `json:"sequence" doc:"Gapless from 1 within the session, for applicant.* events within the applicant." example:"9"`
	CreatedAt   stamp     `json:"created_at" doc:"When it happened."`
	TenantID    string    `json:"tenant_id" doc:"Tenant it belongs to." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e50"`
	ApplicantID string    `json:"applicant_id" doc:"Applicant it is about." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	SessionID   string    `json:"session_id,omitempty" doc:"Session it is about; none for applicant.* events." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Version     int64     `json:"version" doc:"Version of the session or applicant after it; drop what is older than what you have." example:"9"`
	Data        eventData `json:"data" doc:"What the event adds. Members that do not belong to its type are left out."`
}

// eventData must stay thin: it is sent over other people's networks and kept in other people's logs.
type eventData struct {
	State     stateWord       `json:"state,omitempty" doc:"State of the session after it, where it changed."`
	By        *actor          `json:"by,omitempty" doc:"Who caused it."`
	Fields    []string        `json:"fields,omitempty" nullable:"false" doc:"Names of the details that changed, never their values." example:"[\"email\"]"`
	Step      string          `json:"step,omitempty" doc:"Step it is about." example:"document"`
	Channel   string          `json:"channel,omitempty" enum:"email,phone" doc:"What a one-time code was sent over." example:"email"`
	Steps     []string        `json:"steps,omitempty" nullable:"false" doc:"Steps asked again." example:"[\"document\"]"`
	Document  *documentChoice `json:"document,omitempty" doc:"Type and country of the document chosen."`
	Evidence  *eventEvidence  `json:"evidence,omitempty" doc:"The file that came in."`
	Check     *eventCheck     `json:"check,omitempty" doc:"The check that began or ended."`
	Reasons   []reason        `json:"reasons,omitempty" nullable:"false" doc:"Why."`
	Decision  *eventDecision  `json:"decision,omitempty" doc:"What was decided."`
	Account   *accountResult  `json:"account,omitempty" doc:"How opening the account went."`
	ExpiresAt stamp           `json:"expires_at,omitzero" doc:"Until when the applicant can go on."`
	Resumed   bool            `json:"resumed,omitempty" doc:"Whether the applicant had started before." example:"true"`
	Hits      *eventHits      `json:"hits,omitempty" doc:"What monitoring found."`
}

type eventEvidence struct {
	ID   string       `json:"id" doc:"Id of the evidence." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e62"`
	Kind evidenceWord `json:"kind" doc:"What the file shows."`
}

type eventHits struct {
	ScreeningID string `json:"screening_id" doc:"The newest screening; read it with GET /v1/applicants/{id}/screening." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e70"`
	New         int    `json:"new" doc:"How many hits are new." example:"1"`
	Changed     int    `json:"changed" doc:"Of how many the listed record changed." example:"0"`
	Removed     int    `json:"removed" doc:"How many are gone." example:"0"`
	Open        int    `json:"open" doc:"How many hits nobody has judged." example:"1"`
}

type eventCheck struct {
	Kind      string   `json:"kind" doc:"Name of the check." example:"document"`
	Outcome   string   `json:"outcome,omitempty" enum:"clear,consider,reject,unavailable,not_run" doc:"What it found, once it has ended." example:"clear"`
	Score     *float64 `json:"score,omitempty" doc:"How sure it is of a clear reading, 0 to 1." example:"0.98"`
	Assurance string   `json:"assurance,omitempty" enum:"verified,assisted,simulated" doc:"What the outcome is worth." example:"verified"`
	Reasons   []reason `json:"reasons,omitempty" nullable:"false" doc:"Why."`
}

type eventDecision struct {
	Verdict  string   `json:"verdict" enum:"approved,rejected" doc:"What was decided." example:"approved"`
	By       actor    `json:"by" doc:"Who decided; system where rules did."`
	Reasons  []reason `json:"reasons" nullable:"false" doc:"Why."`
	Overturn bool     `json:"overturn" doc:"Whether it took the place of an earlier decision." example:"false"`
}

func eventOf(e usher.Event) event {
	return event{
		ID: e.ID, Type: string(e.Type), Sequence: e.Sequence, CreatedAt: stamp{e.At}, TenantID: e.TenantID, ApplicantID: e.ApplicantID,
		SessionID: e.SessionID, Version: e.Version, Data: eventDataOf(e),
	}
}

func eventDataOf(e usher.Event) eventData {
	d := e.Data
	out := eventData{
		State: stateAfter(e), Fields: d.Fields, Step: d.Step, Steps: d.Steps, Check: eventCheckOf(d), Reasons: each(d.Reasons, reasonOf),
		Account: accountResultOf(d.Account), ExpiresAt: stamp{d.Expires}, Resumed: d.Resumed,
	}
	if d.By != nil {
		by := actorOf(*d.By)
		out.By = &by
	}
	if c := d.Document; c != nil {
		out.Document = &documentChoice{Type: documentWord(c.Type), Country: c.Country}
	}
	if p := d.Contact; p != nil {
		out.Channel = string(p.Channel)
	}
	if f := d.Evidence; f != nil {
		out.Evidence = &eventEvidence{ID: f.ID, Kind: evidenceWord(f.Kind)}
	}
	if v := d.Decision; v != nil {
		out.Reasons = nil // they are the decision's
		out.Decision = &eventDecision{
			Verdict: string(v.Verdict), By: actorOf(v.By), Reasons: each(v.Reasons, reasonOf), Overturn: v.Overturn,
		}
	}
	if h := d.Hits; h != nil {
		out.Hits = &eventHits{ScreeningID: h.Screening, New: len(h.New), Changed: len(h.Changed), Removed: len(h.Removed), Open: h.Open}
	}
	out.Fields = append(slices.Clip(out.Fields), slices.Sorted(maps.Keys(d.Metadata))...)
	for _, c := range d.Facts {
		out.Fields = append(out.Fields, c.Field)
	}
	return out
}

func eventCheckOf(d usher.EventData) *eventCheck {
	if d.Check == "" {
		return nil
	}
	out := &eventCheck{Kind: string(d.Check)}
	if r := d.Result; r != nil {
		out.Outcome, out.Score, out.Assurance, out.Reasons = string(r.Outcome), &r.Score, string(r.Assurance), each(r.Reasons, reasonOf)
	}
	return out
}

// stateAfter gives the state an event leads to, for the types that change it. It is read from the event alone, so that a delivery and the
// event pulled a year later are the same.
func stateAfter(e usher.Event) stateWord {
	after := map[usher.EventType]usher.State{
		usher.SessionCreated: usher.Created, usher.SessionStarted: usher.InProgress, usher.SessionSubmitted: usher.Submitted,
		usher.SessionReviewRequested: usher.InReview, usher.SessionResubmissionRequested: usher.AwaitingApplicant,
		usher.SessionApproved: usher.Approved, usher.SessionRejected: usher.Rejected, usher.SessionExpired: usher.Expired,
		usher.SessionCancelled: usher.Cancelled,
	}
	if e.Type == usher.SessionOverturned && e.Data.Decision != nil {
		return stateWord(e.Data.Decision.Verdict)
	}
	return stateWord(after[e.Type])
}
