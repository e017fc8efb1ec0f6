package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/store/move"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// backup is what backup.json of a back-up says.
type backup struct {
	Version  string       `json:"version"` // of the program
	At       time.Time    `json:"at"`
	Schema   int64        `json:"schema"`
	Files    []backupFile `json:"files"`
	Evidence struct {
		Where string `json:"where"`
		Files int    `json:"files"`
		Bytes int64  `json:"bytes"`
		New   int    `json:"new"` // copied now; the others were there
	} `json:"evidence"`
	MasterKey string `json:"master_key"` // which one is needed; the key itself is kept elsewhere
}

type backupFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// The names in a back-up.
const (
	backupNote     = "backup.json"
	backupEvidence = "evidence"
	backupLists    = "watchlists"
)

// backupCommand backs up an installation on SQLite while it serves.
func backupCommand(ctx context.Context, c console, args []string) error {
	var to, evidence string
	var asJSON bool
	s, rest, err := readSettings(c, "backup", args, func(fs *flag.FlagSet) {
		fs.StringVar(&to, "to", "", "folder to be made")
		fs.StringVar(&evidence, "evidence", "", "folder that back-ups share for evidence: what is there is not copied again; empty is one in the back-up, none leaves it out")
		fs.BoolVar(&asJSON, "json", false, "say it as JSON")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 || to == "" {
		return usageError{errors.New("needs --to FOLDER, and nothing else")}
	}
	if s.Database != "" {
		return errors.New("PostgreSQL is backed up with its own tools, pg_dump or a base backup with its log; docs/OPERATIONS.md has the commands")
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is there already: name a folder that is not", to)
	}
	part := to + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o700)); err != nil {
		return fmt.Errorf("make back-up folder: %w", err)
	}
	b := backup{Version: build().Version, At: time.Now().UTC()}
	if err := b.take(ctx, c, s, part, evidence); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("name the back-up: %w", err)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(b)
	}
	fmt.Fprintf(c.out, "%s holds the database, %d files of evidence (%d MB) and the watchlists.\nIt is worth nothing without the master key %s, which is not in it: keep that in another place.\n"+
		"%s holds the applicants' keys: who is erased is erased here too when the last such file is gone, so let these go within the time you promise.\n",
		to, b.Evidence.Files, b.Evidence.Bytes>>20, b.MasterKey, filepath.Join(to, sqlite.BackupKeys))
	return nil
}

// take fills the folder of a back-up: first the database, then the evidence, which is never there later than the row that names it.
func (b *backup) take(ctx context.Context, c console, s settings, to, evidence string) error {
	var err error
	if b.Schema, err = move.Level(ctx, s.Data, ""); err != nil {
		return err
	}
	ring, err := s.openRing(ctx)
	if err != nil {
		return err
	}
	if ring.Master().Fresh() {
		return errors.New("the data folder has no master key: a back-up could not be read")
	}
	b.MasterKey = ring.Master().ID()
	if err := sqlite.Backup(ctx, s.Data, to); err != nil {
		return err
	}
	if err := copyFolder(ctx, filepath.Join(s.Data, backupLists), filepath.Join(to, backupLists)); err != nil {
		return fmt.Errorf("copy watchlists: %w", err)
	}
	switch {
	case s.Blob != "":
		b.Evidence.Where = s.Blob
	case evidence == "none":
	default:
		if evidence == "" {
			evidence = filepath.Join(to, backupEvidence)
		} else {
			b.Evidence.Where = evidence
		}
		if err := b.copyEvidence(ctx, c, s, evidence); err != nil {
			return err
		}
	}
	for _, name := range []string{sqlite.BackupData, sqlite.BackupKeys} {
		file, err := sumOf(filepath.Join(to, name), name)
		if err != nil {
			return err
		}
		b.Files = append(b.Files, file)
	}
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("note what is in the back-up: %w", err)
	}
	if err := os.WriteFile(filepath.Join(to, backupNote), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("note what is in the back-up: %w", err)
	}
	return nil
}

