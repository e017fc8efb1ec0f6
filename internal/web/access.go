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
func (k *Kit) access(r *http.Request, id string, seen *trace.Answer, begun time.Time) {
	route := r.Pattern // the mux has set it
	trace.Route(r.Context(), route)
	level := slog.LevelInfo
	if strings.HasPrefix(route, "GET "+k.config.Base+"/static/") {
		level = slog.LevelDebug
	}
	k.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", trace.Method(r)), slog.String("route", route), slog.Int("status", seen.Status()),
		slog.Int64("ms", time.Since(begun).Milliseconds()), slog.String("request_id", id))
}
