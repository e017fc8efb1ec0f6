package usher

import (
	"slices"
	"time"
)

// Decide is the only way a session changes: it gives the session after the command and the events that say what happened, or an [*Error] and
// the session as it was. It reads nothing but its arguments. A command that changes nothing (a late check report, a timer before its time)
// gives no events and no error.
func Decide(s Session, c Command, now time.Time) (Session, []Event, error) {
	if c.IfVersion != 0 && c.IfVersion != s.Version {
		return s, nil, Conflict("the session has changed since version %d; it is now at version %d: read it again and decide on that",
			c.IfVersion, s.Version)
	}
	rule, ok := rules[c.Kind]
	if !ok {
		return s, nil, Invalid("command", "unknown command")
	}
	if !slices.Contains(rule.from, s.State) {
		return s, nil, Conflict("a session that is %s does not take the command %s", s.State, c.Kind)
	}
	d := decider{s: s.Clone(), c: c, now: now}
	if err := rule.do(&d); err != nil {
		return s, nil, err
	}
	return d.s, d.events, nil
}

// Start gives a new session and its first event. The caller has set the ids, tenant, dialect and flow.
func Start(s Session, by Actor, now time.Time) (Session, []Event) {
	s.State, s.Attempt, s.Version = Created, 1, 0
	s.FlowName, s.FlowVersion, s.Purpose = s.Flow.Name, s.Flow.Version, s.Flow.Purpose
	s.CreatedAt, s.UpdatedAt = now, now
	if s.ExpiresAt.IsZero() {
		s.ExpiresAt = now.Add(s.Flow.Expires)
	}
	s.Steps = make([]StepStatus, len(s.Flow.Steps))
	for i, st := range s.Flow.Steps {
		s.Steps[i] = StepStatus{ID: st.ID, Kind: st.Kind, State: StepOpen}
	}
	d := decider{s: s, now: now, c: Command{By: by}}
	begun := s.Clone()
	d.emit(SessionCreated, EventData{Start: &begun, Expires: s.ExpiresAt})
	return d.s, d.events
}

type rule struct {
	from []State
	do   func(*decider) error
}

var (
	collecting = []State{Created, InProgress, AwaitingApplicant}
	waiting    = []State{InReview, Submitted}
	everywhere = States()
)

// rules is the table of DESIGN 3: from which states a command is taken, and what it does. It is never written to.
var rules = map[CommandKind]rule{
	CmdOpen:         {collecting, (*decider).open},
	CmdReissueLink:  {[]State{Created, InProgress, AwaitingApplicant, Expired}, (*decider).reissue},
	CmdConsent:      {collecting, (*decider).consent},
	CmdDecline:      {collecting, (*decider).decline},
	CmdAddEvidence:  {collecting, (*decider).addEvidence},
	CmdCompleteStep: {collecting, (*decider).completeStep},
	CmdSubmit:       {collecting, (*decider).submit},
	CmdReport:       {everywhere, (*decider).report},
	CmdReview:       {waiting, (*decider).review},
	CmdApprove:      {waiting, (*decider).approve},
	CmdReject:       {waiting, (*decider).reject},
	CmdAskAgain:     {waiting, (*decider).askAgain},
	CmdOverturn:     {[]State{Approved, Rejected}, (*decider).overturn},
	CmdCorrect:      {[]State{Submitted, InReview, Approved, Rejected}, (*decider).correct},
	CmdCancel:       {[]State{Created, InProgress, AwaitingApplicant, Submitted, InReview, Expired}, (*decider).cancel},
	CmdAccount:      {[]State{Approved, Rejected}, (*decider).account},
	CmdTick:         {everywhere, (*decider).tick},
}

// decider carries one command through its rule: every change goes through emit, so that state and events cannot part.
type decider struct {
	s      Session
	c      Command
	now    time.Time
	events []Event
}

func (d *decider) emit(t EventType, data EventData) {
	by := d.c.By
	data.By = &by
	e := Event{
		Type: t, TenantID: d.s.TenantID, ApplicantID: d.s.ApplicantID, SessionID: d.s.ID,
		Sequence: d.s.Version + 1, Version: d.s.Version + 1, At: d.now, Data: data,
	}
	d.s = Apply(d.s, d.s.Flow, e)
	d.events = append(d.events, e)
}

// overdue refuses what comes after the deadline, even when no timer has noticed it yet.
func (d *decider) overdue() error {
	if d.now.Before(d.s.ExpiresAt) {
		return nil
	}
	return &Error{Code: CodeGone, Message: "the link has expired; ask for a new one"}
}

// touch takes the applicant's first move of a go as the start of it.
func (d *decider) touch() error {
	if err := d.overdue(); err != nil {
		return err
	}
	if d.s.State != InProgress {
		d.emit(SessionStarted, EventData{Resumed: !d.s.StartedAt.IsZero()})
	}
	return nil
}

func (d *decider) open() error { return d.touch() }

