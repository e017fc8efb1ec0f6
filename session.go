package usher

import (
	"slices"
	"time"
)

// State is where a session stands.
type State string

// The states of a session.
const (
	Created           State = "created"            // link issued
	InProgress        State = "in_progress"        // link opened
	Submitted         State = "submitted"          // the applicant has sent everything asked; checks run
	InReview          State = "in_review"          // a reviewer must decide
	AwaitingApplicant State = "awaiting_applicant" // asked to redo named steps
	Approved          State = "approved"
	Rejected          State = "rejected"
	Expired           State = "expired"
	Cancelled         State = "cancelled"
)

// States lists every state, so that a dialect's table can be walked and found whole.
func States() []State {
	return []State{Created, InProgress, Submitted, InReview, AwaitingApplicant, Approved, Rejected, Expired, Cancelled}
}

// Decided tells whether a decision stands.
func (s State) Decided() bool { return s == Approved || s == Rejected }

// Ended tells whether nothing more is expected of anybody. An expired session can be taken up again by a new link, where its flow allows.
func (s State) Ended() bool { return s.Decided() || s == Expired || s == Cancelled }

// StepState is where one step stands.
type StepState string

// The states of a step.
const (
	StepOpen    StepState = "open"
	StepRunning StepState = "running" // its checks are out
	StepDone    StepState = "done"
)

// StepStatus is one step of one session.
type StepStatus struct {
	ID       string          `json:"id"`
	Kind     StepKind        `json:"kind"`
	State    StepState       `json:"state"`
	DoneAt   time.Time       `json:"done_at,omitzero"`
	Redo     []Reason        `json:"redo,omitempty"`    // why it was asked again
	Round    int             `json:"round,omitempty"`   // of a run step: rises each time its checks are sent out
	AskedAt  time.Time       `json:"asked_at,omitzero"` // of a run step: when its checks were sent out
	Checks   []CheckResult   `json:"checks,omitempty"`
	Consent  *Consent        `json:"consent,omitempty"`
	Document *DocumentChoice `json:"document,omitempty"`
	Proved   []ContactProof  `json:"proved,omitempty"` // of a contact step: what codes have proved so far
}

// Consent is what the applicant agreed to: the id of the text and the hash of the words shown.
type Consent struct {
	Text   string    `json:"text"`
	SHA256 string    `json:"sha256,omitempty"` // hex, of the words shown
	Locale string    `json:"locale,omitempty"`
	Face   bool      `json:"face"` // separate consent to looking at the face
	At     time.Time `json:"at"`
}

// DocumentChoice is which document the applicant uses. Country is ISO 3166-1 alpha-2, or "" when not asked.
type DocumentChoice struct {
	Type    DocumentType `json:"type,omitempty"`
	Country string       `json:"country,omitempty"`
}

// Verdict is the answer of a decision.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approved"
	Reject  Verdict = "rejected"
)

// Decision is what was decided, by whom and why. Note is for the applicant and client, Internal for staff only.
type Decision struct {
	Redacted
	Verdict  Verdict   `json:"verdict"`
	By       Actor     `json:"by"`
	Reasons  []Reason  `json:"reasons,omitempty"`
	Note     string    `json:"note,omitempty"`
	Internal string    `json:"internal,omitempty"`
	At       time.Time `json:"at"`
	Overturn bool      `json:"overturn,omitempty"`
}

// Session is one go of one applicant through one flow. Its version rises by one with each event.
type Session struct {
	Redacted
	ID          string  `json:"id"`
	TenantID    string  `json:"tenant_id"`
	ApplicantID string  `json:"applicant_id"`
	ClientID    string  `json:"client_id"`
	Dialect     string  `json:"dialect"`
	Mode        Mode    `json:"mode"`
	Purpose     Purpose `json:"purpose"`
	Flow        Flow    `json:"-"` // attached when the session is loaded; FlowName and FlowVersion are what is stored
	FlowName    string  `json:"flow"`
	FlowVersion int     `json:"flow_version"`

	State     State          `json:"state"`
	Version   int64          `json:"version"`
	Attempt   int            `json:"attempt"`
	Steps     []StepStatus   `json:"steps"`
	Evidence  []Evidence     `json:"evidence,omitempty"`
	Reasons   []Reason       `json:"reasons,omitempty"` // of the state: why in review, why asked again, why ended
	Note      string         `json:"note,omitempty"`    // for the applicant
	Votes     []Actor        `json:"votes,omitempty"`   // reviewers who approved so far, where two are needed
	Decision  *Decision      `json:"decision,omitempty"`
	Account   *AccountStatus `json:"account,omitempty"`
	Facts     []Correction   `json:"corrections,omitempty"` // of what was read, by a reviewer
	Challenge *Challenge     `json:"challenge,omitempty"`   // the one drawn last

	Reference string            `json:"reference,omitempty"`
	Key       string            `json:"key,omitempty"`      // its second name, see [NewSession]
	Metadata  map[string]string `json:"metadata,omitempty"` // what the client wants kept beside the session; never written in place
	Steer     string            `json:"steer,omitempty"`    // of a sandbox session: the outcome asked for, see [Steering]
	ReturnURL string            `json:"return_url,omitempty"`
	Locale    string            `json:"locale,omitempty"`
	Abandoned bool              `json:"abandoned,omitempty"`
	Reminded  int               `json:"reminded,omitempty"` // how often the silence was told

	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	SubmittedAt time.Time `json:"submitted_at,omitzero"`
	DecidedAt   time.Time `json:"decided_at,omitzero"`
	ExpiresAt   time.Time `json:"expires_at"`
	QuietSince  time.Time `json:"quiet_since,omitzero"`   // when something happened last that was not told by a timer
	LinkAskedAt time.Time `json:"link_asked_at,omitzero"` // when the applicant wanted a new link
}

