package intergiro

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the name of this dialect, of its API clients and of its endpoints.
const Name = "intergiro"

// The statuses of an individual.
const (
	pendingActivation      = "pending_activation"
	onboardingRequested    = "onboarding_requested"
	onboardingDataProvided = "onboarding_data_provided"
	activated              = "activated"
	blocked                = "blocked"
)

// The names of events.
const (
	dataProvided           = "IndividualOnboardingDataProvided"
	individualActivated    = "IndividualActivated"
	individualBlocked      = "IndividualBlocked"
	pendingActionCreated   = "PendingActionCreated"
	pendingActionCompleted = "PendingActionCompleted"
)

// The types of pending action.
const (
	identityVerification       = "IdentityVerification"
	proofOfAddressVerification = "ProofOfAddressVerification"
)

// statusOf gives the status of an individual by its newest onboarding session, nil for none. The vendor has no word for an expired or
// cancelled go: such an individual can be onboarded again, which is what onboarding_requested says.
func statusOf(latest *usher.SessionHead) string {
	if latest == nil {
		return pendingActivation
	}
	switch latest.State {
	case usher.Created, usher.Expired, usher.Cancelled:
		return onboardingRequested
	case usher.InProgress:
		// An applicant who redoes something must not look like one who never finished.
		if !latest.SubmittedAt.IsZero() {
			return onboardingDataProvided
		}
		return onboardingRequested
	case usher.Submitted, usher.InReview, usher.AwaitingApplicant:
		return onboardingDataProvided
	case usher.Approved:
		return activated
	case usher.Rejected:
		return blocked
	}
	return ""
}

// statesOf is the way back of [statusOf]: the states of which at least some sessions have a status; none for pending_activation.
func statesOf(status string) []usher.State {
	switch status {
	case onboardingRequested:
		return []usher.State{usher.Created, usher.InProgress, usher.Expired, usher.Cancelled}
	case onboardingDataProvided:
		return []usher.State{usher.InProgress, usher.Submitted, usher.InReview, usher.AwaitingApplicant}
	case activated:
		return []usher.State{usher.Approved}
	case blocked:
		return []usher.State{usher.Rejected}
	}
	return nil
}

// timestamp writes a time as the vendor does: UTC, milliseconds, Z.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func individualOf(a usher.Applicant) individual {
	i := individual{
		ID: a.ID, FirstName: a.Details.FirstName, LastName: a.Details.LastName, Email: a.Details.Email, PhoneNumber: a.Details.Phone,
		DateOfBirth: string(a.Details.DateOfBirth), Status: statusOf(a.Latest), CreatedAt: timestamp(a.CreatedAt), UpdatedAt: timestamp(a.UpdatedAt),
	}
	if at := a.Details.Address; at != nil {
		i.Address = &address{CountryCode: at.Country, Street1: at.Street, City: at.City, Region: at.Region, PostalCode: at.PostalCode}
	}
	// The status is part of the individual, so its change counts as one.
	if a.Latest != nil && a.Latest.UpdatedAt.After(a.UpdatedAt) {
		i.UpdatedAt = timestamp(a.Latest.UpdatedAt)
	}
	return i
}

func methodOf(l usher.Link) method {
	return method{RedirectURL: l.URL, Token: l.Token, ExpiresAt: timestamp(l.ExpiresAt)}
}

// Texts that a client shows to its user, by the language of the session.
var descriptions = map[string]map[string]string{
	identityVerification: {
		"en": "We need to check your identity once more. Please open the link.",
		"sv": "Vi behöver kontrollera din identitet en gång till. Öppna länken.",
	},
	proofOfAddressVerification: {
		"en": "We need a document that shows your address. Please open the link.",
		"sv": "Vi behöver en handling som visar din adress. Öppna länken.",
	},
}

