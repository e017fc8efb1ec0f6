package usher

import (
	"fmt"
	"slices"
	"time"
)

// StepKind is what a step of a flow does.
type StepKind string

// The kinds of step. The first six are the applicant's to do; run, decide and account are the server's.
const (
	StepConsent        StepKind = "consent"
	StepDetails        StepKind = "details"
	StepContact        StepKind = "contact"
	StepDocument       StepKind = "document"
	StepSelfie         StepKind = "selfie"
	StepProofOfAddress StepKind = "proof_of_address"
	StepRun            StepKind = "run"
	StepDecide         StepKind = "decide"
	StepAccount        StepKind = "account"
)

// ByApplicant tells whether the applicant does steps of this kind.
func (k StepKind) ByApplicant() bool {
	switch k {
	case StepConsent, StepDetails, StepContact, StepDocument, StepSelfie, StepProofOfAddress:
		return true
	case StepRun, StepDecide, StepAccount:
		return false
	}
	return false
}

// DocumentType is a kind of identity document.
type DocumentType string

// The document types a flow can accept.
const (
	Passport        DocumentType = "passport"
	IDCard          DocumentType = "id_card"
	DrivingLicence  DocumentType = "driving_licence"
	ResidencePermit DocumentType = "residence_permit"
)

// What a flow gets when it does not say, and the most it may ask for.
const (
	defaultExpiry    = 48 * time.Hour
	defaultAbandon   = time.Hour
	defaultAttempts  = 5
	mostReviewers    = 2
	longestFlowSteps = 30
)

// DocumentTypes lists every type.
func DocumentTypes() []DocumentType {
	return []DocumentType{Passport, IDCard, DrivingLicence, ResidencePermit}
}

// HasBack tells whether a document of this type has a second side to show.
func (t DocumentType) HasBack() bool { return t != Passport && t != "" }

// OnReject says what a rejecting check leads to.
type OnReject string

// The ways on after a rejecting check: a reviewer looks (the default, since a person must be able to contest an automatic refusal), or the
// session is rejected by rule.
const (
	ToReview OnReject = "review"
	ToReject OnReject = "reject"
)

// Step is one entry of a flow. Which members matter depends on the kind.
type Step struct {
	ID   string
	Kind StepKind

	Text   string         // consent: id of the text agreed to
	Ask    []DetailField  // details
	Accept []DocumentType // document
	Video  bool           // selfie: record a video as well
	Checks []CheckKind    // run
	Stop   bool           // run: a rejecting check ends the collection and decides at once

	Automatic      bool        // decide: approve by rule when every check is clear
	OnReject       OnReject    // decide: review or reject
	Reviewers      int         // decide: how many different reviewers must agree to approve, 1 or 2
	AcceptAssisted []CheckKind // decide: checks whose assisted result may approve; an explicit choice for a compliance officer

	Opener string // account
}

// Flow is a named, versioned, ordered list of steps. A session stays on the version it began with.
type Flow struct {
	Name     string
	Version  int
	Purpose  Purpose
	Expires  time.Duration // from link to deadline
	Abandon  time.Duration // of silence until session.abandoned is told
	Attempts int           // goes a session may take, the first included
	Reissue  bool          // an expired session may get a new link
	Steps    []Step
}

// Purpose says what a session is for. Sessions other than onboarding are asked of an applicant who is already known: "pending actions".
type Purpose string

// The purposes.
const (
	ForOnboarding     Purpose = "onboarding"
	ForIdentity       Purpose = "identity_verification"
	ForProofOfAddress Purpose = "proof_of_address"
)

// WithDefaults fills what a flow left out.
func (f Flow) WithDefaults() Flow {
	if f.Purpose == "" {
		f.Purpose = ForOnboarding
	}
	if f.Expires == 0 {
		f.Expires = defaultExpiry
	}
	if f.Abandon == 0 {
		f.Abandon = defaultAbandon
	}
	if f.Attempts == 0 {
		f.Attempts = defaultAttempts
	}
	f.Steps = slices.Clone(f.Steps)
	for i := range f.Steps {
		s := &f.Steps[i]
		if s.ID == "" {
			s.ID = string(s.Kind)
		}
		switch s.Kind {
		case StepDetails:
			if len(s.Ask) == 0 {
				s.Ask = []DetailField{AskName, AskDateOfBirth, AskAddress, AskContact}
			}
		case StepDocument:
			if len(s.Accept) == 0 {
				s.Accept = DocumentTypes()
			}
		case StepDecide:
			if s.OnReject == "" {
				s.OnReject = ToReview
			}
			if s.Reviewers == 0 {
				s.Reviewers = 1
			}
		default:
		}
	}
	return f
}

// Step gives the step with an id, and its place.
func (f Flow) Step(id string) (Step, int, bool) {
	i := slices.IndexFunc(f.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return Step{}, -1, false
	}
	return f.Steps[i], i, true
}

// First gives the first step of a kind.
func (f Flow) First(k StepKind) (Step, bool) {
	i := slices.IndexFunc(f.Steps, func(s Step) bool { return s.Kind == k })
	if i < 0 {
		return Step{}, false
	}
	return f.Steps[i], true
}