func (d *decider) reissue() error {
	if d.s.State == Expired && !d.s.Flow.Reissue {
		return Conflict("this flow gives no new link to an expired session; create a new session")
	}
	expires := d.c.Expires
	if expires.IsZero() {
		expires = d.now.Add(d.s.Flow.Expires)
	}
	if !expires.After(d.now) {
		return Invalid("expires_in", "must lie in the future")
	}
	d.emit(SessionLinkIssued, EventData{Expires: expires, Return: d.c.Return})
	return nil
}

func (d *decider) consent() error {
	st, err := d.asked(d.c.Step, StepConsent)
	if err != nil {
		return err
	}
	if d.c.Consent == nil {
		return Invalid("consent", "say what was agreed to")
	}
	if err := d.touch(); err != nil {
		return err
	}
	d.giveConsent(st, *d.c.Consent)
	d.advance()
	return nil
}

func (d *decider) giveConsent(st StepStatus, given Consent) {
	if def, _, ok := d.s.Flow.Step(st.ID); ok && given.Text == "" {
		given.Text = def.Text
	}
	given.At = d.now
	d.emit(ConsentGiven, EventData{Step: st.ID, Consent: &given})
	d.emit(StepCompleted, EventData{Step: st.ID, Consent: &given})
}

func (d *decider) decline() error {
	if _, err := d.asked(d.c.Step, StepConsent); err != nil {
		return err
	}
	if err := d.touch(); err != nil {
		return err
	}
	why := []Reason{{Code: ConsentDeclined}}
	d.emit(ConsentWasDeclined, EventData{Step: d.c.Step, Reasons: why})
	d.emit(SessionCancelled, EventData{Reasons: why})
	return nil
}

// mostEvidence bounds what one session may hold; the fronts bound the bytes of each file.
const mostEvidence = 30

func (d *decider) addEvidence() error {
	e := d.c.Evidence
	if e == nil || !slices.Contains(EvidenceKinds(), e.Kind) {
		return Invalid("kind", "use one of document_front, document_back, selfie, selfie_video, liveness, proof_of_address, report")
	}
	if e.IsSimulated() && d.s.Mode != Sandbox {
		return &Error{Code: CodeForbidden, Message: "only sandbox tenants may simulate evidence"}
	}
	if len(d.s.Evidence) >= mostEvidence {
		return &Error{Code: CodeLimited, Field: "file", Message: "this session already holds 30 files, the most it may"}
	}
	if err := d.touch(); err != nil {
		return err
	}
	stored := *e
	stored.Attempt, stored.At = d.s.Attempt, d.now
	d.emit(EvidenceReceived, EventData{Evidence: &stored})
	return nil
}

// asked finds the applicant's step a command names and refuses one that is not due: steps are done in their order, or, while nothing that
// rests on them has run, done over.
func (d *decider) asked(id string, kinds ...StepKind) (StepStatus, error) {
	place := slices.IndexFunc(d.s.Steps, func(st StepStatus) bool { return st.ID == id })
	if place < 0 {
		return StepStatus{}, Invalid("step", "this flow has no such step")
	}
	st := d.s.Steps[place]
	if !slices.Contains(kinds, st.Kind) {
		return StepStatus{}, Invalid("step", "the step %s does not take this command", st.ID)
	}
	current, at, ok := d.s.Current()
	if ok && place > at {
		return StepStatus{}, Conflict("the step %s comes first", current.ID)
	}
	for _, later := range d.s.Steps[place:] {
		if !later.Kind.ByApplicant() && later.State != StepOpen {
			return StepStatus{}, Conflict("the step %s can no longer be changed: checks rest on it", st.ID)
		}
	}
	return st, nil
}

func (d *decider) completeStep() error {
	st, err := d.asked(d.c.Step, StepDetails, StepContact, StepDocument, StepSelfie, StepProofOfAddress)
	if err != nil {
		return err
	}
	if err := d.ready(st); err != nil {
		return err
	}
	if err := d.touch(); err != nil {
		return err
	}
	d.emit(StepCompleted, EventData{Step: st.ID, Document: d.c.Document})
	d.advance()
	return nil
}

// ready tells what a step still lacks.
func (d *decider) ready(st StepStatus) error {
	def, _, _ := d.s.Flow.Step(st.ID)
	need := func(kind EvidenceKind) error {
		if d.fresh(st, kind) {
			return nil
		}
		return &Error{Code: CodeConflict, Field: "evidence", Detail: string(kind), Message: "the step " + st.ID + " needs evidence of kind " + string(kind)}
	}
	switch st.Kind {
	case StepDetails:
		for _, f := range def.Ask {
			if !slices.Contains(d.c.Given, f) {
				return &Error{Code: CodeConflict, Field: string(f), Message: "the step " + st.ID + " needs " + string(f)}
			}
		}
	case StepDocument:
		if c := d.c.Document; c != nil {
			if c.Type != "" && !slices.Contains(def.Accept, c.Type) {
				return Invalid("document", "this flow does not accept that type of document")
			}
			if c.Type.HasBack() {
				if err := need(DocumentBack); err != nil {
					return err
				}
			}
		}
		return need(DocumentFront)
	case StepSelfie:
		return need(Selfie)
	case StepProofOfAddress:
		return need(ProofOfAddress)
	case StepConsent, StepContact, StepRun, StepDecide, StepAccount:
	}
	return nil
}

