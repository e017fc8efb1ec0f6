package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// masterFileHead tells whoever finds the file what it is worth.
const masterFileHead = `# The master key of this usher server. Without it no personal data in its database can be read, by anybody.
# Keep a copy in a safe place apart from the database. To change the key see "usher key --help"; never take a line away by hand.
`

// OpenRing returns the master keys. When encoded, the value of the environment variable, is not empty it holds the keys in the form [ReadRing] reads
// and no file is touched. Otherwise they are read from the file at path, which is created with mode 0600 on the first start. A file that anybody but
// its owner may use is refused, with the cure. keeper seals and opens keys where it is not nil. Errors wrap [ErrMasterKey].
func OpenRing(ctx context.Context, path, encoded string, keeper Keeper) (*Ring, error) {
	if encoded != "" {
		return ReadRing(ctx, encoded, keeper)
	}
	r, err := readRing(ctx, path, keeper)
	if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	text, err := newRing(ctx, keeper)
	if err != nil {
		return nil, err
	}
	created, err := createFile(path, text)
	if err != nil {
		return nil, fmt.Errorf("%w: create file: %w", ErrMasterKey, err)
	}
	if r, err = readRing(ctx, path, keeper); err != nil {
		return nil, err
	}
	r.fresh = created
	return r, nil
}

// OpenMaster is OpenRing for those who only use the keys, without a key management service.
func OpenMaster(path, encoded string) (*Master, error) {
	r, err := OpenRing(context.Background(), path, encoded, nil)
	if err != nil {
		return nil, err
	}
	return r.Master(), nil
}

// WriteRing replaces the file at path by the ring, whole or not at all.
func WriteRing(path string, r *Ring) error {
	tmp, err := writeTemp(path, r.Text())
	if err != nil {
		return fmt.Errorf("%w: write file: %w", ErrMasterKey, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("%w: replace file: %w", ErrMasterKey, errors.Join(err, os.Remove(tmp)))
	}
	return syncDir(filepath.Dir(path))
}

// newRing gives the text of a ring with one key, drawn here.
func newRing(ctx context.Context, keeper Keeper) (string, error) {
	r := &Ring{comments: strings.Split(strings.TrimSuffix(masterFileHead, "\n"), "\n")}
	if _, err := r.Add(ctx, keeper); err != nil {
		return "", err
	}
	r.keys[0].next = false
	return r.Text(), nil
}

func readRing(ctx context.Context, path string, keeper Keeper) (*Ring, error) {
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
	r, err := ReadRing(ctx, string(text), keeper)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return r, nil
}

// createFile makes the file and reports whether it was this call that made it. The complete, synced file is linked to its name, because a link, unlike
// a rename, never replaces: of two servers that start at once both use the key of the first, and a kill at any point leaves no half-written key.
func createFile(path, text string) (created bool, err error) {
	tmp, err := writeTemp(path, text)
	if err != nil {
		return false, err
	}
	defer os.Remove(tmp)
	switch err := os.Link(tmp, path); {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil:
		return false, err
	}
	// The name must be on the disk too before any data is sealed with the key.
	return true, syncDir(filepath.Dir(path))
}

// writeTemp writes a synced file of mode 0600 beside path and gives its name.
func writeTemp(path, text string) (name string, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return "", err
	}
	_, err = tmp.WriteString(text)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return tmp.Name(), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
