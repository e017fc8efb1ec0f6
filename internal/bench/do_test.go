package bench_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// BenchmarkDo has callers take sessions through three transitions each (created with its applicant, opened, cancelled) by the engine alone:
// decided, sealed, rendered for one endpoint, committed.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			h := enginetest.Open(b, enginetest.Config{Renderers: []usher.Renderer{native.Renderer{}}})
			c := h.Client(h.Tenant, native.Name)
			ctx := context.Background()
			if _, err := h.Service.CreateEndpoint(ctx, h.Tenant.ID, usher.Endpoint{URL: "https://client.example.test", Dialect: native.Name}); err != nil {
				b.Fatal(err)
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var all sync.WaitGroup
			for range callers {
				all.Go(func() {
					for left.Add(-3) > -3 {
						s, _, err := h.Service.StartSession(ctx, c, usher.NewSession{Applicant: &usher.NewApplicant{}})
						if err != nil {
							b.Error(err)
							return
						}
						for _, kind := range []usher.CommandKind{usher.CmdOpen, usher.CmdCancel} {
							if _, err := h.Service.Do(ctx, h.Tenant.ID, s.ID, usher.Command{Kind: kind, By: usher.Actor{Kind: usher.ByClient, ID: c.ID}}); err != nil {
								b.Error(err)
								return
							}
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
		})
	}
}
