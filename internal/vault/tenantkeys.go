package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// A tenant's wrapped keys are: version (1 byte) ‖ master key id (4) ‖ encrypted (origin id (4) ‖ sealing key (32) ‖ index key (32)). The origin is
// the master key they were derived from; it stands in front of everything the sealing key seals, and stays what it is when the row is wrapped anew.
const (
	tenantKeysV1   = 1
	tenantKeysSize = keyIDSize + 2*masterKeySize

	partTenant = "tenant keys"
)

// TenantKeys seals what belongs to a tenant and to no applicant, and makes sealed fields of the tenant searchable. It is safe for concurrent use.
type TenantKeys struct {
	origin [keyIDSize]byte
	seal   tink.AEAD
	index  []byte
}

// NewTenantKeys derives the keys of a tenant from the oldest master key and returns them wrapped by the newest, about 100 bytes, for the caller to
// store. They are derived and not drawn, so that two nodes that meet a new tenant at once make the same keys.
func (m *Master) NewTenantKeys(tenant string) (wrapped []byte, err error) {
	oldest := m.keys[0]
	plain := slices.Clone(oldest.id[:])
	for _, purpose := range []string{"tenant data", "search index"} {
		key, err := oldest.derive(purpose, tenant)
		if err != nil {
			return nil, fmt.Errorf("create tenant keys: %w", err)
		}
		plain = append(plain, key...)
	}
	return m.wrapTenant(tenant, plain)
}

func (m *Master) wrapTenant(tenant string, plain []byte) ([]byte, error) {
	k := m.newest()
	sealed, err := k.wrap.Encrypt(plain, bind(partTenant, tenant))
	if err != nil {
		return nil, fmt.Errorf("wrap tenant keys: %w", err)
	}
	return slices.Concat([]byte{tenantKeysV1}, k.id[:], sealed), nil
}

func (m *Master) unwrapTenant(tenant string, wrapped []byte) (k masterKey, plain []byte, err error) {
	if len(wrapped) < 1+keyIDSize || wrapped[0] != tenantKeysV1 {
		return k, nil, ErrTampered
	}
	if k, err = m.key([keyIDSize]byte(wrapped[1:])); err != nil {
		return k, nil, err
	}
	plain, err = k.wrap.Decrypt(wrapped[1+keyIDSize:], bind(partTenant, tenant))
	if err != nil || len(plain) != tenantKeysSize {
		return k, nil, ErrTampered
	}
	return k, plain, nil
}

// UnwrapTenant returns the keys that NewTenantKeys wrapped for the same tenant. Its error wraps [ErrTampered], or [ErrMasterKey] when the key that
// wrapped them is not held here.
func (m *Master) UnwrapTenant(tenant string, wrapped []byte) (*TenantKeys, error) {
	_, plain, err := m.unwrapTenant(tenant, wrapped)
	if err != nil {
		return nil, fmt.Errorf("unwrap tenant keys: %w", err)
	}
	seal, err := subtle.NewAESGCM(plain[keyIDSize : keyIDSize+masterKeySize])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return &TenantKeys{origin: [keyIDSize]byte(plain), seal: seal, index: plain[keyIDSize+masterKeySize:]}, nil
}

// RewrapTenant returns the same keys wrapped by the newest master key, and whether that changed anything. Errors are those of UnwrapTenant.
func (m *Master) RewrapTenant(tenant string, wrapped []byte) (rewrapped []byte, changed bool, err error) {
	k, plain, err := m.unwrapTenant(tenant, wrapped)
	if err != nil {
		return nil, false, fmt.Errorf("rewrap tenant keys: %w", err)
	}
	if k.id == m.newest().id {
		return wrapped, false, nil
	}
	rewrapped, err = m.wrapTenant(tenant, plain)
	return rewrapped, err == nil, err
}

// Seal encrypts data of the tenant. The additional data ad names its place (table, row, column); Open must be given the same. The result is 33
// bytes longer.
func (t *TenantKeys) Seal(plaintext, ad []byte) ([]byte, error) {
	sealed, err := t.seal.Encrypt(plaintext, ad)
	if err != nil {
		return nil, fmt.Errorf("seal tenant data: %w", err)
	}
	return slices.Concat([]byte{tenantSealV1}, t.origin[:], sealed), nil
}

// Open decrypts what Seal sealed for the same tenant and ad. Its error wraps [ErrTampered], or [ErrMasterKey] when it was sealed with keys of another
// origin.
func (t *TenantKeys) Open(sealed, ad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte{tenantSealV1})
	if !ok || len(rest) < keyIDSize {
		return nil, fmt.Errorf("open tenant data: %w", ErrTampered)
	}
	if origin := [keyIDSize]byte(rest); origin != t.origin {
		return nil, fmt.Errorf("open tenant data: %w %x sealed it, and the tenant's keys are of another", ErrMasterKey, origin)
	}
	plaintext, err := t.seal.Decrypt(rest[keyIDSize:], ad)
	if err != nil {
		return nil, fmt.Errorf("open tenant data: %w", ErrTampered)
	}
	return plaintext, nil
}

// Index returns the keyed hash (HMAC-SHA256, 32 bytes) of a field's value, to be stored beside the sealed value and searched by equality. The caller
// brings the value into one form first (lower case, no spaces). Equal values of a tenant give equal hashes, so a field with few values (a country, a
// birth date) shows its frequencies; delete the hash with the applicant.
func (t *TenantKeys) Index(field, value string) []byte {
	mac := hmac.New(sha256.New, t.index)
	mac.Write(bind(field))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// loadTime bounds how long a caller without a context of its own waits for a tenant's row, which happens once for each process and tenant.
const loadTime = 10 * time.Second

// tenant gives a tenant's keys, and makes them when the tenant is met for the first time.
func (v *Vault) tenant(id string) (*TenantKeys, error) {
	v.mu.Lock()
	keys := v.tenants[id]
	v.mu.Unlock()
	if keys != nil {
		return keys, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTime)
	defer cancel()
	wrapped, err := v.cfg.Keysets.TenantKeys(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load tenant keys: %w", err)
	}
	if wrapped == nil {
		made, err := v.NewTenantKeys(id)
		if err != nil {
			return nil, err
		}
		if wrapped, err = v.cfg.Keysets.AddTenantKeys(ctx, id, made); err != nil {
			return nil, fmt.Errorf("store tenant keys: %w", err)
		}
	}
	if keys, err = v.UnwrapTenant(id, wrapped); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tenants[id] = keys
	return keys, nil
}

// SealTenant encrypts data that belongs to a tenant and to no applicant (endpoint secrets, settings); see [TenantKeys.Seal].
func (v *Vault) SealTenant(tenant string, plaintext, ad []byte) ([]byte, error) {
	keys, err := v.tenant(tenant)
	if err != nil {
		return nil, err
	}
	return keys.Seal(plaintext, ad)
}

// OpenTenant decrypts what SealTenant sealed for the same tenant and ad. Its error wraps [ErrTampered] or [ErrMasterKey].
func (v *Vault) OpenTenant(tenant string, sealed, ad []byte) ([]byte, error) {
	keys, err := v.tenant(tenant)
	if err != nil {
		return nil, err
	}
	return keys.Open(sealed, ad)
}

// Index gives the keyed hash of a tenant's field; see [TenantKeys.Index].
func (v *Vault) Index(tenant, field, value string) ([]byte, error) {
	keys, err := v.tenant(tenant)
	if err != nil {
		return nil, err
	}
	return keys.Index(field, value), nil
}
