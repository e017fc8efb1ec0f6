package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/usher-kyc/usher/internal/store"
)

// pool keeps connections and the statements that were prepared for them: preparing costs more than most of ours take to run.
type pool struct {
	db     *sql.DB
	mu     sync.RWMutex
	byText map[string]*sql.Stmt
	missed []string
}

// Query runs a statement by itself.
func (p *pool) Query(ctx context.Context, query string, args ...any) (store.Rows, error) {
	st, err := p.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return nothing(st.QueryContext(ctx, args...))
}

// nothing keeps no rows from looking like some.
func nothing(rows *sql.Rows, err error) (store.Rows, error) {
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Begin begins a transaction.
func (p *pool) Begin(ctx context.Context) (store.Tx, error) {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return transaction{tx, p}, nil
}

func (p *pool) get(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st := p.byText[query]
	p.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	st, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if had := p.byText[query]; had != nil {
		return had, st.Close()
	}
	if p.byText == nil {
		p.byText = map[string]*sql.Stmt{}
	}
	p.byText[query] = st
	return st, nil
}

// ready gives a statement that is prepared already. One that is not is remembered for prepareMissed: within a transaction, on a pool of one
// connection, preparing would wait for itself.
func (p *pool) ready(query string) (*sql.Stmt, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st, ok := p.byText[query]
	if !ok {
		p.missed = append(p.missed, query)
	}
	return st, ok
}

// prepareMissed prepares what the last transaction had to run unprepared. A statement that cannot be prepared fails where it is used.
func (p *pool) prepareMissed(ctx context.Context) {
	p.mu.Lock()
	missed := p.missed
	p.missed = nil
	p.mu.Unlock()
	for _, query := range missed {
		_, _ = p.get(ctx, query)
	}
}

type transaction struct {
	*sql.Tx
	pool *pool
}

// Exec runs a statement and gives the number of rows it touched.
func (t transaction) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if st, ready := t.pool.ready(query); ready {
		res, err = t.StmtContext(ctx, st).ExecContext(ctx, args...)
	} else {
		res, err = t.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query runs a statement that gives rows.
func (t transaction) Query(ctx context.Context, query string, args ...any) (store.Rows, error) {
	if st, ready := t.pool.ready(query); ready {
		return nothing(t.StmtContext(ctx, st).QueryContext(ctx, args...))
	}
	return nothing(t.QueryContext(ctx, query, args...))
}

// Commit returns once everything is on disk.
func (t transaction) Commit(ctx context.Context) error {
	defer t.pool.prepareMissed(ctx)
	return t.Tx.Commit()
}

// Rollback undoes everything.
func (t transaction) Rollback(ctx context.Context) error {
	defer t.pool.prepareMissed(ctx)
	if err := t.Tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}
