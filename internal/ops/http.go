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
		seen := trace.Watch(w)
		m.inFlight.Inc()
		defer func() {
			m.inFlight.Dec()
			route := known.Route
			if route == "" {
				route = "none"
			}
			method, status := trace.Method(r), seen.Status()
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
