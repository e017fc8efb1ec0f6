package ops

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usher-kyc/usher"
)

// Queues is what waits to be done.
type Queues struct {
	Jobs       int       // due and not done
	OldestJob  time.Time // when it was due; zero when there is none
	Deliveries int       // due and not sent, counted up to a bound
	OldestDue  time.Time // of deliveries
}

// Sources are what is asked when somebody reads the figures. Nil ones are left out.
type Sources struct {
	Queues func(context.Context) (Queues, error)
	Lists  func(context.Context) ([]usher.ListVersion, error)
	// ClientEnd tells when the next API client ends; the zero time when none has an end.
	ClientEnd func(context.Context) (time.Time, error)
	// Stream tells how many entries of the audit trail its receiver has not taken, and when the oldest was written.
	Stream func(context.Context) (entries int64, oldest time.Time, err error)
	Probes *Probes
	Now    func() time.Time // nil means time.Now
}

// askEvery is how long an answer stands: several collectors, or one in a hurry, are no reason to count queues all day.
const askEvery = 5 * time.Second

// Watch adds what must be asked for.
func (m *Metrics) Watch(s Sources) {
	if s.Now == nil {
		s.Now = time.Now
	}
	m.registry.MustRegister(&asked{sources: s, words: &m.words})
}

type asked struct {
	sources Sources
	words   *words

	mu   sync.Mutex
	at   time.Time
	kept []prometheus.Metric
}

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	jobsWaiting = figure("usher_jobs_waiting", "Jobs that are due and not done.")
	jobsOldest  = figure("usher_jobs_oldest_seconds", "How long the oldest of them has been due.")
	dueWaiting  = figure("usher_deliveries_due", "Deliveries that are due and not sent, counted up to 100,000.")
	dueOldest   = figure("usher_deliveries_oldest_seconds", "How long the oldest of them has been due.")
	listAge     = figure("usher_watchlist_age_seconds", "Time since an edition came into use or was found to be current.", "list")
	listRecords = figure("usher_watchlist_records", "Records of the edition in use.", "list")
	listStale   = figure("usher_watchlist_stale", "1 when a list is older than its bound.", "list")
	clientEnd   = figure("usher_client_next_end_seconds", "How long the API client that ends next has left; missing when none has an end.")
	streamLeft  = figure("usher_audit_stream_waiting", "Entries of the audit trail that the receiver of the stream has not taken.")
	streamAge   = figure("usher_audit_stream_oldest_seconds", "How long ago the oldest of them was written.")
	probeOK     = figure("usher_probe_ok", "1 when what a probe of readiness looks at is well.", "probe")
)

// Describe names what can be asked for.
func (a *asked) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jobsWaiting, jobsOldest, dueWaiting, dueOldest, listAge, listRecords, listStale, clientEnd, streamLeft, streamAge, probeOK} {
		to <- d
	}
}

// Collect asks, unless that was a moment ago. What cannot be asked is missing from the figures, which an alert can see.
func (a *asked) Collect(to chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.sources.Now(); a.kept == nil || now.Sub(a.at) >= askEvery {
		a.at, a.kept = now, a.ask(now)
	}
	for _, m := range a.kept {
		to <- m
	}
}

func (a *asked) ask(now time.Time) (list []prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		list = append(list, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...))
	}
	age := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return max(0, now.Sub(t).Seconds())
	}
	if a.sources.Queues != nil {
		if q, err := a.sources.Queues(ctx); err == nil {
			tell(jobsWaiting, float64(q.Jobs))
			tell(jobsOldest, age(q.OldestJob))
			tell(dueWaiting, float64(q.Deliveries))
			tell(dueOldest, age(q.OldestDue))
		}
	}
	if a.sources.Lists != nil {
		if versions, err := a.sources.Lists(ctx); err == nil {
			for _, v := range versions {
				name := a.words.known(v.List)
				tell(listAge, age(v.Loaded), name)
				tell(listRecords, float64(v.Entities), name)
				tell(listStale, truth(v.Stale), name)
			}
		}
	}
	if a.sources.ClientEnd != nil {
		if ends, err := a.sources.ClientEnd(ctx); err == nil && !ends.IsZero() {
			tell(clientEnd, ends.Sub(now).Seconds())
		}
	}
	if a.sources.Stream != nil {
		if n, oldest, err := a.sources.Stream(ctx); err == nil {
			tell(streamLeft, float64(n))
			tell(streamAge, age(oldest))
		}
	}
	if a.sources.Probes != nil {
		for _, r := range a.sources.Probes.Look(ctx) {
			tell(probeOK, truth(r.Err == nil), r.Name)
		}
	}
	return list
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
