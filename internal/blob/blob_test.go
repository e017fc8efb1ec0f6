package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/vault"
)

// keyring gives every applicant a key made on first use; an erased one gets an error.
type keyring struct {
	master *vault.Master
	mu     sync.Mutex
	held   map[string]*vault.Sealer
	erased map[string]bool
}

func newKeyring(t testing.TB) *keyring {
	t.Helper()
	m, err := vault.ParseMaster("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	if err != nil {
		t.Fatal(err)
	}
	return &keyring{master: m, held: map[string]*vault.Sealer{}, erased: map[string]bool{}}
}

func (k *keyring) sealer(_ context.Context, tenant, applicant string) (blob.Sealer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name := tenant + "/" + applicant
	if k.erased[name] {
		return nil, vault.ErrErased
	}
	if s := k.held[name]; s != nil {
		return s, nil
	}
	wrapped, err := k.master.NewKeyset(tenant, applicant)
	if err != nil {
		return nil, err
	}
	k.held[name], err = k.master.Unwrap(tenant, applicant, wrapped)
	return k.held[name], err
}

// keeper is what a folder and a bucket have in common.
type keeper interface {
	blob.Store
	Parts() blob.Parts
	Ping(ctx context.Context) error
	Close() error
}

// bench is a fresh store, whose files lie in dir; so do those of the S3 server.
type bench struct {
	keeper
	dir  string
	keys *keyring
	open func(t testing.TB) keeper // once more, as another process would

	bySegments bool // whether a part is proved by its own segments, and not by reading all
}

// kinds has a test run for every kind of store.
func kinds(t *testing.T, test func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench)) {
	t.Helper()
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		test(t, newBench)
	})
	t.Run("s3", func(t *testing.T) {
		t.Parallel()
		test(t, newBucket)
	})
}

