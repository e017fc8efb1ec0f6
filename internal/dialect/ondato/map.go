package ondato

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// The statuses of an identity verification.
const (
	pending    = "Pending"
	inProgress = "InProgress"
	completed  = "Completed" // the customer has done everything; it says nothing of the decision
	aborted    = "Aborted"
	expired    = "Expired"
)

// The statuses of a KYC identification.
const (
	awaiting = "Awaiting"
	approved = "Approved"
	rejected = "Rejected"
)

// standing is how a state is told by the two resources.
type standing struct {
	idv, kyc       string
	reason, byHand string // of the identification: by rule, and by a person where that differs
}

// standings is the table of states. An applicant who was asked again is in progress again: the same link takes them on. It is never written to.
var standings = map[usher.State]standing{
	usher.Created:           {pending, awaiting, "Unfinished", ""},
	usher.InProgress:        {inProgress, awaiting, "Unfinished", ""},
	usher.AwaitingApplicant: {inProgress, awaiting, "Unfinished", ""},
	usher.Submitted:         {completed, awaiting, "Processed", ""},
	usher.InReview:          {completed, awaiting, "Processed", ""},
	usher.Approved:          {completed, approved, "AutomaticallyIdentified", "ManuallyIdentified"},
	usher.Rejected:          {completed, rejected, "AutomaticallyUnidentified", "ManuallyUnidentified"},
	usher.Expired:           {expired, awaiting, "Unfinished", ""},
	usher.Cancelled:         {aborted, awaiting, "Unfinished", ""},
}

// What a session keeps for this dialect, as JSON.
const (
	keptRegistration   = "registration"
	keptLocalisation   = "localisation"
	keptRepresentative = "representative_id"
	keptSandbox        = "sandbox"
)

// kept reads what a session keeps under a name; ok is false when there is nothing.
func kept[T any](s usher.Session, name string) (v T, ok bool) {
	text := s.Metadata[name]
	return v, text != "" && json.Unmarshal([]byte(text), &v) == nil
}

func at(t time.Time) timestamp { return timestamp{t} }

// idvOf gives the identity verification of a session. erased is when its applicant was, or the zero time; little more than ids and state is then left
// of the session.
func idvOf(s usher.Session, erased time.Time) idv {
	v := idv{
		ID: s.Key, Status: standings[s.State].idv, ApplicationID: s.TenantID, CreatedUTC: at(s.CreatedAt), ModifiedUTC: at(s.UpdatedAt),
		ExternalReferenceID: s.Reference, Setup: refOf(idvSetup, s), CommunicationChannels: []struct{}{},
		Step: idvStep{Consent: consentOf(s), DocumentSignatures: []struct{}{}, Forms: []struct{}{}},
	}
	if r, ok := kept[registration](s, keptRegistration); ok {
		v.Registration = &r
	}
	if s.Metadata[keptLocalisation] != "" {
		v.Setup.OverrideID = derive("override", s.ID)
	}
	if begun(s) {
		v.Step.KYCIdentification = &kycRef{ID: kycID(s.ID)}
		if s.State.Decided() {
			yes := s.State == usher.Approved
			v.Step.KYCIdentification.IsSuccess = &yes
		}
	}
	if !erased.IsZero() {
		v.Redaction = &redaction{RedactedUTC: at(erased)}
		v.ModifiedUTC = at(erased)
	}
	return v
}

func consentOf(s usher.Session) *idvConsent {
	for _, st := range s.Steps {
		if st.Consent != nil {
			return &idvConsent{IsConsented: true, ConsentedUTC: at(st.Consent.At)}
		}
	}
	declined := slices.ContainsFunc(s.Reasons, func(r usher.Reason) bool { return r.Code == usher.ConsentDeclined })
	if s.State == usher.Cancelled && declined {
		return &idvConsent{}
	}
	return nil
}

// firstCapture gives the place of the first step that takes a picture, or that behind the last step.
func firstCapture(steps []usher.StepStatus) int {
	i := slices.IndexFunc(steps, func(st usher.StepStatus) bool { return st.Kind == usher.StepDocument || st.Kind == usher.StepSelfie })
	if i < 0 {
		return len(steps)
	}
	return i
}

// begun tells whether a session has a KYC identification: the applicant has come to the first picture, or was done before it because a check
// stopped the go.
func begun(s usher.Session) bool {
	if s.Attempt > 1 || !s.SubmittedAt.IsZero() || s.State.Decided() {
		return true
	}
	_, place, open := s.Current()
	return stopped(s) || (!s.StartedAt.IsZero() && (!open || place >= firstCapture(s.Steps)))
}

// stopped tells whether a check ended the applicant's part early.
func stopped(s usher.Session) bool {
	return slices.ContainsFunc(s.Steps, func(st usher.StepStatus) bool {
		def, _, _ := s.Flow.Step(st.ID)
		refused := slices.ContainsFunc(st.Checks, func(c usher.CheckResult) bool { return c.Outcome == usher.Refuse })
		return def.Stop && st.State == usher.StepDone && refused
	})
}

// begunAt gives when the identification began: when the step before the first picture was done.
func begunAt(s usher.Session) time.Time {
	began := s.StartedAt
	for _, st := range s.Steps[:min(firstCapture(s.Steps), len(s.Steps))] {
		if st.DoneAt.After(began) {
			began = st.DoneAt
		}
	}
	if began.IsZero() {
		return s.CreatedAt // erased
	}
	return began
}

// identificationOf gives the KYC identification of a session that has one.
func identificationOf(s usher.Session) identification {
	is := standings[s.State]
	k := identification{
		ID: kycID(s.ID), ApplicationID: s.TenantID, CreatedUTC: at(begunAt(s)), Setup: refOf(kycSetup, s), IdentityVerificationID: s.Key,
		ExternalReferenceID: s.Reference, Status: is.kyc, StatusReason: is.reason, IsCrossChecked: crossChecked(s), Simulated: s.IsSimulated(),
		Document: documentOf(s), Face: faceOf(s), Rules: judge(s, rules), Registries: []verdict{}, FraudChecks: judge(s, fraudChecks),
	}
	if s.Decision != nil && s.State.Decided() {
		k.CompletedUTC = at(s.DecidedAt)
		if s.Decision.By.Kind != usher.BySystem {
			k.StatusReason = is.byHand
		}
	} else if s.State.Decided() {
		k.StatusReason = "" // who decided was erased with everything else
	}
	if s.State == usher.Rejected {
		k.RejectReasons = rejectReasonsOf(s)
	}
	return k
}

// crossChecked tells whether a member of staff looked at the session.
func crossChecked(s usher.Session) bool {
	return len(s.Facts) > 0 || len(s.Votes) > 0 || (s.Decision != nil && s.Decision.By.Kind == usher.ByStaff)
}
