package sqlite

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/usher-kyc/usher/internal/store"
)

// TestUpgradeRemovesNobody brings a database of before the rules of keeping up to date: its tenants are given rules that keep everything, and those who
// come later none, which are then the usual ones.
func TestUpgradeRemovesNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, raw, steps, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 24); err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`INSERT INTO tenants (id, name, mode, currency, created_at) VALUES ('t1', 'Old Bank', 'live', 'EUR', 1)`); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	rules, err := db.KeepRules(t.Context(), "t1")
	if err != nil || rules.Abandoned.Days != 0 || rules.Rejected.Days != 0 || rules.Approved.Days != 0 || rules.Bodies != 0 {
		t.Errorf("an old tenant has %+v, %v", rules, err)
	}
	if _, err := db.KeepRules(t.Context(), "t2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one that is not there yet: %v", err)
	}
}
