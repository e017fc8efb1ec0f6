package postgres_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/storetest"
)

// TestStore runs the suite.
func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Database {
		db := postgrestest.Open(t, postgres.Config{RetryPause: time.Millisecond})
		return storetest.Database{Store: db.Store, Jobs: db.Jobs}
	})
}

// TestNodes has two nodes work on one database.
func TestNodes(t *testing.T) {
	t.Parallel()
	storetest.Nodes(t, func(t *testing.T) (one, other *store.Store) {
		return twoNodes(t, postgrestest.URL(t))
	})
}

func twoNodes(t *testing.T, url string) (one, other *store.Store) {
	t.Helper()
	return postgrestest.Open(t, postgres.Config{URL: url, Node: "one"}).Store, postgrestest.Open(t, postgres.Config{URL: url, Node: "other"}).Store
}
