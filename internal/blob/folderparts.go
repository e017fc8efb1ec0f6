package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"path"
	"time"
)

// folderShelf keeps pieces as files of a [Folder].
type folderShelf struct{ *Folder }

// Parts gives the keeper of what comes in piece by piece.
func (f *Folder) Parts() Parts { return Parts{folderShelf{f}, f.cfg.Keys} }

func (f folderShelf) pieces(ctx context.Context, upload string) (names []string, err error) {
	err = f.each(ctx, upload, func(e fs.DirEntry) error {
		names = append(names, e.Name())
		return nil
	})
	return names, err
}

func (f folderShelf) uploads(ctx context.Context, session string) (held []begun, err error) {
	err = f.each(ctx, session, func(e fs.DirEntry) error {
		info, err := e.Info()
		if err == nil {
			held = append(held, begun{path.Join(session, e.Name()), info.ModTime()})
		}
		return ignoreMissing(err)
	})
	return held, err
}

// keep writes a temporary file and gives it its name.
func (f folderShelf) keep(_ context.Context, name string, sealed []byte) error {
	temp := path.Join(tempFolder, rand.Text())
	if err := f.root.WriteFile(temp, sealed, 0o600); err != nil {
		return errors.Join(err, ignoreMissing(f.root.Remove(temp)))
	}
	f.placing.RLock()
	defer f.placing.RUnlock()
	if err := f.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	return f.root.Rename(temp, name)
}

func (f folderShelf) take(_ context.Context, name string) ([]byte, error) {
	return f.root.ReadFile(name)
}

func (f folderShelf) forget(_ context.Context, upload string) error {
	f.placing.Lock()
	defer f.placing.Unlock()
	return f.root.RemoveAll(upload)
}

// sweepParts forgets uploads that nobody went on with since a time. Their folders carry the time of the newest piece.
func (f *Folder) sweepParts(ctx context.Context, olderThan time.Time) error {
	var walk func(dir string, depth int) error
	walk = func(dir string, depth int) error {
		return f.each(ctx, dir, func(e fs.DirEntry) error {
			name := path.Join(dir, e.Name())
			if depth > 0 {
				if err := walk(name, depth-1); err != nil {
					return err
				}
				f.placing.Lock()
				defer f.placing.Unlock()
				_ = f.root.Remove(name) // succeeds on an empty folder only, which is what is wanted
				return nil
			}
			info, err := e.Info()
			if err != nil || !info.ModTime().Before(olderThan) {
				return ignoreMissing(err)
			}
			return folderShelf{f}.forget(ctx, name)
		})
	}
	return walk(partsFolder, 3)
}
