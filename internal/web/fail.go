package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/usher-kyc/usher"
)

var (
	errNoPage    = usher.NotFound("page")
	errOtherSite = &usher.Error{Code: usher.CodeForbidden, Detail: "other_site", Message: "the request came from another site"}
)

// Fail shows an error as a page: what happened, that nothing is lost, and the id under which we find it. What is not an [*usher.Error] or
// says so itself was our fault: the reader is told no more than that, and the log gets it with the id. The path is not logged, since it
// may hold a link's secret.
func (k *Kit) Fail(w http.ResponseWriter, r *http.Request, err error) {
	told := &usher.Error{Code: usher.CodeInternal}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &told):
	case errors.As(err, &large):
		told = &usher.Error{Code: usher.CodeLimited, Detail: "too_large"}
	case usher.Passes(err):
		told.Detail = "unavailable"
	case errors.Is(err, context.Canceled):
		// The reader has gone; nobody reads this page, and nothing is wrong with us.
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if told.Code == usher.CodeInternal {
		k.log.ErrorContext(r.Context(), "page failed", "area", k.config.Area, "request_id", RequestID(r.Context()),
			"method", r.Method, "pattern", r.Pattern, "error", err)
	}
	page := Page{Name: "error", Status: Status(told), Data: map[string]any{"Key": k.errorKey(told), "Code": string(told.Code)}}
	if err := k.Render(w, r, page); err != nil {
		k.log.ErrorContext(r.Context(), "error page failed", "request_id", RequestID(r.Context()), "error", err)
		http.Error(w, "Something went wrong. Please try again. Reference: "+RequestID(r.Context()), http.StatusInternalServerError)
	}
}

// errorKey gives the key below which the words for an error are: the finest that has any.
func (k *Kit) errorKey(e *usher.Error) string {
	for _, key := range []string{"error." + string(e.Code) + "." + e.Detail, "error." + string(e.Code)} {
		if k.catalog.Has(key + ".title") {
			return key
		}
	}
	return "error." + string(usher.CodeInternal)
}

// Status gives the HTTP status for an error's code.
func Status(e *usher.Error) int {
	switch e.Code {
	case usher.CodeInvalid:
		return http.StatusBadRequest
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
		return http.StatusTooManyRequests
	case usher.CodeInternal:
		if e.Passes() {
			return http.StatusServiceUnavailable
		}
	}
	return http.StatusInternalServerError
}
