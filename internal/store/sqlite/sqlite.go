// Package sqlite opens the embedded database: one file, written through one connection with full sync, read through a few others. It brings
// the schema, the migrations and the job queue to package store.
//
// A commit is on disk when it returns: WAL with synchronous=FULL syncs the log at each commit, and the group commit of package store
// makes one sync serve many callers, so that it costs little under load (docs/BENCHMARKS.md).
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver registers itself

	"github.com/usher-kyc/usher/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

const readers = 4

// Words gives what this database says in its own way.
func Words() store.Words {
	return store.Words{
		Each: `json_each(?)`, Texts: `json_each(?)`, Rising: `?`,
		NoAnswer: `json_remove(doc, '$.answer')`,
		Behind: ` FROM json_each($1) h CROSS JOIN deliveries f ON f.id = h.value CROSS JOIN deliveries d ON d.lane = f.lane AND d.status = 'pending'
		AND d.pos > f.pos AND d.pos <= COALESCE((SELECT o.pos FROM deliveries o WHERE o.lane = f.lane AND o.status = 'pending' AND o.pos > f.pos
			ORDER BY o.pos LIMIT 1 OFFSET $2 - 1), 9223372036854775807)
		WHERE f.pos = (SELECT min(e.pos) FROM deliveries e WHERE e.lane = f.lane AND e.status = 'pending')`,
	}
}

// Config is where the database is. Dir is required.
type Config struct {
	Dir        string        // made with mode 0700 when it is not there
	RetryPause time.Duration // unit of the growing pause between tries of a job; 1 s when zero
	Poll       time.Duration // how often jobs are looked for; 20 ms when zero
	Log        *slog.Logger
	Wrote      func(changes int, took time.Duration) // see [store.Config]
}

// Open opens the database in a folder and brings its schema up to date.
func Open(ctx context.Context, c Config) (*store.Database, error) { return openWith(ctx, c, open) }

// openWith takes the function that opens a pool, so that tests can stand between the store and the driver.
func openWith(ctx context.Context, c Config, open func(file string, connections int, lock string) (*sql.DB, error)) (*store.Database, error) {
	dir := c.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	file := filepath.Join(dir, "usher.db")
	write, err := open(file, 1, "immediate")
	if err != nil {
		return nil, err
	}
	read, err := open(file, readers, "deferred")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	closeBoth := func() error { return errors.Join(read.Close(), write.Close()) }
	db, err := start(ctx, write, read, closeBoth, c)
	if err != nil {
		return nil, errors.Join(err, closeBoth())
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protect database file: %w", err), db.Store.Close())
	}
	return db, nil
}

func start(ctx context.Context, write, read *sql.DB, closeBoth func() error, c Config) (*store.Database, error) {
	if err := migrate(ctx, write); err != nil {
		return nil, err
	}
	writing := &pool{db: write}
	jobs, err := newJobs(ctx, writing, c)
	if err != nil {
		return nil, err
	}
	s, err := store.New(ctx, store.Config{
		Write: writing, Read: &pool{db: read}, Queue: jobs, Words: Words(), Close: closeBoth, Away: away, Wrote: c.Wrote,
	})
	if err != nil {
		return nil, err
	}
	return &store.Database{Store: s, Jobs: jobs}, nil
}

// open opens a pool.
func open(file string, connections int, lock string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", address(file, lock))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// address is how the driver is told of a file. A writer takes its lock when a transaction begins ("immediate"), never half-way through it,
// where SQLite can only refuse.
func address(file, lock string) string {
	// Kilobytes of pages that one connection keeps for itself, and never gives back. What a reader misses the system's cache has.
	cache := "cache_size(-16000)"
	if lock == "deferred" {
		cache = "cache_size(-4000)"
	}
	q := url.Values{
		"_pragma": {
			"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(ON)", cache,
			"temp_store(MEMORY)", "wal_autocheckpoint(4000)",
		},
		"_txlock": {lock},
	}
	return "file:" + file + "?" + q.Encode()
}

func migrate(ctx context.Context, db *sql.DB) error {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, steps, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// Newest gives the number of the newest step of the schema that this version knows.
func Newest() (int64, error) { return store.NewestStep(migrations) }
