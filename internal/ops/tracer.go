package ops

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"

	"github.com/usher-kyc/usher/internal/trace"
)

const scopeName = "usher"

// TracerConfig says where spans go. Without an Endpoint there are none.
type TracerConfig struct {
	Endpoint string      // the collector's address for traces, such as http://127.0.0.1:4318/v1/traces
	Headers  http.Header // sent along, where a collector asks for a key
	Share    float64     // of traces that are kept, 0..1; 0 means all
	Service  string      // name of this server to the collector; "" is usher
	Version  string
	Client   *http.Client // nil means one with a timeout of 10 s
	Log      *slog.Logger
}

// TracerFromEnv completes what the settings say by OpenTelemetry's own variables: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER_ARG, OTEL_SERVICE_NAME and OTEL_SDK_DISABLED. base is the collector's address as the setting otlp
// has it, without /v1/traces.
func TracerFromEnv(base string, env func(string) string) (TracerConfig, error) {
	c := TracerConfig{Service: env("OTEL_SERVICE_NAME"), Headers: http.Header{}}
	if env("OTEL_SDK_DISABLED") == "true" {
		return c, nil
	}
	if base == "" {
		c.Endpoint, base = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), env("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	if c.Endpoint == "" && base != "" {
		c.Endpoint = strings.TrimSuffix(base, "/") + "/v1/traces"
	}
	if c.Endpoint == "" {
		return c, nil
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return c, fmt.Errorf("the collector's address is not like http://127.0.0.1:4318")
	}
	for pair := range strings.SplitSeq(env("OTEL_EXPORTER_OTLP_HEADERS"), ",") {
		name, value, ok := strings.Cut(pair, "=")
		if plain, err := url.PathUnescape(strings.TrimSpace(value)); ok && err == nil {
			c.Headers.Set(strings.TrimSpace(name), plain)
		}
	}
	if share := env("OTEL_TRACES_SAMPLER_ARG"); share != "" {
		f, err := strconv.ParseFloat(share, 64)
		if err != nil || f <= 0 || f > 1 {
			return c, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: write a share above 0 and up to 1, such as 0.1")
		}
		c.Share = f
	}
	return c, nil
}

// NewTracer gives a tracer, and a function that sends what is left and ends it. Without an endpoint the tracer is nil, which [trace.With] takes.
func NewTracer(c TracerConfig) (otel.Tracer, func(context.Context) error) {
	if c.Endpoint == "" {
		return nil, func(context.Context) error { return nil }
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if c.Share == 0 {
		c.Share = 1
	}
	if c.Service == "" {
		c.Service = scopeName
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := sdk.NewTracerProvider(
		sdk.WithBatcher(&quiet{SpanExporter: &exporter{url: c.Endpoint, headers: c.Headers, client: c.Client}, log: c.Log}),
		// By the trace's id alone: the parts of one trace may be made on several nodes, and all of them must come to the same answer.
		sdk.WithSampler(sdk.TraceIDRatioBased(c.Share)),
		sdk.WithIDGenerator(ids{}),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", c.Service), attribute.String("service.version", c.Version),
			attribute.String("service.instance.id", strings.ToLower(rand.Text())),
		)),
	)
	return p.Tracer(scopeName), p.Shutdown
}

// quiet tells of a collector that takes nothing once, and once when it takes again: OpenTelemetry would write each failure to standard error.
type quiet struct {
	sdk.SpanExporter
	log  *slog.Logger
	lost bool // one goroutine exports
}

// ExportSpans passes spans on.
func (q *quiet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := q.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !q.lost:
		q.log.WarnContext(ctx, "traces are lost until the collector takes them again", "error", err)
	case err == nil && q.lost:
		q.log.InfoContext(ctx, "the collector takes traces again")
	}
	q.lost = err != nil
	return nil
}

// ids draws ids, unless the context says which they are.
type ids struct{}

// NewIDs gives the ids of a first span.
func (ids) NewIDs(ctx context.Context) (t otel.TraceID, s otel.SpanID) {
	if c, ok := trace.PlaceOf(ctx); ok {
		return c.TraceID(), c.SpanID()
	}
	_, _ = rand.Read(t[:]) // never fails (crypto/rand)
	_, _ = rand.Read(s[:])
	return t, s
}

// NewSpanID gives the id of a span in a trace.
func (ids) NewSpanID(context.Context, otel.TraceID) (s otel.SpanID) {
	_, _ = rand.Read(s[:])
	return s
}
