package vault_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/vault"
)

// shelf keeps signing keys; the first of a generation stays.
type shelf struct{ rows []vault.SealedKey }

func (s *shelf) SigningKeys(context.Context, string) ([]vault.SealedKey, error) { return s.rows, nil }

func (s *shelf) AddSigningKey(_ context.Context, k vault.SealedKey) error {
	if len(s.rows) == 0 || s.rows[0].Generation < k.Generation {
		s.rows = append([]vault.SealedKey{k}, s.rows...)
	}
	return nil
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	m, _ := newVault(t, 0, vault.Config{})
	kept, now := &shelf{}, time.Unix(1, 0)
	first, err := m.OpenSigningKeys(t.Context(), kept, "audit", vault.Ed25519, now)
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	if _, ok := first[0].Signer.(ed25519.PrivateKey); !ok {
		t.Errorf("got a %T", first[0].Signer)
	}
	again, err := m.OpenSigningKeys(t.Context(), kept, "audit", vault.Ed25519, now)
	if err != nil || again[0].KID != first[0].KID {
		t.Errorf("a second start has another key: %v, %v", again, err)
	}
	next, err := m.NextSigningKey(t.Context(), kept, "audit", vault.ES256, now)
	if err != nil || len(next) != 2 || next[1].KID != first[0].KID {
		t.Fatal(next, err)
	}
	if _, ok := next[0].Signer.(*ecdsa.PrivateKey); !ok {
		t.Errorf("got a %T", next[0].Signer)
	}
	if strings.Contains(next[0].String()+next[0].GoString(), "Signer") {
		t.Error("a key shows itself")
	}
	kept.rows[0].Sealed = kept.rows[1].Sealed
	if _, err := m.OpenSigningKeys(t.Context(), kept, "audit", vault.Ed25519, now); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("a key in another's place was opened: %v", err)
	}
	if _, err := m.NextSigningKey(t.Context(), &shelf{}, "audit", "RSA", now); err == nil {
		t.Error("made a key of an unknown kind")
	}
}
