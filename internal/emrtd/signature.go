package emrtd

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"   // documents of ten years ago are signed over SHA-1
	_ "crypto/sha256" // and SHA-224
	_ "crypto/sha512" // and SHA-384
	"crypto/subtle"
	"math/big"
	"slices"

	"github.com/usher-kyc/usher/internal/emrtd/curve"
)

// hashes are the digests that are known, by object identifier (Doc 9303 part 12, section 4.4). MD5 is not.
var hashes = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// method is how a signature is made.
type method int

const (
	byPKCS1 method = iota + 1 // RSASSA-PKCS1-v1_5, RFC 8017
	byPSS                     // RSASSA-PSS, RFC 8017
	byECDSA                   // ECDSA, a SEQUENCE of r and s
	byPlain                   // ECDSA, r and s as octets, BSI TR-03111, section 5.2.1
)

// scheme is a signature algorithm. A hash of 0 stands for "the one named elsewhere".
type scheme struct {
	method method
	hash   crypto.Hash
	mask   crypto.Hash // of PSS: the hash of its mask
	salt   int         // of PSS: its length in bytes
}

// schemes are the signature algorithms by object identifier (RFC 4055, RFC 5758, BSI TR-03111).
var schemes = map[string]scheme{
	oidRSA:                    {method: byPKCS1},
	"1.2.840.113549.1.1.5":    {method: byPKCS1, hash: crypto.SHA1},
	"1.3.14.3.2.29":           {method: byPKCS1, hash: crypto.SHA1}, // of OIW, still met
	"1.2.840.113549.1.1.14":   {method: byPKCS1, hash: crypto.SHA224},
	"1.2.840.113549.1.1.11":   {method: byPKCS1, hash: crypto.SHA256},
	"1.2.840.113549.1.1.12":   {method: byPKCS1, hash: crypto.SHA384},
	"1.2.840.113549.1.1.13":   {method: byPKCS1, hash: crypto.SHA512},
	oidPSS:                    {method: byPSS},
	oidEC:                     {method: byECDSA},
	"1.2.840.10045.4.1":       {method: byECDSA, hash: crypto.SHA1},
	"1.2.840.10045.4.3.1":     {method: byECDSA, hash: crypto.SHA224},
	"1.2.840.10045.4.3.2":     {method: byECDSA, hash: crypto.SHA256},
	"1.2.840.10045.4.3.3":     {method: byECDSA, hash: crypto.SHA384},
	"1.2.840.10045.4.3.4":     {method: byECDSA, hash: crypto.SHA512},
	"0.4.0.127.0.7.1.1.4.1.1": {method: byPlain, hash: crypto.SHA1},
	"0.4.0.127.0.7.1.1.4.1.2": {method: byPlain, hash: crypto.SHA224},
	"0.4.0.127.0.7.1.1.4.1.3": {method: byPlain, hash: crypto.SHA256},
	"0.4.0.127.0.7.1.1.4.1.4": {method: byPlain, hash: crypto.SHA384},
	"0.4.0.127.0.7.1.1.4.1.5": {method: byPlain, hash: crypto.SHA512},
}

// name says how it is signed, such as "ECDSA with SHA-256".
func (s scheme) name() string {
	by := map[method]string{byPKCS1: "RSA", byPSS: "RSA-PSS", byECDSA: "ECDSA", byPlain: "ECDSA"}[s.method]
	if s.hash == 0 {
		return by
	}
	return by + " with " + s.hash.String()
}

// schemeOf reads an AlgorithmIdentifier. Parameters count for PSS alone; for the others they should be NULL or missing,
// and are all kinds of things.
func schemeOf(p *parts) (scheme, error) {
	kind := p.oid()
	if p.err != nil {
		return scheme{}, p.err
	}
	s, ok := schemes[kind]
	if !ok {
		return scheme{}, unsupported("signature algorithm %s", kind)
	}
	if s.method != byPSS {
		return s, nil
	}
	s.hash, s.mask, s.salt = crypto.SHA1, crypto.SHA1, 20 // what is meant where nothing is said, RFC 4055, section 3.1
	params, ok := p.maybe(universal, tagSequence)
	if !ok {
		return s, nil
	}
	return pssOf(s, params.parts())
}

func pssOf(s scheme, p *parts) (scheme, error) {
	var err error
	if e, ok := p.maybe(contextual, 0); ok {
		if s.hash, err = hashOf(e.parts().sequence()); err != nil {
			return s, err
		}
	}
	if e, ok := p.maybe(contextual, 1); ok {
		mask := e.parts().sequence()
		mask.oid() // MGF1 is the only one there is
		if s.mask, err = hashOf(mask.sequence()); err != nil {
			return s, err
		}
	}
	if e, ok := p.maybe(contextual, 2); ok {
		salt := e.parts().integer()
		if salt.Sign() < 0 || salt.BitLen() > 16 {
			return s, unsupported("a salt that long")
		}
		s.salt = int(salt.Int64())
	}
	return s, p.err
}

