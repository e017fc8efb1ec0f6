package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
)

// firmOfTwo is one of two firms on a server, with one of everything that an address can name.
type firmOfTwo struct {
	tenant usher.Tenant
	client usher.APIClient
	things map[string]string // by the word before it in an address, or by the name of the parameter
}

// walked is a server whose every address is walked.
type walked struct {
	t      *testing.T
	h      *house
	mounts *mounts
	server *httptest.Server
	own    firmOfTwo
	other  firmOfTwo
	query  string // stands behind every address that is asked
}

const walkedPhrase = "four pale ships at anchor"

var everyScope = []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin}

// walkable starts a server with two firms.
func walkable(t *testing.T) *walked {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, _, err := readSettings(quiet(), "serve", []string{"--dev", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan *house, 1), make(chan error, 1)
	go func() { ended <- runServer(ctx, quiet(), s, func(h *house, _ devFile) { ready <- h }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	w := &walked{t: t, h: <-ready}
	if w.mounts, err = w.h.routes(); err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.mounts)
	t.Cleanup(w.server.Close)
	w.own, w.other = w.firm("own"), w.firm("other")
	return w
}

func (w *walked) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// firm makes one of everything.
func (w *walked) firm(name string) firmOfTwo {
	w.t.Helper()
	ctx, by := w.t.Context(), usher.Actor{Kind: usher.BySystem, ID: "test"}
	tenant, err := w.h.CreateTenant(ctx, name, usher.Sandbox, "EUR")
	w.must(err)
	w.must(w.h.publishFlows(ctx, tenant.ID))
	f := firmOfTwo{tenant: tenant, things: map[string]string{
		"flows": flowOnboarding, "hits": "1", "n": "1", "size": "large", "act": "role", "passkeys": "x", "texts": string(usher.DocumentBlurred), "reason": string(usher.DocumentBlurred),
	}}
	f.client, _, err = w.h.auth.CreateClient(ctx, tenant.ID, auth.NewClient{Dialect: "native", Scopes: everyScope, DefaultFlow: flowOnboarding}, by)
	w.must(err)
	endpoint, err := w.h.CreateEndpoint(ctx, tenant.ID, usher.Endpoint{URL: "http://127.0.0.1:9/hook", Dialect: "native", Auth: usher.EndpointAuth{Type: "none"}})
	w.must(err)
	delivery, err := w.h.TestEndpoint(ctx, tenant.ID, endpoint.ID)
	w.must(err)
	waiting := w.session(f.client, "Review", usher.InReview)
	approved := w.session(f.client, "Berg", usher.Approved)
	events, err := w.h.ListEvents(ctx, tenant.ID, usher.EventFilter{SessionID: waiting.ID, Paging: usher.Paging{Limit: 1}})
	w.must(err)
	member, err := w.h.auth.CreateStaff(ctx, tenant.ID, auth.NewStaff{Email: "target-" + name + "@example.test", Password: walkedPhrase, Role: usher.RoleViewer}, by)
	w.must(err)
	spare, _, err := w.h.auth.CreateClient(ctx, tenant.ID, auth.NewClient{Dialect: "native"}, by)
	w.must(err)
	for word, id := range map[string]string{
		"cases": waiting.ID, "sessions": waiting.ID, "session": waiting.ID, "applicants": waiting.ApplicantID, "evidence": waiting.Evidence[0].ID,
		"look": waiting.Evidence[0].ID, "picture": waiting.Evidence[0].ID, "file": waiting.Evidence[0].ID, "endpoints": endpoint.ID,
		"webhook_endpoints": endpoint.ID, "deliveries": delivery.ID, "resend": delivery.ID, "clients": spare.ID, "staff": member.ID,
		"events": events.Items[0].ID, "accounts": w.account(approved).ID, "f": waiting.ID,
	} {
		f.things[word] = id
	}
	return f
}

// session makes a session of synthetic evidence that ends in a state.
func (w *walked) session(c usher.APIClient, lastName string, want usher.State) usher.Session {
	w.t.Helper()
	ctx := w.t.Context()
	s, _, err := w.h.StartSession(ctx, c, usher.NewSession{Flow: flowOnboarding, Applicant: &usher.NewApplicant{Kind: usher.Person, Details: usher.Details{
		FirstName: "Ada", LastName: lastName, DateOfBirth: "1990-04-17", Nationality: "SE", Email: "ada@example.test", Phone: "46700000000",
		Address: &usher.Address{Country: "SE", Street: "Storgatan 1", City: "Uppsala", PostalCode: "75310"},
	}}})
	w.must(err)
	_, err = w.h.Simulate(ctx, c, s.ID, "submit")
	w.must(err)
	return w.until(s, want)
}

// until waits for a session to come to a state. Jobs of a running server have no signal.
func (w *walked) until(s usher.Session, want usher.State) usher.Session {
	w.t.Helper()
	for s.State != want {
		time.Sleep(20 * time.Millisecond)
		var err error
		s, err = w.h.Session(w.t.Context(), s.TenantID, s.ID)
		w.must(err)
	}
	return s
}

func (w *walked) account(s usher.Session) usher.Account {
	w.t.Helper()
	for {
		list, err := w.h.AccountsOf(w.t.Context(), s.TenantID, s.ApplicantID)
		w.must(err)
		if len(list) > 0 {
			return list[0]
		}
		time.Sleep(20 * time.Millisecond)
	}
}

var parameters = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// at gives the address of a pattern that names what a firm has. It fails for a parameter that it knows nothing for.
func (w *walked) at(m mount, pattern string, things map[string]string) (method, path string, named bool) {
	w.t.Helper()
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, pattern
	}
	parts := strings.Split(strings.TrimSuffix(path, "{$}"), "/")
	for i, part := range parts {
		name := parameters.FindStringSubmatch(part)
		if name == nil {
			continue
		}
		value, ok := things[parts[i-1]]
		if !ok {
			value, ok = things[name[1]]
		}
		if !ok {
			w.t.Fatalf("%s %s: nothing is known for {%s} here; say in the test what it names", m.surface, pattern, name[1])
		}
		parts[i], named = value, true
	}
	query := w.query
	for word, id := range w.own.things {
		if query != "" && strings.HasSuffix(query, id) {
			query, named = strings.TrimSuffix(query, id)+things[word], true
			break
		}
	}
	return method, m.base + strings.Join(parts, "/") + query, named
}

// nothing gives things that do not exist, in the shape of those that do.
func nothing(things map[string]string) map[string]string {
	none := map[string]string{}
	for word, id := range things {
		none[word] = id
		if len(id) == len("0198c1f2-a3b4-7c5d-8e9f-0a1b2c3d4e64") && strings.Count(id, "-") == 4 {
			none[word] = id[:len(id)-12] + "000000000000"
		}
	}
	return none
}

// asks is one who calls an API.
type asks struct {
	name   string
	who    usher.Caller
	header http.Header
}

// ask sends one request. A browser's cookies are the client's.
func (w *walked) ask(c *http.Client, method, path, kind string, body []byte, header http.Header) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, bytes.NewReader(body))
	w.must(err)
	for name, values := range header {
		req.Header[name] = values
	}
	if method != http.MethodGet {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.Do(req)
	w.must(err)
	defer res.Body.Close() // read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	w.must(err)
	return res.StatusCode, res.Header, string(text)
}

