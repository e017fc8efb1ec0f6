package ops

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/usher-kyc/usher"
)

// Metrics are the figures of one server. They have a registry of their own, so that two servers in one process do not mix.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	answers   *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	events    *prometheus.CounterVec
	decisions *prometheus.CounterVec
	checks    *prometheus.CounterVec
	checkTime *prometheus.HistogramVec
	files     *prometheus.CounterVec
	bytes     *prometheus.CounterVec
	tries     *prometheus.CounterVec
	tryTime   *prometheus.HistogramVec
	lag       *prometheus.HistogramVec
	batch     prometheus.Histogram
	commit    prometheus.Histogram
	signIns   *prometheus.CounterVec
	words     words
}

// Bounds of the histograms, in seconds; of batches in changes.
var (
	answerBounds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	workBounds   = []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 25}
	lagBounds    = []float64{.005, .025, .1, .5, 1, 5, 30, 60, 300, 1800, 3600, 21600, 86400}
	batchBounds  = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}
)

// NewMetrics gives figures that stand at zero. version and commit say which build tells them.
func NewMetrics(version, commit string) *Metrics {
	r := prometheus.NewRegistry()
	count := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	spread := func(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
		r.MustRegister(h)
		return h
	}
	m := &Metrics{
		registry: r,
		requests: count("usher_http_requests_total", "Requests answered, by the route that took them.", "front", "route", "method", "status"),
		answers:  spread("usher_http_request_seconds", "Time from a request to the end of its answer.", answerBounds, "front", "route"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "usher_http_in_flight", Help: "Requests being answered."}),
		events:   count("usher_events_total", "What happened to sessions and applicants.", "type"),
		decisions: count("usher_decisions_total", "Decisions, by verdict and by who made them: rule, reviewer or client.",
			"verdict", "by"),
		checks:    count("usher_checks_total", "Results of checks.", "check", "provider", "outcome"),
		checkTime: spread("usher_check_seconds", "Time a provider took for a check.", workBounds, "check", "provider"),
		files:     count("usher_evidence_files_total", "Files taken in.", "kind"),
		bytes:     count("usher_evidence_bytes_total", "Bytes of the files taken in.", "kind"),
		tries:     count("usher_deliveries_total", "Tries to deliver: delivered, retry, or dead.", "dialect", "outcome"),
		tryTime:   spread("usher_delivery_seconds", "Time a receiver took to answer.", workBounds, "dialect"),
		lag:       spread("usher_delivery_lag_seconds", "Time from an event to its receipt.", lagBounds, "dialect"),
		batch:     spread("usher_commit_changes", "Changes in one transaction of the writer.", batchBounds).WithLabelValues().(prometheus.Histogram),
		commit:    spread("usher_commit_seconds", "Time of one transaction of the writer, on disk.", answerBounds).WithLabelValues().(prometheus.Histogram),
		signIns:   count("usher_sign_ins_total", "Staff signing in: ok, wrong or locked.", "outcome"),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "usher_build_info", Help: "1, with the build that runs.", ConstLabels: prometheus.Labels{"version": version, "commit": commit},
	})
	build.Set(1)
	r.MustRegister(m.inFlight, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers whoever collects the figures. It belongs on a listener of its own: they are nobody's business outside.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
}

// Told counts what happened, once it is on disk.
func (m *Metrics) Told(events []usher.Event) {
	for _, e := range events {
		m.events.WithLabelValues(string(e.Type)).Inc()
		if d := e.Data.Decision; d != nil {
			m.decisions.WithLabelValues(string(d.Verdict), decider(d.By)).Inc()
		}
		if r := e.Data.Result; r != nil && e.Type == usher.CheckCompleted {
			provider := m.words.known(r.Provider)
			m.checks.WithLabelValues(string(r.Kind), provider, string(r.Outcome)).Inc()
			m.checkTime.WithLabelValues(string(r.Kind), provider).Observe(float64(r.DurationMS) / 1000)
		}
		if f := e.Data.Evidence; f != nil && e.Type == usher.EvidenceReceived {
			m.files.WithLabelValues(string(f.Kind)).Inc()
			m.bytes.WithLabelValues(string(f.Kind)).Add(float64(f.Size))
		}
	}
}

func decider(by usher.Actor) string {
	switch by.Kind {
	case usher.ByStaff:
		return "reviewer"
	case usher.ByClient:
		return "client"
	}
	return "rule"
}

// Tried counts one try to deliver. dialect is that of the endpoint.
func (m *Metrics) Tried(dialect string, r usher.DeliveryReport) {
	outcome := "retry"
	took := time.Duration(r.Attempt.LatencyMS) * time.Millisecond
	switch r.Status {
	case usher.DeliveryDelivered:
		outcome = "delivered"
		m.lag.WithLabelValues(dialect).Observe(max(0, r.Attempt.At.Add(took).Sub(r.Delivery.CreatedAt).Seconds()))
	case usher.DeliveryDead:
		outcome = "dead"
	case usher.DeliveryPending:
	}
	m.tries.WithLabelValues(dialect, outcome).Inc()
	m.tryTime.WithLabelValues(dialect).Observe(took.Seconds())
}

// Wrote counts one transaction of the writer.
func (m *Metrics) Wrote(changes int, took time.Duration) {
	m.batch.Observe(float64(changes))
	m.commit.Observe(took.Seconds())
}

// SignIn counts a member of staff who signed in ("ok") or did not ("wrong", "locked").
func (m *Metrics) SignIn(outcome string) { m.signIns.WithLabelValues(m.words.known(outcome)).Inc() }

// words keeps labels whose set we do not own, such as the names of outside engines, from growing without end.
type words struct {
	mu   sync.Mutex
	seen map[string]bool
}

// mostWords is far above what any server has of engines and lists.
const mostWords = 100

func (w *words) known(word string) string {
	if word == "" {
		return "none"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[word] {
		return word
	}
	if len(w.seen) >= mostWords || len(word) > 60 {
		return "other"
	}
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	w.seen[word] = true
	return word
}
