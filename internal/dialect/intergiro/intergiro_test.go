package intergiro_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/intergiro"
	"github.com/usher-kyc/usher/internal/dialecttest"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// flow approves by rule and opens no account: the client of this dialect does that itself.
const flow = `name: intergiro
abandon: 10m
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth, contact]}
  - document: {accept: [passport, id_card]}
  - selfie
  - run: [document, face]
  - decide: {automatic: approve}
`

// stopping has a check in the middle that ends the form.
const stopping = `name: intergiro
steps:
  - details: {ask: [name, date_of_birth]}
  - run: {checks: [document], stop_on_reject: true}
  - selfie
  - decide: {automatic: approve}
`

// world is a server of this dialect with a client in each tenant.
type world struct {
	*enginetest.House
	front   api.Front
	handler http.Handler
	client  usher.APIClient
	keys    map[string]string // by tenant id
}

func open(t *testing.T, source string) world {
	t.Helper()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{intergiro.Renderer{}}})
	door := auth.New(auth.Config{Store: h.Store, Now: h.Now, Log: slog.New(slog.DiscardHandler)})
	w := world{House: h, keys: map[string]string{}}
	for _, tenant := range []usher.Tenant{h.Other, h.Live, h.Tenant} {
		h.Publish(tenant.ID, source)
		client, key, err := door.CreateClient(t.Context(), tenant.ID, auth.NewClient{Dialect: intergiro.Name, DefaultFlow: "intergiro"}, usher.Actor{})
		if err != nil {
			t.Fatal(err)
		}
		w.client, w.keys[tenant.ID] = client, key
	}
	_, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: intergiro.Name})
	if err != nil {
		t.Fatal(err)
	}
	w.front = api.Front{Credentials: door, Idempotency: h.Answers()}
	w.handler = w.serve()
	return w
}

