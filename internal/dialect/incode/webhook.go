package incode

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// The names of the webhooks, by which an endpoint asks for some of them: the vendor sends each kind to an address of its own. The last two are sent
// only to endpoints that name them.
const (
	hookStatus        = "onboarding.status"
	hookStarted       = "session.started"
	hookSucceeded     = "session.succeeded"
	hookFailed        = "session.failed"
	hookPendingReview = "session.pending_review"
	hookVideo         = "videoselfie.upload"
	hookWatchlist     = "global.watchlist"
	hookFace          = "face.authentication"
	hookWork          = "work.history"
	hookPayment       = "payment.proof"
	hookProgress      = "session.progress"
	hookIdentity      = "identity.enrolled"
)

func messageNames() []string {
	return []string{
		hookStatus, hookStarted, hookSucceeded, hookFailed, hookPendingReview, hookVideo, hookWatchlist, hookFace, hookWork, hookPayment,
		hookProgress, hookIdentity,
	}
}

// retries gives the vendor's ladder: five more tries after the first, the first wait 30 s and each 2.5 times the one before.
func retries() []time.Duration {
	return []time.Duration{
		0, 30 * time.Second, 75 * time.Second, 187500 * time.Millisecond, 468750 * time.Millisecond, 1171875 * time.Millisecond,
	}
}

// taken tells whether an answer means that a webhook was taken: 204, or 200 with JSON, and nothing else.
func taken(status int, h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return status == http.StatusNoContent || (status == http.StatusOK && err == nil && kind == "application/json")
}

type statusHook struct {
	InterviewID      string `json:"interviewId"`
	OnboardingStatus string `json:"onboardingStatus"`
	ClientID         string `json:"clientId"`
	FlowID           string `json:"flowId"`
	ExternalID       string `json:"externalId,omitempty"`
}

type sessionHook struct {
	EventType          string  `json:"eventType"`
	InterviewID        string  `json:"interviewId"`
	ClientID           string  `json:"clientId"`
	FlowID             string  `json:"flowId"`
	ExternalCustomerID *string `json:"externalCustomerId"`
	LoginHint          *string `json:"loginHint"`
	IdentityID         *string `json:"identityId"`
	Timestamp          int64   `json:"timestamp"` // ms
}

type videoHook struct {
	ClientID    string `json:"clientId"`
	FlowID      string `json:"flowId"`
	InterviewID string `json:"interviewId"`
}

type watchlistHook struct {
	InterviewID string `json:"interviewId"`
	Ref         string `json:"ref"`
	SearchID    string `json:"search_id"`
}

type faceHook struct {
	CustomerID      string      `json:"customerId"`
	Token           string      `json:"token,omitempty"`
	InterviewID     string      `json:"interviewId"`
	InterviewToken  string      `json:"interviewToken,omitempty"`
	TransactionID   string      `json:"transactionId"`
	FaceMatch       bool        `json:"faceMatch"`
	SpoofAttempt    bool        `json:"spoofAttempt"`
	SecondFactor    *bool       `json:"secondFactor,omitempty"`
	Children        []any       `json:"children"`
	HasFaceMask     *bool       `json:"hasFaceMask"`
	HasLenses       *bool       `json:"hasLenses"`
	SpoofConfidence *float64    `json:"spoofConfidence"`
	Recognition     recognition `json:"recognitionConfidence"`
	OverallScore    float64     `json:"overallScore"` // 0..1
	OverallStatus   string      `json:"overallStatus"`
	Error           string      `json:"error,omitempty"`
	ErrorCode       int         `json:"errorCode,omitempty"`
	ErrorMessage    string      `json:"errorMessage,omitempty"`
}

type recognition struct {
	Confidence *float64 `json:"confidence,omitempty"` // 0..1
	Candidates *[]any   `json:"candidates,omitempty"`
}

// Renderer writes the webhooks of this dialect.
type Renderer struct{ stamps usher.Stamps }

var _ usher.Renderer = Renderer{}

// Name gives the dialect's name.
func (Renderer) Name() string { return Name }

