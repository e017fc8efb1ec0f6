package sim_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver registers itself

	"github.com/usher-kyc/usher/internal/store"
)

// The tap stands between a node's store and the database. Reads and the moments of a write (gather, begin, commit, committed) halt at the gate,
// and fail where the seed says so.

var errDisk = errors.New("the database failed")

// database opens the file. Nothing here outlives the machine, so that nothing need be synced.
func database(file, lock string, connections int) *pool {
	q := url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(OFF)", "busy_timeout(1000)", "foreign_keys(ON)", "cache_size(-4000)", "temp_store(MEMORY)"},
		"_txlock": {lock},
	}
	db, err := sql.Open("sqlite", "file:"+file+"?"+q.Encode())
	if err != nil {
		panic(err) // the name of the driver is not known
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &pool{db: db, byText: map[string]*sql.Stmt{}}
}

// pool is SQLite, as the store wants a database.
type pool struct {
	db     *sql.DB
	mu     sync.Mutex
	byText map[string]*sql.Stmt
}

// prepared gives a statement; one that is new is prepared before a transaction needs the only connection.
func (p *pool) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.byText[text]; st != nil {
		return st, nil
	}
	st, err := p.db.PrepareContext(ctx, text)
	if err == nil {
		p.byText[text] = st
	}
	return st, err
}

func (p *pool) Query(ctx context.Context, text string, args ...any) (store.Rows, error) {
	st, err := p.prepared(context.WithoutCancel(ctx), text)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// tap is one process's way to the database.
type tap struct {
	*pool
	w   *world
	inc *incarnation
}

// Query halts before a read.
func (t tap) Query(ctx context.Context, text string, args ...any) (store.Rows, error) {
	by, ok := ctx.Value(whoKey{}).(*who)
	switch {
	case t.inc.dead.Load():
		return nil, errDead
	case !ok:
		// Keys of tenants are read by whoever needs them first, without a word on who it is: a halt without a name would have no order.
		return t.pool.Query(ctx, t.w.rewrite(text), args...)
	}
	by.n++
	name := fmt.Sprintf("%s.%d reads %s", by.name, by.n, about(text))
	fails := t.w.strikes(t.w.plan.readFails, name)
	if fails {
		name += " [fails]"
	}
	if err := t.w.gate.stop(t.inc, name); err != nil {
		return nil, err
	}
	if fails {
		return nil, errDisk
	}
	return t.pool.Query(ctx, t.w.rewrite(text), args...)
}

// about names the table a statement is about.
func about(text string) string {
	for _, before := range []string{"FROM ", "INTO ", "UPDATE "} {
		if _, rest, ok := strings.Cut(text, before); ok {
			word, _, _ := strings.Cut(strings.TrimLeft(rest, "( \n"), " ")
			return strings.TrimRight(word, ",()\n")
		}
	}
	return "something"
}

// tx is a write. Where it fails is drawn when it begins.
type tx struct {
	tap
	tx    *sql.Tx
	name  string
	fault string // "", "begin", "statement", "commit", "unknown", "unknown and undone" or "slow"
	after int    // statements until it fails
	wait  time.Duration
	over  bool
	late  []func() error // of a mutant: what is written after the commit
}

func (t tap) Begin(ctx context.Context) (store.Tx, error) {
	t.inc.writer.n++
	x := &tx{tap: t, name: fmt.Sprintf("%s.%d", t.inc.writer.name, t.inc.writer.n)}
	x.fault, x.after, x.wait = t.w.writeFault(x.name)
	label := x.name + " begins"
	if x.fault != "" {
		label += " [" + x.fault + "]"
	}
	locked, err := t.w.gate.lock(t.inc, label)
	if err == nil && x.fault == "begin" {
		err = errDisk
	}
	if err == nil {
		x.tx, err = t.db.BeginTx(ctx, nil)
	}
	if err != nil {
		if locked {
			t.w.unlock()
		}
		return nil, err
	}
	return x, nil
}

// fails fails the statement whose turn it is.
func (x *tx) fails() error {
	if x.inc.dead.Load() {
		return errDead
	}
	if x.after--; x.fault == "statement" && x.after < 0 {
		return errDisk
	}
	return nil
}

func (x *tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := x.fails(); err != nil {
		return 0, err
	}
	if x.w.mutant.later != "" && strings.Contains(text, x.w.mutant.later) {
		x.w.fits()
		x.late = append(x.late, func() error {
			_, err := x.w.raw.db.ExecContext(context.Background(), text, args...)
			return err
		})
		return 1, nil
	}
	if x.w.mutant.skips != "" && strings.Contains(text, x.w.mutant.skips) {
		x.w.fits()
		return 1, nil
	}
	res, err := x.tx.ExecContext(ctx, x.w.rewrite(text), args...)
	if err != nil {
		return 0, err
	}
	if x.w.mutant.claims != "" && strings.Contains(text, x.w.mutant.claims) {
		x.w.fits()
		return 1, nil
	}
	return res.RowsAffected()
}

func (x *tx) Query(ctx context.Context, text string, args ...any) (store.Rows, error) {
	if err := x.fails(); err != nil {
		return nil, err
	}
	rows, err := x.tx.QueryContext(ctx, x.w.rewrite(text), args...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (x *tx) end() {
	if !x.over {
		x.over = true
		x.w.unlock()
	}
}

func (x *tx) Rollback(context.Context) error {
	defer x.end()
	if err := x.tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

func (x *tx) Commit(ctx context.Context) error {
	defer x.end()
	err := x.w.gate.stop(x.inc, x.name+" commits")
	if err == nil && x.fault == "slow" {
		time.Sleep(x.wait)
		err = x.w.gate.stop(x.inc, x.name+" commits at last")
	}
	switch {
	case err == nil && x.fault == "commit":
		err = errDisk
	case err == nil && x.fault == "unknown and undone":
		err = store.ErrUnknown
	}
	if err != nil {
		err = errors.Join(err, x.Rollback(ctx))
		if x.w.mutant.early && x.fault == "commit" {
			x.w.fits()
			return nil
		}
		return err
	}
	if err := x.tx.Commit(); err != nil {
		return err
	}
	x.w.committed()
	x.end() // others may write before the caller hears of it
	if x.w.dies(x.inc, "after "+x.name) {
		return errDead
	}
	x.w.write(x.inc, x.name, x.late)
	if err := x.w.gate.stop(x.inc, x.name+" has committed"); err != nil {
		return err
	}
	if x.fault == "unknown" {
		return store.ErrUnknown
	}
	return nil
}

// write has a mutant's late statements written, unless the process dies before.
func (w *world) write(inc *incarnation, name string, late []func() error) {
	if len(late) == 0 {
		return
	}
	locked, err := w.gate.lock(inc, name+" writes the rest")
	if locked {
		defer w.unlock()
	}
	if err != nil {
		return
	}
	for _, do := range late {
		w.must(do())
	}
	w.committed()
}
