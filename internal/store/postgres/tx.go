package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usher-kyc/usher/internal/store"
)

// pool is both sides of the database.
type pool struct {
	*pgxpool.Pool
	marks *marks
}

// Query runs a statement by itself.
func (p pool) Query(ctx context.Context, query string, args ...any) (store.Rows, error) {
	rs, err := p.Pool.Query(ctx, query, args...)
	return rows{rs}, err
}

// longest is how long a transaction may take. Others wait for what it holds, so one that hangs must not hang for ever.
const longest = 30 * time.Second

// Begin begins a transaction: the server is told together with its first statements.
func (p pool) Begin(ctx context.Context) (store.Tx, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	conn, err := p.Acquire(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	return &transaction{Conn: conn, pool: p, mark: p.marks.take(), ctx: ctx, cancel: cancel}, nil
}

// transaction is a transaction on a connection that is held for it. It is River's as well, but for what River does not ask of a transaction that is
// lent to it.
type transaction struct {
	*pgxpool.Conn
	pool   pool
	begun  bool
	mark   mark            // by which the server can be asked what became of it
	ctx    context.Context // of the transaction: statements end with it
	cancel func()
}

// end gives the connection back; one that may be within a transaction is closed.
func (t *transaction) end(broken bool) {
	if broken {
		_ = t.Conn.Conn().Close(context.Background()) // nothing can be done about a connection that cannot even be closed
	}
	t.Release()
	t.cancel()
	if !broken {
		t.pool.marks.free(t.mark)
	}
}

// send sends statements at once, with what begins the transaction before the first of them.
func (t *transaction) send(b *pgx.Batch) error {
	if !t.begun {
		t.begun = true
		begin := pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, b.Len()+2)}
		begin.Queue(`BEGIN`)
		begin.Queue(putMark, t.mark.slot, t.mark.number, time.Now().UnixMilli())
		begin.QueuedQueries = append(begin.QueuedQueries, b.QueuedQueries...)
		b = &begin
	}
	return t.Conn.SendBatch(t.ctx, b).Close()
}

// begin begins the transaction, if nothing has yet.
func (t *transaction) begin() error {
	if t.begun {
		return nil
	}
	return t.send(&pgx.Batch{})
}

// Commit returns once everything is on disk. When the answer is lost, the server is asked what became of the transaction.
func (t *transaction) Commit(context.Context) error {
	if !t.begun {
		t.end(false)
		return nil
	}
	tag, err := t.Conn.Exec(t.ctx, `COMMIT`)
	var told *pgconn.PgError
	switch {
	case err == nil && tag.String() == "COMMIT":
		t.end(false)
		return nil
	case err == nil:
		t.end(false)
		return errors.New("rolled back, since a statement had failed")
	case errors.As(err, &told) && told.Severity == "ERROR":
		t.end(true)
		return err
	}
	t.end(true)
	return t.pool.askAfter(t.mark, err)
}

// Rollback undoes everything.
func (t *transaction) Rollback(context.Context) error {
	var err error
	if t.begun {
		_, err = t.Conn.Exec(t.ctx, `ROLLBACK`)
	}
	t.end(err != nil)
	return nil // a transaction whose connection is closed is undone by the server
}

// Exec runs a statement and gives the number of rows it touched.
func (t *transaction) Exec(_ context.Context, query string, args ...any) (n int64, err error) {
	if t.begun {
		tag, err := t.Conn.Exec(t.ctx, query, args...)
		return tag.RowsAffected(), err
	}
	var b pgx.Batch
	b.Queue(query, args...).Exec(func(tag pgconn.CommandTag) error {
		n = tag.RowsAffected()
		return nil
	})
	return n, t.send(&b)
}

// Query runs a statement that gives rows.
func (t *transaction) Query(_ context.Context, query string, args ...any) (store.Rows, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	rs, err := t.Conn.Query(t.ctx, query, args...)
	return rows{rs}, err
}

// again tells whether a transaction, or a reading, failed for no other reason than another transaction or a lost connection, and left nothing behind.
func again(err error) bool {
	if errors.Is(err, store.ErrUnknown) {
		return false
	}
	var told *pgconn.PgError
	if errors.As(err, &told) {
		switch told.Code {
		case "40P01", "40001", // deadlock_detected, serialization_failure
			"57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
			return true
		}
		return told.Code[:2] == "08" // connection_exception
	}
	var unreachable *pgconn.ConnectError
	return errors.As(err, &unreachable) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || pgconn.SafeToRetry(err)
}

// away tells whether something failed since the server cannot be reached, is ending, or has no room.
func away(err error) bool {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		class := told.Code[:2]
		return again(err) || class == "53" || class == "58" // insufficient_resources, system_error
	}
	return again(err) || errors.Is(err, store.ErrUnknown) || errors.Is(err, context.DeadlineExceeded)
}

type rows struct{ pgx.Rows }

// Close lets go of the connection.
func (r rows) Close() error {
	r.Rows.Close()
	return nil
}

// lent is a transaction as River has it.
type lent struct{ *transaction }

var errLent = errors.New("the transaction belongs to the store")

// Begin is for nobody.
func (lent) Begin(context.Context) (pgx.Tx, error) { return nil, errLent }

// Commit is for the store alone.
func (lent) Commit(context.Context) error { return errLent }

// Rollback is for the store alone.
func (lent) Rollback(context.Context) error { return errLent }

// LargeObjects are not used.
func (lent) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Prepare is not used: statements are kept by the pool.
func (lent) Prepare(context.Context, string, string) (*pgconn.StatementDescription, error) {
	return nil, errLent
}

// Exec runs a statement.
func (l lent) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return l.transaction.Conn.Exec(ctx, query, args...)
}

// Query runs a statement that gives rows.
func (l lent) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return l.transaction.Conn.Query(ctx, query, args...)
}

// Conn gives the connection.
func (l lent) Conn() *pgx.Conn { return l.transaction.Conn.Conn() }
