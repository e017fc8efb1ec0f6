package ops

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"
)

// exporter sends spans to a collector as OTLP over HTTP in its JSON form (opentelemetry.io/docs/specs/otlp). The official exporter brings gRPC
// along, which made the program 10 MB larger (docs/decisions/0017).
type exporter struct {
	url     string
	headers http.Header
	client  *http.Client
}

// The shapes of opentelemetry-proto's trace.proto that we fill in; ids are hex and times strings in its JSON form.
type (
	otlpTraces struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		ParentID   string          `json:"parentSpanId,omitempty"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Start      string          `json:"startTimeUnixNano"`
		End        string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Links      []otlpLink      `json:"links,omitempty"`
		Status     otlpStatus      `json:"status"`
	}
	otlpLink struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	}
	otlpStatus struct {
		Code int `json:"code,omitempty"` // 2 is an error
	}
	otlpAttribute struct {
		Key   string `json:"key"`
		Value struct {
			String string `json:"stringValue"`
		} `json:"value"`
	}
)

// ExportSpans posts some spans. What a collector does not take is lost: traces are a help, and no reason to hold anything up.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := json.Marshal(tracesOf(spans))
	if err != nil {
		return fmt.Errorf("write spans as JSON: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address the collector: %w", err)
	}
	r.Header = e.headers.Clone()
	r.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(r)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	err = errors.Join(err, answer.Body.Close())
	if answer.StatusCode/100 != 2 {
		err = errors.Join(err, fmt.Errorf("the collector answered with %d", answer.StatusCode))
	}
	return err
}

// Shutdown has nothing left to do: every batch is sent by itself.
func (e *exporter) Shutdown(context.Context) error { return nil }

func tracesOf(spans []sdk.ReadOnlySpan) otlpTraces {
	scope := otlpScopeSpans{Spans: make([]otlpSpan, len(spans))}
	scope.Scope.Name = scopeName
	for i, s := range spans {
		scope.Spans[i] = spanOf(s)
	}
	return otlpTraces{ResourceSpans: []otlpResourceSpans{{
		Resource: otlpResource{attributesOf(spans[0].Resource().Attributes())}, ScopeSpans: []otlpScopeSpans{scope},
	}}}
}

func spanOf(s sdk.ReadOnlySpan) otlpSpan {
	c := s.SpanContext()
	out := otlpSpan{
		TraceID: c.TraceID().String(), SpanID: c.SpanID().String(), Name: s.Name(), Kind: int(s.SpanKind()),
		Start: strconv.FormatInt(s.StartTime().UnixNano(), 10), End: strconv.FormatInt(s.EndTime().UnixNano(), 10),
		Attributes: attributesOf(s.Attributes()),
	}
	if p := s.Parent(); p.HasSpanID() {
		out.ParentID = p.SpanID().String()
	}
	for _, l := range s.Links() {
		if l.SpanContext.IsValid() {
			out.Links = append(out.Links, linkOf(l.SpanContext))
		}
	}
	if s.Status().Code == codes.Error {
		out.Status.Code = 2
	}
	return out
}

func linkOf(c otel.SpanContext) otlpLink {
	t, s := c.TraceID(), c.SpanID()
	return otlpLink{TraceID: hex.EncodeToString(t[:]), SpanID: hex.EncodeToString(s[:])}
}

func attributesOf(list []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, len(list))
	for i, a := range list {
		out[i].Key, out[i].Value.String = string(a.Key), a.Value.String()
	}
	return out
}
