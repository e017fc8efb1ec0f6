// Package move takes a living installation from SQLite to PostgreSQL.
//
// One walk does all of it: both databases are read side by side in the order of the primary keys, and what is missing is put in, what differs is
// changed, what is too much is taken out. So a run may be killed at any row and run again, and the same walk makes two of it: the first while the
// server serves, which copies nearly everything from one snapshot, and the last with the database held alone, which finds the few differences:
//
//	SQLite ─ ordered rows ─┐
//	                       ├─ merge ─▶ batches of deletions, changes, copies ─▶ PostgreSQL ─ ordered rows ─▶ SHA-256 ┐
//	PostgreSQL ─ ordered ──┘     └─▶ SHA-256 ────────────────────────────────────────────────────────── must be equal ┘
//
// No list names the tables: what the schema has is moved, but for what [left] says with its reason. Rows are copied as they are, sealed columns and
// the hashes of the audit trail with them, and keep their pos, behind which PostgreSQL goes on (it looks at each start that it does): cursors of clients stay valid.
package move

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// Config says from where to where.
type Config struct {
	Dir string // data folder with the SQLite database
	URL string // of the PostgreSQL database: empty, or of an earlier run for the same folder
	Dry bool   // only look
	// Files is called when all rows are there and before the move is declared done, to move what lies beside the database; nil has nothing to do.
	Files func(ctx context.Context) error
	// Progress is told how many rows of all were looked at; nil tells nobody.
	Progress func(done, total int)
	Now      func() time.Time // time.Now when nil
}

// Report is what a run did, or would do.
type Report struct {
	Dry bool `json:"dry_run"`
	// Final says that the database was held alone and everything is there. Otherwise a server was at work, and another run must follow.
	Final  bool    `json:"final"`
	Tables []Table `json:"tables"`
	Jobs   int     `json:"jobs"` // that wait to be done; only the final run moves them
	TookMS int64   `json:"took_ms"`
}

// Table is what a run did to one table.
type Table struct {
	Name     string `json:"name"`
	Rows     int    `json:"rows"`
	Inserted int    `json:"inserted"`
	Changed  int    `json:"changed"`
	Deleted  int    `json:"deleted"`
	SHA256   string `json:"sha256"` // of all rows in order; the same on both sides when Final
}

// left are tables that are not moved, with the reason.
func left() map[string]string {
	return map[string]string{
		"goose_db_version": "the schema's own version",
		"nodes":            "who serves the old database",
		"turns":            "who is at what there",
		"rings":            "who serves the old database",
		"sweeps":           "how far its evidence was gone through; the new one begins at the start",
		"commits":          "of PostgreSQL alone: which commits were done whose answer was lost",
	}
}

// isLeft tells the tables that are not moved row by row.
func isLeft(name string) bool {
	_, is := left()[name]
	return is || strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "sqlite_")
}

// Run moves what is in the folder into the database. While a server holds the folder it copies what there is at this moment, and Final is false.
func Run(ctx context.Context, c Config) (Report, error) {
	began := time.Now()
	r := Report{Dry: c.Dry}
	from, err := openSource(ctx, c.Dir)
	if err != nil {
		return r, err
	}
	defer from.close()
	r.Final = from.alone && !c.Dry
	id, err := identity(c)
	if err != nil {
		return r, err
	}
	to, err := openTarget(ctx, c, id)
	if errors.Is(err, errDone) && from.alone && !c.Dry {
		return r, errors.Join(err, leave(c)) // the last run may have died before it could
	}
	if err != nil {
		return r, err
	}
	defer to.close()
	m := &mover{Config: c, from: from, to: to}
	if err := m.all(ctx, &r); err != nil {
		return r, err
	}
	if r.Jobs, err = m.from.countJobs(ctx); err != nil {
		return r, err
	}
	if c.Files != nil && !c.Dry {
		if err := c.Files(ctx); err != nil {
			return r, err
		}
	}
	if r.Final {
		err = m.finish(ctx, r)
	}
	r.TookMS = time.Since(began).Milliseconds()
	return r, err
}

