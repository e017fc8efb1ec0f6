package move_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store/move"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// BenchmarkRun moves USHER_MOVE_EVENTS events (100,000) of about 400 bytes and as many deliveries: the first run into an empty database, the last that
// finds nothing to change and proves it, and as the limit the same events by one COPY without reading, ordering and hashing.
func BenchmarkRun(b *testing.B) {
	n := 100_000
	if text := os.Getenv("USHER_MOVE_EVENTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	fill(b, dir, n)
	server := postgrestest.Start(b, true)
	hold, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db"))
	if err != nil {
		b.Fatal(err)
	}
	var level int
	if err := hold.QueryRow(`SELECT count(*) FROM tenants`).Scan(&level); err != nil { // a server at work
		b.Fatal(err)
	}
	url := server.URL(b)
	run := func(name string, final bool) {
		began := time.Now()
		r, err := move.Run(b.Context(), move.Config{Dir: dir, URL: url})
		if err != nil || r.Final != final {
			b.Fatal(r, err)
		}
		rows, inserted, changed, _ := totals(r)
		b.Logf("%s: %d rows, %d new, %d changed, in %v: %.0f rows/s", name, rows, inserted, changed, time.Since(began).Round(time.Millisecond), float64(rows)/time.Since(began).Seconds())
	}
	for b.Loop() {
		run("first", false)
		if err := hold.Close(); err != nil {
			b.Fatal(err)
		}
		run("last", true)
		limit(b, server.URL(b), n)
	}
}

func fill(b *testing.B, dir string, n int) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	if err := db.Store.Close(); err != nil {
		b.Fatal(err)
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	for _, statement := range []string{
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at)
			SELECT 'e' || i, 't', 'a' || i, 's' || i, 'native', 'onboarding', 'session.created', 1, randomblob(300), i FROM n`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO deliveries (id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, status, attempts, due_at, created_at, done_at)
			SELECT 'd' || i, 't', 'e', 'a' || i, 's' || i, 'e/s' || i, 'e' || i, 'session.created', 'x', 'application/json', randomblob(400), 'delivered', 1, 0, i, i FROM n`,
	} {
		if _, err := raw.Exec(fmt.Sprintf(statement, n)); err != nil {
			b.Fatal(err)
		}
	}
}

// limit copies as many rows as fast as PostgreSQL takes them from one connection.
func limit(b *testing.B, url string, n int) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	doc, i, began := make([]byte, 300), 0, time.Now()
	_, err = conn.CopyFrom(b.Context(), pgx.Identifier{"events"},
		[]string{"pos", "id", "tenant_id", "applicant_id", "session_id", "dialect", "purpose", "type", "sequence", "doc", "at"},
		pgx.CopyFromFunc(func() ([]any, error) {
			if i++; i > n {
				return nil, nil
			}
			id := strconv.Itoa(i)
			return []any{i, "e" + id, "t", "a" + id, "s" + id, "native", "onboarding", "session.created", 1, doc, i}, nil
		}))
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("limit: %d rows by one COPY in %v: %.0f rows/s", n, time.Since(began).Round(time.Millisecond), float64(n)/time.Since(began).Seconds())
}
