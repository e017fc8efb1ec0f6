package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// query gives the first column of what a query finds.
func query(t *testing.T, url, text string) (list []string) {
	t.Helper()
	ctx := t.Context()
	p, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	rows, err := p.Query(ctx, text)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestSchemas holds the two databases' schemas against each other: the same steps, tables and columns. And text is compared by bytes on both.
func TestSchemas(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	if loose := query(t, url, `SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		JOIN pg_collation l ON l.oid = a.attcollation WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0
		AND l.collname <> 'C' AND c.relname NOT LIKE 'river%' AND c.relname NOT LIKE 'goose%' ORDER BY 1`); loose != nil {
		t.Errorf("these columns need COLLATE \"C\": %v", loose)
	}
	theirs := query(t, url, `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()
		AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'goose%' AND table_name <> 'commits' ORDER BY 1`)
	if diff := cmp.Diff(sqliteColumns(t), theirs); diff != "" {
		t.Errorf("columns differ (-SQLite +PostgreSQL):\n%s", diff)
	}
	steps := func(pattern string) (names []string) {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := filepath.Base(f); name > "00014" {
				names = append(names, name)
			}
		}
		return names
	}
	if diff := cmp.Diff(steps("../sqlite/migrations/*.sql"), steps("migrations/*.sql")); diff != "" {
		t.Errorf("steps differ (-SQLite +PostgreSQL):\n%s", diff)
	}
}

func sqliteColumns(t *testing.T) (list []string) {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	rows, err := raw.QueryContext(t.Context(), `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
		AND m.name NOT LIKE 'river%' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// shrinking is what a step may not do to a table that nodes of the version before still write.
var shrinking = regexp.MustCompile(`(?is)\b(DROP\s+(TABLE|COLUMN)|RENAME|SET\s+NOT\s+NULL|ALTER\s+COLUMN|TRUNCATE)\b|ADD\s+COLUMN[^;]*NOT\s+NULL(?:[^;D]|D[^E])*;`)

// first is the last step of the first version that runs on PostgreSQL: there are no nodes of a version before it.
const first = "00029"

// TestStepsOnlyAdd reads every step since.
func TestStepsOnlyAdd(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatal("no steps", err)
	}
	for _, file := range files {
		if filepath.Base(file) < first {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(raw), "-- +goose Down")
		if found := shrinking.FindString(up); found != "" {
			t.Errorf("%s takes away what a node of the version before uses: %s", file, found)
		}
	}
	for _, wrong := range []string{
		"ALTER TABLE t DROP COLUMN c;", "ALTER TABLE t RENAME COLUMN a TO b;", "ALTER TABLE t ADD COLUMN c TEXT NOT NULL;", "DROP TABLE t;",
	} {
		if !shrinking.MatchString(wrong) {
			t.Errorf("%s is not seen", wrong)
		}
	}
}

// TestNodesStartTogether opens one bare database by several nodes.
func TestNodesStartTogether(t *testing.T) {
	t.Parallel()
	url := postgrestest.Shared(t).Bare(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := postgres.Open(context.Background(), postgres.Config{URL: url})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestOldNodeGoesOnWhileANewOneMigrates writes and reads all the while.
func TestOldNodeGoesOnWhileANewOneMigrates(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := postgrestest.URL(t)
	old := postgrestest.Open(t, postgres.Config{URL: url}).Store
	var stop atomic.Bool
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			row := session(fmt.Sprintf("s%d", n))
			for !stop.Load() || row.Version < 20 {
				err := old.Commit(context.Background(), store.Change{Session: &row, Events: []store.EventRow{eventOf(row)}})
				if err == nil {
					_, err = old.Session(context.Background(), "t", row.ID)
				}
				if err != nil {
					t.Error(err)
					return
				}
				row.Was, row.Version = row.Version, row.Version+1
			}
		})
	}
	steps := fstest.MapFS{"99990_next.sql": {Data: []byte(`-- +goose Up
ALTER TABLE sessions ADD COLUMN next TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN next BIGINT;
CREATE TABLE next (id TEXT COLLATE "C" PRIMARY KEY);
`)}, "99991_index.sql": {Data: []byte(`-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY sessions_next ON sessions (next);
`)}}
	files, err := fs.Glob(postgres.Migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := postgres.Migrations.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		steps[filepath.Base(file)] = &fstest.MapFile{Data: raw}
	}
	p, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := postgres.MigrateWith(ctx, p, steps); err != nil {
		t.Error(err)
	}
	stop.Store(true)
	all.Wait()
	if len(query(t, url, `SELECT id FROM sessions WHERE next = ''`)) != 4 {
		t.Error("the new column is not there")
	}
}
