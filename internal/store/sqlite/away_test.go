package sqlite_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// TestFullDatabase lets the file grow no more: who writes is told that it passes, and when there is room again it has passed.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	var writing *sql.DB // on one connection, whose limit it is
	db, err := sqlite.OpenWith(t.Context(), sqlite.Config{Dir: fresh(t)}, func(file string, connections int, lock string) (*sql.DB, error) {
		made, err := sql.Open("sqlite", sqlite.Address(file, lock))
		if err == nil && connections == 1 {
			made.SetMaxOpenConns(1)
			writing = made
		}
		return made, err
	})
	full := opened(t, db, err).Store
	limit := func(pages string) {
		t.Helper()
		if _, err := writing.ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // which means: those that it has
	for n := 0; err == nil && n < 1000; n++ {
		err = full.Commit(t.Context(), onboard(n))
	}
	if !usher.Passes(err) {
		t.Fatalf("a full database is told as %v", err)
	}
	if _, err := full.Session(t.Context(), "t", "nobody"); !errors.Is(err, store.ErrNotFound) || usher.Passes(err) {
		t.Errorf("what is not there is told as %v", err)
	}
	limit("1000000")
	if err := full.Commit(t.Context(), onboard(1001)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := full.Commit(t.Context(), onboard(1001)); err == nil || usher.Passes(err) {
		t.Errorf("what is there already is told as %v", err)
	}
}
