package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
)

// BenchmarkNodes walks people through whole onboardings by 32 callers, at one node of a PostgreSQL and at two in turn. Everything shares the machine, the
// database and the callers as well.
func BenchmarkNodes(b *testing.B) {
	first := servertest.With(b, servertest.Config{Database: postgrestest.Start(b, true).URL(b)})
	first.Start(b)
	x := &bench{Client: first.Client(b), server: first, hooks: newHooks(b)}
	if err := x.Post(context.Background(), "/v1/webhook_endpoints", fields{"url": x.hooks.URL, "events": []string{"*"}}, new([]byte)); err != nil {
		b.Fatal(err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		b.Fatal(err)
	}
	clients := []*servertest.Client{x.Client}
	for _, nodes := range []int{1, 2} {
		for len(clients) < nodes {
			other := first.Beside(b)
			other.Start(b)
			clients = append(clients, x.At("http://"+other.Address))
		}
		var turn atomic.Int64
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			x.many(b, 32, func(ctx context.Context) error {
				c := &bench{Client: clients[int(turn.Add(1))%nodes], hooks: x.hooks}
				s, err := c.begin(ctx)
				if err != nil {
					return err
				}
				if _, _, err := c.Upload(ctx, s.ID, "selfie", file.Bytes()); err != nil {
					return err
				}
				if err := c.Post(ctx, "/v1/simulate/session/"+s.ID, fields{"action": "submit"}, &s); err != nil {
					return err
				}
				return x.hooks.wait(s.ID, usher.AccountOpened)
			})
		})
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
