package enginetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/sqlitetest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// OnPostgres tells whether houses are on PostgreSQL.
func OnPostgres() bool { return os.Getenv("USHER_TEST_STORE") == "postgres" }

// Jobs run when a test says so. Looking for them as often as a server does took half of the processor time of all tests.
const poll = 100 * time.Millisecond

// openDatabase opens the database that belongs to a folder; a new one when the folder has none.
func openDatabase(ctx context.Context, t testing.TB, dir string, again bool) (*store.Database, error) {
	t.Helper()
	if OnPostgres() {
		url, err := databaseURL(t, dir, again)
		if err != nil {
			return nil, err
		}
		return postgres.Open(ctx, postgres.Config{URL: url, Tail: postgrestest.Tail, RetryPause: time.Millisecond, Poll: poll})
	}
	if err := sqlitetest.Fresh(dir); err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, sqlite.Config{Dir: dir, RetryPause: time.Millisecond, Poll: poll})
}

// databaseURL gives the URL that was written into a folder, so that a house can be opened again.
func databaseURL(t testing.TB, dir string, again bool) (string, error) {
	t.Helper()
	file := filepath.Join(dir, "database")
	url, err := os.ReadFile(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return string(url), err
	}
	if !again {
		return postgrestest.URL(t), nil
	}
	made := postgrestest.Shared(t).Kept(t)
	return made, os.WriteFile(file, []byte(made), 0o600)
}
