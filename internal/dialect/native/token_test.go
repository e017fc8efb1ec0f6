package native_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
)

func TestToken(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, secret := h.client(t, h.Tenant, usher.ScopeRead, usher.ScopeWrite)
	credentials := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	basic := http.Request{Header: http.Header{}}
	basic.SetBasicAuth(id, secret)
	const asForm = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, body string
		header     []string
		status     int
		is         string // scope, or error
	}{
		{"form", credentials.Encode(), []string{"Content-Type", asForm}, 200, "read write"},
		{"form with one scope", credentials.Encode() + "&scope=read", []string{"Content-Type", asForm}, 200, "read"},
		{"JSON", `{"grant_type": "client_credentials", "client_id": "` + id + `", "client_secret": "` + secret + `"}`, nil, 200, "read write"},
		{"Basic and form", "grant_type=client_credentials", []string{"Content-Type", asForm, "Authorization", basic.Header.Get("Authorization")}, 200, "read write"},
		{"Basic and JSON", `{"grant_type": "client_credentials"}`, []string{"Authorization", basic.Header.Get("Authorization")}, 200, "read write"},
		{"wrong secret", strings.Replace(credentials.Encode(), secret, secret[:len(secret)-1]+"_", 1), []string{"Content-Type", asForm}, 401, "invalid_client"},
		{"no secret", "grant_type=client_credentials&client_id=" + id, []string{"Content-Type", asForm}, 401, "invalid_client"},
		{"unreadable Basic", "grant_type=client_credentials", []string{"Content-Type", asForm, "Authorization", "Basic %%%"}, 401, "invalid_client"},
		{"other grant", strings.Replace(credentials.Encode(), "client_credentials", "password", 1), []string{"Content-Type", asForm}, 400, "unsupported_grant_type"},
		{"scope it has not", credentials.Encode() + "&scope=read+admin", []string{"Content-Type", asForm}, 400, "invalid_scope"},
		{"no grant", `{}`, nil, 400, "invalid_request"},
		{"secret twice", credentials.Encode() + "&client_secret=x", []string{"Content-Type", asForm}, 400, "invalid_request"},
		{"no JSON", `{`, nil, 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := h.send(t, "POST", "/oauth/token", "", c.body, c.header...).want(t, c.status)
			member := "scope"
			if c.status != 200 {
				member = "error"
			}
			if g.word(t, member) != c.is || g.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("got %s %v", g.Body, g.Header())
			}
			if c.status != 200 && (g.word(t, "title") == "" || g.word(t, "error_description") == "") {
				t.Errorf("not a problem and an OAuth error: %s", g.Body)
			}
		})
	}
}

func TestTokenEnds(t *testing.T) {
	t.Parallel()
	h := alone(t)
	h.do(t, "GET", "/v1/sessions", nil).want(t, 200)
	h.Advance(time.Hour + time.Minute)
	g := h.do(t, "GET", "/v1/sessions", nil).want(t, 401)
	if !strings.HasPrefix(g.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("header is %q", g.Header().Get("WWW-Authenticate"))
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, secret := h.client(t, h.Tenant, usher.ScopeRead)
	otherID, otherSecret := h.client(t, h.Tenant, usher.ScopeRead)
	const asForm = "application/x-www-form-urlencoded"
	form := func(id, secret string, more ...string) string {
		v := url.Values{"client_id": {id}, "client_secret": {secret}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v.Encode()
	}
	token := func() string {
		return h.send(t, "POST", "/oauth/token", "", form(id, secret, "grant_type", "client_credentials"), "Content-Type", asForm).want(t, 200).word(t, "access_token")
	}
	first, second := token(), token()
	for _, c := range []struct {
		name, id, secret, token string
		status                  int
		ended                   bool
	}{
		{"no secret", id, "", first, 401, false},
		{"wrong secret", id, otherSecret, first, 401, false},
		{"another client", otherID, otherSecret, first, 200, false},
		{"no token", id, secret, "", 400, false},
		{"unknown token", id, secret, "ush_at_x", 200, false},
		{"its own", id, secret, first, 200, true},
		{"once more", id, secret, first, 200, true},
	} {
		h.send(t, "POST", "/oauth/revoke", "", form(c.id, c.secret, "token", c.token, "token_type_hint", "access_token"), "Content-Type", asForm).want(t, c.status)
		want := 200
		if c.ended {
			want = 401
		}
		h.send(t, "GET", "/v1/sessions", first, nil).want(t, want)
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
	h.send(t, "GET", "/v1/sessions", second, nil).want(t, 200)
}

func TestTokenOfAnotherDialect(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, _, err := h.auth.CreateClient(t.Context(), h.Tenant.ID, auth.NewClient{
		Dialect: "intergiro", Name: "other", Scopes: allScopes(), DefaultFlow: "onboarding",
	}, usher.Actor{Kind: usher.BySystem})
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.auth.Issue(t.Context(), c, allScopes(), time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.send(t, "GET", "/v1/sessions", token.Access, nil).want(t, 401)
}
