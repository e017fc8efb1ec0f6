package ops

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"

	otel "go.opentelemetry.io/otel/trace"

	"github.com/usher-kyc/usher/internal/trace"
)

// HTTP stands before a front: it gives each request its id, which the answer says in X-Request-Id, and its span, and counts the answer by the route
// that took it. An id or a trace from outside is not taken over, since it would let a caller write into our logs. t may be nil.
func (m *Metrics) HTTP(front string, t otel.Tracer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		known := &trace.Request{ID: "req_" + strings.ToLower(rand.Text())}
		w.Header().Set("X-Request-Id", known.ID)
		ctx, span := trace.Start(trace.With(trace.WithRequest(r.Context(), known), t), front)
		seen := &answer{ResponseWriter: w}
		m.inFlight.Inc()
		defer func() {
			m.inFlight.Dec()
			route := known.Route
			if route == "" {
				route = "none"
			}
			method, status := methodOf(r), seen.code()
			m.requests.WithLabelValues(front, route, method, strconv.Itoa(status/100)+"xx").Inc()
			m.answers.WithLabelValues(front, route).Observe(time.Since(begun).Seconds())
			span.Rename(front + " " + route)
			span.Note("request_id", known.ID, "method", method, "status", strconv.Itoa(status))
			var failed error
			if status >= http.StatusInternalServerError {
				failed = http.ErrAbortHandler
			}
			span.End(failed)
		}()
		next.ServeHTTP(seen, r.WithContext(ctx))
	})
}

// methodOf gives the request's method, or "other" for one a caller made up.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// answer remembers the status that was sent.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the first final status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}
