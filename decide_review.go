package usher

import "slices"

func (d *decider) conclude(t EventType, decision Decision) {
	decision.At = d.now
	d.emit(t, EventData{Decision: &decision, Reasons: decision.Reasons})
}

// verdict is the decision that the command asks for.
func (d *decider) verdict(v Verdict) Decision {
	return Decision{Verdict: v, By: d.c.By, Reasons: d.c.Reasons, Note: d.c.Note, Internal: d.c.Internal}
}

// because gives the command's reasons, or the fallback when it names none.
func (d *decider) because(fallback ReasonCode) []Reason {
	if len(d.c.Reasons) == 0 {
		return []Reason{{Code: fallback}}
	}
	return d.c.Reasons
}

func (d *decider) review() error {
	if d.s.State == InReview {
		return Conflict("the session is in review already")
	}
	d.emit(SessionReviewRequested, EventData{Reasons: d.because(ManualReview)})
	return nil
}

// approve takes the first vote where two reviewers must agree. That rule is for staff: a client that may decide has the say of its firm.
func (d *decider) approve() error {
	if def, _ := d.s.Flow.First(StepDecide); def.Reviewers > 1 && d.c.By.Kind == ByStaff {
		if slices.ContainsFunc(d.s.Votes, func(a Actor) bool { return a.ID == d.c.By.ID }) {
			return Conflict("you have approved already; a second reviewer must agree")
		}
		if len(d.s.Votes)+1 < def.Reviewers {
			votes := append(slices.Clone(d.s.Votes), d.c.By)
			d.emit(SessionReviewRequested, EventData{Reasons: d.s.Reasons, Votes: votes})
			return nil
		}
	}
	d.conclude(SessionApproved, d.verdict(Approve))
	return nil
}

func (d *decider) reject() error {
	d.conclude(SessionRejected, d.verdict(Reject))
	return nil
}

func (d *decider) overturn() error {
	decision := d.verdict(Approve)
	if d.s.State == Approved {
		decision.Verdict = Reject
	} else if def, _ := d.s.Flow.First(StepDecide); def.Reviewers > 1 && d.c.By.Kind == ByStaff && d.s.Decision.By.ID == d.c.By.ID {
		return Conflict("you rejected it yourself; where two have to approve somebody else overturns that")
	}
	decision.Overturn = true
	d.conclude(SessionOverturned, decision)
	return nil
}

func (d *decider) askAgain() error {
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
	expires, err := d.deadline()
	if err != nil {
		return err
	}
	d.emit(SessionResubmissionRequested, EventData{Steps: d.c.Steps, Reasons: d.c.Reasons, Note: d.c.Note, Expires: expires})
	return nil
}

func (d *decider) correct() error {
	if len(d.c.Facts) == 0 {
		return Invalid("corrections", "give at least one corrected field")
	}
	d.emit(DocumentCorrected, EventData{Facts: d.c.Facts})
	return nil
}

// mostMetadata bounds what a client keeps beside a session, in bytes of keys and values.
const mostMetadata = 64 << 10

func (d *decider) annotate() error {
	if len(d.c.Metadata) == 0 && d.c.Locale == "" {
		return Invalid("metadata", "give at least one pair, or a language")
	}
	after := d.s
	after.annotate(d.c.Metadata)
	if size(after.Metadata) > mostMetadata {
		return &Error{Code: CodeLimited, Field: "metadata", Message: "may hold at most 64 KB of keys and values"}
	}
	d.emit(SessionAnnotated, EventData{Metadata: d.c.Metadata, Locale: d.c.Locale})
	return nil
}

func size(pairs map[string]string) (n int) {
	for k, v := range pairs {
		n += len(k) + len(v)
	}
	return n
}

func (d *decider) hits() error {
	if d.c.Hits == nil || len(d.c.Hits.New)+len(d.c.Hits.Changed)+len(d.c.Hits.Removed) == 0 {
		return Invalid("hits", "name at least one hit that is new, changed or removed")
	}
	told := *d.c.Hits
	d.emit(HitsChanged, EventData{Hits: &told})
	return nil
}

func (d *decider) cancel() error {
	d.emit(SessionCancelled, EventData{Reasons: d.because(CancelledByClient)})
	return nil
}

// account takes the answer of the account opener. It counts only for an approved session, and only once: an account that is open stays the
// account, whatever a repeated or late answer says. A refusal never takes the approval back.
func (d *decider) account() error {
	if d.c.Account == nil {
		return Invalid("account", "say how opening the account went")
	}
	if d.s.State != Approved || (d.s.Account != nil && d.s.Account.Opened) {
		return nil
	}
	if _, ok := d.s.Flow.First(StepAccount); !ok {
		return Conflict("this flow opens no account")
	}
	told, t := *d.c.Account, AccountFailed
	if told.Opened {
		t = AccountOpened
	}
	told.At = d.now
	d.emit(t, EventData{Account: &told, Reasons: told.Reasons})
	return nil
}
