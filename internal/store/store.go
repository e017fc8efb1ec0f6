package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
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
	Enqueue(ctx context.Context, tx *sql.Tx, jobs []Job) error
}

// Config is what a database brings.
type Config struct {
	Write *sql.DB // the pool of the writer; SQLite allows it one connection
	Read  *sql.DB // a pool for reading
	Queue Queue
	Close func() error // closes both pools
	Node  string       // id of this process among those that serve the database at once; "" when it is the only one
}

// Store is a database. All its methods may be called at once by many.
type Store struct {
	c       Config
	changes chan *pending
	stopped chan struct{} // closed when the writer has ended
	quit    chan struct{}
	once    sync.Once
	write   statements
	read    statements
}

// New starts the writer of a database whose schema is in place.
func New(_ context.Context, c Config) (*Store, error) {
	s := &Store{
		c: c, changes: make(chan *pending), stopped: make(chan struct{}), quit: make(chan struct{}),
		write: statements{db: c.Write}, read: statements{db: c.Read},
	}
	go s.writer()
	return s, nil
}

// Close ends the writer after the batch in hand and closes the database.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.quit) })
	<-s.stopped
	return s.c.Close()
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

// statements keeps prepared statements of one pool: preparing costs more than most of ours take to run.
type statements struct {
	db     *sql.DB
	mu     sync.RWMutex
	byText map[string]*sql.Stmt
	missed []string
}

func (p *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
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

// ready gives a statement that is prepared already. One that is not is remembered for prepareMissed: within a transaction, on a database that
// allows one connection, preparing would wait for itself.
func (p *statements) ready(query string) (*sql.Stmt, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st, ok := p.byText[query]
	if !ok {
		p.missed = append(p.missed, query)
	}
	return st, ok
}

// prepareMissed prepares what the last transaction had to run unprepared. A statement that cannot be prepared fails where it is used.
func (p *statements) prepareMissed() {
	p.mu.Lock()
	missed := p.missed
	p.missed = nil
	p.mu.Unlock()
	for _, query := range missed {
		_, _ = p.get(context.Background(), query)
	}
}

// exec has the writer run one statement, and gives the number of rows it touched.
func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.submit(ctx, &pending{write: func(w *writer) { n = w.exec(query, args...) }})
	return n, err
}

// together has the writer run some statements in one transaction.
func (s *Store) together(ctx context.Context, write func(*writer)) error {
	return s.submit(ctx, &pending{write: write})
}

// row reads one row; ErrNotFound when there is none.
func (s *Store) row(ctx context.Context, query string, args []any, into ...any) error {
	st, err := s.read.get(ctx, query)
	if err != nil {
		return err
	}
	switch err := st.QueryRowContext(ctx, args...).Scan(into...); {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// rows reads many rows, each by scan.
func (s *Store) rows(ctx context.Context, query string, args []any, scan func(scanner) error) error {
	st, err := s.read.get(ctx, query)
	if err != nil {
		return err
	}
	rs, err := st.QueryContext(ctx, args...)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rs.Close() // rs.Err below tells what went wrong
	for rs.Next() {
		if err := scan(rs); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
	}
	return rs.Err()
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