// newBucket gives a store in a fresh bucket; of the settings MaxSize counts.
func newBucket(t testing.TB, cfg blob.FolderConfig) bench {
	t.Helper()
	if s3 == nil {
		t.Fatal(s3Err)
	}
	name := "b" + strings.ToLower(rand.Text())
	at, err := s3.Bucket(name)
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeyring(t)
	at.Keys, at.MaxSize, at.Prefix, at.Pause = keys.sealer, cfg.MaxSize, "some/where", time.Millisecond
	open := func(t testing.TB) keeper {
		t.Helper()
		s, err := blob.OpenS3(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	return bench{keeper: open(t), dir: filepath.Join(s3.Dir, name, "some", "where"), keys: keys, open: open, bySegments: true}
}

func newBench(t testing.TB, cfg blob.FolderConfig) bench {
	t.Helper()
	keys := newKeyring(t)
	cfg.Dir, cfg.Keys = filepath.Join(t.TempDir(), "evidence"), keys.sealer
	open := func(t testing.TB) keeper {
		t.Helper()
		f, err := blob.OpenFolder(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
		return f
	}
	return bench{keeper: open(t), dir: cfg.Dir, keys: keys, open: open}
}

func (b bench) put(t testing.TB, tenant, applicant string, content []byte) blob.Ref {
	t.Helper()
	info, err := b.Put(t.Context(), blob.Object{Tenant: tenant, Applicant: applicant}, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return info.Ref
}

func (b bench) read(t testing.TB, ref blob.Ref, part blob.Range) ([]byte, error) {
	t.Helper()
	r, err := b.Open(t.Context(), ref, part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// files lists everything below the folder that is no folder, temporary files included.
func (b bench) files(t testing.TB) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(b.dir, func(name string, entry os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // a bucket has no folders of its own
		}
		if err == nil && !entry.IsDir() {
			rel, _ := filepath.Rel(b.dir, name)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func picture(n int) []byte {
	return bytes.Repeat([]byte("not really a passport "), n/22+1)[:n]
}

func TestPutAndOpen(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		for _, size := range []int{0, 1, 1000, 1 << 20, 3<<20 + 5} {
			content := picture(size)
			info, err := b.Put(t.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, iotest.HalfReader(bytes.NewReader(content)))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(content)
			want := blob.Info{Ref: blob.Ref{Tenant: "t1", Applicant: "a1", SHA256: hex.EncodeToString(sum[:])}, Size: int64(size)}
			if info != want {
				t.Errorf("Put = %+v, want %+v", info, want)
			}
			if got, err := b.read(t, info.Ref, blob.Range{}); err != nil || !bytes.Equal(got, content) {
				t.Errorf("size %d: read %d bytes, %v", size, len(got), err)
			}
			stored, err := os.ReadFile(filepath.Join(b.dir, info.Ref.String()))
			if err != nil {
				t.Fatal(err)
			}
			if size > 100 && bytes.Contains(stored, content[:30]) {
				t.Error("the picture stands on the disk in clear")
			}
			stat, err := os.Stat(filepath.Join(b.dir, info.Ref.String()))
			if err != nil || (!b.bySegments && stat.Mode().Perm() != 0o600) {
				t.Errorf("mode = %v, %v; want 0600", stat.Mode(), err)
			}
		}
	})
}

func TestSamePictureTwice(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		first, second := b.put(t, "t1", "a1", picture(5000)), b.put(t, "t1", "a1", picture(5000))
		if first != second {
			t.Errorf("two references: %v and %v", first, second)
		}
		if files := b.files(t); len(files) != 1 {
			t.Errorf("files: %v, want one", files)
		}
		b.put(t, "t1", "a2", picture(5000))
		if files := b.files(t); len(files) != 2 {
			t.Errorf("files: %v, want one for each applicant", files)
		}
		// A damaged file is mended by sending the picture again.
		if err := os.Truncate(filepath.Join(b.dir, first.String()), 100); err != nil {
			t.Fatal(err)
		}
		b.put(t, "t1", "a1", picture(5000))
		if got, err := b.read(t, first, blob.Range{}); err != nil || len(got) != 5000 {
			t.Errorf("after mending: %d bytes, %v", len(got), err)
		}
	})
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{MaxSize: 1000})
		b.keys.erased["t1/gone"] = true
		broken := errors.New("upload broke off")
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for _, tt := range []struct {
			name string
			ctx  context.Context
			obj  blob.Object
			r    io.Reader
			want error
		}{
			{"larger than the store allows", t.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(picture(1001)), blob.ErrTooLarge},
			{"larger than the caller allows", t.Context(), blob.Object{Tenant: "t1", Applicant: "a1", MaxSize: 10}, bytes.NewReader(picture(11)), blob.ErrTooLarge},
			{"caller allows more than the store", t.Context(), blob.Object{Tenant: "t1", Applicant: "a1", MaxSize: 5000}, bytes.NewReader(picture(1001)), blob.ErrTooLarge},
			{"upload breaks off", t.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, io.MultiReader(bytes.NewReader(picture(500)), iotest.ErrReader(broken)), broken},
			{"caller gives up", cancelled, blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(picture(10)), context.Canceled},
			{"key gone", t.Context(), blob.Object{Tenant: "t1", Applicant: "gone"}, bytes.NewReader(picture(10)), vault.ErrErased},
			{"no tenant", t.Context(), blob.Object{Applicant: "a1"}, bytes.NewReader(nil), blob.ErrName},
			{"way out", t.Context(), blob.Object{Tenant: "..", Applicant: "a1"}, bytes.NewReader(nil), blob.ErrName},
			{"the store's own name", t.Context(), blob.Object{Tenant: ".tmp", Applicant: "a1"}, bytes.NewReader(nil), blob.ErrName},
			{"path in an id", t.Context(), blob.Object{Tenant: "t1", Applicant: "a/b"}, bytes.NewReader(nil), blob.ErrName},
			{"endless id", t.Context(), blob.Object{Tenant: "t1", Applicant: strings.Repeat("a", 65)}, bytes.NewReader(nil), blob.ErrName},
		} {
			if _, err := b.Put(tt.ctx, tt.obj, tt.r); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		if files := b.files(t); len(files) > 0 {
			t.Errorf("left behind: %v", files)
		}
		if _, err := b.Put(t.Context(), blob.Object{Tenant: "t1", Applicant: "a1", MaxSize: 1000}, bytes.NewReader(picture(1000))); err != nil {
			t.Errorf("exactly the size allowed: %v", err)
		}
	})
}

func TestOpenPart(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		content := picture(2<<20 + 100)
		ref := b.put(t, "t1", "a1", content)
		n := int64(len(content))
		for _, tt := range []struct {
			name     string
			part     blob.Range
			from, to int64
		}{
			{"start", blob.Range{Length: 10}, 0, 10},
			{"middle", blob.Range{Offset: 5, Length: 10}, 5, 15},
			{"over a segment", blob.Range{Offset: 1<<20 - 80, Length: 200}, 1<<20 - 80, 1<<20 + 120},
			{"to the end", blob.Range{Offset: n - 7}, n - 7, n},
			{"behind the end", blob.Range{Offset: n - 7, Length: 100}, n - 7, n},
			{"at the end", blob.Range{Offset: n}, n, n},
		} {
			if got, err := b.read(t, ref, tt.part); err != nil || !bytes.Equal(got, content[tt.from:tt.to]) {
				t.Errorf("%s: %d bytes, %v", tt.name, len(got), err)
			}
		}
		for _, part := range []blob.Range{{Offset: n + 1}, {Offset: -1}, {Length: -1}} {
			if _, err := b.read(t, ref, part); !errors.Is(err, blob.ErrRange) {
				t.Errorf("%+v: %v, want ErrRange", part, err)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		ref := b.put(t, "t1", "a1", picture(100))
		b.put(t, "t2", "a1", picture(200))
		for name, other := range map[string]blob.Ref{
			"another tenant":    {Tenant: "t2", Applicant: "a1", SHA256: ref.SHA256},
			"another applicant": {Tenant: "t1", Applicant: "a2", SHA256: ref.SHA256},
			"another picture":   {Tenant: "t1", Applicant: "a1", SHA256: strings.Repeat("0", 64)},
		} {
			if _, err := b.read(t, other, blob.Range{}); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
		if _, err := b.read(t, blob.Ref{Tenant: "t1", Applicant: "a1", SHA256: "../../t2"}, blob.Range{}); !errors.Is(err, blob.ErrName) {
			t.Errorf("way out: %v, want ErrName", err)
		}
		b.keys.erased["t1/a1"] = true
		if _, err := b.read(t, ref, blob.Range{}); !errors.Is(err, vault.ErrErased) || errors.Is(err, blob.ErrDamaged) {
			t.Errorf("key gone: %v, want ErrErased", err)
		}
	})
}

// TestDamagedFile holds that a damaged file never passes for a whole one, read in full or in part.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		content := picture(2<<20 + 100)
		for _, tt := range []struct {
			name   string
			damage func(stored []byte) []byte
		}{
			{"empty", func([]byte) []byte { return nil }},
			{"header cut", func(s []byte) []byte { return s[:20] }},
			{"cut in the first segment", func(s []byte) []byte { return s[:1000] }},
			{"cut at a segment", func(s []byte) []byte { return s[:1<<20] }},
			{"cut at the next segment", func(s []byte) []byte { return s[:2<<20] }},
			{"last byte missing", func(s []byte) []byte { return s[:len(s)-1] }},
			{"one byte more", func(s []byte) []byte { return append(s, 0) }},
			{"header changed", func(s []byte) []byte { s[3] ^= 1; return s }},
			{"bit changed early", func(s []byte) []byte { s[500] ^= 1; return s }},
			{"bit changed late", func(s []byte) []byte { s[len(s)-50] ^= 1; return s }},
			{"zeroes", func(s []byte) []byte { return make([]byte, len(s)) }},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				b := open(t, blob.FolderConfig{})
				ref := b.put(t, "t1", "a1", content)
				name := filepath.Join(b.dir, ref.String())
				stored, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, tt.damage(stored), 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := b.read(t, ref, blob.Range{})
				if !errors.Is(err, blob.ErrDamaged) || !bytes.HasPrefix(content, got) {
					t.Errorf("whole: %d bytes, %v; want ErrDamaged", len(got), err)
				}
				for _, part := range []blob.Range{{Length: 10}, {Offset: 100}, {Offset: 2 << 20, Length: 5}} {
					got, err := b.read(t, ref, part)
					if b.bySegments && len(got) > 0 {
						whole := part.Length == int64(len(got)) || part.Offset+int64(len(got)) == int64(len(content))
						if !bytes.HasPrefix(content[part.Offset:], got) || (err == nil) != whole {
							t.Errorf("part %+v: %d bytes that are not of the file, %v", part, len(got), err)
						}
						continue
					}
					if !errors.Is(err, blob.ErrDamaged) || len(got) > 0 {
						t.Errorf("part %+v: %d bytes, %v; want ErrDamaged at once", part, len(got), err)
					}
				}
			})
		}
	})
}