// Correction is a reviewer's correction of something read from a document.
type Correction struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// AccountStatus is how opening the account went.
type AccountStatus struct {
	ID      string    `json:"id,omitempty"`
	Opened  bool      `json:"opened"`
	Reasons []Reason  `json:"reasons,omitempty"`
	At      time.Time `json:"at"`
}

// Current gives the first step that is not done, and its place; ok is false when all are.
func (s Session) Current() (StepStatus, int, bool) {
	return find(s.Steps, func(st StepStatus) bool { return st.State != StepDone })
}

// Step gives the status of one step.
func (s Session) Step(id string) (StepStatus, bool) {
	st, _, ok := find(s.Steps, func(st StepStatus) bool { return st.ID == id })
	return st, ok
}

// Asked gives the steps that are still the applicant's to do, in order.
func (s Session) Asked() []StepStatus {
	return slices.DeleteFunc(slices.Clone(s.Steps), func(st StepStatus) bool { return !st.Kind.ByApplicant() || st.State == StepDone })
}

// Checks gives every result so far, in the order of the flow.
func (s Session) Checks() []CheckResult {
	var all []CheckResult
	for _, st := range s.Steps {
		all = append(all, st.Checks...)
	}
	return all
}

// IsSimulated tells whether anything of the session was made up by a sandbox: the result of a check, or a picture.
func (s Session) IsSimulated() bool {
	return slices.ContainsFunc(s.Checks(), func(c CheckResult) bool { return c.Assurance == Simulated }) ||
		slices.ContainsFunc(s.Evidence, Evidence.IsSimulated)
}

// InForce gives the newest evidence of each kind: what checks look at and reviewers see first.
func (s Session) InForce() []Evidence {
	var newest []Evidence
	for _, e := range s.Evidence {
		if _, i, ok := find(newest, func(n Evidence) bool { return n.Kind == e.Kind }); ok {
			newest[i] = e
		} else {
			newest = append(newest, e)
		}
	}
	return newest
}

// Has tells whether there is evidence of a kind.
func (s Session) Has(kind EvidenceKind) bool {
	return slices.ContainsFunc(s.Evidence, func(e Evidence) bool { return e.Kind == kind })
}

// NextAction is what the applicant or client can do next.
type NextAction string

// Phase is the state in the words of a progress display.
type Phase string

// The next actions and the phases.
const (
	ActNone     NextAction = "none"
	ActOpenLink NextAction = "open_link"
	ActRedo     NextAction = "redo"
	ActWait     NextAction = "wait"

	PhaseNotStarted   Phase = "not_started"
	PhaseInProgress   Phase = "in_progress"
	PhaseAwaitingUser Phase = "awaiting_user"
	PhaseInReview     Phase = "in_review"
	PhaseDecided      Phase = "decided"
	PhaseExpired      Phase = "expired"
	PhaseAbandoned    Phase = "abandoned"
	PhaseCancelled    Phase = "cancelled"
)

// standings says of each state what a client or applicant wants to know of it.
var standings = map[State]struct {
	phase Phase
	next  NextAction
	retry bool
}{
	Created:           {PhaseNotStarted, ActOpenLink, true},
	InProgress:        {PhaseInProgress, ActOpenLink, true},
	Submitted:         {PhaseInReview, ActWait, false},
	InReview:          {PhaseInReview, ActWait, false},
	AwaitingApplicant: {PhaseAwaitingUser, ActRedo, true},
	Approved:          {PhaseDecided, ActNone, false},
	Rejected:          {PhaseDecided, ActNone, false},
	Expired:           {PhaseExpired, ActNone, false},
	Cancelled:         {PhaseCancelled, ActNone, false},
}

// NextAction tells what is to be done next, so that no client has to guess from the state.
func (s Session) NextAction() NextAction {
	if s.State == Expired && s.Flow.Reissue {
		return ActOpenLink
	}
	return standings[s.State].next
}

// CanRetry tells whether the applicant may still go on in this session: by its link, or, when expired, by a new one.
func (s Session) CanRetry() bool {
	return standings[s.State].retry || (s.State == Expired && s.Flow.Reissue)
}

// Phase tells the phase: a link nobody opened is not "in progress", and an abandoned go is not "in review".
func (s Session) Phase() Phase {
	if s.State == InProgress && s.Abandoned {
		return PhaseAbandoned
	}
	return standings[s.State].phase
}

// DueAt gives when a timer must look at the session again, or the zero time when none need to.
func (s Session) DueAt() time.Time {
	if !slices.Contains(collecting, s.State) {
		return time.Time{}
	}
	due := s.ExpiresAt
	if quiet := s.quiet().Add(s.Flow.Abandon); s.State == InProgress && !s.Abandoned && quiet.Before(due) {
		due = quiet
	}
	if remind := s.remindAt(); !remind.IsZero() && remind.Before(due) {
		due = remind
	}
	return due
}
