package synth

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // what old documents are signed over
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"io"
	"math/big"

	"github.com/usher-kyc/usher/internal/emrtd/curve"
)

// The methods of signing.
const (
	PKCS1 = "pkcs1"
	PSS   = "pss"
	ECDSA = "ecdsa"
	Plain = "plain" // ECDSA, r and s as octets
)

// Key is a key pair.
type Key struct {
	rsa   *rsa.PrivateKey
	curve *curve.Curve
	name  string // object identifier of the curve
	d     *big.Int
	// Explicit spells the curve's numbers out where its name would do.
	Explicit bool
	// Compressed writes the point and the base point with one coordinate.
	Compressed bool
	// NoNull leaves out the NULL of an RSA key.
	NoNull bool
}

// RSA makes an RSA key.
func RSA(random io.Reader, size int) (*Key, error) {
	key, err := rsa.GenerateKey(random, size)
	if err != nil {
		return nil, fmt.Errorf("make RSA key: %w", err)
	}
	return &Key{rsa: key}, nil
}

// EC makes a key on the curve of a name, such as "brainpoolP256r1".
func EC(random io.Reader, name string) (*Key, error) {
	c, id, ok := curve.ByName(name)
	if !ok {
		return nil, fmt.Errorf("make key: no curve is called %s", name)
	}
	d, err := rand.Int(random, new(big.Int).Sub(c.N, big.NewInt(1)))
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return &Key{curve: c, name: id, d: d.Add(d, big.NewInt(1))}, nil
}

// info writes the SubjectPublicKeyInfo.
func (k *Key) info() []byte {
	if k.rsa != nil {
		kind := [][]byte{oid("1.2.840.113549.1.1.1"), null()}
		if k.NoNull {
			kind = kind[:1]
		}
		return sequence(sequence(kind...), bits(sequence(number(k.rsa.N), small(int64(k.rsa.E)))))
	}
	c := k.curve
	params := oid(k.name)
	if k.Explicit {
		size := c.Size()
		field := func(v *big.Int) []byte { return octets(v.FillBytes(make([]byte, size))) }
		params = sequence(
			small(1), sequence(oid("1.2.840.10045.1.1"), number(c.P)), sequence(field(c.A), field(c.B)),
			octets(k.point(curve.Point{X: c.Gx, Y: c.Gy})), number(c.N), small(1),
		)
	}
	return sequence(sequence(oid("1.2.840.10045.2.1"), params), bits(k.public()))
}

func (k *Key) public() []byte { return k.point(k.curve.BaseTimes(k.d)) }

func (k *Key) point(p curve.Point) []byte {
	all := k.curve.Octets(p)
	if k.Compressed {
		return append([]byte{2 + byte(p.Y.Bit(0))}, all[1:1+k.curve.Size()]...)
	}
	return all
}

// id is what stands for the key in key identifiers.
func (k *Key) id() []byte {
	h := crypto.SHA1.New()
	h.Write(k.info())
	return h.Sum(nil)
}

// Signer is a key with the way it signs.
type Signer struct {
	Key    *Key
	Method string // PKCS1, PSS, ECDSA or Plain
	Hash   crypto.Hash
	// Mask is the hash of the mask of PSS; 0 is Hash.
	Mask crypto.Hash
	// Bare names the key's kind in place of the algorithm, as some writers of CMS do.
	Bare bool
	// Random gives the salt and the k of a signature.
	Random io.Reader
}

func (s Signer) mask() crypto.Hash {
	if s.Mask == 0 {
		return s.Hash
	}
	return s.Mask
}

