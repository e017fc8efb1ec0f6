package ondato_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/ondato"
	"github.com/usher-kyc/usher/internal/dialecttest"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const base = "https://usher.example.test/compat/ondato"

// stopping looks at the document before it asks for the face, and ends the form when it will not do.
const stopping = `name: ondato
expires: 168h
steps:
  - consent: {text: identity-check}
  - document
  - run: {checks: [document], name: first, stop_on_reject: true}
  - selfie
  - decide: {automatic: approve}
`

// world is a server of this dialect with a client in each tenant.
type world struct {
	*enginetest.House
	backend api.Backend
	api.Dialect
	auth    *auth.Auth
	clients map[string]usher.APIClient // by tenant id
	told    map[string]map[string]string
}

func open(t *testing.T) world {
	t.Helper()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{ondato.Renderer{}}})
	w := world{
		House: h, auth: auth.New(auth.Config{Store: h.Store, Now: h.Now, Log: slog.New(slog.DiscardHandler)}),
		clients: map[string]usher.APIClient{}, told: map[string]map[string]string{},
	}
	w.backend = api.Backend{
		Service: h.Service, Front: api.Front{Credentials: w.auth, Idempotency: h.Answers()}, Stamps: h.Stamps, BaseURL: base, Now: h.Now,
		Log: slog.New(slog.DiscardHandler),
	}
	w.reopen(t)
	for _, tenant := range []usher.Tenant{h.Tenant, h.Other, h.Live} {
		h.Publish(tenant.ID, w.flow())
		client, secret, err := w.auth.CreateClient(t.Context(), tenant.ID, auth.NewClient{
			Dialect: ondato.Name, DefaultFlow: "ondato", ReturnURLs: []string{"https://shop.example.org/kyc"},
		}, usher.Actor{})
		if err != nil {
			t.Fatal(err)
		}
		w.clients[tenant.ID] = client
		w.told[tenant.ID] = w.Tell([]api.Login{{Client: client, Secret: secret}})
	}
	_, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hooks/ondato", Dialect: ondato.Name})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// reopen builds the dialect on the backend as it is now.
func (w *world) reopen(t *testing.T) {
	t.Helper()
	var err error
	if w.Dialect, err = ondato.Open(w.backend); err != nil {
		t.Fatal(err)
	}
}

// flow gives the text of the flow that comes with the dialect, from its name on.
func (w world) flow() string {
	_, text, _ := strings.Cut(w.Flows[0], "name: ")
	return "name: " + text
}

// keyed lets an act name a session by the id of its IDV.
type keyed struct {
	usher.Service
	tenant string
}

func (k keyed) id(ctx context.Context, id string) string {
	if s, err := k.SessionByKey(ctx, k.tenant, ondato.Name, id); err == nil {
		return s.ID
	}
	return id
}

func (k keyed) Do(ctx context.Context, tenant, id string, c usher.Command) (usher.Session, error) {
	return k.Service.Do(ctx, tenant, k.id(ctx, id), c)
}

func (k keyed) Simulate(ctx context.Context, c usher.APIClient, id, action string) (usher.Session, error) {
	return k.Service.Simulate(ctx, c, k.id(ctx, id), action)
}

func (w world) stage(t *testing.T) dialecttest.Stage {
	given := map[string]string{}
	for name, tenant := range map[string]usher.Tenant{"": w.Tenant, "other_": w.Other, "live_": w.Live} {
		told := w.told[tenant.ID]
		given[name+"client_id"], given[name+"client_secret"], given[name+"setup_id"] = told["client_id"], told["client_secret"], told["setup_id"]
		given[name+"application_id"] = tenant.ID
	}
	kyc := w.kycSetup(t)
	given["kyc_setup_id"] = kyc
	return dialecttest.Stage{
		Handler: w.Handler, Service: keyed{w.Service, w.Tenant.ID}, Client: w.clients[w.Tenant.ID],
		Messages: func() []usher.Message { return w.Messages(w.Tenant.ID) }, Settle: w.Settle, Advance: w.Advance,
		Header:  map[string]string{"Authorization": "Bearer <access_token 1>", "Content-Type": "application/json"},
		Given:   given,
		Secrets: []string{"access_token", "traceId", "dateOfExpiration"},
		Show:    []string{"Allow", "Content-Disposition", "Idempotency-Replayed", "Retry-After", "Total-Count", "WWW-Authenticate"},
		Acts: map[string]dialecttest.Act{
			"publish": func(t *testing.T, _ []string) {
				w.Publish(w.Tenant.ID, strings.Replace(w.flow(), "attempts: 5", "attempts: 4", 1))
			},
			"correct": func(t *testing.T, args []string) {
				w.do(t, args[0], usher.Command{
					Kind: usher.CmdCorrect, By: reviewer(), Facts: []usher.Correction{{Field: args[1], Old: args[2], New: args[3]}},
				})
			},
			"document": func(t *testing.T, args []string) { w.document(t, args[0]) },
			"erase":    func(t *testing.T, args []string) { w.erase(t, args[0]) },
			"decline": func(t *testing.T, args []string) {
				w.do(t, args[0], usher.Command{Kind: usher.CmdDecline, By: usher.Actor{Kind: usher.ByApplicant}, Step: "consent"})
			},
		},
	}
}

// document gives the session of an IDV a picture of its document, as a passport.
func (w world) document(t *testing.T, idv string) {
	t.Helper()
	w.give(t, idv, usher.DocumentFront)
	w.do(t, idv, usher.Command{
		Kind: usher.CmdCompleteStep, By: usher.Actor{Kind: usher.ByApplicant}, Step: "document", Document: &usher.DocumentChoice{Type: usher.Passport},
	})
}

