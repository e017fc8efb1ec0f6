package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// Library keeps editions of lists in a folder: Dir/<list>/<edition>/ holds the files as they came and what is known of them, Dir/<list>/current names
// the edition in use. Everything is written beside its place and moved there whole, so that a crash leaves the old edition or the new one. A library may
// be used by several goroutines; processes may read while one imports.
type Library struct {
	Dir       string           // created when first needed
	Now       func() time.Time // nil takes time.Now
	MaxShrink float64          // share of records that an edition may have fewer than the one in use; 0 takes 0.2
	Keep      int              // editions kept of each list, at least 2; 0 takes 5
	Limits    Limits

	mu sync.Mutex // one edition is read and settled at a time
}

// ImportOptions say how to take in an edition.
type ImportOptions struct {
	Allow []Reason // refusals that an operator overrides, of those that are Overridable
}

// Import copies the files of a list into the library, reads them, and makes them the edition in use, unless anything is wrong with them: then an *Error
// tells what, and the old edition stays. The bool tells whether anything changed: the same files as those in use do not.
func (l *Library) Import(ctx context.Context, in Input, options ImportOptions) (Edition, bool, error) {
	list, title := usual(in)
	in.List, in.Title, in.Limits = cmp.Or(in.List, list), cmp.Or(in.Title, title), l.Limits.filled()
	dir, err := l.incoming(in.List)
	if err != nil {
		return Edition{}, false, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // gone already when it became an edition
	var files []File
	for _, name := range in.Files {
		kept, err := copyIn(in.FS, name, dir, in.Limits.File)
		if err != nil {
			return Edition{}, false, inList(in.List, err)
		}
		files = append(files, kept)
	}
	return l.admit(ctx, in, dir, files, options)
}

// copyIn keeps a file of the input.
func copyIn(fsys fs.FS, name, dir string, limit int64) (kept File, err error) {
	base := path.Base(name)
	if !validFile(base) {
		return File{}, refuse(Unknown, base, 0, "a name that cannot be kept")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return File{}, &Error{Reason: Unreachable, File: name, What: "the file cannot be opened", Err: err}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return keep(dir, base, f, limit)
}

// incoming makes the folder that is to become an edition.
func (l *Library) incoming(list string) (string, error) {
	if !validList(list) {
		return "", &Error{Reason: Unknown, What: "a list's id has small letters, digits, _ and - and no more than 64 of them"}
	}
	home := filepath.Join(l.Dir, list)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", fmt.Errorf("make folder of list %s: %w", list, err)
	}
	dir, err := os.MkdirTemp(home, ".incoming-")
	if err != nil {
		return "", fmt.Errorf("make folder of list %s: %w", list, err)
	}
	return dir, nil
}

// admit reads the files in dir and makes the folder the edition in use.
func (l *Library) admit(ctx context.Context, in Input, dir string, files []File, options ImportOptions) (Edition, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := Edition{Format: in.Format, Files: files, Without: in.Without, Hash: hashFiles(files, in.Without), Loaded: l.now()}
	inUse, err := l.Current(in.List)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Edition{}, false, err
	}
	if err == nil && inUse.Hash == e.Hash {
		return inUse, false, l.check(in.List)
	}
	e.Info, err = Read(ctx, e.input(in, dir), func(watchlist.Entity) error { return nil })
	if err != nil {
		return Edition{}, false, err
	}
	for _, refused := range l.doubts(e.Info, inUse) {
		if !slices.Contains(options.Allow, refused.Reason) {
			refused.List = in.List
			return Edition{}, false, refused
		}
		e.Allowed = append(e.Allowed, refused.Reason)
	}
	e.ID = e.Loaded.Format("20060102T150405.000Z") + "-" + e.Hash[:8]
	if err := l.settle(in.List, dir, e); err != nil {
		return Edition{}, false, err
	}
	if err := l.prune(in.List); err != nil {
		return e, true, err
	}
	return e, true, l.check(in.List)
}

// doubts gives what speaks against an edition although it could be read.
func (l *Library) doubts(info Info, inUse Edition) []*Error {
	const (
		toleratedShare = 0.02 // single slips of a publisher must not keep a list out, many mean that it is misread
		toleratedCount = 5
	)
	var found []*Error
	doubt := func(reason Reason, format string, args ...any) {
		found = append(found, refuse(reason, "", 0, format, args...))
	}
	many := max(toleratedCount, int(float64(info.Parsed)*toleratedShare))
	if info.Parsed == 0 {
		doubt(Empty, "not one record")
	}
	if info.Nameless > many {
		doubt(Nameless, "%d of %d records have no name", info.Nameless, info.Parsed+info.Nameless)
	}
	if info.Repeated > many {
		doubt(Duplicate, "%d of %d records have the id of another", info.Repeated, info.Parsed)
	}
	old := inUse.Info
	left := 1 - cmp.Or(l.MaxShrink, 0.2)
	if float64(info.Parsed) < left*float64(old.Parsed) || float64(info.Names) < left*float64(old.Names) {
		doubt(Shrunk, "%d records with %d names, where the edition in use has %d with %d", info.Parsed, info.Names, old.Parsed, old.Names)
	}
	if !info.Date.IsZero() && info.Date.Before(old.Date) {
		doubt(Older, "it is of %s, the edition in use of %s", info.Date.Format(time.DateOnly), old.Date.Format(time.DateOnly))
	}
	return found
}

// settle makes the folder an edition and that edition the one in use.
func (l *Library) settle(list, dir string, e Edition) error {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("write edition: %w", err)
	}
	if err := WriteFile(dir, manifestName, b); err != nil {
		return err
	}
	home := filepath.Join(l.Dir, list)
	if err := os.Rename(dir, filepath.Join(home, e.ID)); err != nil {
		return fmt.Errorf("settle edition: %w", err)
	}
	if err := syncDir(home); err != nil {
		return err
	}
	return WriteFile(home, currentName, []byte(e.ID+"\n"))
}

