package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/usher-kyc/usher/internal/vault"
)

// Open implements [Store]. Of a part only the segments that hold it are fetched; the proof kept with the object says that they are of this file
// and that it goes on as it should. An object that lost its proof, copied by a tool that drops metadata, is read whole first.
func (s *S3) Open(ctx context.Context, ref Ref, part Range) (io.ReadCloser, error) {
	if err := ref.check(); err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	if part.Offset < 0 || part.Length < 0 {
		return nil, fmt.Errorf("open evidence: %w: negative", ErrRange)
	}
	sealer, err := s.cfg.Keys(ctx, ref.Tenant, ref.Applicant)
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	out, err := s.open(ctx, sealer, ref, part)
	if errors.Is(err, ErrNotFound) && s.restore(ctx, ref) == nil {
		out, err = s.open(ctx, sealer, ref, part)
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	return out, nil
}

func (s *S3) open(ctx context.Context, sealer Sealer, ref Ref, part Range) (io.ReadCloser, error) {
	if part == (Range{}) {
		return s.whole(ctx, sealer, ref)
	}
	from, to := sealedRange(part)
	b, err := s.fetch(ctx, s.key(ref.String()), from, to)
	if errors.Is(err, ErrRange) {
		return s.behind(ctx, sealer, ref, part)
	}
	if err != nil {
		return nil, err
	}
	if b.proof == "" {
		return s.unproved(ctx, sealer, ref, part, b.Close())
	}
	out, err := segmentsOf(b, sealer, ref, part)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return reading{out, b}, nil
}

func (s *S3) whole(ctx context.Context, sealer Sealer, ref Ref) (io.ReadCloser, error) {
	b, err := s.fetch(ctx, s.key(ref.String()), 0, -1)
	if err != nil {
		return nil, err
	}
	out, err := newVerifying(ctx, b, sealer, ref)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return reading{out, b}, nil
}

// unproved reads the whole file before it hands out a part of it, as a [Folder] does.
func (s *S3) unproved(ctx context.Context, sealer Sealer, ref Ref, part Range, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	first, err := s.whole(ctx, sealer, ref)
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(io.Discard, first)
	if err := errors.Join(err, first.Close()); err != nil {
		return nil, err
	}
	if part.Offset > size {
		return nil, ErrRange
	}
	again, err := s.whole(ctx, sealer, ref)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, again, part.Offset); err != nil {
		return nil, errors.Join(err, again.Close())
	}
	if part.Length == 0 {
		return again, nil
	}
	return reading{io.LimitReader(again, part.Length), again}, nil
}

// behind answers for a range that begins where the object has ended: at the end of the file there is nothing, behind it is an error.
func (s *S3) behind(ctx context.Context, sealer Sealer, ref Ref, part Range) (io.ReadCloser, error) {
	info, err := s.core.StatObject(ctx, s.cfg.Bucket, s.key(ref.String()), minio.StatObjectOptions{})
	if err != nil {
		return nil, s.failed("look at object", err)
	}
	if info.UserMetadata[proofKey] == "" {
		return s.unproved(ctx, sealer, ref, part, nil)
	}
	p, err := openProof(sealer, ref, info.UserMetadata[proofKey])
	if err != nil {
		return nil, err
	}
	if p.size != info.Size {
		return nil, fmt.Errorf("%w: cut or grown", ErrDamaged)
	}
	if part.Offset > plainSize(p.size) {
		return nil, ErrRange
	}
	return http.NoBody, nil
}

const plainSegment = vault.SegmentSize - vault.TagSize

// place gives the segment that holds a byte of the original, and where in the segment's plain bytes it is. The first segment begins with the
// stream's header, which takes the room of as many plain bytes.
func place(offset int64) (segment, within int64) {
	segment, within = (offset+vault.HeaderSize)/plainSegment, (offset+vault.HeaderSize)%plainSegment
	if segment == 0 {
		within -= vault.HeaderSize
	}
	return segment, within
}

// plainSize gives the size of the original from the size of its sealed stream.
func plainSize(sealed int64) int64 {
	segments := (sealed + vault.SegmentSize - 1) / vault.SegmentSize
	return sealed - vault.HeaderSize - segments*vault.TagSize
}

// sealedRange gives the bytes of the sealed stream that a part needs, both ends included; -1 is the stream's end.
func sealedRange(part Range) (from, to int64) {
	first, _ := place(part.Offset)
	from, to = max(first*vault.SegmentSize, vault.HeaderSize), -1
	if part.Length > 0 {
		last, _ := place(part.Offset + part.Length - 1)
		to = (last+1)*vault.SegmentSize - 1
	}
	return from, to
}

// segments reads a part of a file from the segments that hold it.
type segments struct {
	from   io.Reader
	open   func(number int64, last bool, sealed []byte) ([]byte, error)
	next   int64 // segment
	last   int64 // segment of the whole file
	room   int64 // sealed bytes of the next segment
	skip   int64
	left   int64 // bytes still to be given; -1 is all
	plain  []byte
	sealed []byte
	err    error
}

