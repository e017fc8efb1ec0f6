package mobbscan

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// The statuses of a process, which are also the names of the webhooks.
const (
	pending     = "PENDING"
	verified    = "VERIFIED"
	notVerified = "NOT_VERIFIED"
)

// The verdicts of validations and of the comparison of faces.
const (
	valid    = "VALID"
	notValid = "NOT_VALID"
)

// Names of what is kept in a session's metadata.
const (
	keptToken   = "onboarding_token"
	keptExtra   = "extra" // a JSON object
	keptCountry = "country_id"
	keptType    = "doc_type"
	keptDecided = "decision_type"
	keptReview  = "review_asked" // the attempt for which the integrator asked for manual review
)

// statusOf gives the status of a process. The vendor has no word for one that ended without a decision: it is pending until it is removed.
func statusOf(s usher.State) string {
	switch s {
	case usher.Approved:
		return verified
	case usher.Rejected:
		return notVerified
	case usher.Created, usher.InProgress, usher.Submitted, usher.InReview, usher.AwaitingApplicant, usher.Expired, usher.Cancelled:
		return pending
	}
	return ""
}

func statusAnswerOf(s usher.Session) statusAnswer {
	return statusAnswer{VerificationID: s.ID, Status: statusOf(s.State)}
}

// timestamp writes a time in UTC with milliseconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// dataOf gives everything that is known of a process but the bytes of its evidence.
func (s *server) dataOf(of usher.Session, a usher.Applicant) processData {
	read := factsOf(of, a.Details)
	data := processData{
		VerificationID: of.ID, ScanID: of.Key, Status: statusOf(of.State), Simulated: of.IsSimulated(), CreatedAt: timestamp(of.CreatedAt),
		DocumentType: orNull(documentTypeOf(of, read)), PersonalData: personOf(read), FaceValidation: faceOf(of), Validation: validationOf(of),
		Extra: json.RawMessage(cmp.Or(of.Metadata[keptExtra], "{}")), RejectionComment: orNull(rejectionOf(of)),
		Evidence: evidenceNames{Images: s.namesOf(of, images), Recordings: s.namesOf(of, recordings)},
	}
	if !of.SubmittedAt.IsZero() {
		data.FinishedAt = orNull(timestamp(of.SubmittedAt))
	}
	return data
}

// rejectionOf gives the reason of a rejection: what the integrator wrote, or the agent's note, or the codes of the grounds.
func rejectionOf(s usher.Session) string {
	if s.State != usher.Rejected || s.Decision == nil {
		return ""
	}
	said := s.Decision.Note
	if s.Decision.By.Kind == usher.ByClient {
		said = cmp.Or(s.Decision.Internal, said)
	}
	var codes []string
	for _, r := range s.Decision.Reasons {
		codes = append(codes, string(r.Code))
	}
	return cmp.Or(said, strings.Join(slices.Compact(codes), ", "))
}

// faceOf gives how the face on the document and the selfie compare, or nil while nothing compared them.
func faceOf(s usher.Session) *faceValidation {
	for _, r := range s.Checks() {
		if r.Kind != usher.CheckFace || !judged(r) || r.Assurance != usher.Simulated && !slices.Contains(r.Examined, "face_comparison") {
			continue
		}
		const tenths = 1000 // of 100, of a score of 1
		v := &faceValidation{Result: notValid, Score: float64(int(r.Score*tenths+0.5)) / 10}
		if r.Outcome == usher.Clear {
			v.Result = valid
		}
		return v
	}
	return nil
}

// judged tells whether a check gave a verdict, as opposed to not having run.
func judged(r usher.CheckResult) bool {
	return r.Outcome == usher.Clear || r.Outcome == usher.Consider || r.Outcome == usher.Refuse
}

// validationOf gives what the automatic validations found. Only what ran and failed is named; valid is a process of which every check ran and was
// clear, so that one which did not run never passes for clear.
func validationOf(s usher.Session) validation {
	v := validation{Failed: []string{}}
	done, clear := true, true
	for _, st := range s.Steps {
		if st.Kind != usher.StepRun {
			continue
		}
		v.Enabled = true
		done = done && st.State == usher.StepDone
		for _, r := range st.Checks {
			clear = clear && r.Outcome == usher.Clear
			v.Failed = append(v.Failed, failedOf(r)...)
		}
	}
	slices.Sort(v.Failed)
	v.Failed = slices.Compact(v.Failed)
	if v.Enabled && done {
		v.Result = orNull(notValid)
		if clear {
			v.Result = orNull(valid)
		}
	}
	return v
}

// failedOf gives the criteria that one check found not met.
func failedOf(r usher.CheckResult) (failed []string) {
	if r.Outcome != usher.Consider && r.Outcome != usher.Refuse {
		return nil
	}
	for _, why := range r.Reasons {
		if code := criterionOf(why); code != "" {
			failed = append(failed, code)
		}
	}
	if len(failed) == 0 && r.Outcome == usher.Refuse {
		return []string{criterionOfCheck(r.Kind)}
	}
	return failed
}

// criterionOfCheck gives the code for a check that rejects and does not say why.
func criterionOfCheck(kind usher.CheckKind) string {
	switch kind {
	case usher.CheckFace:
		return "validationFacialMatching"
	case usher.CheckLiveness:
		return "validationLiveness"
	case usher.CheckAge:
		return "validationLegalAge"
	}
	return criterionWhole
}

// criterionWhole is the criterion of the identity verification as a whole: what fails and has no criterion of its own.
const criterionWhole = "validationIdentityVerification"

// criterionOf gives the vendor's code for a ground that a check gave, or "" for one that says nothing against the person or the document: a picture
// that could be better, something that was not examined. There is no check behind the vendor's two criteria of photocopies.
func criterionOf(r usher.Reason) string {
	switch r.Code {
	case usher.DocumentExpired:
		return "validationDocumentNotExpired"
	case usher.DocumentSpecimen:
		return "validationDocumentNotSpecimen"
	case usher.DocumentWrongType:
		return "validationFrontAppearence"
	case usher.DocumentDigitsFail:
		return "validationMRZ"
	case usher.SidesMismatch:
		return "validationPersonalNumberBothSidesMatch"
	case usher.Underage:
		return "validationLegalAge"
	case usher.FaceDiffers:
		return "validationFacialMatching"
	case usher.LivenessFailed:
		return "validationLiveness"
	}
	if class := r.Class(); class == usher.Final || class == usher.Mismatch {
		return criterionWhole
	}
	return ""
}
