package postgrestest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pooled gives the URL of a database by way of PgBouncer, which hands out connections by transaction: two statements need not reach the same session of
// the server.
func (s *Server) Pooled(t testing.TB, database string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; exec.Command(program, "--version").Run() != nil {
			t.Fatal("PgBouncer is missing: run scripts/needs.sh (on Debian: apt-get install pgbouncer)")
		}
	}
	if s.dir == "" {
		t.Skip("the server of USHER_TEST_DATABASE has no folder here")
	}
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "usher-pool") // a test's own folder cannot be entered by another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "pool.ini"), fmt.Appendf(nil, `[databases]
* = host=%s port=5432 user=usher
[pgbouncer]
listen_addr =
unix_socket_dir = %s
listen_port = 5432
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
logfile = %s/log
`, s.dir, dir, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := s.as(exec.Command(program, "-q", filepath.Join(dir, "pool.ini")))
	if err := cmd.chown(dir); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	q := u.Query()
	q.Set("host", dir)
	q.Set("default_query_exec_mode", "cache_describe")
	u.RawQuery = q.Encode()
	if err := answers(t, u.String()); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("PgBouncer does not answer: %v: %s", err, log)
	}
	return u.String()
}

// answers waits until somebody does.
func answers(t testing.TB, url string) (err error) {
	t.Helper()
	for range 200 {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(t.Context(), url); err == nil {
			return conn.Close(t.Context())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}
