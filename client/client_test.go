package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/usher-kyc/usher/client"
)

var astrid = client.NewApplicant{FirstName: "Astrid", LastName: "Lindqvist", DateOfBirth: "1991-12-06", Reference: "r1"}

const jpeg = "\xff\xd8\xff\xe0 a picture"

func TestOwnCollection(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	s, err := h.client.StartSession(ctx, client.NewSession{Applicant: &astrid})
	if err != nil || s.URL == "" || s.Token == "" {
		t.Fatalf("%+v %v", s, err)
	}
	for _, kind := range []string{"document_front", "selfie"} {
		if _, err := h.client.AddEvidence(ctx, s.ID, kind, strings.NewReader(jpeg)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := h.client.Evidence(ctx, s.ID)
	if err != nil || len(files) != 2 {
		t.Fatalf("%+v %v", files, err)
	}
	if got, err := h.client.EvidenceContent(ctx, s.ID, files[0].ID); err != nil || string(got) != jpeg {
		t.Errorf("%q %v", got, err)
	}
	if _, err := h.client.Submit(ctx, s.ID, client.Submission{Consent: &client.Consent{Face: true}, Document: &client.Document{Type: "passport"}}); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	if s, err = h.client.Session(ctx, s.ID); err != nil || s.State != client.Approved || !s.Account.Opened || s.DecidedAt.IsZero() {
		t.Errorf("%+v %v", s, err)
	}
	checks, err := h.client.Checks(ctx, s.ID)
	if err != nil || len(checks) != 2 || checks[0].Outcome != "clear" {
		t.Errorf("%+v %v", checks, err)
	}
	if s, err = h.client.Overturn(ctx, s.ID, client.Verdict{Reasons: []client.Reason{{Code: "policy"}}}); err != nil || s.State != client.Rejected {
		t.Errorf("%+v %v", s, err)
	}
	report, err := h.client.Report(ctx, s.ID)
	if err != nil || !json.Valid(report) || !bytes.Contains(report, []byte("Lindqvist")) {
		t.Errorf("%s %v", report, err)
	}
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	begin := func() client.Session {
		s, err := h.client.StartSession(ctx, client.NewSession{Applicant: &astrid})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = h.client.Simulate(ctx, s.ID, "submit_review"); err != nil || s.State != client.InReview {
			t.Fatalf("%+v %v", s, err)
		}
		return s
	}
	why := []client.Reason{{Code: "document_blurred", Step: "document"}}
	s := begin()
	if _, err := h.client.Approve(ctx, s.ID, client.Verdict{IfVersion: 1}); !client.IsConflict(err) {
		t.Errorf("an old version was decided on: %v", err)
	}
	if s, err := h.client.RequestAgain(ctx, s.ID, client.Verdict{Steps: []string{"document"}, Reasons: why}); err != nil || s.NextAction != "redo" {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := h.client.ReissueLink(ctx, s.ID); err != nil || s.URL == "" {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := h.client.Cancel(ctx, s.ID); err != nil || s.State != client.Cancelled {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := h.client.Approve(ctx, begin().ID, client.Verdict{}); err != nil || s.State != client.Approved {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := h.client.Reject(ctx, begin().ID, client.Verdict{Reasons: why}); err != nil || s.Reasons[0].Message == "" {
		t.Errorf("%+v %v", s, err)
	}
	seen := 0
	for s, err := range h.client.Sessions(ctx, client.SessionFilter{State: client.Approved}) {
		if err != nil || s.State != client.Approved {
			t.Fatalf("%+v %v", s, err)
		}
		seen++
	}
	if seen != 1 {
		t.Errorf("%d approved sessions", seen)
	}
}

func TestApplicantsAndEndpoints(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	a, err := h.client.CreateApplicant(ctx, astrid)
	if err != nil {
		t.Fatal(err)
	}
	for found, err := range h.client.Applicants(ctx, client.ApplicantFilter{Reference: "r1"}) {
		if err != nil || found.ID != a.ID || found.LastName != "Lindqvist" {
			t.Errorf("%+v %v", found, err)
		}
	}
	if a, err = h.client.EraseApplicant(ctx, a.ID); err != nil || !a.Erased || a.LastName != "" {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := h.client.Applicant(ctx, "nobody"); !client.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	e, err := h.client.CreateEndpoint(ctx, client.NewEndpoint{URL: "https://client.example/hook"})
	if err != nil || !strings.HasPrefix(e.Secret, "whsec_") {
		t.Fatalf("%+v %v", e, err)
	}
	if again, err := h.client.RotateSecret(ctx, e.ID); err != nil || again.Secret == e.Secret {
		t.Errorf("%+v %v", again, err)
	}
	if list, err := h.client.Endpoints(ctx); err != nil || len(list) != 1 || list[0].Secret != "" {
		t.Errorf("%+v %v", list, err)
	}
	if err := h.client.DeleteEndpoint(ctx, e.ID); err != nil {
		t.Error(err)
	}
}

// TestAnswersThatGetLost serves requests whose answers do not arrive: each is sent again and has one effect.
func TestAnswersThatGetLost(t *testing.T) {
	t.Parallel()
	h := open(t)
	var lost atomic.Int64
	h.meddle = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Idempotency-Key") != "" && lost.Add(1)%2 == 1 {
				next.ServeHTTP(deaf{}, r)
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	}
	if _, err := h.client.CreateApplicant(t.Context(), astrid); err != nil {
		t.Fatal(err)
	}
	ctx := client.WithKey(t.Context(), "my-own-key")
	first, err := h.client.StartSession(ctx, client.NewSession{Applicant: &astrid})
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.client.StartSession(ctx, client.NewSession{Applicant: &astrid})
	if err != nil || second.ID != first.ID {
		t.Errorf("%s and %s, %v", first.ID, second.ID, err)
	}
	count := 0
	for _, err := range h.client.Applicants(t.Context(), client.ApplicantFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 2 {
		t.Errorf("%d applicants were made", count)
	}
}

// deaf hears no answer.
type deaf struct{}

func (deaf) Header() http.Header         { return http.Header{} }
func (deaf) Write(b []byte) (int, error) { return len(b), nil }
func (deaf) WriteHeader(int)             {}

func TestServerInTrouble(t *testing.T) {
	t.Parallel()
	h := open(t)
	var calls atomic.Int64
	h.meddle = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/oauth/token" {
				next.ServeHTTP(w, r)
				return
			}
			switch calls.Add(1) {
			case 1:
				w.WriteHeader(http.StatusBadGateway) // of a proxy, without words
			case 2:
				r.Header.Set("Authorization", "Bearer revoked")
				next.ServeHTTP(w, r)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
	if _, err := h.client.CreateApplicant(t.Context(), astrid); err != nil {
		t.Error(err)
	}
	if calls.Load() != 3 {
		t.Errorf("%d calls", calls.Load())
	}
	calls.Store(0)
	h.client.Tries = 1
	if _, err := h.client.CreateApplicant(t.Context(), astrid); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("got %v", err)
	}
	wrong := &client.Client{BaseURL: h.server.URL, ID: h.client.ID, Secret: "wrong"}
	if _, err := wrong.Endpoints(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "401") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.client.Endpoints(ctx); err == nil {
		t.Error("a cancelled call went through")
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	const other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	now := time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
	body := []byte(`{"id":"evt_1","type":"session.approved","sequence":9}`)
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign("msg_1", now, body)
	if err != nil {
		t.Fatal(err)
	}
	header := func(changes ...string) http.Header {
		h := http.Header{}
		h.Set("webhook-id", "msg_1")
		h.Set("webhook-timestamp", "1772442900")
		h.Set("webhook-signature", signature)
		for i := 0; i < len(changes); i += 2 {
			h.Set(changes[i], changes[i+1])
		}
		return h
	}
	for _, c := range []struct {
		name    string
		header  http.Header
		body    string
		now     time.Time
		secrets []string
		ok      bool
	}{
		{"as sent", header(), string(body), now, []string{secret}, true},
		{"a little late", header(), string(body), now.Add(4 * time.Minute), []string{secret}, true},
		{"while secrets change", header(), string(body), now, []string{other, secret}, true},
		{"several signatures", header("webhook-signature", "v1a,xxxx v1,bm90IGl0 "+signature), string(body), now, []string{secret}, true},
		{"changed", header(), strings.Replace(string(body), "approved", "rejected", 1), now, []string{secret}, false},
		{"other id", header("webhook-id", "msg_2"), string(body), now, []string{secret}, false},
		{"old", header(), string(body), now.Add(6 * time.Minute), []string{secret}, false},
		{"from the future", header(), string(body), now.Add(-6 * time.Minute), []string{secret}, false},
		{"other secret", header(), string(body), now, []string{other}, false},
		{"no secret", header(), string(body), now, nil, false},
		{"empty secret", header(), string(body), now, []string{"whsec_"}, false},
		{"no signature", header("webhook-signature", ""), string(body), now, []string{secret}, false},
		{"no time", header("webhook-timestamp", ""), string(body), now, []string{secret}, false},
		{"no id", header("webhook-id", ""), string(body), now, []string{secret}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := client.Verify(c.header, []byte(c.body), c.now, c.secrets...)
			if (err == nil) != c.ok {
				t.Errorf("got %v, want ok=%v", err, c.ok)
			}
			if c.ok && (e.ID != "evt_1" || e.Sequence != 9) {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("msg_1", "1772442900", "v1,abcd", []byte(`{}`), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	f.Fuzz(func(t *testing.T, id, at, signature string, body []byte, secret string) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {at}, "Webhook-Signature": {signature}}
		if e, err := client.Verify(h, body, time.Unix(1772442900, 0), secret); err == nil {
			t.Fatalf("what nobody signed was believed: %+v", e)
		}
	})
}
