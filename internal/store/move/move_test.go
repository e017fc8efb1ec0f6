package move_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver registers itself

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store/move"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// old is a SQLite installation whose every table has rows.
type old struct {
	dir string
	db  *sql.DB
	rnd *rand.Rand
}

func newOld(t *testing.T, rows int) *old {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Store.Close(); err != nil {
		t.Fatal(err)
	}
	o := &old{dir: dir, rnd: rand.New(rand.NewPCG(1, 2))}
	o.connect(t)
	for _, name := range o.tables(t) {
		for range rows {
			o.insert(t, name)
		}
	}
	for i, state := range []string{"available", "running", "retryable", "scheduled", "completed", "discarded"} {
		o.do(t, `INSERT INTO river_job (args, attempt, kind, max_attempts, queue, state, scheduled_at, finalized_at)
			VALUES (jsonb($1), 6, 'usher', 6, 'default', $2, '2030-01-02 03:04:05.678', CASE WHEN $2 IN ('completed', 'discarded') THEN '2020-01-01 00:00:00' END)`,
			fmt.Sprintf(`{"kind": "check", "ref": "%d"}`, i), state)
	}
	return o
}

func (o *old) connect(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(o.dir, "usher.db")+"?_pragma=foreign_keys(ON)&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	o.db = db
}

// leave lets go of the database, as a server that stops.
func (o *old) leave(t *testing.T) {
	t.Helper()
	if err := o.db.Close(); err != nil {
		t.Fatal(err)
	}
}

