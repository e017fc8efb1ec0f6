package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
)

// Open implements [Store].
func (f *Folder) Open(ctx context.Context, ref Ref, part Range) (io.ReadCloser, error) {
	if err := ref.check(); err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	if part.Offset < 0 || part.Length < 0 {
		return nil, fmt.Errorf("open evidence: %w: negative", ErrRange)
	}
	sealer, err := f.cfg.Keys(ctx, ref.Tenant, ref.Applicant)
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	file, err := f.root.Open(ref.String())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open evidence: %w", ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	out, err := open(ctx, file, sealer, ref, part)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	return reading{out, file}, nil
}

// open returns a reader of a part of the file. For anything but the whole it reads the file twice, because the bytes
// of a part say nothing about which file of the applicant they come from, nor whether the file goes on as it should.
func open(ctx context.Context, file *os.File, sealer Sealer, ref Ref, part Range) (io.Reader, error) {
	whole, err := newVerifying(ctx, file, sealer, ref)
	if err != nil || part == (Range{}) {
		return whole, err
	}
	size, err := io.Copy(io.Discard, whole)
	if err != nil {
		return nil, err
	}
	if part.Offset > size {
		return nil, ErrRange
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	// Verified again: the file may have changed on the disk in between.
	whole, err = newVerifying(ctx, file, sealer, ref)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, whole, part.Offset); err != nil {
		return nil, err
	}
	if part.Length == 0 {
		return whole, nil
	}
	return io.LimitReader(whole, part.Length), nil
}

// verifying decrypts a file and, at its end, compares it with the name it is stored under. That name is the only thing
// that tells an applicant's files apart, which all are encrypted with the same key.
type verifying struct {
	plain io.Reader
	sum   hash.Hash
	want  string
	err   error // once an error has occurred it stays
}

func newVerifying(ctx context.Context, file io.Reader, sealer Sealer, ref Ref) (*verifying, error) {
	plain, err := sealer.DecryptingReader(cancellable{ctx, file}, []byte(sealedAs))
	if err != nil {
		return nil, classify(err)
	}
	return &verifying{plain: plain, sum: sha256.New(), want: ref.SHA256}, nil
}

func (v *verifying) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.plain.Read(p)
	v.sum.Write(p[:n])
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF: // only the bare io.EOF is the end; a wrapped one came from below
		v.err = classify(err)
	case hex.EncodeToString(v.sum.Sum(nil)) != v.want:
		v.err = fmt.Errorf("%w: holds another file's content", ErrDamaged)
	default:
		v.err = io.EOF
	}
	return n, v.err
}

// classify tells a file that does not decrypt from a disk that does not answer and a caller that gave up: only the
// first is damage.
func classify(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotFound) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

type reading struct {
	io.Reader
	io.Closer
}
