package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// TestStartTakesUpWhatADeadProcessLeft leaves a job running, on its last try, a key taken and a delivery leased, as a killed
// process does, and starts again.
func TestStartTakesUpWhatADeadProcessLeft(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	db, err := sqlite.Open(ctx, sqlite.Config{Dir: dir, RetryPause: time.Millisecond})
	opened(t, db, err)
	if err := db.Commit(ctx, store.Change{Jobs: []store.Job{{Kind: "checks", Tenant: "t", Object: "o"}}}); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(ctx, `UPDATE river_job SET state = 'running', attempt = max_attempts`); err != nil {
		t.Fatal(err)
	}
	key := store.OnceRow{Tenant: "t", Client: "c", Key: "k", Fingerprint: []byte("f"), StartedAt: time.Now()}
	stale := key.StartedAt.Add(-time.Minute)
	if _, mine, err := db.BeginOnce(ctx, key, stale); err != nil || !mine {
		t.Fatal(mine, err)
	}
	if _, mine, err := db.BeginOnce(ctx, key, stale); err != nil || mine {
		t.Fatal("a key in use was given away", err)
	}
	d := onboard(1).Deliveries[0]
	d.DueAt = time.Now()
	if err := db.AddDelivery(ctx, d); err != nil {
		t.Fatal(err)
	}
	claim := func() int {
		list, err := db.ClaimDeliveries(ctx, usher.DeliveryClaim{Now: time.Now(), Lease: time.Minute, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if first, second := claim(), claim(); first != 1 || second != 0 {
		t.Fatalf("claimed %d and then %d, want 1 and 0", first, second)
	}
	again := make(chan store.Job)
	if err := db.Start(ctx, func(_ context.Context, j store.Job) error {
		again <- j
		return nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	if j := <-again; j.Object != "o" || !j.Last {
		t.Errorf("got %+v, want the job of before on its last try", j)
	}
	if _, mine, err := db.BeginOnce(ctx, key, stale); err != nil || !mine {
		t.Error("a dead process still holds its key", err)
	}
	if claim() != 1 {
		t.Error("a dead process still holds its delivery")
	}
	if err := db.Stop(ctx); err != nil {
		t.Error(err)
	}
}
