package store

import (
	"context"
	"errors"
	"strings"
	"time"
)

// ErrUnknown says that a connection was lost while a commit was under way, and that nobody could be asked since whether it was done.
var ErrUnknown = errors.New("it is not known whether this was written")

// DB is one side of a database: a pool for those who read, or for those who write.
type DB interface {
	// Query runs a statement by itself.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// Begin begins a transaction that writes.
	Begin(ctx context.Context) (Tx, error)
}

// Tx is a transaction. It ends with Commit or Rollback, also when one of them fails.
type Tx interface {
	// Exec runs a statement and gives the number of rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// Commit returns once everything is on disk. With an error nothing of it is, or the error is ErrUnknown.
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
}

// Rows are what a query gives, one after the other; they must be closed.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// Words are what databases do not say alike. "?" stands for a parameter.
type Words struct {
	// Each is a table whose column value holds the elements of a JSON list.
	Each string
	// Texts is the same of a list of texts.
	Texts string
	// Claim stands behind a query for rows that are then changed, and keeps two writers from the same ones.
	Claim string
	// Behind is the rest of a query for deliveries d that wait behind those whose ids $1 lists, $2 of each at most.
	Behind string
	// NoAnswer is the column doc of delivery_attempts without what the receiver answered.
	NoAnswer string
	// Lock takes the names that $1 lists, each for one transaction at a time; "" where there is one writer.
	Lock string
	// Now is the database's own time in ms; "" where it runs by the clock of its only process.
	Now string
	// Settled is the first place in the order of commit that may still be taken by a row; "" where rows become visible in that order.
	Settled string
	// Keep stands behind a query for an applicant's keys, and keeps them from being destroyed until the transaction has ended: what is written beside
	// them is seen by who destroys them.
	Keep string
	// Rising is the rows of a table under a condition, the first "?", as an aggregate is to take them: by the column that is the second. SQLite takes
	// them as they come along the index of the condition, since putting rows in order costs it more than reading them; whoever reads looks.
	Rising string
}

func (w Words) each(parameter string) string  { return strings.Replace(w.Each, "?", parameter, 1) }
func (w Words) texts(parameter string) string { return strings.Replace(w.Texts, "?", parameter, 1) }
func (w Words) rising(rows, column string) string {
	return strings.Replace(strings.Replace(w.Rising, "?", rows, 1), "?", column, 1)
}
func (w Words) list(parameter string) string { return "SELECT value FROM " + w.texts(parameter) }

// Jobs is the queue on the side of those who work.
type Jobs interface {
	// Start begins to work jobs, and timers by one node at a time.
	Start(ctx context.Context, h Handler, timers []Timer) error
	// Stop waits for the jobs in hand.
	Stop(ctx context.Context) error
	// Waiting counts the jobs that are due and not done.
	Waiting(ctx context.Context) (int, error)
	// Oldest gives when the job that has been due for longest was due, or the zero time when none is.
	Oldest(ctx context.Context) (time.Time, error)
}

// Database is an open database and its job queue, whichever it is.
type Database struct {
	*Store
	Jobs
}
