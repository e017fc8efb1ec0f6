package incode

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// The statuses of an onboarding.
const (
	statusUnknown    = "UNKNOWN"
	statusDocument   = "ID_VALIDATION_FINISHED"
	statusProcessed  = "POST_PROCESSING_FINISHED"
	statusFace       = "FACE_VALIDATION_FINISHED"
	statusGovernment = "GOVERNMENT_VALIDATION_FINISHED"
	statusFinished   = "ONBOARDING_FINISHED"
	statusApproved   = "MANUAL_REVIEW_APPROVED"
	statusRejected   = "MANUAL_REVIEW_REJECTED"
	statusExpired    = "EXPIRED"
)

// statusOf gives the status that polling shows. It never goes back: a session that is asked for something again stays finished, though its
// new results are told by webhooks as they come.
func statusOf(s usher.Session) string {
	switch s.State {
	case usher.Expired:
		return statusExpired
	case usher.Approved, usher.Rejected:
		return verdictStatus(s)
	case usher.InReview, usher.AwaitingApplicant:
		return statusFinished
	case usher.Created, usher.InProgress, usher.Submitted, usher.Cancelled:
	}
	if s.Attempt > 1 || (s.State == usher.Cancelled && !s.SubmittedAt.IsZero()) {
		return statusFinished
	}
	reached := statusUnknown
	for _, st := range s.Steps {
		if status := stepStatus(st.Kind); status != "" && st.State == usher.StepDone {
			reached = status
		}
		for _, kind := range []usher.CheckKind{usher.CheckDocument, usher.CheckRegistry} {
			if r, ok := resultIn(st.Checks, kind); ok {
				reached = checkStatus(r)
			}
		}
	}
	return reached
}

// verdictStatus tells a decision of rules, which is no more than the end of the onboarding, from that of an executive.
func verdictStatus(s usher.Session) string {
	switch {
	case s.Decision == nil || s.Decision.By.Kind == usher.BySystem:
		return statusFinished
	case s.State == usher.Approved:
		return statusApproved
	}
	return statusRejected
}

// stepStatus gives the status that the end of a step of the applicant's leads to, or "".
func stepStatus(k usher.StepKind) string {
	switch k {
	case usher.StepDocument:
		return statusDocument
	case usher.StepSelfie:
		return statusFace
	}
	return ""
}

// checkStatus gives the status that the end of a check leads to, or "": also for one that did not examine anything.
func checkStatus(r usher.CheckResult) string {
	if !ran(r) {
		return ""
	}
	switch r.Kind {
	case usher.CheckDocument:
		return statusProcessed
	case usher.CheckRegistry:
		return statusGovernment
	}
	return ""
}

// ran tells whether a check examined something. What did not run has no place in a score; a number whose form alone was looked at was not shown to
// any government.
func ran(r usher.CheckResult) bool {
	if r.Kind == usher.CheckRegistry && slices.Contains(r.NotExamined, usher.NumberExistence) {
		return false
	}
	return r.Outcome == usher.Clear || r.Outcome == usher.Consider || r.Outcome == usher.Refuse
}

// resultIn gives what a check found, if it ran.
func resultIn(all []usher.CheckResult, kind usher.CheckKind) (usher.CheckResult, bool) {
	i := slices.IndexFunc(all, func(r usher.CheckResult) bool { return r.Kind == kind && ran(r) })
	if i < 0 {
		return usher.CheckResult{}, false
	}
	return all[i], true
}

// The statuses in a score.
const (
	scoreOK      = "OK"
	scoreWarn    = "WARN"
	scoreFail    = "FAIL"
	scoreUnknown = "UNKNOWN"
)

// overallOf gives the status of the whole score. Before the session is sent there is one only when everything was asked and every check has
// answered: it is then what the rules would say if the session were sent now. A client opens an account on OK, so less than that is no score.
func overallOf(s usher.Session, now time.Time) string {
	switch s.State {
	case usher.Approved:
		return scoreOK
	case usher.Rejected:
		return scoreFail
	case usher.InReview:
		return scoreWarn
	case usher.InProgress:
		sent, _, err := usher.Decide(s, usher.Command{Kind: usher.CmdSubmit, By: usher.Actor{Kind: usher.ByClient}}, now)
		if err == nil && len(s.Asked()) == 0 && sent.State != usher.InProgress {
			return overallOf(sent, now)
		}
	case usher.Created, usher.AwaitingApplicant, usher.Submitted, usher.Expired, usher.Cancelled:
	}
	return scoreUnknown
}

// scoreOf gives the status of one check.
func scoreOf(o usher.Outcome) string {
	switch o {
	case usher.Clear:
		return scoreOK
	case usher.Consider:
		return scoreWarn
	case usher.Refuse:
		return scoreFail
	case usher.Unavailable, usher.NotRun:
	}
	return scoreUnknown
}

// actionOf gives what finish-status says is to be done with a session.
func actionOf(s usher.Session) string {
	switch s.State {
	case usher.Approved:
		return "approved"
	case usher.Rejected, usher.Expired, usher.Cancelled:
		return "rejected"
	case usher.Created, usher.InProgress, usher.AwaitingApplicant, usher.Submitted, usher.InReview:
	}
	return "manualReview"
}

