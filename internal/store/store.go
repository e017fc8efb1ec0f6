package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// What a caller can tell apart.
var (
	// ErrNotFound says that there is no such row, for this tenant.
	ErrNotFound = errors.New("not in the store")
	// ErrConflict says that a row has another version than the change was made for, or exists already.
	ErrConflict = errors.New("the stored version is another one")
	// ErrClosed says that the store takes no more changes.
	ErrClosed = errors.New("the store is closed")
)

// Job is work to be done after a commit, at least once. Arguments are ids only: personal data never enters the queue's tables.
type Job struct {
	Kind    string        `json:"kind"`
	Tenant  string        `json:"tenant"`
	Object  string        `json:"object"`           // id of what it is about
	Step    string        `json:"step,omitempty"`   // of a session
	Round   int           `json:"round,omitempty"`  // of a run step
	After   time.Duration `json:"-"`                // wait this long first
	Attempt int           `json:"-"`                // 1 on the first try
	Last    bool          `json:"-"`                // no further try will follow
	Period  bool          `json:"period,omitempty"` // a timer's job, put there by the queue itself
}

// Later is what a handler answers, as an error, whose job is to run again at a time, without a try being counted.
type Later struct{ At time.Time }

// Error says when.
func (l *Later) Error() string { return "to be done again at " + l.At.UTC().Format(time.RFC3339) }

// Handler does one job. An error means "again later", until the job's tries are used up.
type Handler func(ctx context.Context, j Job) error

// Timer is a job that the queue puts in by itself, at an interval, for one node at a time.
type Timer struct {
	Kind  string
	Every time.Duration
}

// Queue puts jobs into a transaction of the database it belongs to.
type Queue interface {
	Enqueue(ctx context.Context, tx Tx, jobs []Job) error
}

// Config is what a database brings.
type Config struct {
	Write DB
	Read  DB
	Queue Queue
	Words Words
	Close func() error // closes both
	// A database that takes many transactions at once has Sets: so many writers collect changes, and so many callers write alone.
	Sets           Sets
	Writers, Alone int
	// Tail is how long a list waits for transactions under way; 250 ms when zero.
	Tail time.Duration
	// Again tells whether a transaction failed only because of another at the same time; nil where there is one at a time.
	Again func(error) bool
	// Away tells whether something failed for no other reason than that the database cannot be reached or has no room; nil: nothing does.
	Away func(error) bool
	Node string // id of this process among those that serve the database at once; "" when it is the only one

	Wrote func(changes int, took time.Duration) // is told of each transaction of the writer; nil tells nobody
	// Gather is called before a writer looks who else waits to be written, for a simulation that puts them in order; nil calls nobody.
	Gather func()
}

// Store is a database. All its methods may be called at once by many.
type Store struct {
	c       Config
	changes chan *pending
	quit    chan struct{}
	once    sync.Once
	writing sync.WaitGroup // the writers
	busy    chan struct{}  // those of them that do not wait for the disk: all but one, at most
	turns   chan struct{}  // as many as may write alone
	open    sync.RWMutex   // held for reading by who writes alone
	level   atomic.Int64   // of the schema when it was first looked at
}

// New starts the writer of a database whose schema is in place.
func New(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		c: c, changes: make(chan *pending), quit: make(chan struct{}), turns: make(chan struct{}, max(1, c.Alone)),
		busy: make(chan struct{}, max(1, c.Writers-1)),
	}
	for range max(1, c.Writers) {
		s.writing.Add(1)
		go s.writer()
	}
	if err := s.chainOld(ctx); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// Close ends the writer after the batch in hand and closes the database.
func (s *Store) Close() error {
	s.end()
	return s.c.Close()
}

// end stops the writers, after the batches in hand.
func (s *Store) end() {
	s.once.Do(func() { close(s.quit) })
	s.writing.Wait()
	s.open.Lock()
	defer s.open.Unlock()
}

// Ping tells whether the database can be written.
func (s *Store) Ping(ctx context.Context) error {
	answer := make(chan error, 1)
	go func() {
		_, err := s.exec(ctx, `DELETE FROM counters WHERE name = $1`, "ping")
		answer <- err
	}()
	// A disk that hangs must not hang the one who asks for it.
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// exec runs one statement, and gives the number of rows it touched.
func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.submit(ctx, &pending{write: func(w *writer) { n = w.exec(query, args...) }})
	return n, err
}

// together runs some statements in one transaction.
func (s *Store) together(ctx context.Context, write func(*writer)) error {
	return s.submit(ctx, &pending{write: write})
}

// row reads one row; ErrNotFound when there is none.
func (s *Store) row(ctx context.Context, query string, args []any, into ...any) error {
	found := false
	err := s.rows(ctx, query, args, func(r scanner) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(into...)
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// rows reads many rows, each by scan; again when a connection was lost before the first of them.
func (s *Store) rows(ctx context.Context, query string, args []any, scan func(scanner) error) error {
	return s.retry(func() (bool, error) {
		n, err := s.readRows(ctx, query, args, scan)
		return err != nil && n == 0 && s.c.Again != nil && ctx.Err() == nil && s.c.Again(err), s.told(err)
	})
}

func (s *Store) readRows(ctx context.Context, query string, args []any, scan func(scanner) error) (n int, err error) {
	rs, err := s.c.Read.Query(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("read: %w", err)
	}
	for rs.Next() && err == nil {
		n++
		if err = scan(rs); err != nil {
			err = fmt.Errorf("read row: %w", err)
		}
	}
	return n, errors.Join(err, rs.Err(), rs.Close())
}

type scanner interface{ Scan(into ...any) error }

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
