package ops_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/trace"
)

// collector keeps what is sent to it.
type collector struct {
	mu    sync.Mutex
	spans []span
	raw   bytes.Buffer
	code  int
}

type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Links                               []struct{ TraceID, SpanID string }
	Attributes                          []struct {
		Key   string
		Value struct{ StringValue string }
	}
	Status struct{ Code int }
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var got struct {
		ResourceSpans []struct{ ScopeSpans []struct{ Spans []span } }
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || json.Unmarshal(body, &got) != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Api-Key") != "k" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.raw.Write(body)
	for _, rs := range got.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			c.spans = append(c.spans, ss.Spans...)
		}
	}
	if c.code != 0 {
		w.WriteHeader(c.code)
	}
}

func (c *collector) named(t *testing.T, name string) span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no span %q among %d", name, len(c.spans))
	return span{}
}

// TestTraceGoesOnElsewhere follows a request to a delivery that another node sends: nothing is stored for it, and a collector can walk from one
// to the other.
func TestTraceGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	var c collector
	server := httptest.NewServer(&c)
	defer server.Close()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL + "/", "OTEL_EXPORTER_OTLP_HEADERS": "Api-Key=k, other=a%20b"}
	config, err := ops.TracerFromEnv("", func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	here, endHere := ops.NewTracer(config)
	there, endThere := ops.NewTracer(config)
	m := ops.NewMetrics("", "")
	m.HTTP("native", here, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace.Route(r.Context(), "POST /v1/sessions")
		ctx, command := trace.Start(r.Context(), "command", "session", "s-1", "empty", "")
		_, commit := trace.Start(ctx, "commit")
		commit.End(errors.New("Zorwan said so"))
		trace.Handoff(ctx, "delivery queued", "d-1", "delivery", "d-1")
		command.End(nil)
		w.WriteHeader(http.StatusCreated)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1/sessions?secret=Zorwan", nil))
	_, sent := trace.Continue(trace.With(context.Background(), there), "webhook", "d-1", "delivery", "d-1")
	sent.End(nil)
	if err := errors.Join(endHere(context.Background()), endThere(context.Background())); err != nil {
		t.Fatal(err)
	}
	request, command, commit := c.named(t, "native POST /v1/sessions"), c.named(t, "command"), c.named(t, "commit")
	queued, webhook := c.named(t, "delivery queued"), c.named(t, "webhook")
	if command.ParentSpanID != request.SpanID || commit.ParentSpanID != command.SpanID || commit.TraceID != request.TraceID {
		t.Error("request, command and commit do not hang together")
	}
	if webhook.TraceID != queued.TraceID || webhook.ParentSpanID != queued.SpanID || queued.TraceID == request.TraceID || queued.ParentSpanID != "" {
		t.Error("the delivery is not in the trace that was begun for it")
	}
	if len(command.Links) != 1 || command.Links[0].SpanID != queued.SpanID || len(queued.Links) != 1 || queued.Links[0].SpanID != command.SpanID {
		t.Errorf("the two traces are not linked: %v, %v", command.Links, queued.Links)
	}
	if commit.Status.Code != 2 || command.Status.Code != 0 {
		t.Error("a failure is not told, or success is")
	}
	if strings.Contains(c.raw.String(), "Zorwan") {
		t.Error("what somebody sent is in a span")
	}
	if diff := cmp.Diff("usher.session", command.Attributes[0].Key); diff != "" || len(command.Attributes) != 1 {
		t.Error(diff, command.Attributes)
	}
}

func TestTracesAreOff(t *testing.T) { // not parallel: it counts pieces of memory
	config, err := ops.TracerFromEnv("", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	tracer, end := ops.NewTracer(config)
	ctx, s := trace.Start(trace.With(context.Background(), tracer), "nothing", "a", "b")
	s.Note("a", "b")
	s.End(nil)
	trace.Handoff(ctx, "nothing", "k")
	if trace.ID(ctx) != "" {
		t.Error("there is a trace")
	}
	if err := end(context.Background()); err != nil {
		t.Error(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, s := trace.Start(ctx, "nothing"); s.End(nil) }); n > 0 {
		t.Errorf("a span that nobody wants takes %v pieces of memory", n)
	}
}

func TestTracerSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base     string
		env      map[string]string
		endpoint string
		share    float64
		wrong    bool
	}{
		"base":     {base: "http://c:4318", endpoint: "http://c:4318/v1/traces"},
		"variable": {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c/x"}, endpoint: "https://c/x"},
		"disabled": {base: "http://c:4318", env: map[string]string{"OTEL_SDK_DISABLED": "true"}},
		"share":    {base: "http://c", env: map[string]string{"OTEL_TRACES_SAMPLER_ARG": "0.25"}, endpoint: "http://c/v1/traces", share: 0.25},
		"no share": {base: "http://c", env: map[string]string{"OTEL_TRACES_SAMPLER_ARG": "often"}, wrong: true},
		"no url":   {base: "c:4318", wrong: true},
	} {
		got, err := ops.TracerFromEnv(c.base, func(n string) string { return c.env[n] })
		if (err != nil) != c.wrong || (err == nil && (got.Endpoint != c.endpoint || got.Share != c.share)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestLogNamesTheRequest has lines of a request carry its ids, once.
func TestLogNamesTheRequest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := ops.NewLog(slog.NewJSONHandler(&out, nil)).With("node", "n").WithGroup("g")
	ctx := trace.WithRequest(context.Background(), &trace.Request{ID: "req_1"})
	log.InfoContext(ctx, "one")
	log.InfoContext(ctx, "two", "request_id", "req_1")
	if n := strings.Count(out.String(), "req_1"); n != 2 {
		t.Errorf("the id stands there %d times:\n%s", n, &out)
	}
}

// TestCollectorThatIsAway has the log told once.
func TestCollectorThatIsAway(t *testing.T) {
	t.Parallel()
	c := collector{code: http.StatusServiceUnavailable}
	server := httptest.NewServer(&c)
	defer server.Close()
	var out bytes.Buffer
	tracer, end := ops.NewTracer(ops.TracerConfig{
		Endpoint: server.URL + "/v1/traces", Headers: http.Header{"Api-Key": {"k"}}, Log: slog.New(slog.NewTextHandler(&out, nil)),
	})
	_, s := trace.Start(trace.With(context.Background(), tracer), "x")
	s.End(nil)
	if err := end(context.Background()); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "traces are lost") != 1 {
		t.Errorf("the log says %s", &out)
	}
}
