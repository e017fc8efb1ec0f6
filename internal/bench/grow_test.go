package bench_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/store"
)

// Rows of a session that was decided long ago.
const (
	eventsEach     = 10
	deliveriesEach = 2
	docBytes       = 120 // of an event and of a delivery: a small one
)

// TestGrowth fills a database with old sessions (USHER_GROW of them, 300 unless it says otherwise), each with keys of its own, sealed documents, ten
// events and two deliveries, and then has the real program serve it: how long it takes to be ready, what it holds in memory before and after work, how
// long a status call takes while others create sessions, and how fast old deliveries go. USHER_GROW_STORE names one of the databases, USHER_GROW_DIR a
// folder (and USHER_GROW_DATABASE the URL of an empty PostgreSQL database) that is kept, and not filled again.
// Bars are held from a million sessions on.
func TestGrowth(t *testing.T) {
	size, _ := strconv.Atoi(os.Getenv("USHER_GROW"))
	if size == 0 {
		size = 300
	}
	for _, name := range []string{"sqlite", "postgres"} {
		if only := os.Getenv("USHER_GROW_STORE"); only != "" && only != name {
			continue
		}
		t.Run(name, func(t *testing.T) { grow(t, name, size) })
	}
}

func grow(t *testing.T, name string, size int) {
	var c servertest.Config
	if name == "postgres" {
		if c.Database = os.Getenv("USHER_GROW_DATABASE"); c.Database == "" {
			c.Database = postgrestest.Start(t, true).URL(t)
		}
	}
	s := servertest.With(t, c)
	kept := os.Getenv("USHER_GROW_DIR")
	if kept != "" {
		s.Dir = filepath.Join(kept, name)
	}
	s.Start(t)
	client := s.Client(t)
	var made struct {
		ID string `json:"id"`
	}
	if err := client.Post(context.Background(), "/v1/sessions", newSession(0), &made); err != nil {
		t.Fatal(err)
	}
	if err := s.Term(); err != nil {
		t.Fatal(err)
	}
	g := &growing{dir: s.Dir, database: c.Database}
	g.open(t)
	if had := g.count(t); had < size {
		began := time.Now()
		g.fill(t, made.ID, size)
		t.Logf("%s: %d sessions, %d events, %d deliveries in %s", name, size, size*eventsEach, size*deliveriesEach, time.Since(began).Round(time.Second))
	}
	t.Logf("%s: %d MB on disk", name, g.bytes(t)>>20)
	ids := g.ids(t)
	g.close(t)
	measure(t, s, name, size, ids)
	if kept != "" {
		return
	}
	g.open(t)
	defer g.close(t)
	g.trim(t, name)
}

