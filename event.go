package usher

import "time"

// EventType names what happened.
type EventType string

// The types of event.
const (
	ApplicantCreated EventType = "applicant.created"
	ApplicantUpdated EventType = "applicant.updated"
	ApplicantErased  EventType = "applicant.erased"

	SessionCreated               EventType = "session.created"
	SessionStarted               EventType = "session.started"
	SessionLinkIssued            EventType = "session.link_issued" // a new link took the place of the old one
	SessionSubmitted             EventType = "session.submitted"
	SessionReviewRequested       EventType = "session.review_requested"
	SessionResubmissionRequested EventType = "session.resubmission_requested"
	SessionApproved              EventType = "session.approved"
	SessionRejected              EventType = "session.rejected"
	SessionOverturned            EventType = "session.overturned"
	SessionExpired               EventType = "session.expired"
	SessionAbandoned             EventType = "session.abandoned"
	SessionCancelled             EventType = "session.cancelled"

	ConsentGiven       EventType = "consent.given"
	ConsentWasDeclined EventType = "consent.declined"
	StepCompleted      EventType = "step.completed"
	EvidenceReceived   EventType = "evidence.received"
	DocumentCorrected  EventType = "document.corrected"
	CheckStarted       EventType = "check.started"
	CheckCompleted     EventType = "check.completed"
	AccountOpened      EventType = "account.opened"
	AccountFailed      EventType = "account.failed"
)

// EventTypes lists every type this server can tell.
func EventTypes() []EventType {
	return []EventType{
		ApplicantCreated, ApplicantUpdated, ApplicantErased, SessionCreated, SessionStarted, SessionLinkIssued, SessionSubmitted,
		SessionReviewRequested, SessionResubmissionRequested, SessionApproved, SessionRejected, SessionOverturned, SessionExpired,
		SessionAbandoned, SessionCancelled, ConsentGiven, ConsentWasDeclined, StepCompleted, EvidenceReceived, DocumentCorrected,
		CheckStarted, CheckCompleted, AccountOpened, AccountFailed,
	}
}

// Event is one thing that happened. Sequence is gapless from 1 within a session (within an applicant for applicant.* events), and equals the
// version that the session or applicant has after it. The engine sets ID when it writes the event.
type Event struct {
	ID          string    `json:"id"`
	Type        EventType `json:"type"`
	TenantID    string    `json:"tenant_id"`
	ApplicantID string    `json:"applicant_id"`
	SessionID   string    `json:"session_id,omitempty"`
	Sequence    int64     `json:"sequence"`
	Version     int64     `json:"version"`
	At          time.Time `json:"at"`
	Data        EventData `json:"data"`
}

// EventData holds what an event adds. One flat type for all events: a member that does not belong to the type is empty. It is stored sealed.
type EventData struct {
	By       *Actor          `json:"by,omitempty"`
	Fields   []string        `json:"fields,omitempty"` // names of what changed, never values
	Start    *Session        `json:"start,omitempty"`  // session.created: the session as it began
	Step     string          `json:"step,omitempty"`
	Steps    []string        `json:"steps,omitempty"` // asked again
	Round    int             `json:"round,omitempty"`
	Consent  *Consent        `json:"consent,omitempty"`
	Document *DocumentChoice `json:"document,omitempty"`
	Evidence *Evidence       `json:"evidence,omitempty"`
	Check    CheckKind       `json:"check,omitempty"`
	Result   *CheckResult    `json:"result,omitempty"`
	Reasons  []Reason        `json:"reasons,omitempty"`
	Note     string          `json:"note,omitempty"`
	Votes    []Actor         `json:"votes,omitempty"`
	Decision *Decision       `json:"decision,omitempty"`
	Account  *AccountStatus  `json:"account,omitempty"`
	Facts    []Correction    `json:"corrections,omitempty"`
	Return   string          `json:"return_url,omitempty"`
	Expires  time.Time       `json:"expires_at,omitzero"`
	Resumed  bool            `json:"resumed,omitempty"` // session.started: not for the first time
}

// Apply gives the session as it is after one event. Every change of a session is made here and nowhere else, so that folding a session's
// events over nothing gives the session: flow must be the version the session began with.
func Apply(s Session, flow Flow, e Event) Session {
	if e.Type == SessionCreated && e.Data.Start != nil {
		s = e.Data.Start.Clone()
		s.Flow = flow
	}
	s.Version = e.Sequence
	s.UpdatedAt = e.At
	s.Abandoned = false
	switch e.Type {
	case SessionStarted:
		s.State = InProgress
		if s.StartedAt.IsZero() {
			s.StartedAt = e.At
		}
	case SessionLinkIssued:
		s.ExpiresAt = e.Data.Expires
		if e.Data.Return != "" {
			s.ReturnURL = e.Data.Return
		}
		if s.State == Expired {
			s.State = Created
			if !s.StartedAt.IsZero() {
				s.State = InProgress
			}
		}
	case SessionAbandoned:
		s.Abandoned = true
	case SessionSubmitted:
		s.State, s.SubmittedAt, s.Reasons, s.Note = Submitted, e.At, nil, ""
	case SessionExpired:
		s.State = Expired
	case SessionCancelled:
		s.State, s.Reasons = Cancelled, e.Data.Reasons
	case StepCompleted, EvidenceReceived, CheckStarted, CheckCompleted, SessionResubmissionRequested:
		s.applyStep(e)
	case SessionReviewRequested, SessionApproved, SessionRejected, SessionOverturned, DocumentCorrected:
		s.applyReview(e)
	case AccountOpened, AccountFailed:
		s.Account = e.Data.Account
		if e.Type == AccountOpened {
			s.finish(StepAccount, e.At)
		}
	case SessionCreated, ConsentGiven, ConsentWasDeclined, ApplicantCreated, ApplicantUpdated, ApplicantErased:
	}
	return s
}