func (o *old) do(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := o.db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (o *old) texts(t *testing.T, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := o.db.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// tables gives every table but those of libraries, those that others refer to first.
func (o *old) tables(t *testing.T) []string {
	t.Helper()
	names := o.texts(t, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river_%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name`)
	var sorted []string
	var visit func(string)
	visit = func(name string) {
		for _, done := range sorted {
			if done == name {
				return
			}
		}
		for _, to := range o.texts(t, `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)`, name) {
			visit(to)
		}
		sorted = append(sorted, name)
	}
	for _, name := range names {
		visit(name)
	}
	return sorted
}

// insert puts a row of chance into a table.
func (o *old) insert(t *testing.T, table string) {
	t.Helper()
	type column struct {
		name, kind string
		must, key  bool
	}
	rows, err := o.db.Query(`SELECT name, type, "notnull" OR pk > 0, pk > 0 FROM pragma_table_info($1)`, table)
	if err != nil {
		t.Fatal(err)
	}
	var columns []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind, &c.must, &c.key); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	rows.Close()
	var names, places []string
	var values []any
	for _, c := range columns {
		if c.name == "pos" {
			continue
		}
		names, places = append(names, `"`+c.name+`"`), append(places, "?")
		if to := o.texts(t, `SELECT "table" || '.' || "to" FROM pragma_foreign_key_list($1) WHERE "from" = $2`, table, c.name); len(to) > 0 {
			parent, id, _ := strings.Cut(to[0], ".")
			values = append(values, o.texts(t, `SELECT `+id+` FROM `+parent+` ORDER BY random() LIMIT 1`)[0])
			continue
		}
		values = append(values, o.chance(c.kind, c.must))
	}
	o.do(t, `INSERT OR IGNORE INTO "`+table+`" (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, values...)
}

func (o *old) chance(kind string, must bool) any {
	if !must && o.rnd.IntN(3) == 0 {
		return nil
	}
	switch kind {
	case "TEXT":
		return fmt.Sprintf("%s-%d-Ünïcode\t'%x'", string(rune('A'+o.rnd.IntN(58))), o.rnd.Uint32(), o.rnd.Uint64())
	case "BLOB":
		raw := make([]byte, o.rnd.IntN(60)+12)
		for i := range raw {
			raw[i] = byte(o.rnd.Uint32())
		}
		return raw
	case "BOOLEAN":
		return o.rnd.IntN(2) == 0
	}
	return int64(o.rnd.Int32N(1_000_000))
}

func query(t *testing.T, url, text string, into ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), text).Scan(into...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func totals(r move.Report) (rows, inserted, changed, deleted int) {
	for _, t := range r.Tables {
		rows, inserted, changed, deleted = rows+t.Rows, inserted+t.Inserted, changed+t.Changed, deleted+t.Deleted
	}
	return rows, inserted, changed, deleted
}

// TestRun moves an installation in two runs, with a server at work during the first: every table there is, changes and deletions in between, jobs,
// and positions that go on behind the old ones.
func TestRun(t *testing.T) {
	t.Parallel()
	o := newOld(t, 40)
	url := postgrestest.URL(t)
	first, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if rows, inserted, changed, deleted := totals(first); first.Final || rows == 0 || inserted != rows || changed+deleted > 0 {
		t.Errorf("first run: final %v, %d rows, %d inserted, %d changed, %d deleted", first.Final, rows, inserted, changed, deleted)
	}
	for _, told := range first.Tables {
		if told.Rows == 0 {
			t.Errorf("table %s has no rows in this test", told.Name)
		}
	}
	if want := len(o.tables(t)) - 4; len(first.Tables) != want {
		t.Errorf("%d tables moved of %d", len(first.Tables), want)
	}
	// The server goes on: rows come, change and go in every table.
	names := o.tables(t)
	for _, name := range names {
		o.insert(t, name)
	}
	o.do(t, `UPDATE sessions SET version = version + 1, doc = x'00ff' WHERE id IN (SELECT id FROM sessions ORDER BY random() LIMIT 5)`)
	o.do(t, `UPDATE staff SET email = 'new-' || email`)
	o.do(t, `DELETE FROM keysets WHERE applicant_id IN (SELECT applicant_id FROM keysets LIMIT 3)`)
	o.do(t, `DELETE FROM staff_sessions`)
	o.do(t, `DELETE FROM events WHERE pos IN (SELECT pos FROM events LIMIT 7)`)
	o.leave(t)
	last, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	_, inserted, changed, deleted := totals(last)
	if !last.Final || inserted < len(names)-10 || inserted > len(names) || changed < 40 || deleted < 45 || last.Jobs != 4 {
		t.Errorf("last run: final %v, %d inserted of a row in each of %d tables, %d changed, %d deleted, %d jobs", last.Final, inserted, len(names), changed, deleted, last.Jobs)
	}
	var jobs, free, attempts int
	query(t, url, `SELECT count(*), count(*) FILTER (WHERE state = 'available' AND args ->> 'kind' = 'check'), sum(attempt) FROM river_job
		WHERE scheduled_at = '2030-01-02 03:04:05.678Z'`, &jobs, &free, &attempts)
	if jobs != 4 || free != 2 || attempts != 23 {
		t.Errorf("jobs: %d, of them %d free, %d attempts", jobs, free, attempts)
	}
	var behind bool
	query(t, url, `SELECT settled_pos() > (SELECT max(pos) FROM events)`, &behind)
	if !behind {
		t.Error("new positions are not behind the old ones")
	}
	if _, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: url}); err == nil || !strings.Contains(err.Error(), "was moved already") {
		t.Errorf("once more: %v", err)
	}
	if err := os.Remove(filepath.Join(o.dir, move.Moved)); err != nil {
		t.Fatal(err)
	}
	if _, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: url}); err == nil || !strings.Contains(err.Error(), "to this database already") {
		t.Errorf("over a database that is in use: %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.dir, move.Moved)); err != nil {
		t.Errorf("the folder is not marked again: %v", err)
	}
}

