package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"sync"
	"time"
)

const (
	tempFolder = ".tmp" // no tenant can have this name

	// tempAge is how old a temporary file must be to count as left over when a folder is opened. Another process (an
	// export, say) may open the folder of a running server, whose uploads must go on.
	tempAge = time.Hour

	defaultMaxSize = 100 << 20 // bytes; a session's quota (house rule for uploads)
)

// FolderConfig is what a [Folder] needs. Dir and Keys are required.
type FolderConfig struct {
	Dir  string // created with mode 0700 when missing
	Keys Keys
	// MaxSize is the largest file in bytes, 100 MB when zero.
	MaxSize int64
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Folder is the [Store] of a single machine: files below Dir at tenant/applicant/sha256, written by one server at a
// time. No path can lead out of Dir (os.Root).
type Folder struct {
	cfg  FolderConfig
	root *os.Root

	// placing is held shared while a file gets its folder and name, and alone while Sweep looks at a file's age and
	// removes it: otherwise Sweep could remove what a Put of the same bytes has just renewed, or the folder under it.
	placing sync.RWMutex
}

var _ Store = (*Folder)(nil)

// OpenFolder returns the store in cfg.Dir after removing what Puts left over that a crash ended more than an hour ago.
func OpenFolder(cfg FolderConfig) (*Folder, error) {
	if cfg.Dir == "" || cfg.Keys == nil {
		return nil, errors.New("open evidence folder: Dir and Keys are required")
	}
	if cfg.MaxSize <= 0 {
		cfg.MaxSize = defaultMaxSize
	}
	cfg.MaxSize = min(cfg.MaxSize, math.MaxInt64-1) // Put reads one byte more
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create evidence folder: %w", err)
	}
	root, err := os.OpenRoot(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open evidence folder: %w", err)
	}
	f := &Folder{cfg: cfg, root: root}
	if err := f.prepare(); err != nil {
		root.Close()
		return nil, fmt.Errorf("prepare evidence folder: %w", err)
	}
	return f, nil
}

func (f *Folder) prepare() error {
	if err := f.root.MkdirAll(tempFolder, 0o700); err != nil {
		return err
	}
	return f.sweepTemps(context.Background(), &Swept{}, f.cfg.Now().Add(-tempAge))
}

// Close releases the folder. Readers that are open go on.
func (f *Folder) Close() error { return f.root.Close() }

// Put implements [Store].
func (f *Folder) Put(ctx context.Context, obj Object, r io.Reader) (Info, error) {
	if err := checkOwner(obj.Tenant, obj.Applicant); err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	sealer, err := f.cfg.Keys(ctx, obj.Tenant, obj.Applicant)
	if err != nil {
		return Info{}, fmt.Errorf("put evidence: %w", err)
	}
	limit := f.cfg.MaxSize
	if obj.MaxSize > 0 {
		limit = min(limit, obj.MaxSize)
	}
	temp := path.Join(tempFolder, rand.Text())
	sum, size, err := f.writeTemp(ctx, temp, sealer, r, limit)
	if err == nil {
		ref := Ref{Tenant: obj.Tenant, Applicant: obj.Applicant, SHA256: sum}
		if err = f.place(temp, ref); err == nil {
			return Info{Ref: ref, Size: size}, nil
		}
	}
	// Not removed is not lost: the next sweep takes it. The first error is the one that matters.
	_ = f.root.Remove(temp)
	return Info{}, fmt.Errorf("put evidence: %w", err)
}

// writeTemp encrypts r into a new file and syncs it. It returns the SHA-256 and the size of what it read.
func (f *Folder) writeTemp(ctx context.Context, name string, sealer Sealer, r io.Reader, limit int64) (string, int64, error) {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	sealed, err := sealer.EncryptingWriter(file, []byte(sealedAs))
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	// One byte more than allowed tells a file that is too large from one that just fits.
	size, err := io.Copy(io.MultiWriter(sum, sealed), io.LimitReader(cancellable{ctx, r}, limit+1))
	if err != nil {
		return "", 0, err
	}
	if size > limit {
		return "", 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	if err := sealed.Close(); err != nil {
		return "", 0, err
	}
	if err := file.Sync(); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(sum.Sum(nil)), size, file.Close()
}

// place gives a synced temporary file its name and makes the name durable. A file of that name is replaced: it holds
// the same picture, and the new one is certainly whole, readable with today's key, and young for Sweep.
func (f *Folder) place(temp string, ref Ref) error {
	dir := path.Join(ref.Tenant, ref.Applicant)
	f.placing.RLock()
	err := f.root.MkdirAll(dir, 0o700)
	if err == nil {
		err = f.root.Rename(temp, ref.String())
	}
	f.placing.RUnlock()
	if err != nil {
		return err
	}
	// Every folder on the way, whoever made it: a Put that finds a folder cannot know that its maker got to sync it.
	return f.syncFolders(dir, ref.Tenant, ".")
}

func (f *Folder) syncFolders(names ...string) error {
	for _, name := range names {
		dir, err := f.root.Open(name)
		if err != nil {
			return err
		}
		err = dir.Sync()
		dir.Close()
		if err != nil {
			return fmt.Errorf("sync folder: %w", err)
		}
	}
	return nil
}

// Delete implements [Store].
func (f *Folder) Delete(_ context.Context, ref Ref) error {
	if err := ref.check(); err != nil {
		return fmt.Errorf("delete evidence: %w", err)
	}
	return f.remove(path.Join(ref.Tenant, ref.Applicant), f.root.Remove(ref.String()))
}

// DeleteApplicant implements [Store].
func (f *Folder) DeleteApplicant(ctx context.Context, tenant, applicant string) error {
	if err := checkOwner(tenant, applicant); err != nil {
		return fmt.Errorf("delete evidence: %w", err)
	}
	if err := (folderShelf{f}).forget(ctx, path.Join(partsFolder, tenant, applicant)); err != nil {
		return fmt.Errorf("delete evidence: %w", err)
	}
	return f.remove(tenant, f.root.RemoveAll(path.Join(tenant, applicant)))
}

// remove makes a removal in a folder durable, because what was reported as erased must not come back after a power
// cut.
func (f *Folder) remove(folder string, err error) error {
	if err == nil {
		err = f.syncFolders(folder)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete evidence: %w", err)
	}
	return nil
}

// cancellable ends a read when its context ends, so that a given-up upload does not run on.
type cancellable struct {
	ctx context.Context // lives as long as the one call that made it
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
