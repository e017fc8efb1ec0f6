package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sync"

	"github.com/minio/minio-go/v7"
)

// MovedFiles is what [Move] did.
type MovedFiles struct {
	Files   int   `json:"files"`   // copied and proved
	Bytes   int64 `json:"bytes"`   // of them, as stored
	There   int   `json:"there"`   // were in the bucket already, from an earlier run
	Keyless int   `json:"keyless"` // left out: their applicants were erased, what is left of them is noise
}

// moveWorkers is how many files go up at a time.
const moveWorkers = 8

// Move copies what is in a folder into a bucket: the sealed bytes as they are, each file read with its key on the way and held against its name. It
// may be ended at any file and run again. gone tells of an error of the keys that an applicant was erased. told is called for every file that was looked
// at, by one caller at a time; nil is called for none.
func Move(ctx context.Context, from *Folder, to *S3, gone func(error) bool, told func()) (MovedFiles, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan Ref)
	var mu sync.Mutex
	var done MovedFiles
	var workers sync.WaitGroup
	for range moveWorkers {
		workers.Go(func() {
			for ref := range work {
				n, err := to.adopt(ctx, from, ref)
				if err != nil && !gone(err) {
					cancel(fmt.Errorf("move evidence of applicant %s: %w", ref.Applicant, err))
					continue
				}
				mu.Lock()
				switch {
				case err != nil:
					done.Keyless++
				case n == 0:
					done.There++
				default:
					done.Files++
					done.Bytes += n
				}
				if told != nil {
					told()
				}
				mu.Unlock()
			}
		})
	}
	err := from.Each(ctx, func(ref Ref, _ int64) error {
		select {
		case work <- ref:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(work)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return done, err
}

// Each calls do for every evidence file, with its size as stored, in no order.
func (f *Folder) Each(ctx context.Context, do func(ref Ref, size int64) error) error {
	return f.each(ctx, ".", func(tenant fs.DirEntry) error {
		return f.each(ctx, tenant.Name(), func(applicant fs.DirEntry) error {
			dir := path.Join(tenant.Name(), applicant.Name())
			return f.each(ctx, dir, func(entry fs.DirEntry) error {
				ref, err := ParseRef(path.Join(dir, entry.Name()))
				if err != nil || !entry.Type().IsRegular() {
					return nil // not ours
				}
				info, err := entry.Info()
				if err != nil {
					return ignoreMissing(err)
				}
				return do(ref, info.Size())
			})
		})
	})
}

// Sealed opens a file as it is stored.
func (f *Folder) Sealed(ref Ref) (io.ReadCloser, error) {
	if err := ref.check(); err != nil {
		return nil, err
	}
	file, err := f.root.Open(ref.String())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return file, err
}

// adopt takes a file of a folder as it is, and gives its size as stored; 0 when it was there. A file that is swept on the way counts as there.
func (s *S3) adopt(ctx context.Context, from *Folder, ref Ref) (int64, error) {
	sealer, err := from.cfg.Keys(ctx, ref.Tenant, ref.Applicant)
	if err != nil {
		return 0, err
	}
	if info, err := s.core.StatObject(ctx, s.cfg.Bucket, s.key(ref.String()), minio.StatObjectOptions{}); err == nil {
		if p, err := openProof(sealer, ref, info.UserMetadata[proofKey]); err == nil && p.size == info.Size {
			return 0, nil
		}
	}
	file, err := from.Sealed(ref)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	up := &sending{ctx: ctx, s: s}
	defer up.giveUp()
	plain, err := newVerifying(ctx, io.TeeReader(file, up), sealer, ref)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return 0, err
	}
	meta, err := up.proof.sealed(sealer, ref)
	if err != nil {
		return 0, err
	}
	return up.proof.size, up.place(s.key(ref.String()), meta)
}
