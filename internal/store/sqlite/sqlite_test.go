package sqlite_test

import (
	"context"
	"sync"
	"testing"

	"github.com/usher-kyc/usher/internal/sqlitetest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/storetest"
)

// TestStore runs the suite, with a tap on the driver that collects the statements, and then looks at how SQLite carries them out.
func TestStore(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	texts := map[string]bool{}
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Database {
			var p tap
			db, err := p.open(t, fresh(t))
			t.Cleanup(func() {
				mu.Lock()
				defer mu.Unlock()
				for text := range p.texts {
					texts[text] = true
				}
			})
			return opened(t, db, err)
		})
	})
	t.Run("plans", func(t *testing.T) { plans(t, fresh(t), texts) })
}

// fresh makes a folder with an empty database.
func fresh(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := sqlitetest.Fresh(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func opened(t *testing.T, db *store.Database, err error) storetest.Database {
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

// TestNodes has many callers do what would hurt at the same time.
func TestNodes(t *testing.T) {
	t.Parallel()
	storetest.Nodes(t, func(t *testing.T) (one, other *store.Store) {
		db, err := sqlite.Open(context.Background(), sqlite.Config{Dir: fresh(t)})
		opened(t, db, err)
		return db.Store, db.Store
	})
}
