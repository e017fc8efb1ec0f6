package crashtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
)

// balancer stands before several nodes as in earnest: it sends requests in turn to those that say that they are ready, and looks again and again. It
// never sends a request twice.
type balancer struct {
	*httptest.Server

	mu     sync.Mutex
	nodes  []*target
	turn   int
	failed atomic.Int64 // requests that a node did not answer
}

type target struct {
	at    *url.URL
	proxy *httputil.ReverseProxy
	ready atomic.Bool
	took  atomic.Int64 // requests
}

const (
	lookEvery = 50 * time.Millisecond
	// drain is how long nodes of tests say that they are not ready before they stop: many looks.
	drain = "1500ms"
)

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{}
	b.Server = httptest.NewServer(http.HandlerFunc(b.serve))
	ctx, stop := context.WithCancel(context.Background())
	var looking sync.WaitGroup
	looking.Go(func() { b.look(ctx) })
	t.Cleanup(func() {
		stop()
		looking.Wait()
		b.Close()
	})
	return b
}

// add puts a node behind the balancer.
func (b *balancer) add(t *testing.T, s *servertest.Server) *target {
	t.Helper()
	at, err := url.Parse("http://" + s.Address)
	if err != nil {
		t.Fatal(err)
	}
	n := &target{at: at}
	n.proxy = &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(at)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			b.failed.Add(1)
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = append(b.nodes, n)
	return n
}

// look asks every node whether it is ready, until ctx ends.
func (b *balancer) look(ctx context.Context) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		b.mu.Lock()
		nodes := b.nodes
		b.mu.Unlock()
		var all sync.WaitGroup
		for _, n := range nodes {
			all.Go(func() { n.ready.Store(answers(ctx, client, n.at.JoinPath("readyz").String())) })
		}
		all.Wait()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, client *http.Client, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

func (b *balancer) serve(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	var next *target
	for range b.nodes {
		b.turn = (b.turn + 1) % len(b.nodes)
		if n := b.nodes[b.turn]; n.ready.Load() {
			next = n
			break
		}
	}
	b.mu.Unlock()
	if next == nil {
		b.failed.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	next.took.Add(1)
	next.proxy.ServeHTTP(w, r)
}

// wait returns when so many nodes are ready.
func (b *balancer) wait(t *testing.T, nodes int) {
	t.Helper()
	for limit := time.Now().Add(settleTime); ; time.Sleep(lookEvery) {
		b.mu.Lock()
		ready := 0
		for _, n := range b.nodes {
			if n.ready.Load() {
				ready++
			}
		}
		b.mu.Unlock()
		if ready == nodes {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d nodes are ready, want %d", ready, nodes)
		}
	}
}
