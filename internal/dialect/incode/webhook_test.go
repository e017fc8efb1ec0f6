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

// rendered gives the body of the one message of a name that an event is told by.
func (w world) rendered(t *testing.T, s usher.Session, e usher.Event, name string) object {
	t.Helper()
	all, err := w.Renderer.Render(usher.View{Session: &s}, e)
	if err != nil {
		t.Fatal(err)
	}
	bodies := byName(t, all, name)
	if len(bodies) != 1 {
		t.Fatalf("%d messages %s", len(bodies), name)
	}
	return bodies[0]
}

// The Mexican webhooks say what the provider of the check found, in the vendor's shapes, and nothing when it found nothing out.
func TestMexicanWebhooks(t *testing.T) {
	t.Parallel()
	w := open(t)
	s := usher.Session{ID: "s", Key: "660b2f6e9d1c4a0013ef5678"}
	event := func(kind usher.CheckKind, o usher.Outcome, fields map[string]string) usher.Event {
		return usher.Event{ID: "e", Type: usher.CheckCompleted, Data: usher.EventData{Result: &usher.CheckResult{Kind: kind, Outcome: o, Fields: fields}}}
	}
	work := event(usher.CheckWorkHistory, usher.Clear, map[string]string{
		"name": "Ana Lopez", "curp": "LOAA920517MDFPNN05", "apiKey": "k1", "discountedWeeks": "0", "listedWeeks": "96", "reinstatedWeeks": "0",
		"laborHistoryList": `[{"companyName":"EJEMPLO SA","state":"JALISCO","startingDate":"01/02/2022","endingDate":"30/06/2024","baseSalary":"$1200.5","companyIMSSId":"Y000000001"}]`,
	})
	want := `{"interviewId":"660b2f6e9d1c4a0013ef5678","requestId":"e","workHistory":{"apiKey":"k1","curp":"LOAA920517MDFPNN05","laborHistoryList":` +
		`[{"baseSalary":"$1200.5","companyIMSSId":"Y000000001","companyName":"EJEMPLO SA","endingDate":"30/06/2024","startingDate":"01/02/2022","state":"JALISCO"}],` +
		`"name":"Ana Lopez","quotedWeeks":{"discountedWeeks":0,"listedWeeks":96,"reinstatedWeeks":0}}}`
	if got := mustJSON(t, w.rendered(t, s, work, "work.history")); got != want {
		t.Errorf("work history:\n got %s\nwant %s", got, want)
	}
	payment := event(usher.CheckPaymentProof, usher.Consider, map[string]string{"rfcIssuer": "AAA010101AAA", "totalCfdi": "$100.00", "status": "Vigente"})
	body := w.rendered(t, s, payment, "payment.proof")
	if body["requestId"] != "e" || body["rfcIssuer"] != "AAA010101AAA" || body["totalCfdi"] != "$100.00" || body["issuerName"] != nil || len(body) != 14 {
		t.Errorf("payment proof: %v", body)
	}
	for _, kind := range []usher.CheckKind{usher.CheckWorkHistory, usher.CheckPaymentProof} {
		for _, o := range []usher.Outcome{usher.NotRun, usher.Unavailable} {
			if all, err := w.Renderer.Render(usher.View{Session: &s}, event(kind, o, nil)); err != nil || len(all) != 0 {
				t.Errorf("%s that is %s is told: %v, %v", kind, o, all, err)
			}
		}
	}
}

// A face authentication is told whatever its outcome; only true errors have the three members of an error.
func TestFaceAuthenticationWebhook(t *testing.T) {
	t.Parallel()
	w := open(t)
	s := usher.Session{ID: "s", TenantID: "t", Key: "660b2f6e9d1c4a0013ef5678", ApplicantID: "a", Purpose: usher.ForFaceLogin}
	for name, c := range map[string]struct {
		outcome usher.Outcome
		reason  usher.ReasonCode
		status  string
		code    any
	}{
		"the same person":     {usher.Clear, "", "PASS", nil},
		"somebody else":       {usher.Refuse, usher.FaceDiffers, "FAIL", 4015.0},
		"a spoof":             {usher.Refuse, usher.LivenessFailed, "FAIL", 4005.0},
		"nobody is enrolled":  {usher.NotRun, "", "FAIL", 4004.0},
		"glasses":             {usher.Consider, usher.FaceTooSmall, "FAIL", nil},
		"the provider is off": {usher.Unavailable, usher.CheckUnavailable, "FAIL", nil},
	} {
		r := usher.CheckResult{Kind: usher.CheckFaceLogin, Outcome: c.outcome, Score: 0.98}
		if c.reason != "" {
			r.Reasons = []usher.Reason{{Code: c.reason}}
		}
		body := w.rendered(t, s, usher.Event{Type: usher.FaceAuthenticated, At: w.Now(), Data: usher.EventData{Result: &r}}, "face.authentication")
		pass := c.status == "PASS"
		if body["overallStatus"] != c.status || body["faceMatch"] != pass || body["errorCode"] != c.code || (body["error"] == nil) != (c.code == nil) {
			t.Errorf("%s: %v", name, body)
		}
		if recognition := body["recognitionConfidence"].(map[string]any); (len(recognition) == 0) == pass || (body["overallScore"] == 0.98) != pass {
			t.Errorf("%s: %v", name, body)
		}
		if token, _ := body["interviewToken"].(string); (token != "") != pass || len(token) > 256 {
			t.Errorf("%s: token %q", name, token)
		}
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
