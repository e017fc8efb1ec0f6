package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/trace"
)

// How many links that there are not one network may ask for within the window. The counter is in the database: a restart does not reset it, and
// all nodes count together.
const (
	wrongLinks  = 30
	wrongWindow = 15 * time.Minute
)

// secrets are the beginnings of addresses that hold a secret: links, hand-offs and invitations.
var secrets = []string{verifyBase + "/s/", verifyBase + "/h/", deskBase + "/invitation/"}

// guessing keeps anybody from trying links one after the other. Who holds a right one is never kept out by it alone: a network is, that has asked for
// many wrong ones.
func (h *house) guessing(address func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := false
		for _, at := range secrets {
			held = held || strings.HasPrefix(r.URL.Path, at)
		}
		if !held {
			next.ServeHTTP(w, r)
			return
		}
		sum := sha256.Sum256([]byte(address(r)))
		name, now := "links/wrong/"+hex.EncodeToString(sum[:16]), time.Now()
		n, ends, err := h.db.Counter(r.Context(), name, now)
		if err != nil {
			h.log.ErrorContext(r.Context(), "wrong links could not be counted", "error", err)
			http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
			return
		}
		if n >= wrongLinks {
			w.Header().Set("Retry-After", strconv.Itoa(int(ends.Sub(now)/time.Second)+1))
			http.Error(w, "Too many links that there are not. Try again in a quarter of an hour.", http.StatusTooManyRequests)
			return
		}
		seen := trace.Watch(w)
		next.ServeHTTP(seen, r)
		// Who shows an invitation that there is not is led to the page for signing in.
		if seen.Status() == http.StatusNotFound || w.Header().Get("Location") == deskBase+"/sign-in?why=link" {
			if _, _, err := h.db.Count(r.Context(), name, now, wrongWindow); err != nil {
				h.log.ErrorContext(r.Context(), "a wrong link could not be counted", "error", err)
			}
		}
	})
}