// measure has the program serve the database: starts, memory, and status calls, as many as it can answer and then half as many.
func measure(t *testing.T, s *servertest.Server, name string, size int, ids []string) {
	var starts []time.Duration
	for range 5 {
		starts = append(starts, s.Start(t))
		if len(starts) < 5 {
			if err := s.Term(); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(starts)
	time.Sleep(settle(size)) // what a start leaves behind goes
	idle := s.Memory()
	t.Logf("%s: ready after %v; idle: %s; %s", name, starts, memory(s), loadOf())
	span := time.Duration(min(size, 20_000)) * time.Millisecond
	most := status(t, s, ids, pace{span: span / 2})
	t.Logf("%s: all that it answers: %s; %s; %s", name, most, memory(s), loadOf())
	half := status(t, s, ids, pace{span: span, reads: most.rate() / 2, creates: most.created() / 2})
	t.Logf("%s: half of that: %s; %s; %s", name, half, memory(s), loadOf())
	time.Sleep(settle(size))
	t.Logf("%s: idle after that: %s; %s", name, memory(s), loadOf())
	if err := s.Term(); err != nil {
		t.Fatal(err)
	}
	if size >= 1_000_000 && (starts[2] > time.Second || idle > 60<<20 || half.p99 > 5*time.Millisecond) {
		t.Errorf("over a bar: ready in 1 s, 60 MB idle, status in 5 ms")
	}
}

// settle is how long a server is left alone before it counts as idle.
func settle(size int) time.Duration {
	if size < 1_000_000 {
		return time.Second
	}
	return 30 * time.Second
}

func newSession(n int) map[string]any {
	return map[string]any{
		"flow": "identity", "return_url": "https://shop.example/", "reference": fmt.Sprint("growth-", n, "-", rand.Uint64()),
		"applicant": map[string]any{"email": "anna@example.test"},
	}
}

// pace is how many status calls and new sessions a second there are, evenly; zero is as many as callers get who wait for their answers.
type pace struct {
	span           time.Duration
	reads, creates float64
}

// answered is what came of it.
type answered struct {
	span     time.Duration
	p50, p99 time.Duration // of the status calls, from when one was due
	reads    int
	creates  int
}

func (a answered) rate() float64    { return float64(a.reads) / a.span.Seconds() }
func (a answered) created() float64 { return float64(a.creates) / a.span.Seconds() }

// String tells all of it.
func (a answered) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("status p50 %.2f ms, p99 %.2f ms, %.0f a second beside %.0f new sessions a second", ms(a.p50), ms(a.p99), a.rate(), a.created())
}

const (
	callers  = 4 // who read the states of sessions
	creators = 2
)

// status reads the states of sessions at random, while others create new ones.
func status(t *testing.T, s *servertest.Server, ids []string, p pace) answered {
	t.Helper()
	ctx, end := context.WithTimeout(context.Background(), p.span)
	defer end()
	client := s.Client(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var made int
	each := func(calls, n int, rate float64, one func() error) (mine []time.Duration) {
		began := time.Now()
		for i := n; ctx.Err() == nil; i += calls {
			due := time.Now()
			if rate > 0 {
				// A call that is late since the one before took long counts from when it was due.
				due = began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				if wait := time.Until(due); wait > 0 {
					time.Sleep(wait)
					due = time.Now()
				}
			}
			if err := one(); err != nil {
				t.Error(err)
				return nil
			}
			mine = append(mine, time.Since(due))
		}
		return mine
	}
	for n := range creators {
		all.Go(func() {
			mine := each(creators, n, p.creates, func() error {
				var into struct{}
				return client.Post(context.WithoutCancel(ctx), "/v1/sessions", newSession(n), &into)
			})
			mu.Lock()
			defer mu.Unlock()
			made += len(mine)
		})
	}
	for n := range callers {
		all.Go(func() {
			mine := each(callers, n, p.reads, func() error {
				id := ids[rand.IntN(len(ids))]
				var into servertest.Session
				if err := client.Get(context.WithoutCancel(ctx), "/v1/sessions/"+id, &into); err != nil || into.ID != id || into.State != string(usher.Approved) {
					return fmt.Errorf("status of %s: %+v, %w", id, into, err)
				}
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	if len(took) == 0 {
		t.Fatal("no answers")
	}
	slices.Sort(took)
	return answered{p.span, took[len(took)/2], took[len(took)*99/100], len(took), made}
}

func memory(s *servertest.Server) string {
	own, files := s.MemoryParts()
	return fmt.Sprintf("%d MB (%d its own, %d pages of files)", s.Memory()>>20, own>>20, files>>20)
}

// loadOf gives how busy the machine is, of which this test is a part.
func loadOf() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "load unknown"
	}
	return "load " + strings.Join(strings.Fields(string(raw))[:2], " ")
}

// trim lets the old deliveries go, as the server does each hour, and tells how long the writer was held at most.
func (g *growing) trim(t *testing.T, name string) {
	t.Helper()
	var at store.Trim
	var longest time.Duration
	began := time.Now()
	for !at.Done {
		one := time.Now()
		var err error
		if at, err = g.db.TrimDeliveries(context.Background(), at, time.Now().Add(-time.Hour), 500); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(one))
	}
	var left int
	if err := g.raw.QueryRowContext(context.Background(), `SELECT count(*) FROM delivery_attempts WHERE delivery_id NOT IN (SELECT id FROM deliveries)`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d tries of deliveries that are gone are left (%v)", left, err)
	}
	took := time.Since(began)
	t.Logf("%s: %d old deliveries gone in %s, %.0f a second, the longest batch %s", name, at.Gone, took.Round(time.Millisecond), float64(at.Gone)/took.Seconds(), longest.Round(time.Millisecond))
}
