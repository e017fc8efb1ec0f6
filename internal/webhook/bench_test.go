package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

// BenchmarkSender drains b.N deliveries of 400 bytes to eight local receivers, which check an HMAC, and then posts as many messages with the
// same client in a bare loop of as many callers. It reports deliveries/s, that of the bare loop, and the ratio of the two. The outbox is in
// memory, so this is the cost of the sender and not of a database.
func BenchmarkSender(b *testing.B) {
	for _, sessions := range []int{1 << 30, 32} {
		name := "own session each"
		if sessions == 32 {
			name = "32 sessions in order"
		}
		b.Run(name, func(b *testing.B) { benchmarkSender(b, sessions) })
	}
}

func benchmarkSender(b *testing.B, sessions int) {
	var received atomic.Int64
	sink := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := hmac.New(sha256.New, []byte(testSecret))
		h.Write(body)
		h.Sum(nil)
		received.Add(1)
	})
	var endpoints []usher.Endpoint
	for i := range 8 {
		server := httptest.NewServer(sink)
		b.Cleanup(server.Close)
		endpoints = append(endpoints, endpoint(fmt.Sprint("e", i), server.URL))
	}
	body := []byte(`{"data":"` + string(bytes.Repeat([]byte("x"), 389)) + `"}`)
	client := webhook.NewClient(webhook.ClientConfig{Dev: true})
	callers := min(64, sessions)
	bare(b, client, endpoints, body, callers, 2000) // opens the connections for both

	o := newOutbox()
	now := time.Now()
	for i := range b.N {
		o.add(fmt.Sprint("d", i), endpoints[i%8], fmt.Sprint("s", i%sessions), body, now)
	}
	before := received.Load()
	b.ResetTimer()
	_, stop := start(b, webhook.Config{Outbox: o, Client: client})
	o.waitDone()
	took := b.Elapsed()
	b.StopTimer()
	mustStop(b, stop)
	if got := received.Load() - before; got != int64(b.N) {
		b.Fatalf("%d received, want %d", got, b.N)
	}
	alone := bare(b, client, endpoints, body, callers, b.N)
	b.ReportMetric(float64(b.N)/took.Seconds(), "deliveries/s")
	b.ReportMetric(float64(b.N)/alone.Seconds(), "bare/s")
	b.ReportMetric(alone.Seconds()/took.Seconds(), "ratio")
}

// bare posts n signed messages from so many callers and gives the time it took.
func bare(b *testing.B, client *http.Client, endpoints []usher.Endpoint, body []byte, callers, n int) time.Duration {
	var next atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range callers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				e := endpoints[i%8]
				r, err := http.NewRequest(http.MethodPost, e.URL, bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				if err := webhook.Sign(r.Header, "d", time.Now(), body, e.Secrets); err != nil {
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
	return time.Since(begun)
}
