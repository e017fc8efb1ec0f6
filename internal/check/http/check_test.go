package outside_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	outside "github.com/usher-kyc/usher/internal/check/http"
	"github.com/usher-kyc/usher/internal/webhook"
)

const secret = "whsec_c2VjcmV0LW9mLWEtcHJvdmlkZXItZm9yLXRlc3Rz"

// planted is what no error may repeat.
const planted = "PLANTED-PERSON"

const clear = `{"outcome":"clear","score":0.9,"assurance":"verified","examined":["register"],"version":"7"}`

var asked = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// engineOf makes the one checker for a provider at an address.
func engineOf(t *testing.T, c outside.Config) usher.Checker {
	t.Helper()
	if c.Client == nil {
		c.Client = webhook.NewClient(webhook.ClientConfig{Dev: true, Timeout: 5 * time.Second})
	}
	c.Base, c.Sign, c.Verify = "https://api.example.test/callback", webhook.Sign, webhook.Verify
	c.Stamps = api.Stamps{Key: bytes.Repeat([]byte{1}, 32), Now: func() time.Time { return asked }}
	o, err := outside.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return o.Checkers()[0]
}

func provider(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// raw answers with bytes that need not be HTTP.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}

func register(url string) outside.Config {
	return outside.Config{Providers: []outside.Provider{{Kind: usher.CheckRegistry, URL: url, Secrets: []string{secret}}}}
}

func input() usher.CheckInput {
	picture := func(id string, kind usher.EvidenceKind) usher.EvidenceFile {
		return usher.EvidenceFile{
			Evidence: usher.Evidence{ID: id, Kind: kind, Size: 5, ContentType: "image/jpeg", SHA256: "ab", Source: usher.FromCamera, At: asked},
			Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("bytes")), nil },
		}
	}
	return usher.CheckInput{
		Session: usher.Session{ID: "s1", TenantID: "t1", ApplicantID: "a1", Purpose: usher.ForOnboarding},
		Details: usher.Details{FirstName: planted, LastName: planted, DateOfBirth: "1990-01-01"},
		Mode:    usher.Live, Now: asked.Add(time.Second), Step: "background", Round: 2, AskedAt: asked,
		Evidence:   []usher.EvidenceFile{picture("e1", usher.DocumentFront), picture("e2", usher.Selfie)},
		Enrolled:   []usher.EvidenceFile{picture("e0", usher.Selfie)},
		EnrolledIn: "s0",
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		header http.Header
		body   []byte
	}
	for name, tt := range map[string]struct {
		kind     usher.CheckKind
		inline   bool
		want     []string
		wantNone []string
	}{
		"details, no pictures": {
			kind: usher.CheckRegistry,
			want: []string{
				`"key":"t1/s1/background/2/registry"`, `"first_name":"` + planted, `"answer_by":"2026-03-02T10:00:00Z"`, `"mode":"live"`,
				`"callback_url":"https://api.example.test/callback/checks/`,
			},
			wantNone: []string{`"evidence"`, `"enrolled"`},
		},
		"pictures by link, no details": {
			kind: usher.CheckFace, want: []string{`"id":"e1"`, `"id":"e2"`, `"url":"https://api.example.test/callback/evidence/`, `"sha256":"ab"`},
			wantNone: []string{planted, `"data"`, `"enrolled"`},
		},
		"pictures in the request": {kind: usher.CheckFace, inline: true, want: []string{`"data":"Ynl0ZXM="`}, wantNone: []string{`"url"`}},
		"the enrolled selfie too": {
			kind: usher.CheckFaceLogin, want: []string{`"enrolled":[{"id":"e0","kind":"selfie"`, `"id":"e2"`}, wantNone: []string{planted, `"e1"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan seen, 2)
			url := provider(t, func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(r.Body)
				got <- seen{r.Header, raw}
				_, _ = io.WriteString(w, clear)
			})
			c := engineOf(t, outside.Config{
				Inline: tt.inline, Providers: []outside.Provider{{Kind: tt.kind, URL: url, Secrets: []string{secret}}},
			})
			for range 2 {
				if _, err := c.Check(t.Context(), input()); err != nil {
					t.Fatal(err)
				}
			}
			first, again := <-got, <-got
			if !bytes.Equal(first.body, again.body) || first.header.Get("Idempotency-Key") != again.header.Get("Idempotency-Key") {
				t.Error("asked again, the provider was sent something else")
			}
			if err := webhook.Verify(first.header, first.body, []string{secret}, time.Now()); err != nil {
				t.Error(err)
			}
			for _, part := range tt.want {
				if !bytes.Contains(first.body, []byte(part)) {
					t.Errorf("the request lacks %s:\n%s", part, first.body)
				}
			}
			for _, part := range tt.wantNone {
				if bytes.Contains(first.body, []byte(part)) {
					t.Errorf("the request has %s:\n%s", part, first.body)
				}
			}
		})
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	url := provider(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"outcome":"reject","score":0.1,"assurance":"assisted","version":"7","examined":["faces"],"not_examined":["liveness"],
			"reasons":[{"code":"face_differs","field":"selfie"}],"fields":{"number":"12"},
			"findings":[{"name":"similarity","read":"0.12","ok":false}]}`)
	})
	c := engineOf(t, outside.Config{Providers: []outside.Provider{{Kind: usher.CheckFace, URL: url, Secrets: []string{secret}}}})
	got, err := c.Check(t.Context(), input())
	want := usher.CheckResult{
		Kind: usher.CheckFace, Outcome: usher.Refuse, Score: 0.1, Assurance: usher.Assisted, Provider: "http:127.0.0.1", Version: "7",
		Examined: []string{"faces"}, NotExamined: []string{"liveness"}, Fields: map[string]string{"number": "12"},
		Reasons:     []usher.Reason{{Code: usher.FaceDiffers, Check: usher.CheckFace, Field: "selfie"}},
		Findings:    []usher.Finding{{Name: "similarity", Read: "0.12"}},
		EvidenceIDs: []string{"e1", "e2"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestAskedAgain lists what is no verdict: the engine asks again, and says unavailable in the end.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"500":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"400":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
		"moved elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) },
		"hangs up":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a huge answer": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"version":"`+strings.Repeat("x", 1<<20)+`"}`)
		},
		"no HTTP":      raw(planted + "\r\n\r\n"),
		"a bad status": raw("HTTP/1.1 " + planted + "\r\n\r\n"),
		"a bad header": raw("HTTP/1.1 200 OK\r\n" + planted + "\r\n\r\n"),
		"a bad length": raw("HTTP/1.1 200 OK\r\nContent-Length: " + planted + "\r\n\r\n"),
		"a bad chunk":  raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + planted + "\r\n"),
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<p>"+planted) },
		"another's shape": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"`+planted+`":1}`)
		},
		"a lie": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"outcome":"clear","assurance":"simulated","fields":{"name":"`+planted+`"}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := engineOf(t, register(provider(t, answer)+"/?key="+planted))
			r, err := c.Check(t.Context(), input())
			if err == nil || r.Outcome != "" || errors.As(err, new(*usher.Waiting)) {
				t.Errorf("%v, %v", r.Outcome, err)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), planted) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	t.Run("takes too long", func(t *testing.T) {
		t.Parallel()
		url := provider(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller hung up
			<-r.Context().Done()
		})
		c := register(url)
		c.Client = &http.Client{Timeout: 50 * time.Millisecond}
		if r, err := engineOf(t, c).Check(t.Context(), input()); err == nil {
			t.Errorf("outcome %q", r.Outcome)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		if r, err := engineOf(t, register(gone.URL+"/?key="+planted)).Check(t.Context(), input()); err == nil || strings.Contains(err.Error(), planted) {
			t.Errorf("outcome %q, %v", r.Outcome, err)
		}
	})
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after string
		now   time.Duration // since it was asked
		until time.Duration // 0: a result
	}{
		"until the deadline":         {"", time.Second, time.Hour},
		"asked to come again":        {"120", time.Second, time.Second + 2*time.Minute},
		"not too soon":               {"0", time.Second, 6 * time.Second},
		"never beyond the deadline":  {"7200", time.Second, time.Hour},
		"the wait is over":           {"", time.Hour, 0},
		"over, and asked once more":  {"60", 2 * time.Hour, 0},
		"a date is not looked into":  {"Mon, 02 Mar 2026 09:05:00 GMT", time.Second, time.Hour},
		"a made-up number of digits": {strings.Repeat("9", 30), time.Second, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := engineOf(t, register(provider(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				w.WriteHeader(http.StatusAccepted)
			})))
			in := input()
			in.Now = asked.Add(tt.now)
			r, err := c.Check(t.Context(), in)
			var w *usher.Waiting
			switch {
			case tt.until == 0 && (err != nil || r.Outcome != usher.Unavailable || r.Reasons[0].Code != usher.CheckUnavailable):
				t.Errorf("outcome %q, %v", r.Outcome, err)
			case tt.until > 0 && (!errors.As(err, &w) || !w.Until.Equal(asked.Add(tt.until))):
				t.Errorf("outcome %q, %v", r.Outcome, err)
			}
		})
	}
}

func TestNobodyIsAsked(t *testing.T) {
	t.Parallel()
	no := &usher.Consent{Face: false}
	for name, tt := range map[string]struct {
		kind   usher.CheckKind
		change func(*usher.CheckInput)
		reason usher.ReasonCode
	}{
		"no picture": {usher.CheckFace, func(in *usher.CheckInput) { in.Evidence = nil }, usher.FaceNotCompared},
		"faces are not to be looked at": {usher.CheckLiveness, func(in *usher.CheckInput) {
			in.Session.Steps = []usher.StepStatus{{Consent: no}}
		}, usher.LivenessNotTested},
		"nobody is enrolled": {usher.CheckFaceLogin, func(in *usher.CheckInput) { in.Enrolled = nil }, usher.FaceNotCompared},
		"no proof":           {usher.CheckProofOfAddress, func(*usher.CheckInput) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := provider(t, func(http.ResponseWriter, *http.Request) { t.Error("the provider was asked") })
			c := engineOf(t, outside.Config{Providers: []outside.Provider{{Kind: tt.kind, URL: url, Secrets: []string{secret}}}})
			in := input()
			tt.change(&in)
			r, err := c.Check(t.Context(), in)
			if err != nil || r.Outcome != usher.NotRun || r.Assurance != "" || r.Provider != "http:127.0.0.1" {
				t.Errorf("outcome %q, %v", r.Outcome, err)
			}
			if (tt.reason == "") != (len(r.Reasons) == 0) || (tt.reason != "" && r.Reasons[0].Code != tt.reason) {
				t.Errorf("reasons %v", r.Reasons)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	good := outside.Provider{Kind: usher.CheckRegistry, URL: "https://p.example", Secrets: []string{secret}}
	for name, list := range map[string][]outside.Provider{
		"unknown kind":   {{Kind: "horoscope", URL: good.URL, Secrets: good.Secrets}},
		"twice":          {good, good},
		"no address":     {{Kind: usher.CheckRegistry, URL: "p.example", Secrets: good.Secrets}},
		"no secret":      {{Kind: usher.CheckRegistry, URL: good.URL}},
		"a weak secret":  {{Kind: usher.CheckRegistry, URL: good.URL, Secrets: []string{"whsec_c2hvcnQ="}}},
		"one of two bad": {{Kind: usher.CheckRegistry, URL: good.URL, Secrets: []string{secret, "x"}}},
	} {
		c := outside.Config{Providers: list, Client: http.DefaultClient, Stamps: api.Stamps{}, Sign: webhook.Sign, Verify: webhook.Verify}
		if _, err := outside.New(c); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := outside.New(outside.Config{}); err == nil {
		t.Error("nothing at all was taken")
	}
}

// TestEveryKindIsToldWhatItNeeds holds that no kind is sent pictures it has no use for.
func TestEveryKindIsToldWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, kind := range usher.CheckKinds() {
		if outside.EvidenceFor(kind) == nil {
			t.Errorf("%s: nil would mean the default of the default", kind)
		}
		raw, _ := json.Marshal(outside.EvidenceFor(kind))
		if kind == usher.CheckRegistry && string(raw) != "[]" {
			t.Errorf("%s is sent %s", kind, raw)
		}
	}
}
