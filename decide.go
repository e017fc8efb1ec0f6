package usher

import (
	"cmp"
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
	if err := mayCommand(c); err != nil {
		return s, nil, err
	}
	d := decider{s: s.Clone(), c: c, now: now}
	err := checkReasons(c.Reasons, rule.why)
	if err == nil && rule.move {
		err = d.touch()
	}
	if err == nil {
		err = rule.do(&d)
	}
	if err != nil {
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
	d.advance() // a flow may look at what the client gave before it asks the applicant for anything
	return d.s, d.events
}

// rule says what a command does. A move is the applicant's, who may come too late, or for the first time.
type rule struct {
	from      []State
	move, why bool // why: it needs reasons
	do        func(*decider) error
}

var (
	collecting = []State{Created, InProgress, AwaitingApplicant}
	waiting    = []State{InReview, Submitted}
	decided    = []State{Approved, Rejected}
)

// rules is the table of states: from which of them a command is taken, and what it does. It is never written to.
var rules = map[CommandKind]rule{
	CmdOpen:         {from: collecting, move: true, do: func(*decider) error { return nil }},
	CmdReissueLink:  {from: slices.Concat(collecting, []State{Expired}), do: (*decider).reissue},
	CmdAskLink:      {from: slices.Concat(collecting, []State{Expired}), do: (*decider).askLink},
	CmdConsent:      {from: collecting, move: true, do: (*decider).completeStep},
	CmdDecline:      {from: collecting, move: true, do: (*decider).decline},
	CmdAddEvidence:  {from: collecting, move: true, do: (*decider).addEvidence},
	CmdCompleteStep: {from: collecting, move: true, do: (*decider).completeStep},
	CmdProveContact: {from: collecting, move: true, do: (*decider).proveContact},
	CmdSubmit:       {from: collecting, move: true, do: (*decider).submit},
	CmdReport:       {from: States(), do: (*decider).report},
	CmdReview:       {from: waiting, do: (*decider).review},
	CmdApprove:      {from: waiting, do: (*decider).approve},
	CmdReject:       {from: waiting, why: true, do: (*decider).reject},
	CmdAskAgain:     {from: waiting, why: true, do: (*decider).askAgain},
	CmdOverturn:     {from: decided, why: true, do: (*decider).overturn},
	CmdCorrect:      {from: slices.Concat(waiting, decided), do: (*decider).correct},
	CmdCancel:       {from: slices.Concat(collecting, waiting, []State{Expired}), do: (*decider).cancel},
	CmdAccount:      {from: decided, do: (*decider).account},
	CmdTick:         {from: States(), do: (*decider).tick},
	CmdAnnotate:     {from: States(), do: (*decider).annotate},
	CmdHits:         {from: []State{Approved}, do: (*decider).hits},
	CmdChallenge:    {from: collecting, move: true, do: (*decider).challenge},
}

// mayCommand refuses an actor whom the command does not belong to. What a client may do was checked by its scopes.
func mayCommand(c Command) error {
	deciding := slices.Contains([]CommandKind{CmdReview, CmdApprove, CmdReject, CmdAskAgain, CmdOverturn, CmdCorrect}, c.Kind)
	switch {
	case c.By.Kind == ByStaff && !c.By.Role.May(ActWorkOnCase):
		return &Error{Code: CodeForbidden, Message: "your role may look at cases but not change them"}
	case c.By.Kind == ByStaff && c.Kind == CmdOverturn && !c.By.Role.May(ActOverturn):
		return &Error{Code: CodeForbidden, Message: "only a senior reviewer overturns a decision"}
	case deciding && !slices.Contains([]ActorKind{ByClient, ByStaff, BySystem}, c.By.Kind):
		return &Error{Code: CodeForbidden, Message: "applicants do not decide"}
	}
	return nil
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
	d.s.apply(d.s.Flow, e)
	d.events = append(d.events, e)
}

func (d *decider) overdue() bool { return !d.now.Before(d.s.ExpiresAt) }

// touch refuses what the applicant does after the deadline, even when no timer has noticed it yet, and takes their first move, or their first
// after a silence, as the start of a go. Checks may stand first in a flow, or where it was taken up again: they go out then.
func (d *decider) touch() error {
	if d.overdue() {
		return &Error{Code: CodeGone, Message: "the link has expired; ask for a new one"}
	}
	if d.s.State != InProgress || d.s.Abandoned {
		d.emit(SessionStarted, EventData{Resumed: !d.s.StartedAt.IsZero()})
	}
	d.advance()
	return nil
}

// deadline gives the end of the applicant's time: what the command asks for, or the flow's.
func (d *decider) deadline() (time.Time, error) {
	if d.c.Expires.IsZero() {
		return d.now.Add(d.s.Flow.Expires), nil
	}
	if !d.c.Expires.After(d.now) {
		return time.Time{}, Invalid("expires_in", "must lie in the future")
	}
	return d.c.Expires, nil
}

func (d *decider) reissue() error {
	expired := d.s.State == Expired
	if (expired || d.overdue()) && !d.s.Flow.Reissue {
		return Conflict("this flow gives no new link to an expired session; create a new session")
	}
	expires, err := d.deadline()
	if err != nil {
		return err
	}
	d.emit(SessionLinkIssued, EventData{Expires: expires, Return: d.c.Return})
	// What checks reported while the session was expired was not taken in: they are asked again.
	if st, _, ok := d.s.Current(); expired && ok && st.State == StepRunning {
		d.send(st)
	}
	return nil
}

func (d *decider) completeStep() error {
	st, err := d.asked()
	if err != nil {
		return err
	}
	return d.complete(st)
}

func (d *decider) decline() error {
	if _, err := d.asked(); err != nil {
		return err
	}
	why := []Reason{{Code: ConsentDeclined}}
	d.emit(ConsentWasDeclined, EventData{Step: d.c.Step, Reasons: why})
	d.emit(SessionCancelled, EventData{Reasons: why})
	return nil
}

// mostEvidence bounds the files of one go of a session, mostBytes what all goes together may bring; the fronts bound the bytes of each file, and
// the flow the number of goes.
const (
	mostEvidence = 30
	mostBytes    = 100_000_000
)

func (d *decider) addEvidence() error {
	e := d.c.Evidence
	if e == nil || !slices.Contains(EvidenceKinds(), e.Kind) {
		return Invalid("kind", "use one of %v", EvidenceKinds())
	}
	if e.IsSimulated() && d.s.Mode != Sandbox {
		return &Error{Code: CodeForbidden, Message: "only sandbox tenants may simulate evidence"}
	}
	held, bytes := 0, max(e.Size, 1) // before a file is taken in, its size is not known: 0
	for _, had := range d.s.Evidence {
		bytes += had.Size
		if had.Attempt == d.s.Attempt {
			held++
		}
	}
	if bytes > mostBytes {
		return &Error{
			Code: CodeLimited, Field: "file", Detail: "session_full",
			Message: "the files of one session may have 100 MB in all: send smaller ones, or create another session",
		}
	}
	if held >= mostEvidence {
		return &Error{Code: CodeLimited, Field: "file", Message: "this session already holds 30 files of this attempt, the most it may"}
	}
	if d.locked(e.Kind) {
		return Conflict("evidence of kind %s can no longer be changed: checks rest on it", e.Kind)
	}
	answered, err := d.answers(e)
	if err != nil {
		return err
	}
	stored := *e
	stored.Attempt, stored.At, stored.Challenge = d.s.Attempt, d.now, answered
	d.emit(EvidenceReceived, EventData{Evidence: &stored})
	return nil
}

// locked tells whether checks rest on every step that takes a kind of evidence: a later file would pass for the one they looked at.
func (d *decider) locked(kind EvidenceKind) bool {
	locked := false
	for i, st := range d.s.Steps {
		if st.Kind == takenBy[kind] {
			if !d.relied(i) {
				return false
			}
			locked = true
		}
	}
	return locked
}

// relied tells whether checks that were sent out rest on the step at a place.
func (d *decider) relied(place int) bool {
	return slices.ContainsFunc(d.s.Steps[place:], func(later StepStatus) bool {
		return !later.Kind.ByApplicant() && later.State != StepOpen
	})
}

// asked finds the step that the command names: the next in order, or one to be done over, while nothing that rests on it has run.
func (d *decider) asked() (StepStatus, error) {
	st, place, ok := find(d.s.Steps, func(st StepStatus) bool { return st.ID == d.c.Step })
	current, at, _ := d.s.Current()
	switch {
	case !ok:
		return st, Invalid("step", "this flow has no such step")
	case !st.Kind.ByApplicant() || (st.Kind == StepConsent) != slices.Contains([]CommandKind{CmdConsent, CmdDecline}, d.c.Kind):
		return st, Invalid("step", "the step %s does not take this command", st.ID)
	case at >= 0 && place > at:
		return st, Conflict("the step %s comes first", current.ID)
	case d.relied(place):
		return st, Conflict("the step %s can no longer be changed: checks rest on it", st.ID)
	}
	return st, nil
}

// complete does a step whose turn it is, or says what it lacks.
func (d *decider) complete(st StepStatus) error {
	def, _, _ := d.s.Flow.Step(st.ID)
	data := EventData{Step: st.ID, Again: st.State == StepDone}
	lacks := func(field, detail, what string) error {
		return &Error{Code: CodeConflict, Field: field, Detail: detail, Message: "the step " + st.ID + " needs " + what}
	}
	var needs []EvidenceKind
	switch st.Kind {
	case StepConsent:
		if d.c.Consent == nil {
			return lacks("consent", "", "the applicant's consent")
		}
		given := d.agreed(st, def)
		if st.Consent != nil && given == *st.Consent {
			return nil
		}
		data.Consent = &given
	case StepDetails:
		for _, f := range def.Ask {
			if !slices.Contains(d.c.Given, f) {
				return lacks(string(f), "", string(f))
			}
		}
		data.Fields = d.s.provedBehind(st.ID, d.c.Changed)
	case StepDocument:
		if d.c.Document != nil {
			chosen := *d.c.Document
			if chosen.Type != "" && !slices.Contains(def.Accept, chosen.Type) {
				return Invalid("document", "this flow does not accept that type of document")
			}
			if chosen.Type.HasBack() {
				needs = append(needs, DocumentBack)
			}
			data.Document = &chosen
		}
		needs = append(needs, DocumentFront)
	case StepSelfie:
		needs = append(needs, Selfie)
		if def.Video && !def.VideoFree {
			needs = append(needs, SelfieVideo)
		}
	case StepProofOfAddress:
		needs = append(needs, ProofOfAddress)
	case StepContact:
		if c := st.unproved(def); c != "" {
			return lacks("contact", string(c), "the code that was sent by "+string(c))
		}
	case StepRun, StepDecide, StepAccount:
	}
	another := data.Document != nil && st.Document != nil && data.Document.Type != st.Document.Type
	for _, kind := range needs {
		if !d.fresh(st, kind, another) {
			return lacks("evidence", string(kind), "evidence of kind "+string(kind))
		}
	}
	if data.Consent != nil {
		d.emit(ConsentGiven, data)
	}
	d.emit(StepCompleted, data)
	d.advance()
	return nil
}

// agreed gives the consent as it is kept. One that says nothing new is the one the step holds, with its time: a button pressed twice is told once.
func (d *decider) agreed(st StepStatus, def Step) Consent {
	given := *d.c.Consent
	given.Text = cmp.Or(given.Text, def.Text)
	if st.Consent != nil {
		if given.At = st.Consent.At; given == *st.Consent {
			return given
		}
	}
	given.At = d.now
	return given
}

// fresh tells whether there is evidence of a kind that the step may rest on: when it was asked again, only that of the newest attempt, and so
// when it shows another document than the one of which some was asked again.
func (d *decider) fresh(st StepStatus, kind EvidenceKind, another bool) bool {
	again := st.Again(kind) || another && len(st.Redo) > 0
	return slices.ContainsFunc(d.s.Evidence, func(e Evidence) bool {
		return e.Kind == kind && (!again || e.Attempt == d.s.Attempt)
	})
}

// submit completes every step that what is there can complete, and sends the session on when none is left.
func (d *decider) submit() error {
	if cur, _, _ := d.s.Current(); cur.State == StepRunning && len(d.events) == 0 && len(d.s.Asked()) > 0 {
		return Conflict("the checks of step %s must end first", cur.ID)
	}
	for _, st := range d.s.Asked() {
		if cur, _, _ := d.s.Current(); cur.ID != st.ID {
			break
		}
		if err := d.pretendCodes(st); err != nil {
			return err
		}
		st, _ = d.s.Step(st.ID)
		if err := d.complete(st); err != nil {
			return err
		}
	}
	if len(d.s.Asked()) == 0 {
		d.emit(SessionSubmitted, EventData{})
		d.advance()
	}
	return nil
}

// tick tells what time has made true.
func (d *decider) tick() error {
	due := d.s.DueAt()
	switch {
	case due.IsZero() || d.now.Before(due):
	case d.overdue():
		d.emit(SessionExpired, EventData{})
	case !d.s.remindAt().IsZero() && !d.now.Before(d.s.remindAt()):
		d.emit(SessionReminder, EventData{})
	default:
		d.emit(SessionAbandoned, EventData{})
	}
	return nil
}
