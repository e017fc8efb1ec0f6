package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/storetest"
)

// TestPooler has two nodes work by way of a pooler that gives each transaction another session, from the migration on.
func TestPooler(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	t.Run("migration and jobs", func(t *testing.T) {
		t.Parallel()
		db := postgrestest.Open(t, postgres.Config{URL: server.Pooled(t, server.Bare(t)), RetryPause: time.Millisecond})
		done := make(chan store.Job, 1)
		if err := db.Start(context.Background(), func(_ context.Context, j store.Job) error {
			done <- j
			return nil
		}, nil); err != nil {
			t.Fatal(err)
		}
		if err := db.Commit(context.Background(), store.Change{Jobs: []store.Job{{Kind: "k", Object: "o"}}}); err != nil {
			t.Fatal(err)
		}
		select {
		case j := <-done:
			if j.Object != "o" {
				t.Errorf("got %+v", j)
			}
		case <-time.After(time.Minute):
			t.Error("the job was not done")
		}
		if err := db.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Run("two nodes", func(t *testing.T) {
		t.Parallel()
		if testing.Short() {
			t.Skip("without the pooler it is looked at as well")
		}
		storetest.Nodes(t, func(t *testing.T) (one, other *store.Store) {
			return twoNodes(t, server.Pooled(t, server.URL(t)))
		})
	})
}
