package native_test

import (
	"net/http"
	"testing"
)

// FuzzRequests sends anything anywhere: whatever comes, the answer is one that a client can do something about.
func FuzzRequests(f *testing.F) {
	h := open(f)
	id := h.session(f)
	file := h.upload(f, id, h.token, "selfie", "a.jpg", jpeg).want(f, 201).Header().Get("Location")
	targets := []struct{ method, path, header string }{
		{"POST", "/v1/applicants", ""},
		{"POST", "/v1/sessions", ""},
		{"POST", "/v1/sessions/" + id + "/reject", ""},
		{"POST", "/v1/sessions/" + id + "/submit", ""},
		{"POST", "/v1/sessions/" + id + "/evidence", "Content-Type"},
		{"POST", "/v1/webhook_endpoints", ""},
		{"POST", "/v1/flows/check", ""},
		{"POST", "/oauth/token", "Authorization"},
		{"GET", file, "Range"},
		{"GET", "/v1/events?after=", "Accept"},
	}
	for i, seed := range []struct{ header, body string }{
		{"", `{"first_name": "Astrid", "address": {"country": "SE"}}`},
		{"", `{"applicant": {"phone": "1"}, "expires_in": 1e9}`},
		{"", `{"reasons": ["policy", {"code": "policy"}, 7]}`},
		{"", `{"consent": {"sha256": "x"}, "document": {"type": "passport"}}`},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nselfie\r\n--x--"},
		{"", `{"url": "https://a", "auth": {"type": "header"}}`},
		{"", `{"source": "name: x\nsteps: [{run: [a]}]"}`},
		{"Basic YTpi", `{"grant_type": "client_credentials"}`},
		{"bytes=1-2", ""},
		{"application/xml", ""},
	} {
		f.Add(i, seed.header, seed.body)
	}
	f.Fuzz(func(t *testing.T, target int, header, body string) {
		to := targets[(target%len(targets)+len(targets))%len(targets)]
		var headers []string
		if to.header != "" {
			headers = []string{to.header, header}
		}
		g := h.send(t, to.method, to.path, h.token, body, headers...)
		if g.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s with %q and %q: %d %s", to.method, to.path, header, body, g.Code, g.Body)
		}
	})
}
