package outside_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	outside "github.com/usher-kyc/usher/internal/check/http"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/webhook"
)

// asking is as much of a request as a provider needs.
type asking struct {
	Key         string `json:"key"`
	Round       int    `json:"round"`
	CallbackURL string `json:"callback_url"`
	Evidence    []link `json:"evidence"`
	Enrolled    []link `json:"enrolled"`
}

type link struct {
	ID, Kind, URL, SHA256 string
}

// scene is a whole server with one provider outside of it.
type scene struct {
	*enginetest.House
	base string // of the callbacks
	log  *syncBuffer

	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []asking
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func accept(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }

// open starts a server whose registry and face_login checks are done outside, and answered with answer. With a wait of less than the usual hour
// time passes by itself.
func open(t *testing.T, answer http.HandlerFunc, wait ...time.Duration) *scene {
	t.Helper()
	wait = append(wait, 0)
	s := &scene{answer: answer, log: &syncBuffer{}}
	var routes http.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { routes.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	s.base = front.URL + "/callback"
	there := provider(t, func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || webhook.Verify(r.Header, raw, []string{secret}, time.Now()) != nil {
			t.Errorf("a request that is not signed: %v", err)
		}
		var a asking
		if err := json.Unmarshal(raw, &a); err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.asked = append(s.asked, a)
		answer := s.answer
		s.mu.Unlock()
		answer(w, r)
	})
	now := func() time.Time { return s.Now() }
	o, err := outside.New(outside.Config{
		Providers: []outside.Provider{
			{Kind: usher.CheckRegistry, URL: there, Secrets: []string{secret}}, {Kind: usher.CheckFaceLogin, URL: there, Secrets: []string{secret}},
		},
		Wait: wait[0], Base: s.base, Stamps: api.Stamps{Key: bytes.Repeat([]byte{2}, 32), Now: now}, Sign: webhook.Sign, Verify: webhook.Verify,
		Client: webhook.NewClient(webhook.ClientConfig{Dev: true}),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.House = enginetest.Open(t, enginetest.Config{Checkers: o.Checkers(), RealTime: wait[0] > 0})
	logged := api.Front{Log: slog.New(slog.NewTextHandler(s.log, nil)), Open: func(*http.Request) bool { return true }}
	routes = http.StripPrefix("/callback", logged.Handler(o.Routes(s.Service, s.Engine)))
	for _, tenant := range []usher.Tenant{s.Tenant, s.Live} {
		s.Publish(tenant.ID, registered)
		s.Publish(tenant.ID, faceLogin)
		s.Publish(tenant.ID, enrol)
	}
	return s
}

const (
	registered = `name: registered
steps:
  - details: {ask: [name, date_of_birth]}
  - run: [registry]
  - decide: {automatic: approve, on_reject: reject}
`
	faceLogin = `name: face_login
purpose: face_login
steps:
  - selfie
  - run: [face_login]
  - decide: {automatic: approve, on_reject: reject}
`
	enrol = `name: enrol
steps:
  - details: {ask: [name, date_of_birth]}
  - selfie
  - run: [registry]
  - decide: {automatic: approve}
`
)

func (s *scene) requests() []asking {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asking(nil), s.asked...)
}

// begin sends somebody through the flow to where the provider has been asked.
func (s *scene) begin(t *testing.T, tenant usher.Tenant, n usher.NewSession, pictures ...usher.EvidenceKind) usher.Session {
	t.Helper()
	c := s.Client(tenant, "native")
	if n.ApplicantID == "" {
		n.Applicant = &usher.NewApplicant{Details: usher.Details{FirstName: "Anna", LastName: planted, DateOfBirth: "1990-01-01"}}
	}
	v, _, err := s.StartSession(t.Context(), c, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range pictures {
		picture := usher.NewEvidence{Kind: kind, Source: usher.FromClient, ContentType: "image/jpeg"}
		if _, _, err := s.AddEvidence(t.Context(), tenant.ID, v.ID, picture, strings.NewReader("picture of "+v.ID)); err != nil {
			t.Fatal(err)
		}
	}
	return s.do(t, v, usher.Command{Kind: usher.CmdSubmit})
}

func (s *scene) do(t *testing.T, v usher.Session, c usher.Command) usher.Session {
	t.Helper()
	c.By = usher.Actor{Kind: usher.ByClient, ID: "client-native"}
	if _, err := s.Do(t.Context(), v.TenantID, v.ID, c); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	return s.now(t, v)
}

func (s *scene) now(t *testing.T, v usher.Session) usher.Session {
	t.Helper()
	v, err := s.Session(t.Context(), v.TenantID, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// call sends a callback signed with a secret and gives status and body of the answer.
func call(t *testing.T, url, body, with string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if with != "" {
		if err := webhook.Sign(req.Header, "msg-1", time.Now(), []byte(body), []string{with}); err != nil {
			t.Fatal(err)
		}
	}
	return send(t, req)
}

func send(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, clear) })
	v := s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	if v.State != usher.Approved {
		t.Errorf("%s, %+v", v.State, v.Checks()[0].Outcome)
	}
}

func TestProviderIsDown(t *testing.T) {
	t.Parallel()
	s := open(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	v := s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	if v.State != usher.InReview || v.Checks()[0].Outcome != usher.Unavailable || v.Reasons[0].Code != usher.CheckUnavailable {
		t.Errorf("%s, %v", v.State, v.Reasons)
	}
	asked := s.requests()
	if len(asked) < 2 || asked[0].Key != asked[len(asked)-1].Key || asked[0].CallbackURL != asked[len(asked)-1].CallbackURL {
		t.Errorf("asked %d times, not the same each time", len(asked))
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	s := open(t, accept)
	v := s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	if v.State != usher.Submitted || v.Checks()[0].Outcome != "" {
		t.Fatalf("%s, %q", v.State, v.Checks()[0].Outcome)
	}
	url := s.requests()[0].CallbackURL
	const mismatch = `{"outcome":"reject","assurance":"verified","examined":["register"],"reasons":[{"code":"registry_mismatch"}]}`
	for name, tt := range map[string]struct {
		url, body, secret string
		status            int
		says              string
	}{
		"not signed":           {url, clear, "", http.StatusUnauthorized, "header"},
		"signed by another":    {url, clear, "whsec_YW5vdGhlci1wcm92aWRlci1mb3ItdGVzdHM=", http.StatusUnauthorized, "no signature matches"},
		"a token made up":      {s.base + "/checks/abc", clear, secret, http.StatusUnauthorized, "not known"},
		"another's token":      {strings.Replace(url, "/checks/", "/evidence/", 1), clear, secret, http.StatusMethodNotAllowed, ""},
		"a lie":                {url, `{"outcome":"clear","assurance":"simulated","examined":["a"]}`, secret, http.StatusUnprocessableEntity, "assurance"},
		"a misspelt member":    {url, `{"outcom":"clear"}`, secret, http.StatusUnprocessableEntity, "outcom"},
		"a score beyond reach": {url, `{"outcome":"clear","assurance":"verified","examined":["a"],"score":1e999}`, secret, http.StatusUnprocessableEntity, "score"},
		"huge":                 {url, `{"version":"` + strings.Repeat("x", 1<<20) + `"}`, secret, http.StatusRequestEntityTooLarge, ""},
	} {
		if status, body := call(t, tt.url, tt.body, tt.secret); status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if got := s.now(t, v); got.Version != v.Version {
		t.Fatal("a callback that was refused changed the session")
	}
	if status, body := call(t, url, mismatch, secret); status != http.StatusOK || !strings.Contains(body, `"recorded"`) {
		t.Fatalf("%d %s", status, body)
	}
	got := s.now(t, v)
	r := got.Checks()[0]
	if got.State != usher.Rejected || r.Provider != "http:127.0.0.1" || r.Outcome != usher.Refuse || r.DurationMS <= 0 {
		t.Errorf("%s, %s by %s after %d ms", got.State, r.Outcome, r.Provider, r.DurationMS)
	}
	// The same again, and another word after the decision.
	for _, body := range []string{mismatch, clear} {
		if status, said := call(t, url, body, secret); status != http.StatusOK || !strings.Contains(said, `"ignored"`) {
			t.Errorf("%d %s", status, said)
		}
	}
	if late := s.now(t, v); late.Version != got.Version || late.State != usher.Rejected {
		t.Error("a late callback changed the session")
	}
	s.Settle() // the job that waited finds nothing left to do
	if log := s.log.String(); strings.Contains(log, planted) || strings.Contains(log, "eyJ") || !strings.Contains(log, "/checks/{token}") {
		t.Errorf("the log tells too much, or nothing:\n%s", log)
	}
}

// TestCallbackOfAnEarlierRound holds that what was asked about pictures which were replaced counts no more.
func TestCallbackOfAnEarlierRound(t *testing.T) {
	t.Parallel()
	s := open(t, accept)
	v := s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	v = s.do(t, v, usher.Command{
		Kind: usher.CmdAskAgain, Steps: []string{"details"}, Reasons: []usher.Reason{{Code: usher.NameMismatch}},
	})
	v = s.do(t, v, usher.Command{Kind: usher.CmdSubmit, Details: &usher.Details{FirstName: "Anne"}})
	asked := s.requests()
	first, second := asked[0], asked[len(asked)-1]
	if first.Round != 1 || second.Round != 2 || first.Key == second.Key {
		t.Fatalf("rounds %d and %d", first.Round, second.Round)
	}
	if status, body := call(t, first.CallbackURL, clear, secret); status != http.StatusOK || !strings.Contains(body, `"ignored"`) {
		t.Errorf("%d %s", status, body)
	}
	if got := s.now(t, v); got.State != usher.Submitted {
		t.Errorf("%s", got.State)
	}
	if _, body := call(t, second.CallbackURL, clear, secret); !strings.Contains(body, `"recorded"`) || s.now(t, v).State != usher.Approved {
		t.Errorf("%s, %s", body, s.now(t, v).State)
	}
}

// TestNobodyCallsBack holds that a provider is asked once more when its time is over, and that a reviewer looks when it has still nothing to say.
func TestNobodyCallsBack(t *testing.T) {
	t.Parallel()
	s := open(t, accept, 200*time.Millisecond)
	v := s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	if v.State != usher.InReview || v.Checks()[0].Outcome != usher.Unavailable || v.Checks()[0].Provider != "http:127.0.0.1" {
		t.Errorf("%s, %s", v.State, v.Checks()[0].Outcome)
	}
	if n := len(s.requests()); n > 2 { // once where the first request took as long as the wait
		t.Errorf("asked %d times", n)
	}
}

func TestCallbackTooLate(t *testing.T) {
	t.Parallel()
	s := open(t, accept)
	s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	url := s.requests()[0].CallbackURL
	s.Advance(2 * time.Hour)
	if status, body := call(t, url, clear, secret); status != http.StatusGone {
		t.Errorf("%d %s", status, body)
	}
}

func TestCallbackAboutAnErasedApplicant(t *testing.T) {
	t.Parallel()
	s := open(t, accept)
	v := s.begin(t, s.Live, usher.NewSession{Flow: "registered"})
	if _, err := s.EraseApplicant(t.Context(), v.TenantID, v.ApplicantID, usher.Actor{Kind: usher.ByClient}); err != nil {
		t.Fatal(err)
	}
	if status, body := call(t, s.requests()[0].CallbackURL, clear, secret); status != http.StatusGone {
		t.Errorf("%d %s", status, body)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, req)
}

// TestFaceLogin walks a known person: the provider is sent the new selfie and the one of the approved onboarding, by links that work, and the
// client is told how it ended.
func TestFaceLogin(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		state  usher.State
	}{
		"the same person": {`{"outcome":"clear","score":0.97,"assurance":"verified","examined":["faces"]}`, usher.Approved},
		"another": {
			`{"outcome":"reject","score":0.02,"assurance":"verified","examined":["faces"],"reasons":[{"code":"face_differs"}]}`, usher.Rejected,
		},
		"perhaps": {
			`{"outcome":"consider","score":0.5,"assurance":"assisted","examined":["faces"],"reasons":[{"code":"face_too_small"}]}`, usher.InReview,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, clear) })
			first := s.begin(t, s.Live, usher.NewSession{Flow: "enrol"}, usher.Selfie)
			if first.State != usher.Approved {
				t.Fatalf("%s", first.State)
			}
			s.mu.Lock()
			s.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.answer) }
			s.mu.Unlock()
			v := s.begin(t, s.Live, usher.NewSession{Flow: "face_login", ApplicantID: first.ApplicantID}, usher.Selfie)
			if v.State != tt.state {
				t.Errorf("%s", v.State)
			}
			asked := s.requests()
			sent := asked[len(asked)-1]
			if len(sent.Evidence) != 1 || len(sent.Enrolled) != 1 || sent.Evidence[0].ID == sent.Enrolled[0].ID {
				t.Fatalf("sent %+v", sent)
			}
			for url, want := range map[string]string{sent.Evidence[0].URL: v.ID, sent.Enrolled[0].URL: first.ID} {
				if status, body := get(t, url); status != http.StatusOK || body != "picture of "+want {
					t.Errorf("%d %q", status, body)
				}
			}
			s.told(t, v, tt.state)
			trail, err := s.Records(t.Context(), v.TenantID, sent.Enrolled[0].ID, usher.Paging{})
			if err != nil || len(trail.Items) != 1 || trail.Items[0].Action != "evidence.sent" || trail.Items[0].Actor.ID != "check face_login" {
				t.Errorf("trail %+v, %v", trail.Items, err)
			}
			s.Advance(2 * time.Hour)
			if status, _ := get(t, sent.Evidence[0].URL); status != http.StatusGone {
				t.Errorf("the link still answers %d", status)
			}
		})
	}
}