// plainly is an HTTP client without cookies that follows nothing.
var plainly = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// same takes out of an answer what tells requests and objects apart.
func same(text string, things ...map[string]string) string {
	for _, t := range things {
		for _, id := range t {
			if len(id) > 20 {
				text = strings.ReplaceAll(text, id, "<id>")
			}
		}
	}
	text = regexp.MustCompile(`req_[a-z0-9]{26}|[A-Z2-7]{12}`).ReplaceAllString(text, "<request>")
	return regexp.MustCompile(`"(timestamp|traceId|instance|dateTime)":\s*"?[^",}]*"?`).ReplaceAllString(text, "")
}

// everything is all that a firm's own things say of themselves, to see that nothing changed.
func (w *walked) everything(f firmOfTwo) string {
	w.t.Helper()
	ctx := w.t.Context()
	s, err := w.h.Session(ctx, f.tenant.ID, f.things["cases"])
	w.must(err)
	c, err := w.h.Case(ctx, f.tenant.ID, f.things["cases"])
	w.must(err)
	e, err := w.h.Endpoint(ctx, f.tenant.ID, f.things["endpoints"])
	w.must(err)
	e.Failures, e.Disabled = 0, "" // what the sender finds out meanwhile
	clients, err := w.h.auth.Clients(ctx, f.tenant.ID)
	w.must(err)
	for i := range clients {
		for j := range clients[i].Secrets {
			clients[i].Secrets[j].UsedAt = time.Time{}
		}
	}
	members, err := w.h.auth.Members(ctx, f.tenant.ID)
	w.must(err)
	slices.SortFunc(clients, func(a, b auth.Client) int { return strings.Compare(a.ID, b.ID) })
	all, err := json.Marshal([]any{s.Version, s.State, c, e, clients, members})
	w.must(err)
	return string(all)
}

