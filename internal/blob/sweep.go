package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// Sweep implements [Store]. It goes through folders in small batches, so that its memory does not grow with the number
// of applicants, and leaves alone whatever it does not recognise as its own.
func (f *Folder) Sweep(ctx context.Context, known func(context.Context, Ref) (bool, error), olderThan time.Time) (Swept, error) {
	var done Swept
	if err := f.sweepTemps(ctx, &done, olderThan); err != nil {
		return done, fmt.Errorf("sweep evidence: %w", err)
	}
	if err := f.sweepParts(ctx, olderThan); err != nil {
		return done, fmt.Errorf("sweep unfinished uploads: %w", err)
	}
	err := f.each(ctx, ".", func(tenant fs.DirEntry) error {
		return f.each(ctx, tenant.Name(), func(applicant fs.DirEntry) error {
			dir := path.Join(tenant.Name(), applicant.Name())
			if checkOwner(tenant.Name(), applicant.Name()) != nil || !applicant.IsDir() {
				return nil
			}
			if err := f.sweepApplicant(ctx, dir, known, &done, olderThan); err != nil {
				return err
			}
			f.placing.Lock()
			defer f.placing.Unlock()
			_ = f.root.Remove(dir) // succeeds on an empty folder only, which is what is wanted
			return nil
		})
	})
	if err != nil {
		return done, fmt.Errorf("sweep evidence: %w", err)
	}
	return done, nil
}

func (f *Folder) sweepApplicant(ctx context.Context, dir string, known func(context.Context, Ref) (bool, error), done *Swept, olderThan time.Time) error {
	return f.each(ctx, dir, func(entry fs.DirEntry) error {
		ref, err := ParseRef(path.Join(dir, entry.Name()))
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		// The age first: it is cheaper than a question to the database, and most files are old or new together.
		if info, err := entry.Info(); err != nil || !info.ModTime().Before(olderThan) {
			return ignoreMissing(err)
		}
		if is, err := known(ctx, ref); err != nil || is {
			return err
		}
		removed, err := f.removeOld(ref.String(), olderThan, &done.Bytes)
		if removed {
			done.Files++
		}
		return err
	})
}

func (f *Folder) sweepTemps(ctx context.Context, done *Swept, olderThan time.Time) error {
	return f.each(ctx, tempFolder, func(entry fs.DirEntry) error {
		removed, err := f.removeOld(path.Join(tempFolder, entry.Name()), olderThan, &done.Bytes)
		if removed {
			done.Temps++
		}
		return err
	})
}

// removeOld removes a file unless it was renewed in the meantime, and adds its size to bytes.
func (f *Folder) removeOld(name string, olderThan time.Time, bytes *int64) (removed bool, err error) {
	f.placing.Lock()
	defer f.placing.Unlock()
	info, err := f.root.Lstat(name)
	if err != nil || !info.ModTime().Before(olderThan) {
		return false, ignoreMissing(err)
	}
	if err := f.root.Remove(name); err != nil {
		return false, ignoreMissing(err)
	}
	*bytes += info.Size()
	return true, nil
}

// each calls do for every entry of a folder; a folder that is missing, or is a file, has none.
func (f *Folder) each(ctx context.Context, dir string, do func(fs.DirEntry) error) error {
	if info, err := f.root.Lstat(dir); err != nil || !info.IsDir() {
		return ignoreMissing(err)
	}
	folder, err := f.root.Open(dir)
	if err != nil {
		return ignoreMissing(err)
	}
	defer folder.Close()
	return eachEntry(ctx, folder, do)
}

func eachEntry(ctx context.Context, folder *os.File, do func(fs.DirEntry) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := folder.ReadDir(1000)
		for _, entry := range entries {
			if err := do(entry); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
