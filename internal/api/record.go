package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/trace"
)

// record is what is known of one request while it is served. The layers inside write to it; the access log, which stands outside of them,
// reads it when they are done.
type record struct {
	id      string
	log     *slog.Logger
	tenant  string
	client  string
	pattern string
	caller  netip.Addr
	header  http.Header // of the answer
}

type recordKey struct{}

// recordOf gives the record of a request, or an empty one outside of a [Front], so that no caller must ask.
func recordOf(ctx context.Context) *record {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec
	}
	return &record{}
}

// RequestID gives the id of the request a context belongs to, or "".
func RequestID(ctx context.Context) string { return recordOf(ctx).id }

// CallerFrom gives the address that a request came from, as far as trusted proxies tell; the zero one outside of a [Front].
func CallerFrom(ctx context.Context) netip.Addr { return recordOf(ctx).caller }

// WithCaller puts the address that a request came from into a context. [Front] does it for every request.
func WithCaller(ctx context.Context, from netip.Addr) context.Context {
	return context.WithValue(ctx, recordKey{}, &record{caller: from})
}

// RetryAfter says in the answer to the request a context belongs to when it may come again. Outside of a [Front] nobody reads it.
func RetryAfter(ctx context.Context, in time.Duration) {
	if h := recordOf(ctx).header; h != nil {
		h.Set("Retry-After", strconv.Itoa(int(max(in, 0)/time.Second)+1))
	}
}

// identify gives each request an id of our own, that of the listener where it gave one. One from outside is not taken over: it would let a caller
// write into our log.
func identify(log *slog.Logger, caller func(*http.Request) netip.Addr, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &record{id: trace.RequestOf(r.Context()).ID, log: log, caller: caller(r), header: w.Header()}
		if rec.id == "" {
			rec.id = "req_" + strings.ToLower(rand.Text())
			w.Header().Set("X-Request-Id", rec.id)
		}
		defer func() { trace.Route(r.Context(), rec.pattern) }()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec)))
	})
}

// access writes one line per request: no path (it may hold an id or a token), no query, no address, nothing of a body.
func access(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := recordOf(r.Context())
		if rec.log == nil {
			next.ServeHTTP(w, r)
			return
		}
		begun := time.Now()
		seen := trace.Watch(w)
		defer func() {
			rec.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", trace.Method(r)), slog.String("route", rec.pattern), slog.Int("status", seen.Status()),
				slog.Int64("ms", time.Since(begun).Milliseconds()), slog.String("request_id", rec.id),
				slog.String("tenant", rec.tenant), slog.String("client", rec.client))
		}()
		next.ServeHTTP(seen, r)
	})
}

// lastResort turns a panic into an answer, so that one bad request costs itself and nothing else. When part of an answer is out already the
// connection is cut: half an answer must not look whole.
func lastResort(fail Fail, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := trace.Watch(w)
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			fail(notYet(seen), r, panicked(p))
			if seen.Begun() {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// panicked makes an error of what was thrown. Only the runtime's own words are kept: a value that code of ours threw might hold a person's data.
func panicked(thrown any) error {
	said := fmt.Sprintf("a %T", thrown)
	if e, ok := thrown.(runtime.Error); ok {
		said = e.Error()
	}
	return fmt.Errorf("panic: %s\n%s", said, debug.Stack())
}

// notYet gives the writer under an answer while nothing was sent, and one that writes nowhere after: fail is called for its log line.
func notYet(a *trace.Answer) http.ResponseWriter {
	if a.Begun() {
		return &nowhere{header: http.Header{}}
	}
	return a.ResponseWriter
}

// headers are those of an answer for machines that nobody may keep, frame or guess the type of.
func headers(next http.Handler) http.Handler {
	fixed := [][2]string{
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		values := make([]string, 0, len(fixed)) // one piece of memory for all
		for i, f := range fixed {
			values = append(values, f[1])
			h[f[0]] = values[i : i+1 : i+1]
		}
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}
