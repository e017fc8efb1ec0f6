package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/queue"
)

// Nodes of the version before go on while a migration runs and after it, so that a new version is rolled out node by node. Hence a migration only adds:
// tables, indexes, columns that are empty or have a default. What nobody reads any more goes with a version after the next.
// A test reads the files for it.
//
//go:embed migrations/*.sql
var migrations embed.FS

// takeMigrating takes the lock that nodes take that start at the same time, one after the other. It is held by a transaction beside those that migrate: the
// lock of a session would stay behind in a pooler.
//
// The statement has no parameter: one with a parameter keeps its snapshot for as long as the transaction, and an index that is built beside those who
// write would wait for it for ever.
const takeMigrating = `SELECT pg_advisory_xact_lock(32210629911052289)`

// migrate brings the schema up to date.
func migrate(ctx context.Context, p *pgxpool.Pool) error {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return migrateWith(ctx, p, steps)
}

func migrateWith(ctx context.Context, p *pgxpool.Pool, steps fs.FS) error {
	lock, err := p.Begin(ctx)
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	defer lock.Rollback(ctx) // it has written nothing
	if _, err := lock.Exec(ctx, takeMigrating); err != nil {
		return fmt.Errorf("wait for the migrations of another node: %w", err)
	}
	db := stdlib.OpenDBFromPool(p)
	defer db.Close()
	g, err := goose.NewProvider(goose.DialectPostgres, db, steps, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	if _, err := g.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return queue.Migrate(ctx, driver{riverpgxv5.New(p)})
}

// Newest gives the number of the newest step of the schema that this version knows.
func Newest() (int64, error) { return store.NewestStep(migrations) }