// fresh tells whether there is evidence of a kind that the step may rest on: any, the first time; only what came after it was asked again,
// when it was. The time of asking is that of the newest resubmission, which is when the attempt was raised.
func (d *decider) fresh(st StepStatus, kind EvidenceKind) bool {
	return slices.ContainsFunc(d.s.Evidence, func(e Evidence) bool {
		return e.Kind == kind && (len(st.Redo) == 0 || e.Attempt == d.s.Attempt)
	})
}

// submit completes every step that what is there can complete, and sends the session on when none is left.
func (d *decider) submit() error {
	if err := d.overdue(); err != nil {
		return err
	}
	if cur, _, ok := d.s.Current(); ok && cur.Kind == StepRun && cur.State == StepRunning {
		return Conflict("the checks of step %s must end first", cur.ID)
	}
	if err := d.touch(); err != nil {
		return err
	}
	for _, st := range d.s.Asked() {
		if cur, _, _ := d.s.Current(); cur.ID != st.ID {
			break
		}
		if st.Kind == StepConsent {
			if d.c.Consent == nil {
				return Conflict("the step %s is not done: the applicant has not agreed yet", st.ID)
			}
			d.giveConsent(st, *d.c.Consent)
		} else {
			if err := d.ready(st); err != nil {
				return err
			}
			d.emit(StepCompleted, EventData{Step: st.ID, Document: d.c.Document})
		}
		d.advance()
	}
	if len(d.s.Asked()) > 0 {
		return nil
	}
	d.emit(SessionSubmitted, EventData{})
	d.advance()
	return nil
}

// advance sends out the checks of run steps whose turn has come, and decides when the decide step is reached. Before the session is submitted
// it stops there: what is behind the last of the applicant's steps waits until the applicant has sent it.
func (d *decider) advance() {
	for {
		st, _, ok := d.s.Current()
		if !ok || st.State == StepRunning || st.Kind.ByApplicant() {
			return
		}
		if d.s.State == InProgress && len(d.s.Asked()) == 0 {
			return
		}
		switch st.Kind {
		case StepRun:
			def, _, _ := d.s.Flow.Step(st.ID)
			for _, kind := range def.Checks {
				d.emit(CheckStarted, EventData{Step: st.ID, Check: kind, Round: st.Round + 1})
			}
			return
		case StepDecide:
			if d.s.State == Submitted {
				d.settle()
			}
			return
		default:
			return
		}
	}
}

// report takes the results of one run step. Late ones, of a round that was overtaken or a session that has ended, change nothing.
func (d *decider) report() error {
	st, ok := d.s.Step(d.c.Step)
	if !ok || st.Kind != StepRun {
		return Invalid("step", "this flow has no such run step")
	}
	if d.s.State.Ended() || d.s.State == AwaitingApplicant || st.State != StepRunning || st.Round != d.c.Round {
		return nil
	}
	for _, r := range d.c.Results {
		i := slices.IndexFunc(st.Checks, func(c CheckResult) bool { return c.Kind == r.Kind })
		if i < 0 || st.Checks[i].Outcome != "" {
			continue
		}
		if err := checkResult(r); err != nil {
			return err
		}
		d.emit(CheckCompleted, EventData{Step: st.ID, Check: r.Kind, Result: &r, Round: st.Round})
	}
	st, _ = d.s.Step(d.c.Step)
	if st.State != StepDone {
		return nil
	}
	def, _, _ := d.s.Flow.Step(st.ID)
	if def.Stop && d.s.State != InReview && slices.ContainsFunc(st.Checks, func(c CheckResult) bool { return c.Outcome == Refuse }) {
		d.settle()
		return nil
	}
	d.advance()
	return nil
}

// checkResult refuses a result that claims what it cannot: an outcome or assurance that does not exist, or a clear without either.
func checkResult(r CheckResult) error {
	outcomes := []Outcome{Clear, Consider, Refuse, Unavailable, NotRun}
	if !slices.Contains(outcomes, r.Outcome) {
		return Invalid("outcome", "unknown outcome of check %s", r.Kind)
	}
	examined := r.Outcome == Clear || r.Outcome == Consider || r.Outcome == Refuse
	if examined && !slices.Contains([]Assurance{Verified, Assisted, Simulated}, r.Assurance) {
		return Invalid("assurance", "the check %s gives no assurance", r.Kind)
	}
	if r.Score < 0 || r.Score > 1 {
		return Invalid("score", "the score of check %s is not between 0 and 1", r.Kind)
	}
	return checkReasons("reasons", r.Reasons, false)
}

// tick tells what time has made true.
func (d *decider) tick() error {
	switch d.s.State {
	case Created, InProgress, AwaitingApplicant:
	default:
		return nil
	}
	if !d.now.Before(d.s.ExpiresAt) {
		d.emit(SessionExpired, EventData{})
		return nil
	}
	if d.s.State == InProgress && !d.s.Abandoned && !d.now.Before(d.s.UpdatedAt.Add(d.s.Flow.Abandon)) {
		d.emit(SessionAbandoned, EventData{})
	}
	return nil
}