// copyEvidence copies the sealed files that are not there yet.
func (b *backup) copyEvidence(ctx context.Context, c console, s settings, to string) error {
	if _, err := os.Stat(s.evidenceFolder()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	from, err := blob.OpenFolder(blob.FolderConfig{Dir: s.evidenceFolder(), Keys: noKeys})
	if err != nil {
		return err
	}
	defer from.Close()
	shown := newBar(c, "files", 0)
	defer shown.done()
	return from.Each(ctx, func(ref blob.Ref, size int64) error {
		b.Evidence.Files++
		b.Evidence.Bytes += size
		shown.set(b.Evidence.Files)
		into := filepath.Join(to, filepath.FromSlash(ref.String()))
		// A file that was put again has other bytes and the same size; either is good.
		if info, err := os.Stat(into); err == nil && info.Size() == size {
			return nil
		}
		b.Evidence.New++
		r, err := from.Sealed(ref)
		if errors.Is(err, blob.ErrNotFound) {
			return nil // swept or erased just now
		}
		if err != nil {
			return fmt.Errorf("copy evidence: %w", err)
		}
		defer r.Close()
		return writeWhole(into, r)
	})
}

func noKeys(context.Context, string, string) (blob.Sealer, error) {
	return nil, errors.New("nothing is opened here")
}

// restoreCommand makes a data folder of a back-up.
func restoreCommand(ctx context.Context, c console, args []string) error {
	var from, keys string
	s, rest, err := readSettings(c, "restore", args, func(fs *flag.FlagSet) {
		fs.StringVar(&from, "from", "", "folder of the back-up")
		fs.StringVar(&keys, "keys", "", "keysets.db of a later back-up: who was erased until then stays erased; empty is the one of this back-up")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 || from == "" {
		return usageError{errors.New("needs --from FOLDER, and --data for where to")}
	}
	b, err := readBackup(from, keys == "")
	if err != nil {
		return err
	}
	if keys == "" {
		keys = filepath.Join(from, sqlite.BackupKeys)
	}
	if newest, err := sqlite.Newest(); err != nil || newest < b.Schema {
		return errors.Join(err, fmt.Errorf("the back-up's schema is at step %d and this version knows %d: take the version that made it, or a newer one", b.Schema, newest))
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	got, err := sqlite.Restore(ctx, filepath.Join(from, sqlite.BackupData), keys, s.Data)
	if err != nil {
		return err
	}
	evidence := filepath.Join(from, backupEvidence)
	if b.Evidence.Where != "" && s.Blob == "" {
		evidence = b.Evidence.Where
	}
	for _, folder := range []struct{ from, to string }{{evidence, s.evidenceFolder()}, {filepath.Join(from, backupLists), filepath.Join(s.Data, backupLists)}} {
		if err := copyFolder(ctx, folder.from, folder.to); err != nil {
			return fmt.Errorf("restore files: %w", err)
		}
	}
	fmt.Fprintf(c.out, "%s is as it was at %s: %d applicants, %d of them erased.\nPut the master key %s there (%s, or USHER_MASTER_KEY), start, and run: usher audit verify\n",
		s.Data, b.At.Format(time.RFC3339), got.Applicants, got.Erased, b.MasterKey, filepath.Join(s.Data, "master.key"))
	return nil
}

// readBackup reads what a back-up says it is, and holds its files against it; those of the keys where they are asked for.
func readBackup(from string, withKeys bool) (b backup, err error) {
	raw, err := os.ReadFile(filepath.Join(from, backupNote))
	if err != nil {
		return b, fmt.Errorf("read back-up: %w", err)
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("read %s: %w", backupNote, err)
	}
	for _, file := range b.Files {
		if file.Name == sqlite.BackupKeys && !withKeys {
			continue
		}
		got, err := sumOf(filepath.Join(from, filepath.Base(file.Name)), file.Name)
		if err != nil {
			return b, err
		}
		if got != file {
			return b, fmt.Errorf("%s is not what the back-up wrote: take another one", file.Name)
		}
	}
	return b, nil
}

// sumOf gives size and SHA-256 of a file.
func sumOf(path, name string) (backupFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return backupFile{}, fmt.Errorf("read back-up: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return backupFile{}, fmt.Errorf("read back-up: %w", err)
	}
	return backupFile{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// copyFolder copies the files of a folder that are not there yet; of one that is missing there are none.
func copyFolder(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == from {
			return nil
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		name, err := filepath.Rel(from, path)
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if _, err := os.Stat(filepath.Join(to, name)); err == nil {
			return nil
		}
		r, err := os.Open(path)
		if err != nil {
			return err
		}
		defer r.Close()
		return writeWhole(filepath.Join(to, name), r)
	})
}

// writeWhole writes a file that is there whole or not at all, and on the disk when it returns.
func writeWhole(name string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".usher-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
