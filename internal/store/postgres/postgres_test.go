package postgres_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/storetest"
)

// TestStore runs the suite, with a tap that collects the statements, and then looks at how PostgreSQL carries them out.
func TestStore(t *testing.T) {
	t.Parallel()
	p := tap{texts: map[string]bool{}}
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Database {
			db := postgrestest.Open(t, postgres.Config{RetryPause: time.Millisecond, Tracer: &p})
			return storetest.Database{Store: db.Store, Jobs: db.Jobs}
		})
	})
	t.Run("plans", func(t *testing.T) { plans(t, p.texts) })
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
