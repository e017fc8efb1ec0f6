package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/usher-kyc/usher"
)

// Details of a [usher.Error] that move it to a status of its own.
const (
	DetailMalformed   = "malformed"              // cannot be read at all: 400
	DetailMediaType   = "unsupported_media_type" // 415
	DetailTooLarge    = "too_large"              // 413
	DetailMethod      = "method_not_allowed"     // 405
	DetailRange       = "range_not_satisfiable"  // 416
	DetailUnavailable = "unavailable"            // our own fault that passes: 503
	DetailKeyReused   = "idempotency_key_reused" // same key, other request
	DetailInProgress  = "idempotency_in_progress"
	DetailScope       = "scope_missing"
	DetailUnknownName = "unknown_field"
	DetailNull        = "null_not_allowed"
	DetailType        = "wrong_type"
)

// Malformed makes an error for what cannot be read: it is answered with 400, where [usher.Invalid] is answered with 422.
func Malformed(field, message string) *usher.Error {
	return &usher.Error{Code: usher.CodeInvalid, Field: field, Detail: DetailMalformed, Message: message}
}

// Status gives the HTTP status for an error. A limit that names a field is a limit on that request (422), one that does not is a limit on the
// caller's rate (429). An error that is no [usher.Error] is ours: 500.
func Status(err error) int {
	e, ok := errors.AsType[*usher.Error](err)
	if usher.Passes(err) {
		return http.StatusServiceUnavailable
	}
	if !ok {
		return http.StatusInternalServerError
	}
	switch e.Detail {
	case DetailMalformed:
		return http.StatusBadRequest
	case DetailMediaType:
		return http.StatusUnsupportedMediaType
	case DetailTooLarge:
		return http.StatusRequestEntityTooLarge
	case DetailMethod:
		return http.StatusMethodNotAllowed
	case DetailRange:
		return http.StatusRequestedRangeNotSatisfiable
	}
	switch e.Code {
	case usher.CodeInvalid:
		return http.StatusUnprocessableEntity
	case usher.CodeUnauthenticated:
		return http.StatusUnauthorized
	case usher.CodeForbidden:
		return http.StatusForbidden
	case usher.CodeNotFound:
		return http.StatusNotFound
	case usher.CodeConflict:
		return http.StatusConflict
	case usher.CodeGone:
		return http.StatusGone
	case usher.CodeLimited:
		if e.Field != "" {
			return http.StatusUnprocessableEntity
		}
		return http.StatusTooManyRequests
	case usher.CodeInternal:
	}
	return http.StatusInternalServerError
}

// Public gives what a caller may be told about an error. What is our own fault is written to the log once, here, and told as no more than
// the id of the request; a caller who hung up is no fault at all.
func Public(ctx context.Context, err error) *usher.Error {
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Code != usher.CodeInternal {
		return e
	}
	rec := recordOf(ctx)
	if rec.log != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
		cause := err
		if e, ok := errors.AsType[*usher.Error](err); ok && e.Err != nil {
			cause = e.Err
		}
		rec.log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("request_id", rec.id), slog.String("error", cause.Error()))
	}
	if usher.Passes(err) {
		said := "what is needed to answer is away right now; try again in a moment, with the same Idempotency-Key if there was one"
		if e, ok := errors.AsType[*usher.Error](err); ok {
			said = e.Message
		}
		return &usher.Error{Code: usher.CodeInternal, Detail: DetailUnavailable, Err: err, Message: said + " (request id " + rec.id + ")"}
	}
	return &usher.Error{
		Code: usher.CodeInternal, Err: err,
		Message: "something went wrong on our side; try again, and give this request id when you ask for help: " + rec.id,
	}
}

// Problem is the error body of RFC 9457 with one extension member, errors. The doc and example tags are for OpenAPI documents.
type Problem struct {
	Type     string         `json:"type" doc:"Reference to the description of this kind of problem." example:"/docs#invalid"`
	Title    string         `json:"title" doc:"The HTTP status in words." example:"Unprocessable Entity"`
	Status   int            `json:"status" doc:"The HTTP status." example:"422"`
	Detail   string         `json:"detail" doc:"What is wrong and the way out, for a developer." example:"email: must be an e-mail address such as name@example.com"`
	Instance string         `json:"instance,omitempty" doc:"Id of the request; give it when you ask for help." example:"req_4kq2n7c5d3vb6x2h7m4t5r6w7y"`
	Errors   []ProblemError `json:"errors,omitempty" nullable:"false" doc:"Each thing that is wrong with the request, where it can be named."`
}

// ProblemError is one thing wrong with a request. Pointer is a JSON pointer (RFC 6901) to the member at fault, as a URI fragment.
type ProblemError struct {
	Pointer string `json:"pointer" doc:"JSON pointer (RFC 6901) to the member at fault, as a URI fragment." example:"#/email"`
	Code    string `json:"code" doc:"Machine-readable word for what is wrong." example:"invalid"`
	Detail  string `json:"detail" doc:"What is wrong, for a developer." example:"must be an e-mail address such as name@example.com"`
}

// problemDocs is where the types of problems are described; the page has one heading per code.
const problemDocs = "/docs#"

// ProblemOf gives the body for an error, which [Public] must have passed. Type is a relative reference to the documentation.
func ProblemOf(e *usher.Error, requestID string) Problem {
	status := Status(e)
	p := Problem{
		Type: problemDocs + string(e.Code), Title: http.StatusText(status), Status: status, Detail: e.Message, Instance: requestID,
	}
	if e.Field != "" {
		p.Detail = e.Field + ": " + e.Message
		p.Errors = []ProblemError{{Pointer: Pointer(e.Field), Code: detailOr(e), Detail: e.Message}}
	}
	return p
}

func detailOr(e *usher.Error) string {
	if e.Detail != "" {
		return e.Detail
	}
	return string(e.Code)
}

// Pointer turns a dotted path such as "address.country" or "events[0]" into a JSON pointer as a URI fragment: "#/address/country".
func Pointer(path string) string {
	if path == "" {
		return "#"
	}
	path = strings.NewReplacer("~", "~0", "/", "~1", "[", ".", "]", "").Replace(path)
	return "#/" + strings.ReplaceAll(strings.TrimPrefix(path, "."), ".", "/")
}

// Fail answers a request with an error, in the shape of a dialect. It is given every error of the kit and must pass it through [Public].
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// WriteProblem is the [Fail] of the native API: application/problem+json.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := ProblemOf(Public(r.Context(), err), RequestID(r.Context()))
	WriteBody(w, p.Status, "application/problem+json", p)
}

// WriteJSON answers with a JSON body.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	WriteBody(w, status, "application/json", body)
}

// WriteBody answers with a JSON body of a content type of its own. A body that cannot be written as JSON is a mistake of ours and answered
// with 500; one that cannot be sent is the caller's connection, about which there is nobody to tell.
func WriteBody(w http.ResponseWriter, status int, contentType string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