// TestEveryMountIsKnown holds what the server serves against the surfaces that the tests below walk.
func TestEveryMountIsKnown(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	known := []string{"native", "receipts", "callbacks", "hosted", "desk", "process"}
	for _, d := range w.h.dialects {
		known = append(known, d.Name)
	}
	open := map[string]bool{ // answered to everybody; whoever adds one says here that it may be
		"GET /livez": true, "GET /readyz": true, "GET /{$}": true, "/desk": true, "GET /.well-known/security.txt": true,
	}
	for _, m := range w.mounts.list {
		if !slices.Contains(known, m.surface) {
			t.Errorf("%s at %s: no test walks it", m.surface, m.pattern)
		}
		if len(m.routes) == 0 && !open[m.pattern] {
			t.Errorf("%s at %s has no list of routes, and is not one of those that everybody may ask", m.surface, m.pattern)
		}
		for _, r := range m.routes {
			if len(r.Actions) == 0 {
				t.Errorf("%s %s says nothing of who may", m.surface, r.Pattern)
			}
			for _, a := range r.Actions {
				granted := slices.ContainsFunc(usher.Grants(), func(g usher.Grant) bool { return g.Action == a })
				if !granted && a != usher.ActEnter {
					t.Errorf("%s %s: nobody may %s", m.surface, r.Pattern, a)
				}
			}
		}
	}
}

// deskForm has what the desk's forms ask for, so that a request comes as far as it can.
func deskForm(f firmOfTwo) []byte {
	return []byte(url.Values{
		"version": {"1"}, "reasons": {string(usher.DocumentBlurred)}, "note": {"x"}, "internal": {"x"}, "steps": {"document"}, "tags": {"x"}, "to": {""},
		"was": {""}, "verdict": {"cleared"}, "why": {"x"}, "held": {"x"}, "delivery": {f.things["deliveries"]}, "do": {"check"}, "text": {"name: x"},
		"role": {"admin"}, "tenant_id": {f.tenant.ID}, "staff_id": {"x"}, "keys": {"on"}, "email": {"nobody"},
	}.Encode())
}

const formKind = "application/x-www-form-urlencoded"

// staff gives a browser in which a new member of a firm's staff has signed in.
func (w *walked) staff(f firmOfTwo, role usher.Role) (*http.Client, usher.Staff) {
	w.t.Helper()
	email := string(role) + "-" + f.tenant.ID + "@example.test"
	member, err := w.h.auth.CreateStaff(w.t.Context(), f.tenant.ID, auth.NewStaff{Email: email, Password: walkedPhrase, Role: role}, usher.Actor{Kind: usher.BySystem})
	w.must(err)
	return w.signedIn(f, role), member
}

