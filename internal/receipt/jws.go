package receipt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// mostText bounds what is read as a receipt or a status list, in bytes.
const mostText = 1 << 20

// sign gives a JWS in compact form (RFC 7515, 7.1) with ES256 (RFC 7518, 3.4).
func sign(key *ecdsa.PrivateKey, kid, typ string, payload any) (string, error) {
	header, err := json.Marshal(joseHeader{Alg: "ES256", KID: kid, Typ: typ})
	if err != nil {
		return "", fmt.Errorf("encode header: %w", err)
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("encode payload: %w", err)
	}
	text := encode(header) + "." + encode(body)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	var signature [2 * fieldSize]byte
	r.FillBytes(signature[:fieldSize])
	s.FillBytes(signature[fieldSize:])
	return text + "." + encode(signature[:]), nil
}

const fieldSize = 32 // bytes of a coordinate of P-256

type joseHeader struct {
	Alg string `json:"alg"`
	KID string `json:"kid"`
	Typ string `json:"typ"`
}

// open verifies a JWS of ours and reads its payload. Whatever the header asks for, only ES256 and the type that is expected are taken.
func open(text, typ string, keys []Key, payload any) error {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return errors.New("it is not a signed token")
	}
	var h joseHeader
	if err := decodeJSON(parts[0], &h); err != nil {
		return fmt.Errorf("its header cannot be read: %w", err)
	}
	if h.Alg != "ES256" || h.Typ != typ {
		return fmt.Errorf("it is a %.20q signed by %.20q, not a %q signed by ES256", h.Typ, h.Alg, typ)
	}
	signature, err := decode(parts[2])
	if err != nil || len(signature) != 2*fieldSize {
		return errors.New("its signature has another form")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:fieldSize]), new(big.Int).SetBytes(signature[fieldSize:])
	for _, k := range keys {
		if k.KID == h.KID {
			if !ecdsa.Verify(k.Public, digest[:], r, s) {
				return ErrSignature
			}
			if err := decodeJSON(parts[1], payload); err != nil {
				return fmt.Errorf("its payload cannot be read: %w", err)
			}
			return nil
		}
	}
	return fmt.Errorf("%w: it is signed by the key %.40q", ErrUnknownKey, h.KID)
}

// What a caller can tell apart.
var (
	// ErrSignature says that the text was changed, or signed by somebody else.
	ErrSignature = errors.New("its signature does not fit")
	// ErrUnknownKey says that the key that signed is not among those given.
	ErrUnknownKey = errors.New("the key is not known")
)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }

// decodeJSON reads one JSON value in base64url.
func decodeJSON(text string, v any) error {
	raw, err := decode(text)
	if err != nil {
		return errors.New("it is not base64url")
	}
	return readJSON(raw, v)
}

func readJSON(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(v); err != nil {
		return errors.New("it is not the JSON that was expected")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows behind it")
	}
	return nil
}

// Key is a public key with its name.
type Key struct {
	KID    string
	Public *ecdsa.PublicKey
}

// JWK is a public key as RFC 7517 has it, of P-256 (RFC 7518, 6.2).
type JWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	KID string `json:"kid"`
	Alg string `json:"alg,omitempty"`
	Use string `json:"use,omitempty"`
}

// JWKS is a set of them (RFC 7517, 5).
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// JWKSOf gives keys as a set.
func JWKSOf(keys []Key) (JWKS, error) {
	set := JWKS{Keys: []JWK{}}
	for _, k := range keys {
		point, err := k.Public.Bytes() // 4 ‖ X ‖ Y
		if err != nil || len(point) != 1+2*fieldSize {
			return set, fmt.Errorf("encode key %s: it is not of P-256", k.KID)
		}
		set.Keys = append(set.Keys, JWK{
			Kty: "EC", Crv: "P-256", X: encode(point[1 : 1+fieldSize]), Y: encode(point[1+fieldSize:]), KID: k.KID, Alg: "ES256", Use: "sig",
		})
	}
	return set, nil
}

// ReadJWKS reads a set of keys, and leaves out those of other kinds.
func ReadJWKS(raw []byte) ([]Key, error) {
	var set JWKS
	if err := readJSON(raw, &set); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var keys []Key
	for _, j := range set.Keys {
		if j.Kty != "EC" || j.Crv != "P-256" {
			continue
		}
		x, errX := decode(j.X)
		y, errY := decode(j.Y)
		if errors.Join(errX, errY) != nil || len(x) != fieldSize || len(y) != fieldSize {
			return nil, fmt.Errorf("read keys: %.40q has another form", j.KID)
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, fmt.Errorf("read keys: %.40q is no point of P-256", j.KID)
		}
		keys = append(keys, Key{KID: j.KID, Public: public})
	}
	if len(keys) == 0 {
		return nil, errors.New("read keys: there is none of P-256")
	}
	return keys, nil
}
