package native_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

// things are ids of one tenant, by the beginning of the addresses they stand in.
type things map[string]map[string]string

// everything makes one of each thing in the first tenant.
func (h *house) everything(t *testing.T) things {
	t.Helper()
	endpoint := h.do(t, "POST", "/v1/webhook_endpoints", map[string]any{"url": "https://client.example/hook"}).want(t, 201).word(t, "id")
	client := h.do(t, "POST", "/v1/clients", map[string]any{"name": "made", "scopes": []string{"read"}}).want(t, 201).word(t, "id")
	begun := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}).want(t, 201)
	id := begun.word(t, "id")
	evidence := h.upload(t, id, h.token, "selfie", "a.jpg", jpeg).want(t, 201).word(t, "id")
	h.simulate(t, id, "submit")
	h.simulate(t, id, "watchlist_hit")
	done := h.do(t, "GET", "/v1/sessions/"+id, nil).want(t, 200)
	h.do(t, "PUT", "/v1/flows/private", map[string]string{"source": strings.Replace(short, "name: short", "name: private", 1)}).want(t, 200)
	return things{
		"/v1/applicants/":        {"id": begun.word(t, "applicant_id")},
		"/v1/sessions/":          {"id": id, "evidence_id": evidence},
		"/v1/simulate/session/":  {"id": id},
		"/v1/events/":            {"id": h.do(t, "GET", "/v1/events", nil).word(t, "data.0.id")},
		"/v1/webhook_endpoints/": {"id": endpoint},
		"/v1/clients/":           {"id": client},
		"/v1/deliveries/":        {"id": h.do(t, "GET", "/v1/deliveries", nil).word(t, "data.0.id")},
		"/v1/accounts/":          {"id": done.word(t, "account.id")},
		"/v1/flows/":             {"name": "private"},
	}
}

const short = "name: short\nsteps:\n  - document: {}\n  - run: [document]\n  - decide: {automatic: approve}\n"

// path fills an address with ids, and fails for an address whose things are not known here: a new route needs a line in everything.
func (th things) path(t *testing.T, path string, change func(string) string) string {
	t.Helper()
	return inBraces.ReplaceAllStringFunc(path, func(braced string) string {
		for begin, ids := range th {
			if id, ok := ids[strings.Trim(braced, "{}")]; ok && strings.HasPrefix(path, begin) {
				return change(id)
			}
		}
		t.Errorf("no id is known for %s in %s", braced, path)
		return braced
	})
}

// minimal gives a body that an operation accepts, from the examples of the members it needs.
func (d document) minimal(op operation) any {
	if op.RequestBody == nil {
		return nil
	}
	media, ok := op.RequestBody.Content["application/json"]
	if !ok {
		return nil
	}
	return d.example(media.Schema)
}

func (d document) example(s schema) any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	if len(s.Examples) > 0 {
		return s.Examples[0]
	}
	if s.Type == "array" && s.Items != nil {
		return []any{d.example(*s.Items)}
	}
	object := map[string]any{}
	for _, name := range s.Required {
		object[name] = d.example(s.Properties[name])
	}
	return object
}

// ask sends an operation with ids put in.
func (h *house) ask(t *testing.T, d document, method, path string, op operation, token string) got {
	t.Helper()
	if strings.HasSuffix(path, "/evidence") && method == "POST" {
		body, contentType := form(t, "selfie", "a.jpg", jpeg)
		return h.send(t, method, path, token, body, "Content-Type", contentType)
	}
	body := d.minimal(op)
	if strings.HasSuffix(path, "/replay") {
		body = map[string]any{"since": "2026-01-01T00:00:00Z"}
	}
	return h.send(t, method, path, token, body)
}

// TestAnotherTenantFindsNothing asks for each thing of one tenant with the token of another: the answer must be the one for a thing that does
// not exist, to the letter.
func TestAnotherTenantFindsNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	th := h.everything(t)
	d := h.document(t)
	walked := 0
	d.each(func(method, path string, op operation) {
		if !strings.Contains(path, "{") {
			return
		}
		if method == "PUT" && path == "/v1/flows/{name}" {
			return // names are each tenant's own: to publish one of the same name is no look at the other
		}
		walked++
		mine := th.path(t, path, func(id string) string { return id })
		unknown := th.path(t, path, func(id string) string { return strings.Repeat("0", len(id)) })
		foreign, none := h.ask(t, d, method, mine, op, h.other), h.ask(t, d, method, unknown, op, h.other)
		if foreign.Code != 404 || none.Code != 404 {
			t.Errorf("%s %s: another tenant's thing gives %d, an unknown one %d, want 404: %s", method, path, foreign.Code, none.Code, foreign.Body)
		}
		if diff := cmp.Diff(withoutInstance(none), withoutInstance(foreign)); diff != "" {
			t.Errorf("%s %s: another tenant's thing and an unknown one can be told apart: %s", method, path, diff)
		}
		if method == "GET" {
			h.ask(t, d, method, mine, op, h.token).want(t, 200)
		}
	})
	if walked < 30 {
		t.Errorf("only %d routes were walked", walked)
	}
	h.listsAreEmpty(t, d, th)
}

var requestID = regexp.MustCompile(`req_[a-z0-9]+`)