// Render gives the webhooks of an event: of a status that was reached, of the session, and of what came of a module.
func (h Renderer) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	if v.Session == nil {
		return nil, nil
	}
	s := *v.Session
	var all []usher.Message
	add := func(name string, body any, asked bool) error {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write webhook %s: %w", name, err)
		}
		all = append(all, usher.Message{Event: name, ContentType: "application/json", Body: text, Asked: asked})
		return nil
	}
	if status := statusTold(s, e); status != "" && s.Purpose != usher.ForFaceLogin {
		body := statusHook{
			InterviewID: interviewID(s), OnboardingStatus: status, ClientID: s.ClientID, FlowID: configurationID(s.TenantID, s.FlowName),
			ExternalID: s.Reference,
		}
		if err := add(hookStatus, body, false); err != nil {
			return nil, err
		}
	}
	if name, kind := sessionTold(s, e); name != "" {
		if err := add(name, sessionHookOf(s, e, kind), name == hookProgress); err != nil {
			return nil, err
		}
		if name == hookSucceeded && s.Purpose != usher.ForFaceLogin {
			if err := add(hookIdentity, sessionHookOf(s, e, "IDENTITY_ENROLLED"), true); err != nil {
				return nil, err
			}
		}
	}
	if name, body := h.moduleTold(s, e); name != "" {
		if err := add(name, body, false); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// statusTold gives the status that an event leads to, or "" for none. UNKNOWN is never told.
func statusTold(s usher.Session, e usher.Event) string {
	switch e.Type {
	case usher.StepCompleted:
		st, _ := s.Step(e.Data.Step)
		return stepStatus(st.Kind)
	case usher.CheckCompleted:
		if e.Data.Result != nil {
			return checkStatus(*e.Data.Result)
		}
	case usher.SessionReviewRequested:
		if len(e.Data.Votes) == 0 { // the vote of one of two reviewers is nobody else's business
			return statusFinished
		}
	case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned:
		return verdictStatus(s)
	case usher.SessionExpired:
		return statusExpired
	default:
	}
	return ""
}

// sessionTold gives name and type of the session webhook of an event, or "" for none.
func sessionTold(s usher.Session, e usher.Event) (name, kind string) {
	switch e.Type {
	case usher.SessionStarted:
		if e.Data.Resumed {
			return hookProgress, "SESSION_PROGRESS"
		}
		return hookStarted, "SESSION_STARTED"
	case usher.SessionReviewRequested:
		if len(e.Data.Votes) == 0 {
			return hookPendingReview, "SESSION_PENDING_REVIEW"
		}
	case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned:
		if s.State == usher.Approved {
			return hookSucceeded, "SESSION_SUCCEEDED"
		}
		return hookFailed, "SESSION_FAILED"
	case usher.SessionExpired, usher.SessionCancelled:
		return hookFailed, "SESSION_FAILED"
	default:
	}
	return "", ""
}

func sessionHookOf(s usher.Session, e usher.Event, kind string) sessionHook {
	body := sessionHook{
		EventType: kind, InterviewID: interviewID(s), ClientID: s.ClientID, FlowID: configurationID(s.TenantID, s.FlowName),
		ExternalCustomerID: orNull(s.Reference), LoginHint: orNull(s.Metadata[keptHint]), Timestamp: e.At.UnixMilli(),
	}
	if s.State == usher.Approved {
		body.IdentityID = orNull(s.ApplicantID)
	}
	return body
}

// moduleTold gives the webhook of what came of a module, or "" for none.
func (h Renderer) moduleTold(s usher.Session, e usher.Event) (name string, body any) {
	switch e.Type {
	case usher.EvidenceReceived:
		if e.Data.Evidence != nil && e.Data.Evidence.Kind == usher.SelfieVideo {
			return hookVideo, videoHook{ClientID: s.ClientID, FlowID: configurationID(s.TenantID, s.FlowName), InterviewID: interviewID(s)}
		}
	case usher.HitsChanged:
		if e.Data.Hits != nil {
			return hookWatchlist, watchlistHook{
				InterviewID: interviewID(s), Ref: e.Data.Hits.Screening, SearchID: strconv.Itoa(int(searchNumber(e.Data.Hits.Screening))),
			}
		}
	case usher.FaceAuthenticated:
		if e.Data.Result != nil {
			return hookFace, h.faceOf(s, e, *e.Data.Result)
		}
	case usher.CheckCompleted:
		switch r := e.Data.Result; {
		case r == nil || !ran(*r):
		case r.Kind == usher.CheckWorkHistory:
			return hookWork, workOf(s, e, *r)
		case r.Kind == usher.CheckPaymentProof:
			return hookPayment, paymentOf(e, *r)
		}
	default:
	}
	return "", nil
}

// faceOf gives the body of a face authentication. What was not looked at is null.
func (h Renderer) faceOf(s usher.Session, e usher.Event, r usher.CheckResult) faceHook {
	body := faceHook{CustomerID: s.ApplicantID, InterviewID: interviewID(s), TransactionID: interviewID(s), Children: []any{}, OverallStatus: "FAIL"}
	if r.Outcome == usher.Clear {
		no := false
		body.InterviewToken = sessionToken(h.stamps, s, e.At)
		body.Token, body.FaceMatch, body.OverallStatus, body.OverallScore = body.InterviewToken, true, "PASS", r.Score
		body.SecondFactor, body.Recognition = &no, recognition{Confidence: &r.Score, Candidates: &[]any{}}
		return body
	}
	spoof := hasReason(r, usher.LivenessFailed) || s.Metadata[keptField+"simulate"] == "SPOOF" && s.Mode == usher.Sandbox
	switch {
	case spoof:
		body.SpoofAttempt, body.SpoofConfidence = true, share(true)
		body.fault("Spoof attempt detected", codeSpoof)
		body.ErrorMessage += ". Spoof confidence 1.0"
	case r.Outcome == usher.NotRun:
		body.fault("Non existing customer", codeNoCustomer)
	case r.Outcome == usher.Refuse:
		body.fault("User is not recognized", codeNotRecognised)
	}
	return body
}

func (f *faceHook) fault(text string, code int) {
	f.Error, f.ErrorCode, f.ErrorMessage = text, code, text
}

type workHook struct {
	InterviewID string      `json:"interviewId"`
	RequestID   string      `json:"requestId"`
	WorkHistory workHistory `json:"workHistory"`
}

type workHistory struct {
	Name             *string         `json:"name"`
	CURP             *string         `json:"curp"`
	APIKey           *string         `json:"apiKey"`
	QuotedWeeks      quotedWeeks     `json:"quotedWeeks"`
	LaborHistoryList json.RawMessage `json:"laborHistoryList"`
}

type quotedWeeks struct {
	Discounted *int `json:"discountedWeeks"`
	Listed     *int `json:"listedWeeks"`
	Reinstated *int `json:"reinstatedWeeks"`
}

// workOf gives the work history from the fields of the check's result, which have the vendor's names. laborHistoryList is JSON.
func workOf(s usher.Session, e usher.Event, r usher.CheckResult) workHook {
	f := r.Fields
	list := json.RawMessage(f["laborHistoryList"])
	if !strings.HasPrefix(strings.TrimSpace(string(list)), "[") || !json.Valid(list) {
		list = json.RawMessage("[]")
	}
	return workHook{InterviewID: interviewID(s), RequestID: e.ID, WorkHistory: workHistory{
		Name: orNull(f["name"]), CURP: orNull(f["curp"]), APIKey: orNull(f["apiKey"]), LaborHistoryList: list,
		QuotedWeeks: quotedWeeks{
			Discounted: number(f["discountedWeeks"]), Listed: number(f["listedWeeks"]), Reinstated: number(f["reinstatedWeeks"]),
		},
	}}
}

type paymentHook struct {
	RequestID          string  `json:"requestId"`
	RFCIssuer          *string `json:"rfcIssuer"`
	IssuerName         *string `json:"issuerName"`
	RFCReceiver        *string `json:"rfcReceiver"`
	ReceiverName       *string `json:"receiverName"`
	FiscalInvoice      *string `json:"fiscalInvoice"`
	IssueDate          *string `json:"issueDate"`
	CertificationDate  *string `json:"certificationDate"`
	RFCPac             *string `json:"rfcPac"`
	TotalCFDI          *string `json:"totalCfdi"`
	VoucherEffect      *string `json:"voucherEffect"`
	CancellationStatus *string `json:"cancellationStatus"`
	ValidationCode     *string `json:"validationCode"`
	Status             *string `json:"status"`
}

// paymentOf gives the proof of payment from the fields of the check's result, which have the vendor's names.
func paymentOf(e usher.Event, r usher.CheckResult) paymentHook {
	f := func(name string) *string { return orNull(r.Fields[name]) }
	return paymentHook{
		RequestID: e.ID, RFCIssuer: f("rfcIssuer"), IssuerName: f("issuerName"), RFCReceiver: f("rfcReceiver"), ReceiverName: f("receiverName"),
		FiscalInvoice: f("fiscalInvoice"), IssueDate: f("issueDate"), CertificationDate: f("certificationDate"), RFCPac: f("rfcPac"),
		TotalCFDI: f("totalCfdi"), VoucherEffect: f("voucherEffect"), CancellationStatus: f("cancellationStatus"),
		ValidationCode: f("validationCode"), Status: f("status"),
	}
}
