package usher_test

import (
	"errors"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// What must hold of any command to any session. Failures begin with the invariant's number:
//
//	I1 what has ended stays ended, but for overturn and reissue     I4 events are gapless, and their fold is the session
//	I2 an account only after approval, and only one                 I5 an error changes nothing, and nobody writes to what went in
//	I3 a step's outcome comes from a command that names it,         I6 the version rises by one with each event
//	   and steps keep their order                                   I10 a restart changes nothing

func codeOf(err error) usher.Code {
	var e *usher.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// heldAsked sees that refusals are refusals that a front can answer with, and that nothing the applicant does counts after the deadline.
func heldAsked(t failer, before usher.Session, c usher.Command, err error, now time.Time) {
	if err != nil && codeOf(err) == "" {
		t.Fatalf("%s failed with an error that no front can show: %v", c.Kind, err)
	}
	if c.IfVersion != 0 && c.IfVersion != before.Version && codeOf(err) != usher.CodeConflict {
		t.Fatalf("%s for version %d was taken by version %d: %v", c.Kind, c.IfVersion, before.Version, err)
	}
	if err == nil && slices.Contains(moves(), c.Kind) && !now.Before(before.ExpiresAt) {
		t.Fatalf("%s was taken after the deadline", c.Kind)
	}
	if err == nil && c.By.Kind == usher.ByStaff && !c.By.Role.May(usher.ActWorkOnCase) {
		t.Fatalf("a %s may not %s", c.By.Role, c.Kind)
	}
	deciding := []usher.CommandKind{usher.CmdApprove, usher.CmdReject, usher.CmdAskAgain, usher.CmdOverturn, usher.CmdReview}
	if err == nil && slices.Contains(deciding, c.Kind) && c.By.Kind == usher.ByApplicant {
		t.Fatalf("an applicant may not %s", c.Kind)
	}
}

// moves are the commands of the applicant.
func moves() []usher.CommandKind {
	return []usher.CommandKind{
		usher.CmdChallenge, usher.CmdOpen, usher.CmdConsent, usher.CmdDecline, usher.CmdAddEvidence, usher.CmdCompleteStep, usher.CmdProveContact, usher.CmdSubmit,
	}
}

// heldMove sees that the state moved as the table of states says (I1 is part of it: what has ended is left only by overturn and reissue).
func heldMove(t failer, before usher.Session, c usher.Command, after usher.Session, err error) {
	to, ok := states[c.Kind][before.State]
	switch {
	case err != nil:
	case !ok:
		t.Fatalf("the command %q was taken by a session that is %s", c.Kind, before.State)
	case !slices.Contains(to, after.State):
		t.Fatalf("I1: %s took a session from %s to %s, which no row of the table says", c.Kind, before.State, after.State)
	}
}

// heldEvents sees that events are gapless and say all that changed (I4, I6).
func heldEvents(t failer, before, after usher.Session, events []usher.Event) {
	if after.Version != before.Version+int64(len(events)) {
		t.Fatalf("I6: version %d, and after %d events %d", before.Version, len(events), after.Version)
	}
	for i, e := range events {
		if e.Sequence != before.Version+int64(i)+1 || e.Version != e.Sequence {
			t.Fatalf("I4: event %d behind version %d has sequence %d, version %d", i+1, before.Version, e.Sequence, e.Version)
		}
		if e.SessionID != before.ID || e.TenantID != before.TenantID || e.ApplicantID != before.ApplicantID || e.Data.By == nil {
			t.Fatalf("the event %s does not say whose it is, or who made it", e.Type)
		}
	}
	if len(events) == 0 {
		same(t, "I4: a session that nothing was told of", before, after)
	}
}

// heldEvent sees that one event was due: was is the session before it, is the session after.
func heldEvent(t failer, was usher.Session, c usher.Command, e usher.Event, is usher.Session) {
	ended := map[usher.State][]usher.EventType{
		usher.Approved: {usher.SessionOverturned, usher.DocumentCorrected, usher.AccountOpened, usher.AccountFailed},
		usher.Rejected: {usher.SessionOverturned, usher.DocumentCorrected}, usher.Cancelled: {},
		usher.Expired: {usher.SessionLinkIssued, usher.SessionLinkRequested, usher.SessionCancelled},
	}
	noted := e.Type == usher.SessionAnnotated || (e.Type == usher.HitsChanged && was.State == usher.Approved)
	if may, ok := ended[was.State]; ok && !slices.Contains(may, e.Type) && !noted {
		t.Fatalf("I1: a session that is %s told %s", was.State, e.Type)
	}
	switch e.Type {
	case usher.StepCompleted, usher.CheckStarted:
		inOrder(t, was, c, e)
	case usher.ContactVerified:
		inOrder(t, was, c, e)
		if c.Contact == nil || c.Contact.Address == "" || *c.Contact != withoutTime(*e.Data.Contact) || was.Mode == usher.Live && c.Contact.Simulated {
			t.Fatalf("I3: %+v was proved by %+v", e.Data.Contact, c.Contact)
		}
	case usher.CheckCompleted:
		st, _ := was.Step(e.Data.Step)
		if c.Kind != usher.CmdReport || c.Step != st.ID || c.Round != st.Round || st.State != usher.StepRunning {
			t.Fatalf("I3: %s of step %q, round %d told the result of step %s, %s, round %d", c.Kind, c.Step, c.Round, st.ID, st.State, st.Round)
		}
		if i := slices.IndexFunc(st.Checks, func(r usher.CheckResult) bool { return r.Kind == e.Data.Check }); i < 0 || st.Checks[i].Outcome != "" {
			t.Fatalf("I3: a result of %s was taken that nobody was waiting for", e.Data.Check)
		}
	case usher.EvidenceReceived:
		onTime(t, was, e)
	case usher.SessionApproved:
		if c.Kind != usher.CmdApprove {
			byRule(t, was)
		} else if c.By.Kind == usher.ByStaff {
			fourEyes(t, was, c.By)
		}
	case usher.SessionAbandoned:
		if was.Abandoned || was.State != usher.InProgress {
			t.Fatalf("a session %s was abandoned, though abandoned was %t", was.State, was.Abandoned)
		}
	case usher.SessionReminder:
		if was.State != usher.Created && was.State != usher.InProgress && was.State != usher.AwaitingApplicant || is.State != was.State {
			t.Fatalf("a session %s was reminded of, and is %s", was.State, is.State)
		}
	case usher.SessionReviewRequested:
		for i, v := range e.Data.Votes {
			if slices.ContainsFunc(e.Data.Votes[:i], func(o usher.Actor) bool { return o.ID == v.ID }) {
				t.Fatalf("%s voted twice", v.ID)
			}
		}
	case usher.AccountOpened:
		if was.State != usher.Approved || (was.Account != nil && was.Account.Opened) {
			t.Fatalf("I2: an account was opened for a session %s with %+v", was.State, was.Account)
		}
	}
	heldSteps(t, was, e, is)
}

// inOrder sees that a step was done, or its checks sent out, only when all before it were done, by a command that names it or means all (I3).
func inOrder(t failer, was usher.Session, c usher.Command, e usher.Event) {
	for _, st := range was.Steps {
		if st.ID == e.Data.Step {
			break
		}
		if st.State != usher.StepDone {
			t.Fatalf("I3: %s of %s while %s is %s", e.Type, e.Data.Step, st.ID, st.State)
		}
	}
	if e.Type == usher.StepCompleted && c.Kind != usher.CmdSubmit && (c.Step != e.Data.Step || !slices.Contains(moves(), c.Kind)) {
		t.Fatalf("I3: %s of step %q completed the step %s", c.Kind, c.Step, e.Data.Step)
	}
	st, _ := was.Step(e.Data.Step)
	if e.Type == usher.StepCompleted && lacks(was, st) != "" && lacks(was, st) != usher.DocumentBack {
		t.Fatalf("the step %s was completed without %s", st.ID, lacks(was, st))
	}
	if def, _, _ := was.Flow.Step(st.ID); e.Type == usher.StepCompleted && len(st.Proved) < len(def.Verify) {
		t.Fatalf("the step %s was completed with %d codes of %d", st.ID, len(st.Proved), len(def.Verify))
	}
}

func withoutTime(p usher.ContactProof) usher.ContactProof {
	p.At = time.Time{}
	return p
}

// onTime sees that no evidence comes in behind the checks that looked at it.
func onTime(t failer, was usher.Session, e usher.Event) {
	takes, free := false, false
	for i, st := range was.Steps {
		if !slices.Contains(needs(st.Kind), e.Data.Evidence.Kind) {
			continue
		}
		takes = true
		free = free || !slices.ContainsFunc(was.Steps[i:], func(later usher.StepStatus) bool {
			return later.Kind == usher.StepRun && later.State != usher.StepOpen
		})
	}
	if takes && !free {
		t.Fatalf("evidence of kind %s was taken after its checks had begun", e.Data.Evidence.Kind)
	}
}

// byRule sees that nothing but clear checks of full worth approved a session, and that every check of its flow was among them.
func byRule(t failer, was usher.Session) {
	def, _ := was.Flow.First(usher.StepDecide)
	if !def.Automatic || was.State != usher.Submitted || len(was.Asked()) > 0 || len(was.Checks()) == 0 {
		t.Fatalf("approved by rule: automatic %t, state %s, %d steps to do, %d checks", def.Automatic, was.State, len(was.Asked()), len(was.Checks()))
	}
	for _, step := range was.Flow.Steps {
		st, _ := was.Step(step.ID)
		for _, kind := range step.Checks {
			i := slices.IndexFunc(st.Checks, func(r usher.CheckResult) bool { return r.Kind == kind })
			if i < 0 || st.Checks[i].Outcome != usher.Clear {
				t.Fatalf("approved by rule, though the check %s is not clear", kind)
			}
			worth := map[usher.Assurance]bool{
				usher.Verified: true, usher.Simulated: was.Mode == usher.Sandbox, usher.Assisted: slices.Contains(def.AcceptAssisted, kind),
			}
			if !worth[st.Checks[i].Assurance] {
				t.Fatalf("approved by rule in a %s tenant, though the check %s is only %s", was.Mode, kind, st.Checks[i].Assurance)
			}
		}
	}
}

// fourEyes sees that as many members of staff approved as the flow asks for, each of them once.
func fourEyes(t failer, was usher.Session, by usher.Actor) {
	def, _ := was.Flow.First(usher.StepDecide)
	ids := []string{by.ID}
	for _, v := range was.Votes {
		ids = append(ids, v.ID)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n < def.Reviewers {
		t.Fatalf("%d reviewers approved where %d must agree", n, def.Reviewers)
	}
}

// heldSteps sees that an event moves no other step than its own, and that steps asked again take the checks behind them along.
func heldSteps(t failer, was usher.Session, e usher.Event, is usher.Session) {
	again, behind := false, false
	for i, st := range is.Steps {
		if e.Type == usher.SessionCreated {
			return
		}
		before := was.Steps[i]
		named := e.Data.Step == st.ID
		if behind && len(e.Data.Fields) > 0 && st.Kind == usher.StepContact {
			unproved(t, e, before, st)
			continue
		}
		behind = behind || named
		switch e.Type {
		case usher.SessionResubmissionRequested:
			asked := slices.Contains(e.Data.Steps, st.ID)
			again = again || asked
			if asked && (st.State != usher.StepOpen || len(st.Redo) == 0) {
				t.Fatalf("the step %s was asked again and is %s for %v", st.ID, st.State, st.Redo)
			}
			if again && st.Kind == usher.StepRun && (st.State != usher.StepOpen || len(st.Checks) > 0) {
				t.Fatalf("what is redone leaves checks standing: %s is %s", st.ID, st.State)
			}
			named = asked || again
		case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned:
			named = st.Kind == usher.StepDecide
		case usher.AccountOpened:
			named = st.Kind == usher.StepAccount
		}
		if !named {
			same(t, "I3: the step "+st.ID+" after "+string(e.Type)+" of "+e.Data.Step, before, st)
		}
	}
}

// unproved sees that a code proves nothing of an address that was changed behind it, and that what nobody changed stays proved.
func unproved(t failer, e usher.Event, was, is usher.StepStatus) {
	for _, p := range was.Proved {
		_, ok := is.Proof(p.Channel)
		if changed := slices.Contains(e.Data.Fields, string(p.Channel)); ok == changed || changed && is.State != usher.StepOpen {
			t.Fatalf("the step %s is %s and proved %t by %s, which changed: %t", is.ID, is.State, ok, p.Channel, changed)
		}
	}
}

// heldStanding sees that what a client is told of the state is what the session would do (DueAt, CanRetry, NextAction, Phase).
func heldStanding(t failer, s usher.Session, now time.Time) {
	collecting := slices.Contains([]usher.State{usher.Created, usher.InProgress, usher.AwaitingApplicant}, s.State)
	due := s.DueAt()
	if due.IsZero() == collecting || due.After(s.ExpiresAt) {
		t.Fatalf("a session that is %s is due at %v", s.State, due)
	}
	tick := usher.Command{Kind: usher.CmdTick, By: system}
	if collecting {
		if _, events, err := usher.Decide(s, tick, due.Add(-1)); err != nil || len(events) > 0 {
			t.Fatalf("a timer before its time told %d events, %v", len(events), err)
		}
		ticked := s
		for told := 0; !due.IsZero(); told++ { // at most: each reminder, abandoned, then expired
			var events []usher.Event
			if ticked, events, _ = usher.Decide(ticked, tick, due); len(events) != 1 || told > 1+len(s.Flow.Remind) {
				t.Fatalf("timer %d told %d events of a session %s", told+1, len(events), s.State)
			}
			due = ticked.DueAt()
		}
	} else if _, events, err := usher.Decide(s, tick, now.Add(1e6*time.Hour)); err != nil || len(events) > 0 {
		t.Fatalf("a timer moved a session that is %s", s.State)
	}
	again := usher.Command{Kind: usher.CmdOpen, By: applicant}
	if !collecting {
		again = usher.Command{Kind: usher.CmdReissueLink, By: client}
	}
	_, _, err := usher.Decide(s, again, s.ExpiresAt.Add(-1))
	if (err == nil) != s.CanRetry() {
		t.Fatalf("can_retry is %t of a session %s that answers %v", s.CanRetry(), s.State, err)
	}
	next, phase := s.NextAction(), s.Phase()
	waits := s.State == usher.Submitted || s.State == usher.InReview
	if (next == usher.ActWait) != waits || (next == usher.ActNone) != (!waits && !s.CanRetry()) || (next == usher.ActRedo) != (s.State == usher.AwaitingApplicant) {
		t.Fatalf("next action of a session %s is %s", s.State, next)
	}
	if (phase == usher.PhaseDecided) != s.State.Decided() || (phase == usher.PhaseAbandoned) != (s.State == usher.InProgress && s.Abandoned) ||
		(phase == usher.PhaseInReview) != waits || phase == "" {
		t.Fatalf("phase of a session %s is %s", s.State, phase)
	}
}
