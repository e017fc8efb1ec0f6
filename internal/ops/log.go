package ops

import (
	"context"
	"log/slog"

	"github.com/usher-kyc/usher/internal/trace"
)

// NewLog puts the ids of the request and of the trace that a line belongs to into it, whoever writes it.
func NewLog(h slog.Handler) *slog.Logger { return slog.New(logHandler{h}) }

type logHandler struct{ slog.Handler }

// Handle adds what the context knows.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	r = r.Clone()
	named := false
	r.Attrs(func(a slog.Attr) bool {
		named = a.Key == "request_id"
		return !named
	})
	if id := trace.RequestOf(ctx).ID; id != "" && !named {
		r.AddAttrs(slog.String("request_id", id))
	}
	if id := trace.ID(ctx); id != "" {
		r.AddAttrs(slog.String("trace_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the ids on what is derived.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the ids on what is derived.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
