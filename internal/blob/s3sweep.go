package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Delete implements [Store].
func (s *S3) Delete(ctx context.Context, ref Ref) error {
	if err := ref.check(); err != nil {
		return fmt.Errorf("delete evidence: %w", err)
	}
	for _, name := range []string{path.Join(sweptFolder, ref.String()), ref.String()} {
		if err := s.remove(ctx, s.key(name)); err != nil {
			return fmt.Errorf("delete evidence: %w", err)
		}
	}
	return nil
}

// DeleteApplicant implements [Store]. In a bucket that keeps versions the old ones stay until its own rules delete them: noise without the key.
func (s *S3) DeleteApplicant(ctx context.Context, tenant, applicant string) error {
	if err := checkOwner(tenant, applicant); err != nil {
		return fmt.Errorf("delete evidence: %w", err)
	}
	for _, folder := range []string{partsFolder, sweptFolder, ""} {
		err := s.each(ctx, path.Join(folder, tenant, applicant)+"/", func(o object) error { return s.remove(ctx, s.key(o.name)) })
		if err != nil {
			return fmt.Errorf("delete evidence: %w", err)
		}
	}
	return nil
}

// Sweep implements [Store]. No lock reaches over many nodes, and between a look at an object's age and its deletion a Put may renew it; so an
// object that no row names is first moved to .swept, where Open still finds it, and deleted by a later sweep if it is not named by then.
func (s *S3) Sweep(ctx context.Context, known func(context.Context, Ref) (bool, error), olderThan time.Time, part Part) (Swept, error) {
	w := sweeping{S3: s, known: known, olderThan: olderThan, left: cmp.Or(part.Most, math.MaxInt), done: Swept{Next: part.After}}
	if part.After == "" {
		if err := s.abortUploads(ctx, &w.done, olderThan); err != nil {
			return w.done, fmt.Errorf("sweep unfinished uploads: %w", err)
		}
	}
	err := s.from(ctx, "", part.After, func(o object) error { return w.look(ctx, o) })
	if err == nil {
		err = w.endUpload(ctx)
	}
	if errors.Is(err, errEnough) {
		return w.done, nil
	}
	if err != nil {
		return w.done, fmt.Errorf("sweep evidence: %w", err)
	}
	w.done.Next = ""
	return w.done, nil
}

// Name implements [Store].
func (s *S3) Name() string { return "s3://" + path.Join(s.cfg.Bucket, s.cfg.Prefix) }

// errEnough ends a part of a sweep.
var errEnough = errors.New("enough for now")

// sweeping is one sweep. Objects come in the order of their names, so that the pieces of one upload follow one another.
type sweeping struct {
	*S3
	known     func(context.Context, Ref) (bool, error)
	olderThan time.Time
	left      int // objects to look at
	done      Swept
	upload    string // whose pieces come
	pieces    []string
	young     bool
}

// look sweeps one object. Where the next part begins is behind it, also with an error: one object that cannot be swept must not keep the others from it.
func (w *sweeping) look(ctx context.Context, o object) error {
	if path.Dir(o.name) != w.upload { // a part does not end within an upload
		if err := w.endUpload(ctx); err != nil {
			return err
		}
		if w.left <= 0 {
			return errEnough
		}
	}
	w.left--
	folder, rest, _ := strings.Cut(o.name, "/")
	if folder == partsFolder {
		w.piece(o)
		return nil
	}
	err := w.object(ctx, o, folder, rest)
	if ctx.Err() == nil {
		w.done.Next = o.name
	}
	return err
}

func (w *sweeping) object(ctx context.Context, o object, folder, rest string) error {
	if !o.at.Before(w.olderThan) {
		return nil
	}
	switch folder {
	case tempFolder, probeFolder:
		w.done.Temps++
		w.done.Bytes += o.size
		return w.remove(ctx, w.key(o.name))
	case sweptFolder:
		return w.second(ctx, rest)
	}
	ref, err := ParseRef(o.name)
	if err != nil {
		return nil // not ours
	}
	if is, err := w.known(ctx, ref); err != nil || is {
		return err
	}
	if err := w.copy(ctx, w.key(o.name), w.key(path.Join(sweptFolder, o.name)), nil); err != nil {
		return ignoreGone(err)
	}
	w.done.Files++
	w.done.Bytes += o.size
	return w.remove(ctx, w.key(o.name))
}

// second looks at what an earlier sweep took away: it goes for good, or comes back when it is named after all.
func (w *sweeping) second(ctx context.Context, name string) error {
	ref, err := ParseRef(name)
	if err != nil {
		return nil
	}
	is, err := w.known(ctx, ref)
	if err != nil {
		return err
	}
	if is {
		if err := w.restore(ctx, ref); err != nil {
			return ignoreGone(err)
		}
	}
	return w.remove(ctx, w.key(path.Join(sweptFolder, name)))
}

