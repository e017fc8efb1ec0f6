package webhook_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

func TestCheckAuth(t *testing.T) {
	t.Parallel()
	oauth := usher.EndpointAuth{Type: "oauth2", TokenURL: "https://id.example/token", ClientID: "c", ClientSecret: "s"}
	change := func(f func(*usher.EndpointAuth)) usher.EndpointAuth {
		a := oauth
		f(&a)
		return a
	}
	header := func(name, value string) usher.EndpointAuth {
		return usher.EndpointAuth{Type: "header", Name: name, Value: value}
	}
	cases := []struct {
		name  string
		auth  usher.EndpointAuth
		field string // at fault, "" when good
	}{
		{"zero", usher.EndpointAuth{}, ""},
		{"none", usher.EndpointAuth{Type: "none"}, ""},
		{"basic", usher.EndpointAuth{Type: "basic", Username: "u", Password: "p:w"}, ""},
		{"basic without user", usher.EndpointAuth{Type: "basic", Password: "p"}, "auth.username"},
		{"basic with colon", usher.EndpointAuth{Type: "basic", Username: "a:b"}, "auth.username"},
		{"header", header("X-Api-Key", "k 1"), ""},
		{"authorization", header("Authorization", "ApiKey 1"), ""},
		{"header that breaks the request", header("X-Api-Key\r\nHost", "k"), "auth.name"},
		{"header without name", header("", "k"), "auth.name"},
		{"value that breaks the request", header("X-Api-Key", "k\r\nHost: inside"), "auth.value"},
		{"no value", header("X-Api-Key", ""), "auth.value"},
		{"oauth2", oauth, ""},
		{"oauth2 over http", change(func(a *usher.EndpointAuth) { a.TokenURL = "http://id.example/token" }), "auth.token_url"},
		{"oauth2 inside", change(func(a *usher.EndpointAuth) { a.TokenURL = "https://169.254.169.254/token" }), "auth.token_url"},
		{"oauth2 without id", change(func(a *usher.EndpointAuth) { a.ClientID = "" }), "auth.client_id"},
		{"oauth2 without secret", change(func(a *usher.EndpointAuth) { a.ClientSecret = "" }), "auth.client_secret"},
		{"hmac without a secret", usher.EndpointAuth{Type: "hmac"}, "auth.secret"},
		{"hmac", usher.EndpointAuth{Type: "hmac", Secret: strings.Repeat("s", 24)}, ""},
		{"unknown", usher.EndpointAuth{Type: "mutual_tls"}, "auth.type"},
	}
	for _, name := range []string{
		"Connection", "keep-alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
		"Host", "Content-Length", "Content-Type", "Expect", "User-Agent", "webhook-id", "Webhook-Signature", "WEBHOOK-TIMESTAMP", "webhook-anything",
	} {
		cases = append(cases, struct {
			name  string
			auth  usher.EndpointAuth
			field string
		}{"header " + name, header(name, "v"), "auth.name"})
	}
	for _, c := range cases {
		err := webhook.CheckAuth(c.auth, false)
		var e *usher.Error
		if c.field == "" && err != nil || c.field != "" && (!errors.As(err, &e) || e.Field != c.field || e.Message == "") {
			t.Errorf("%s: got %v, want an error of %q", c.name, err, c.field)
		}
	}
	local := change(func(a *usher.EndpointAuth) { a.TokenURL = "http://127.0.0.1:8080/token" })
	if err := webhook.CheckAuth(local, true); err != nil {
		t.Errorf("dev mode: %v", err)
	}
}

// What is set for authentication reaches the endpoint; a stored row that would overwrite the signature is not sent.
func TestAuthenticates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		auth        usher.EndpointAuth
		header, val string
		calls       int
	}{
		{"none", usher.EndpointAuth{}, "Authorization", "", 1},
		{"basic", usher.EndpointAuth{Type: "basic", Username: "u", Password: "p"}, "Authorization", "Basic dTpw", 1},
		{"header", usher.EndpointAuth{Type: "header", Name: "x-api-key", Value: "k"}, "X-Api-Key", "k", 1},
		{"header that is taken", usher.EndpointAuth{Type: "header", Name: "webhook-id", Value: "other"}, "", "", 0},
		{"unknown", usher.EndpointAuth{Type: "hmac"}, "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := endpoint("e1", "https://client.example/")
				e.Auth = c.auth
				f := &receiver{answer: always(200)}
				sendOne(t, e, f, webhook.Config{Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}}})
				calls := f.seen()
				if len(calls) != c.calls {
					t.Fatalf("%d calls, want %d", len(calls), c.calls)
				}
				if c.calls == 1 && calls[0].header.Get(c.header) != c.val {
					t.Errorf("%s is %q, want %q", c.header, calls[0].header.Get(c.header), c.val)
				}
			})
		})
	}
}

// tokenServer gives tokens t1, t2 … at /token and takes only the newest at /hook.
type tokenServer struct {
	expires string // JSON of expires_in, "" for none

	mu     sync.Mutex
	issued int
	hooks  int
	void   bool // the newest token is not good any more
}

func (s *tokenServer) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(10 * time.Millisecond) // long enough for others to ask as well
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/token" {
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		id, secret, _ := r.BasicAuth()
		if id != "my%3Aclient" || !strings.HasPrefix(secret, "s%2F") || r.Form.Encode() != "grant_type=client_credentials" {
			return status(401), nil
		}
		s.issued++
		s.void = false
		answer := fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer"`, s.issued)
		if s.expires != "" {
			answer += `,"expires_in":` + s.expires
		}
		res := status(200)
		res.Body = io.NopCloser(strings.NewReader(answer + "}"))
		return res, nil
	}
	s.hooks++
	if s.void || r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", s.issued) {
		return status(401), nil
	}
	return status(200), nil
}

