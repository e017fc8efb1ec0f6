package native_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// house is the API on a real engine, with a client of each tenant signed in.
type house struct {
	*enginetest.House

	Tenant, Other, Live usher.Tenant // the test's own

	auth    *auth.Auth
	handler http.Handler
	token   string // of a client of Tenant
	other   string // of a client of Other
	live    string // of a client of Live
}

// stage is a testing.TB for the house that tests share, which outlives each of them.
type stage struct {
	testing.TB

	dir      string
	cleanups []func()
}

func (*stage) Helper()                   {}
func (s *stage) TempDir() string         { return s.dir }
func (s *stage) Cleanup(f func())        { s.cleanups = append(s.cleanups, f) }
func (*stage) Context() context.Context  { return context.Background() }
func (*stage) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (*stage) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

var (
	common   stage
	shared   = sync.OnceValue(func() *house { return alone(&common) })
	settling sync.Mutex
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "native")
	if err != nil {
		panic(err)
	}
	common.dir = dir
	code := m.Run()
	for _, clean := range slices.Backward(common.cleanups) {
		clean()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// Settle runs jobs and timers until nothing is left to do, for one test at a time.
func (h *house) Settle() {
	settling.Lock()
	defer settling.Unlock()
	h.House.Settle()
}

// alone gives a test a house of its own, for tests that move the clock or set what checks answer.
func alone(t testing.TB) *house {
	t.Helper()
	h := &house{House: enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{native.Renderer{}}})}
	h.Tenant, h.Other, h.Live = h.House.Tenant, h.House.Other, h.House.Live
	h.auth = auth.New(auth.Config{Store: h.Store, Now: h.Now})
	var err error
	h.handler, err = native.New(native.Config{
		Service: h.Service, Credentials: h.auth, Clients: clients{h.auth}, Idempotency: h.Answers(), Auditor: h.Engine, Report: reporter{h.Service}, Receipts: receipts{h.Service}, Screener: oneHit{}, Intake: intake, Known: h.Engine.Known(), Now: h.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.signAllIn(t)
	return h
}

// open gives a test tenants of its own in a house that most tests share: to make a house takes far longer than most tests do.
func open(t testing.TB) *house {
	t.Helper()
	h := *shared()
	for _, tenant := range []*usher.Tenant{&h.Tenant, &h.Other, &h.Live} {
		made, err := h.CreateTenant(t.Context(), tenant.Name, tenant.Mode, tenant.Currency)
		if err != nil {
			t.Fatal(err)
		}
		*tenant = made
		h.Publish(made.ID, enginetest.Onboarding)
	}
	h.signAllIn(t)
	return &h
}

func (h *house) signAllIn(t testing.TB) {
	t.Helper()
	h.token = h.signIn(t, h.Tenant)
	h.other = h.signIn(t, h.Other)
	h.live = h.signIn(t, h.Live)
}

// clients keeps API clients as the server does.
type clients struct{ *auth.Auth }

func (k clients) Clients(ctx context.Context, tenant string) ([]native.KeptClient, error) {
	all, err := k.Auth.Clients(ctx, tenant)
	list := make([]native.KeptClient, len(all))
	for i, c := range all {
		list[i] = native.KeptClient{APIClient: c.APIClient, RevokedAt: c.DisabledAt}
		for _, s := range c.Secrets {
			list[i].Secrets = append(list[i].Secrets, native.KeptSecret(s))
		}
	}
	return list, err
}

func (k clients) CreateClient(ctx context.Context, tenant string, c usher.APIClient, by usher.Actor) (usher.APIClient, string, error) {
	return k.Auth.CreateClient(ctx, tenant, auth.NewClient{
		Dialect: c.Dialect, Name: c.Name, Scopes: c.Scopes, DefaultFlow: c.DefaultFlow, ReturnURLs: c.ReturnURLs, AllowFrom: c.AllowFrom, ExpiresAt: c.ExpiresAt,
	}, by)
}

// receipts gives receipts that say nothing, of sessions that were approved.
type receipts struct{ usher.Service }

func (r receipts) Receipt(ctx context.Context, tenant, session string) (usher.Receipt, error) {
	s, err := r.Session(ctx, tenant, session)
	if err == nil && s.State != usher.Approved {
		err = usher.Conflict("only a session that was approved has a receipt")
	}
	return usher.Receipt{Text: "a.b.c~", JSON: []byte(`{"outcome":"approved"}`)}, err
}

// intake knows pictures and PDFs by their first bytes, which is all these tests need.
func intake(_ context.Context, kind usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		return "image/jpeg", nil, nil
	case bytes.HasPrefix(raw, []byte("%PDF-")) && kind == usher.ProofOfAddress:
		return "application/pdf", nil, nil
	}
	return "", nil, errors.New("no known signature")
}

