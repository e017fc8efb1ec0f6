package mobbscan

import (
	"errors"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// The codes of errors. Those of the upper group are the vendor's, from the error pages of its SDKs; the others are ours.
const (
	codeParameters     = "WRONG_PARAMETERS_ERROR"
	codeDocumentType   = "ERROR_WRONG_DOCUMENT_TYPE"
	codeUnauthorized   = "UNAUTHORIZED_ERROR"
	codeNoScan         = "ERROR_SCAN_PROCESS_NOT_STARTED"
	codeScanStarted    = "SCAN_PROCESS_ALREADY_STARTED_ERROR"
	codeScanned        = "ERROR_DOCUMENT_ALREADY_SCANNED"
	codeFileSize       = "MAX_FILE_SIZE_TO_SCAN_ERROR"
	codeNotClassified  = "ERROR_DOCUMENT_NOT_CLASSIFIED"
	codeScanNotValid   = "ERROR_SCAN_PROCESS_IS_NOT_VALID"
	codeTimeout        = "TIMEOUT_ERROR"
	codeNoVerification = "VERIFICATION_NOT_FOUND"
	codeDecided        = "VERIFICATION_ALREADY_DECIDED"
	codeLocked         = "VERIFICATION_LOCKED"
	codeNotFinished    = "VERIFICATION_NOT_FINISHED"
	codeNoEvidence     = "EVIDENCE_NOT_FOUND"
	codeNoAddress      = "NOT_FOUND_ERROR"
	codeForbidden      = "FORBIDDEN_ERROR"
	codeMethod         = "METHOD_NOT_ALLOWED_ERROR"
	codeMediaType      = "UNSUPPORTED_MEDIA_TYPE_ERROR"
	codeNotAcceptable  = "NOT_ACCEPTABLE_ERROR"
	codeConflict       = "CONFLICT_ERROR"
	codeTooMany        = "TOO_MANY_REQUESTS"
	codeInternal       = "SERVER_ERROR"
)

// notAuthorized is the vendor's text of a 401.
const notAuthorized = "Not authorized"

// detailKeyTaken is the engine's word for a second name that was used before.
const detailKeyTaken = "key_taken"

// refusal is an error in the vendor's own words.
type refusal struct {
	status int
	failure
}

// Error gives the code; the details may be about a person's document.
func (r *refusal) Error() string { return r.Code }

func refuse(status int, code, details string) *refusal {
	return &refusal{status: status, failure: failure{Code: code, Details: details}}
}

func noVerification() error {
	return refuse(http.StatusNotFound, codeNoVerification, "no verification process has this identifier")
}

// fail answers a request with an error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	said, ok := errors.AsType[*refusal](err)
	if !ok {
		said = refusalOf(api.Public(r.Context(), err))
	}
	if said.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="usher"`)
	}
	api.WriteJSON(w, said.status, said.failure)
}

// refusalOf puts an error of the core or the kit into the vendor's words.
func refusalOf(e *usher.Error) *refusal {
	details := e.Message
	if e.Field != "" {
		details = e.Field + ": " + details
	}
	switch e.Detail {
	case api.DetailTooLarge:
		return refuse(http.StatusRequestEntityTooLarge, codeFileSize, details)
	case api.DetailMethod:
		return refuse(http.StatusMethodNotAllowed, codeMethod, details)
	case api.DetailMediaType:
		return refuse(http.StatusUnsupportedMediaType, codeMediaType, details)
	case detailKeyTaken:
		return refuse(http.StatusConflict, codeScanStarted, "this scanId was used before")
	case usher.DetailKept:
		return refuse(http.StatusConflict, codeLocked, details)
	}
	switch e.Code {
	case usher.CodeInvalid:
		return refuse(http.StatusBadRequest, codeParameters, details)
	case usher.CodeUnauthenticated:
		return refuse(http.StatusUnauthorized, codeUnauthorized, notAuthorized)
	case usher.CodeForbidden:
		return refuse(http.StatusForbidden, codeForbidden, details)
	case usher.CodeNotFound:
		return refuse(http.StatusNotFound, codeNoAddress, details)
	case usher.CodeGone:
		return refuse(http.StatusNotFound, codeNoVerification, details)
	case usher.CodeConflict:
		return refuse(http.StatusConflict, codeConflict, details)
	case usher.CodeLimited:
		if e.Field != "" { // a limit on this request, not on the caller's rate
			return refuse(http.StatusBadRequest, codeParameters, details)
		}
		return refuse(http.StatusTooManyRequests, codeTooMany, details)
	case usher.CodeInternal:
	}
	return refuse(http.StatusInternalServerError, codeInternal, details)
}

func hasCode(err error, code usher.Code) bool {
	e, ok := errors.AsType[*usher.Error](err)
	return ok && e.Code == code
}
