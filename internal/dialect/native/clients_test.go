package native_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

// clientToken signs a client in and gives its token, or the status of the refusal.
func (h *house) clientToken(t *testing.T, id, secret, scope string) (string, int) {
	t.Helper()
	g := h.send(t, "POST", "/oauth/token", "", map[string]string{"grant_type": "client_credentials", "client_id": id, "client_secret": secret, "scope": scope})
	if g.Code != http.StatusOK {
		return "", g.Code
	}
	return g.word(t, "access_token"), g.Code
}

// TestKeyIsRotatedByItself makes a client, has it change its own secret without a gap, and ends it.
func TestKeyIsRotatedByItself(t *testing.T) {
	t.Parallel()
	h := open(t)
	made := h.do(t, "POST", "/v1/clients", map[string]any{"name": "Nightly", "scopes": []string{"read", "admin"}, "return_urls": []string{"https://client.example/done"}}).want(t, 201)
	id, first := made.word(t, "id"), made.word(t, "secret")
	if made.Header().Get("Location") != "/v1/clients/"+id || made.word(t, "dialect") != "native" || made.word(t, "default_flow") != "onboarding" {
		t.Errorf("made %s", made.Body)
	}
	token, _ := h.clientToken(t, id, first, "read admin")
	second := h.send(t, "POST", "/v1/clients/"+id+"/rotate_secret", token, nil).want(t, 200).word(t, "secret")
	for what, secret := range map[string]string{"the old": first, "the new": second} {
		if _, code := h.clientToken(t, id, secret, ""); code != http.StatusOK {
			t.Errorf("%s secret is answered %d", what, code)
		}
	}
	shown := h.do(t, "GET", "/v1/clients/"+id, nil).want(t, 200)
	if strings.Contains(shown.Body.String(), first) || strings.Contains(shown.Body.String(), second) || len(shown.list(t, "secrets")) != 2 || shown.word(t, "secrets.1.ends_at") == "" {
		t.Errorf("shown is %s", shown.Body)
	}
	third := h.send(t, "POST", "/v1/clients/"+id+"/rotate_secret", token, map[string]any{"overlap": 0}).want(t, 200).word(t, "secret")
	if _, code := h.clientToken(t, id, second, ""); code == http.StatusOK {
		t.Error("a secret that was to end at once is good")
	}
	token, _ = h.clientToken(t, id, third, "")
	h.send(t, "DELETE", "/v1/clients/"+id, token, nil).want(t, 204)
	h.send(t, "GET", "/v1/clients", token, nil).want(t, 401)
	if h.do(t, "GET", "/v1/clients/"+id, nil).want(t, 200).word(t, "revoked_at") == "" {
		t.Error("nothing says that it is revoked")
	}
	h.do(t, "POST", "/v1/clients/"+id+"/rotate_secret", nil).want(t, 409)
	actions := map[string]int{}
	records, err := h.Records(t.Context(), h.Tenant.ID, id, usher.Paging{Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records.Items {
		if r.Actor.Kind == usher.ByClient {
			actions[r.Action]++
		}
	}
	if actions["client.created"] != 1 || actions["client.rotated"] != 2 || actions["client.revoked"] != 1 {
		t.Errorf("on the trail are %v", actions)
	}
}

// TestNobodyMakesMoreThanTheyAre holds that a client comes by no scope, network or time that its own token does not have: by a new client, by the secret
// of another, or by loosening its own bounds.
func TestNobodyMakesMoreThanTheyAre(t *testing.T) {
	t.Parallel()
	h := open(t)
	soon, later := h.Now().AddDate(0, 0, 10).UTC().Format("2006-01-02T15:04:05Z"), h.Now().AddDate(1, 0, 0).UTC().Format("2006-01-02T15:04:05Z")
	bound := h.do(t, "POST", "/v1/clients", map[string]any{
		"name": "Bound", "scopes": []string{"read", "admin"}, "allow_from": []string{"192.0.2.0/24", "2001:db8::/48"}, "expires_at": soon,
	}).want(t, 201)
	id := bound.word(t, "id")
	token, _ := h.clientToken(t, id, bound.word(t, "secret"), "")
	part, _ := h.clientToken(t, id, bound.word(t, "secret"), "admin")
	full, _ := h.client(t, h.Tenant, allScopes()...)
	inside := []string{"192.0.2.16/28"}
	for name, c := range map[string]struct {
		token, method, path string
		body                map[string]any
		want                int
	}{
		"a scope it has not":          {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"write"}, "allow_from": inside, "expires_at": soon}, 403},
		"a scope its token has not":   {part, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": inside, "expires_at": soon}, 403},
		"from everywhere":             {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "expires_at": soon}, 403},
		"from a wider network":        {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": []string{"192.0.0.0/16"}, "expires_at": soon}, 403},
		"from another network":        {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": []string{"192.0.2.0/28", "198.51.100.0/24"}, "expires_at": soon}, 403},
		"for longer":                  {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": inside, "expires_at": later}, 403},
		"for ever":                    {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": inside}, 403},
		"the secret of one with more": {token, "POST", "/v1/clients/" + full + "/rotate_secret", nil, 403},
		"its own, by a part of it":    {part, "POST", "/v1/clients/" + id + "/rotate_secret", nil, 403},
		"wider bounds for itself":     {token, "PATCH", "/v1/clients/" + id, map[string]any{"allow_from": []string{}}, 403},
		"more time for itself":        {token, "PATCH", "/v1/clients/" + id, map[string]any{"expires_at": later}, 403},
		"bounds of one with more":     {token, "PATCH", "/v1/clients/" + full, map[string]any{"allow_from": inside}, 403},
		"a part of what it is":        {token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": inside, "expires_at": soon}, 201},
		"narrower bounds for itself":  {token, "PATCH", "/v1/clients/" + id, map[string]any{"allow_from": []string{"192.0.2.0/25"}}, 200},
		"no such scope":               {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"root"}}, 403},
		"no network":                  {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": []string{"here"}}, 422},
		"a network with a host":       {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "allow_from": []string{"192.0.2.1/24"}}, 422},
		"an end that is past":         {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "expires_at": "2020-01-01T00:00:00Z"}, 422},
		"no flow":                     {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "default_flow": "none"}, 422},
		"a way back in the clear":     {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "return_urls": []string{"http://client.example"}}, 422},
		"another dialect":             {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "dialect": "ondato"}, 422},
		"another tenant":              {h.token, "POST", "/v1/clients", map[string]any{"name": "x", "scopes": []string{"read"}, "tenant_id": h.Other.ID}, 422},
	} {
		body := any(c.body) // asked from 192.0.2.1
		if c.body == nil {
			body = nil
		}
		g := h.send(t, c.method, c.path, c.token, body)
		if g.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", name, g.Code, c.want, g.Body)
		}
	}
}
