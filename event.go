package usher

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// EventType names what happened.
type EventType string

// The types of event.
const (
	ApplicantCreated EventType = "applicant.created"
	ApplicantUpdated EventType = "applicant.updated"
	ApplicantErased  EventType = "applicant.erased"
	// ApplicantRestricted says that erasure was asked for and the law demands that the data is kept for now.
	ApplicantRestricted EventType = "applicant.restricted"

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
	SessionReminder              EventType = "session.reminder"       // the applicant has been silent for as long as the flow says
	SessionLinkRequested         EventType = "session.link_requested" // who holds an ended link wants a new one
	SessionAnnotated             EventType = "session.annotated"      // the client changed what it keeps beside the session

	ConsentGiven       EventType = "consent.given"
	ConsentWasDeclined EventType = "consent.declined"
	StepCompleted      EventType = "step.completed"
	ContactVerified    EventType = "contact.verified" // a one-time code reached the applicant
	EvidenceReceived   EventType = "evidence.received"
	DocumentCorrected  EventType = "document.corrected"
	CheckStarted       EventType = "check.started"
	CheckCompleted     EventType = "check.completed"
	AccountOpened      EventType = "account.opened"
	AccountFailed      EventType = "account.failed"
	FaceAuthenticated  EventType = "face.authenticated"     // a new selfie was compared with the enrolled one, whatever the outcome
	ChallengeIssued    EventType = "challenge.issued"       // movements were drawn that the applicant is to make before the camera
	HitsChanged        EventType = "watchlist.hits_changed" // monitoring found new, changed or removed hits of an approved applicant
)

// EventTypes lists every type this server can tell.
func EventTypes() []EventType {
	return []EventType{
		ApplicantCreated, ApplicantUpdated, ApplicantErased, ApplicantRestricted, SessionCreated, SessionStarted, SessionLinkIssued, SessionSubmitted,
		SessionReviewRequested, SessionResubmissionRequested, SessionApproved, SessionRejected, SessionOverturned, SessionExpired,
		SessionAbandoned, SessionReminder, SessionLinkRequested, SessionCancelled, ConsentGiven, ConsentWasDeclined, StepCompleted, ContactVerified, EvidenceReceived, DocumentCorrected,
		CheckStarted, CheckCompleted, AccountOpened, AccountFailed, SessionAnnotated, FaceAuthenticated, HitsChanged, ChallengeIssued,
	}
}

