package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/trace"
)

// planted are values that a caller controls, or that are somebody's own; none may become a label.
var planted = []string{"Zorwan", "zorwan@example.com", "0199aa11-2222-7333-8444-555566667777", "tok_planted", "10.20.30.40", "Planted Bank"}

// busy gives figures that everything was counted in, with something planted wherever a caller could put it.
func busy() *ops.Metrics {
	m := ops.NewMetrics("1.2.3", "abc")
	for _, t := range usher.EventTypes() {
		e := usher.Event{
			ID: planted[2], Type: t, TenantID: planted[2], ApplicantID: planted[2], SessionID: planted[2],
			Data: usher.EventData{Note: planted[0], Decision: &usher.Decision{
				Verdict: usher.Approve, By: usher.Actor{Kind: usher.ByStaff, ID: planted[2]}, Note: planted[0],
			}},
		}
		if t == usher.EvidenceReceived {
			e.Data.Evidence = &usher.Evidence{ID: planted[2], Kind: usher.DocumentFront, Size: 1000, SHA256: planted[2]}
		}
		if t == usher.CheckCompleted {
			e.Data.Result = &usher.CheckResult{
				Kind: usher.CheckFace, Outcome: usher.Clear, Provider: "face", DurationMS: 120, Fields: map[string]string{"last_name": planted[0]},
			}
		}
		m.Told([]usher.Event{e})
	}
	at := time.UnixMilli(1_700_000_000_000)
	for _, status := range []usher.DeliveryStatus{usher.DeliveryDelivered, usher.DeliveryPending, usher.DeliveryDead} {
		m.Tried("native", usher.DeliveryReport{
			Status: status, Delivery: usher.Delivery{ID: planted[2], CreatedAt: at},
			Attempt: usher.DeliveryAttempt{At: at.Add(time.Second), LatencyMS: 30, Answer: planted[1], Error: planted[0]},
		})
	}
	m.Wrote(17, 3*time.Millisecond)
	for _, outcome := range []string{"ok", "wrong", "locked"} {
		m.SignIn(outcome)
	}
	front := m.HTTP("native", nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/nowhere") {
			trace.Route(r.Context(), "GET /v1/sessions/{id}")
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	for _, path := range []string{"/v1/sessions/" + planted[2] + "?token=" + planted[3], "/nowhere/" + planted[0]} {
		r := httptest.NewRequest("PLANTED", path, nil)
		r.Header.Set("X-Forwarded-For", planted[4])
		front.ServeHTTP(httptest.NewRecorder(), r)
	}
	m.Watch(ops.Sources{
		Queues: func(context.Context) (ops.Queues, error) {
			return ops.Queues{Jobs: 3, OldestJob: at, Deliveries: 4, OldestDue: at}, nil
		},
		Lists: func(context.Context) ([]usher.ListVersion, error) {
			return []usher.ListVersion{{List: "own", Title: planted[5], Loaded: at, Entities: 12, Stale: true}}, nil
		},
		Probes:    &ops.Probes{List: []ops.Probe{{Name: "database", Look: func(context.Context) error { return errors.New(planted[0]) }}}},
		ClientEnd: func(context.Context) (time.Time, error) { return at.Add(time.Hour), nil },
		Stream:    func(context.Context) (int64, time.Time, error) { return 7, at, nil },
		Now:       func() time.Time { return at.Add(time.Minute) },
	})
	return m
}

// TestLabelsAreBounded walks every label of every figure: known names, values from closed sets, nothing that a caller planted.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	allowed := map[string]*regexp.Regexp{
		"front": regexp.MustCompile(`^native$`), "route": regexp.MustCompile(`^(none|GET /v1/sessions/\{id\})$`), "method": regexp.MustCompile(`^other$`),
		"status": regexp.MustCompile(`^[1-5]xx$`), "type": regexp.MustCompile(`^[a-z_.]+$`), "verdict": regexp.MustCompile(`^(approved|rejected)$`),
		"by": regexp.MustCompile(`^(rule|reviewer|client)$`), "check": regexp.MustCompile(`^[a-z_]+$`), "provider": regexp.MustCompile(`^[a-z_]+$`),
		"outcome": regexp.MustCompile(`^[a-z_]+$`), "kind": regexp.MustCompile(`^[a-z_]+$`), "dialect": regexp.MustCompile(`^[a-z]+$`),
		"list": regexp.MustCompile(`^own$`), "probe": regexp.MustCompile(`^[a-z_]+$`), "version": regexp.MustCompile(`^(1\.2\.3|go.*)$`), "commit": regexp.MustCompile(`^abc$`),
	}
	text := scrape(t, busy())
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, family := range families {
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "quantile" || l.GetName() == "le" {
					continue
				}
				if rule := allowed[l.GetName()]; rule == nil || !rule.MatchString(l.GetValue()) {
					t.Errorf("%s has the label %s=%q, which is on no list of what may be one", name, l.GetName(), l.GetValue())
				}
			}
		}
	}
	for _, p := range planted {
		if strings.Contains(text, p) {
			t.Errorf("the figures hold %q", p)
		}
	}
	for _, want := range []string{
		`usher_decisions_total{by="reviewer",verdict="approved"}`, `usher_deliveries_total{dialect="native",outcome="dead"} 1`,
		`usher_jobs_oldest_seconds 60`, `usher_watchlist_stale{list="own"} 1`, `usher_probe_ok{probe="database"} 0`, `usher_commit_changes_sum 17`,
		`usher_delivery_lag_seconds_sum{dialect="native"} 1.03`, `usher_evidence_bytes_total{kind="document_front"} 1000`,
		`usher_http_requests_total{front="native",method="other",route="none",status="4xx"} 1`, `usher_sign_ins_total{outcome="locked"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the figures", want)
		}
	}
}

func scrape(t *testing.T, m *ops.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestForeignWordsStayFew counts checks of ever new providers: past a bound they are one.
func TestForeignWordsStayFew(t *testing.T) {
	t.Parallel()
	m := ops.NewMetrics("", "")
	for i := range 500 {
		m.Told([]usher.Event{{Type: usher.CheckCompleted, Data: usher.EventData{Result: &usher.CheckResult{
			Kind: usher.CheckFace, Outcome: usher.Clear, Provider: fmt.Sprint("engine", i),
		}}}})
	}
	if n := strings.Count(scrape(t, m), "usher_checks_total{"); n > 101 {
		t.Errorf("%d series", n)
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	down := errors.New("dial tcp 10.20.30.40:5432: refused")
	var wrong error
	p := ops.Probes{List: []ops.Probe{
		{"database", func(context.Context) error { return wrong }},
		{"disk", func(context.Context) error { return nil }},
	}}
	ask := func(p *ops.Probes) (int, map[string]any) {
		w := httptest.NewRecorder()
		p.Ready(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(w.Body.String(), "10.20") {
			t.Errorf("it tells what is inside: %s", w.Body)
		}
		return w.Code, body
	}
	if code, body := ask(&p); code != http.StatusOK || body["status"] != "ok" {
		t.Errorf("%d %v", code, body)
	}
	failing := ops.Probes{List: []ops.Probe{{"database", func(context.Context) error { return down }}, p.List[1]}}
	if code, body := ask(&failing); code != http.StatusServiceUnavailable || fmt.Sprint(body["probes"]) != "map[database:failed disk:ok]" {
		t.Errorf("%d %v", code, body)
	}
	p.Stop()
	if code, body := ask(&p); code != http.StatusServiceUnavailable || body["status"] != "unavailable" {
		t.Errorf("a node that stops says %d %v", code, body)
	}
	w := httptest.NewRecorder()
	ops.Live(w, httptest.NewRequest(http.MethodGet, "/livez", nil))
	if w.Code != http.StatusOK {
		t.Errorf("a node that stops is alive, and says %d", w.Code)
	}
}

func TestProbeOfAnAge(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	for _, c := range []struct {
		name  string
		since time.Time
		err   error
		fails bool
	}{
		{"nothing waits", time.Time{}, nil, false},
		{"not for long", now.Add(-time.Minute), nil, false},
		{"too long", now.Add(-time.Hour), nil, true},
		{"cannot be asked", time.Time{}, errors.New("down"), true},
	} {
		look := ops.AtMost(10*time.Minute, func(context.Context) (time.Time, error) { return c.since, c.err }, func() time.Time { return now })
		if err := look(context.Background()); (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
