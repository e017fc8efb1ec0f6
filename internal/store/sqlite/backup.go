package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// The files of a back-up. The applicants' keys are apart: erasing an applicant is deleting their row there, and only when the last copy of it is gone
// are they erased in the back-ups too. So that one small file can be let go of soon, and the rest be kept for long.
const (
	BackupData = "usher.db"
	BackupKeys = "keysets.db"
)

// Backup writes the database in dir, as it is at one moment, to two new files in the folder to, while servers go on reading and writing.
func Backup(ctx context.Context, dir, to string) error {
	file := filepath.Join(dir, "usher.db")
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("back up database: %w", err)
	}
	db, err := open(file, 1, "deferred")
	if err != nil {
		return err
	}
	copied := filepath.Join(to, BackupData)
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, copied)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	// What is deleted is overwritten, in the file and in no journal beside it.
	err = inCopy(ctx, copied, filepath.Join(to, BackupKeys),
		`CREATE TABLE keys.keysets AS SELECT * FROM main.keysets`,
		`DELETE FROM main.keysets`,
	)
	if err != nil {
		return fmt.Errorf("part keys from database: %w", err)
	}
	return errors.Join(synced(copied), synced(filepath.Join(to, BackupKeys)), synced(to))
}

// Restored is what became of a back-up.
type Restored struct {
	Applicants int `json:"applicants"`
	// Erased are those of them without a key: they were erased before the keys were saved, and stay so.
	Erased int `json:"erased"`
}

// Restore makes the database in dir of a back-up's data, and of keys of the same time or later: who was erased in between stays erased. It refuses
// where a database is.
func Restore(ctx context.Context, data, keys, dir string) (r Restored, err error) {
	file := filepath.Join(dir, "usher.db")
	for _, taken := range []string{file, file + "-wal"} {
		if _, err := os.Lstat(taken); err == nil {
			return r, fmt.Errorf("there is a database in %s: restore into an empty folder", dir)
		}
	}
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("restore database: %w", err)
	}
	from, err := sql.Open("sqlite", "file:"+data+"?mode=ro")
	if err != nil {
		return r, fmt.Errorf("open back-up: %w", err)
	}
	_, err = from.ExecContext(ctx, `VACUUM INTO $1`, part)
	if err = errors.Join(err, from.Close()); err != nil {
		return r, fmt.Errorf("restore database: %w", err)
	}
	err = inCopy(ctx, part, keys, `INSERT INTO main.keysets (applicant_id, tenant_id, wrapped)
		SELECT applicant_id, tenant_id, wrapped FROM keys.keysets WHERE applicant_id IN (SELECT id FROM main.applicants)`,
		// Who has no key was erased since: what else is known of them goes as soon as a server looks at who is kept.
		`UPDATE main.applicants SET keep_due = 0 WHERE erased = FALSE AND id NOT IN (SELECT applicant_id FROM main.keysets)`)
	if err != nil {
		return r, fmt.Errorf("put keys back: %w", err)
	}
	if r, err = sound(ctx, part); err != nil {
		return r, err
	}
	if err := errors.Join(os.Chmod(part, 0o600), synced(part), os.Rename(part, file), synced(dir)); err != nil {
		return r, fmt.Errorf("restore database: %w", err)
	}
	return r, nil
}

// inCopy runs statements in a copy that nobody else has open, with the keys' file beside it.
func inCopy(ctx context.Context, file, keys string, statements ...string) error {
	q := url.Values{"_pragma": {"journal_mode(MEMORY)", "synchronous(FULL)", "secure_delete(ON)"}}
	db, err := sql.Open("sqlite", "file:"+file+"?"+q.Encode())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, `ATTACH DATABASE $1 AS keys`, keys)
	for _, statement := range statements {
		if err == nil {
			_, err = db.ExecContext(ctx, statement)
		}
	}
	return errors.Join(err, db.Close())
}

// sound has SQLite look through a database, and counts what is told of it.
func sound(ctx context.Context, file string) (r Restored, err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		return r, fmt.Errorf("check database: %w", err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT integrity_check FROM pragma_integrity_check LIMIT 10`)
	if err != nil {
		return r, fmt.Errorf("check database: %w", err)
	}
	defer rows.Close()
	var wrong []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return r, fmt.Errorf("check database: %w", err)
		}
		if text != "ok" {
			wrong = append(wrong, text)
		}
	}
	if err := rows.Err(); err != nil || len(wrong) > 0 {
		return r, fmt.Errorf("the back-up is damaged: %s: %w", strings.Join(wrong, "; "), errors.Join(err, errors.New("take another one")))
	}
	err = db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM keysets k WHERE k.applicant_id = a.id)) FROM applicants a`).
		Scan(&r.Applicants, &r.Erased)
	if err != nil {
		return r, fmt.Errorf("check database: %w", err)
	}
	return r, nil
}

// synced brings a file or a folder to the disk.
func synced(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