// signedIn gives a browser in which the member with a role, made by staff, has signed in.
func (w *walked) signedIn(f firmOfTwo, role usher.Role) *http.Client {
	w.t.Helper()
	email := string(role) + "-" + f.tenant.ID + "@example.test"
	jar, err := cookiejar.New(nil)
	w.must(err)
	c := &http.Client{Jar: jar, CheckRedirect: plainly.CheckRedirect}
	form := url.Values{"email": {email}, "password": {walkedPhrase}}.Encode()
	if status, h, body := w.ask(c, "POST", deskBase+"/sign-in", formKind, []byte(form), nil); status != http.StatusSeeOther || h.Get("Location") != deskBase+"/" {
		w.t.Fatalf("%s does not come in: %d to %s\n%s", role, status, h.Get("Location"), body)
	}
	return c
}

// TestDeskRoutes walks every page of the desk as nobody, as each role, and as the administrator of another firm.
func TestDeskRoutes(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	i := slices.IndexFunc(w.mounts.list, func(m mount) bool { return m.surface == "desk" })
	desk := w.mounts.list[i]
	form := deskForm(w.own)
	stranger, _ := w.staff(w.other, usher.RoleAdmin)
	before := w.everything(w.own)
	for _, r := range desk.routes {
		if r.Actions[0] == usher.ActEnter && !strings.Contains(r.Pattern, " /account") {
			continue
		}
		method, path, named := w.at(desk, r.Pattern, w.own.things)
		if status, h, _ := w.ask(plainly, method, path, formKind, form, nil); status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), deskBase+"/sign-in") {
			t.Errorf("%s: nobody is answered %d", r.Pattern, status)
		}
		if !named || strings.Contains(r.Pattern, "/flows/") || strings.Contains(r.Pattern, "/texts/") {
			continue // nothing in it belongs to one firm: every firm has its own by that name
		}
		status, _, body := w.ask(stranger, method, path, formKind, form, nil)
		_, missing, _ := w.at(desk, r.Pattern, nothing(w.own.things))
		wantStatus, _, wantBody := w.ask(stranger, method, missing, formKind, form, nil)
		none := nothing(w.own.things)
		if status != wantStatus || same(body, w.own.things, none) != same(wantBody, w.own.things, none) || status < 300 {
			t.Errorf("%s: a stranger is answered %d for what there is, and %d for what there is not", r.Pattern, status, wantStatus)
		}
	}
	if diff := cmp.Diff(before, w.everything(w.own)); diff != "" {
		t.Errorf("strangers changed something:\n%s", diff)
	}
	for _, role := range usher.Roles() {
		c, member := w.staff(w.own, role)
		for _, r := range desk.routes {
			if r.Actions[0] == usher.ActEnter || strings.Contains(r.Pattern, "/sign-out") {
				continue
			}
			method, path, _ := w.at(desk, r.Pattern, w.own.things)
			status, h, body := w.ask(c, method, path, formKind, form, nil)
			out := strings.HasPrefix(h.Get("Location"), deskBase+"/sign-in")
			allowed := usher.Can(member.Caller(), r.Actions[0], usher.Object{TenantID: w.own.tenant.ID}).Allowed
			if allowed == (status == http.StatusForbidden) || out || status >= http.StatusInternalServerError {
				t.Errorf("%s as %s: %d to %q, and the table says %t\n%.300s", r.Pattern, role, status, h.Get("Location"), allowed, body)
			}
		}
		// Every form above had a role in it, whether the page asks for one or not.
		if now, err := w.h.auth.Member(t.Context(), w.own.tenant.ID, member.ID); err != nil || now.Role != role || now.TenantID != w.own.tenant.ID {
			t.Errorf("the %s has become %s, %v", role, now.Role, err)
		}
	}
}

