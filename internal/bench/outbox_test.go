package bench_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
	"github.com/usher-kyc/usher/internal/webhook"
)

// databases are the two, synced as in earnest.
func databases() map[string]func(b *testing.B, dir, url, node string) *store.Database {
	return map[string]func(b *testing.B, dir, url, node string) *store.Database{
		"sqlite": func(b *testing.B, dir, _, _ string) *store.Database {
			return opened(b)(sqlite.Open(b.Context(), sqlite.Config{Dir: dir}))
		},
		"postgres": func(b *testing.B, _, url, node string) *store.Database {
			return opened(b)(postgres.Open(b.Context(), postgres.Config{URL: url, Node: node}))
		},
	}
}

func opened(b *testing.B) func(*store.Database, error) *store.Database {
	return func(db *store.Database, err error) *store.Database {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := db.Store.Close(); err != nil {
				b.Error(err)
			}
		})
		return db
	}
}

// outboxNode is as much of a node as queues deliveries and sends them: the real engine on a real store.
type outboxNode struct {
	*engine.Engine
	wake   func()
	tenant usher.Tenant
}

func newOutboxNode(b *testing.B, db *store.Database, dir string) *outboxNode {
	b.Helper()
	master, err := vault.OpenMaster(filepath.Join(dir, "master.key"), "")
	if err != nil {
		b.Fatal(err)
	}
	keys, err := vault.New(vault.Config{Master: master, Keysets: db.Store})
	if err != nil {
		b.Fatal(err)
	}
	n := &outboxNode{wake: func() {}}
	n.Engine = engine.New(engine.Config{
		Store: db.Store, Queue: db.Jobs, Vault: keys, Renderers: []usher.Renderer{native.Renderer{}}, Wake: func() { n.wake() }, Pages: hosted.Steps(),
		LinkURL: func(token string) string { return token },
	})
	return n
}

// send has the node send until the benchmark ends it.
func (n *outboxNode) send(b *testing.B, poll time.Duration) (stop func()) {
	b.Helper()
	s, err := webhook.New(webhook.Config{Outbox: n, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}), Poll: poll})
	if err != nil {
		b.Fatal(err)
	}
	n.wake = s.Wake
	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			b.Error(err)
		}
	})
	return func() {
		end()
		running.Wait()
	}
}

// targets makes endpoints at local receivers, and counts what those get.
func (n *outboxNode) targets(b *testing.B, count int, took func()) []usher.Endpoint {
	b.Helper()
	var err error
	if n.tenant, err = n.CreateTenant(b.Context(), "Bench", usher.Sandbox, "EUR"); err != nil {
		b.Fatal(err)
	}
	var urls []string
	for range min(count, 8) {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // what is missing is missed in the count
			took()
		}))
		b.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	endpoints := make([]usher.Endpoint, count)
	for i := range endpoints {
		if endpoints[i], err = n.CreateEndpoint(b.Context(), n.tenant.ID, usher.Endpoint{URL: urls[i%len(urls)], Dialect: native.Name, Events: []usher.EventType{"*"}}); err != nil {
			b.Fatal(err)
		}
	}
	return endpoints
}

