package sqlite_test

import (
	"context"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Database {
		db, err := sqlite.Open(context.Background(), sqlite.Config{Dir: t.TempDir(), RetryPause: time.Millisecond})
		return opened(t, db, err)
	})
}

func opened(t *testing.T, db *sqlite.DB, err error) storetest.Database {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	return storetest.Database{Store: db.Store, Jobs: db.Jobs}
}