// restore brings back what a sweep took away, unless it was put again since.
func (s *S3) restore(ctx context.Context, ref Ref) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if _, err := s.core.StatObject(ctx, s.cfg.Bucket, s.key(ref.String()), minio.StatObjectOptions{}); err == nil {
		return nil
	}
	return s.copy(ctx, s.key(path.Join(sweptFolder, ref.String())), s.key(ref.String()), nil)
}

func (w *sweeping) piece(o object) {
	w.upload = path.Dir(o.name)
	w.pieces = append(w.pieces, o.name)
	w.young = w.young || !o.at.Before(w.olderThan)
}

// endUpload forgets the upload whose pieces have come, when the newest of them is old.
func (w *sweeping) endUpload(ctx context.Context) error {
	pieces, young := w.pieces, w.young
	w.upload, w.pieces, w.young = "", nil, false
	for _, name := range pieces {
		if !young {
			if err := w.remove(ctx, w.key(name)); err != nil {
				return err
			}
		}
		w.done.Next = name
	}
	return nil
}

// abortUploads ends uploads in parts that nobody will end.
func (s *S3) abortUploads(ctx context.Context, done *Swept, olderThan time.Time) error {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when we stop before its end
	defer cancel()
	for up := range s.core.ListIncompleteUploads(ctx, s.cfg.Bucket, s.key(tempFolder)+"/", true) {
		if up.Err != nil {
			return s.failed("list uploads", up.Err)
		}
		if !up.Initiated.Before(olderThan) {
			continue
		}
		err := s.failed("abort upload", s.core.AbortMultipartUpload(ctx, s.cfg.Bucket, up.Key, up.UploadID))
		if ignoreGone(err) != nil {
			return err
		}
		done.Temps++
		done.Bytes += up.Size
	}
	return ctx.Err()
}

// object is one entry of a listing; its name is without the store's prefix.
type object struct {
	name string
	size int64
	at   time.Time
}

// each calls do for every object below a name, a thousand at a time, in the order of their names.
func (s *S3) each(ctx context.Context, below string, do func(object) error) error {
	return s.from(ctx, below, "", do)
}

// from does so from behind a name on.
func (s *S3) from(ctx context.Context, below, after string, do func(object) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when do does not want more
	defer cancel()
	root := ""
	if s.cfg.Prefix != "" {
		root = strings.TrimSuffix(s.cfg.Prefix, "/") + "/"
	}
	list := minio.ListObjectsOptions{Prefix: root + below, Recursive: true}
	if after != "" {
		list.StartAfter = root + after
	}
	for o := range s.core.Client.ListObjects(ctx, s.cfg.Bucket, list) {
		if o.Err != nil {
			return s.failed("list objects", o.Err)
		}
		if err := do(object{strings.TrimPrefix(o.Key, root), o.Size, o.LastModified}); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list objects: %w", err)
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// bucketShelf keeps pieces as objects of an [S3].
type bucketShelf struct{ *S3 }

// Parts gives the keeper of what comes in piece by piece. The next piece of an upload may come to any node.
func (s *S3) Parts() Parts { return Parts{bucketShelf{s}, s.cfg.Keys} }

func (b bucketShelf) pieces(ctx context.Context, upload string) (names []string, err error) {
	err = b.each(ctx, upload+"/", func(o object) error {
		names = append(names, path.Base(o.name))
		return nil
	})
	return names, err
}

func (b bucketShelf) uploads(ctx context.Context, session string) (held []begun, err error) {
	err = b.each(ctx, session+"/", func(o object) error {
		if last := len(held) - 1; last >= 0 && held[last].upload == path.Dir(o.name) {
			if o.at.After(held[last].at) {
				held[last].at = o.at
			}
			return nil
		}
		held = append(held, begun{path.Dir(o.name), o.at})
		return nil
	})
	return held, err
}

func (b bucketShelf) keep(ctx context.Context, name string, sealed []byte) error {
	return b.put(ctx, b.key(name), sealed, nil)
}

func (b bucketShelf) take(ctx context.Context, name string) ([]byte, error) {
	r, err := b.fetch(ctx, b.key(name), 0, -1)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	return raw, errors.Join(err, r.Close())
}

func (b bucketShelf) forget(ctx context.Context, upload string) error {
	return b.each(ctx, upload+"/", func(o object) error { return b.remove(ctx, b.key(o.name)) })
}
