package ondato_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/dialect/ondato"
)

// openDialect opens the dialect on nothing.
func openDialect(t *testing.T) api.Dialect {
	t.Helper()
	d, err := ondato.Open(api.Backend{Stamps: api.Stamps{Key: make([]byte, 32)}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// visit opens a hosted link.
func (w world) visit(t *testing.T, id string) *httptest.ResponseRecorder {
	t.Helper()
	a := httptest.NewRecorder()
	w.Handler.ServeHTTP(a, httptest.NewRequestWithContext(t.Context(), "GET", "/idv/?id="+url.QueryEscape(id), http.NoBody))
	return a
}

func TestHostedLink(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.login(t, w.Tenant).create(nil)
	first := w.visit(t, id)
	if first.Code != http.StatusSeeOther || first.Body.Len() != 0 || first.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("the link answers %d %s", first.Code, first.Body)
	}
	if s := w.session(t, id); s.State != usher.Created {
		t.Errorf("a link that was looked at, by a mail scanner say, made the session %s", s.State)
	}
	to := first.Header().Get("Location")
	token := to[strings.LastIndex(to, "/")+1:]
	visit, err := w.Service.UseLink(t.Context(), token)
	if err != nil || visit.Session.Key != id {
		t.Fatalf("it leads to %s: %v", visit.Session.ID, err)
	}
	if again := w.visit(t, id); again.Header().Get("Location") != to {
		t.Error("the second time it leads elsewhere")
	}
	// After the end it still leads to the page, which says that all is done.
	if _, err := w.Service.Simulate(t.Context(), w.clients[w.Tenant.ID], visit.Session.ID, "submit"); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	if done := w.visit(t, id); done.Code != http.StatusSeeOther {
		t.Errorf("after the end the link answers %d", done.Code)
	}
	if _, err := w.Service.LookLink(t.Context(), token); err != nil {
		t.Errorf("after the end the page says %v", err)
	}
}

func TestHostedLinkGivesNothingAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Now = time.Now // which does not move while the test tries
	w.reopen(t)
	c := w.login(t, w.Tenant)
	erased, known := c.create(nil), c.create(nil)
	session := w.session(t, erased)
	w.erase(t, erased)
	want := w.visit(t, uuid.NewString())
	if want.Code != http.StatusNotFound || !strings.Contains(want.Body.String(), "does not work") {
		t.Fatalf("an unknown id: %d %s", want.Code, want.Body)
	}
	for name, id := range map[string]string{
		"nothing": "", "no id": "7", "braces": "{" + known + "}", "erased": erased, "the session's own id": session.ID,
		"an identification": session.ID[:14] + "4" + session.ID[15:], "a script": "<script>alert(1)</script>",
	} {
		if got := w.visit(t, id); got.Code != want.Code || got.Body.String() != want.Body.String() {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	limited := 0
	for range 40 {
		if w.visit(t, uuid.NewString()).Code == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 10 {
		t.Errorf("of 40 guesses %d were put off", limited)
	}
	if got := w.visit(t, known); got.Code != http.StatusSeeOther {
		t.Errorf("who has a link is kept out by others' guesses: %d", got.Code)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/idv/?id="+known, http.NoBody)
	a := httptest.NewRecorder()
	if w.Handler.ServeHTTP(a, r); a.Code != http.StatusMethodNotAllowed || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
		t.Errorf("another method: %d %s", a.Code, a.Body)
	}
}

// pdf writes reports, or fails.
type pdf struct{ err error }

func (p pdf) PDF(_ context.Context, w io.Writer, tenant, session, _ string, by usher.Actor) error {
	_, err := io.WriteString(w, "%PDF "+tenant+" "+session+" "+by.ID)
	return errors.Join(p.err, err)
}

func (p pdf) Zip(context.Context, io.Writer, string, string, string, usher.Actor) error { return p.err }

func TestReport(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Report = pdf{}
	w.reopen(t)
	c := w.login(t, w.Tenant)
	id := c.create(nil)
	s := w.session(t, id)
	kyc := s.ID[:14] + "4" + s.ID[15:]
	c.call("GET", "/kycid/v1/identifications/"+kyc+"/report", nil, http.StatusNotFound, nil)
	w.do(t, id, usher.Command{Kind: usher.CmdConsent, By: usher.Actor{Kind: usher.ByApplicant}, Step: "consent", Consent: &usher.Consent{}})
	got := c.ask("GET", "/kycid/v1/identifications/"+kyc+"/report", nil)
	want := "%PDF " + w.Tenant.ID + " " + s.ID + " " + w.clients[w.Tenant.ID].ID
	if got.Code != http.StatusOK || got.Body.String() != want || got.Header().Get("Content-Type") != "application/pdf" {
		t.Errorf("report: %d %v %s", got.Code, got.Header(), got.Body)
	}
	w.backend.Report = pdf{errors.New("the printer is on fire")}
	w.reopen(t)
	c.w = w
	if got := c.ask("GET", "/kycid/v1/identifications/"+kyc+"/report", nil); got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "fire") {
		t.Errorf("a report that fails: %d %s", got.Code, got.Body)
	}
}

func TestRotatedSecretEndsTokens(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.login(t, w.Tenant)
	id := c.create(nil)
	if _, err := w.auth.RotateClient(t.Context(), w.Tenant.ID, w.clients[w.Tenant.ID].ID, 0, usher.Actor{}); err != nil {
		t.Fatal(err)
	}
	c.call("GET", "/idvapi/v1/identity-verifications/"+id, nil, http.StatusUnauthorized, nil)
	// A stamp of the same server for something else is no token.
	c.token = w.Stamps.Stamp("entry", "a b", w.Now().Add(time.Hour))
	c.call("GET", "/idvapi/v1/identity-verifications/"+id, nil, http.StatusUnauthorized, nil)
}

func TestRateLimitInTheVendorsShape(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Front.PerClient = api.NewLimiter(api.Limit{Rate: 0.001, Burst: 1})
	w.reopen(t)
	c := w.login(t, w.Tenant)
	id := c.create(nil)
	got := c.ask("GET", "/idvapi/v1/identity-verifications/"+id, nil)
	if got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") == "" || got.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("too many requests: %d %v %s", got.Code, got.Header(), got.Body)
	}
	big := c.ask("POST", "/idvapi/v1/identity-verifications", object{"setupId": strings.Repeat("x", 2<<20)})
	if big.Code != http.StatusTooManyRequests {
		t.Errorf("a second one: %d", big.Code)
	}
	w.backend.Front.PerClient = nil
	w.reopen(t)
	c.w = w
	if got := c.ask("POST", "/idvapi/v1/identity-verifications", object{"setupId": strings.Repeat("x", 2<<20)}); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d %s", got.Code, got.Body)
	}
}
