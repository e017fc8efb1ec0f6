package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// overheard keeps what is written to it by many at once.
type overheard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *overheard) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(p)
}

func (k *overheard) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.String()
}

// spanSeen is of a span what the test looks at.
type spanSeen struct {
	TraceID, SpanID, ParentSpanID, Name string
	Links                               []struct{ TraceID, SpanID string }
}

// TestOutputsForOperators lets a person be onboarded whose every value is planted, with log, figures and traces on, and searches all three: for the values,
// which must be in none, and for the thread from a request to its webhook.
func TestOutputsForOperators(t *testing.T) {
	t.Parallel()
	var spans, log overheard
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(&spans, r.Body)
		_, _ = spans.Write([]byte("\n"))
	}))
	defer collector.Close()
	approved := make(chan struct{}, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), `"session.approved"`) {
			approved <- struct{}{}
		}
	}))
	defer receiver.Close()
	env := map[string]string{
		"USHER_OTLP": collector.URL, "USHER_METRICS_ADDR": "127.0.0.1:0", "USHER_LOG_LEVEL": "debug", "USHER_JSON_LOG": "true",
	}
	c := console{out: io.Discard, err: &log, env: func(name string) string { return env[name] }}
	s, _, err := readSettings(c, "serve", []string{"--dev", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ready, ended := make(chan devFile, 1), make(chan error, 1)
	go func() { ended <- runServer(ctx, c, s, func(_ *house, dev devFile) { ready <- dev }) }()
	var dev devFile
	select {
	case dev = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	raw, err := json.Marshal(dev)
	if err != nil {
		t.Fatal(err)
	}
	var native struct {
		Native struct {
			URL    string `json:"base_url"`
			Token  string `json:"token_url"`
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
		} `json:"native"`
	}
	if err := json.Unmarshal(raw, &native); err != nil {
		t.Fatal(err)
	}
	call := func(method, address, token string, body any) map[string]any {
		t.Helper()
		var content io.Reader
		kind := "application/json"
		switch b := body.(type) {
		case nil:
		case string:
			content, kind = strings.NewReader(b), "application/x-www-form-urlencoded"
		default:
			text, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			content = bytes.NewReader(text)
		}
		r, err := http.NewRequestWithContext(context.Background(), method, address, content)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		if token == "" {
			r.SetBasicAuth(native.Native.ID, native.Native.Secret)
		} else {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var into map[string]any
		_ = json.NewDecoder(answer.Body).Decode(&into) // pages and empty answers are none
		return into
	}
	token := fmt.Sprint(call("POST", native.Native.Token, "", "grant_type=client_credentials")["access_token"])
	v1 := native.Native.URL
	if !strings.HasSuffix(v1, "/v1") {
		v1 += "/v1"
	}
	call("POST", v1+"/webhook_endpoints", token, map[string]any{"url": receiver.URL + "/planted-hook", "events": []string{"*"}, "auth": map[string]string{"type": "basic", "username": "plantedhook", "password": "plantedpass"}})
	made := call("POST", v1+"/sessions", token, map[string]any{
		"flow": "identity", "return_url": "https://shop.example/planted-return", "reference": "planted-reference",
		"applicant": map[string]any{
			"first_name": "Plantedanna", "last_name": "Plantedsson", "email": "planted@example.test", "phone": "46701234599", "date_of_birth": "1971-03-09",
			"national_id": "197103099876", "address": map[string]string{"street": "Plantedgatan 3", "postal_code": "11122", "city": "Plantedby", "country": "SE"},
		},
	})
	id := fmt.Sprint(made["id"])
	if made["id"] == nil {
		t.Fatalf("no session: %v", made)
	}
	call("GET", v1+"/applicants?email="+url.QueryEscape("planted@example.test"), token, nil)
	call("GET", v1+"/sessions/planted-path", token, nil)
	call("GET", fmt.Sprint(made["url"])+"?planted=planted-query", token, nil)
	call("POST", v1+"/simulate/session/"+id, token, map[string]string{"action": "submit"})
	select {
	case <-approved:
	case <-time.After(time.Minute):
		t.Fatal("no webhook of the approval came")
	}
	address := regexp.MustCompile(`"msg":"figures","address":"([^"]+)"`).FindStringSubmatch(log.String())
	if address == nil {
		t.Fatalf("the log does not say where the figures are:\n%s", log.String())
	}
	answer, err := http.Get("http://" + address[1] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	figures, err := io.ReadAll(answer.Body)
	if err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.StatusCode, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"the log": log.String(), "the figures": string(figures), "the traces": spans.String()} {
		if len(text) < 1000 {
			t.Errorf("%s say nothing", name)
		}
		secrets := []string{"lanted", "+46701234599", "46701234599", "1971-03-09", "197103099876", native.Native.Secret, token, fmt.Sprint(made["token"])}
		for _, secret := range secrets {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s: found %q: …%s…", name, secret, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
	for _, want := range []string{
		`usher_events_total{type="session.approved"} 1`, `usher_decisions_total{by="rule",verdict="approved"} 1`, `usher_deliveries_total{dialect="native",outcome="delivered"}`,
		`usher_http_requests_total{front="native",method="POST",route="POST /v1/sessions",status="2xx"} 1`, `usher_checks_total{check="document"`,
	} {
		if !strings.Contains(string(figures), want) {
			t.Errorf("the figures have no %s", want)
		}
	}
	thread(t, spans.String())
}

// thread follows a webhook back to the request that it comes from: webhook → delivery queued → commit … → request.
func thread(t *testing.T, raw string) {
	t.Helper()
	byID, byName := map[string]spanSeen{}, map[string][]spanSeen{}
	for line := range strings.Lines(raw) {
		var got struct {
			ResourceSpans []struct{ ScopeSpans []struct{ Spans []spanSeen } }
		}
		if json.Unmarshal([]byte(line), &got) != nil {
			continue
		}
		for _, rs := range got.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					byID[s.SpanID] = s
					byName[s.Name] = append(byName[s.Name], s)
				}
			}
		}
	}
	for _, name := range []string{"native POST /v1/sessions", "commit", "job queued", "job checks", "check document", "delivery queued", "webhook"} {
		if len(byName[name]) == 0 {
			t.Errorf("no span %q", name)
		}
	}
	threads := 0
	for _, w := range byName["webhook"] {
		queued, ok := byID[w.ParentSpanID]
		if !ok || queued.Name != "delivery queued" || queued.TraceID != w.TraceID || len(queued.Links) != 1 {
			t.Errorf("a webhook hangs at nothing: %+v", w)
			continue
		}
		for s := byID[queued.Links[0].SpanID]; s.Name != ""; s = byID[s.ParentSpanID] {
			if strings.HasPrefix(s.Name, "native ") || s.Name == "job queued" {
				threads++
			}
		}
	}
	if threads == 0 || threads < len(byName["webhook"])/2 {
		t.Errorf("%d of %d webhooks lead back to a request or a job", threads, len(byName["webhook"]))
	}
}
