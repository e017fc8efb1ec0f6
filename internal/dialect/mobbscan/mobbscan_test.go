package mobbscan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/mobbscan"
	"github.com/usher-kyc/usher/internal/dialecttest"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// flowText gives a flow as the package ships it, beginning with its name.
func flowText(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw[bytes.Index(raw, []byte("name: ")):])
}

// Flows of a tenant's own, in place of the one that the package ships.
func ownFlow(t testing.TB, scenario string) string {
	t.Helper()
	text := flowText(t, "mobbscan")
	switch scenario {
	case "stop_fail": // a check in the middle ends the form
		return strings.Replace(text, "  - document:", "  - run: {checks: [registry], name: early, stop_on_reject: true}\n  - document:", 1)
	case "account_error":
		return text + "  - account: {opener: internal}\n"
	}
	return text
}

type login struct{ key, secret string }

// world is a server of this dialect with a client in each tenant.
type world struct {
	*enginetest.House
	dialect api.Dialect
	backend api.Backend
	client  usher.APIClient
	logins  map[string]login // by tenant id
}

// intake takes what says that it is a picture for one.
func intake(_ context.Context, _ usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
	if bytes.HasPrefix(raw, []byte("PICTURE")) {
		return "image/jpeg", nil, nil
	}
	return "", nil, usher.Invalid("file", "is no picture; send JPEG or PNG")
}

func open(t testing.TB, scenario string) world {
	t.Helper()
	return openAt(t, scenario, "")
}

// openAt opens a world whose links begin with a base, "" for enginetest's; parents are the origins that its clients list.
func openAt(t testing.TB, scenario, linkBase string, parents ...string) world {
	t.Helper()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{mobbscan.Renderer{}}, LinkBase: linkBase})
	door := auth.New(auth.Config{Store: h.Store, Now: h.Now, Log: slog.New(slog.DiscardHandler)})
	w := world{House: h, logins: map[string]login{}}
	for _, tenant := range []usher.Tenant{h.Other, h.Live, h.Tenant} {
		h.Publish(tenant.ID, ownFlow(t, scenario))
		h.Publish(tenant.ID, flowText(t, "mobbscan_automatic"))
		n := auth.NewClient{Dialect: mobbscan.Name, DefaultFlow: "mobbscan", FrameAncestors: parents}
		if scenario == "automatic" {
			n.DefaultFlow = "mobbscan_automatic"
		}
		client, secret, err := door.CreateClient(t.Context(), tenant.ID, n, usher.Actor{})
		if err != nil {
			t.Fatal(err)
		}
		w.client, w.logins[tenant.ID] = client, login{client.ID, secret}
	}
	_, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: mobbscan.Name})
	if err != nil {
		t.Fatal(err)
	}
	w.backend = api.Backend{
		Service: w.Service, Front: api.Front{Credentials: door, Idempotency: h.Answers()}, Stamps: h.Stamps, Intake: intake, Dev: true, Now: h.Now,
		BaseURL: "https://usher.example/compat/mobbscan", Log: slog.New(slog.DiscardHandler),
	}
	return w.reopen(t)
}

// reopen builds the dialect anew on a changed backend.
func (w world) reopen(t testing.TB) world {
	t.Helper()
	var err error
	if w.dialect, err = mobbscan.Open(w.backend); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialecttest.Run(t, "testdata", nil, func(t *testing.T, scenario string) dialecttest.Stage {
		w := open(t, scenario)
		if scenario == "stop_fail" {
			w.Checks.Set(usher.CheckRegistry, usher.Refuse, usher.RegistryMismatch)
		}
		given := map[string]string{}
		for name, tenant := range map[string]usher.Tenant{"": w.Tenant, "other_": w.Other, "live_": w.Live} {
			given[name+"api_key"], given[name+"api_secret"] = w.logins[tenant.ID].key, w.logins[tenant.ID].secret
		}
		return dialecttest.Stage{
			Handler: w.dialect.Handler, Service: w.Service, Client: w.client,
			Messages: func() []usher.Message { return w.Messages(w.Tenant.ID) }, Settle: w.Settle, Advance: w.Advance,
			Header:  map[string]string{"Authorization": "Bearer <accessToken 1>", "Content-Type": "application/json"},
			Given:   given,
			Secrets: []string{"accessToken", "onboardingToken", "onboardingUrl", "dateOfExpiry"},
			Show:    []string{"Allow", "Content-Type", "Content-Disposition", "Retry-After", "WWW-Authenticate"},
		}
	})
}

// caller is a client that is logged in.
type caller struct {
	t     testing.TB
	w     world
	token string
}

type object map[string]any

func (w world) login(t testing.TB, tenant usher.Tenant) caller {
	t.Helper()
	c := caller{t: t, w: w}
	got := c.call("POST", "/auth/token", object{"api_key": w.logins[tenant.ID].key, "api_secret": w.logins[tenant.ID].secret}, http.StatusOK)
	c.token = got["accessToken"].(string)
	return c
}

// send sends a request and gives the answer.
func (c caller) send(method, path string, header map[string]string, body io.Reader) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, body)
	r.Header.Set("Authorization", "Bearer "+c.token)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.w.dialect.Handler.ServeHTTP(w, r)
	return w
}

// call sends JSON, fails the test unless it is answered with a status, and gives the object that is the answer.
func (c caller) call(method, path string, body any, status int) object {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	w := c.send(method, path, map[string]string{"Content-Type": "application/json"}, bytes.NewReader(text))
	if w.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	var got object
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		c.t.Fatalf("%s %s: no JSON object: %v in %s", method, path, err, w.Body)
	}
	return got
}

// create starts a process and gives its verificationId.
func (c caller) create(body object) string {
	c.t.Helper()
	return c.call("POST", "/onboarding/token", body, http.StatusOK)["verificationId"].(string)
}