// fill queues deliveries, those of each endpoint in one line.
func (n *outboxNode) fill(b *testing.B, endpoints []usher.Endpoint, count int) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 128 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(count); i = next.Add(1) {
				if _, err := n.TestEndpoint(b.Context(), n.tenant.ID, endpoints[int(i)%len(endpoints)].ID); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkOutbox drains deliveries from a real store, 32 endpoints with a strict order each, and posts as many signed messages with the same client
// from 32 callers in a bare loop. It reports deliveries/s, that of the bare loop, the ratio, and that of the processor time that all of them took, the
// database included.
func BenchmarkOutbox(b *testing.B) {
	for name, open := range databases() {
		b.Run(name, func(b *testing.B) {
			dir, url := b.TempDir(), ""
			used := ownCPU
			if name == "postgres" {
				database := postgrestest.Start(b, true)
				url = database.URL(b)
				used = func() time.Duration { return ownCPU() + database.CPU() }
			}
			n := newOutboxNode(b, open(b, dir, url, ""), dir)
			var took atomic.Int64
			done := make(chan struct{})
			var want atomic.Int64
			want.Store(-1)
			endpoints := n.targets(b, 32, func() {
				if took.Add(1) == want.Load() {
					close(done)
				}
			})
			bare(b, endpoints, 32, 2000) // opens connections
			n.fill(b, endpoints, b.N)
			want.Store(took.Load() + int64(b.N))
			before := used()
			b.ResetTimer()
			stop := n.send(b, 0)
			<-done
			drained := b.Elapsed()
			b.StopTimer()
			stop()
			want.Store(-1)
			between := used()
			alone := bare(b, endpoints, 32, b.N)
			b.ReportMetric(float64(used()-between)/float64(between-before), "ratio-cpu")
			b.ReportMetric(float64(b.N)/drained.Seconds(), "deliveries/s")
			b.ReportMetric(float64(b.N)/alone.Seconds(), "bare/s")
			b.ReportMetric(alone.Seconds()/drained.Seconds(), "ratio")
		})
	}
}

// bare posts signed messages from so many callers and gives the time it took.
func bare(b *testing.B, endpoints []usher.Endpoint, callers, count int) time.Duration {
	b.Helper()
	client := webhook.NewClient(webhook.ClientConfig{Dev: true})
	body := []byte(`{"id":"0198c0de-0000-7000-8000-000000000000","type":"ping","created_at":"2026-11-22T10:00:00.000Z"}`)
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range callers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(count); i = next.Add(1) {
				e := endpoints[int(i)%len(endpoints)]
				r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, e.URL, bytes.NewReader(body))
				if err == nil {
					err = webhook.Sign(r.Header, "d", time.Now(), body, e.Secrets)
				}
				if err != nil {
					b.Error(err)
					return
				}
				res, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				if err = errors.Join(err, res.Body.Close()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// BenchmarkCommitToSink queues one delivery after another and takes the time from the commit's return to the receiver: sent by the node that queued it,
// and by another node of the database.
func BenchmarkCommitToSink(b *testing.B) {
	for _, other := range []bool{false, true} {
		b.Run(map[bool]string{false: "same node", true: "other node"}[other], func(b *testing.B) {
			dir, url := b.TempDir(), postgrestest.Start(b, true).URL(b)
			open := databases()["postgres"]
			n := newOutboxNode(b, open(b, dir, url, "a"), dir)
			came := make(chan time.Time, 1)
			endpoints := n.targets(b, 1, func() { came <- time.Now() })
			sender := n
			if other {
				sender = newOutboxNode(b, open(b, dir, url, "b"), dir)
				if err := sender.Join(b.Context(), ""); err != nil {
					b.Fatal(err)
				}
			}
			living, end := context.WithCancel(context.Background())
			var alive sync.WaitGroup
			if err := n.Join(b.Context(), ""); err != nil {
				b.Fatal(err)
			}
			alive.Go(func() { sender.Live(living) })
			stop := sender.send(b, 40*time.Millisecond)
			var times []time.Duration
			for b.Loop() {
				if _, err := n.TestEndpoint(b.Context(), n.tenant.ID, endpoints[0].ID); err != nil {
					b.Fatal(err)
				}
				committed := time.Now()
				times = append(times, max((<-came).Sub(committed), 0))
				time.Sleep(time.Duration(len(times)*7%50) * time.Millisecond) // not in step with those who look
			}
			stop()
			end()
			alive.Wait()
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkBacklog queues many deliveries before anything is sent, drains them, and looks at what the process holds on its way. USHER_BACKLOG is how many.
func BenchmarkBacklog(b *testing.B) {
	count := 20_000
	if word := os.Getenv("USHER_BACKLOG"); word != "" {
		var err error
		if count, err = strconv.Atoi(word); err != nil {
			b.Fatal(err)
		}
	}
	for name, open := range databases() {
		b.Run(name, func(b *testing.B) {
			dir, url := b.TempDir(), ""
			if name == "postgres" {
				url = postgrestest.Start(b, true).URL(b)
			}
			n := newOutboxNode(b, open(b, dir, url, ""), dir)
			var took atomic.Int64
			done := make(chan struct{})
			endpoints := n.targets(b, 32, func() {
				if took.Add(1) == int64(count) {
					close(done)
				}
			})
			began := time.Now()
			n.fill(b, endpoints, count)
			filled := time.Since(began)
			b.ResetTimer()
			stop := n.send(b, 0)
			var most [2]uint64 // in the first and the second half
			for waiting := true; waiting; {
				select {
				case <-done:
					waiting = false
				case <-time.After(100 * time.Millisecond):
					half := took.Load() * 2 / int64(count+1)
					most[half] = max(most[half], held())
				}
			}
			b.StopTimer()
			stop()
			b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "deliveries/s")
			b.ReportMetric(float64(count)/filled.Seconds(), "queued/s")
			b.ReportMetric(float64(most[0])/(1<<20), "MB-first-half")
			b.ReportMetric(float64(most[1])/(1<<20), "MB-second-half")
		})
	}
}

// held is what the process holds in its heap, in bytes, once what nobody uses is gone.
func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