// actionOf gives the pending action that an event of a session created. When a reviewer wrote a note for the applicant, it is part of what
// the client shows.
func actionOf(s usher.Session, e usher.Event) pendingAction {
	p := pendingAction{
		ID: e.ID, Type: actionType(s, e.Data.Steps), Payload: pendingActionPayload{IndividualID: s.ApplicantID, ConsentID: s.ID},
		ExpiresAt: timestamp(e.Data.Expires), CreatedAt: timestamp(e.At),
	}
	texts := descriptions[p.Type]
	p.Description = texts["en"]
	if text, ok := texts[s.Locale]; ok {
		p.Description = text
	}
	if e.Data.Note != "" {
		p.Description += " " + e.Data.Note
	}
	return p
}

// actionType tells the type: of a session started for it by its purpose, of one that asks again by the steps it asks for.
func actionType(s usher.Session, asked []string) string {
	address := s.Purpose == usher.ForProofOfAddress
	if s.Purpose == usher.ForOnboarding && len(asked) > 0 {
		address = !slices.ContainsFunc(asked, func(id string) bool {
			st, _ := s.Step(id)
			return st.Kind != usher.StepProofOfAddress
		})
	}
	if address {
		return proofOfAddressVerification
	}
	return identityVerification
}

func bankDetailsOf(a usher.Account, home *usher.Address) bankDetails {
	b := bankDetails{
		PaymentRail: "sepa", Details: accountNumber{IBAN: a.Number, BIC: a.BankCode}, Beneficiary: a.Beneficiary,
	}
	if home != nil {
		b.BeneficiaryAddress = &beneficiaryAddress{
			Street1: home.Street, City: home.City, CountryCode: home.Country, PostCode: home.PostalCode,
		}
	}
	return b
}

// invalid is a request with faults.
type invalid []fault

// Error gives the fields at fault.
func (f invalid) Error() string {
	var fields []string
	for _, one := range f {
		fields = append(fields, one.Field)
	}
	return "invalid: " + strings.Join(fields, ", ")
}

// The codes of a fault.
const (
	codeRequired = "required"
	codeEmpty    = "empty"
	codeNull     = "null_not_allowed"
	codeFormat   = "invalid_format"
	codeUnknown  = "unknown_field"
)

// fail answers a request with an error in one of the vendor's two shapes: errors for what is wrong with the request, error for the rest.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	if list, ok := errors.AsType[invalid](err); ok {
		api.WriteJSON(w, http.StatusBadRequest, faults{Errors: list})
		return
	}
	e := api.Public(r.Context(), err)
	if status, code := refusalOf(e); status != 0 {
		api.WriteJSON(w, status, refusal{Error: refusalError{Code: code, Message: e.Message}})
		return
	}
	api.WriteJSON(w, http.StatusBadRequest, faults{Errors: []fault{{Code: codeFormat, Field: e.Field, Message: e.Message}}})
}

// refusalOf gives status and code of an error that is not a fault of the request's shape; 0 for one that is.
func refusalOf(e *usher.Error) (int, string) {
	switch e.Detail {
	case detailEarly:
		return http.StatusBadRequest, detailEarly
	case detailEnded:
		return http.StatusUnauthorized, detailEnded
	case api.DetailKeyReused, api.DetailInProgress:
		return http.StatusConflict, e.Detail
	case api.DetailTooLarge:
		return http.StatusRequestEntityTooLarge, e.Detail
	case api.DetailMethod:
		return http.StatusMethodNotAllowed, e.Detail
	}
	switch e.Code {
	case usher.CodeInvalid:
		return 0, ""
	case usher.CodeUnauthenticated:
		return http.StatusUnauthorized, "unauthorized"
	case usher.CodeForbidden:
		return http.StatusForbidden, "forbidden"
	case usher.CodeNotFound, usher.CodeGone:
		return http.StatusNotFound, "not_found"
	case usher.CodeConflict:
		return http.StatusUnprocessableEntity, "request_blocked"
	case usher.CodeLimited:
		if e.Field != "" { // a limit on this request, not on the caller's rate
			return 0, ""
		}
		return http.StatusTooManyRequests, "rate_limited"
	case usher.CodeInternal:
	}
	return http.StatusInternalServerError, "internal_error"
}
