package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/trace"
)

// access writes one line per request: the pattern that answered and never the path, since a path may be a link's secret; no query, no address,
// nothing of a form. Pieces that a page is made of are told at the level of debugging.
func (k *Kit) access(r *http.Request, id string, seen *statusWriter, begun time.Time) {
	route := r.Pattern // the mux has set it
	trace.Route(r.Context(), route)
	level := slog.LevelInfo
	if strings.HasPrefix(route, "GET "+k.config.Base+"/static/") {
		level = slog.LevelDebug
	}
	k.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", method(r)), slog.String("route", route), slog.Int("status", seen.code()),
		slog.Int64("ms", time.Since(begun).Milliseconds()), slog.String("request_id", id))
}

// method gives the request's method, or "other" for one a caller made up.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return r.Method
	}
	return "other"
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the first final status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