// Event is one thing that happened. Sequence is gapless from 1 within a session (within an applicant for applicant.* events), and equals the
// version that the session or applicant has after it. The engine sets ID when it writes the event.
type Event struct {
	Redacted
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

// EventData holds what an event adds. One flat type for all events: a member that does not belong to the type is empty.
type EventData struct {
	Redacted
	By       *Actor          `json:"by,omitempty"`
	Fields   []string        `json:"fields,omitempty"` // names of what changed, never values; of details done again: what must be proved anew
	Contact  *ContactProof   `json:"contact,omitempty"`
	Start    *Session        `json:"start,omitempty"` // session.created: the session as it began
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
	Again    bool            `json:"again,omitempty"`   // step.completed: the step was done already

	Metadata  map[string]string `json:"metadata,omitempty"` // session.annotated: the pairs as they are now; "" took one away
	Locale    string            `json:"locale,omitempty"`   // session.annotated: the language of the pages, where it changed
	Hits      *HitChange        `json:"hits,omitempty"`
	Challenge *Challenge        `json:"challenge,omitempty"` // challenge.issued
}

// HitChange is what monitoring found: keys of listed records, "list/id".
type HitChange struct {
	Screening string   `json:"screening"` // id of the screening whose result is the newest now
	New       []string `json:"new,omitempty"`
	Changed   []string `json:"changed,omitempty"`
	Removed   []string `json:"removed,omitempty"`
	Open      int      `json:"open"` // hits that nobody has cleared
}

// Apply gives the session as it is after one event, and leaves s as it was; flow is the version the session began with.
func Apply(s Session, flow Flow, e Event) Session {
	s = s.Clone()
	s.apply(flow, e)
	return s
}

// Fold gives the session that a whole list of its events leads to.
func Fold(flow Flow, events []Event) Session {
	var s Session
	for _, e := range events {
		s.apply(flow, e)
	}
	return s
}

// Clone gives a session whose steps can be written to. Everything else is replaced and never written in place, so that it may be shared.
func (s Session) Clone() Session {
	s.Steps = slices.Clone(s.Steps)
	return s
}

// unmoved are the events that go on without the applicant. It is never written to.
var unmoved = []EventType{
	CheckStarted, CheckCompleted, FaceAuthenticated, SessionAnnotated, HitsChanged, SessionReminder, SessionLinkRequested,
}

// apply takes in one event. Every change of a session is made here, so that folding its events over nothing gives the session.
func (s *Session) apply(flow Flow, e Event) {
	if e.Type == SessionCreated && e.Data.Start != nil {
		*s = e.Data.Start.Clone()
		s.Flow = flow
	}
	s.Version, s.UpdatedAt = e.Sequence, e.At
	if !slices.Contains(unmoved, e.Type) {
		s.Abandoned = e.Type == SessionAbandoned
	}
	s.hush(e)
	switch e.Type {
	case SessionStarted:
		s.State = InProgress
		if s.StartedAt.IsZero() {
			s.StartedAt = e.At
		}
	case SessionLinkIssued:
		s.ExpiresAt, s.ReturnURL, s.LinkAskedAt = e.Data.Expires, cmp.Or(e.Data.Return, s.ReturnURL), time.Time{}
		if s.State == Expired {
			s.State = InProgress
			if s.StartedAt.IsZero() {
				s.State = Created
			}
		}
	case SessionSubmitted:
		s.State, s.SubmittedAt, s.Reasons, s.Note = Submitted, e.At, nil, ""
	case SessionReviewRequested:
		s.State, s.Reasons, s.Votes = InReview, e.Data.Reasons, e.Data.Votes
	case SessionResubmissionRequested:
		s.State, s.Reasons, s.Note, s.Votes = AwaitingApplicant, e.Data.Reasons, e.Data.Note, nil
		s.ExpiresAt = e.Data.Expires
		s.Attempt++
		s.reopen(e.Data.Steps, e.Data.Reasons)
	case SessionApproved, SessionRejected, SessionOverturned:
		s.conclude(e)
	case SessionExpired:
		s.State = Expired
	case SessionLinkRequested:
		s.LinkAskedAt = e.At
	case SessionCancelled:
		s.State, s.Reasons = Cancelled, e.Data.Reasons
	case StepCompleted, ContactVerified, CheckStarted, CheckCompleted:
		if st, i, ok := find(s.Steps, func(st StepStatus) bool { return st.ID == e.Data.Step }); ok {
			s.Steps[i] = st.after(e)
			s.unprove(i, e.Data.Fields)
		}
	case EvidenceReceived:
		if e.Data.Evidence != nil {
			s.Evidence = append(slices.Clip(s.Evidence), *e.Data.Evidence)
		}
		s.challenged(e)
	case ChallengeIssued:
		s.challenged(e)
	case SessionAnnotated:
		s.Locale = cmp.Or(e.Data.Locale, s.Locale)
		s.annotate(e.Data.Metadata)
	case DocumentCorrected:
		s.Facts = append(slices.Clip(s.Facts), e.Data.Facts...)
	case AccountOpened, AccountFailed:
		s.Account = e.Data.Account
		if e.Type == AccountOpened {
			s.finish(StepAccount, e.At)
		}
	default: // told, but nothing of the session changes
	}
}

// annotate takes in pairs; the map is shared by earlier states of the session, so it is made anew.
func (s *Session) annotate(pairs map[string]string) {
	if len(pairs) == 0 {
		return
	}
	kept := maps.Clone(s.Metadata)
	if kept == nil {
		kept = map[string]string{}
	}
	maps.Copy(kept, pairs)
	maps.DeleteFunc(kept, func(_, value string) bool { return value == "" })
	s.Metadata = kept
}

// conclude takes in a decision.
func (s *Session) conclude(e Event) {
	if e.Data.Decision == nil {
		return
	}
	d := *e.Data.Decision
	s.Decision, s.Reasons, s.Note, s.DecidedAt, s.Votes = &d, d.Reasons, d.Note, e.At, nil
	s.State = Approved
	if d.Verdict == Reject {
		s.State = Rejected
	}
	s.finish(StepDecide, e.At)
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
		if slices.Contains(ids, st.ID) {
			reached = true
			again := StepStatus{ID: st.ID, Kind: st.Kind, State: StepOpen, Redo: reasonsFor(st.ID, why)}
			if again.partly() {
				again.Document = st.Document // the rest of it stays
			}
			*st = again
		}
		if reached && !st.Kind.ByApplicant() {
			st.State, st.DoneAt, st.Checks = StepOpen, time.Time{}, nil
		}
	}
}

// reasonsFor picks the reasons that name the step or none; or else all of them, since a step that was asked again is known by its reasons.
func reasonsFor(step string, why []Reason) []Reason {
	own := slices.DeleteFunc(slices.Clone(why), func(r Reason) bool { return r.Step != "" && r.Step != step })
	if len(own) == 0 {
		return why
	}
	return own
}

// after gives the step as it is after an event of its own.
func (st StepStatus) after(e Event) StepStatus {
	switch e.Type {
	case StepCompleted:
		st.State, st.DoneAt, st.Redo = StepDone, e.At, nil
		st.Consent, st.Document = e.Data.Consent, e.Data.Document
	case ContactVerified:
		if e.Data.Contact != nil {
			st = st.withProof(*e.Data.Contact)
		}
	case CheckStarted:
		if st.Round != e.Data.Round {
			st.Round, st.Checks, st.AskedAt = e.Data.Round, nil, e.At
		}
		st.State, st.Checks = StepRunning, append(slices.Clip(st.Checks), CheckResult{Kind: e.Data.Check})
	case CheckCompleted:
		st.Checks = slices.Clone(st.Checks)
		open := false
		for i, c := range st.Checks {
			if c.Kind == e.Data.Check && e.Data.Result != nil {
				st.Checks[i] = *e.Data.Result
			}
			open = open || st.Checks[i].Outcome == ""
		}
		if !open {
			st.State, st.DoneAt = StepDone, e.At
		}
	default:
	}
	return st
}
