package crashtest_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // to look into the database when the server is gone

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
)

// database is where a server under test keeps its data.
type database struct {
	url    string // "" is SQLite in the data folder
	server *postgrestest.Server
}

// kind is a database that the program can run on.
type kind struct {
	name string
	open func(t *testing.T) database
}

func kinds() []kind {
	return []kind{
		{"sqlite", func(*testing.T) database { return database{} }},
		{"postgres", postgres},
	}
}

// postgres gives a database of the PostgreSQL that tests share. It does without syncing: a server that is killed takes nothing of PostgreSQL with it.
// The database stays until the tests have ended, since dropping one holds up the lists of all the others.
func postgres(t *testing.T) database {
	t.Helper()
	return database{url: postgrestest.Shared(t).Kept(t)}
}

// durable gives a database of a PostgreSQL of the test's own, that syncs and may be ended.
func durable(t *testing.T) database {
	t.Helper()
	s := postgrestest.Start(t, true)
	return database{url: s.URL(t), server: s}
}

// read asks for one value of the database of a server that has ended.
func (d database) read(t *testing.T, s *servertest.Server, query string) (string, error) {
	t.Helper()
	ctx := context.Background()
	var got string
	if d.url == "" {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "usher.db")+"?_pragma=busy_timeout(5000)")
		if err != nil {
			return "", err
		}
		defer db.Close()
		err = db.QueryRowContext(ctx, query).Scan(&got)
		return got, err
	}
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var n int64
	err = conn.QueryRow(ctx, query).Scan(&n)
	return fmt.Sprint(n), err
}

// inspect looks into the database that the servers left.
func (d database) inspect(t *testing.T, s *servertest.Server, events int) {
	t.Helper()
	want := map[string]string{
		`SELECT count(*) FROM events`:                                                                            fmt.Sprint(events),
		`SELECT count(*) FROM deliveries WHERE status = 'delivered'`:                                             fmt.Sprint(events),
		`SELECT count(*) FROM deliveries WHERE status <> 'delivered'`:                                            "0",
		`SELECT count(*) FROM (SELECT 1 FROM accounts GROUP BY session_id HAVING count(*) > 1) AS twice`:         "0",
		`SELECT count(*) FROM sessions s WHERE version <> (SELECT count(*) FROM events WHERE session_id = s.id)`: "0",
		`SELECT count(*) FROM applicants WHERE id NOT IN (SELECT applicant_id FROM keysets)`:                     "0",
		`SELECT count(*) FROM river_job WHERE kind = 'usher' AND state = 'discarded' AND max_attempts > 1`:       "0",
	}
	const turns = `SELECT count(*) FROM turns`
	const gaps = `SELECT count(*) FROM (SELECT 1 FROM events WHERE session_id <> '' GROUP BY session_id HAVING max(sequence) <> count(*)) AS gaps`
	want[gaps], want[turns] = "0", "0"
	if d.url == "" {
		want[`PRAGMA integrity_check`] = "ok"
	}
	for query, want := range want {
		if got, err := d.read(t, s, query); err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
