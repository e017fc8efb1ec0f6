package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// masterFileHead tells whoever finds the file what it is worth.
const masterFileHead = `# The master key of this usher server. Without it no personal data in its database can be read, by anybody.
# Keep a copy in a safe place apart from the database. To rotate, add a new key as the last line; keep the old ones.
`

// OpenMaster returns the master key. When encoded, the value of the environment variable, is not empty it holds the
// key in the form [ParseMaster] reads and no file is touched. Otherwise the key is read from the file at path, which
// is created with mode 0600 on the first start. A file that anybody but its owner may use is refused, with the cure.
// Errors wrap [ErrMasterKey].
func OpenMaster(path, encoded string) (*Master, error) {
	if encoded != "" {
		return ParseMaster(encoded)
	}
	m, err := readMaster(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	created, err := createMaster(path)
	if err != nil {
		return nil, fmt.Errorf("%w: create file: %w", ErrMasterKey, err)
	}
	m, err = readMaster(path)
	if err != nil {
		return nil, err
	}
	m.fresh = created
	return m, nil
}

func readMaster(path string) (*Master, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: open file: %w", ErrMasterKey, err)
	}
	defer f.Close()
	// Asked of the open file, not of the path, so that the file that is judged is the file that is read.
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: stat file: %w", ErrMasterKey, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrMasterKey, path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s can be used by others (mode %04o); cure: chmod 600 %s", ErrMasterKey, path, mode, path)
	}
	const most = 64 << 10 // bytes; hundreds of keys, and no device file can fill the memory
	if info.Size() > most {
		return nil, fmt.Errorf("%w: %s is too large to be a key file", ErrMasterKey, path)
	}
	text := make([]byte, info.Size())
	if _, err := f.ReadAt(text, 0); err != nil {
		return nil, fmt.Errorf("%w: read file: %w", ErrMasterKey, err)
	}
	m, err := ParseMaster(string(text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

// createMaster makes the file with a new key and reports whether it was this call that made it. The complete, synced
// file is linked to its name, because a link, unlike a rename, never replaces: of two servers that start at once both
// use the key of the first, and a kill at any point leaves no half-written key.
func createMaster(path string) (created bool, err error) {
	key := make([]byte, masterKeySize)
	rand.Read(key)
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return false, err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := tmp.WriteString(masterFileHead + base64.StdEncoding.EncodeToString(key) + "\n"); err != nil {
		return false, err
	}
	if err := tmp.Sync(); err != nil {
		return false, err
	}
	switch err := os.Link(tmp.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil:
		return false, err
	}
	// The name must be on the disk too before any data is sealed with the key.
	d, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer d.Close()
	return true, d.Sync()
}
