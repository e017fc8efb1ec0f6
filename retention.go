package usher

import "time"

// KeepBasis says why data of an applicant is kept, or was removed.
type KeepBasis string

// The reasons, from the strongest.
const (
	KeptOnHold    KeepBasis = "hold"      // somebody said that nothing may be removed
	KeptOpen      KeepBasis = "open"      // a session goes on
	KeptApproved  KeepBasis = "approved"  // a session ended with approval
	KeptRejected  KeepBasis = "rejected"  // one was rejected, and none approved
	KeptAbandoned KeepBasis = "abandoned" // none was decided on
)

// KeepRule is for how long data is kept that is there for one reason.
type KeepRule struct {
	Days int `json:"days"` // after the event the basis names; 0 is for ever
	// Duty says that the law demands it: who asks for erasure sooner is not erased but restricted. Of approved applicants the days are then counted
	// from the end of the relationship, which the client reports, and without one they are kept.
	Duty bool `json:"duty"`
}

// KeepRules are a tenant's. What the law demands differs by country and trade, so all of it is the tenant's to set.
type KeepRules struct {
	Abandoned KeepRule `json:"abandoned"`
	Rejected  KeepRule `json:"rejected"`
	Approved  KeepRule `json:"approved"`
	Bodies    int      `json:"bodies"` // days that the bodies of webhooks are kept after they were made; 0 is for ever
}

// UsualKeepRules are those of a tenant that has set none: five years from the end of the relationship for approved applicants (Directive (EU) 2015/849
// Article 40, Regulation (EU) 2024/1624 Article 77), and for rejected ones from the decision, which no text known to us demands; a month for those who
// did not finish; and a month for everybody in a sandbox.
func UsualKeepRules(m Mode) KeepRules {
	month := KeepRule{Days: 30}
	if m == Sandbox {
		return KeepRules{Abandoned: month, Rejected: month, Approved: month, Bodies: 30}
	}
	const fiveYears = 5*365 + 2
	return KeepRules{Abandoned: month, Rejected: KeepRule{Days: fiveYears}, Approved: KeepRule{Days: fiveYears, Duty: true}, Bodies: 90}
}

// MostKeepDays bounds a rule, and LongestHoldReason the reason of a hold, in bytes.
const (
	MostKeepDays      = 36_500
	LongestHoldReason = 500
)

// Check names the first rule that cannot be.
func (r KeepRules) Check() error {
	for _, one := range []struct {
		field string
		days  int
	}{{"abandoned", r.Abandoned.Days}, {"rejected", r.Rejected.Days}, {"approved", r.Approved.Days}, {"bodies", r.Bodies}} {
		if one.days < 0 || one.days > MostKeepDays {
			return Invalid(one.field, "give days from 0 (for ever) to 36,500")
		}
	}
	return nil
}

// Keeping is what is known of an applicant, beside their sessions, that bears on how long they are kept.
type Keeping struct {
	EndedAt time.Time `json:"ended_at,omitzero"` // of the relationship, as the client reported it
	Hold    *Hold     `json:"hold,omitempty"`
	Asked   *Hold     `json:"asked,omitempty"` // an erasure that could not be done yet: since then the applicant is restricted
}

// Hold says who stopped a removal, when and why. Reason is in people's words, or the basis of an erasure that was asked for.
type Hold struct {
	Reason string    `json:"reason"`
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
}

// Kept says why an applicant is kept and until when; a zero time is an end that nobody knows yet. Duty says that they may not be erased before.
type Kept struct {
	Basis KeepBasis
	Until time.Time
	Duty  bool
}

// Due tells whether it is time to erase.
func (k Kept) Due(now time.Time) bool { return !k.Until.IsZero() && !now.Before(k.Until) }

// Keep tells why and until when an applicant is kept, after all sessions of theirs.
func (r KeepRules) Keep(a Applicant, sessions []SessionHead) Kept {
	since := a.CreatedAt
	var approved, rejected time.Time
	for _, s := range sessions {
		switch {
		case !s.State.Ended():
			return a.held(Kept{Basis: KeptOpen})
		case s.State == Approved && s.UpdatedAt.After(approved):
			approved = s.UpdatedAt
		case s.State == Rejected && s.UpdatedAt.After(rejected):
			rejected = s.UpdatedAt
		case s.UpdatedAt.After(since):
			since = s.UpdatedAt
		}
	}
	switch {
	case !approved.IsZero() && !a.Keeping.EndedAt.IsZero():
		return a.held(r.Approved.from(KeptApproved, a.Keeping.EndedAt))
	case !approved.IsZero() && r.Approved.Duty:
		return a.held(Kept{Basis: KeptApproved, Duty: true})
	case !approved.IsZero():
		return a.held(r.Approved.from(KeptApproved, approved))
	case !rejected.IsZero():
		return a.held(r.Rejected.from(KeptRejected, rejected))
	}
	return a.held(r.Abandoned.from(KeptAbandoned, since))
}

func (r KeepRule) from(b KeepBasis, at time.Time) Kept {
	k := Kept{Basis: b, Duty: r.Duty}
	if r.Days > 0 {
		k.Until = at.AddDate(0, 0, r.Days)
	}
	return k
}

// held lets a hold win over what the rules say.
func (a Applicant) held(k Kept) Kept {
	if a.Keeping.Hold != nil {
		return Kept{Basis: KeptOnHold, Duty: true}
	}
	return k
}

// Restricted tells whether erasure was asked for and could not be done yet: the data is kept, and nothing else is done with it.
func (a Applicant) Restricted() bool { return a.Keeping.Asked != nil && !a.Erased }

// DetailKept is the detail of that refusal.
const DetailKept = "kept_by_law"

// KeptByLaw gives the refusal with which calls for erasure answer that know no restriction.
func (a Applicant) KeptByLaw() error {
	if !a.Restricted() {
		return nil
	}
	return &Error{
		Code: CodeConflict, Detail: DetailKept,
		Message: "the law or a hold has this applicant kept for now; they are restricted, and erased when that has passed",
	}
}

// Keep changes what bears on how long the applicant is kept. Fields names what changed, as an event says it.
func (a Applicant) Keep(k Keeping, by Actor, now time.Time) (Applicant, []Event, error) {
	if a.Erased {
		return a, nil, &Error{Code: CodeGone, Message: "this applicant was erased"}
	}
	was := a.Keeping
	a.Keeping = k
	if was.Asked == nil && k.Asked != nil {
		a, events := a.happened(ApplicantRestricted, by, now)
		return a, events, nil
	}
	var fields []string
	if !was.EndedAt.Equal(k.EndedAt) {
		fields = append(fields, "relationship_ended_at")
	}
	if (was.Hold == nil) != (k.Hold == nil) {
		fields = append(fields, "legal_hold")
	}
	if len(fields) == 0 {
		return a, nil, nil
	}
	a, events := a.happened(ApplicantUpdated, by, now, fields...)
	return a, events, nil
}