// applyStep takes in what moves a single step.
func (s *Session) applyStep(e Event) {
	switch e.Type {
	case EvidenceReceived:
		s.Evidence = append(s.Evidence[:len(s.Evidence):len(s.Evidence)], *e.Data.Evidence)
		return
	case SessionResubmissionRequested:
		s.State, s.Reasons, s.Note, s.Votes = AwaitingApplicant, e.Data.Reasons, e.Data.Note, nil
		s.ExpiresAt = e.Data.Expires
		s.Attempt++
		s.reopen(e.Data.Steps, e.Data.Reasons)
		return
	default:
	}
	for i := range s.Steps {
		if s.Steps[i].ID != e.Data.Step {
			continue
		}
		st := &s.Steps[i]
		switch e.Type {
		case StepCompleted:
			st.State, st.DoneAt, st.Redo = StepDone, e.At, nil
			st.Consent, st.Document = e.Data.Consent, e.Data.Document
		case CheckStarted:
			st.State = StepRunning
			if st.Round != e.Data.Round {
				st.Round, st.Checks = e.Data.Round, nil
			}
			st.Checks = append(st.Checks[:len(st.Checks):len(st.Checks)], CheckResult{Kind: e.Data.Check})
		case CheckCompleted:
			st.report(*e.Data.Result)
			if st.complete() {
				st.State, st.DoneAt = StepDone, e.At
			}
		default:
		}
	}
}

// applyReview takes in what reviewers and the decide step do.
func (s *Session) applyReview(e Event) {
	switch e.Type {
	case SessionReviewRequested:
		s.State, s.Reasons, s.Votes = InReview, e.Data.Reasons, e.Data.Votes
	case DocumentCorrected:
		s.Facts = append(s.Facts[:len(s.Facts):len(s.Facts)], e.Data.Facts...)
	default:
		d := *e.Data.Decision
		s.Decision, s.Reasons, s.Note, s.DecidedAt, s.Votes = &d, d.Reasons, d.Note, e.At, nil
		s.State = Approved
		if d.Verdict == Reject {
			s.State = Rejected
		}
		s.finish(StepDecide, e.At)
	}
}

// finish marks the step of a kind done.
func (s *Session) finish(k StepKind, at time.Time) {
	for i := range s.Steps {
		if s.Steps[i].Kind == k {
			s.Steps[i].State, s.Steps[i].DoneAt = StepDone, at
		}
	}
}

// reopen asks the named steps again, and forgets the verdicts of every run step behind the first of them: they rest on what is being redone.
func (s *Session) reopen(ids []string, why []Reason) {
	reached := false
	for i := range s.Steps {
		st := &s.Steps[i]
		for _, id := range ids {
			if st.ID == id {
				reached = true
				st.State, st.DoneAt, st.Document, st.Consent = StepOpen, time.Time{}, nil, nil
				st.Redo = reasonsFor(id, why)
			}
		}
		if reached && !st.Kind.ByApplicant() {
			st.State, st.DoneAt, st.Checks = StepOpen, time.Time{}, nil
		}
	}
}

// reasonsFor picks the reasons that name the step, and those that name none.
func reasonsFor(step string, why []Reason) []Reason {
	var rs []Reason
	for _, r := range why {
		if r.Step == "" || r.Step == step {
			rs = append(rs, r)
		}
	}
	return rs
}

// report puts a result in the place that its check.started made for it.
func (st *StepStatus) report(r CheckResult) {
	st.Checks = append([]CheckResult(nil), st.Checks...)
	for i := range st.Checks {
		if st.Checks[i].Kind == r.Kind {
			st.Checks[i] = r
		}
	}
}

// complete tells whether every check of a running step has its outcome.
func (st StepStatus) complete() bool {
	for _, c := range st.Checks {
		if c.Outcome == "" {
			return false
		}
	}
	return len(st.Checks) > 0
}

// Fold gives the session that a whole list of its events leads to.
func Fold(flow Flow, events []Event) Session {
	var s Session
	for _, e := range events {
		s = Apply(s.Clone(), flow, e)
	}
	return s
}

// Clone copies what Apply writes in place; slices it only appends to are capped there instead.
func (s Session) Clone() Session {
	s.Steps = append([]StepStatus(nil), s.Steps...)
	return s
}
