package vault_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/vault"
)

func mustTenant(t testing.TB, m *vault.Master, tenant string) *vault.TenantKeys {
	t.Helper()
	wrapped, err := m.NewTenantKeys(tenant)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := m.UnwrapTenant(tenant, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestIndex(t *testing.T) {
	t.Parallel()
	m := mustMaster(t, encodedKey(1))
	index := func(m *vault.Master, tenant, field, value string) string {
		return string(mustTenant(t, m, tenant).Index(field, value))
	}
	base := index(m, "t1", "email", "a@example.test")
	if len(base) != 32 {
		t.Fatalf("%d bytes, want 32", len(base))
	}
	if base != index(m, "t1", "email", "a@example.test") {
		t.Error("the same value gives another hash")
	}
	for name, h := range map[string]string{
		"value":          index(m, "t1", "email", "b@example.test"),
		"field":          index(m, "t1", "phone", "a@example.test"),
		"tenant":         index(m, "t2", "email", "a@example.test"),
		"master":         index(mustMaster(t, encodedKey(2)), "t1", "email", "a@example.test"),
		"shifted border": index(m, "t1", "emaila", "@example.test"),
	} {
		if h == base {
			t.Errorf("another %s gives the same hash", name)
		}
	}
}

func TestTenantSeal(t *testing.T) {
	t.Parallel()
	m := mustMaster(t, encodedKey(1))
	keys, other := mustTenant(t, m, "t1"), mustTenant(t, m, "t2")
	ad, secret := []byte("endpoints/e1/secret"), []byte("whsec_example")
	sealed, err := keys.Seal(secret, ad)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keys.Open(sealed, ad); err != nil || !bytes.Equal(got, secret) {
		t.Fatalf("Open = %q, %v", got, err)
	}
	if len(sealed) != len(secret)+33 {
		t.Errorf("sealed is %d bytes longer, want 33", len(sealed)-len(secret))
	}
	if _, err := other.Open(sealed, ad); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("wrong tenant: %v", err)
	}
	if _, err := keys.Open(sealed, []byte("endpoints/e2/secret")); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("wrong place: %v", err)
	}
	elsewhere := mustTenant(t, mustMaster(t, encodedKey(2)), "t1")
	if _, err := elsewhere.Open(sealed, ad); !errors.Is(err, vault.ErrMasterKey) || !strings.Contains(err.Error(), m.ID()) {
		t.Errorf("keys of another origin: %v, want it named", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := keys.Open(changed, ad); err == nil {
			t.Errorf("byte %d changed, still opens", i)
		}
		if _, err := keys.Open(sealed[:i], ad); err == nil {
			t.Errorf("cut to %d bytes, still opens", i)
		}
	}
}

// TestTenantRotation holds that the first master key can go: what it sealed and what was indexed under it is found and read with the second alone.
func TestTenantRotation(t *testing.T) {
	t.Parallel()
	first := mustMaster(t, encodedKey(1))
	wrapped, err := first.NewTenantKeys("t1")
	if err != nil {
		t.Fatal(err)
	}
	before, err := first.UnwrapTenant("t1", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := before.Seal([]byte("secret"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	both := mustMaster(t, encodedKey(1)+"\n"+encodedKey(2))
	rewrapped, changed, err := both.RewrapTenant("t1", wrapped)
	if err != nil || !changed {
		t.Fatalf("RewrapTenant: changed %v, %v", changed, err)
	}
	if _, changed, err := both.RewrapTenant("t1", rewrapped); err != nil || changed {
		t.Errorf("a second time: changed %v, %v", changed, err)
	}
	second := mustMaster(t, encodedKey(2))
	if _, err := second.UnwrapTenant("t1", wrapped); !errors.Is(err, vault.ErrMasterKey) {
		t.Errorf("the old row with the new key alone: %v", err)
	}
	after, err := second.UnwrapTenant("t1", rewrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open(sealed, []byte("place")); err != nil || string(got) != "secret" {
		t.Errorf("sealed before: %q, %v", got, err)
	}
	if !bytes.Equal(after.Index("email", "a"), before.Index("email", "a")) {
		t.Error("what was indexed before is not found any more")
	}
	if _, err := second.UnwrapTenant("t2", rewrapped); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("the row of another tenant: %v", err)
	}
}

// TestTenantRow holds that a tenant's keys are made once, kept in its row, and read from there by the next process.
func TestTenantRow(t *testing.T) {
	t.Parallel()
	v, r := newVault(t, 0, vault.Config{})
	sealed, err := v.SealTenant("t1", []byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.m["tenant t1"] == nil {
		t.Fatal("no row was written")
	}
	later, err := vault.New(vault.Config{Master: mustMaster(t, encodedKey(1)), Keysets: r})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := later.OpenTenant("t1", sealed, nil); err != nil || string(got) != "secret" {
		t.Errorf("OpenTenant = %q, %v", got, err)
	}
	r.err = errors.New("disk on fire")
	if _, err := v.Index("t1", "email", "a"); err != nil {
		t.Errorf("keys that are at hand: %v", err)
	}
	if _, err := v.Index("t2", "email", "a"); !errors.Is(err, r.err) {
		t.Errorf("a store that fails: %v", err)
	}
}

func FuzzOpenTenant(f *testing.F) {
	keys := mustTenant(f, mustMaster(f, encodedKey(1)), "t1")
	genuine, err := keys.Seal([]byte("secret"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genuine[:len(genuine)-1])
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, err := keys.Open(sealed, nil); err == nil && string(got) != "secret" {
			t.Errorf("forged: %q", got)
		}
	})
}