func withoutInstance(g got) string { return requestID.ReplaceAllString(g.Body.String(), "req") }

// listsAreEmpty asks for every list as the other tenant, with and without the first one's ids to filter by.
func (h *house) listsAreEmpty(t *testing.T, d document, th things) {
	t.Helper()
	filters := map[string]string{
		"applicant_id": th["/v1/applicants/"]["id"], "session_id": th["/v1/sessions/"]["id"], "endpoint_id": th["/v1/webhook_endpoints/"]["id"],
		"object": th["/v1/sessions/"]["id"],
	}
	d.each(func(method, path string, op operation) {
		if method != "GET" || strings.Contains(path, "{") || path == "/v1/flows" || path == "/v1/watchlists" {
			return
		}
		// Every tenant has a trail of its own, and the client that asks.
		if n := len(h.send(t, "GET", path, h.other, nil).want(t, 200).list(t, "data")); n != 0 && path != "/v1/audit" && (path != "/v1/clients" || n != 1) {
			t.Errorf("%s shows %d things of another tenant", path, n)
		}
		for name, id := range filters {
			if !slices.ContainsFunc(op.Parameters, func(p parameter) bool { return p.Name == name }) {
				continue
			}
			if n := len(h.send(t, "GET", path+"?"+name+"="+id, h.other, nil).want(t, 200).list(t, "data")); n != 0 {
				t.Errorf("%s?%s shows %d things of another tenant", path, name, n)
			}
			if n := len(h.do(t, "GET", path+"?"+name+"="+id, nil).want(t, 200).list(t, "data")); n == 0 {
				t.Errorf("%s?%s shows nothing to its own tenant", path, name)
			}
		}
	})
}

// TestEveryOperationNeedsItsScope asks each operation without a token, and with a token of every scope but the one it says it needs.
func TestEveryOperationNeedsItsScope(t *testing.T) {
	t.Parallel()
	h := open(t)
	d := h.document(t)
	lacking := map[string]string{}
	for _, scope := range allScopes() {
		rest := slices.DeleteFunc(allScopes(), func(s usher.Scope) bool { return s == scope })
		lacking[string(scope)] = h.signIn(t, h.Tenant, rest...)
	}
	d.each(func(method, path string, op operation) {
		if strings.HasPrefix(path, "/oauth/") {
			return
		}
		if len(op.Security) != 1 || len(op.Security[0]["oauth2"]) != 1 {
			t.Errorf("%s %s names no scope", method, path)
			return
		}
		scope := op.Security[0]["oauth2"][0]
		at := inBraces.ReplaceAllString(path, "x")
		if g := h.ask(t, d, method, at, op, ""); g.Code != 401 || g.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s %s without a token: %d", method, path, g.Code)
		}
		g := h.ask(t, d, method, at, op, lacking[scope])
		if g.Code != 403 || !strings.Contains(g.Body.String(), "the scope "+scope) {
			t.Errorf("%s %s without the scope %s: %d %s", method, path, scope, g.Code, g.Body)
		}
	})
}

// TestNoWayAroundTheToken asks by addresses that mean a guarded one but do not look like it.
func TestNoWayAroundTheToken(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.session(t)
	for _, path := range []string{
		"//v1/sessions", "/oauth/../v1/sessions", "/oauth/%2e%2e/v1/sessions", "/./v1/sessions", "/V1/sessions", "/docs/../v1/sessions", "/v1//sessions",
	} {
		if g := h.send(t, "GET", path, "", nil); g.Code < 300 || strings.Contains(g.Body.String(), "applicant_id") {
			t.Errorf("%s is answered with %d %s", path, g.Code, g.Body)
		}
	}
}

// TestEveryAnswerIsAsDescribed holds the members of real answers to the document, in both directions.
func TestEveryAnswerIsAsDescribed(t *testing.T) {
	t.Parallel()
	h := open(t)
	th := h.everything(t)
	d := h.document(t)
	d.each(func(method, path string, op operation) {
		if method != "GET" || strings.HasSuffix(path, "/content") || strings.HasSuffix(path, ".pdf") {
			return
		}
		g := h.do(t, "GET", th.path(t, path, func(id string) string { return id }), nil).want(t, 200)
		var answer any
		if err := json.Unmarshal(g.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(op.Responses["200"])
		if err != nil {
			t.Fatal(err)
		}
		var response struct {
			Content map[string]struct{ Schema schema }
		}
		if err := json.Unmarshal(text, &response); err != nil {
			t.Fatal(err)
		}
		d.holds(t, path, response.Content["application/json"].Schema, answer)
	})
}

// holds checks that a value has every member its schema needs and none that the schema does not know.
func (d document) holds(t *testing.T, at string, s schema, v any) {
	t.Helper()
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			d.holds(t, at+"[]", *s.Items, item)
		}
	case map[string]any:
		if s.Properties == nil {
			return // a map
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				t.Errorf("%s.%s is missing", at, name)
			}
		}
		for name, member := range v {
			p, ok := s.Properties[name]
			if !ok {
				t.Errorf("%s.%s is not described", at, name)
				continue
			}
			d.holds(t, at+"."+name, p, member)
		}
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, any(v)) {
			t.Errorf("%s: %q is none of %v", at, v, s.Enum)
		}
	}
}
