package ops

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// Rewrapper puts every wrapped key into the wrap of the newest master key, after which older master keys can be dropped. No data is encrypted
// again. It may be stopped at any moment and begun again: what is in the newest wrap already is left alone.
type Rewrapper struct {
	Store  *store.Store
	Vault  *vault.Vault
	Told   func(seen int) // called as it goes on, with the number of applicants it has come to; may be nil
	AtOnce int            // keysets of one transaction; 2,048 when zero
}

// Rewrapped is what a run has done.
type Rewrapped struct {
	Seen    int `json:"seen"`    // applicants' keysets
	Changed int `json:"changed"` // of them
	Tenants int `json:"tenants"` // whose keys were changed
}

// Run goes through all keys. tenants are the ids of all there are: one whose keys were never needed gets them now, from the oldest master key, while
// that is here.
func (r Rewrapper) Run(ctx context.Context, tenants []string) (Rewrapped, error) {
	var done Rewrapped
	if err := r.tenants(ctx, tenants, &done); err != nil {
		return done, err
	}
	atOnce := r.AtOnce
	if atOnce == 0 {
		atOnce = 2048
	}
	for after := ""; ; {
		list, err := r.Store.KeysetsAfter(ctx, after, atOnce)
		if err != nil {
			return done, fmt.Errorf("read keysets: %w", err)
		}
		if len(list) == 0 {
			return done, nil
		}
		changed, err := r.wrap(list)
		if err != nil {
			return done, err
		}
		if len(changed) > 0 {
			if err := r.Store.RewrapKeysets(ctx, changed); err != nil {
				return done, fmt.Errorf("write keysets: %w", err)
			}
		}
		after = list[len(list)-1].ApplicantID
		done.Seen += len(list)
		done.Changed += len(changed)
		if r.Told != nil {
			r.Told(done.Seen)
		}
	}
}

func (r Rewrapper) tenants(ctx context.Context, ids []string, done *Rewrapped) error {
	for _, id := range ids {
		if _, err := r.Vault.Index(id, "rewrap", ""); err != nil { // makes the row where there is none
			return fmt.Errorf("open keys of tenant %s: %w", id, err)
		}
	}
	rows, err := r.Store.AllTenantKeys(ctx)
	if err != nil {
		return fmt.Errorf("read tenant keys: %w", err)
	}
	for _, k := range rows {
		wrapped, changed, err := r.Vault.RewrapTenant(k.TenantID, k.Wrapped)
		if err != nil {
			return fmt.Errorf("tenant %s: %w", k.TenantID, err)
		}
		if !changed {
			continue
		}
		if err := r.Store.RewrapTenant(ctx, k.TenantID, k.Wrapped, wrapped); err != nil {
			return fmt.Errorf("write keys of tenant %s: %w", k.TenantID, err)
		}
		done.Tenants++
	}
	return nil
}

// wrap does the cryptography of one batch on all processors.
func (r Rewrapper) wrap(list []store.Keyset) ([]store.Rewrap, error) {
	wrapped, errs := make([][]byte, len(list)), make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for p := range errs {
		wg.Go(func() {
			for i := p; i < len(list) && errs[p] == nil; i += len(errs) {
				k := list[i]
				now, changed, err := r.Vault.Rewrap(k.TenantID, k.ApplicantID, k.Wrapped)
				if err != nil {
					errs[p] = fmt.Errorf("applicant %s: %w", k.ApplicantID, err)
				}
				if changed {
					wrapped[i] = now
				}
			}
		})
	}
	wg.Wait()
	var changed []store.Rewrap
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	for i, now := range wrapped {
		if now != nil {
			changed = append(changed, store.Rewrap{Applicant: list[i].ApplicantID, Was: list[i].Wrapped, Wrapped: now})
		}
	}
	return changed, nil
}

// WrappedBy counts by which master keys the stored keys are wrapped. A master key that is not among them may be dropped.
func WrappedBy(ctx context.Context, s *store.Store) (map[string]int, error) {
	counts := map[string]int{}
	tenants, err := s.AllTenantKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tenant keys: %w", err)
	}
	count := func(list []store.Keyset) error {
		for _, k := range list {
			id, err := vault.WrappedBy(k.Wrapped)
			if err != nil {
				return fmt.Errorf("keys of %s%s: %w", k.TenantID, k.ApplicantID, err)
			}
			counts[id]++
		}
		return nil
	}
	if err := count(tenants); err != nil {
		return nil, err
	}
	for after := ""; ; {
		list, err := s.KeysetsAfter(ctx, after, 10_000)
		if err != nil {
			return nil, fmt.Errorf("read keysets: %w", err)
		}
		if len(list) == 0 {
			return counts, nil
		}
		if err := count(list); err != nil {
			return nil, err
		}
		after = list[len(list)-1].ApplicantID
	}
}
