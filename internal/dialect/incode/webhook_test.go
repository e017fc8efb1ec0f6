package incode_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/incode"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/webhook"
)

func TestTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		kind   string
		want   bool
	}{
		{204, "", true},
		{200, "application/json", true},
		{200, "application/json; charset=utf-8", true},
		{200, "text/plain", false},
		{200, "", false},
		{201, "application/json", false},
		{302, "application/json", false},
		{500, "application/json", false},
	} {
		if got := incode.Taken(c.status, http.Header{"Content-Type": {c.kind}}); got != c.want {
			t.Errorf("%d %q: %t, want %t", c.status, c.kind, got, c.want)
		}
	}
}

// receiver is a client's server for webhooks, with an address for each kind and one for tokens.
type receiver struct {
	mu     sync.Mutex
	tokens int
	got    []string // "path eventType-or-status"
	wrong  []string
	came   chan struct{}
}

func (s *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/token" {
		if r.Header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("hook:s3cret")) || string(body) != "grant_type=client_credentials" {
			s.wrong = append(s.wrong, "token call: "+r.Header.Get("Authorization")+" "+string(body))
		}
		s.tokens++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "t%d", "expires_in": 3600}`, s.tokens)
		return
	}
	if r.Header.Get("X-Own") != "yes" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer t") || r.Header.Get("Content-Type") != "application/json" {
		s.wrong = append(s.wrong, fmt.Sprintf("%s: %v", r.URL.Path, r.Header))
	}
	var hook struct{ EventType, OnboardingStatus string }
	if err := json.Unmarshal(body, &hook); err != nil {
		s.wrong = append(s.wrong, err.Error())
	}
	line := r.URL.Path + " " + hook.EventType + hook.OnboardingStatus
	first := !slices.Contains(s.got, line)
	s.got = append(s.got, line)
	s.came <- struct{}{}
	if first && r.URL.Path == "/succeeded" {
		fmt.Fprint(w, "ok") // 200 text/plain
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *receiver) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// One address per kind of webhook, the client's own headers on each, and a token fetched once with Basic; an answer of 200 that is no JSON is
// no success, and is tried again after 30 s.
func TestDelivery(t *testing.T) {
	t.Parallel()
	w := open(t)
	hooks := &receiver{came: make(chan struct{}, 100)}
	server := httptest.NewServer(hooks)
	t.Cleanup(server.Close)
	for name, path := range map[string]string{"onboarding.status": "/status", "session.succeeded": "/succeeded", "session.started": "/started"} {
		_, err := w.CreateEndpoint(t.Context(), w.House.Tenant.ID, usher.Endpoint{
			URL: server.URL + path, Dialect: incode.Name, Names: []string{name}, Headers: map[string]string{"X-Own": "yes"},
			Auth: usher.EndpointAuth{Type: "oauth2", TokenURL: server.URL + "/token", ClientID: "hook", ClientSecret: "s3cret"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := w.Endpoints(t.Context(), w.House.Tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if !strings.HasPrefix(e.URL, server.URL) {
			if err := w.DeleteEndpoint(t.Context(), w.House.Tenant.ID, e.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.by(t, w.House.Tenant).start(object{"externalCustomerId": "cust-1"})
	sessions, err := w.ListSessions(t.Context(), w.House.Tenant.ID, usher.SessionFilter{})
	if err != nil || len(sessions.Items) != 1 {
		t.Fatalf("%d sessions, %v", len(sessions.Items), err)
	}
	if _, err := w.House.Simulate(t.Context(), w.client, sessions.Items[0].ID, "submit"); err != nil {
		t.Fatal(err)
	}
	w.Settle()

	clock := &movable{now: w.Now()}
	sender, err := webhook.New(webhook.Config{
		Outbox: w.Engine, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}), Policies: map[string]webhook.Policy{incode.Name: webhook.Policy(w.Delivery)},
		Now: clock.Now, Rand: func() float64 { return 0.5 },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sender.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	const tries = 7 // four statuses and two session webhooks, the last of them twice
	for got := 0; got < tries; {
		select {
		case <-hooks.came:
			got++
		case <-time.After(100 * time.Millisecond):
			clock.add(31 * time.Second) // nothing is due any more but what failed
			sender.Wake()
		case <-t.Context().Done():
			t.Fatalf("%d webhooks came: %q", got, hooks.seen())
		}
	}
	got := hooks.seen()
	slices.Sort(got)
	want := []string{
		"/started SESSION_STARTED", "/status FACE_VALIDATION_FINISHED", "/status ID_VALIDATION_FINISHED", "/status ONBOARDING_FINISHED",
		"/status POST_PROCESSING_FINISHED", "/succeeded SESSION_SUCCEEDED", "/succeeded SESSION_SUCCEEDED",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(hooks.wrong) > 0 {
		t.Errorf("wrong: %q", hooks.wrong)
	}
}

// movable is a clock.
type movable struct {
	mu  sync.Mutex
	now time.Time
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *movable) add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// byName gives the bodies of the messages of one name.
func byName(t *testing.T, all []usher.Message, name string) []object {
	t.Helper()
	var bodies []object
	for _, m := range all {
		if m.Event == name {
			var body object
			if err := json.Unmarshal(m.Body, &body); err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, body)
		}
	}
	return bodies
}

// The recording of a video selfie is told of when it is there.
func TestVideoSelfie(t *testing.T) {
	t.Parallel()
	w := open(t)
	_, id := w.by(t, w.House.Tenant).start(nil)
	s, err := w.SessionByKey(t.Context(), w.House.Tenant.ID, incode.Name, id)
	if err != nil {
		t.Fatal(err)
	}
	n := usher.NewEvidence{Kind: usher.SelfieVideo, Source: usher.FromCamera, ContentType: "video/webm", By: usher.Actor{Kind: usher.ByApplicant}}
	if _, _, err := w.AddEvidence(t.Context(), w.House.Tenant.ID, s.ID, n, strings.NewReader("video")); err != nil {
		t.Fatal(err)
	}
	got := byName(t, w.Messages(w.House.Tenant.ID), "videoselfie.upload")
	told := w.told[w.House.Tenant.ID]
	if len(got) != 1 || len(got[0]) != 3 || got[0]["interviewId"] != id || got[0]["clientId"] != told["client_id"] || got[0]["flowId"] != told["configuration_id"] {
		t.Errorf("webhooks %v", got)
	}
	score := w.by(t, w.House.Tenant).executive(w.House.Tenant).call("GET", "/omni/get/score?id="+id, nil, http.StatusOK)
	if got := score["videoConference"].(map[string]any)["videoFileIsPresent"].(map[string]any)["status"]; got != "OK" {
		t.Errorf("the score of the video is %v", got)
	}
}

// Session Progress and Identity Enrolled are sent to who asks for them by name.
func TestOptionalWebhooks(t *testing.T) {
	t.Parallel()
	w := open(t)
	_, err := w.CreateEndpoint(t.Context(), w.House.Tenant.ID, usher.Endpoint{
		URL: "https://client.example/optional", Dialect: incode.Name, Names: []string{"session.progress", "identity.enrolled"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, id := w.by(t, w.House.Tenant).start(object{"customFields": object{"simulate": "OK"}})
	s, err := w.SessionByKey(t.Context(), w.House.Tenant.ID, incode.Name, id)
	if err != nil {
		t.Fatal(err)
	}
	by := usher.Actor{Kind: usher.ByApplicant}
	for range 2 {
		if _, err := w.Do(t.Context(), w.House.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdOpen, By: by}); err != nil {
			t.Fatal(err)
		}
		w.Advance(2 * time.Hour)
	}
	c.call("GET", "/omni/finish-status", nil, http.StatusOK)
	all := w.Messages(w.House.Tenant.ID)
	if got := byName(t, all, "session.progress"); len(got) == 0 || got[0]["eventType"] != "SESSION_PROGRESS" {
		t.Errorf("progress: %v", got)
	}
	if got := byName(t, all, "identity.enrolled"); len(got) != 1 || got[0]["identityId"] != s.ApplicantID {
		t.Errorf("identity: %v", got)
	}
}

// screened asks for a name, since there is nothing else to screen.
const screened = `name: screened
steps:
  - document: {accept: [passport]}
  - run: {checks: [watchlist], early: true}
  - decide: {automatic: approve}
