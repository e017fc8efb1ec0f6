package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// oneToken knows one access token.
type oneToken struct{ usher.Credentials }

func (oneToken) Bearer(_ context.Context, dialect, access string) (usher.APIClient, []usher.Scope, error) {
	if dialect != "test" || access != "good" {
		return usher.APIClient{}, nil, &usher.Error{Code: usher.CodeUnauthenticated, Message: "unknown access token"}
	}
	return usher.APIClient{ID: "cli_1", TenantID: "ten_1"}, []usher.Scope{usher.ScopeRead}, nil
}

func routes() *api.Mux {
	mux := api.NewMux()
	see := func(pattern string, h http.HandlerFunc) { mux.On(pattern, h, usher.ActSeeCases) }
	see("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		p, _ := api.PrincipalFrom(r.Context())
		api.WriteJSON(w, http.StatusOK, map[string]string{"tenant": p.Tenant()})
	})
	mux.On("POST /login", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, usher.ActEnter)
	see("GET /panic", func(http.ResponseWriter, *http.Request) { panic("secret of Ada") })
	see("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an")
		panic("secret of Ada")
	})
	see("GET /broken", func(w http.ResponseWriter, r *http.Request) {
		api.WriteProblem(w, r, errors.New("disk is full"))
	})
	see("GET /away", func(w http.ResponseWriter, r *http.Request) {
		api.WriteProblem(w, r, fmt.Errorf("look for Ada: %w", away{}))
	})
	return mux
}

// away is an error that passes.
type away struct{}

func (away) Error() string { return "nobody answers" }
func (away) Passes() bool  { return true }

func front(log io.Writer) api.Front {
	return api.Front{
		Dialect: "test", Credentials: oneToken{},
		Log:  slog.New(slog.NewJSONHandler(log, nil)),
		Open: func(r *http.Request) bool { return r.URL.Path == "/login" },
	}
}

func ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFrontAnswersInOneShape(t *testing.T) {
	t.Parallel()
	h := front(io.Discard).Handler(routes())
	for _, c := range []struct {
		name, method, path string
		header             []string
		status             int
		detail             string
	}{
		{"known", "GET", "/things/1", nil, 200, ""},
		{"no token", "GET", "/things/1", []string{"Authorization", ""}, 401, "Authorization: Bearer"},
		{"wrong scheme", "GET", "/things/1", []string{"Authorization", "Basic good"}, 401, "Authorization: Bearer"},
		{"unknown token", "GET", "/things/1", []string{"Authorization", "Bearer bad"}, 401, "unknown access token"},
		{"open route needs no token", "POST", "/login", []string{"Authorization", ""}, 204, ""},
		{"unknown address", "GET", "/nothing", nil, 404, "no such address"},
		{"unknown address without a token", "GET", "/nothing", []string{"Authorization", ""}, 401, "Bearer"},
		{"wrong method", "DELETE", "/things/1", nil, 405, "this address takes GET, HEAD"},
		{"form", "POST", "/login", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "forms are not taken"},
		{"plain text", "POST", "/login", []string{"Content-Type", "text/plain; charset=utf-8"}, 415, "forms are not taken"},
		{"panic", "GET", "/panic", nil, 500, "something went wrong on our side"},
		{"unknown error", "GET", "/broken", nil, 500, "something went wrong on our side"},
		{"an error that passes", "GET", "/away", nil, 503, "is away right now; try again in a moment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := ask(h, c.method, c.path, "", c.header...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.detail) {
				t.Errorf("got %d %s, want %d with %q", w.Code, w.Body, c.status, c.detail)
			}
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("header %s is %q, want %q", name, got, want)
				}
			}
			if id := w.Header().Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
				t.Errorf("request id is %q", id)
			}
			if c.status < 400 {
				return
			}
			var p api.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != c.status || p.Instance != w.Header().Get("X-Request-Id") {
				t.Errorf("not a problem of this request: %s (%v)", w.Body, err)
			}
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type is %q", got)
			}
		})
	}
}

func TestLogHasOneLineAndNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := front(&log).Handler(routes())
	ask(h, "GET", "/things/per_17?email=ada@example.test", "")
	line := log.String()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, `"route":"GET /things/{id}"`) || !strings.Contains(line, `"tenant":"ten_1"`) {
		t.Errorf("access line is %s", line)
	}
	for _, secret := range []string{"per_17", "ada@", "good"} {
		if strings.Contains(line, secret) {
			t.Errorf("access line tells %q: %s", secret, line)
		}
	}

	log.Reset()
	w := ask(h, "GET", "/panic", "")
	id := w.Header().Get("X-Request-Id")
	if n := strings.Count(log.String(), id); n != 2 {
		t.Errorf("want the failure and the access line to name %s, got %d lines: %s", id, n, log.String())
	}
	if strings.Contains(log.String(), "Ada") || strings.Contains(w.Body.String(), "Ada") {
		t.Errorf("what was thrown is told: %s %s", log.String(), w.Body)
	}
	if !strings.Contains(log.String(), "front_test.go") {
		t.Errorf("the failure does not say where it happened: %s", log.String())
	}
}

func TestHalfAnAnswerIsCut(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(front(io.Discard).Handler(routes()))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/half", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer good")
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		defer resp.Body.Close()
		if _, err = io.ReadAll(resp.Body); err == nil {
			t.Error("half an answer looks whole")
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { return now }
	f := front(io.Discard)
	f.PerClient = api.NewLimiter(api.Limit{Rate: 0.5, Burst: 2, Now: clock})
	h := f.Handler(routes())
	for range 2 {
		if w := ask(h, "GET", "/things/1", ""); w.Code != 200 {
			t.Fatalf("within the burst: %d", w.Code)
		}
	}
	w := ask(h, "GET", "/things/1", "")
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("over the burst: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	now = now.Add(2 * time.Second)
	if w := ask(h, "GET", "/things/1", ""); w.Code != 200 {
		t.Errorf("after the wait: %d", w.Code)
	}
}

func TestLimiterForgetsTheLeastUsed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := api.NewLimiter(api.Limit{Rate: 1, Burst: 1, Keys: 2, Now: func() time.Time { return now }})
	for _, step := range []struct {
		key string
		ok  bool
	}{{"a", true}, {"b", true}, {"a", false}, {"c", true}, {"a", false}, {"b", true}} {
		if ok, _ := l.Allow(step.key); ok != step.ok {
			t.Errorf("key %s: allowed %v, want %v", step.key, ok, step.ok)
		}
	}
}

func TestRemoteAddress(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:1234":                "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1":      "2001:db8:1:2::/64",
		"[::ffff:192.0.2.7]:1":          "192.0.2.7",
		"[fe80::1%eth0]:80":             "fe80::/64",
		"@":                             "@",
		"not an address:but with colon": "not an address",
	} {
		if got := api.RemoteAddress(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s: got %q, want %q", remote, got, want)
		}
	}
}

func TestPrincipalNeed(t *testing.T) {
	t.Parallel()
	p := api.Principal{Scopes: []usher.Scope{usher.ScopeRead}}
	if err := p.Need(usher.ScopeRead); err != nil {
		t.Error(err)
	}
	if err := p.Need(usher.ScopeDecide); api.Status(err) != 403 || !strings.Contains(err.Error(), "scope decide") {
		t.Errorf("got %v", err)
	}
}