// algorithm writes the AlgorithmIdentifier.
func (s Signer) algorithm() []byte {
	place := map[crypto.Hash]int{crypto.SHA1: 0, crypto.SHA224: 1, crypto.SHA256: 2, crypto.SHA384: 3, crypto.SHA512: 4}[s.Hash]
	switch {
	case s.Method == PSS:
		return sequence(oid("1.2.840.113549.1.1.10"), sequence(
			wrap(tagContext0, hashID(s.Hash)),
			wrap(tagContext1, sequence(oid("1.2.840.113549.1.1.8"), hashID(s.mask()))),
			wrap(tagContext2, small(int64(s.Hash.Size()))),
		))
	case s.Method == PKCS1 && s.Bare:
		return sequence(oid("1.2.840.113549.1.1.1"), null())
	case s.Bare:
		return sequence(oid("1.2.840.10045.2.1"))
	case s.Method == PKCS1:
		return sequence(oid("1.2.840.113549.1.1."+[]string{"5", "14", "11", "12", "13"}[place]), null())
	case s.Method == Plain:
		return sequence(oid(fmt.Sprintf("0.4.0.127.0.7.1.1.4.1.%d", place+1)))
	case place == 0:
		return sequence(oid("1.2.840.10045.4.1"))
	}
	return sequence(oid(fmt.Sprintf("1.2.840.10045.4.3.%d", place)))
}

// hashID writes the AlgorithmIdentifier of a digest.
func hashID(h crypto.Hash) []byte {
	return sequence(oid(map[crypto.Hash]string{
		crypto.SHA1: "1.3.14.3.2.26", crypto.SHA224: "2.16.840.1.101.3.4.2.4", crypto.SHA256: "2.16.840.1.101.3.4.2.1",
		crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
	}[h]), null())
}

func sum(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// sign signs data.
func (s Signer) sign(data []byte) ([]byte, error) {
	digest := sum(s.Hash, data)
	switch s.Method {
	case PKCS1:
		return rsa.SignPKCS1v15(s.Random, s.Key.rsa, s.Hash, digest)
	case PSS:
		return s.signPSS(digest)
	}
	c := s.Key.curve
	for {
		k, err := rand.Int(s.Random, c.N)
		if err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
		inverse := new(big.Int).ModInverse(k, c.N)
		if inverse == nil {
			continue
		}
		r := c.BaseTimes(k).X
		r.Mod(r, c.N)
		v := new(big.Int).Mul(r, s.Key.d)
		v.Add(v, curve.Truncate(digest, c.N)).Mul(v, inverse).Mod(v, c.N)
		if r.Sign() == 0 || v.Sign() == 0 {
			continue
		}
		if s.Method == Plain {
			size := (c.N.BitLen() + 7) / 8
			return append(r.FillBytes(make([]byte, size)), v.FillBytes(make([]byte, size))...), nil
		}
		return sequence(number(r), number(v)), nil
	}
}

// signPSS is RFC 8017, section 8.1.1, with a mask hash of its own, which crypto/rsa does not offer.
func (s Signer) signPSS(digest []byte) ([]byte, error) {
	n, size := s.Key.rsa.N, s.Hash.Size()
	length := (n.BitLen() + 6) / 8 // of the message
	salt := make([]byte, size)
	if _, err := io.ReadFull(s.Random, salt); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	h := sum(s.Hash, append(append(make([]byte, 8), digest...), salt...))
	message := make([]byte, length)
	db := message[:length-size-1]
	db[len(db)-size-1] = 1
	copy(db[len(db)-size:], salt)
	for i, at := uint32(0), 0; at < len(db); i++ {
		for _, b := range sum(s.mask(), append(append([]byte{}, h...), byte(i>>24), byte(i>>16), byte(i>>8), byte(i))) {
			if at < len(db) {
				db[at] ^= b
				at++
			}
		}
	}
	message[0] &= 0xff >> (8*length - (n.BitLen() - 1))
	copy(message[len(db):], h)
	message[length-1] = 0xbc
	out := new(big.Int).SetBytes(message)
	return out.Exp(out, s.Key.rsa.D, n).FillBytes(make([]byte, (n.BitLen()+7)/8)), nil
}
