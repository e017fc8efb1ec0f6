package sqlite_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// A job whose every try fails, the one that should write down the failure too, is never thrown away.
func TestJobIsNotThrownAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := sqlite.Open(ctx, sqlite.Config{Dir: t.TempDir(), RetryPause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Store.Close(); err != nil {
			t.Error(err)
		}
	}()
	tried := make(chan store.Job, 100)
	if err := db.Jobs.Start(ctx, func(_ context.Context, j store.Job) error {
		tried <- j
		return errors.New("the database is away")
	}, nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Commit(ctx, store.Change{Jobs: []store.Job{{Kind: "checks", Tenant: "t", Object: "s"}}}); err != nil {
		t.Fatal(err)
	}
	last := 0
	for last < 3 {
		select {
		case j := <-tried:
			if j.Last {
				last++
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("the job was thrown away after %d last tries", last)
		}
	}
	if err := db.Jobs.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
