package usher

import (
	"cmp"
	"context"
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
	return slices.Contains([]StepKind{StepConsent, StepDetails, StepContact, StepDocument, StepSelfie, StepProofOfAddress}, k)
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
	defaultExpiry   = 48 * time.Hour
	defaultAbandon  = time.Hour
	defaultAttempts = 5
	defaultReview   = 24 * time.Hour
	defaultDealt    = 20
	mostDealt       = 1000
	mostSteps       = 30
)

// DocumentTypes lists every type.
func DocumentTypes() []DocumentType {
	return []DocumentType{Passport, IDCard, DrivingLicence, ResidencePermit}
}

// HasBack tells whether a document of this type has a second side to show.
func (t DocumentType) HasBack() bool { return t != Passport && t != "" }

// OnReject says what a rejecting check leads to.
type OnReject string

const (
	ToReview OnReject = "review" // a reviewer looks; the default, since a person must be able to contest an automatic refusal
	ToReject OnReject = "reject" // the session is rejected by rule
)

// Step is one entry of a flow. Which members matter depends on the kind.
type Step struct {
	ID   string
	Kind StepKind

	Text           string         // consent: id of the text agreed to
	Ask            []DetailField  // details
	Verify         []Channel      // contact: what a one-time code is sent over, in this order
	Accept         []DocumentType // document
	Video          bool           // selfie: a short video of the face as well as the photo
	VideoFree      bool           // selfie: the video is asked for, and a photo without one is taken
	Challenge      bool           // selfie: movements before the camera are asked for, see [Challenge]; who cannot goes on without
	Checks         []CheckKind    // run
	Stop           bool           // run: a rejecting check ends the collection and decides at once
	Early          bool           // run: its checks need not wait until the applicant has sent everything
	Automatic      bool           // decide: approve by rule when every check is clear
	OnReject       OnReject       // decide
	Reviewers      int            // decide: how many different reviewers must agree to approve, 1 or 2
	AcceptAssisted []CheckKind    // decide: checks whose assisted result may approve; an explicit choice for a compliance officer
	Opener         string         // account
}

// Flow is a named, versioned, ordered list of steps. A session stays on the version it began with.
type Flow struct {
	Name     string
	Version  int
	Purpose  Purpose
	Expires  time.Duration     // from link to deadline
	Abandon  time.Duration     // of silence until session.abandoned is told
	Remind   []time.Duration   // of silence until session.reminder is told, each counted from the applicant's last move
	Attempts int               // goes a session may take, the first included
	Reissue  bool              // an expired session may get a new link
	Settings map[string]string // for a dialect to read; it means nothing here
	Review   Review
	At       time.Time // when this version was published
	Steps    []Step
}

// Purpose says what a session is for. Sessions other than onboarding are asked of an applicant who is already known: "pending actions".
type Purpose string

// The purposes.
const (
	ForOnboarding     Purpose = "onboarding"
	ForIdentity       Purpose = "identity_verification"
	ForProofOfAddress Purpose = "proof_of_address"
	ForFaceLogin      Purpose = "face_login" // proves that a known person is there: a new selfie against the enrolled one
)

// WithDefaults fills what a flow left out.
func (f Flow) WithDefaults() Flow {
	f.Purpose = cmp.Or(f.Purpose, ForOnboarding)
	f.Expires = cmp.Or(f.Expires, defaultExpiry)
	f.Abandon = cmp.Or(f.Abandon, defaultAbandon)
	f.Attempts = cmp.Or(f.Attempts, defaultAttempts)
	f.Review.Within, f.Review.Most = cmp.Or(f.Review.Within, defaultReview), cmp.Or(f.Review.Most, defaultDealt)
	f.Steps = slices.Clone(f.Steps)
	for i := range f.Steps {
		s := &f.Steps[i]
		s.ID = cmp.Or(s.ID, string(s.Kind))
		switch s.Kind {
		case StepDetails:
			if len(s.Ask) == 0 {
				s.Ask = []DetailField{AskName, AskDateOfBirth, AskAddress, AskContact}
			}
		case StepContact:
			if len(s.Verify) == 0 {
				s.Verify = []Channel{ByEmail}
			}
		case StepDocument:
			if len(s.Accept) == 0 {
				s.Accept = DocumentTypes()
			}
		case StepDecide:
			s.OnReject, s.Reviewers = cmp.Or(s.OnReject, ToReview), cmp.Or(s.Reviewers, 1)
		default:
		}
	}
	return f
}

// Step gives the step with an id, and its place.
func (f Flow) Step(id string) (Step, int, bool) {
	return find(f.Steps, func(s Step) bool { return s.ID == id })
}

// First gives the first step of a kind.
func (f Flow) First(k StepKind) (Step, bool) {
	s, _, ok := find(f.Steps, func(s Step) bool { return s.Kind == k })
	return s, ok
}

// Known is what a running server can do; a flow may not name anything else.
type Known struct {
	Checks   []CheckKind
	Openers  []string
	Steps    []StepKind // kinds the hosted page can show; server steps need no listing
	Channels []Channel  // what one-time codes can be sent over
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
	flow             Flow
	known            Known
	seen             map[string]bool
	decided, account bool
	problems         []Problem
}