// TestRunRefuses holds what nothing is moved to, and that a dry run changes nothing.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	o, other := newOld(t, 2), newOld(t, 2)
	o.leave(t)
	other.leave(t)
	url := postgrestest.URL(t)
	if _, err := move.Run(t.Context(), move.Config{Dir: t.TempDir(), URL: url}); err == nil {
		t.Error("an empty folder was moved")
	}
	for _, to := range []string{url, postgrestest.Shared(t).Bare(t)} {
		dry, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: to, Dry: true})
		if _, inserted, _, _ := totals(dry); err != nil || dry.Final || inserted == 0 {
			t.Errorf("dry run: %+v, %v", dry, err)
		}
	}
	var tenants int
	query(t, url, `SELECT count(*) FROM tenants`, &tenants)
	if tenants != 0 {
		t.Errorf("a dry run wrote %d tenants", tenants)
	}
	if r, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: url}); err != nil || !r.Final {
		t.Fatalf("%+v, %v", r, err)
	}
	used := postgrestest.URL(t)
	query(t, used, `INSERT INTO tenants VALUES ('t', 'Somebody', 'live', 'EUR', 0) RETURNING 1`, &tenants)
	if _, err := move.Run(t.Context(), move.Config{Dir: other.dir, URL: used}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("to a database in use: %v", err)
	}
	busy := postgrestest.URL(t)
	other.connect(t)
	other.texts(t, `SELECT id FROM tenants`)
	if _, err := move.Run(t.Context(), move.Config{Dir: other.dir, URL: busy}); err != nil {
		t.Fatal(err)
	}
	other.leave(t)
	third := newOld(t, 1)
	third.leave(t)
	if _, err := move.Run(t.Context(), move.Config{Dir: third.dir, URL: busy}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("to a database that another installation moves to: %v", err)
	}
}

const moverDir = "USHER_TEST_MOVE_DIR"

// TestMain is the mover of TestRunKilled when it is told a folder.
func TestMain(m *testing.M) {
	if dir := os.Getenv(moverDir); dir != "" {
		_, err := move.Run(context.Background(), move.Config{Dir: dir, URL: os.Getenv(moverDir + "_URL"), Progress: func(done, _ int) {
			fmt.Println(done)
		}})
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestRunKilled kills runs with SIGKILL again and again, and the last one must find the rest.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	o := newOld(t, 3)
	tx, err := o.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30_000 {
		if _, err := tx.Exec(`INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at)
			VALUES ($1, 't', 'a', 's', 'native', '', 'session.created', $2, x'0102', 1)`, fmt.Sprint("many-", i), i+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	o.leave(t)
	url := postgrestest.URL(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), moverDir+"="+o.dir, moverDir+"_URL="+url)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		for n := 5 + rand.IntN(15); n > 0; n-- {
			if !said.Scan() {
				t.Fatal("it was done before it was killed")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
	}
	r, err := move.Run(t.Context(), move.Config{Dir: o.dir, URL: url})
	for err != nil && strings.Contains(err.Error(), "right now") { // the server has not yet noticed that the last one is dead
		time.Sleep(50 * time.Millisecond)
		r, err = move.Run(t.Context(), move.Config{Dir: o.dir, URL: url})
	}
	if err != nil || !r.Final {
		t.Fatalf("%+v, %v", r, err)
	}
	var events int
	query(t, url, `SELECT count(*) FROM events WHERE id LIKE 'many-%'`, &events)
	if _, inserted, _, _ := totals(r); events != 30_000 || inserted >= 30_000 {
		t.Errorf("%d events, %d of all rows put in by the last run", events, inserted)
	}
}

// TestSchemasAgree holds that both databases have the same tables and columns, but for the commits that PostgreSQL remembers: what is added to one only cannot be moved.
func TestSchemasAgree(t *testing.T) {
	t.Parallel()
	o := newOld(t, 0)
	here := o.texts(t, `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'river_%' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' ORDER BY 1`)
	o.leave(t)
	conn, err := pgx.Connect(t.Context(), postgrestest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'river\_%' AND table_name NOT LIKE 'goose\_%' AND table_name <> 'commits'`)
	if err != nil {
		t.Fatal(err)
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(there)
	if diff := cmp.Diff(here, there); diff != "" {
		t.Errorf("columns (-SQLite +PostgreSQL):\n%s", diff)
	}
}
