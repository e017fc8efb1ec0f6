// Package postgres opens a PostgreSQL database that any number of nodes write at once, and brings the schema, the migrations and the job queue
// to package store.
//
// A commit is on disk when it returns. One whose answer was lost with its connection is asked after, so that a caller learns what became of it
// (see mark.go). Everything runs within transactions or by itself: nothing relies on a session of the server, so a pooler
// that hands connections out by transaction may stand in between.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usher-kyc/usher/internal/store"
)

// Config is where the database is. URL is required.
type Config struct {
	URL        string        // postgres://user:password@host:5432/name, with parameters as pgx has them
	Node       string        // id of this process among those that serve the database
	Writers    int           // transactions that are written at once; 2 when zero
	Tail       time.Duration // how long a list of the newest waits for transactions under way; 250 ms when zero
	RetryPause time.Duration // unit of the growing pause between tries of a job; 1 s when zero
	Poll       time.Duration // how often jobs are looked for; 20 ms when zero
	Log        *slog.Logger
	Wrote      func(changes int, took time.Duration) // see [store.Config]
	Tracer     pgx.QueryTracer                       // is told of every statement; nil tells nobody
}

const (
	// Connections of the pool at least, when pool_max_conns of the URL says less: the writers', those who write alone, the job queue's, and those who read.
	connections = 20
	// connectTime bounds how long a host is waited for that answers nothing, where the URL says nothing of it; the system's own bound is minutes.
	connectTime = 5 * time.Second
	// Two writers: while one waits for the disk the other works; with more, each has fewer changes to write at once.
	writers = 2
	alone   = 8
)

var words = store.Words{
	Each:  `jsonb_array_elements(?::jsonb)`,
	Texts: `jsonb_array_elements_text(?::jsonb)`,
	Claim: ` FOR UPDATE OF d SKIP LOCKED`,
	Keep:  ` FOR KEY SHARE`,

	Rising: `(SELECT * FROM ? ORDER BY ?) in_order`,

	Behind: ` FROM jsonb_array_elements_text($1::jsonb) h JOIN deliveries f ON f.id = h.value
		AND f.pos = (SELECT min(e.pos) FROM deliveries e WHERE e.lane = f.lane AND e.status = 'pending')
		CROSS JOIN LATERAL deliveries_behind(f.lane, f.pos, $2) d`,

	// A zero byte, as an answer in the clear may have it, is no jsonb.
	NoAnswer: `CASE WHEN strpos(doc, '\u0000') > 0 THEN '{"number":' || number || '}' ELSE (doc::jsonb - 'answer')::text END`,

	Now:     `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`,
	Settled: `settled_pos()`,
	Lock: `SELECT pg_advisory_xact_lock(lane) FROM (SELECT DISTINCT hashtextextended(value, 0) AS lane
		FROM jsonb_array_elements_text($1::jsonb) ORDER BY lane) lanes`,
}

// Open opens a database and brings its schema up to date.
func Open(ctx context.Context, c Config) (*store.Database, error) {
	p, err := connect(ctx, c.URL, c.Tracer)
	if err != nil {
		return nil, err
	}
	db, err := start(ctx, p, c)
	if err != nil {
		p.Close()
		return nil, err
	}
	return db, nil
}

func start(ctx context.Context, p *pgxpool.Pool, c Config) (*store.Database, error) {
	if err := migrate(ctx, p); err != nil {
		return nil, err
	}
	if err := raiseStart(ctx, p); err != nil {
		return nil, err
	}
	both := pool{p, &marks{}}
	if err := both.tidyMarks(ctx); err != nil {
		return nil, err
	}
	jobs, err := newJobs(both, c)
	if err != nil {
		return nil, err
	}
	s, err := store.New(ctx, store.Config{
		Write: both, Read: both, Queue: jobs, Words: words, Node: c.Node, Sets: sets{}, Writers: cmp.Or(c.Writers, writers), Alone: alone, Again: again, Away: away, Tail: c.Tail, Wrote: c.Wrote,
		Close: func() error {
			p.Close()
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &store.Database{Store: s, Jobs: jobs}, nil
}

func connect(ctx context.Context, url string, tracer pgx.QueryTracer) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx's error may quote the URL, password and all.
		return nil, errors.New("the database's URL cannot be read: write postgres://user:password@host:5432/name")
	}
	if c.MaxConns < connections {
		c.MaxConns = connections
	}
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = connectTime
		c.ConnConfig.DialFunc = (&net.Dialer{Timeout: connectTime}).DialContext
	}
	c.ConnConfig.Tracer = tracer
	p, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := p.Ping(ctx); err != nil {
		p.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return p, nil
}
