package move

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	_ "modernc.org/sqlite" // the driver registers itself
	sqlite3 "modernc.org/sqlite/lib"
)

// source is the SQLite database, seen as it was at one moment.
type source struct {
	db    *sql.DB
	conn  *sql.Conn
	alone bool // nobody else has it open, and nobody can open it
}

// openSource takes the database alone, or, where a server has it open, a snapshot of it. Alone it is brought up to date first.
func openSource(ctx context.Context, dir string) (*source, error) {
	file := filepath.Join(dir, "usher.db")
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("open the old database: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, Moved)); err == nil {
		return nil, errors.New("this folder was moved already: start the server with the setting database; to go back, delete the file " + Moved + " in it")
	}
	s, err := hold(ctx, file)
	if err == nil {
		s.close()
		if err := Upgrade(ctx, dir, ""); err != nil {
			return nil, err
		}
		s, err = hold(ctx, file)
	}
	if isBusy(err) {
		return snapshot(ctx, file)
	}
	return s, err
}

// hold takes the database for ourselves. It fails as busy while anybody else has it open, and SQLite refuses others until it is closed or we die.
func hold(ctx context.Context, file string) (*source, error) {
	s, err := open(ctx, file, "busy_timeout(200)", "locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	s.alone = true
	// A write is what asks for the lock in this mode, and it is kept.
	for _, statement := range []string{`BEGIN IMMEDIATE`, `CREATE TABLE usher_moving (x INTEGER)`, `ROLLBACK`, `BEGIN`} {
		if _, err := s.conn.ExecContext(ctx, statement); err != nil {
			s.close()
			return nil, fmt.Errorf("hold the old database: %w", err)
		}
	}
	return s, nil
}

// snapshot looks at the database beside others. What they write from now on is not seen; their log of it grows until we are done.
func snapshot(ctx context.Context, file string) (*source, error) {
	s, err := open(ctx, file, "busy_timeout(10000)", "query_only(ON)")
	if err != nil {
		return nil, err
	}
	var n int
	_, err = s.conn.ExecContext(ctx, `BEGIN`)
	if err == nil {
		err = s.conn.QueryRowContext(ctx, `SELECT count(*) FROM tenants`).Scan(&n) // the first read fixes what is seen
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("look at the old database: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, file string, pragmas ...string) (*source, error) {
	q := url.Values{"_pragma": append(pragmas, "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-64000)")}
	db, err := sql.Open("sqlite", "file:"+file+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the old database: %w", err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the old database: %w", err), db.Close())
	}
	return &source{db: db, conn: conn}, nil
}

// close lets go of the database. Nothing was written to it that could be lost.
func (s *source) close() {
	_ = s.conn.Close()
	_ = s.db.Close()
}

func isBusy(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// names gives the tables there are.
func (s *source) names(ctx context.Context) ([]string, error) {
	return s.texts(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
}

func (s *source) texts(ctx context.Context, query string, args ...any) (all []string, err error) {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the old schema: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read the old schema: %w", err)
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

func (s *source) count(ctx context.Context, table string) (n int, err error) {
	if err := s.conn.QueryRowContext(ctx, `SELECT count(*) FROM `+quoted(table)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return n, nil
}

// rows gives the rows of a table in the order of its key.
func (s *source) rows(ctx context.Context, t table) (*sql.Rows, error) {
	return s.conn.QueryContext(ctx, `SELECT `+list(t.columns, "")+` FROM `+quoted(t.name)+` ORDER BY `+list(t.key(), ""))
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// list gives columns as SQL, each with what is to stand behind it.
func list(columns []column, behind string) string {
	words := make([]string, len(columns))
	for i, c := range columns {
		words[i] = quoted(c.name)
		if c.kind == "text" {
			words[i] += behind
		}
	}
	return strings.Join(words, ", ")
}
