package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

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

// Master is the root of all keys. It holds one key or, after a rotation, several, oldest first: the newest one wraps
// and seals, every one of them unwraps and opens, and the oldest one derives the search index, which must not change.
// It is safe for concurrent use.
type Master struct {
	keys  []masterKey
	fresh bool
}

type masterKey struct {
	id   [keyIDSize]byte
	prk  []byte // HKDF pseudorandom key; the master key itself is not kept
	wrap tink.AEAD
}

// ParseMaster reads master keys from text: each key is 32 random bytes in standard base64 (what
// `openssl rand -base64 32` prints), keys stand oldest first, separated by white space or commas; a line that begins
// with # is a comment. It returns an error that wraps [ErrMasterKey] and never quotes the text.
func ParseMaster(text string) (*Master, error) {
	m := &Master{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, field := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) }) {
			if err := m.add(field); err != nil {
				return nil, err
			}
		}
	}
	if len(m.keys) == 0 {
		return nil, fmt.Errorf("%w: no key found", ErrMasterKey)
	}
	return m, nil
}

func (m *Master) add(encoded string) error {
	n := len(m.keys) + 1
	raw, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(encoded, "="))
	if err != nil || len(raw) != masterKeySize {
		return fmt.Errorf("%w: key %d is not 32 bytes in base64; make one with: openssl rand -base64 32", ErrMasterKey, n)
	}
	k, err := newMasterKey(raw)
	if err != nil {
		return fmt.Errorf("%w: use key %d: %w", ErrMasterKey, n, err)
	}
	if _, err := m.key(k.id); err == nil {
		return fmt.Errorf("%w: key %d stands there twice", ErrMasterKey, n)
	}
	m.keys = append(m.keys, k)
	return nil
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

// String and GoString name the key instead of showing it, so that a stray log line gives nothing away.
func (m *Master) String() string { return "master key " + m.ID() }

// GoString names the key instead of showing it, as String does.
func (m *Master) GoString() string { return m.String() }

// Fresh reports whether this start created the master key. A server whose store already holds keysets must then refuse
// to run: its key file was lost, and going on would hide that.
func (m *Master) Fresh() bool { return m.fresh }

func (m *Master) newest() masterKey { return m.keys[len(m.keys)-1] }

// key returns the key named id, or an error that wraps [ErrMasterKey] and names the one that is missing.
func (m *Master) key(id [keyIDSize]byte) (masterKey, error) {
	for _, k := range m.keys {
		if k.id == id {
			return k, nil
		}
	}
	return masterKey{}, fmt.Errorf("%w %x is needed and not held here", ErrMasterKey, id)
}

// Index returns the keyed hash (HMAC-SHA256, 32 bytes) of a field's value for one tenant, to be stored beside the
// sealed value and searched by equality. The caller brings the value into one form first (lower case, no spaces).
// Equal values of a tenant give equal hashes, so a field with few values (a country, a birth date) shows its
// frequencies; delete the hash with the applicant.
func (m *Master) Index(tenant, field, value string) ([]byte, error) {
	// The oldest key, because adding a key must not make what was indexed before unfindable.
	key, err := m.keys[0].derive("search index", tenant)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(bind(field))
	mac.Write([]byte(value))
	return mac.Sum(nil), nil
}

// SealTenant encrypts data that belongs to a tenant and to no applicant (endpoint secrets, settings). The additional
// data ad names its place (table, row, column); OpenTenant must be given the same. The result is 33 bytes longer.
func (m *Master) SealTenant(tenant string, plaintext, ad []byte) ([]byte, error) {
	k := m.newest()
	aead, err := k.aead("tenant data", tenant)
	if err != nil {
		return nil, err
	}
	sealed, err := aead.Encrypt(plaintext, ad)
	if err != nil {
		return nil, fmt.Errorf("seal tenant data: %w", err)
	}
	return append(append([]byte{tenantSealV1}, k.id[:]...), sealed...), nil
}

// OpenTenant decrypts what SealTenant sealed for the same tenant and ad. Its error wraps [ErrTampered], or
// [ErrMasterKey] when the key that sealed it is not held here.
func (m *Master) OpenTenant(tenant string, sealed, ad []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte{tenantSealV1})
	if !ok || len(rest) < keyIDSize {
		return nil, fmt.Errorf("open tenant data: %w", ErrTampered)
	}
	k, err := m.key([keyIDSize]byte(rest))
	if err != nil {
		return nil, fmt.Errorf("open tenant data: %w", err)
	}
	aead, err := k.aead("tenant data", tenant)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Decrypt(rest[keyIDSize:], ad)
	if err != nil {
		return nil, fmt.Errorf("open tenant data: %w", ErrTampered)
	}
	return plaintext, nil
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
