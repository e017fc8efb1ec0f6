package postgres

import (
	"cmp"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/queue"
)

// Jobs is the job queue on the same database, shared by every node.
type Jobs struct {
	*queue.Queue[pgx.Tx]
	pool pool
	end  func() // ends the looks for jobs that nobody works, and waits for the last; nil before Start
	log  *slog.Logger

	looking sync.Mutex
	lost    map[heldJob]time.Time // since when nobody worked it
}

// driver asks for jobs and does not listen for them: listening needs a session of its own, which a pooler does not give, and telling takes a lock that
// all commits of the database share.
type driver struct{ *riverpgxv5.Driver }

// SupportsListener tells River to ask.
func (driver) SupportsListener() bool { return false }

// SupportsListenNotify tells River not to tell.
func (driver) SupportsListenNotify() bool { return false }

func newJobs(p pool, c Config) (*Jobs, error) {
	q, err := queue.New(p, driver{riverpgxv5.New(p.Pool)}, pgxTx, queue.Config{RetryPause: c.RetryPause, Poll: c.Poll, Node: c.Node, Log: c.Log})
	return &Jobs{Queue: q, pool: p, lost: map[heldJob]time.Time{}, log: cmp.Or(c.Log, slog.New(slog.DiscardHandler))}, err
}

var errForeign = errors.New("a transaction of another database")

func pgxTx(tx store.Tx) (pgx.Tx, error) {
	t, ours := tx.(*transaction)
	if !ours {
		return nil, errForeign
	}
	return lent{t}, t.begin()
}
