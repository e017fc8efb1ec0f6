package usher

import "slices"

// settle is the decide step: rules first, a reviewer for what rules cannot say.
func (d *decider) settle() {
	def, ok := d.s.Flow.First(StepDecide)
	if !ok {
		def = Step{OnReject: ToReview, Reviewers: 1}
	}
	rejects, doubts := weigh(d.s.Checks(), def.AcceptAssisted)
	switch {
	case len(rejects) > 0 && def.OnReject == ToReject:
		d.conclude(SessionRejected, Decision{Verdict: Reject, Reasons: rejects})
	case len(rejects) > 0:
		d.emit(SessionReviewRequested, EventData{Reasons: append(rejects, doubts...)})
	case len(doubts) > 0:
		d.emit(SessionReviewRequested, EventData{Reasons: doubts})
	case !def.Automatic:
		d.emit(SessionReviewRequested, EventData{Reasons: []Reason{{Code: ManualReview}}})
	default:
		d.conclude(SessionApproved, Decision{Verdict: Approve})
	}
}

// weigh sorts what checks found into grounds to reject and grounds to look: anything that is not a clear verdict of full worth is at least a
// ground to look, so that nothing that did not run can pass for clear.
func weigh(results []CheckResult, acceptAssisted []CheckKind) (rejects, doubts []Reason) {
	add := func(list []Reason, r CheckResult, fallback ReasonCode) []Reason {
		if len(r.Reasons) == 0 {
			return append(list, Reason{Code: fallback, Check: r.Kind})
		}
		for _, why := range r.Reasons {
			why.Check = r.Kind
			list = append(list, why)
		}
		return list
	}
	for _, r := range results {
		switch r.Outcome {
		case Clear:
			if r.Assurance == Assisted && !slices.Contains(acceptAssisted, r.Kind) {
				doubts = add(doubts, r, AssistedOnly)
			}
		case Refuse:
			rejects = add(rejects, r, Policy)
		case Consider:
			doubts = add(doubts, r, ManualReview)
		case Unavailable, NotRun, "":
			doubts = add(doubts, r, CheckUnavailable)
		}
	}
	return rejects, doubts
}

func (d *decider) conclude(t EventType, decision Decision) {
	decision.By, decision.At = d.c.By, d.now
	d.emit(t, EventData{Decision: &decision, Reasons: decision.Reasons})
}

func (d *decider) review() error {
	if err := checkReasons("reasons", d.c.Reasons, false); err != nil {
		return err
	}
	if d.s.State == InReview {
		return Conflict("the session is in review already")
	}
	why := d.c.Reasons
	if len(why) == 0 {
		why = []Reason{{Code: ManualReview}}
	}
	d.emit(SessionReviewRequested, EventData{Reasons: why})
	return nil
}

func (d *decider) approve() error {
	if err := d.mayDecide(); err != nil {
		return err
	}
	def, _ := d.s.Flow.First(StepDecide)
	if def.Reviewers > 1 && d.c.By.Kind == ByStaff {
		if slices.ContainsFunc(d.s.Votes, func(a Actor) bool { return a.ID == d.c.By.ID }) {
			return Conflict("you have approved already; a second reviewer must agree")
		}
		if len(d.s.Votes)+1 < def.Reviewers {
			votes := append(slices.Clone(d.s.Votes), d.c.By)
			d.emit(SessionReviewRequested, EventData{Reasons: d.s.Reasons, Votes: votes})
			return nil
		}
	}
	d.conclude(SessionApproved, Decision{Verdict: Approve, Reasons: d.c.Reasons, Note: d.c.Note, Internal: d.c.Internal})
	return nil
}

func (d *decider) reject() error {
	if err := d.mayDecide(); err != nil {
		return err
	}
	if err := checkReasons("reasons", d.c.Reasons, true); err != nil {
		return err
	}
	d.conclude(SessionRejected, Decision{Verdict: Reject, Reasons: d.c.Reasons, Note: d.c.Note, Internal: d.c.Internal})
	return nil
}

