package vault

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// SigningKeys is the port to where the keys are kept that sign what leaves the server.
type SigningKeys interface {
	// SigningKeys gives the keys of a purpose, newest first.
	SigningKeys(ctx context.Context, purpose string) ([]SealedKey, error)
	// AddSigningKey keeps the key of a new generation, unless another node has kept one; then it changes nothing.
	AddSigningKey(ctx context.Context, k SealedKey) error
}

// SealedKey is a signing key as it is kept. Sealed is its private part, KID names its public part.
type SealedKey struct {
	Purpose        string
	Generation     int64
	KID            string
	Public, Sealed []byte // Public is PKIX, DER
	CreatedAt      time.Time
}

// SigningKey is a key that can sign. Signer is an ed25519.PrivateKey or an *ecdsa.PrivateKey over P-256.
type SigningKey struct {
	KID       string
	Signer    crypto.Signer
	CreatedAt time.Time
}

// String names the key instead of showing it.
func (k SigningKey) String() string { return "signing key " + k.KID }

// GoString names the key instead of showing it, as String does.
func (k SigningKey) GoString() string { return k.String() }

// The kinds of signing key: Ed25519 (RFC 8032), and ECDSA over P-256 (ES256 of RFC 7518).
const (
	Ed25519 = "Ed25519"
	ES256   = "ES256"
)

// signingTenant stands for the server itself where a tenant is asked for.
const signingTenant = "server"

// OpenSigningKeys gives the keys of a purpose, newest first, and makes the first one where there is none. Several nodes that start at once end
// up with the same key.
func (v *Vault) OpenSigningKeys(ctx context.Context, kept SigningKeys, purpose, kind string, now time.Time) ([]SigningKey, error) {
	rows, err := kept.SigningKeys(ctx, purpose)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	if len(rows) == 0 {
		return v.NextSigningKey(ctx, kept, purpose, kind, now)
	}
	keys := make([]SigningKey, len(rows))
	for i, row := range rows {
		der, err := v.OpenTenant(signingTenant, row.Sealed, signingPlace(purpose, row.KID))
		if err != nil {
			return nil, fmt.Errorf("open signing key: %w", err)
		}
		private, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, errors.New("open signing key: it is not a private key")
		}
		signer, ok := private.(crypto.Signer)
		if !ok {
			return nil, errors.New("open signing key: it cannot sign")
		}
		keys[i] = SigningKey{KID: row.KID, Signer: signer, CreatedAt: row.CreatedAt}
	}
	return keys, nil
}

// NextSigningKey makes the next generation of a purpose's key and gives all of them, newest first. Older ones sign no more, and stay known.
func (v *Vault) NextSigningKey(ctx context.Context, kept SigningKeys, purpose, kind string, now time.Time) ([]SigningKey, error) {
	rows, err := kept.SigningKeys(ctx, purpose)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	row := SealedKey{Purpose: purpose, Generation: 1, CreatedAt: now}
	if len(rows) > 0 {
		row.Generation = rows[0].Generation + 1
	}
	private, err := newSigner(kind)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	if row.Public, err = x509.MarshalPKIXPublicKey(private.Public()); err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	sum := sha256.Sum256(row.Public)
	row.KID = hex.EncodeToString(sum[:8])
	if row.Sealed, err = v.SealTenant(signingTenant, der, signingPlace(purpose, row.KID)); err != nil {
		return nil, err
	}
	if err := kept.AddSigningKey(ctx, row); err != nil {
		return nil, fmt.Errorf("keep signing key: %w", err)
	}
	return v.OpenSigningKeys(ctx, kept, purpose, kind, now)
}

func newSigner(kind string) (crypto.Signer, error) {
	switch kind {
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return nil, fmt.Errorf("there is no kind %q", kind)
}

func signingPlace(purpose, kid string) []byte { return []byte("signing_keys/" + purpose + "/" + kid) }