var jpeg = "\xff\xd8\xff\xe0" + strings.Repeat("jpeg", 2000)

func allScopes() []usher.Scope {
	return []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin}
}

// client makes an API client and gives its id and secret.
func (h *house) client(t testing.TB, tenant usher.Tenant, scopes ...usher.Scope) (id, secret string) {
	t.Helper()
	c, secret, err := h.auth.CreateClient(t.Context(), tenant.ID, auth.NewClient{
		Dialect: native.Name, Name: "test", Scopes: scopes, DefaultFlow: "onboarding", ReturnURLs: []string{"https://client.example/done"},
	}, usher.Actor{Kind: usher.BySystem})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, secret
}

func (h *house) signIn(t testing.TB, tenant usher.Tenant, scopes ...usher.Scope) string {
	t.Helper()
	if len(scopes) == 0 {
		scopes = allScopes()
	}
	id, secret := h.client(t, tenant, scopes...)
	a := h.send(t, "POST", "/oauth/token", "", map[string]string{"grant_type": "client_credentials", "client_id": id, "client_secret": secret})
	a.want(t, 200)
	return a.word(t, "access_token")
}

// got is an answer.
type got struct {
	*httptest.ResponseRecorder
	what string
}

// send asks with a token; body is nil, a string of JSON, or a value.
func (h *house) send(t testing.TB, method, path, token string, body any, header ...string) got {
	t.Helper()
	var text io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		text = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.NewReader(j)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, text)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return got{w, method + " " + path}
}

// do asks as the tenant's own client.
func (h *house) do(t testing.TB, method, path string, body any, header ...string) got {
	t.Helper()
	return h.send(t, method, path, h.token, body, header...)
}

func (g got) want(t testing.TB, status int) got {
	t.Helper()
	if g.Code != status {
		t.Fatalf("%s: got %d %s, want %d", g.what, g.Code, g.Body, status)
	}
	return g
}

func (g got) object(t testing.TB) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(g.Body.Bytes(), &o); err != nil {
		t.Fatalf("%s: %v in %s", g.what, err, g.Body)
	}
	return o
}

// at gives a member of the answer by its dotted path; numbers are places in lists.
func (g got) at(t testing.TB, path string) any {
	t.Helper()
	var v any = g.object(t)
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				t.Fatalf("%s: no %s in %s", g.what, path, g.Body)
			}
			v = in[i]
		default:
			t.Fatalf("%s: no %s in %s", g.what, path, g.Body)
		}
	}
	return v
}

func (g got) word(t testing.TB, path string) string {
	t.Helper()
	s, ok := g.at(t, path).(string)
	if !ok {
		t.Fatalf("%s: %s is no string in %s", g.what, path, g.Body)
	}
	return s
}

func (g got) list(t testing.TB, path string) []any {
	t.Helper()
	l, ok := g.at(t, path).([]any)
	if !ok {
		t.Fatalf("%s: %s is no list in %s", g.what, path, g.Body)
	}
	return l
}

var astrid = map[string]any{"first_name": "Astrid", "last_name": "Lindqvist", "date_of_birth": "1991-12-06"}

// session starts one for a new applicant and gives its id.
func (h *house) session(t testing.TB) string {
	t.Helper()
	return h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}).want(t, 201).word(t, "id")
}

// simulate steers a session.
func (h *house) simulate(t testing.TB, id, action string) got {
	t.Helper()
	g := h.do(t, "POST", "/v1/simulate/session/"+id, map[string]string{"action": action}).want(t, 200)
	h.Settle()
	return g
}

// upload sends a file.
func (h *house) upload(t testing.TB, session, token, kind, name, file string, header ...string) got {
	t.Helper()
	body, contentType := form(t, kind, name, file)
	return h.send(t, "POST", "/v1/sessions/"+session+"/evidence", token, body, append([]string{"Content-Type", contentType}, header...)...)
}

func form(t testing.TB, kind, name, file string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	if kind != "" {
		if err := f.WriteField("kind", kind); err != nil {
			t.Fatal(err)
		}
	}
	part, err := f.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, file)
	_ = f.Close()
	return b.String(), f.FormDataContentType()
}