// hashOf reads the AlgorithmIdentifier of a digest.
func hashOf(p *parts) (crypto.Hash, error) {
	kind := p.oid()
	if p.err != nil {
		return 0, p.err
	}
	h, ok := hashes[kind]
	if !ok {
		return 0, unsupported("digest %s", kind)
	}
	return h, nil
}

func oidOfHash(h crypto.Hash) string {
	for oid, known := range hashes {
		if known == h {
			return oid
		}
	}
	return ""
}

func digest(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// verify checks a signature over data.
func (k publicKey) verify(s scheme, data, signature []byte) error {
	if s.hash == 0 {
		return unsupported("a signature that names no digest")
	}
	sum, fits := digest(s.hash, data), false
	switch {
	case (s.method == byPKCS1 || s.method == byPSS) != (k.n != nil):
		return altered("the signature is of another kind than the key")
	case s.method == byPKCS1:
		fits = k.verifyPKCS1(s.hash, sum, signature)
	case s.method == byPSS:
		fits = k.verifyPSS(s, sum, signature)
	default:
		fits = k.verifyECDSA(s.method, sum, signature)
	}
	if !fits {
		return altered("the signature does not fit what it should have signed")
	}
	return nil
}

func (k publicKey) verifyECDSA(by method, sum, signature []byte) bool {
	if by == byPlain {
		half := len(signature) / 2
		return len(signature)%2 == 0 && k.curve.Verify(k.point, sum, unsignedOf(signature[:half]), unsignedOf(signature[half:]))
	}
	top := parts{rest: signature}
	p := top.sequence()
	r, s := unsignedOf(p.want(universal, tagInteger).body), unsignedOf(p.want(universal, tagInteger).body)
	return p.err == nil && max(r.BitLen(), s.BitLen()) <= curve.MaxBits && k.curve.Verify(k.point, sum, r, s)
}

// open gives the encoded message inside an RSA signature, as long as the key; nil when the signature cannot be one.
// crypto/rsa would refuse exponents and mask hashes that some states use.
func (k publicKey) open(signature []byte) []byte {
	s, size := new(big.Int).SetBytes(signature), (k.n.BitLen()+7)/8
	if len(signature) > size+1 || s.Cmp(k.n) >= 0 {
		return nil
	}
	return s.Exp(s, k.e, k.n).FillBytes(make([]byte, size))
}

// verifyPKCS1 builds the one message that is right and compares it whole, RFC 8017, section 8.2.2: taking the message apart
// is how signatures were forged (CVE-2006-4339). The NULL in it may be missing, as the RFC's note allows.
func (k publicKey) verifyPKCS1(h crypto.Hash, sum, signature []byte) bool {
	message := k.open(signature)
	if message == nil {
		return false
	}
	for _, null := range [][]byte{{tagNull, 0}, nil} {
		kind := append(wrap(tagOID, encodeOID(oidOfHash(h))), null...)
		info := wrap(tagSequence|constructedBit, append(wrap(tagSequence|constructedBit, kind), wrap(tagOctetString, sum)...))
		filler := len(message) - 3 - len(info)
		if filler < 8 {
			return false
		}
		want := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, filler)...)
		want = append(append(want, 0), info...)
		if subtle.ConstantTimeCompare(message, want) == 1 {
			return true
		}
	}
	return false
}

// verifyPSS is RFC 8017, section 9.1.2. A salt of another length than was said is taken, as most programs do: what is
// signed does not depend on it.
func (k publicKey) verifyPSS(s scheme, sum, signature []byte) bool {
	message := k.open(signature)
	bits := k.n.BitLen() - 1
	if message == nil {
		return false
	}
	if bits%8 == 0 { // the message is a byte shorter than the key then
		if message[0] != 0 {
			return false
		}
		message = message[1:]
	}
	size := s.hash.Size()
	if len(message) < size+2 || message[len(message)-1] != 0xbc {
		return false
	}
	db, h := message[:len(message)-size-1], message[len(message)-size-1:len(message)-1]
	spare := 8*len(message) - bits
	if db[0]>>(8-spare) != 0 {
		return false
	}
	plain := make([]byte, len(db))
	subtle.XORBytes(plain, db, mask(s.mask, h, len(db)))
	plain[0] &= 0xff >> spare
	one := slices.IndexFunc(plain, func(b byte) bool { return b != 0 })
	if one < 0 || plain[one] != 1 {
		return false
	}
	again := s.hash.New()
	again.Write(make([]byte, 8))
	again.Write(sum)
	again.Write(plain[one+1:])
	return subtle.ConstantTimeCompare(again.Sum(nil), h) == 1
}

// mask is MGF1, RFC 8017, appendix B.2.1.
func mask(h crypto.Hash, seed []byte, length int) []byte {
	var out []byte
	for counter := uint32(0); len(out) < length; counter++ {
		w := h.New()
		w.Write(seed)
		w.Write([]byte{byte(counter >> 24), byte(counter >> 16), byte(counter >> 8), byte(counter)})
		out = w.Sum(out)
	}
	return out[:length]
}