// identity is the name of the installation in a folder, by which a second run knows the first one's work.
func identity(c Config) (string, error) {
	file := filepath.Join(c.Dir, "moving")
	raw, err := os.ReadFile(file)
	if err == nil && len(raw) > 0 {
		return string(raw), nil
	}
	id := rand.Text()
	if c.Dry {
		return id, nil
	}
	if err := os.WriteFile(file, []byte(id), 0o600); err != nil {
		return "", fmt.Errorf("name this move: %w", err)
	}
	return id, nil
}

// mover is one run.
type mover struct {
	Config
	from        *source
	to          *target
	done, total int
}

// all brings every table into line. Tables that refer to one another are emptied of what is too much from the last to the first, and filled from the
// first to the last.
func (m *mover) all(ctx context.Context, r *Report) error {
	tables, err := m.tables(ctx)
	if err != nil {
		return err
	}
	r.Tables = make([]Table, len(tables))
	for i, t := range tables {
		r.Tables[i].Name = t.name
		n, err := m.from.count(ctx, t.name)
		if err != nil {
			return err
		}
		m.total += n
	}
	for i := len(tables) - 1; i >= 0; i-- {
		do := everything
		if tables[i].linked {
			do = takeOutAndChange
		}
		if err := m.walk(ctx, tables[i], do, &r.Tables[i]); err != nil {
			return fmt.Errorf("move table %s: %w", tables[i].name, err)
		}
	}
	for i, t := range tables {
		if !t.linked {
			continue
		}
		if err := m.walk(ctx, t, putIn, &r.Tables[i]); err != nil {
			return fmt.Errorf("move table %s: %w", t.name, err)
		}
	}
	if r.Final {
		return m.verify(ctx, tables, r.Tables)
	}
	return nil
}

// verify reads what is there now of every table that was changed, and holds it against what was read here.
func (m *mover) verify(ctx context.Context, tables []table, all []Table) error {
	for i, t := range tables {
		if told := all[i]; told.Inserted+told.Changed+told.Deleted == 0 {
			continue // every byte of it has just been compared
		}
		rows, sum, err := m.to.digest(ctx, t)
		if err != nil {
			return fmt.Errorf("verify table %s: %w", t.name, err)
		}
		if rows != all[i].Rows || sum != all[i].SHA256 {
			return fmt.Errorf("verify table %s: %d rows %s there, %d rows %s here: run it again; if it stays so, something else writes to the new database",
				t.name, rows, sum, all[i].Rows, all[i].SHA256)
		}
	}
	return nil
}

// finish moves the jobs, lets go of what the old server had in hand and declares the move done, in one transaction.
func (m *mover) finish(ctx context.Context, r Report) error {
	tx, err := m.to.write.Begin(ctx)
	if err != nil {
		return fmt.Errorf("finish the move: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit there is nothing to roll back
	if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = on`); err != nil {
		return fmt.Errorf("finish the move: %w", err)
	}
	if err := m.moveJobs(ctx, tx, r.Jobs); err != nil {
		return err
	}
	for _, statement := range []string{
		// As at the start of a server on SQLite: nobody is at these calls and deliveries any more.
		`UPDATE idempotency SET started_at = 0 WHERE status = 0`,
		`UPDATE deliveries SET due_at = 0 WHERE status = 'pending' AND due_at BETWEEN 1 AND (extract(epoch FROM now()) * 1000)::BIGINT + 60000`,
		`UPDATE moving SET done = TRUE`,
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("finish the move: %w", err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("finish the move: %w", err)
	}
	return leave(m.Config)
}

// leave marks the folder, so that no server goes on there.
func leave(c Config) error {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	if err := os.WriteFile(filepath.Join(c.Dir, Moved), []byte("moved to PostgreSQL "+now().UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return fmt.Errorf("note that this folder was moved: %w", err)
	}
	return nil
}

// Moved is the file that a move leaves in the data folder, so that no server goes on there by mistake.
const Moved = "moved"

// Upgrade brings the schema of a database up to date: of the one at url, or of SQLite in dir when url is "".
func Upgrade(ctx context.Context, dir, url string) error {
	if url == "" {
		db, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
		if err != nil {
			return err
		}
		return db.Store.Close()
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: url})
	if err != nil {
		return err
	}
	return db.Store.Close()
}

var (
	errDone  = errors.New("this folder was moved to this database already: start the server with it")
	errOther = errors.New("the new database is not empty and not of an earlier run for this folder: name an empty one")
)