// told checks that face.authenticated was told once, with the result.
func (s *scene) told(t *testing.T, v usher.Session, state usher.State) {
	t.Helper()
	page, err := s.ListEvents(t.Context(), v.TenantID, usher.EventFilter{SessionID: v.ID, Types: []usher.EventType{usher.FaceAuthenticated}})
	if err != nil || len(page.Items) != 1 || page.Items[0].Data.Result == nil {
		t.Fatalf("%d events, %v", len(page.Items), err)
	}
	want := map[usher.State]usher.Outcome{usher.Approved: usher.Clear, usher.Rejected: usher.Refuse, usher.InReview: usher.Consider}[state]
	if got := page.Items[0].Data.Result.Outcome; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestEvidenceIsForItsHolderOnly(t *testing.T) {
	t.Parallel()
	s := open(t, accept)
	stamps := api.Stamps{Key: bytes.Repeat([]byte{2}, 32), Now: s.Now}
	for name, token := range map[string]string{
		"made up":         "abc",
		"of a callback":   stamps.Stamp("check-callback", "t/s/e/face", s.Now().Add(time.Hour)),
		"of another key":  (api.Stamps{Key: bytes.Repeat([]byte{3}, 32)}).Stamp("check-evidence", "t/s/e/face", s.Now().Add(time.Hour)),
		"of nothing here": stamps.Stamp("check-evidence", "t/s/e/face", s.Now().Add(time.Hour)),
		"of another kind": stamps.Stamp("check-evidence", "t/s", s.Now().Add(time.Hour)),
	} {
		if status, _ := get(t, s.base+"/evidence/"+token); status != http.StatusUnauthorized && status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
}