`

// lister is a watchlist check that finds one hit.
type lister struct{}

func (lister) Kind() usher.CheckKind { return usher.CheckWatchlist }

func (lister) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{Outcome: usher.Consider, Assurance: usher.Verified, Provider: "test", Screening: &usher.Screening{
		Algorithm: "test/1", Hits: []usher.Hit{hit()},
	}}, nil
}

func hit() usher.Hit {
	return usher.Hit{
		Key: "un/QDi.001", Record: "r1", List: "un", Kind: "person", Name: "Ana Lopez", Subject: "Anna Lopez", Score: 0.91, NameScore: 0.91, Match: true,
		Facts: []usher.HitFact{{Name: "birth date", Value: "1970"}},
	}
}

// Screen finds the same hit for anybody.
func (lister) Screen(_ context.Context, _ string, subjects []usher.Subject, _ usher.ScreenOptions) (usher.ScreenResult, error) {
	if len(subjects) != 1 || subjects[0].Name != "Anna Lopez" || subjects[0].BirthDate != "1970" {
		return usher.ScreenResult{}, usher.Invalid("name", "is not the one that was asked for: %+v", subjects)
	}
	return usher.ScreenResult{Hits: [][]usher.Hit{{hit()}}}, nil
}

func (lister) Watchlists(context.Context) ([]usher.ListVersion, error) { return nil, nil }

// data gives the data of a watchlist answer.
func data(o object) object { return o["content"].(map[string]any)["data"].(map[string]any) }

func TestWatchlists(t *testing.T) {
	t.Parallel()
	w := openOn(t, enginetest.Config{Checkers: []usher.Checker{lister{}}})
	w.backend.Screener = lister{}
	w.serve(t)
	tenant := w.House.Tenant
	w.Publish(tenant.ID, screened)
	c, id := w.by(t, tenant).start(object{"configurationId": incode.ConfigurationID(tenant.ID, "screened")})
	c.call("POST", "/omni/process/global-watchlist", nil, http.StatusBadRequest)
	c.call("POST", "/omni/add/front-id/v2", object{"base64Image": picture}, http.StatusOK)
	c.call("POST", "/omni/process/id", nil, http.StatusOK)
	found := data(c.call("POST", "/omni/process/global-watchlist", nil, http.StatusOK))
	doc := found["hits"].([]any)[0].(map[string]any)["doc"].(map[string]any)
	if found["matchStatus"] != "potential_match" || found["totalHits"] != 1.0 || found["searchTerm"] != "Anna Lopez" || doc["name"] != "Ana Lopez" {
		t.Errorf("found %v", found)
	}

	// Monitoring finds news of an approved person; the webhook's ref asks for the newest result.
	e := c.executive(tenant)
	e.call("GET", "/omni/finish-status?id="+id, nil, http.StatusOK)
	e.call("POST", "/omni/process/approve?interviewId="+id, nil, http.StatusOK)
	s, err := w.SessionByKey(t.Context(), tenant.ID, incode.Name, id)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := w.LatestScreening(t.Context(), tenant.ID, s.ApplicantID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Do(t.Context(), tenant.ID, s.ID, usher.Command{
		Kind: usher.CmdHits, By: usher.Actor{Kind: usher.BySystem}, Hits: &usher.HitChange{Screening: newest.ID, New: []string{"un/QDi.001"}, Open: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	hooks := byName(t, w.Messages(tenant.ID), "global.watchlist")
	if len(hooks) != 1 || len(hooks[0]) != 3 || hooks[0]["interviewId"] != id {
		t.Fatalf("webhooks %v", hooks)
	}
	ref := hooks[0]["ref"].(string)
	for _, by := range []caller{c, e, c.with("x-api-key", "")} {
		path := "/0/omni/updated-watchlist-result?ref=" + ref
		got := data(by.call("GET", path, nil, http.StatusOK))
		if fmt.Sprintf("%.0f", got["id"]) != hooks[0]["search_id"] || got["ref"] != ref {
			t.Errorf("the webhook says %v, the result %v", hooks[0], got)
		}
		by.call("GET", path+"x", nil, http.StatusNotFound)
	}
	e.call("GET", "/omni/updated-watchlist-result?ref="+ref+"&id="+id, nil, http.StatusOK)
	e.call("GET", "/omni/updated-watchlist-result?ref="+ref+"&id=660b2f6e9d1c4a0013ef5678", nil, http.StatusNotFound)
	e.call("GET", "/omni/updated-watchlist-result", nil, http.StatusBadRequest)
	w.by(t, w.Other).executive(w.Other).call("GET", "/omni/updated-watchlist-result?ref="+ref, nil, http.StatusNotFound)
	other, _ := w.by(t, tenant).start(nil)
	other.call("GET", "/omni/updated-watchlist-result?ref="+ref, nil, http.StatusNotFound)

	// A reviewer clears the hit: it is told as a false one from then on.
	reviewer := usher.Actor{Kind: usher.ByStaff, ID: "r", Role: usher.RoleSenior}
	if _, err := w.JudgeHit(t.Context(), tenant.ID, s.ApplicantID, "un/QDi.001", usher.HitCleared, "somebody else", time.Time{}, reviewer); err != nil {
		t.Fatal(err)
	}
	if got := data(e.call("GET", "/omni/updated-watchlist-result?ref="+ref, nil, http.StatusOK)); got["matchStatus"] != "false_positive" {
		t.Errorf("a cleared hit is %v", got["matchStatus"])
	}

	// A name alone: nothing of it is stored.
	loose := data(c.call("POST", "/omni/watchlist-result", object{"firstName": "Anna", "surName": "Lopez", "birthYear": 1970.0, "fuzziness": 0.1}, http.StatusOK))
	if loose["ref"] != nil || loose["id"] != nil || loose["totalMatches"] != 1.0 {
		t.Errorf("found %v", loose)
	}
	w.backend.Screener = nil
	w.serve(t)
	c.w = w
	c.call("POST", "/omni/watchlist-result", object{"firstName": "Anna"}, http.StatusNotFound)
}
