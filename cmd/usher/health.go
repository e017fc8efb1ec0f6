package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	otel "go.opentelemetry.io/otel/trace"

	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/trace"
)

// watch is what those who run a server see of it.
type watch struct {
	metrics *ops.Metrics
	probes  ops.Probes
	tracer  otel.Tracer // nil where no collector is named
	end     func(context.Context) error
}

func newWatch(s settings, log *slog.Logger) (*watch, error) {
	if s.env == nil {
		s.env = func(string) string { return "" }
	}
	c, err := ops.TracerFromEnv(s.OTLP, s.env)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	b := build()
	c.Version, c.Log = b.Version, log
	w := &watch{metrics: ops.NewMetrics(b.Version, b.Revision)}
	w.tracer, w.end = ops.NewTracer(c)
	return w, nil
}

// What the probes of readiness allow.
const (
	// leastRoom is below what SQLite's log and a few uploads need; doctor asks for more.
	leastRoom = 200 << 20
	// oldestJob is far above what checks take with all their tries. Deliveries are not looked at: a client's dead endpoint is no reason to send
	// nobody here.
	oldestJob = 15 * time.Minute
)

// probes are what /readyz looks at, one a line.
func (h *house) probes() []ops.Probe {
	return []ops.Probe{
		{Name: "database", Look: h.db.Ping},
		{Name: "schema", Look: h.db.Migrated},
		{Name: "node", Look: func(context.Context) error { return h.Fit() }},
		{Name: "evidence", Look: h.files.Ping},
		{Name: "disk", Look: func(context.Context) error { return enoughRoom(h.settings.Data, leastRoom) }},
		{Name: "audit", Look: h.lookAtTrail},
		{Name: "queue", Look: ops.AtMost(oldestJob, h.db.Oldest, time.Now)},
	}
}

// room gives how many bytes the disk of a folder has free; of one that is not there yet, where it will be.
func room(dir string) (uint64, error) {
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(filepath.Clean(dir))
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("look at the disk of the data folder: %w", err)
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}

// enoughRoom fails where a folder's disk has less than that many bytes free.
func enoughRoom(dir string, least uint64) error {
	free, err := room(dir)
	if err == nil && free < least {
		err = fmt.Errorf("the disk of the data folder has %d MB left", free>>20)
	}
	return err
}

// watched has the figures ask the house when somebody reads them.
func (h *house) watched() {
	h.watch.probes.List, h.watch.probes.Log = h.probes(), h.log
	sources := ops.Sources{
		Queues: func(ctx context.Context) (q ops.Queues, err error) {
			var failed [3]error
			q.Jobs, failed[0] = h.db.Waiting(ctx)
			q.OldestJob, failed[1] = h.db.Oldest(ctx)
			q.Deliveries, q.OldestDue, failed[2] = h.db.Backlog(ctx, time.Now())
			return q, errors.Join(failed[:]...)
		},
		Lists: h.lists.Watchlists, Probes: &h.watch.probes,
		ClientEnd: func(ctx context.Context) (time.Time, error) { return h.db.NextClientEnd(ctx, time.Now()) },
	}
	if to := h.settings.AuditStream; to != "" {
		sources.Stream = func(ctx context.Context) (int64, time.Time, error) { return h.db.AuditLag(ctx, to) }
	}
	h.watch.metrics.Watch(sources)
}

// seen puts a front behind the figures and traces.
func (h *house) seen(front string, next http.Handler) http.Handler {
	return h.watch.metrics.HTTP(front, h.watch.tracer, next)
}

// traced gives the context that work in the background belongs to.
func (h *house) traced(ctx context.Context) context.Context { return trace.With(ctx, h.watch.tracer) }

// health mounts what says whether this node lives and should be sent requests.
func (h *house) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", ops.Live)
	mux.HandleFunc("GET /readyz", h.watch.probes.Ready)
}

// serveFigures answers collectors at an address of their own, until the function it gives is called. Without an address it does nothing.
func (h *house) serveFigures(ctx context.Context) (stop func(), err error) {
	if h.settings.MetricsAddr == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", h.settings.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("listen for collectors of figures: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h.watch.metrics.Handler())
	h.health(mux)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: idleTime,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			h.log.Error("the listener for collectors of figures ended", "error", err)
		}
	}()
	h.log.Info("figures", "address", listener.Addr().String())
	return func() {
		_ = server.Close() // a collector that was cut off comes again
		<-ended
	}, nil
}
