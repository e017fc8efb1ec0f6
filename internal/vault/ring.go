package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Keeper is a key management service: it seals master keys with a key that never leaves it. It is asked when a server starts and when the ring is
// changed, and at no other time, so that a service that is down stops no applicant.
type Keeper interface {
	Wrap(ctx context.Context, key []byte) (sealed []byte, err error)
	Unwrap(ctx context.Context, sealed []byte) (key []byte, err error)
}

// The words that may stand in front of a key in a ring.
const (
	nextMark   = "next:"
	sealedMark = "kms:"
)

// Ring is the text that holds the master keys, oldest first.
type Ring struct {
	comments []string
	keys     []ringKey
	fresh    bool
}

type ringKey struct {
	masterKey
	raw    []byte
	sealed []byte // by a keeper; nil when the key stands in the clear
}

// RingKey is what may be shown of one key of a ring.
type RingKey struct {
	ID     string // 8 hexadecimal digits
	Next   bool   // opens what others sealed with it, and seals nothing here
	Sealed bool   // by a key management service
}

// ReadRing reads master keys from text: each key is 32 random bytes in standard base64 (what `openssl rand -base64 32` prints), or "kms:" and what
// the keeper made of such bytes. Keys stand oldest first, separated by white space or commas; "next:" in front of the last one says that it opens
// and does not yet seal; a line that begins with # is a comment. keeper may be nil where no key is sealed. It returns an error that wraps
// [ErrMasterKey] and never quotes the text.
func ReadRing(ctx context.Context, text string, keeper Keeper) (*Ring, error) {
	r := &Ring{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			r.comments = append(r.comments, strings.TrimRight(line, "\r\n"))
			continue
		}
		for _, field := range strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\r\n,", c) }) {
			if err := r.read(ctx, field, keeper); err != nil {
				return nil, err
			}
		}
	}
	if len(r.keys) == 0 || r.keys[0].next {
		return nil, fmt.Errorf("%w: no key found that may seal", ErrMasterKey)
	}
	return r, nil
}

func (r *Ring) read(ctx context.Context, field string, keeper Keeper) error {
	n := len(r.keys) + 1
	field, next := strings.CutPrefix(field, nextMark)
	field, sealed := strings.CutPrefix(field, sealedMark)
	raw, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(field, "="))
	var k ringKey
	if sealed && err == nil {
		if keeper == nil {
			return fmt.Errorf("%w: key %d is sealed by a key management service; say which with the setting kms", ErrMasterKey, n)
		}
		k.sealed = raw
		if raw, err = keeper.Unwrap(ctx, raw); err != nil {
			return fmt.Errorf("%w: key %d: %w", ErrMasterKey, n, err)
		}
	}
	if err != nil || len(raw) != masterKeySize {
		return fmt.Errorf("%w: key %d is not 32 bytes in base64; make one with: openssl rand -base64 32", ErrMasterKey, n)
	}
	k.raw = raw
	return r.add(k, next)
}

func (r *Ring) add(k ringKey, next bool) (err error) {
	n := len(r.keys) + 1
	if k.masterKey, err = newMasterKey(k.raw); err != nil {
		return fmt.Errorf("%w: use key %d: %w", ErrMasterKey, n, err)
	}
	k.next = next
	if r.find(hex.EncodeToString(k.id[:])) >= 0 {
		return fmt.Errorf("%w: key %d stands there twice", ErrMasterKey, n)
	}
	if n > 1 && r.keys[n-2].next {
		return fmt.Errorf("%w: key %d stands behind one that is marked as next", ErrMasterKey, n)
	}
	r.keys = append(r.keys, k)
	return nil
}

func (r *Ring) find(id string) int {
	return slices.IndexFunc(r.keys, func(k ringKey) bool { return hex.EncodeToString(k.id[:]) == id })
}

// Master gives the keys for use.
func (r *Ring) Master() *Master {
	m := &Master{fresh: r.fresh}
	for _, k := range r.keys {
		m.keys = append(m.keys, k.masterKey)
	}
	return m
}

// Keys lists the keys, oldest first.
func (r *Ring) Keys() []RingKey {
	list := make([]RingKey, len(r.keys))
	for i, k := range r.keys {
		list[i] = RingKey{ID: hex.EncodeToString(k.id[:]), Next: k.next, Sealed: k.sealed != nil}
	}
	return list
}

// Add draws a new key, marks it as next, and gives its id. keeper may be nil.
func (r *Ring) Add(ctx context.Context, keeper Keeper) (id string, err error) {
	k := ringKey{raw: make([]byte, masterKeySize)}
	rand.Read(k.raw)
	if keeper != nil {
		if k.sealed, err = keeper.Wrap(ctx, k.raw); err != nil {
			return "", fmt.Errorf("%w: %w", ErrMasterKey, err)
		}
	}
	if err := r.add(k, true); err != nil {
		return "", err
	}
	return r.Keys()[len(r.keys)-1].ID, nil
}

// Use lets the key that is marked as next seal from now on.
func (r *Ring) Use() (id string, err error) {
	last := len(r.keys) - 1
	if !r.keys[last].next {
		return "", fmt.Errorf("%w: none is marked as next; add one first", ErrMasterKey)
	}
	r.keys[last].next = false
	return r.Keys()[last].ID, nil
}

// Drop takes a key out. The caller has made sure that it wraps nothing any more.
func (r *Ring) Drop(id string) error {
	at := r.find(id)
	if at < 0 {
		return fmt.Errorf("%w: there is no key %s", ErrMasterKey, id)
	}
	if newest := r.Master().newest(); r.keys[at].id == newest.id {
		return fmt.Errorf("%w: %s is the one that seals", ErrMasterKey, id)
	}
	r.keys = slices.Delete(r.keys, at, at+1)
	return nil
}

// Seal has the keeper seal every key, those that it or another keeper sealed before included: the service's own rotation.
func (r *Ring) Seal(ctx context.Context, keeper Keeper) error {
	for i, k := range r.keys {
		sealed, err := keeper.Wrap(ctx, k.raw)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMasterKey, err)
		}
		r.keys[i].sealed = sealed
	}
	return nil
}

// Text gives the ring as ReadRing reads it. It holds every key that is not sealed in the clear.
func (r *Ring) Text() string {
	var b strings.Builder
	for _, line := range r.comments {
		b.WriteString(line + "\n")
	}
	for _, k := range r.keys {
		if k.next {
			b.WriteString(nextMark)
		}
		if k.sealed != nil {
			b.WriteString(sealedMark + base64.StdEncoding.EncodeToString(k.sealed) + "\n")
			continue
		}
		b.WriteString(base64.StdEncoding.EncodeToString(k.raw) + "\n")
	}
	return b.String()
}

// String names the keys instead of showing them.
func (r *Ring) String() string { return r.Master().String() }

// GoString names the keys, as String does.
func (r *Ring) GoString() string { return r.String() }