// now gives the time in UTC, in milliseconds.
func (l *Library) now() time.Time {
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	return now().UTC().Truncate(time.Millisecond)
}

// check notes that the list was looked at just now.
func (l *Library) check(list string) error {
	return WriteFile(filepath.Join(l.Dir, list), checkedName, []byte(l.now().Format(time.RFC3339Nano)+"\n"))
}

// Checked tells when a list was last found to be current, by an import of the same files or of new ones, or by its address saying that nothing changed.
// How old that may be before a list counts as stale is for the caller to say. A list that is not there gives fs.ErrNotExist.
func (l *Library) Checked(list string) (time.Time, error) {
	b, err := l.small(list, checkedName)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, b)
	if err != nil {
		return time.Time{}, fmt.Errorf("read when list %s was checked: %w", list, err)
	}
	return t, nil
}

// small reads one of the library's own one-line files.
func (l *Library) small(list, name string) (string, error) {
	if !validList(list) {
		return "", fmt.Errorf("list %q: %w", list, fs.ErrNotExist)
	}
	b, err := os.ReadFile(filepath.Join(l.Dir, list, name))
	if err != nil {
		return "", fmt.Errorf("list %s: %w", list, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Lists gives the ids of the lists that have an edition in use, sorted. A list of which that cannot be told is an error: it must not drop out unnoticed.
func (l *Library) Lists() ([]string, error) {
	entries, err := os.ReadDir(l.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the lists: %w", err)
	}
	var lists []string
	for _, entry := range entries {
		if !validList(entry.Name()) || entry.Type().IsRegular() {
			continue
		}
		_, err := l.small(entry.Name(), currentName)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lists = append(lists, entry.Name())
	}
	return lists, nil
}

// Current gives the edition in use of a list; fs.ErrNotExist when there is none.
func (l *Library) Current(list string) (Edition, error) {
	id, err := l.small(list, currentName)
	if err != nil {
		return Edition{}, err
	}
	return l.Edition(list, id)
}

// Edition gives one edition of a list; fs.ErrNotExist when it is not kept.
func (l *Library) Edition(list, id string) (Edition, error) {
	if !validList(list) || !validFile(id) {
		return Edition{}, fmt.Errorf("edition %q of list %q: %w", id, list, fs.ErrNotExist)
	}
	return readManifest(filepath.Join(l.Dir, list, id))
}

// Editions gives the kept editions of a list, the newest first.
func (l *Library) Editions(list string) ([]Edition, error) {
	if !validList(list) {
		return nil, fmt.Errorf("list %q: %w", list, fs.ErrNotExist)
	}
	entries, err := os.ReadDir(filepath.Join(l.Dir, list))
	if err != nil {
		return nil, fmt.Errorf("list the editions of %s: %w", list, err)
	}
	var editions []Edition
	for _, entry := range slices.Backward(entries) {
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		e, err := l.Edition(list, entry.Name())
		if err != nil {
			return nil, err
		}
		editions = append(editions, e)
	}
	return editions, nil
}

// Use makes a kept edition the one in use again.
func (l *Library) Use(list, id string) (Edition, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.Edition(list, id)
	if err != nil {
		return Edition{}, err
	}
	if err := verify(filepath.Join(l.Dir, list, id), e); err != nil {
		return Edition{}, err
	}
	return e, WriteFile(filepath.Join(l.Dir, list), currentName, []byte(id+"\n"))
}

// Input gives what Read needs for a kept edition, once its files are found to be what they were.
func (l *Library) Input(e Edition) (Input, error) {
	dir := filepath.Join(l.Dir, e.Info.List, e.ID)
	if err := verify(dir, e); err != nil {
		return Input{}, err
	}
	like := Input{List: e.Info.List, Title: e.Info.Title, Date: e.Info.Date, Declared: e.Info.Declared, Limits: l.Limits}
	return e.input(like, dir), nil
}

// Read hands the records of a kept edition to emit, as the function Read does.
func (l *Library) Read(ctx context.Context, e Edition, emit func(watchlist.Entity) error) (Info, error) {
	in, err := l.Input(e)
	if err != nil {
		return Info{}, err
	}
	return Read(ctx, in, emit)
}

// input gives what to read for an edition whose files are in dir.
func (e Edition) input(like Input, dir string) Input {
	like.Format, like.Without, like.FS, like.Files = e.Format, e.Without, os.DirFS(dir), nil
	for _, f := range e.Files {
		like.Files = append(like.Files, f.Name)
	}
	return like
}

// prune removes the editions that are too many, and what crashes have left; never the one in use or the one before it.
func (l *Library) prune(list string) error {
	home := filepath.Join(l.Dir, list)
	editions, err := l.Editions(list)
	if err != nil {
		return err
	}
	inUse, err := l.small(list, currentName)
	if err != nil {
		return err
	}
	for _, e := range editions[min(len(editions), max(2, cmp.Or(l.Keep, 5))):] {
		if e.ID == inUse {
			continue
		}
		if err := os.RemoveAll(filepath.Join(home, e.ID)); err != nil {
			return fmt.Errorf("remove old edition: %w", err)
		}
	}
	entries, err := os.ReadDir(home)
	if err != nil {
		return fmt.Errorf("look for leftovers: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), ".") || l.now().Sub(info.ModTime()) < 24*time.Hour {
			continue // young ones may be another process's import
		}
		if err := os.RemoveAll(filepath.Join(home, entry.Name())); err != nil {
			return fmt.Errorf("remove leftovers: %w", err)
		}
	}
	return nil
}
