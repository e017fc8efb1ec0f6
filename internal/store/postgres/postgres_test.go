package postgres_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/postgrestest"
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
