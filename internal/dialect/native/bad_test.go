package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// badRequest is what a real client gets wrong, and what the answer must name, so that its reader can mend the request.
type badRequest struct {
	name, method, path string
	body               any
	status             int
	pointer, says      string
}

const applicants, sessions, endpoints = "/v1/applicants", "/v1/sessions", "/v1/webhook_endpoints"

func TestBadPeople(t *testing.T) {
	t.Parallel()
	open(t).refuses(t, []badRequest{
		{"no JSON", "POST", applicants, `{"first_name": `, 400, "", "ends too early"},
		{"empty", "POST", applicants, ``, 400, "", "empty"},
		{"a list", "POST", applicants, `[]`, 422, "", "must be an object"},
		{"null", "POST", applicants, `null`, 422, "", "must be an object"},
		{"huge", "POST", applicants, `{"first_name": "` + strings.Repeat("a", 2<<20) + `"}`, 413, "", "1 MB"},
		{"member twice", "POST", applicants, `{"email": "a@example.com", "email": "b@example.com"}`, 400, "#/email", "twice"},
		{"wrong type", "POST", applicants, `{"first_name": 7}`, 422, "#/first_name", "must be a string"},
		{"unknown member", "POST", applicants, `{"firstname": "Astrid"}`, 422, "#/firstname", "unknown member"},
		{"empty name", "POST", applicants, `{"first_name": ""}`, 422, "#/first_name", "characters at"},
		{"long name", "POST", applicants, `{"first_name": "` + strings.Repeat("a", 101) + `"}`, 422, "#/first_name", "characters at"},
		{"name of digits", "POST", applicants, `{"first_name": "12345"}`, 422, "#/first_name", "letters"},
		{"no such day", "POST", applicants, `{"date_of_birth": "1991-02-30"}`, 422, "#/date_of_birth", "day that exists"},
		{"day the other way", "POST", applicants, `{"date_of_birth": "06/12/1991"}`, 422, "#/date_of_birth", "YYYY-MM-DD"},
		{"phone with letters", "POST", applicants, `{"phone": "call me"}`, 422, "#/phone", "digits only"},
		{"phone with plus", "POST", applicants, `{"phone": "+46701234567"}`, 422, "#/phone", "leave out +"},
		{"no e-mail", "POST", applicants, `{"email": "astrid"}`, 422, "#/email", "name@example.com"},
		{"no such country", "POST", applicants, `{"nationality": "XX"}`, 422, "#/nationality", "ISO 3166-1"},
		{"address without a city", "POST", applicants, `{"address": {"country": "SE", "street": "x", "postal_code": "1"}}`, 422, "#/address/city", "is required"},
		{"address abroad of ISO", "POST", applicants, `{"address": {"country": "se", "street": "x", "city": "x", "postal_code": "1"}}`, 422, "#/address/country", "capitals"},

		{"neither applicant", "POST", sessions, `{}`, 422, "#/applicant_id", "either"},
		{"both applicants", "POST", sessions, `{"applicant_id": "x", "applicant": {}}`, 422, "#/applicant_id", "either"},
		{"unknown applicant", "POST", sessions, `{"applicant_id": "x"}`, 404, "#/applicant_id", "no such"},
		{"unknown flow", "POST", sessions, `{"applicant": {}, "flow": "nothing"}`, 404, "#/flow", "no such"},
		{"return URL not allowed", "POST", sessions, `{"applicant": {}, "return_url": "http://evil.example/"}`, 422, "#/return_url", "return addresses"},
		{"return URL that is a script", "POST", sessions, `{"applicant": {}, "return_url": "javascript:alert(1)"}`, 422, "#/return_url", "absolute address"},
		{"bad locale", "POST", sessions, `{"applicant": {}, "locale": "swedish"}`, 422, "#/locale", "language tag"},
		{"bad inline applicant", "POST", sessions, `{"applicant": {"phone": "x"}}`, 422, "#/applicant/phone", "digits only"},
		{"expires at once", "POST", sessions, `{"applicant": {}, "expires_in": 1}`, 422, "#/expires_in", "60"},
	})
}

