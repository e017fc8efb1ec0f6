package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/move"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
)

// migrating is what the command line of usher migrate asks for.
type migrating struct {
	from, to         string
	check, dry, json bool
}

// migrateCommand brings a schema up to date, or moves an installation to another database.
func migrateCommand(ctx context.Context, c console, args []string) error {
	var how migrating
	s, rest, err := readSettings(c, "migrate", args, func(fs *flag.FlagSet) {
		fs.StringVar(&how.from, "from", "", "sqlite, to move what is in the data folder; or folder, to move evidence only; with --to")
		fs.StringVar(&how.to, "to", "", "postgres, to move it to the database of --database, and its evidence to --blob; or bucket, to move evidence to --blob")
		fs.BoolVar(&how.check, "check", false, "only say whether the schema is up to date")
		fs.BoolVar(&how.dry, "dry-run", false, "only say what would be moved")
		fs.BoolVar(&how.json, "json", false, "say it as JSON")
	})
	if err != nil {
		return err
	}
	moves := how.from != "" || how.to != ""
	switch {
	case len(rest) > 0:
		return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
	case how.from == "folder" && how.to == "bucket" && s.Blob != "" && !how.check && !how.dry:
		return moveFiles(ctx, c, s, how)
	case moves && (how.from != "sqlite" || how.to != "postgres" || how.check):
		return usageError{errors.New("moves --from sqlite --to postgres, or evidence --from folder --to bucket with --blob s3://…")}
	case moves && s.Database == "":
		return usageError{errors.New("needs --database postgres://… to move to")}
	case moves:
		return moveAll(ctx, c, s, how)
	}
	return bringUp(ctx, c, s, how)
}

// bringUp brings the schema up to date and says so.
func bringUp(ctx context.Context, c console, s settings, how migrating) error {
	before, err := move.Level(ctx, s.Data, s.Database)
	if err != nil {
		return err
	}
	newest, err := move.Newest(s.Database)
	if err != nil {
		return err
	}
	if before > newest {
		return fmt.Errorf("the schema is at step %d and this version knows %d: run the newer version", before, newest)
	}
	if !how.check && before < newest {
		if err := move.Upgrade(ctx, s.Data, s.Database); err != nil {
			return err
		}
	}
	if how.json {
		return json.NewEncoder(c.out).Encode(map[string]any{"before": before, "newest": newest, "up_to_date": before == newest || !how.check})
	}
	switch {
	case before == newest:
		fmt.Fprintf(c.out, "The schema is up to date, at step %d.\n", newest)
	case how.check:
		return foundError{fmt.Errorf("the schema is at step %d of %d: usher migrate brings it up to date, and so does usher serve", before, newest)}
	default:
		fmt.Fprintf(c.out, "The schema was at step %d and is at %d now.\n", before, newest)
	}
	return nil
}

// moved is what usher migrate says it did.
type moved struct {
	move.Report
	Evidence *blob.MovedFiles `json:"evidence,omitempty"`
}

func moveAll(ctx context.Context, c console, s settings, how migrating) error {
	rows := newBar(c, "rows", 0)
	var out moved
	report, err := move.Run(ctx, move.Config{
		Dir: s.Data, URL: s.Database, Dry: how.dry,
		Progress: func(done, total int) {
			rows.total = total
			rows.set(done)
		},
		Files: func(ctx context.Context) error {
			rows.done()
			if s.Blob == "" {
				return nil
			}
			files, err := moveEvidence(ctx, c, s)
			out.Evidence = &files
			return err
		},
	})
	rows.done()
	out.Report = report
	if err != nil {
		return err
	}
	if how.json {
		enc := json.NewEncoder(c.out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	out.print(c, s)
	return nil
}

// moveEvidence copies the data folder's files into the bucket. The keys are those that have just been moved.
func moveEvidence(ctx context.Context, c console, s settings) (done blob.MovedFiles, err error) {
	if _, err := os.Stat(s.evidenceFolder()); errors.Is(err, os.ErrNotExist) {
		return done, nil
	}
	db, err := s.openStore(ctx, newLog(c, s, slog.LevelWarn))
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, db.Store.Close()) }()
	ring, err := s.openRing(ctx)
	if err != nil {
		return done, err
	}
	v, err := vault.New(vault.Config{Master: ring.Master(), Keysets: db.Store})
	if err != nil {
		return done, err
	}
	keys := func(ctx context.Context, tenant, applicant string) (blob.Sealer, error) {
		return v.Sealer(ctx, tenant, applicant)
	}
	from, err := blob.OpenFolder(blob.FolderConfig{Dir: s.evidenceFolder(), Keys: keys})
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := s.openBucket(ctx, keys)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	total := 0
	if err := from.Each(ctx, func(blob.Ref, int64) error {
		total++
		return nil
	}); err != nil {
		return done, err
	}
	files, n := newBar(c, "files", total), 0
	defer files.done()
	return blob.Move(ctx, from, to, func(err error) bool { return errors.Is(err, vault.ErrErased) }, func() {
		n++
		files.set(n)
	})
}

