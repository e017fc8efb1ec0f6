package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

const (
	partsFolder = ".parts" // no tenant can have this name

	// mostUploads is how many unfinished files one session may have; with one more the oldest is forgotten. A person retakes a photo now and
	// then, and nobody may fill the disk with beginnings.
	mostUploads = 6
)

// Parts keeps the beginnings of uploads beside the files of a store: each piece a sealed file of its own, named by where it begins and how long
// it is, below .parts/tenant/applicant/session/sha256. A piece has its name only when it is whole, so a process that dies leaves whole pieces.
// In a folder they are not synced: after a power cut the upload begins anew, which the SHA-256 of the whole finds out. In S3 they are objects, so
// that the next piece may come to any node; a database would carry every photo through its log for nothing.
type Parts struct {
	shelf shelf
	keys  Keys
}

var _ usher.Uploads = Parts{}

// shelf is where pieces lie, under names such as .parts/tenant/applicant/session/sha256/0-1000.
type shelf interface {
	// pieces gives the last elements of the names below an upload; none when there is no such upload.
	pieces(ctx context.Context, upload string) ([]string, error)
	// uploads gives the beginnings of a session.
	uploads(ctx context.Context, session string) ([]begun, error)
	keep(ctx context.Context, name string, sealed []byte) error
	take(ctx context.Context, name string) ([]byte, error)
	forget(ctx context.Context, upload string) error
}

// begun is an upload and when its newest piece came.
type begun struct {
	upload string
	at     time.Time
}

// Received implements [usher.Uploads].
func (p Parts) Received(ctx context.Context, u usher.Upload) (int64, error) {
	dir, err := partsOf(u)
	if err != nil {
		return 0, err
	}
	_, size, err := p.pieces(ctx, dir)
	return size, away(err)
}

// Append implements [usher.Uploads].
func (p Parts) Append(ctx context.Context, u usher.Upload, offset int64, piece []byte) (int64, error) {
	dir, err := partsOf(u)
	if err != nil {
		return 0, err
	}
	_, size, err := p.pieces(ctx, dir)
	if err != nil || offset != size || len(piece) == 0 {
		return size, away(err)
	}
	if size == 0 {
		if err := p.makeRoom(ctx, path.Dir(dir)); err != nil {
			return 0, away(fmt.Errorf("make room for an upload: %w", err))
		}
	}
	if err := p.write(ctx, u, path.Join(dir, pieceName(offset, len(piece))), piece); err != nil {
		return size, away(fmt.Errorf("keep a piece of an upload: %w", err))
	}
	return size + int64(len(piece)), nil
}

// write seals a piece and puts it on the shelf.
func (p Parts) write(ctx context.Context, u usher.Upload, name string, piece []byte) error {
	sealer, err := p.keys(ctx, u.Tenant, u.Applicant)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	w, err := sealer.EncryptingWriter(&sealed, []byte(sealedPiece(name)))
	if err != nil {
		return err
	}
	if _, err := w.Write(piece); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return p.shelf.keep(ctx, name, sealed.Bytes())
}

// Open implements [usher.Uploads]. It holds the whole in memory: the callers bound what a file may have.
func (p Parts) Open(ctx context.Context, u usher.Upload) (io.ReadCloser, error) {
	dir, err := partsOf(u)
	if err != nil {
		return nil, err
	}
	names, _, err := p.pieces(ctx, dir)
	if err != nil {
		return nil, away(err)
	}
	sealer, err := p.keys(ctx, u.Tenant, u.Applicant)
	if err != nil {
		return nil, fmt.Errorf("open an upload: %w", err)
	}
	var whole bytes.Buffer
	for _, name := range names {
		sealed, err := p.shelf.take(ctx, name)
		if err != nil {
			return nil, away(fmt.Errorf("open an upload: %w", err))
		}
		plain, err := sealer.DecryptingReader(bytes.NewReader(sealed), []byte(sealedPiece(name)))
		if err == nil {
			_, err = whole.ReadFrom(plain)
		}
		if err != nil {
			return nil, fmt.Errorf("open an upload: %w", classify(err))
		}
	}
	return io.NopCloser(&whole), nil
}

// Discard implements [usher.Uploads].
func (p Parts) Discard(ctx context.Context, u usher.Upload) error {
	dir, err := partsOf(u)
	if err != nil {
		return err
	}
	if err := p.shelf.forget(ctx, dir); err != nil {
		return away(fmt.Errorf("forget an upload: %w", err))
	}
	return nil
}

// makeRoom forgets the oldest uploads of a session until one more may begin.
func (p Parts) makeRoom(ctx context.Context, session string) error {
	held, err := p.shelf.uploads(ctx, session)
	if err != nil {
		return err
	}
	slices.SortFunc(held, func(a, b begun) int { return a.at.Compare(b.at) })
	for _, old := range held[:max(0, len(held)+1-mostUploads)] {
		if err := p.shelf.forget(ctx, old.upload); err != nil {
			return err
		}
	}
	return nil
}

// pieces gives the names of the pieces that follow one another from the beginning, and how many bytes they are.
func (p Parts) pieces(ctx context.Context, dir string) (names []string, size int64, err error) {
	found, err := p.shelf.pieces(ctx, dir)
	if err != nil {
		return nil, 0, fmt.Errorf("look at an upload: %w", err)
	}
	lengths := map[int64]int64{}
	for _, name := range found {
		from, length, _ := strings.Cut(name, "-")
		begins, errFrom := strconv.ParseInt(from, 10, 64)
		long, errLength := strconv.ParseInt(length, 10, 64)
		if errFrom == nil && errLength == nil && long > lengths[begins] {
			lengths[begins] = long
		}
	}
	for lengths[size] > 0 {
		names = append(names, path.Join(dir, pieceName(size, int(lengths[size]))))
		size += lengths[size]
	}
	return names, size, nil
}

// partsOf gives the folder of an upload; its error wraps [ErrName].
func partsOf(u usher.Upload) (string, error) {
	ref := Ref{Tenant: u.Tenant, Applicant: u.Applicant, SHA256: u.SHA256}
	if err := ref.check(); err != nil {
		return "", fmt.Errorf("name an upload: %w", err)
	}
	if err := checkOwner(u.Tenant, u.Session); err != nil {
		return "", fmt.Errorf("name an upload: %w", err)
	}
	return path.Join(partsFolder, u.Tenant, u.Applicant, u.Session, u.SHA256), nil
}

func pieceName(offset int64, length int) string { return fmt.Sprintf("%d-%d", offset, length) }

// sealedPiece binds a piece to its place: one that was moved or renamed does not open.
func sealedPiece(name string) string { return "usher-piece-v1 " + name }