// give stores a file that looks like a picture.
func (w world) give(t *testing.T, idv string, kind usher.EvidenceKind) {
	t.Helper()
	s, err := w.SessionByKey(t.Context(), w.Tenant.ID, ondato.Name, idv)
	if err != nil {
		t.Fatal(err)
	}
	n := usher.NewEvidence{Kind: kind, Source: usher.FromCamera, ContentType: "image/jpeg", By: usher.Actor{Kind: usher.ByApplicant}}
	if _, _, err := w.AddEvidence(t.Context(), w.Tenant.ID, s.ID, n, strings.NewReader("picture of "+string(kind))); err != nil {
		t.Fatal(err)
	}
}

func (w world) erase(t *testing.T, idv string) {
	t.Helper()
	s, err := w.SessionByKey(t.Context(), w.Tenant.ID, ondato.Name, idv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.EraseApplicant(t.Context(), w.Tenant.ID, s.ApplicantID, reviewer()); err != nil {
		t.Fatal(err)
	}
}

// kycSetup gives the id of the KYC setup of the tenant's flow, as the list of IDV setups tells it.
func (w world) kycSetup(t *testing.T) string {
	t.Helper()
	var list []struct {
		Name  string
		Steps []struct{ SetupID string }
	}
	w.login(t, w.Tenant).call("POST", "/idvapi/v1/identity-verification-setups/filter", object{}, http.StatusOK, &list)
	for _, s := range list {
		if s.Name == "ondato" {
			return s.Steps[0].SetupID
		}
	}
	t.Fatal("the flow is not among the setups")
	return ""
}

func reviewer() usher.Actor {
	return usher.Actor{Kind: usher.ByStaff, ID: "reviewer", Role: usher.RoleSenior}
}

func (w world) do(t *testing.T, idv string, c usher.Command) usher.Session {
	t.Helper()
	s, err := keyed{w.Service, w.Tenant.ID}.Do(t.Context(), w.Tenant.ID, idv, c)
	if err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
	return s
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialecttest.Run(t, "testdata", nil, func(t *testing.T, scenario string) dialecttest.Stage {
		w := open(t)
		switch scenario {
		case "stop_fail":
			w.Publish(w.Tenant.ID, stopping)
			w.Checks.Set(usher.CheckDocument, usher.Refuse, usher.DocumentSuspicious)
		case "account_error":
			w.Publish(w.Tenant.ID, w.flow()+"  - account: {opener: internal}\n")
		}
		return w.stage(t)
	})
}

// caller is a client with a token.
type caller struct {
	t     *testing.T
	w     world
	token string
}

type object map[string]any

func (w world) login(t *testing.T, tenant usher.Tenant) caller {
	t.Helper()
	told := w.told[tenant.ID]
	form := url.Values{"client_id": {told["client_id"]}, "client_secret": {told["client_secret"]}, "grant_type": {"client_credentials"}}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/id/connect/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a := httptest.NewRecorder()
	w.Handler.ServeHTTP(a, r)
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(a.Body.Bytes(), &got); err != nil || a.Code != http.StatusOK {
		t.Fatalf("token: %d %s", a.Code, a.Body)
	}
	return caller{t: t, w: w, token: got.AccessToken}
}

// ask sends a request and gives the answer.
func (c caller) ask(method, path string, body any) *httptest.ResponseRecorder {
	c.t.Helper()
	var text io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		text = bytes.NewReader(raw)
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, text)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	w := httptest.NewRecorder()
	c.w.Handler.ServeHTTP(w, r)
	return w
}

// call sends a request, fails the test unless it is answered with a status, and reads the answer.
func (c caller) call(method, path string, body any, status int, into any) {
	c.t.Helper()
	w := c.ask(method, path, body)
	if w.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
}

// create makes an identity verification and gives its id.
func (c caller) create(registration object) string {
	c.t.Helper()
	var got struct{ ID string }
	body := object{"setupId": c.w.told[c.tenant()]["setup_id"], "externalReferenceId": "customer-7781"}
	if registration != nil {
		body["registration"] = registration
	}
	c.call("POST", "/idvapi/v1/identity-verifications", body, http.StatusCreated, &got)
	return got.ID
}

func (c caller) tenant() string {
	claims, err := c.w.Stamps.Stamped("ondato-token", c.token)
	if err != nil {
		c.t.Fatal(err)
	}
	client, _, err := c.w.auth.Bearer(c.t.Context(), ondato.Name, strings.Fields(claims)[0])
	if err != nil {
		c.t.Fatal(err)
	}
	return client.TenantID
}

func (c caller) idv(id string) object {
	c.t.Helper()
	var got object
	c.call("GET", "/idvapi/v1/identity-verifications/"+id, nil, http.StatusOK, &got)
	return got
}

// at follows a path of members.
func at(o any, path ...string) any {
	for _, name := range path {
		m, ok := o.(map[string]any)
		if !ok {
			if m, ok = o.(object); !ok {
				return nil
			}
		}
		o = m[name]
	}
	return o
}

const stamp = "2006-01-02T15:04:05.000Z"

func moment(t *testing.T, text any) time.Time {
	t.Helper()
	s, _ := text.(string)
	at, err := time.Parse(stamp, s)
	if err != nil || at.Format(stamp) != s {
		t.Fatalf("%v is not a time in UTC with milliseconds", text)
	}
	return at
}
