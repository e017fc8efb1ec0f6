package vault

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrErased says that the store holds no keyset for an applicant: the applicant's data was erased, or never existed.
var ErrErased = errors.New("no key is held for this applicant: erased, or never created")

// Keysets is the port to the store.
type Keysets interface {
	// Keyset returns what [Master.NewKeyset] made for the applicant, or nil without an error when there is no such row.
	Keyset(ctx context.Context, tenant, subject string) (wrapped []byte, err error)
	// TenantKeys does the same for what [Master.NewTenantKeys] made for the tenant.
	TenantKeys(ctx context.Context, tenant string) (wrapped []byte, err error)
	// AddTenantKeys stores them unless there is a row already, and returns the one that is there then.
	AddTenantKeys(ctx context.Context, tenant string, wrapped []byte) (stored []byte, err error)
}

// Config is what a [Vault] needs. Master and Keysets are required.
type Config struct {
	Master  *Master
	Keysets Keysets
	// Capacity is how many applicants' keys are kept unwrapped, 10,000 when zero; one takes about 3 KB.
	Capacity int
	// MaxAge is how long an unwrapped key serves before its row is asked for again, 1 minute when zero. It bounds how
	// long a node goes on after another node has erased the applicant.
	MaxAge time.Duration
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Vault hands out the sealers of applicants from a bounded cache in front of the store, and everything a [Master]
// does. It is safe for concurrent use.
type Vault struct {
	*Master
	cfg Config

	mu      sync.Mutex
	entries map[owner]*list.Element // of *entry
	recent  *list.List              // most recently used in front
	forgets uint64                  // counts calls of Forget
	tenants map[string]*TenantKeys  // few, and what they hold never changes
}

type owner struct{ tenant, subject string }

type entry struct {
	owner  owner
	sealer *Sealer
	loaded time.Time
}

// New returns a vault, or an error that names the missing part of cfg.
func New(cfg Config) (*Vault, error) {
	if cfg.Master == nil || cfg.Keysets == nil {
		return nil, errors.New("create vault: Master and Keysets are required")
	}
	if cfg.Capacity <= 0 {
		cfg.Capacity = 10_000
	}
	if cfg.MaxAge <= 0 {
		cfg.MaxAge = time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Vault{Master: cfg.Master, cfg: cfg, entries: map[owner]*list.Element{}, recent: list.New(), tenants: map[string]*TenantKeys{}}, nil
}

// Sealer returns the sealer of one applicant (subject is the applicant's id). Its error wraps [ErrErased] when the
// store holds no keyset, and otherwise the store's error or one of [Master.Unwrap].
func (v *Vault) Sealer(ctx context.Context, tenant, subject string) (*Sealer, error) {
	o := owner{tenant, subject}
	sealer, forgets := v.cached(o)
	if sealer != nil {
		return sealer, nil
	}
	// Loaded without the lock: a slow store must not stop those whose key is cached. Two callers may load the same
	// key at once, which costs microseconds and harms nothing.
	loaded := v.cfg.Now()
	wrapped, err := v.cfg.Keysets.Keyset(ctx, tenant, subject)
	if err != nil {
		return nil, fmt.Errorf("load keyset: %w", err)
	}
	if wrapped == nil {
		return nil, fmt.Errorf("load keyset: %w", ErrErased)
	}
	sealer, err = v.Unwrap(tenant, subject, wrapped)
	if err != nil {
		return nil, err
	}
	v.keep(&entry{owner: o, sealer: sealer, loaded: loaded}, forgets)
	return sealer, nil
}

// Forget drops the applicant's key from memory. Call it after the transaction that deleted the keyset row.
func (v *Vault) Forget(tenant, subject string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forgets++
	v.drop(owner{tenant, subject})
}

// cached returns the sealer if it is at hand and young enough, and else how often Forget was called so far.
func (v *Vault) cached(o owner) (*Sealer, uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	el, ok := v.entries[o]
	if !ok {
		return nil, v.forgets
	}
	e := el.Value.(*entry)
	if v.cfg.Now().Sub(e.loaded) >= v.cfg.MaxAge {
		v.drop(o)
		return nil, v.forgets
	}
	v.recent.MoveToFront(el)
	return e.sealer, v.forgets
}

// keep puts e into the cache, unless Forget was called since the caller counted forgets: then e may have been read
// before the erasure and must not outlive it.
func (v *Vault) keep(e *entry, forgets uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.forgets != forgets {
		return
	}
	v.drop(e.owner)
	v.entries[e.owner] = v.recent.PushFront(e)
	if v.recent.Len() > v.cfg.Capacity {
		v.drop(v.recent.Back().Value.(*entry).owner)
	}
}

func (v *Vault) drop(o owner) {
	if el, ok := v.entries[o]; ok {
		delete(v.entries, o)
		v.recent.Remove(el)
	}
}
