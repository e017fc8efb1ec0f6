// Package trace carries what is known of one piece of work while it is done: the id and the route of a request, and, when traces are wanted,
// the span that the work belongs to. It knows nothing of usher, and nothing of who collects what is told.
//
// The way of data: whoever begins something (the listener, the job queue, the webhook sender) puts a tracer and a [Request] into the context.
// What is called from there names its part with [Start], says which route it was with [Route], and ends it. Without a tracer in the context
// nothing is kept and nothing is asked for. Spans carry ids and words of our own; the text of an error stays out of them, since it may quote what
// somebody sent.
//
// Work that goes on elsewhere, perhaps on another node and days later, needs nothing stored for it: the trace of a job or a delivery has an id that
// follows from its name. [Handoff] begins that trace and links to it, [Continue] finds it again (docs/decisions/0017).
package trace

import (
	"context"
	"crypto/sha256"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otel "go.opentelemetry.io/otel/trace"
)

// Request is what is known of a request that is being answered.
type Request struct {
	ID    string // as the answer's X-Request-Id says
	Route string // the pattern that answers, never the path: a path may hold a token
}

type requestKey struct{}

// WithRequest gives a context that belongs to a request.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf gives the request that a context belongs to, or an empty one, so that no caller must ask.
func RequestOf(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// Route notes which route answers the request.
func Route(ctx context.Context, pattern string) { RequestOf(ctx).Route = pattern }

type tracerKey struct{}

// With gives a context whose spans a tracer is told of. A nil tracer changes nothing.
func With(ctx context.Context, t otel.Tracer) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, tracerKey{}, t)
}

func tracerOf(ctx context.Context) otel.Tracer {
	t, _ := ctx.Value(tracerKey{}).(otel.Tracer)
	return t
}

// ID gives the id of the trace that a context belongs to as 32 hex digits, or "".
func ID(ctx context.Context) string {
	if tracerOf(ctx) == nil {
		return ""
	}
	if c := otel.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// Span is a piece of work that has begun. The zero value keeps nothing.
type Span struct{ span otel.Span }

// Start begins a span within the one that a context belongs to. notes are names and values in turn: ids, kinds and counts, never what a person
// told us.
func Start(ctx context.Context, name string, notes ...string) (context.Context, Span) {
	t := tracerOf(ctx)
	if t == nil {
		return ctx, Span{}
	}
	ctx, s := t.Start(ctx, name, otel.WithAttributes(attributes(notes)...))
	return ctx, Span{s}
}

// Handoff notes that work was left to whoever comes to it: it begins the trace of that name, and links the span at hand with it.
func Handoff(ctx context.Context, name, key string, notes ...string) {
	t := tracerOf(ctx)
	if t == nil {
		return
	}
	here, there := otel.SpanFromContext(ctx), place(key)
	here.AddLink(otel.Link{SpanContext: there})
	_, s := t.Start(context.WithValue(ctx, placeKey{}, there), name, otel.WithNewRoot(),
		otel.WithLinks(otel.Link{SpanContext: here.SpanContext()}), otel.WithAttributes(attributes(notes)...))
	s.End()
}

// Continue begins a span in the trace that [Handoff] began for the key.
func Continue(ctx context.Context, name, key string, notes ...string) (context.Context, Span) {
	if tracerOf(ctx) == nil {
		return ctx, Span{}
	}
	return Start(otel.ContextWithRemoteSpanContext(ctx, place(key)), name, notes...)
}

type placeKey struct{}

// PlaceOf gives the ids that a span to be started must have, where [Handoff] starts it: an id generator asks for them.
func PlaceOf(ctx context.Context) (otel.SpanContext, bool) {
	c, ok := ctx.Value(placeKey{}).(otel.SpanContext)
	return c, ok
}

// place gives the ids that follow from a key.
func place(key string) otel.SpanContext {
	sum := sha256.Sum256([]byte(key))
	return otel.NewSpanContext(otel.SpanContextConfig{
		TraceID: otel.TraceID(sum[:16]), SpanID: otel.SpanID(sum[16:24]), TraceFlags: otel.FlagsSampled, Remote: true,
	})
}

// Note adds notes to a span, names and values in turn.
func (s Span) Note(notes ...string) {
	if s.span != nil {
		s.span.SetAttributes(attributes(notes)...)
	}
}

// Rename gives a span a better name, once it is known what the work was.
func (s Span) Rename(name string) {
	if s.span != nil {
		s.span.SetName(name)
	}
}

// End ends a span. Of an error only that there was one is kept.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

func attributes(notes []string) []attribute.KeyValue {
	list := make([]attribute.KeyValue, 0, len(notes)/2)
	for i := 0; i+1 < len(notes); i += 2 {
		if notes[i+1] != "" {
			list = append(list, attribute.String("usher."+notes[i], notes[i+1]))
		}
	}
	return list
}