// must notes a problem unless ok.
func (c *flowCheck) must(ok bool, step int, cure, format string, args ...any) {
	if !ok {
		c.problems = append(c.problems, Problem{Step: step, Message: fmt.Sprintf(format, args...), Cure: cure})
	}
}

func (c *flowCheck) whole() {
	f := c.flow
	c.must(f.Name != "", -1, `add a line such as "name: onboarding"`, "the flow has no name")
	c.must(len(f.Steps) >= 1 && len(f.Steps) <= mostSteps, -1, fmt.Sprintf("list between 1 and %d steps", mostSteps),
		"the flow has %d steps", len(f.Steps))
	c.must(f.Expires >= time.Minute && f.Expires <= 365*24*time.Hour, -1, `give a time between 1m and 8760h, such as "expires: 48h"`,
		"expires is %s", f.Expires)
	c.must(f.Abandon >= 0, -1, `give a time such as "abandon: 1h"`, "abandon is %s", f.Abandon)
	c.reminders()
	c.must(f.Attempts >= 1 && f.Attempts <= 50, -1, "give a number from 1 to 50", "attempts is %d", f.Attempts)
	c.must(f.Review.Within >= time.Minute && f.Review.Within <= 365*24*time.Hour, -1, `give a time between 1m and 8760h, such as "review: 4h"`,
		"review is %s", f.Review.Within)
	c.must(f.Review.Most >= 1 && f.Review.Most <= mostDealt, -1, fmt.Sprintf("give a number from 1 to %d", mostDealt),
		"most of review is %d", f.Review.Most)
	c.must(slices.Contains([]Purpose{ForOnboarding, ForIdentity, ForProofOfAddress, ForFaceLogin}, f.Purpose), -1,
		"use onboarding, identity_verification, proof_of_address or face_login", "unknown purpose %q", f.Purpose)
	_, err := f.Profile()
	c.must(err == nil, -1, "give a number such as 0.8, or leave it out", "%v", err)
	_, ok := f.First(StepDecide)
	c.must(ok, -1, `add a step such as "decide: {automatic: approve}"`, "the flow has no decide step, so it could never end")
}

func (c *flowCheck) step(i int, s Step) {
	c.must(!c.seen[s.ID], i, `give one of them a name of its own, such as "name: background"`, "two steps are called %q", s.ID)
	c.seen[s.ID] = true
	c.must(!s.Challenge || !s.Video, i, "leave one of them out", "the step %q asks for a challenge and a video", s.ID)
	c.must(!c.account && (!c.decided || s.Kind == StepAccount), i, "move it before the decide step; only one account step may follow",
		"step %q can never be reached", s.ID)
	c.must(!s.Kind.ByApplicant() || slices.Contains(c.known.Steps, s.Kind), i, "leave it out",
		"this server cannot show the step %q yet", s.Kind)
	switch s.Kind {
	case StepConsent, StepSelfie, StepProofOfAddress:
	case StepContact:
		c.contact(i, s)
	case StepDetails:
		for _, a := range s.Ask {
			c.must(slices.Contains(DetailFields(), a), i, "ask for name, date_of_birth, nationality, address or contact", "unknown detail %q", a)
		}
	case StepDocument:
		for _, t := range s.Accept {
			c.must(slices.Contains(DocumentTypes(), t), i, "accept passport, id_card, driving_licence or residence_permit",
				"unknown document type %q", t)
		}
	case StepRun:
		c.must(len(s.Checks) > 0, i, `list at least one check, such as "run: [document]"`, "the run step %q names no check", s.ID)
		for j, kind := range s.Checks {
			c.must(slices.Contains(c.known.Checks, kind), i, fmt.Sprintf("use one of %v", c.known.Checks), "unknown check %q", kind)
			c.must(!slices.Contains(s.Checks[:j], kind), i, "name it once", "check %q is listed twice in step %q", kind, s.ID)
		}
	case StepDecide:
		c.decided = true
		c.must(s.OnReject == ToReview || s.OnReject == ToReject, i, "use review or reject", "on_reject is %q", s.OnReject)
		c.must(s.Reviewers == 1 || s.Reviewers == 2, i, "use 1 or 2", "reviewers is %d", s.Reviewers)
	case StepAccount:
		c.must(c.decided, i, "move it behind the decide step", "the account step stands before the decision")
		c.must(slices.Contains(c.known.Openers, s.Opener), i, fmt.Sprintf("use one of %v", c.known.Openers),
			"unknown account opener %q", s.Opener)
		c.account = true
	default:
		c.must(false, i, "use consent, details, contact, document, selfie, proof_of_address, run, decide or account", "unknown step %q", s.Kind)
	}
}

// FlowVersion is one published version of a flow.
type FlowVersion struct {
	Version int
	At      time.Time
}

// FlowTexts are the texts that flows were read from.
type FlowTexts interface {
	// FlowVersions lists the versions of a flow, newest first; none for a flow that there is not.
	FlowVersions(ctx context.Context, tenant, name string) ([]FlowVersion, error)
	// FlowText gives the text of a version; version 0 is the newest.
	FlowText(ctx context.Context, tenant, name string, version int) (string, error)
}
