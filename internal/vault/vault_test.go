package vault_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/vault"
)

// rows is a keyset table in memory; a test may stand between the read and the return.
type rows struct {
	mu    sync.Mutex
	m     map[string][]byte
	reads atomic.Int64
	pause func()
	err   error
}

func (r *rows) Keyset(_ context.Context, tenant, subject string) ([]byte, error) {
	r.reads.Add(1)
	r.mu.Lock()
	wrapped, err := r.m[tenant+"/"+subject], r.err
	r.mu.Unlock()
	if r.pause != nil {
		r.pause()
	}
	return wrapped, err
}

func (r *rows) TenantKeys(_ context.Context, tenant string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m["tenant "+tenant], r.err
}

func (r *rows) AddTenantKeys(_ context.Context, tenant string, wrapped []byte) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if had := r.m["tenant "+tenant]; had != nil {
		return had, r.err
	}
	r.m["tenant "+tenant] = wrapped
	return wrapped, r.err
}

func (r *rows) delete(tenant, subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.m, tenant+"/"+subject)
}

// newVault returns a vault over a table with the applicants a0, a1, … of tenant t1.
func newVault(t testing.TB, applicants int, cfg vault.Config) (*vault.Vault, *rows) {
	t.Helper()
	r := &rows{m: map[string][]byte{}}
	cfg.Master, cfg.Keysets = mustMaster(t, encodedKey(1)), r
	v, err := vault.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range applicants {
		wrapped, err := v.NewKeyset("t1", fmt.Sprintf("a%d", i))
		if err != nil {
			t.Fatal(err)
		}
		r.m[fmt.Sprintf("t1/a%d", i)] = wrapped
	}
	return v, r
}

func wantReads(t *testing.T, r *rows, want int64) {
	t.Helper()
	if got := r.reads.Load(); got != want {
		t.Errorf("%d reads of the store, want %d", got, want)
	}
}

func wantSealer(t *testing.T, v *vault.Vault, subject string) {
	t.Helper()
	if _, err := v.Sealer(t.Context(), "t1", subject); err != nil {
		t.Fatal(err)
	}
}

func TestVaultCache(t *testing.T) {
	t.Parallel()
	v, r := newVault(t, 3, vault.Config{Capacity: 2})
	wantSealer(t, v, "a0")
	wantSealer(t, v, "a0")
	wantReads(t, r, 1)
	wantSealer(t, v, "a1")
	wantSealer(t, v, "a0") // a1 is now the least recently used
	wantSealer(t, v, "a2") // pushes a1 out
	wantReads(t, r, 3)
	wantSealer(t, v, "a0")
	wantReads(t, r, 3)
	wantSealer(t, v, "a1")
	wantReads(t, r, 4)
}

func TestVaultMaxAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	v, r := newVault(t, 1, vault.Config{MaxAge: time.Minute, Now: func() time.Time { return now }})
	wantSealer(t, v, "a0")
	now = now.Add(time.Minute - 1)
	wantSealer(t, v, "a0")
	wantReads(t, r, 1)
	r.delete("t1", "a0") // by another node, which cannot call Forget here
	now = now.Add(1)
	if _, err := v.Sealer(t.Context(), "t1", "a0"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("erased on another node: %v", err)
	}
}

func TestVaultErased(t *testing.T) {
	t.Parallel()
	v, r := newVault(t, 2, vault.Config{})
	wantSealer(t, v, "a0")
	r.delete("t1", "a0")
	v.Forget("t1", "a0")
	if _, err := v.Sealer(t.Context(), "t1", "a0"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("erased: %v", err)
	}
	wantSealer(t, v, "a1")
	if _, err := v.Sealer(t.Context(), "t2", "a1"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("another tenant's applicant: %v", err)
	}
	broken := errors.New("store is broken")
	r.err = broken
	if _, err := v.Sealer(t.Context(), "t1", "a9"); !errors.Is(err, broken) || errors.Is(err, vault.ErrErased) {
		t.Errorf("a broken store looks like an erasure: %v", err)
	}
}

// TestVaultForgetDuringLoad erases an applicant while a load that read the row before is still under way: the key must
// not come back into the cache.
func TestVaultForgetDuringLoad(t *testing.T) {
	t.Parallel()
	v, r := newVault(t, 1, vault.Config{})
	r.pause = func() {
		r.delete("t1", "a0")
		v.Forget("t1", "a0")
	}
	wantSealer(t, v, "a0")
	if _, err := v.Sealer(t.Context(), "t1", "a0"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("the key survived its erasure: %v", err)
	}
}

func TestVaultConcurrent(t *testing.T) {
	t.Parallel()
	const applicants = 8
	v, _ := newVault(t, applicants, vault.Config{Capacity: applicants / 2})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				subject := fmt.Sprintf("a%d", (worker+i)%applicants)
				s, err := v.Sealer(t.Context(), "t1", subject)
				if err != nil {
					t.Error(err)
					return
				}
				sealed, err := s.Seal([]byte(subject), []byte("name"))
				if err != nil {
					t.Error(err)
					return
				}
				if i%17 == 0 {
					v.Forget("t1", subject)
				}
				if i%29 == 0 {
					mustEncrypt(t, s, []byte(subject), nil)
				}
				if got, err := s.Open(sealed, []byte("name")); err != nil || string(got) != subject {
					t.Errorf("Open = %q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNewRefusesHalfAConfig(t *testing.T) {
	t.Parallel()
	if _, err := vault.New(vault.Config{Master: mustMaster(t, encodedKey(1))}); err == nil {
		t.Error("a vault without a store was made")
	}
	if _, err := vault.New(vault.Config{Keysets: &rows{}}); err == nil {
		t.Error("a vault without a master key was made")
	}
}
