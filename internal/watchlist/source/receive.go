package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Folder gives the files of a kept edition.
func (l *Library) Folder(e Edition) fs.FS { return os.DirFS(filepath.Join(l.Dir, e.Info.List, e.ID)) }

// Receive takes an edition over from another library, by its manifest (an [Edition] as JSON) and its files, and makes it the one in use. It was read and found good there; here
// its files are held against their hashes.
func (l *Library) Receive(manifest []byte, open func(e Edition, file string) (io.Reader, error)) (Edition, error) {
	var e Edition
	if err := json.Unmarshal(manifest, &e); err != nil {
		return e, fmt.Errorf("read edition: %w", err)
	}
	if !validFile(e.ID) {
		return e, &Error{Reason: Unknown, List: e.Info.List, What: "an edition whose id cannot be kept"}
	}
	dir, err := l.incoming(e.Info.List)
	if err != nil {
		return e, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // gone already when it became an edition
	for _, f := range e.Files {
		if !validFile(f.Name) {
			return e, &Error{Reason: Unknown, List: e.Info.List, File: f.Name, What: "a name that cannot be kept"}
		}
		r, err := open(e, f.Name)
		if err != nil {
			return e, err
		}
		if _, err := keep(dir, f.Name, r, f.Size); err != nil {
			return e, inList(e.Info.List, err)
		}
	}
	if err := verify(dir, e); err != nil {
		return e, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.settle(e.Info.List, dir, e); err != nil {
		return e, err
	}
	return e, l.prune(e.Info.List)
}

// NoteChecked notes when a list was found to be current elsewhere, unless it was later here.
func (l *Library) NoteChecked(list string, at time.Time) error {
	had, err := l.Checked(list)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !at.After(had) {
		return nil
	}
	return WriteFile(filepath.Join(l.Dir, list), checkedName, []byte(at.UTC().Format(time.RFC3339Nano)+"\n"))
}
