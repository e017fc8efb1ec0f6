package usher

import "slices"

// advance sends out the checks of a run step whose turn has come, and decides when the decide step is reached. Before the session is submitted
// it stops there: what is behind the last of the applicant's steps waits until the applicant has sent it.
func (d *decider) advance() {
	st, _, ok := d.s.Current()
	switch {
	case !ok || st.State == StepRunning || (d.s.State == InProgress && len(d.s.Asked()) == 0 && !d.early(st)):
	case st.Kind == StepRun:
		d.send(st)
	case st.Kind == StepDecide && d.s.State == Submitted:
		d.settle()
	}
}

// early tells whether the checks of a step may go out before the applicant has sent everything.
func (d *decider) early(st StepStatus) bool {
	def, _, _ := d.s.Flow.Step(st.ID)
	return def.Early
}

// send asks every check of a run step, in a round of its own: results of an earlier one come too late.
func (d *decider) send(st StepStatus) {
	def, _, _ := d.s.Flow.Step(st.ID)
	for _, kind := range def.Checks {
		d.emit(CheckStarted, EventData{Step: st.ID, Check: kind, Round: st.Round + 1})
	}
}

// report takes the results of one run step. Late ones (of an earlier round, an ended session, a check that has one) change nothing.
func (d *decider) report() error {
	st, ok := d.s.Step(d.c.Step)
	if !ok || st.Kind != StepRun {
		return Invalid("step", "this flow has no such run step")
	}
	if d.s.State.Ended() || st.State != StepRunning || st.Round != d.c.Round {
		return nil
	}
	for _, r := range d.c.Results {
		if err := r.Valid(); err != nil {
			return err
		}
		if slices.ContainsFunc(st.Checks, func(c CheckResult) bool { return c.Kind == r.Kind && c.Outcome == "" }) {
			d.emit(CheckCompleted, EventData{Step: st.ID, Check: r.Kind, Result: &r, Round: st.Round})
			if r.Kind == CheckFaceLogin {
				d.emit(FaceAuthenticated, EventData{Step: st.ID, Check: r.Kind, Result: &r})
			}
			st, _ = d.s.Step(st.ID)
		}
	}
	if st.State != StepDone {
		return nil
	}
	def, _, _ := d.s.Flow.Step(st.ID)
	refused := slices.ContainsFunc(st.Checks, func(c CheckResult) bool { return c.Outcome == Refuse })
	if def.Stop && refused && d.s.State != InReview {
		d.settle()
		return nil
	}
	d.advance()
	return nil
}

// Valid refuses a result that claims what it cannot: an outcome or assurance that does not exist, or an examination without assurance.
func (r CheckResult) Valid() error {
	examined := slices.Contains([]Outcome{Clear, Consider, Refuse}, r.Outcome)
	switch {
	case !examined && r.Outcome != Unavailable && r.Outcome != NotRun:
		return Invalid("outcome", "unknown outcome of check %s", r.Kind)
	case examined && !slices.Contains([]Assurance{Verified, Assisted, Simulated}, r.Assurance):
		return Invalid("assurance", "the check %s gives no assurance", r.Kind)
	case !(r.Score >= 0 && r.Score <= 1): // NaN is neither
		return Invalid("score", "the score of check %s is not between 0 and 1", r.Kind)
	}
	return checkReasons(r.Reasons, false)
}

// settle is the decide step: rules first, a reviewer for what rules cannot say.
func (d *decider) settle() {
	def, _ := d.s.Flow.First(StepDecide)
	rejects, doubts := d.s.weigh(def.AcceptAssisted)
	byRule := Actor{Kind: BySystem, ID: "rules"}
	switch {
	case len(rejects) > 0 && def.OnReject == ToReject:
		d.conclude(SessionRejected, Decision{Verdict: Reject, By: byRule, Reasons: rejects})
	case len(rejects)+len(doubts) > 0:
		d.emit(SessionReviewRequested, EventData{Reasons: append(rejects, doubts...)})
	case !def.Automatic:
		d.emit(SessionReviewRequested, EventData{Reasons: []Reason{{Code: ManualReview}}})
	default:
		d.conclude(SessionApproved, Decision{Verdict: Approve, By: byRule})
	}
}

// weigh sorts what checks found into grounds to reject and grounds to look: anything that is not a clear verdict of full worth is at least a
// ground to look, so that nothing that did not run can pass for clear. Where nothing was checked at all, somebody must look, too.
func (s Session) weigh(acceptAssisted []CheckKind) (rejects, doubts []Reason) {
	results := s.Checks()
	if len(results) == 0 {
		doubts = []Reason{{Code: ManualReview}}
	}
	for _, r := range results {
		switch {
		case r.Outcome == Refuse:
			rejects = append(rejects, r.grounds(Policy)...)
		case r.Outcome == Consider:
			doubts = append(doubts, r.grounds(ManualReview)...)
		case r.Outcome != Clear:
			doubts = append(doubts, r.grounds(CheckUnavailable)...)
		case r.Assurance == Verified,
			r.Assurance == Simulated && s.Mode == Sandbox,
			r.Assurance == Assisted && slices.Contains(acceptAssisted, r.Kind):
		case r.Assurance == Simulated:
			doubts = append(doubts, r.grounds(SimulatedOutcome)...)
		default:
			doubts = append(doubts, r.grounds(AssistedOnly)...)
		}
	}
	return rejects, doubts
}

// Passed tells whether every check of a run step is clear and of the worth that the flow asks for an approval by rule.
func (s Session) Passed(step string) bool {
	st, ok := s.Step(step)
	def, _ := s.Flow.First(StepDecide)
	if !ok || st.Kind != StepRun || st.State != StepDone {
		return false
	}
	alone := s
	alone.Steps = []StepStatus{st}
	rejects, doubts := alone.weigh(def.AcceptAssisted)
	return len(rejects)+len(doubts) == 0
}

// grounds gives the result's own reasons as those of its check, or the fallback when it names none.
func (r CheckResult) grounds(fallback ReasonCode) []Reason {
	if len(r.Reasons) == 0 {
		return []Reason{{Code: fallback, Check: r.Kind}}
	}
	own := slices.Clone(r.Reasons)
	for i := range own {
		own[i].Check = r.Kind
	}
	return own
}