// mayDecide refuses a member of staff whose role does not reach; clients were checked by their scopes.
func (d *decider) mayDecide() error {
	if d.c.By.Kind == ByStaff && !d.c.By.Role.AtLeast(RoleReviewer) {
		return &Error{Code: CodeForbidden, Message: "your role may look at cases but not decide them"}
	}
	if d.c.By.Kind == ByApplicant {
		return &Error{Code: CodeForbidden, Message: "applicants do not decide"}
	}
	return checkReasons("reasons", d.c.Reasons, false)
}

func (d *decider) askAgain() error {
	if err := d.mayDecide(); err != nil {
		return err
	}
	if err := checkReasons("reasons", d.c.Reasons, true); err != nil {
		return err
	}
	if len(d.c.Steps) == 0 {
		return Invalid("steps", "name at least one step to do again")
	}
	for _, id := range d.c.Steps {
		st, ok := d.s.Step(id)
		if !ok || !st.Kind.ByApplicant() || st.Kind == StepConsent {
			return Invalid("steps", "only the applicant's own steps of this flow, consent excepted, can be asked again")
		}
	}
	if d.s.Attempt >= d.s.Flow.Attempts {
		return Conflict("all %d attempts of this flow are used; approve or reject", d.s.Flow.Attempts)
	}
	expires := d.c.Expires
	if !expires.After(d.now) {
		expires = d.now.Add(d.s.Flow.Expires)
	}
	d.emit(SessionResubmissionRequested, EventData{Steps: d.c.Steps, Reasons: d.c.Reasons, Note: d.c.Note, Expires: expires})
	return nil
}

func (d *decider) overturn() error {
	if d.c.By.Kind == ByStaff && !d.c.By.Role.AtLeast(RoleSenior) {
		return &Error{Code: CodeForbidden, Message: "only a senior reviewer overturns a decision"}
	}
	if d.c.By.Kind == ByApplicant {
		return &Error{Code: CodeForbidden, Message: "applicants do not decide"}
	}
	if err := checkReasons("reasons", d.c.Reasons, true); err != nil {
		return err
	}
	verdict := Approve
	if d.s.State == Approved {
		verdict = Reject
	}
	d.conclude(SessionOverturned, Decision{
		Verdict: verdict, Reasons: d.c.Reasons, Note: d.c.Note, Internal: d.c.Internal, Overturn: true,
	})
	return nil
}

func (d *decider) correct() error {
	if d.c.By.Kind == ByStaff && !d.c.By.Role.AtLeast(RoleReviewer) {
		return &Error{Code: CodeForbidden, Message: "your role may look at cases but not correct them"}
	}
	if len(d.c.Facts) == 0 {
		return Invalid("corrections", "give at least one corrected field")
	}
	d.emit(DocumentCorrected, EventData{Facts: d.c.Facts})
	return nil
}

func (d *decider) cancel() error {
	if err := checkReasons("reasons", d.c.Reasons, false); err != nil {
		return err
	}
	why := d.c.Reasons
	if len(why) == 0 {
		why = []Reason{{Code: CancelledByClient}}
	}
	d.emit(SessionCancelled, EventData{Reasons: why})
	return nil
}

// account takes the answer of the account opener. It counts only for an approved session, and only once: an account that is open stays the
// account, whatever a repeated or late answer says. A refusal never takes the approval back.
func (d *decider) account() error {
	a := d.c.Account
	if a == nil {
		return Invalid("account", "say how opening the account went")
	}
	if d.s.State != Approved || (d.s.Account != nil && d.s.Account.Opened) {
		return nil
	}
	if _, ok := d.s.Flow.First(StepAccount); !ok {
		return Conflict("this flow opens no account")
	}
	told := *a
	told.At = d.now
	t := AccountOpened
	if !told.Opened {
		t = AccountFailed
	}
	d.emit(t, EventData{Account: &told, Reasons: told.Reasons})
	return nil
}