// TestNativeRoutes walks every operation of the native API without a token, with each scope alone, and with every scope of another firm.
func TestNativeRoutes(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	i := slices.IndexFunc(w.mounts.list, func(m mount) bool { return m.surface == "native" })
	native := w.mounts.list[i]
	// One that may no more than who asks with the scope admin alone: no client is told the secret of another that may more.
	spare, _, err := w.h.auth.CreateClient(t.Context(), w.own.tenant.ID, auth.NewClient{Dialect: "native", Scopes: []usher.Scope{usher.ScopeAdmin}}, usher.Actor{Kind: usher.BySystem})
	w.must(err)
	w.own.things["clients"] = spare.ID
	before := w.everything(w.own)
	w.strangers(native, w.token(w.other, "native", everyScope...))
	if diff := cmp.Diff(before, w.everything(w.own)); diff != "" {
		t.Errorf("strangers changed something:\n%s", diff)
	}
	callers := []asks{w.token(w.own, "native", everyScope...)}
	for _, s := range everyScope {
		callers = append(callers, w.token(w.own, "native", s))
	}
	w.walk(native, callers, http.StatusUnauthorized)
}

// token makes an API client with scopes and gives what it sends with every call.
func (w *walked) token(f firmOfTwo, dialect string, scopes ...usher.Scope) asks {
	w.t.Helper()
	ctx := w.t.Context()
	c, secret, err := w.h.auth.CreateClient(ctx, f.tenant.ID, auth.NewClient{Dialect: dialect, Scopes: scopes, DefaultFlow: flowOnboarding}, usher.Actor{Kind: usher.BySystem})
	w.must(err)
	a := asks{
		name: string(api.Principal{}.Tenant()) + dialect + " with " + scopeText(scopes), header: http.Header{},
		who: usher.Caller{Actor: usher.Actor{Kind: usher.ByClient, ID: c.ID}, TenantID: f.tenant.ID, Scopes: scopes},
	}
	w.signIn(&a, dialect, c, secret)
	return a
}

func scopeText(scopes []usher.Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, "+")
}

// signIn signs in as a vendor's clients do.
func (w *walked) signIn(a *asks, dialect string, c usher.APIClient, secret string) {
	w.t.Helper()
	grant := []byte(url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ID}, "client_secret": {secret}}.Encode())
	quoted := func(pairs ...string) []byte {
		o := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			o[pairs[i]] = pairs[i+1]
		}
		raw, err := json.Marshal(o)
		w.must(err)
		return raw
	}
	const asJSON = "application/json"
	at := compatBase + dialect
	var path, kind string
	var body []byte
	switch dialect {
	case "native":
		path, kind, body = "/oauth/token", formKind, grant
	case "celcoin":
		path, kind, body = at+"/v5/token", formKind, grant
	case "ondato":
		path, kind, body = at+"/id/connect/token", formKind, grant
	case "intergiro":
		path, kind, body = at+"/v3/auth/login", asJSON, quoted("api_key", secret)
	case "mobbscan":
		path, kind, body = at+"/auth/token", asJSON, quoted("api_key", c.ID, "api_secret", secret)
	case "incode":
		_, key, err := w.h.auth.CreateClient(w.t.Context(), c.TenantID, auth.NewClient{Dialect: dialect, Scopes: everyScope[:2]}, usher.Actor{Kind: usher.BySystem})
		w.must(err)
		a.header.Set("X-Api-Key", key)
		a.header.Set("Api-Version", "1.0")
		path, kind, body = at+"/executive/log-in", asJSON, quoted("email", c.ID+"@incode.usher", "password", secret)
	default: // one key with every request
		a.header.Set("Authorization", "ApiKey "+secret)
		return
	}
	status, _, text := w.ask(plainly, "POST", path, kind, body, a.header)
	var answer map[string]any
	if status >= 300 || json.Unmarshal([]byte(text), &answer) != nil {
		w.t.Fatalf("%s does not sign in: %d %s", a.name, status, text)
	}
	for _, member := range []string{"access_token", "accessToken", "token"} {
		token, ok := answer[member].(string)
		if !ok {
			continue
		}
		if dialect == "incode" {
			a.header.Set("X-Incode-Hardware-Id", token)
		} else {
			a.header.Set("Authorization", "Bearer "+token)
		}
		return
	}
	w.t.Fatalf("%s is given no token: %s", a.name, text)
}

