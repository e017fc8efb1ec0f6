package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/usher-kyc/usher/internal/store"
	usqlite "github.com/usher-kyc/usher/internal/store/sqlite"
)

// tap stands between the store and the SQLite driver: it sees every statement, and can make a call fail.
type tap struct {
	mu    sync.Mutex
	texts map[string]bool
	calls int
	fail  int  // the call that fails, counted from 1; 0 is none
	late  bool // a commit fails after it was done: the caller cannot know
}

// call is told of every call before it is made. It gives the error to fail with.
func (p *tap) call(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text != "" {
		if p.texts == nil {
			p.texts = map[string]bool{}
		}
		p.texts[text] = true
	}
	p.calls++
	if p.calls == p.fail {
		return errTapped
	}
	return nil
}

var errTapped = fmt.Errorf("disk failed")

// arm makes the n-th call from now on fail, or none when n is 0, and gives the number of calls since the last arm.
func (p *tap) arm(n int, late bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls, p.fail, p.late = 0, n, late
	return calls
}

func (p *tap) fired() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fail > 0 && p.calls >= p.fail
}

// open opens a database with the tap in between.
func (p *tap) open(t *testing.T, dir string) (*store.Database, error) {
	t.Helper()
	return usqlite.OpenWith(context.Background(), usqlite.Config{Dir: dir, RetryPause: time.Millisecond},
		func(file string, connections int, lock string) (*sql.DB, error) {
			db := sql.OpenDB(tapped{address: usqlite.Address(file, lock), p: p})
			db.SetMaxOpenConns(connections)
			db.SetMaxIdleConns(connections)
			return db, nil
		})
}

type tapped struct {
	address string
	p       *tap
}

func (c tapped) Driver() driver.Driver { return &sqlite.Driver{} }

func (c tapped) Connect(context.Context) (driver.Conn, error) {
	conn, err := (&sqlite.Driver{}).Open(c.address)
	if err != nil {
		return nil, err
	}
	return tappedConn{full: conn.(fullConn), p: c.p}, nil
}

// fullConn is what the driver's connection can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type tappedConn struct {
	full fullConn
	p    *tap
}

func (c tappedConn) Prepare(text string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), text)
}
func (c tappedConn) Close() error                           { return c.full.Close() }
func (c tappedConn) Ping(ctx context.Context) error         { return c.full.Ping(ctx) }
func (c tappedConn) ResetSession(ctx context.Context) error { return c.full.ResetSession(ctx) }
func (c tappedConn) IsValid() bool                          { return c.full.IsValid() }
func (c tappedConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c tappedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if err := c.p.call(text); err != nil {
		return nil, err
	}
	st, err := c.full.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return tappedStmt{full: st.(fullStmt), p: c.p}, nil
}

func (c tappedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.p.call(""); err != nil {
		return nil, err
	}
	tx, err := c.full.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return tappedTx{tx, c.p}, nil
}

func (c tappedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.p.call(text); err != nil {
		return nil, err
	}
	return c.full.ExecContext(ctx, text, args)
}

func (c tappedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.p.call(text); err != nil {
		return nil, err
	}
	return c.full.QueryContext(ctx, text, args)
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type tappedStmt struct {
	full fullStmt
	p    *tap
}

func (s tappedStmt) Close() error  { return s.full.Close() }
func (s tappedStmt) NumInput() int { return s.full.NumInput() }

func (s tappedStmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.full.Exec(args) // the interface asks for it; database/sql calls ExecContext
}

func (s tappedStmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.full.Query(args) // the interface asks for it; database/sql calls QueryContext
}

func (s tappedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.p.call(""); err != nil {
		return nil, err
	}
	return s.full.ExecContext(ctx, args)
}

func (s tappedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.p.call(""); err != nil {
		return nil, err
	}
	return s.full.QueryContext(ctx, args)
}

type tappedTx struct {
	driver.Tx
	p *tap
}

func (tx tappedTx) Commit() error {
	err := tx.p.call("")
	tx.p.mu.Lock()
	late := tx.p.late
	tx.p.mu.Unlock()
	if err != nil && !late {
		// A commit that fails for want of disk leaves the transaction open; database/sql takes it for ended.
		return fmt.Errorf("%w (and rolled back: %v)", err, tx.Tx.Rollback())
	}
	if late {
		if done := tx.Tx.Commit(); done != nil {
			return done
		}
		return err
	}
	return tx.Tx.Commit()
}