func TestBadCommandsAndSettings(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	h.refuses(t, []badRequest{
		{"approve what is not submitted", "POST", sessions + "/" + id + "/approve", nil, 409, "", "created"},
		{"submit what is not done", "POST", sessions + "/" + id + "/submit", nil, 409, "", "consent"},
		{"reject without a reason", "POST", sessions + "/" + id + "/reject", `{}`, 422, "#/reasons", "is required"},
		{"reject for no known reason", "POST", sessions + "/" + id + "/reject", `{"reasons": ["ugly"]}`, 422, "#/reasons/0", "reason code"},
		{"reason object without a code", "POST", sessions + "/" + id + "/reject", `{"reasons": [{"step": "document"}]}`, 422, "#/reasons/0", "reason code"},
		{"other version", "POST", sessions + "/" + id + "/cancel", `{"if_version": 99}`, 409, "", "changed since version 99"},
		{"unknown session", "GET", sessions + "/x", nil, 404, "", "no such session"},
		{"unknown evidence", "GET", sessions + "/" + id + "/evidence/x/content", nil, 404, "", "no such evidence"},
		{"unknown action", "POST", "/v1/simulate/session/" + id, `{"action": "dance"}`, 422, "", ""},

		{"plain http", "POST", endpoints, `{"url": "http://client.example/hook"}`, 422, "#/url", "https://"},
		{"no URL", "POST", endpoints, `{"url": "client.example"}`, 422, "#/url", "absolute"},
		{"URL with a password", "POST", endpoints, `{"url": "https://a:b@client.example/"}`, 422, "#/url", "user name"},
		{"unknown dialect", "POST", endpoints, `{"url": "https://client.example/", "dialect": "klingon"}`, 422, "#/dialect", "native"},
		{"unknown event", "POST", endpoints, `{"url": "https://client.example/", "events": ["*", "session.exploded"]}`, 422, "#/events/1", "no type of event"},
		{"auth that lacks", "POST", endpoints, `{"url": "https://client.example/", "auth": {"type": "basic", "username": "a"}}`, 422, "#/auth/password", "is required"},
		{"auth of another way", "POST", endpoints, `{"url": "https://client.example/", "auth": {"type": "none", "value": "a"}}`, 422, "#/auth/value", "leave it out"},
		{"header of ours", "POST", endpoints, `{"url": "https://client.example/", "auth": {"type": "header", "name": "Webhook-Id", "value": "a"}}`, 422, "#/auth/name", "of your own"},
		{"header with a line break", "POST", endpoints, `{"url": "https://client.example/", "auth": {"type": "header", "name": "X", "value": "a\r\nB: c"}}`, 422, "#/auth/value", "one line"},

		{"limit of words", "GET", applicants + "?limit=many", nil, 400, "#/limit", ""},
		{"limit too high", "GET", applicants + "?limit=1000", nil, 400, "#/limit", "100"},
		{"unknown cursor", "GET", "/v1/events?after=nothing", nil, 400, "#/after", "cursor"},
		{"unknown filter", "GET", applicants + "?nme=x", nil, 400, "#/nme", "unknown query parameter"},
		{"unknown status", "GET", applicants + "?status=happy", nil, 400, "#/status", "one of"},
		{"unknown type", "GET", "/v1/events?type=session.exploded", nil, 400, "#/type", "no type of event"},
		{"wrong method", "PUT", applicants, `{}`, 405, "", "GET, HEAD, POST"},
		{"unknown address", "GET", "/v1/nothing", nil, 404, "", "no such address"},
		{"address that leaves", "GET", "/v1/sessions/..%2f..%2fetc", nil, 404, "", "no such session"},

		{"flow that is no YAML", "PUT", "/v1/flows/x", `{"source": "a: b: c"}`, 422, "#/source", "not YAML"},
		{"flow with mistakes", "PUT", "/v1/flows/x", `{"source": "name: x\nsteps:\n  - run: [documnt]\n"}`, 422, "#/source", "documnt"},
		{"flow of another name", "PUT", "/v1/flows/x", map[string]string{"source": short}, 422, "#/source", "differ"},
	})
}

func (h *house) refuses(t *testing.T, requests []badRequest) {
	t.Helper()
	for _, c := range requests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := h.do(t, c.method, c.path, c.body).want(t, c.status)
			if got := g.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type is %q", got)
			}
			if !strings.Contains(g.Body.String(), c.says) {
				t.Errorf("got %s, want it to say %q", g.Body, c.says)
			}
			if c.pointer != "" && g.word(t, "errors.0.pointer") != c.pointer {
				t.Errorf("got %s, want it to point at %s", g.Body, c.pointer)
			}
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	g := h.do(t, "POST", "/v1/applicants", `{"first_name": "1", "email": "xxx", "phone": "x", "nationality": "xx"}`).want(t, 422)
	if n := len(g.list(t, "errors")); n != 4 {
		t.Errorf("%d mistakes are told: %s", n, g.Body)
	}
}

func TestValuesAreNotRepeated(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, body := range []string{
		`{"email": "planted-secret"}`, `{"first_name": "planted-secret-1"}`, `{"phone": "planted-secret"}`, `{"address": "planted-secret"}`,
		`{"first_name": ["planted-secret"]}`, `{"nationality": "planted-secret"}`,
	} {
		if g := h.do(t, "POST", "/v1/applicants", body).want(t, 422); strings.Contains(g.Body.String(), "planted-secret") {
			t.Errorf("%s is repeated in %s", body, g.Body)
		}
	}
}

