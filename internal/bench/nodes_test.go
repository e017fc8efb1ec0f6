package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
)

// BenchmarkNodes walks people through whole onboardings by 32 callers, at one node of a PostgreSQL and at two in turn, and tells how much processor time
// everybody took for one: where the cores are full with one node, another has nothing to work with. So it does the same with nodes that are each held to
// a fifth of a core, which leaves PostgreSQL and the callers what they need: then a second node helps as far as the two do not stand in each other's way.
func BenchmarkNodes(b *testing.B) {
	b.Run("free", func(b *testing.B) { newNodes(b).compare(b, 0) })
	b.Run("held", func(b *testing.B) { newNodes(b).compare(b, 0.2) })
}

// nodes are two on one database, and who calls them.
type nodes struct {
	*bench
	database *postgrestest.Server
	servers  []*servertest.Server
	clients  []*servertest.Client
	file     []byte
}

func newNodes(b *testing.B) *nodes {
	b.Helper()
	database := postgrestest.Start(b, true)
	first := servertest.With(b, servertest.Config{Database: database.URL(b)})
	first.Start(b)
	n := &nodes{bench: &bench{Client: first.Client(b), server: first, hooks: newHooks(b)}, database: database, servers: []*servertest.Server{first}}
	if err := n.Post(context.Background(), "/v1/webhook_endpoints", fields{"url": n.hooks.URL, "events": []string{"*"}}, new([]byte)); err != nil {
		b.Fatal(err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		b.Fatal(err)
	}
	n.file, n.clients = file.Bytes(), []*servertest.Client{n.Client}
	return n
}

// compare runs onboardings at one node and then at two, each of them held to a share of a core unless that is 0.
func (n *nodes) compare(b *testing.B, share float64) {
	var alone float64 // the rate of one node
	for _, count := range []int{1, 2} {
		for len(n.servers) < count {
			other := n.servers[0].Beside(b)
			other.Start(b)
			n.servers, n.clients = append(n.servers, other), append(n.clients, n.At("http://"+other.Address))
		}
		for i, s := range n.servers {
			if share > 0 {
				hold(b, fmt.Sprintf("usher-bench-%d-%d-%d", os.Getpid(), count, i), s.PID(), share)
			}
		}
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			used := n.used()
			var turn atomic.Int64
			n.many(b, 32, func(ctx context.Context) error { return n.one(ctx, n.clients[int(turn.Add(1))%count]) })
			for who, after := range n.used() {
				b.ReportMetric((after-used[who]).Seconds()*1e3/float64(b.N), who+"-ms")
				b.ReportMetric((after-used[who]).Seconds()/b.Elapsed().Seconds(), who+"-cores")
			}
			rate := float64(b.N) / b.Elapsed().Seconds()
			if count == 1 {
				alone = rate // of the last round of a benchmark that Go runs more than once
			} else {
				b.ReportMetric(rate/alone, "ratio")
			}
		})
	}
}

// one walks a person through an onboarding at a node.
func (n *nodes) one(ctx context.Context, at *servertest.Client) error {
	c := &bench{Client: at, hooks: n.hooks}
	s, err := c.begin(ctx)
	if err != nil {
		return err
	}
	if _, _, err := c.Upload(ctx, s.ID, "selfie", n.file); err != nil {
		return err
	}
	if err := c.Post(ctx, "/v1/simulate/session/"+s.ID, fields{"action": "submit"}, &s); err != nil {
		return err
	}
	return n.hooks.wait(s.ID, usher.AccountOpened)
}

// used gives the processor time that everybody has used.
func (n *nodes) used() map[string]time.Duration {
	all := map[string]time.Duration{"postgres": n.database.CPU(), "callers": ownCPU()}
	for _, s := range n.servers {
		all["nodes"] += s.CPU()
	}
	return all
}

// hold holds a process to a share of a core, by a control group of its own (version 1), which root may make.
func hold(b *testing.B, name string, pid int, share float64) {
	b.Helper()
	const period = 20_000 // us
	dir := filepath.Join("/sys/fs/cgroup/cpu", name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Skipf("no process can be held here: %v", err)
	}
	b.Cleanup(func() { _ = os.Remove(dir) }) // once the process has ended; else the system has an empty group more
	for _, file := range [][2]string{
		{"cpu.cfs_period_us", strconv.Itoa(period)}, {"cpu.cfs_quota_us", strconv.Itoa(int(period * share))}, {"cgroup.procs", strconv.Itoa(pid)},
	} {
		if err := os.WriteFile(filepath.Join(dir, file[0]), []byte(file[1]), 0o644); err != nil {
			b.Skipf("no process can be held here: %v", err)
		}
	}
}

// BenchmarkWaiting begins sessions that then wait for their applicants, and takes what each adds to the goroutines and to the heap. The first 12,000 are
// not counted: they fill the memory of applicants' keys, which holds 10,000.
func BenchmarkWaiting(b *testing.B) {
	h := enginetest.Open(b)
	c := h.Client(h.Tenant, "native")
	begin := func(n int) {
		for range n {
			if _, _, err := h.Service.StartSession(b.Context(), c, usher.NewSession{
				Flow: "onboarding", Applicant: &usher.NewApplicant{Details: usher.Details{LastName: "Lovelace"}},
			}); err != nil {
				b.Fatal(err)
			}
		}
	}
	begin(12_000)
	before, running := held(), runtime.NumGoroutine()
	b.ResetTimer()
	begin(b.N)
	b.StopTimer()
	b.ReportMetric(float64(int64(held())-int64(before))/float64(b.N), "B/session")
	b.ReportMetric(float64(runtime.NumGoroutine()-running)/float64(b.N), "goroutines/session")
}