func oauthEndpoint() usher.Endpoint {
	e := endpoint("e1", "https://client.example/hook")
	e.Auth = usher.EndpointAuth{Type: "oauth2", TokenURL: "https://id.example/token", ClientID: "my:client", ClientSecret: "s/1"}
	return e
}

// One token serves many tries until shortly before it ends; the tries that need the first one at the same time ask for it once.
func TestTokenIsKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expires string
		life    time.Duration // for which it is used
	}{{"3600", 3570 * time.Second}, {`"3600"`, 3570 * time.Second}, {"40", 20 * time.Second}, {"", 270 * time.Second}, {"0", 270 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			server := &tokenServer{expires: c.expires}
			o := newOutbox()
			s, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: server}})
			begun := time.Now()
			send := func(n int) {
				for i := range n {
					o.add(fmt.Sprintf("d%d at %s", i, time.Since(begun)), oauthEndpoint(), fmt.Sprint("s", i), nil, time.Now())
				}
				s.Wake()
				o.waitDone()
			}
			send(20)
			time.Sleep(c.life - time.Second - time.Since(begun))
			send(1)
			if server.issued != 1 {
				t.Errorf("expires_in %s: %d tokens within its life, want 1", c.expires, server.issued)
			}
			time.Sleep(time.Second)
			send(1)
			if server.issued != 2 || server.hooks != 22 {
				t.Errorf("expires_in %s: %d tokens and %d calls, want 2 and 22", c.expires, server.issued, server.hooks)
			}
			mustStop(t, stop)
		})
	}
}

// A token that was fetched with other credentials is not used.
func TestTokenFollowsCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &tokenServer{expires: "3600"}
		o := newOutbox()
		s, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: server}})
		for _, secret := range []string{"s/1", "s/2", "s/2"} {
			e := oauthEndpoint()
			e.Auth.ClientSecret = secret
			o.add(fmt.Sprint("d at ", time.Now()), e, "s1", nil, time.Now())
			s.Wake()
			o.waitDone()
		}
		mustStop(t, stop)
		if server.issued != 2 {
			t.Errorf("%d tokens for two secrets", server.issued)
		}
	})
}

// A token that the endpoint refuses is replaced within the same try, once.
func TestRefusedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &tokenServer{expires: "3600"}
		o := newOutbox()
		s, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: server}})
		for _, id := range []string{"d1", "d2"} {
			server.mu.Lock()
			server.void = true
			server.mu.Unlock()
			o.add(id, oauthEndpoint(), "s1", nil, time.Now())
			s.Wake()
			o.waitDone()
		}
		mustStop(t, stop)
		if server.issued != 2 || server.hooks != 3 || len(o.tries("d2")) != 1 {
			t.Errorf("%d tokens, %d calls, %d tries of the second; want 2, 3, 1", server.issued, server.hooks, len(o.tries("d2")))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		// An endpoint that refuses every token costs two calls per try, not a loop.
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			res := status(401)
			if r.URL.Path == "/token" {
				res = status(200)
				res.Body = io.NopCloser(strings.NewReader(`{"access_token":"t"}`))
			}
			return res, nil
		}}
		o := sendOne(t, oauthEndpoint(), f, webhook.Config{Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}}})
		if len(f.seen()) != 4 || o.tries("d1")[0].Status != 401 {
			t.Errorf("%d calls, want 4; written %+v", len(f.seen()), o.tries("d1")[0])
		}
	})
}

// Without a token nothing is sent, the try counts, and neither its words nor the log hold what the token address said.
func TestNoToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body, want string
		status           int
	}{
		{"refused", `{"error":"invalid_client personal"}`, "no token: the token address answered 400", 400},
		{"redirect", "personal", "no token: the token address answered 302", 302},
		{"no JSON", "personal", "no token: the token address gave no readable access_token", 200},
		{"no token in it", `{"token":"personal"}`, "no token: the token address gave no readable access_token", 200},
		{"token that breaks the request", `{"access_token":"a\r\nHost: personal"}`, "no token: the token address gave no readable access_token", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
					res := status(c.status, "Location", "https://id.example/other")
					res.Body = io.NopCloser(strings.NewReader(c.body))
					return res, nil
				}}
				var log bytes.Buffer
				o := sendOne(t, oauthEndpoint(), f, webhook.Config{
					Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}},
					Log:      slog.New(slog.NewTextHandler(&log, nil)),
				})
				a := o.tries("d1")[0]
				if a.Error != c.want || a.Answer != "" || a.Status != 0 || len(f.seen()) != 1 {
					t.Errorf("%d calls, written %+v, want %q", len(f.seen()), a, c.want)
				}
				if strings.Contains(log.String(), "personal") {
					t.Errorf("the log holds the answer: %s", log.String())
				}
			})
		})
	}
}

// The token address is dialled by the same rules as the endpoint.
func TestTokenAddressIsGuarded(t *testing.T) {
	t.Parallel()
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent without a token") }))
	t.Cleanup(hook.Close)
	e := oauthEndpoint()
	e.URL, e.Auth.TokenURL = hook.URL, "https://169.254.169.254/latest/token"
	o := newOutbox()
	o.add("d1", e, "s1", nil, time.Now())
	_, stop := start(t, webhook.Config{
		Outbox: o, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}),
		Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}},
	})
	o.waitDone()
	mustStop(t, stop)
	if got := o.tries("d1")[0].Error; !strings.HasPrefix(got, "no token: the address may not be called") {
		t.Errorf("written %q", got)
	}
}