// segmentsOf proves that an object is the one ref names, and gives a part of it.
func segmentsOf(b *body, sealer Sealer, ref Ref, part Range) (io.Reader, error) {
	p, err := openProof(sealer, ref, b.proof)
	if err != nil {
		return nil, err
	}
	if p.size != b.total {
		return nil, fmt.Errorf("%w: cut or grown", ErrDamaged)
	}
	size := plainSize(p.size)
	if part.Offset > size {
		return nil, ErrRange
	}
	open, err := sealer.Segments(p.header, []byte(sealedAs))
	if err != nil {
		return nil, err
	}
	r := &segments{from: b, open: open, last: (p.size - 1) / vault.SegmentSize, left: size - part.Offset}
	if part.Length > 0 {
		r.left = min(r.left, part.Length)
	}
	r.next, r.skip = place(part.Offset)
	r.room = vault.SegmentSize
	if r.next == 0 {
		r.room -= vault.HeaderSize
	}
	// The first segment is opened now: a part that is damaged where it begins gives no reader.
	if r.left > 0 {
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *segments) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.plain) == 0 && r.err == nil {
		r.err = r.fill()
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.plain[:min(int64(len(r.plain)), r.left)])
	r.plain, r.left = r.plain[n:], r.left-int64(n)
	return n, nil
}

// fill opens the next segment.
func (r *segments) fill() error {
	if r.sealed == nil {
		r.sealed = make([]byte, vault.SegmentSize)
	}
	n, err := io.ReadFull(r.from, r.sealed[:r.room])
	if err != nil && !errors.Is(classify(err), ErrDamaged) {
		return err
	}
	plain, err := r.open(r.next, r.next == r.last, r.sealed[:n])
	if err != nil || int64(len(plain)) <= r.skip {
		return fmt.Errorf("%w: segment %d", ErrDamaged, r.next)
	}
	r.plain, r.skip, r.room = plain[r.skip:], 0, vault.SegmentSize
	r.next++
	return nil
}

// body reads an object, and takes up again where a connection broke.
type body struct {
	ctx    context.Context // of the Open it serves
	s      *S3
	key    string
	etag   string
	proof  string
	at, to int64 // both ends included
	total  int64 // of the whole object
	from   io.ReadCloser
	broken int
}

// fetch asks for a range of an object's bytes; to -1 is its end. ErrRange says that it ends before from.
func (s *S3) fetch(ctx context.Context, key string, from, to int64) (*body, error) {
	b := &body{ctx: ctx, s: s, key: key, at: from, to: to}
	return b, b.ask()
}

// ask sends the request for what is still missing.
func (b *body) ask() error {
	var opts minio.GetObjectOptions
	ranged := b.at > 0 || b.to >= 0
	if ranged {
		value := "bytes=" + strconv.FormatInt(b.at, 10) + "-"
		if b.to >= 0 {
			value += strconv.FormatInt(b.to, 10)
		}
		opts.Set("Range", value)
	}
	if b.etag != "" {
		if err := opts.SetMatchETag(b.etag); err != nil {
			return fmt.Errorf("read object: %w", err)
		}
	}
	from, info, header, err := b.s.core.GetObject(b.ctx, b.s.cfg.Bucket, b.key, opts)
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok && answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return ErrRange
	}
	if err != nil {
		return b.s.failed("read object", err)
	}
	total, known := info.Size, !ranged
	if ranged {
		var begins int64
		begins, total, known = contentRange(header.Get("Content-Range"))
		known = known && begins == b.at
	}
	if !known || (b.total > 0 && total != b.total) {
		return errors.Join(fmt.Errorf("read object: %w: it does not answer with the range that was asked for", ErrUnavailable), from.Close())
	}
	b.from, b.etag, b.total, b.proof = from, info.ETag, total, info.UserMetadata[proofKey]
	if b.to < 0 || b.to >= total {
		b.to = total - 1
	}
	return nil
}

// contentRange reads "bytes 0-99/1000" (RFC 9110 section 14.4).
func contentRange(text string) (begins, total int64, ok bool) {
	text, ok = strings.CutPrefix(text, "bytes ")
	span, all, found := strings.Cut(text, "/")
	first, _, _ := strings.Cut(span, "-")
	begins, errFirst := strconv.ParseInt(first, 10, 64)
	total, errAll := strconv.ParseInt(all, 10, 64)
	return begins, total, ok && found && errFirst == nil && errAll == nil
}

func (b *body) Read(p []byte) (int, error) {
	for {
		n, err := b.from.Read(p)
		b.at += int64(n)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			continue
		case b.at > b.to:
			return 0, io.EOF
		case b.ctx.Err() != nil:
			return 0, b.ctx.Err()
		}
		if b.broken++; b.broken >= tries {
			return 0, b.s.failed("read object", fmt.Errorf("ended after %d of %d bytes: %w", b.at, b.to+1, err))
		}
		if err := b.again(); err != nil {
			return 0, err
		}
	}
}

// again asks once more after a pause.
func (b *body) again() error {
	b.from.Close()
	pause := time.NewTimer(b.s.cfg.Pause << (b.broken - 1))
	defer pause.Stop()
	select {
	case <-b.ctx.Done():
		return b.ctx.Err()
	case <-pause.C:
	}
	return b.ask()
}

func (b *body) Close() error { return b.from.Close() }