// Known is what a running server can do; a flow may not name anything else.
type Known struct {
	Checks  []CheckKind
	Openers []string
	Steps   []StepKind // kinds the hosted page can show; server steps need no listing
}

// Problem is one thing wrong with a flow, and what to do about it. Step is the place in the list, -1 for the flow as a whole.
type Problem struct {
	Step    int    `json:"step"`
	Message string `json:"message"`
	Cure    string `json:"cure"`
}

// String gives the problem and its cure on one line.
func (p Problem) String() string { return p.Message + "; " + p.Cure }

// Check lists what is wrong with the flow, in the order of its steps; an empty list means it can be used.
func (f Flow) Check(k Known) []Problem {
	c := flowCheck{flow: f, known: k, seen: map[string]bool{}}
	c.whole()
	for i, s := range f.Steps {
		c.step(i, s)
	}
	return c.problems
}

type flowCheck struct {
	flow     Flow
	known    Known
	seen     map[string]bool
	decided  bool
	account  bool
	problems []Problem
}

func (c *flowCheck) add(step int, cure, format string, args ...any) {
	c.problems = append(c.problems, Problem{Step: step, Message: fmt.Sprintf(format, args...), Cure: cure})
}

func (c *flowCheck) whole() {
	f := c.flow
	if f.Name == "" {
		c.add(-1, "add a line such as \"name: onboarding\"", "the flow has no name")
	}
	if len(f.Steps) == 0 || len(f.Steps) > longestFlowSteps {
		c.add(-1, fmt.Sprintf("list between 1 and %d steps", longestFlowSteps), "the flow has %d steps", len(f.Steps))
	}
	if f.Expires < time.Minute || f.Expires > 365*24*time.Hour {
		c.add(-1, "give a time between 1m and 8760h, such as \"expires: 48h\"", "expires is %s", f.Expires)
	}
	if f.Attempts < 1 || f.Attempts > 50 {
		c.add(-1, "give a number from 1 to 50", "attempts is %d", f.Attempts)
	}
	if !slices.Contains([]Purpose{ForOnboarding, ForIdentity, ForProofOfAddress}, f.Purpose) {
		c.add(-1, "use onboarding, identity_verification or proof_of_address", "unknown purpose %q", f.Purpose)
	}
	if _, ok := f.First(StepDecide); !ok {
		c.add(-1, "add a step such as \"decide: {automatic: approve}\"", "the flow has no decide step, so it could never end")
	}
}

func (c *flowCheck) step(i int, s Step) {
	if c.seen[s.ID] {
		c.add(i, "give one of them a name of its own, such as \"name: background\"", "two steps are called %q", s.ID)
	}
	c.seen[s.ID] = true
	if c.account || (c.decided && s.Kind != StepAccount) {
		c.add(i, "move it before the decide step; only one account step may follow", "step %q can never be reached", s.ID)
	}
	switch s.Kind {
	case StepConsent, StepContact, StepSelfie, StepProofOfAddress:
	case StepDetails:
		for _, a := range s.Ask {
			if !slices.Contains(DetailFields(), a) {
				c.add(i, "ask for name, date_of_birth, nationality, address or contact", "unknown detail %q", a)
			}
		}
	case StepDocument:
		for _, t := range s.Accept {
			if !slices.Contains(DocumentTypes(), t) {
				c.add(i, "accept passport, id_card, driving_licence or residence_permit", "unknown document type %q", t)
			}
		}
	case StepRun:
		c.run(i, s)
	case StepDecide:
		c.decide(i, s)
	case StepAccount:
		c.account = true
		if !c.decided {
			c.add(i, "move it behind the decide step", "the account step stands before the decision")
		}
		if !slices.Contains(c.known.Openers, s.Opener) {
			c.add(i, fmt.Sprintf("use one of %v", c.known.Openers), "unknown account opener %q", s.Opener)
		}
	default:
		c.add(i, "use consent, details, document, selfie, proof_of_address, run, decide or account", "unknown step %q", s.Kind)
		return
	}
	if s.Kind.ByApplicant() && !slices.Contains(c.known.Steps, s.Kind) {
		c.add(i, "leave it out", "this server cannot show the step %q yet", s.Kind)
	}
}

func (c *flowCheck) run(i int, s Step) {
	if len(s.Checks) == 0 {
		c.add(i, "list at least one check, such as \"run: [document]\"", "the run step %q names no check", s.ID)
	}
	for j, kind := range s.Checks {
		if !slices.Contains(c.known.Checks, kind) {
			c.add(i, fmt.Sprintf("use one of %v", c.known.Checks), "unknown check %q", kind)
		}
		if slices.Contains(s.Checks[:j], kind) {
			c.add(i, "name it once", "check %q is listed twice in step %q", kind, s.ID)
		}
	}
}

func (c *flowCheck) decide(i int, s Step) {
	if s.OnReject != ToReview && s.OnReject != ToReject {
		c.add(i, "use review or reject", "on_reject is %q", s.OnReject)
	}
	if s.Reviewers < 1 || s.Reviewers > mostReviewers {
		c.add(i, "use 1 or 2", "reviewers is %d", s.Reviewers)
	}
	c.decided = true
}