func TestCommandsTwice(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	h.simulate(t, id, "submit")
	h.do(t, "POST", "/v1/sessions/"+id+"/submit", nil).want(t, 409)
	h.do(t, "POST", "/v1/sessions/"+id+"/approve", nil).want(t, 409)
	h.do(t, "POST", "/v1/sessions/"+id+"/cancel", nil).want(t, 409)
	over := h.do(t, "POST", "/v1/sessions/"+id+"/overturn", `{"reasons": [{"code": "policy"}], "internal_note": "for staff"}`).want(t, 200)
	if over.word(t, "state") != "rejected" || over.at(t, "decision.overturn") != true || strings.Contains(over.Body.String(), "for staff") {
		t.Errorf("got %s", over.Body)
	}
	report := h.do(t, "GET", "/v1/sessions/"+id+"/report.json", nil).want(t, 200)
	if len(report.list(t, "decisions")) != 2 || report.word(t, "decisions.1.internal_note") != "for staff" {
		t.Errorf("got %v", report.at(t, "decisions"))
	}
}

func TestErasure(t *testing.T) {
	t.Parallel()
	h := open(t)
	begun := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}).want(t, 201)
	person, id := begun.word(t, "applicant_id"), begun.word(t, "id")
	file := h.upload(t, id, h.token, "selfie", "a.jpg", jpeg).want(t, 201).word(t, "id")
	gone := h.do(t, "DELETE", "/v1/applicants/"+person, nil).want(t, 200)
	if gone.at(t, "erased") != true || strings.Contains(gone.Body.String(), "Lindqvist") {
		t.Errorf("got %s", gone.Body)
	}
	h.do(t, "DELETE", "/v1/applicants/"+person, nil).want(t, 410)
	h.do(t, "GET", "/v1/sessions/"+id, nil).want(t, 410)
	h.do(t, "GET", "/v1/sessions/"+id+"/report.json", nil).want(t, 410)
	h.do(t, "GET", "/v1/sessions/"+id+"/evidence/"+file+"/content", nil).want(t, 410)
	h.do(t, "POST", "/v1/sessions", map[string]any{"applicant_id": person}).want(t, 410)
	if after := h.do(t, "GET", "/v1/applicants/"+person, nil).want(t, 200); strings.Contains(after.Body.String(), "Lindqvist") {
		t.Errorf("got %s", after.Body)
	}
	if events := h.do(t, "GET", "/v1/events?limit=100", nil).want(t, 200); !strings.Contains(events.Body.String(), "applicant.erased") {
		t.Errorf("the erasure is no event: %s", events.Body)
	}
}

func TestLiveTenantsDoNotSimulate(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.send(t, "POST", "/v1/sessions", h.live, map[string]any{"applicant": astrid}).want(t, 201).word(t, "id")
	h.send(t, "POST", "/v1/simulate/session/"+id, h.live, `{"action": "submit"}`).want(t, 404)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	h := alone(t)
	begun := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid, "expires_in": 60}).want(t, 201)
	id, first := begun.word(t, "id"), begun.word(t, "token")
	again := h.do(t, "POST", "/v1/sessions/"+id+"/link", map[string]any{"expires_in": 3600, "return_url": "https://client.example/done"}).want(t, 200)
	if again.word(t, "token") == first || again.word(t, "return_url") != "https://client.example/done" {
		t.Errorf("got %s", again.Body)
	}
	if _, err := h.LookLink(t.Context(), first); err == nil {
		t.Error("the old link still works")
	}
	h.do(t, "POST", "/v1/sessions/"+id+"/link", `{"return_url": "http://evil.example"}`).want(t, 422)
	h.Advance(2 * time.Hour)
	h.token = h.signIn(t, h.Tenant)
	if g := h.do(t, "GET", "/v1/sessions/"+id, nil).want(t, 200); g.word(t, "state") != "expired" || g.word(t, "next_action") != "open_link" {
		t.Errorf("got %s", g.Body)
	}
	if g := h.do(t, "POST", "/v1/sessions/"+id+"/link", nil).want(t, 200); g.word(t, "state") != "created" {
		t.Errorf("got %s", g.Body)
	}
	if g := h.do(t, "GET", "/v1/sessions/"+id, nil); strings.Contains(g.Body.String(), "verify.example") {
		t.Errorf("the link is shown a second time: %s", g.Body)
	}
}

