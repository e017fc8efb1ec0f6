package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usher-kyc/usher/internal/store"
)

type pool struct{ *pgxpool.Pool }

// Query runs a statement by itself.
func (p pool) Query(ctx context.Context, query string, args ...any) (store.Rows, error) {
	rs, err := p.Pool.Query(ctx, query, args...)
	return rows{rs}, err
}

// Begin begins a transaction.
func (p pool) Begin(ctx context.Context) (store.Tx, error) {
	tx, err := p.Pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return transaction{tx}, nil
}

type transaction struct{ pgx.Tx }

// Exec runs a statement and gives the number of rows it touched.
func (t transaction) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.Tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

// Query runs a statement that gives rows.
func (t transaction) Query(ctx context.Context, query string, args ...any) (store.Rows, error) {
	rs, err := t.Tx.Query(ctx, query, args...)
	return rows{rs}, err
}

type rows struct{ pgx.Rows }

// Close lets go of the connection.
func (r rows) Close() error {
	r.Rows.Close()
	return nil
}
