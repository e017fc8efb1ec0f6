package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// File is one file of an edition.
type File struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`               // bytes
	SHA256   string `json:"sha256"`             // hex
	Address  string `json:"address,omitempty"`  // where it was fetched, without what may be secret in it; empty for a dropped file
	ETag     string `json:"etag,omitempty"`     // what the address said of it, for asking whether it has changed
	Modified string `json:"modified,omitempty"` // Last-Modified, likewise
}

// Edition is one kept edition of a list.
type Edition struct {
	ID      string    `json:"id"` // names its folder; editions sort by it in the order in which they came
	Format  Format    `json:"format"`
	Info    Info      `json:"info"`
	Files   []File    `json:"files"`
	Without []string  `json:"without,omitempty"` // lists of a bundle that are left out of it
	Hash    string    `json:"hash"`              // hex SHA-256 of names and contents of the files, and of what is left out
	Loaded  time.Time `json:"loaded"`            // since when it is kept
	Allowed []Reason  `json:"allowed,omitempty"` // refusals that an operator has overridden for it
}

// Version tells the edition as results of screening name it.
func (e Edition) Version() watchlist.Version {
	return watchlist.Version{
		List: e.Info.List, Title: e.Info.Title, Date: e.Info.Date, Loaded: e.Loaded, Hash: e.Hash, Entities: e.Info.Parsed, Names: e.Info.Names,
	}
}

// The names of the files that a library keeps beside those of the lists.
const (
	manifestName = "edition.json"
	currentName  = "current"
	checkedName  = "checked"
)

// hashFiles gives the hash of an edition from those of its files and what is left out of it.
func hashFiles(files []File, without []string) string {
	h := sha256.New()
	for _, dataset := range without {
		fmt.Fprintf(h, "without %s\n", dataset)
	}
	for _, f := range files {
		fmt.Fprintf(h, "%s\x00%s\n", f.Name, f.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// keep writes what r gives to a new file of the folder and brings it to the disk; more than limit bytes are refused.
func keep(dir, name string, r io.Reader, limit int64) (kept File, err error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return File{}, fmt.Errorf("keep %s: %w", name, err)
	}
	defer func() {
		if closeErr := f.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("keep %s: %w", name, closeErr)
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(r, limit+1))
	if err != nil {
		return File{}, &Error{Reason: Truncated, File: name, What: "it could not be read to its end", Err: err}
	}
	if n > limit {
		return File{}, refuse(TooLarge, name, 0, "the file has more than %d bytes", limit)
	}
	if err := f.Sync(); err != nil {
		return File{}, fmt.Errorf("keep %s: %w", name, err)
	}
	return File{Name: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// verify tells whether the files of an edition are still what they were.
func verify(dir string, e Edition) error {
	for _, f := range e.Files {
		r, err := os.Open(filepath.Join(dir, f.Name))
		if err != nil {
			return &Error{Reason: Unreachable, List: e.Info.List, File: f.Name, What: "a kept file is gone", Err: err}
		}
		h := sha256.New()
		_, err = io.Copy(h, r)
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return &Error{Reason: Unreachable, List: e.Info.List, File: f.Name, What: "a kept file cannot be read", Err: err}
		}
		if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
			return &Error{Reason: Checksum, List: e.Info.List, File: f.Name, What: "a kept file is not what it was"}
		}
	}
	return nil
}

// readManifest reads an edition's own file.
func readManifest(dir string) (Edition, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return Edition{}, fmt.Errorf("read edition: %w", err)
	}
	var e Edition
	if err := json.Unmarshal(b, &e); err != nil {
		return Edition{}, fmt.Errorf("read edition %s: %w", filepath.Base(dir), err)
	}
	return e, nil
}

// WriteFile writes a small file into a folder, whole or not at all, and brings it to the disk before it returns.
func WriteFile(dir, name string, b []byte) (err error) {
	f, err := os.CreateTemp(dir, ".writing-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // best effort: the name is never read
		}
	}()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// syncDir brings the names in a folder to the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// validList tells whether a list's id can name its folder.
func validList(list string) bool {
	return list != "" && len(list) <= 64 && strings.Trim(list, "abcdefghijklmnopqrstuvwxyz0123456789_-") == "" && list[0] != '-'
}

// validFile tells whether a file's name can be kept.
func validFile(name string) bool {
	return name != "" && name[0] != '.' && len(name) <= 200 && filepath.Base(name) == name && !slices.Contains([]string{manifestName, currentName, checkedName}, name) &&
		!strings.ContainsAny(name, "/\\\x00")
}
