// Package sqlitetest makes new SQLite databases for tests. Bringing the schema up step by step takes seconds under the race detector, and tests
// need hundreds of databases: a process does it once, and what each test opens is a copy of the file that this left.
package sqlitetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/usher-kyc/usher/internal/store/sqlite"
)

const file = "usher.db"

// empty is a database without a row, whose schema is up to date.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "usher-empty")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(context.Background(), sqlite.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := db.Store.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, file))
})

// Fresh puts the empty database into a folder, which it makes, unless a database is there.
func Fresh(dir string) error {
	name := filepath.Join(dir, file)
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	raw, err := empty()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(name, raw, 0o600)
	}
	return err
}
