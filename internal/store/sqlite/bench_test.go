package sqlite_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// BenchmarkCommit writes changes of one session, three events and one job each, with a sync at every commit. One caller waits for each commit,
// so its line is one commit per change; the others share commits.
func BenchmarkCommit(b *testing.B) {
	var alone float64
	for _, callers := range []int{1, 8, 32, 128, 512} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			db, err := sqlite.Open(context.Background(), sqlite.Config{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := db.Store.Close(); err != nil {
					b.Error(err)
				}
			}()
			var next atomic.Int64
			doc := make([]byte, 220)
			now := time.Now()
			b.ResetTimer()
			var all sync.WaitGroup
			for range callers {
				all.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						id := fmt.Sprintf("%012d", n)
						c := store.Change{
							Session: &store.SessionRow{ID: id, TenantID: "t", ApplicantID: id, Version: 3, Doc: doc, CreatedAt: now, UpdatedAt: now},
							Jobs:    []store.Job{{Kind: "checks", Tenant: "t", Object: id}},
						}
						for i := range int64(3) {
							c.Events = append(c.Events, store.EventRow{
								ID: fmt.Sprint(id, "-", i), TenantID: "t", ApplicantID: id, SessionID: id, Type: usher.EvidenceReceived, Sequence: i + 1,
								Doc: doc[:120], At: now,
							})
						}
						if err := db.Store.Commit(context.Background(), c); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "changes/s")
			if callers == 1 {
				alone = rate
			} else if alone > 0 {
				b.ReportMetric(rate/alone, "ratio-to-one-commit-each")
			}
		})
	}
}