func TestAskAgain(t *testing.T) {
	t.Parallel()
	h := alone(t)
	h.Checks.Set(usher.CheckDocument, usher.Consider, usher.DocumentBlurred)
	id := h.session(t)
	h.upload(t, id, h.token, "document_front", "a.jpg", jpeg).want(t, 201)
	h.upload(t, id, h.token, "selfie", "a.jpg", jpeg).want(t, 201)
	h.do(t, "POST", "/v1/sessions/"+id+"/submit", `{"consent": {"face": true}}`).want(t, 200)
	h.Settle()
	g := h.do(t, "GET", "/v1/sessions/"+id, nil).want(t, 200)
	if g.word(t, "state") != "in_review" || g.word(t, "reasons.0.code") != "document_blurred" || g.word(t, "reasons.0.class") != "retry" ||
		g.word(t, "reasons.0.message") == "" {
		t.Fatalf("got %s", g.Body)
	}
	h.do(t, "POST", "/v1/sessions/"+id+"/request_again", `{"steps": ["consent"], "reasons": ["document_blurred"]}`).want(t, 422)
	h.do(t, "POST", "/v1/sessions/"+id+"/request_again", `{"steps": [], "reasons": ["document_blurred"]}`).want(t, 422)
	asked := h.do(t, "POST", "/v1/sessions/"+id+"/request_again",
		`{"steps": ["document"], "reasons": ["document_blurred"], "note": "In daylight, please.", "expires_in": 7200}`).want(t, 200)
	if asked.word(t, "state") != "awaiting_applicant" || asked.word(t, "next_action") != "redo" || fmt.Sprint(asked.at(t, "attempt")) != "2" ||
		asked.word(t, "note") != "In daylight, please." || asked.word(t, "steps.2.redo.0.code") != "document_blurred" {
		t.Errorf("got %s", asked.Body)
	}
	at, err := time.Parse(time.RFC3339, asked.word(t, "expires_at"))
	if left := at.Sub(h.Now()); err != nil || left > 2*time.Hour || left < 119*time.Minute {
		t.Errorf("the applicant has %s, want two hours (%v)", left, err)
	}
}

// TestAnnotate holds that pairs can be set behind the creation of a session, such as the id of a liveness session, and taken away again.
func TestAnnotate(t *testing.T) {
	t.Parallel()
	h := alone(t)
	id := h.session(t)
	path := "/v1/sessions/" + id + "/annotate"
	got := h.do(t, "POST", path, `{"metadata": {"liveness_session_id": "3fa9c2", "branch": "north"}}`).want(t, 200)
	if got.word(t, "metadata.liveness_session_id") != "3fa9c2" {
		t.Errorf("got %s", got.Body)
	}
	got = h.do(t, "POST", path, `{"metadata": {"branch": ""}}`).want(t, 200)
	if got.word(t, "metadata.liveness_session_id") != "3fa9c2" || strings.Contains(got.Body.String(), "north") {
		t.Errorf("got %s", got.Body)
	}
	h.do(t, "POST", path, `{"metadata": {}}`).want(t, 422)
	h.do(t, "POST", path, `{"metadata": {"": "x"}}`).want(t, 422)
	h.do(t, "POST", path, `{"metadata": {"a": "b"}, "if_version": 1}`).want(t, 409)
}

// TestNobodyWritesWhatIsOurs sends with every call that takes a body the members that a client reads and must not write, each by itself.
func TestNobodyWritesWhatIsOurs(t *testing.T) {
	t.Parallel()
	h := alone(t)
	id := h.session(t)
	applicant := h.do(t, "GET", "/v1/sessions/"+id, nil).want(t, 200).word(t, "applicant_id")
	ours := []string{
		"id", "tenant_id", "client_id", "dialect", "state", "version", "mode", "simulated", "role", "scopes", "erased", "held", "restricted", "decision", "decided_by", "checks",
		"risk", "account", "created_at", "attempt", "evidence",
	}
	for _, call := range []struct{ method, path, body string }{
		{"POST", applicants, `"first_name": "Astrid"`},
		{"PATCH", applicants + "/" + applicant, `"first_name": "Astrid"`},
		{"POST", sessions, `"applicant": {}`},
		{"POST", sessions + "/" + id + "/submit", `"if_version": 99`},
		{"POST", endpoints, `"url": "https://client.example/hook"`},
	} {
		for _, member := range ours {
			if member == "dialect" && call.path == endpoints { // whose words an endpoint is told in is its own to say
				continue
			}
			for _, value := range []string{`"approved"`, `true`} {
				g := h.do(t, call.method, call.path, `{`+call.body+`, "`+member+`": `+value+`}`)
				if g.Code != 422 || !strings.Contains(g.Body.String(), "unknown member") {
					t.Errorf("%s %s with %s: %d %s", call.method, call.path, member, g.Code, g.Body)
				}
			}
		}
	}
}
