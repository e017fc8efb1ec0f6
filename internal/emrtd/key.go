package emrtd

import (
	"math/big"
	"strconv"

	"github.com/usher-kyc/usher/internal/emrtd/curve"
)

// Object identifiers of public keys (RFC 3279, RFC 4055, RFC 5480).
const (
	oidRSA        = "1.2.840.113549.1.1.1"
	oidPSS        = "1.2.840.113549.1.1.10"
	oidEC         = "1.2.840.10045.2.1"
	oidPrimeField = "1.2.840.10045.1.1"
)

// Limits of RSA keys, in bits. A larger one only keeps the processor busy; a smaller one anybody can break.
const (
	minRSABits      = 1024
	maxRSABits      = 8192
	maxExponentBits = 256
)

// publicKey is an RSA key or a point of a curve.
type publicKey struct {
	n, e  *big.Int
	curve *curve.Curve
	point curve.Point
}

// name says what the key is, such as "RSA 2048" or "brainpoolP256r1".
func (k publicKey) name() string {
	switch {
	case k.n != nil:
		return "RSA " + strconv.Itoa(k.n.BitLen())
	case k.curve == nil:
		return ""
	case k.curve.Name == "":
		return "a curve of its own, " + strconv.Itoa(k.curve.P.BitLen()) + " bits"
	}
	return k.curve.Name
}

// unnamed tells whether it lies on a curve without a name.
func (k publicKey) unnamed() bool { return k.curve != nil && k.curve.Name == "" }

// publicKeyOf reads a SubjectPublicKeyInfo.
func publicKeyOf(info tlv) (publicKey, error) {
	p := info.parts()
	algorithm := p.sequence()
	kind := algorithm.oid()
	bits := p.bits()
	switch {
	case p.err != nil:
		return publicKey{}, p.err
	case algorithm.err != nil:
		return publicKey{}, algorithm.err
	case kind == oidRSA || kind == oidPSS:
		return rsaKey(bits)
	case kind == oidEC:
		c, err := curveOf(algorithm)
		if err != nil {
			return publicKey{}, err
		}
		point, err := c.Point(bits)
		if err != nil {
			return publicKey{}, malformed("the public key is not a point of its curve")
		}
		return publicKey{curve: c, point: point}, nil
	}
	return publicKey{}, unsupported("public key of kind %s", kind)
}

func rsaKey(bits []byte) (publicKey, error) {
	top := parts{rest: bits}
	p := top.sequence()
	n, e := unsignedOf(p.want(universal, tagInteger).body), unsignedOf(p.want(universal, tagInteger).body)
	switch {
	case p.err != nil:
		return publicKey{}, p.err
	case n.BitLen() < minRSABits || n.BitLen() > maxRSABits || n.Bit(0) == 0:
		return publicKey{}, unsupported("an RSA key of %d bits", n.BitLen())
	case e.Cmp(big.NewInt(3)) < 0 || e.BitLen() > maxExponentBits || e.Bit(0) == 0:
		return publicKey{}, unsupported("an RSA exponent of %d bits", e.BitLen())
	}
	return publicKey{n: n, e: e}, nil
}

// curveOf reads ECParameters: the name of a curve, or all of its numbers (X9.62; RFC 3279, section 2.3.5).
func curveOf(algorithm *parts) (*curve.Curve, error) {
	e := algorithm.any()
	switch {
	case algorithm.err != nil:
		return nil, malformed("the curve is not named")
	case e.is(universal, tagOID):
		c, err := curve.Named(oidOf(e.body))
		if err != nil {
			return nil, unsupported("curve %s", oidOf(e.body))
		}
		return c, nil
	case !e.is(universal, tagSequence):
		return nil, unsupported("a curve that is inherited")
	}
	return explicitCurve(e.parts())
}

func explicitCurve(p *parts) (*curve.Curve, error) {
	p.want(universal, tagInteger) // version 1, 2 or 3
	field := p.sequence()
	if kind := field.oid(); field.err == nil && kind != oidPrimeField {
		return nil, unsupported("a curve over field %s", kind)
	}
	prime := unsignedOf(field.want(universal, tagInteger).body)
	equation := p.sequence()
	a := unsignedOf(equation.want(universal, tagOctetString).body)
	b := unsignedOf(equation.want(universal, tagOctetString).body)
	base := p.want(universal, tagOctetString).body
	order := unsignedOf(p.want(universal, tagInteger).body)
	for _, err := range []error{field.err, equation.err, p.err} {
		if err != nil {
			return nil, err
		}
	}
	c, err := curve.Explicit(prime, a, b, order, base)
	if err != nil {
		return nil, unsupported("the numbers of a curve that cannot be worked with")
	}
	return c, nil
}
