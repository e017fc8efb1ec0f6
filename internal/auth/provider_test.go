package auth_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	way "github.com/usher-kyc/usher/internal/door"
)

// provider is a small identity provider, which also says what it should not.
type provider struct {
	*httptest.Server
	d   *door
	key *rsa.PrivateKey

	claims map[string]any // beside those of every token
	bend   func(header, claims map[string]any)
	secret []byte // signs with HMAC instead
	none   bool   // does not sign
	asked  url.Values
}

const (
	clientID     = "usher-desk"
	clientSecret = "a secret of this desk"
)

// withProvider gives a second node on the database of a test, which knows an identity provider.
func withProvider(t *testing.T, change func(*auth.Provider)) (*door, *provider) {
	t.Helper()
	d := open(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{d: d, key: private, claims: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(t, w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		e := big.NewInt(int64(private.E)).Bytes()
		p.answer(t, w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": b64(private.N.Bytes()), "e": b64(e)}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if b64(challenge[:]) != p.asked.Get("code_challenge") || p.asked.Get("code_challenge_method") != "S256" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.answer(t, w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.token(t)})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	config := d.config(slog.New(slog.DiscardHandler))
	config.Provider = &auth.Provider{
		Name: "Firm ID", Issuer: p.URL, ClientID: clientID, ClientSecret: clientSecret, RedirectURL: deskURL + "/desk/provider/back", TenantID: tenant,
		Roles: map[string]usher.Role{"kyc": usher.RoleReviewer, "kyc-leads": usher.RoleSenior},
	}
	if change != nil {
		change(config.Provider)
	}
	d.Auth = auth.New(config)
	return d, p
}

func (p *provider) answer(t *testing.T, w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		t.Error(err)
	}
}

// token makes an ID token.
func (p *provider) token(t *testing.T) string {
	header := map[string]any{"alg": "RS256", "kid": "1", "typ": "JWT"}
	now := p.d.now()
	claims := map[string]any{
		"iss": p.URL, "aud": clientID, "sub": "person-7", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nonce": p.asked.Get("nonce"),
		"groups": []string{"kyc", "lunch"}, "email": "Nina@Example.test", "auth_time": now.Unix(),
	}
	maps.Copy(claims, p.claims)
	if p.bend != nil {
		p.bend(header, claims)
	}
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		return b64(raw)
	}
	text := part(header) + "." + part(claims)
	switch {
	case p.none:
		return text + "."
	case p.secret != nil:
		mac := hmac.New(sha256.New, p.secret)
		mac.Write([]byte(text))
		return text + "." + b64(mac.Sum(nil))
	}
	hash := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, hash[:])
	if err != nil {
		t.Error(err)
	}
	return text + "." + b64(signature)
}

// ask begins a sign-in, and keeps what the provider was asked.
func (p *provider) ask(t *testing.T, s *way.Session) (ticket string) {
	t.Helper()
	address, ticket, err := p.d.AskProvider(t.Context(), s, "/cases/7", at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p.asked = u.Query()
	return ticket
}

func (p *provider) come(t *testing.T, s *way.Session) (way.Session, error) {
	t.Helper()
	ticket := p.ask(t, s)
	in, next, err := p.d.TakeProvider(t.Context(), s, ticket, p.asked.Get("state"), "code", at("192.0.2.1"))
	if err == nil && next != "/cases/7" {
		t.Errorf("it goes on to %q", next)
	}
	return in, err
}

func TestProvider(t *testing.T) {
	t.Parallel()
	d, p := withProvider(t, nil)
	in, err := p.come(t, nil)
	if err != nil || in.Stage != way.In || in.Staff.Email != "nina@example.test" || in.Staff.Role != usher.RoleReviewer || in.Method != "provider" {
		t.Fatalf("got %+v, %v", in, err)
	}
	if p.asked.Get("response_type") != "code" || p.asked.Get("redirect_uri") != deskURL+"/desk/provider/back" || len(p.asked.Get("state")) < 40 {
		t.Errorf("the provider is asked %v", p.asked)
	}
	t.Run("the same person comes again, with another address and another group", func(t *testing.T) {
		p.claims = map[string]any{"email": "someone.else@example.test", "groups": []string{"kyc-leads", "kyc"}}
		again, err := p.come(t, nil)
		if err != nil || again.Staff.ID != in.Staff.ID || again.Staff.Email != "nina@example.test" || again.Staff.Role != usher.RoleSenior {
			t.Fatalf("got %+v, %v", again, err)
		}
		_, err = d.enter(t, in.Cookie)
		wantCode(t, err, usher.CodeUnauthenticated) // another role begins with another sign-in
		in = again
	})
	t.Run("an e-mail address is nobody's identity", func(t *testing.T) {
		made, err := d.CreateStaff(t.Context(), tenant, auth.NewStaff{Email: email, Password: phrase, Role: usher.RoleAdmin}, system)
		if err != nil {
			t.Fatal(err)
		}
		p.claims = map[string]any{"sub": "another", "email": email}
		got, err := p.come(t, nil)
		if err != nil || got.Staff.ID == made.ID || got.Staff.Email == email || got.Staff.Role != usher.RoleReviewer {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("no group that may anything", func(t *testing.T) {
		p.claims = map[string]any{"groups": []string{"lunch"}}
		_, err := p.come(t, nil)
		wantCode(t, err, usher.CodeUnauthenticated)
	})
	t.Run("proves who it is, asked anew", func(t *testing.T) {
		p.claims = map[string]any{"groups": []string{"kyc-leads"}}
		d.wait(6 * time.Minute)
		got, err := p.come(t, &in)
		if err != nil || !got.Fresh(d.now()) || p.asked.Get("prompt") != "login" || p.asked.Get("max_age") != "0" {
			t.Fatalf("got %+v, %v", got, err)
		}
		in = got
		p.claims["auth_time"] = d.now().Add(-time.Hour).Unix()
		_, err = p.come(t, &in)
		wantCode(t, err, usher.CodeUnauthenticated)
		p.claims = map[string]any{"sub": "another", "groups": []string{"kyc"}}
		_, err = p.come(t, &in)
		wantCode(t, err, usher.CodeUnauthenticated) // somebody else's proof
	})
	t.Run("kept out", func(t *testing.T) {
		p.claims = map[string]any{"groups": []string{"kyc-leads"}}
		if err := d.Disable(t.Context(), tenant, in.Staff.ID, true, system); err != nil {
			t.Fatal(err)
		}
		_, err := p.come(t, nil)
		wantCode(t, err, usher.CodeUnauthenticated)
	})
}

func TestProviderTokensAreRefused(t *testing.T) {
	t.Parallel()
	d, p := withProvider(t, func(c *auth.Provider) { c.ACR, c.AMR = []string{"gold"}, []string{"hwk", "mfa"} })
	p.claims = map[string]any{"acr": "gold", "amr": []string{"pwd", "hwk"}}
	if _, err := p.come(t, nil); err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(p *provider) {
		return func(p *provider) { p.bend = func(_, claims map[string]any) { claims[name] = value } }
	}
	public := p.key.N.Bytes()
	for name, bend := range map[string]func(p *provider){
		"another issuer":    claim("iss", "https://evil.example"),
		"another audience":  claim("aud", "another-app"),
		"several audiences": claim("aud", []string{clientID, "another-app"}),
		"another nonce":     claim("nonce", "guessed"),
		"no nonce":          claim("nonce", ""),
		"ended":             claim("exp", d.now().Add(-time.Minute).Unix()),
		"another class":     claim("acr", "silver"),
		"another method":    claim("amr", []string{"pwd"}),
		"no subject":        claim("sub", ""),
		"not signed":        func(p *provider) { p.none = true; p.bend = func(h, _ map[string]any) { h["alg"] = "none" } },
		"none, and signed":  func(p *provider) { p.bend = func(h, _ map[string]any) { h["alg"] = "none" } },
		"HMAC by our secret": func(p *provider) {
			p.secret = []byte(clientSecret)
			p.bend = func(h, _ map[string]any) { h["alg"] = "HS256" }
		},
		"HMAC by its key": func(p *provider) { p.secret = public; p.bend = func(h, _ map[string]any) { h["alg"] = "HS256" } },
		"HMAC as RS256":   func(p *provider) { p.secret = public },
		"another key": func(p *provider) {
			private, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			p.key = private
		},
	} {
		was := *p
		bend(p)
		ticket := p.ask(t, nil)
		_, _, err := d.TakeProvider(t.Context(), nil, ticket, p.asked.Get("state"), "code", at(base64.StdEncoding.EncodeToString([]byte(name))))
		if codeOf(err) != usher.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
		p.bend, p.secret, p.none, p.key = was.bend, was.secret, was.none, was.key
	}
	members, err := d.Members(t.Context(), tenant)
	if err != nil || len(members) != 1 {
		t.Errorf("%d members, %v", len(members), err)
	}
}

func TestProviderStateIsBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	d, p := withProvider(t, nil)
	mine := p.ask(t, nil)
	state := p.asked.Get("state")
	theirs := p.ask(t, nil) // a second sign-in, of somebody else
	take := func(ticket, state, code string) error {
		_, _, err := d.TakeProvider(t.Context(), nil, ticket, state, code, at("192.0.2.1"))
		return err
	}
	wantCode(t, take("", state, "code"), usher.CodeUnauthenticated)
	wantCode(t, take("guessed", state, "code"), usher.CodeUnauthenticated)
	wantCode(t, take(theirs, state, "code"), usher.CodeUnauthenticated) // the state of one with the cookie of the other
	wantCode(t, take(mine, "", "code"), usher.CodeUnauthenticated)
	wantCode(t, take(mine, state, "code"), usher.CodeUnauthenticated) // used up by the wrong try
	d.staff(t, usher.RoleReviewer)
	signedIn := d.in(t)
	ticket := p.ask(t, nil)
	_, _, err := d.TakeProvider(t.Context(), &signedIn, ticket, p.asked.Get("state"), "code", at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	late := p.ask(t, nil)
	d.wait(11 * time.Minute)
	wantCode(t, take(late, p.asked.Get("state"), "code"), usher.CodeUnauthenticated)
}

func TestProviderWithoutGroupsLetsInWhoWasInvited(t *testing.T) {
	t.Parallel()
	d, p := withProvider(t, func(c *auth.Provider) { c.Roles = nil })
	_, err := p.come(t, nil)
	wantCode(t, err, usher.CodeUnauthenticated)
	token, err := d.Invite(t.Context(), tenant, "nina@example.test", usher.RoleSenior, system)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Accept(t.Context(), token, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err = p.come(t, &s); err != nil || s.Stage != way.Setup {
		t.Fatalf("got %+v, %v", s, err)
	}
	if s, err = d.Finish(t.Context(), s, at("192.0.2.1")); err != nil || s.Stage != way.In {
		t.Fatalf("got %+v, %v", s, err)
	}
	again, err := p.come(t, nil)
	if err != nil || again.Staff.ID != s.Staff.ID || again.Staff.Role != usher.RoleSenior {
		t.Fatalf("got %+v, %v", again, err)
	}
	if ways := d.Ways(); ways.Provider != "Firm ID" || !ways.Passkeys {
		t.Errorf("the ways are %+v", ways)
	}
	p.Close()
	fresh := auth.New(auth.Config{Store: d.store, Now: d.now, HashMemory: 64, Provider: &auth.Provider{Issuer: p.URL, ClientID: clientID, TenantID: tenant}})
	_, _, err = fresh.AskProvider(t.Context(), nil, "", at("192.0.2.1"))
	if told := wantCode(t, err, usher.CodeConflict); !strings.Contains(told.Message, "does not answer") {
		t.Errorf("a provider that is gone says %q", told.Message)
	}
}

// A tenant whose rules leave the provider out gets neither members nor identities from it.
func TestProviderThatIsNotAllowedMakesNobody(t *testing.T) {
	t.Parallel()
	d, p := withProvider(t, nil)
	if err := d.SetRules(t.Context(), tenant, way.Rules{Passwords: true}, system); err != nil {
		t.Fatal(err)
	}
	_, err := p.come(t, nil)
	wantCode(t, err, usher.CodeUnauthenticated)
	if all, err := d.Members(t.Context(), tenant); err != nil || len(all) != 0 {
		t.Errorf("there are %+v, %v", all, err)
	}
	token, err := d.Invite(t.Context(), tenant, "nina@example.test", usher.RoleReviewer, system)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Accept(t.Context(), token, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.come(t, &s)
	wantCode(t, err, usher.CodeUnauthenticated)
	if acc, err := d.Account(t.Context(), s); err != nil || len(acc.Identities) != 0 {
		t.Errorf("the identities are %+v, %v", acc.Identities, err)
	}
}

// Sign-ins that are begun and left are kept for some minutes each: one address begins so many and no more.
func TestSignInsElsewhereAreBounded(t *testing.T) {
	t.Parallel()
	d, _ := withProvider(t, nil)
	for n := 0; ; n++ {
		_, _, err := d.AskProvider(t.Context(), nil, "", at("192.0.2.1"))
		if err != nil {
			wantCode(t, err, usher.CodeLimited)
			break
		}
		if n > 1000 {
			t.Fatal("one address begins a thousand")
		}
	}
	if _, _, err := d.AskProvider(t.Context(), nil, "", at("198.51.100.1")); err != nil {
		t.Errorf("another address: %v", err)
	}
}