// stillHere refuses to go on with a data folder whose contents were moved: two servers would each go their own way.
func (s settings) stillHere() error {
	if _, err := os.Stat(filepath.Join(s.Data, move.Moved)); err != nil {
		return nil
	}
	return fmt.Errorf("what was in %s is in PostgreSQL now: start with the setting database; to go back, delete the file %s there", s.Data, move.Moved)
}

// openStore opens the database that the settings name, for a command that needs no house.
func (s settings) openStore(ctx context.Context, log *slog.Logger) (*store.Database, error) {
	if s.Database == "" {
		return sqlite.Open(ctx, sqlite.Config{Dir: s.Data, Log: log})
	}
	return postgres.Open(ctx, postgres.Config{URL: s.Database, Log: log})
}

// moveFiles moves evidence only. A server may be at work: what it takes in meanwhile is moved by running it again, with the server stopped.
func moveFiles(ctx context.Context, c console, s settings, how migrating) error {
	done, err := moveEvidence(ctx, c, s)
	if err != nil {
		return err
	}
	if how.json {
		return json.NewEncoder(c.out).Encode(done)
	}
	moved{Evidence: &done}.printEvidence(c)
	fmt.Fprintln(c.out, "If a server has been at work, stop it and run the same once more. Then start with --blob.")
	return nil
}

func (m moved) printEvidence(c console) {
	if e := m.Evidence; e != nil {
		fmt.Fprintf(c.out, "Evidence: %d files (%d MB) went to the bucket, %d were there, %d of erased applicants were left.\n", e.Files, e.Bytes>>20, e.There, e.Keyless)
	}
}

// print says what was done, and what comes next.
func (m moved) print(c console, s settings) {
	rows, inserted, changed, deleted := 0, 0, 0, 0
	for _, t := range m.Tables {
		fmt.Fprintf(c.out, "%-20s %10d rows  %8d new  %7d changed  %7d gone  %.16s\n", t.Name, t.Rows, t.Inserted, t.Changed, t.Deleted, t.SHA256)
		rows, inserted, changed, deleted = rows+t.Rows, inserted+t.Inserted, changed+t.Changed, deleted+t.Deleted
	}
	fmt.Fprintf(c.out, "%-20s %10d rows  %8d new  %7d changed  %7d gone  in %.1f s\n", "all", rows, inserted, changed, deleted, float64(m.TookMS)/1000)
	m.printEvidence(c)
	switch {
	case m.Dry:
		fmt.Fprintln(c.out, "Nothing was written.")
	case !m.Final:
		fmt.Fprintln(c.out, "A server is at work here, so this is a copy of a moment ago. Stop the server and run the same once more: it moves what has changed since.")
	default:
		fmt.Fprintf(c.out, "%d jobs wait there. Counts and hashes are the same on both sides: this installation has moved.\n"+
			"Start servers with --database and the same master key (%s, or USHER_MASTER_KEY).\n", m.Jobs, filepath.Join(s.Data, "master.key"))
		if s.Blob == "" {
			fmt.Fprintf(c.out, "Evidence stays in %s, for one server. For more, move it to a bucket: usher migrate --from folder --to bucket --blob s3://…\n", s.evidenceFolder())
		}
	}
}