// apiBody is a body that comes as far as it can.
func apiBody(pattern string) []byte {
	for suffix, body := range map[string]string{
		"/reject": `{"reasons":["document_blurred"]}`, "/overturn": `{"reasons":["document_blurred"]}`, "/review": `{}`, "/replay": `{"since":"2026-01-01T00:00:00Z"}`,
		"/request_again": `{"steps":["document"],"reasons":["document_blurred"]}`, "/judge": `{"key":"x","verdict":"cleared","why":"x"}`,
		"/applicants/{id}": `{"email":"x@example.test"}`, "/monitor": `{"on":true}`, "/simulate/session/{id}": `{"action":"expire"}`,
		"/annotate": `{"reference":"x"}`, "/webhook_endpoints/{id}": `{"enabled":false}`,
	} {
		if strings.HasSuffix(pattern, suffix) {
			return []byte(body)
		}
	}
	return []byte(`{}`)
}

// strangers asks for a firm's things with another's credentials: the answer is that of things that do not exist.
func (w *walked) strangers(m mount, a asks) {
	w.t.Helper()
	none := nothing(w.own.things)
	for _, r := range m.routes {
		if slices.Contains(r.Actions, usher.ActEnter) || strings.Contains(r.Pattern, "/flows/") {
			continue
		}
		method, path, named := w.at(m, r.Pattern, w.own.things)
		if !named {
			continue
		}
		_, missing, _ := w.at(m, r.Pattern, none)
		status, _, body := w.ask(plainly, method, path, "application/json", apiBody(r.Pattern), a.header)
		wantStatus, _, wantBody := w.ask(plainly, method, missing, "application/json", apiBody(r.Pattern), a.header)
		if status != wantStatus || same(body, w.own.things, none) != same(wantBody, w.own.things, none) {
			w.t.Errorf("%s %s: a stranger is answered %d for what there is, and %d for what there is not\n%s\n%s", m.surface, r.Pattern, status, wantStatus, body, wantBody)
		}
	}
}

// walk asks every route of a mount without credentials, which is answered with a status of its own, and as each caller, and compares with the table.
func (w *walked) walk(m mount, callers []asks, nobody ...int) {
	w.t.Helper()
	for _, r := range m.routes {
		if slices.Contains(r.Actions, usher.ActEnter) {
			continue
		}
		method, path, _ := w.at(m, r.Pattern, w.own.things)
		if status, _, _ := w.ask(plainly, method, path, "application/json", apiBody(r.Pattern), nil); !slices.Contains(nobody, status) {
			w.t.Errorf("%s %s: nobody is answered %d", m.surface, r.Pattern, status)
		}
		for _, a := range callers {
			if m.surface == "incode" && strings.HasSuffix(r.Pattern, "/omni/start") {
				continue // asked by the API key alone, which is the same for every executive here
			}
			what := usher.Object{TenantID: w.own.tenant.ID, SessionID: a.who.SessionID}
			allowed := slices.ContainsFunc(r.Actions, func(do usher.Action) bool { return usher.Can(a.who, do, what).Allowed })
			status, _, body := w.ask(plainly, method, path, "application/json", apiBody(r.Pattern), a.header)
			refused := status == http.StatusUnauthorized || status == http.StatusForbidden
			if allowed == refused || status >= http.StatusInternalServerError {
				w.t.Errorf("%s %s as %s: %d, and the table says %t\n%.300s", m.surface, r.Pattern, a.name, status, allowed, body)
			}
		}
	}
}
