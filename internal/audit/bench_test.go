package audit_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// BenchmarkLedger verifies a trail in a real database, reading included. records/s is by the clock; records/core-s by the processor time of this
// process and of the database's server, and does not depend on what else the machine does.
func BenchmarkLedger(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		db, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Store.Close() })
		verifyLong(b, db.Store, own)
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		server := postgrestest.Start(b, false)
		db := postgrestest.Open(b, postgres.Config{URL: server.URL(b)})
		verifyLong(b, db.Store, func() time.Duration { return own() + server.CPU() })
	})
}

func verifyLong(b *testing.B, db *store.Store, used func() time.Duration) {
	const n = 100_000
	for i := 0; i < n; i += 1000 {
		list := trail("0192d3c4-5b6a-7c8d-9e0f-a1b2c3d4e5f6", 1000)
		for j := range list {
			list[j].ID = fmt.Sprintf("0192d3c4-5b6a-7c8d-9e0f-%012d", i+j)
		}
		if err := db.Commit(b.Context(), store.Change{Audit: list}); err != nil {
			b.Fatal(err)
		}
	}
	before := used()
	for b.Loop() {
		r, err := (audit.Ledger{Store: db}).Verify(b.Context(), nil)
		if err != nil || !r.OK() || r.Records != n {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.N)*n/(used()-before).Seconds(), "records/core-s")
}

// own gives the processor time of this process.
func own() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
