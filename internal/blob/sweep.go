package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"time"
)

// Sweep implements [Store]. It goes through the folders of applicants in the order of their names, and leaves alone whatever it does not recognise as
// its own. Its memory grows with the files of one part, not with the number of applicants.
func (f *Folder) Sweep(ctx context.Context, known func(context.Context, Ref) (bool, error), olderThan time.Time, part Part) (Swept, error) {
	done := Swept{Next: part.After}
	if part.After == "" {
		if err := f.sweepTemps(ctx, &done, olderThan); err != nil {
			return done, fmt.Errorf("sweep evidence: %w", err)
		}
		if err := f.sweepParts(ctx, olderThan); err != nil {
			return done, fmt.Errorf("sweep unfinished uploads: %w", err)
		}
	}
	most := cmp.Or(part.Most, math.MaxInt)
	dirs, err := f.applicants(ctx, part.After, most)
	if err != nil {
		return done, fmt.Errorf("list evidence: %w", err)
	}
	looked := 0
	for _, dir := range dirs {
		if looked >= most {
			return done, nil
		}
		n, err := f.sweepApplicant(ctx, dir, known, &done, olderThan)
		if ctx.Err() == nil {
			done.Next = dir // also with an error: one file that cannot be swept must not keep the others from it
		}
		if err != nil {
			return done, fmt.Errorf("sweep evidence: %w", err)
		}
		looked += max(n, 1)
	}
	if len(dirs) < most {
		done.Next = ""
	}
	return done, nil
}

// applicants gives the first folders of applicants behind one, in the order of their names, so many at most.
func (f *Folder) applicants(ctx context.Context, after string, most int) (dirs []string, err error) {
	first := func() {
		slices.Sort(dirs)
		dirs = dirs[:min(len(dirs), most)]
	}
	err = f.each(ctx, ".", func(tenant fs.DirEntry) error {
		return f.each(ctx, tenant.Name(), func(applicant fs.DirEntry) error {
			dir := path.Join(tenant.Name(), applicant.Name())
			if checkOwner(tenant.Name(), applicant.Name()) != nil || !applicant.IsDir() || dir <= after {
				return nil
			}
			if dirs = append(dirs, dir); len(dirs)/2 >= most {
				first()
			}
			return nil
		})
	})
	first()
	return dirs, err
}

// sweepApplicant sweeps a folder, and removes it when nothing is left in it. It gives how many entries it looked at.
func (f *Folder) sweepApplicant(ctx context.Context, dir string, known func(context.Context, Ref) (bool, error), done *Swept, olderThan time.Time) (looked int, err error) {
	err = f.each(ctx, dir, func(entry fs.DirEntry) error {
		looked++
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
	if err != nil {
		return looked, err
	}
	f.placing.Lock()
	defer f.placing.Unlock()
	_ = f.root.Remove(dir) // succeeds on an empty folder only, which is what is wanted
	return looked, nil
}

// Name implements [Store].
func (*Folder) Name() string { return "folder" }

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