// typeOf gives the vendor's name of a type of document.
func typeOf(t usher.DocumentType) string {
	switch t {
	case usher.Passport:
		return "Passport"
	case usher.IDCard:
		return "IdentificationCard"
	case usher.DrivingLicence:
		return "DriversLicense"
	case usher.ResidencePermit:
		return "ResidenceDocument"
	}
	return "Unknown"
}

// steering gives what customFields.simulate asks of a sandbox session, or "".
func steering(simulate string, purpose usher.Purpose) string {
	switch simulate {
	case "OK":
		return usher.SteerClear
	case "WARN":
		return usher.SteerReview
	case "FAIL":
		return usher.SteerReject
	case "SPOOF":
		if purpose == usher.ForFaceLogin {
			return usher.SteerFail + string(usher.CheckFaceLogin)
		}
		return usher.SteerFail + string(usher.CheckLiveness)
	case "EXPIRE":
		return usher.SteerExpire
	}
	return ""
}

// steered tells whether a session's outcome is made up, so that any picture will do.
func steered(s usher.Session) bool { return s.Mode == usher.Sandbox && s.Steer != "" }

// idBytes is the length of the vendor's ids, which are written as 24 hex digits.
const idBytes = 12

// configurationID gives the vendor's id of a flow: the same for every version of it.
func configurationID(tenant, flow string) string {
	sum := sha256.Sum256([]byte("incode flow " + tenant + " " + flow))
	return hex.EncodeToString(sum[:idBytes])
}

// newInterviewID draws an id of the vendor's shape: seconds since 1970, and 64 random bits.
func newInterviewID(now time.Time) string {
	var b [idBytes]byte
	binary.BigEndian.PutUint32(b[:4], uint32(now.Unix()))
	_, _ = rand.Read(b[4:]) // crypto/rand never fails; it ends the program first
	return hex.EncodeToString(b[:])
}

// newInterviewCode draws six digits.
func newInterviewCode() string {
	const codes = 1_000_000
	n, err := rand.Int(rand.Reader, big.NewInt(codes))
	if err != nil {
		n = new(big.Int) // crypto/rand never fails; it ends the program first
	}
	return strconv.FormatInt(codes+n.Int64(), 10)[1:]
}

// interviewID gives the vendor's id of a session; one that was started elsewhere goes by its own.
func interviewID(s usher.Session) string { return cmp.Or(s.Key, s.ID) }

// The names under which the dialect keeps the vendor's fields with a session.
const (
	keptRedirection = "redirectionUrl"
	keptCode        = "interviewCode"
	keptHint        = "loginHint"
	keptTitle       = "consentTitle"
	keptContent     = "consentContent"
	keptLearning    = "mlConsent"
	keptText        = "qrCodeText"
	keptCURP        = "curp"
	keptName        = "name"
	keptIdentity    = "identityCreated"
	keptField       = "field." // and the name of a custom field
)

// redirection gives where the applicant goes after finishing, or "".
func redirection(s usher.Session) string { return cmp.Or(s.Metadata[keptRedirection], s.ReturnURL) }

// orNull gives a text, or nil for none.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// plus writes a phone number as the vendor's clients do.
func plus(digits string) *string {
	if digits == "" {
		return nil
	}
	return orNull("+" + digits)
}

// The vendor's own codes of errors. They travel with HTTP status 400.
const (
	codeNoCustomer    = 4004
	codeSpoof         = 4005
	codeNotRecognised = 4015
	codeFaceNotFound  = 4019
	codeProcessing    = 6000
)

// custom makes an error of one of the vendor's own codes.
func custom(code int, text string) *usher.Error {
	return &usher.Error{Code: usher.CodeInvalid, Detail: strconv.Itoa(code), Message: text}
}

// fail answers a request with an error in the vendor's shape.
func (d *dialect) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := api.Public(r.Context(), err)
	if e.Detail == api.DetailScope && r.URL.Path != pathStart {
		e = needsExecutive() // 401, in the vendor's words
	}
	body := errorBody{Timestamp: d.Now().UnixMilli(), Path: askedOf(r).path}
	status := httpStatus(e)
	if code, err := strconv.Atoi(e.Detail); err == nil {
		body.Status, body.Error = code, e.Message
	} else {
		body.Status, body.Error, body.Message = status, http.StatusText(status), e.Message
		if e.Field != "" {
			body.Message = e.Field + ": " + e.Message
		}
	}
	api.WriteJSON(w, status, body)
}

// httpStatus gives the HTTP status of an error. The vendor has no 409, 410 and 422: what cannot be done now is a bad request.
func httpStatus(e *usher.Error) int {
	switch status := api.Status(e); status {
	case http.StatusUnprocessableEntity, http.StatusConflict, http.StatusGone, http.StatusUnsupportedMediaType, http.StatusRequestedRangeNotSatisfiable:
		return http.StatusBadRequest
	default:
		return status
	}
}
