package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	masterKeySize = 32 // bytes; AES-256
	keyIDSize     = 4  // bytes; names a master key, says nothing about it

	// tenantSealV1 is the first byte of everything SealTenant returns, so that the format can change one day.
	tenantSealV1 = 1
)

var (
	// ErrTampered says that sealed bytes do not open: they were changed or cut, or were sealed for another tenant,
	// applicant or place, or with another key. Cryptography cannot tell these apart.
	ErrTampered = errors.New("sealed data does not open: changed, cut, or sealed for another place")

	// ErrMasterKey says that the master key is missing, malformed, unsafe, or not the one that wrapped the data.
	ErrMasterKey = errors.New("master key")
)

// Master is the root of all keys. It holds one key or, during a rotation, several, oldest first: the newest one wraps, every one of them unwraps,
// and one that is marked as next does nothing else yet. It is safe for concurrent use.
type Master struct {
	keys  []masterKey
	fresh bool
}

type masterKey struct {
	id   [keyIDSize]byte
	prk  []byte // HKDF pseudorandom key; the master key itself is not kept
	wrap tink.AEAD
	next bool // unwraps, and wraps nothing until every node holds it
}

// ParseMaster reads master keys from text, as [ReadRing] does, where no key management service is needed to read them. It returns an error that wraps
// [ErrMasterKey] and never quotes the text.
func ParseMaster(text string) (*Master, error) {
	r, err := ReadRing(context.Background(), text, nil)
	if err != nil {
		return nil, err
	}
	return r.Master(), nil
}

// newMasterKey derives from raw what a master key is used for. The raw bytes serve for nothing but derivation, so that
// wrapping, sealing and hashing never share a key.
func newMasterKey(raw []byte) (masterKey, error) {
	prk, err := hkdf.Extract(sha256.New, raw, []byte("usher master key v1"))
	if err != nil {
		return masterKey{}, fmt.Errorf("extract key: %w", err)
	}
	k := masterKey{prk: prk}
	id, err := k.derive("id")
	if err != nil {
		return masterKey{}, err
	}
	copy(k.id[:], id)
	k.wrap, err = k.aead("wrap keysets")
	return k, err
}

// derive returns the 32-byte key for a purpose, and for a tenant where the purpose is a tenant's.
func (k masterKey) derive(purpose string, tenant ...string) ([]byte, error) {
	out, err := hkdf.Expand(sha256.New, k.prk, string(bind(purpose, tenant...)), sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return out, nil
}

func (k masterKey) aead(purpose string, tenant ...string) (tink.AEAD, error) {
	key, err := k.derive(purpose, tenant...)
	if err != nil {
		return nil, err
	}
	aead, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return aead, nil
}

// ID names the newest master key, the one that wraps, in 8 hexadecimal digits. It may be shown and logged.
func (m *Master) ID() string {
	id := m.newest().id
	return hex.EncodeToString(id[:])
}

// IDs names all keys as ID does, the one that wraps first.
func (m *Master) IDs() []string {
	ids := []string{m.ID()}
	for _, k := range m.keys {
		if id := hex.EncodeToString(k.id[:]); id != ids[0] {
			ids = append(ids, id)
		}
	}
	return ids
}

// String and GoString name the key instead of showing it, so that a stray log line gives nothing away.
func (m *Master) String() string { return "master key " + m.ID() }

// GoString names the key instead of showing it, as String does.
func (m *Master) GoString() string { return m.String() }

// Fresh reports whether this start created the master key. A server whose store already holds keysets must then refuse
// to run: its key file was lost, and going on would hide that.
func (m *Master) Fresh() bool { return m.fresh }

// newest is the one that wraps: a ring has at least one, and what is marked as next stands behind it.
func (m *Master) newest() masterKey {
	last := len(m.keys) - 1
	for m.keys[last].next {
		last--
	}
	return m.keys[last]
}

// key returns the key named id, or an error that wraps [ErrMasterKey] and names the one that is missing.
func (m *Master) key(id [keyIDSize]byte) (masterKey, error) {
	for _, k := range m.keys {
		if k.id == id {
			return k, nil
		}
	}
	return masterKey{}, fmt.Errorf("%w %x is needed and not held here", ErrMasterKey, id)
}

// bind joins a purpose and the names it is for into bytes that no other purpose and names give: every part carries
// its length, so ("a", "bc") and ("ab", "c") differ.
func bind(purpose string, names ...string) []byte {
	out := make([]byte, 0, 64)
	for _, part := range append([]string{"usher/v1", purpose}, names...) {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
