package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

const auditKeys = "audit"

// keysOf keeps signing keys in the store.
type keysOf struct{ *store.Store }

func (k keysOf) SigningKeys(ctx context.Context, purpose string) ([]vault.SealedKey, error) {
	rows, err := k.Store.SigningKeys(ctx, purpose)
	list := make([]vault.SealedKey, len(rows))
	for i, r := range rows {
		list[i] = vault.SealedKey(r)
	}
	return list, err
}

func (k keysOf) AddSigningKey(ctx context.Context, key vault.SealedKey) error {
	err := k.Store.AddSigningKey(ctx, store.SigningKeyRow(key))
	if errors.Is(err, store.ErrConflict) {
		return nil // another node made one
	}
	return err
}

// rotation keeps a new key in one transaction with the entry of the trail that tells of it. Unlike keysOf it does not take the key of somebody who was
// faster for its own.
type rotation struct {
	keysOf
	action string
	name   func(vault.SealedKey) (string, error) // what those who verify know a key by
}

func (r rotation) AddSigningKey(ctx context.Context, key vault.SealedKey) error {
	name, err := r.name(key)
	if err != nil {
		return err
	}
	entry := usher.AuditRecord{
		ID: "key-" + key.Purpose + "-" + key.KID, At: key.CreatedAt, Actor: operator, Action: r.action, Object: name, After: keySum(key.Public),
	}
	had, err := r.SigningKeys(ctx, key.Purpose)
	if err != nil {
		return err
	}
	if len(had) > 0 {
		before, err := r.name(had[0])
		if err != nil {
			return err
		}
		entry.Detail, entry.Before = "follows "+before, keySum(had[0].Public)
	}
	err = r.Store.AddSigningKey(ctx, store.SigningKeyRow(key), entry)
	if errors.Is(err, store.ErrConflict) {
		return errors.New("somebody else has made a new key in this moment: look at it before you make another")
	}
	return err
}

// auditKID names a key as checkpoints do.
func auditKID(key vault.SealedKey) (string, error) {
	public, err := x509.ParsePKIXPublicKey(key.Public)
	if err != nil {
		return "", fmt.Errorf("read public key: %w", err)
	}
	ed, ok := public.(ed25519.PublicKey)
	if !ok {
		return "", errors.New("it is not an Ed25519 key")
	}
	return audit.KID(ed), nil
}

func keySum(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:])
}

// auditKeys gives the keys that checkpoints are signed with, newest first. They are opened each time: another process may have added one, and what lies
// in the clear beside them would believe whoever holds the database.
func (h *house) auditKeys(ctx context.Context) ([]audit.Key, error) {
	opened, err := h.vault.OpenSigningKeys(ctx, keysOf{h.db.Store}, auditKeys, vault.Ed25519, time.Now())
	if err != nil {
		return nil, err
	}
	return auditKeysOf(opened)
}

func auditKeysOf(opened []vault.SigningKey) ([]audit.Key, error) {
	keys := make([]audit.Key, len(opened))
	for i, k := range opened {
		private, ok := k.Signer.(ed25519.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("%s is not an Ed25519 key", k)
		}
		keys[i] = audit.Key{Private: private, CreatedAt: k.CreatedAt}
	}
	return keys, nil
}

// publish writes the public keys to a file, unless they stand there already.
func publish(path string, keys []audit.Key) error {
	var all bytes.Buffer
	for _, key := range audit.Public(keys) {
		if err := writeKey(&all, key); err != nil {
			return err
		}
	}
	if had, err := os.ReadFile(path); err == nil && bytes.Equal(had, all.Bytes()) {
		return nil
	}
	return os.WriteFile(path, all.Bytes(), 0o644) // to be given away
}

func writeKey(w io.Writer, key ed25519.PublicKey) error {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return err
	}
	return pem.Encode(w, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// auditKey prints the public keys, or makes a new one and says what becomes of the old.
func (h *house) auditKey(ctx context.Context, c console, words []string) error {
	switch {
	case len(words) == 1 && words[0] == "rotate":
		if err := h.rotateAuditKey(ctx, c); err != nil {
			return err
		}
	case len(words) > 0:
		return usageError{fmt.Errorf("does not know what to do with %q", words[0])}
	}
	keys, err := h.auditKeys(ctx)
	if err != nil {
		return err
	}
	signs := audit.Signing(keys, time.Now())
	for _, key := range keys {
		public := audit.Public([]audit.Key{key})[0]
		state := "verifies what it signed"
		switch {
		case key.CreatedAt.Equal(signs.CreatedAt):
			state = "signs now"
		case key.CreatedAt.After(signs.CreatedAt):
			state = "signs from " + key.CreatedAt.Add(audit.KeyRests).UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(c.out, "key %s of %s, %s\n", audit.KID(public), key.CreatedAt.UTC().Format(time.RFC3339), state)
		if err := writeKey(c.out, public); err != nil {
			return fmt.Errorf("print key: %w", err)
		}
	}
	return nil
}

// rotateAuditKey makes a new key. It rests until every node publishes it; so the checkpoints of the next hour, the first of them at once, are the old
// key's, and stand over the entry that names the new one.
func (h *house) rotateAuditKey(ctx context.Context, c console) error {
	t, err := h.openTrail(ctx, c)
	if err != nil {
		return err
	}
	if _, err := h.vault.NextSigningKey(ctx, rotation{keysOf{h.db.Store}, "audit.key_rotated", auditKID}, auditKeys, vault.Ed25519, time.Now()); err != nil {
		return err
	}
	_, err = t.notary.Write(ctx)
	return err
}