// TestExchangedFile puts one picture of an applicant in the place of another: both decrypt with the same key, and only
// the name tells them apart.
func TestExchangedFile(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		passport, other := b.put(t, "t1", "a1", picture(5000)), b.put(t, "t1", "a1", []byte("somebody else's passport"))
		if err := os.Rename(filepath.Join(b.dir, other.String()), filepath.Join(b.dir, passport.String())); err != nil {
			t.Fatal(err)
		}
		if _, err := b.read(t, passport, blob.Range{}); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("whole: %v, want ErrDamaged", err)
		}
		if got, err := b.read(t, passport, blob.Range{Length: 5}); !errors.Is(err, blob.ErrDamaged) || len(got) > 0 {
			t.Errorf("part: %q, %v; want ErrDamaged", got, err)
		}
		foreign := b.put(t, "t1", "a2", picture(5000))
		if err := os.Rename(filepath.Join(b.dir, foreign.String()), filepath.Join(b.dir, passport.String())); err != nil {
			t.Fatal(err)
		}
		if _, err := b.read(t, passport, blob.Range{}); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("another applicant's file: %v, want ErrDamaged", err)
		}
	})
}

func TestOpenStopsWithItsContext(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		ref := b.put(t, "t1", "a1", picture(5000))
		ctx, cancel := context.WithCancel(t.Context())
		r, err := b.Open(ctx, ref, blob.Range{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cancel()
		if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) || errors.Is(err, blob.ErrDamaged) {
			t.Errorf("error = %v, want context.Canceled and no damage", err)
		}
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		one, two := b.put(t, "t1", "a1", picture(10)), b.put(t, "t1", "a1", picture(20))
		other, elsewhere := b.put(t, "t1", "a2", picture(10)), b.put(t, "t2", "a1", picture(10))
		for range 2 { // the second time there is nothing left, which is no error
			if err := b.Delete(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.read(t, one, blob.Range{}); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
		if _, err := b.read(t, two, blob.Range{}); err != nil {
			t.Errorf("not deleted: %v", err)
		}
		for range 2 {
			if err := b.DeleteApplicant(t.Context(), "t1", "a1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.read(t, two, blob.Range{}); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("deleted with the applicant: %v", err)
		}
		for _, ref := range []blob.Ref{other, elsewhere} {
			if _, err := b.read(t, ref, blob.Range{}); err != nil {
				t.Errorf("%v was deleted too: %v", ref, err)
			}
		}
		if err := b.DeleteApplicant(t.Context(), "t1", ""); !errors.Is(err, blob.ErrName) {
			t.Errorf("an applicant without a name: %v; that would be the whole tenant", err)
		}
		if err := b.DeleteApplicant(t.Context(), "nobody", "a1"); err != nil {
			t.Errorf("an unknown tenant: %v", err)
		}
	})
}

func age(t *testing.T, name string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}
