package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// Parts keeps the beginnings of uploads beside the files of a [Folder]: each piece a sealed file of its own, named by where it begins and how
// long it is, below .parts/tenant/applicant/session/sha256. A piece has its name only when it is whole, so a process that dies leaves whole
// pieces. They are not synced: after a power cut the upload begins anew, which the SHA-256 of the whole finds out.
type Parts struct{ folder *Folder }

var _ usher.Uploads = Parts{}

// Parts gives the keeper of what comes in piece by piece.
func (f *Folder) Parts() Parts { return Parts{f} }

// Received implements [usher.Uploads].
func (p Parts) Received(_ context.Context, u usher.Upload) (int64, error) {
	dir, err := partsOf(u)
	if err != nil {
		return 0, err
	}
	_, size, err := p.pieces(dir)
	return size, err
}

// Append implements [usher.Uploads].
func (p Parts) Append(ctx context.Context, u usher.Upload, offset int64, piece []byte) (int64, error) {
	dir, err := partsOf(u)
	if err != nil {
		return 0, err
	}
	_, size, err := p.pieces(dir)
	if err != nil || offset != size || len(piece) == 0 {
		return size, err
	}
	if size == 0 {
		if err := p.makeRoom(path.Dir(dir)); err != nil {
			return 0, fmt.Errorf("make room for an upload: %w", err)
		}
	}
	if err := p.write(ctx, u, path.Join(dir, pieceName(offset, len(piece))), piece); err != nil {
		return size, fmt.Errorf("keep a piece of an upload: %w", err)
	}
	return size + int64(len(piece)), nil
}

// write seals a piece into a temporary file and gives it its name.
func (p Parts) write(ctx context.Context, u usher.Upload, name string, piece []byte) error {
	f := p.folder
	sealer, err := f.cfg.Keys(ctx, u.Tenant, u.Applicant)
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
	temp := path.Join(tempFolder, rand.Text())
	if err := f.root.WriteFile(temp, sealed.Bytes(), 0o600); err != nil {
		return errors.Join(err, ignoreMissing(f.root.Remove(temp)))
	}
	f.placing.RLock()
	defer f.placing.RUnlock()
	if err := f.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	return f.root.Rename(temp, name)
}

// Open implements [usher.Uploads]. It holds the whole in memory: the callers bound what a file may have.
func (p Parts) Open(ctx context.Context, u usher.Upload) (io.ReadCloser, error) {
	dir, err := partsOf(u)
	if err != nil {
		return nil, err
	}
	names, _, err := p.pieces(dir)
	if err != nil {
		return nil, err
	}
	sealer, err := p.folder.cfg.Keys(ctx, u.Tenant, u.Applicant)
	if err != nil {
		return nil, fmt.Errorf("open an upload: %w", err)
	}
	var whole bytes.Buffer
	for _, name := range names {
		sealed, err := p.folder.root.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("open an upload: %w", err)
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
func (p Parts) Discard(_ context.Context, u usher.Upload) error {
	dir, err := partsOf(u)
	if err != nil {
		return err
	}
	return p.remove(dir)
}

func (p Parts) remove(dir string) error {
	p.folder.placing.Lock()
	defer p.folder.placing.Unlock()
	if err := p.folder.root.RemoveAll(dir); err != nil {
		return fmt.Errorf("forget an upload: %w", err)
	}
	return nil
}

// makeRoom forgets the oldest uploads of a session until one more may begin.
func (p Parts) makeRoom(session string) error {
	type upload struct {
		dir string
		at  time.Time
	}
	var held []upload
	err := p.folder.each(context.Background(), session, func(e fs.DirEntry) error {
		info, err := e.Info()
		if err == nil {
			held = append(held, upload{path.Join(session, e.Name()), info.ModTime()})
		}
		return ignoreMissing(err)
	})
	if err != nil {
		return err
	}
	slices.SortFunc(held, func(a, b upload) int { return a.at.Compare(b.at) })
	for _, old := range held[:max(0, len(held)+1-mostUploads)] {
		if err := p.remove(old.dir); err != nil {
			return err
		}
	}
	return nil
}

// pieces gives the names of the pieces that follow one another from the beginning, and how many bytes they are.
func (p Parts) pieces(dir string) (names []string, size int64, err error) {
	lengths := map[int64]int64{}
	err = p.folder.each(context.Background(), dir, func(e fs.DirEntry) error {
		from, length, _ := strings.Cut(e.Name(), "-")
		begins, errFrom := strconv.ParseInt(from, 10, 64)
		long, errLength := strconv.ParseInt(length, 10, 64)
		if errFrom == nil && errLength == nil && long > lengths[begins] {
			lengths[begins] = long
		}
		return nil
	})
	for err == nil && lengths[size] > 0 {
		names = append(names, path.Join(dir, pieceName(size, int(lengths[size]))))
		size += lengths[size]
	}
	if err != nil {
		err = fmt.Errorf("look at an upload: %w", err)
	}
	return names, size, err
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
			return Parts{f}.remove(name)
		})
	}
	return walk(partsFolder, 3)
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