func (w world) serve() http.Handler {
	return intergiro.New(intergiro.Config{Service: w.Service, Front: w.front, Now: w.Now}).Handler()
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialecttest.Run(t, "testdata", nil, func(t *testing.T, scenario string) dialecttest.Stage {
		source := flow
		if scenario == "stop_fail" {
			source = stopping
		}
		w := open(t, source)
		if scenario == "stop_fail" {
			w.Checks.Set(usher.CheckDocument, usher.Refuse, usher.DocumentSuspicious)
		}
		return dialecttest.Stage{
			Handler: w.handler, Service: w.Service, Client: w.client,
			Messages: func() []usher.Message { return w.Messages(w.Tenant.ID) }, Settle: w.Settle, Advance: w.Advance,
			Header: map[string]string{"Authorization": "Bearer <access_token 1>", "Content-Type": "application/json"},
			Given: map[string]string{
				"api_key": w.keys[w.Tenant.ID], "other_api_key": w.keys[w.Other.ID], "live_api_key": w.keys[w.Live.ID],
			},
			Secrets: []string{"access_token", "refresh_token", "token"},
			Show:    []string{"Allow", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate"},
		}
	})
}

// caller is a client that is logged in.
type caller struct {
	t     *testing.T
	w     world
	token string
}

func (w world) login(t *testing.T, tenant usher.Tenant) caller {
	t.Helper()
	c := caller{t: t, w: w}
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	c.call("POST", "/v3/auth/login", map[string]string{"api_key": w.keys[tenant.ID]}, http.StatusOK, &pair)
	c.token = pair.AccessToken
	return c
}

// call sends a request, fails the test unless it is answered with a status, and reads the answer.
func (c caller) call(method, path string, body any, status int, into any) {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	w := httptest.NewRecorder()
	c.w.handler.ServeHTTP(w, r)
	if w.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
}

type object map[string]any

func (c caller) create() string {
	c.t.Helper()
	var got object
	c.call("POST", "/v3/individuals", object{
		"first_name": "John", "last_name": "de Mayor", "email": "m6dreey@goes.es", "phone_number": "46627211111", "date_of_birth": "1991-12-06",
	}, http.StatusOK, &got)
	return got["id"].(string)
}

func (c caller) onboard(id string) object {
	c.t.Helper()
	var got object
	c.call("POST", "/v3/individuals/"+id+"/onboard", object{"return_url": "https://example.com/done"}, http.StatusOK, &got)
	return got
}

const stamp = "2006-01-02T15:04:05.000Z"

func moment(t *testing.T, text any) time.Time {
	t.Helper()
	at, err := time.Parse(stamp, text.(string))
	if err != nil || at.Format(stamp) != text {
		t.Fatalf("%v is not a time in UTC with milliseconds", text)
	}
	return at
}

func TestLinks(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	c := w.login(t, w.Tenant)
	id := c.create()
	first := c.onboard(id)
	if life := moment(t, first["expires_at"]).Sub(w.Now()); life < 59*time.Minute || life > time.Hour {
		t.Errorf("the link lives %v, want about 60 minutes", life)
	}
	second := c.onboard(id)
	if _, err := w.Service.LookLink(t.Context(), first["token"].(string)); err == nil {
		t.Error("the first link still works after the second was made")
	}
	visit, err := w.Service.UseLink(t.Context(), second["token"].(string))
	if err != nil {
		t.Fatalf("the second link does not work: %v", err)
	}
	if visit.Session.ReturnURL != "https://example.com/done" {
		t.Errorf("the return URL is %q", visit.Session.ReturnURL)
	}
	c.call("POST", "/v3/individuals/"+id+"/onboard", object{"return_url": "https://example.com/other"}, http.StatusOK, nil)
	if s, err := w.Session(t.Context(), w.Tenant.ID, visit.Session.ID); err != nil || s.ReturnURL != "https://example.com/other" {
		t.Errorf("a new return URL is not taken: %q, %v", s.ReturnURL, err)
	}
}

// The vendor does not support frames: the page that the link leads to refuses them.
func TestFormIsNotFramed(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	d, err := intergiro.Open(api.Backend{Service: w.Service, Front: w.front, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	if d.Pages.Framed {
		t.Error("the page may be framed")
	}
	got := w.login(t, w.Tenant)
	url, _ := got.onboard(got.create())["redirect_url"].(string)
	if !strings.HasPrefix(url, "https://verify.example.test/verify/s/") {
		t.Errorf("the user is sent to %q, which is not the hosted page", url)
	}
}

// What the server keeps beside what the vendor has a name for cannot be reached by its id.
func TestOnlyTheVendorsThings(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	c := w.login(t, w.Tenant)
	c.onboard(c.create())
	events, err := w.ListEvents(t.Context(), w.Tenant.ID, usher.EventFilter{})
	if err != nil || len(events.Items) < 2 {
		t.Fatalf("%d events, %v", len(events.Items), err)
	}
	for _, e := range events.Items {
		c.call("GET", "/v3/events/"+e.ID, nil, http.StatusNotFound, nil)
		c.call("GET", "/v3/pending_actions/"+e.ID, nil, http.StatusNotFound, nil)
		if e.SessionID != "" {
			c.call("POST", "/v3/consents/"+e.SessionID, object{}, http.StatusNotFound, nil)
		}
		if page := c.page("/v3/pending_actions?event_id=" + e.ID); len(page.Data) != 0 {
			t.Errorf("%s announces %v", e.Type, page.Data)
		}
	}
	company, err := w.CreateApplicant(t.Context(), w.client, usher.NewApplicant{Kind: usher.Company})
	if err != nil {
		t.Fatal(err)
	}
	c.call("GET", "/v3/individuals/"+company.ID, nil, http.StatusNotFound, nil)
	if page := c.page("/v3/individuals"); len(page.Data) != 1 {
		t.Errorf("%d individuals, want one", len(page.Data))
	}
}

// The webhook has exactly three members, and its id and time are those of the event that GET gives.
func TestWebhookIsThin(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	c := w.login(t, w.Tenant)
	id := c.create()
	c.onboard(id)
	c.call("POST", "/v3/simulations/onboarding/kyc", object{"individual_id": id}, http.StatusOK, nil)
	messages := w.Messages(w.Tenant.ID)
	if len(messages) != 1 {
		t.Fatalf("%d webhooks, want one", len(messages))
	}
	var body, event object
	if err := json.Unmarshal(messages[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	c.call("GET", "/v3/events/"+body["id"].(string), nil, http.StatusOK, &event)
	moment(t, body["created_at"])
	for _, name := range []string{"id", "name", "created_at"} {
		if body[name] != event[name] {
			t.Errorf("%s: the webhook says %v, the event %v", name, body[name], event[name])
		}
	}
	if len(body) != 3 || messages[0].ContentType != "application/json" {
		t.Errorf("the webhook is %v of type %s, want three members of JSON", body, messages[0].ContentType)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	w.front.PerClient = api.NewLimiter(api.Limit{Rate: 0.1, Burst: 1, Now: func() time.Time { return time.Unix(0, 0) }})
	w.handler = w.serve()
	c := w.login(t, w.Tenant)
	c.call("GET", "/v3/individuals", nil, http.StatusOK, nil)
	var got object
	c.call("GET", "/v3/individuals", nil, http.StatusTooManyRequests, &got)
	if why := got["error"].(map[string]any); why["code"] != "rate_limited" {
		t.Errorf("the answer is %v", got)
	}
}

// A key without the right to write cannot.
func TestScopes(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	door := auth.New(auth.Config{Store: w.Store, Now: w.Now})
	_, key, err := door.CreateClient(t.Context(), w.Tenant.ID,
		auth.NewClient{Dialect: intergiro.Name, Scopes: []usher.Scope{usher.ScopeRead}}, usher.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	w.keys[w.Tenant.ID] = key
	c := w.login(t, w.Tenant)
	c.call("GET", "/v3/individuals", nil, http.StatusOK, nil)
	c.call("POST", "/v3/individuals", object{}, http.StatusForbidden, nil)
}

// Lists give pages without gaps and repeats in both directions, though not every event of the server is one of the vendor's.
func TestPages(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	c := w.login(t, w.Tenant)
	for range 5 {
		id := c.create()
		c.onboard(id)
		c.call("POST", "/v3/simulations/onboarding/kyc", object{"individual_id": id}, http.StatusOK, nil)
		c.call("POST", "/v3/simulations/onboarding/status", object{"individual_id": id, "status": "activated"}, http.StatusOK, nil)
	}
	for _, path := range []string{"/v3/individuals?", "/v3/events?", "/v3/events?name=IndividualActivated&", "/v3/individuals?status=activated&"} {
		for _, order := range []string{"DESC", "ASC"} {
			all := c.page(path + "limit=100&sort_type=" + order)
			var forward, backward []string
			for cursor := ""; ; {
				page := c.page(path + "limit=2&sort_type=" + order + cursor)
				forward = append(forward, page.ids()...)
				if !page.HasMore {
					break
				}
				cursor = "&starting_after=" + forward[len(forward)-1]
			}
			equal(t, path+order+" forward", forward, all.ids())
			for cursor := all.ids()[len(all.Data)-1]; ; cursor = backward[0] {
				page := c.page(path + "limit=2&sort_type=" + order + "&ending_before=" + cursor)
				backward = append(page.ids(), backward...)
				if !page.HasMore {
					break
				}
			}
			equal(t, path+order+" backward", backward, all.ids()[:len(all.Data)-1])
		}
	}
}

type page struct {
	Data    []object `json:"data"`
	HasMore bool     `json:"has_more"`
}

func (p page) ids() []string {
	ids := []string{}
	for _, o := range p.Data {
		ids = append(ids, o["id"].(string))
	}
	return ids
}

func (c caller) page(path string) page {
	c.t.Helper()
	var p page
	c.call("GET", path, nil, http.StatusOK, &p)
	return p
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: nothing to compare", what)
	}
	a, b := mustJSON(t, got), mustJSON(t, want)
	if a != b {
		t.Errorf("%s: got %s, want %s", what, a, b)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Of an erased person nothing is told, and the lists they were in still work.
func TestErased(t *testing.T) {
	t.Parallel()
	w := open(t, flow)
	c := w.login(t, w.Tenant)
	gone, stays := c.create(), c.create()
	for _, id := range []string{gone, stays} {
		c.onboard(id)
		c.call("POST", "/v3/simulations/onboarding/kyc", object{"individual_id": id}, http.StatusOK, nil)
	}
	if _, err := w.EraseApplicant(t.Context(), w.Tenant.ID, gone, usher.Actor{Kind: usher.ByStaff, Role: usher.RoleAdmin}); err != nil {
		t.Fatal(err)
	}
	c.call("GET", "/v3/individuals/"+gone, nil, http.StatusNotFound, nil)
	equal(t, "individuals", c.page("/v3/individuals").ids(), []string{stays})
	events := c.page("/v3/events")
	if len(events.Data) != 1 || events.Data[0]["payload"].(map[string]any)["individual_id"] != stays {
		t.Errorf("the events are %v", events.Data)
	}
}
