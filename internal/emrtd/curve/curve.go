package curve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math/big"
)

// MaxBits is the largest field a curve may have, in bits. Beyond it a certificate could keep a processor busy.
const MaxBits = 640

// ErrParameters says that parameters are those of no curve to work with.
var ErrParameters = errors.New("curve: the parameters are not those of a curve")

// ErrPoint says that bytes are no point of the curve.
var ErrPoint = errors.New("curve: not a point of the curve")

// Curve is an elliptic curve with its base point. Its numbers are not to be written to.
type Curve struct {
	Name   string   // such as "brainpoolP256r1", or "" for a curve that has no name here
	P      *big.Int // the field
	A, B   *big.Int // y² = x³ + ax + b
	Gx, Gy *big.Int // the base point
	N      *big.Int // its order
}

// Point is a point of a curve in affine coordinates.
type Point struct{ X, Y *big.Int }

// Size gives the bytes of one coordinate.
func (c *Curve) Size() int { return (c.P.BitLen() + 7) / 8 }

// primeRounds is how many Miller–Rabin rounds a field or an order must stand, with the Baillie–PSW test that comes with them.
const primeRounds = 8

// Explicit gives the curve of spelled-out parameters: one that has a name where all of them are its own, base point included,
// since a curve that differs in its base point alone lets anybody make a key that fits a given one (CVE-2020-0601); or else
// a curve without a name that passed Check.
func Explicit(p, a, b, n *big.Int, base []byte) (*Curve, error) {
	for _, k := range curves() {
		o := k.curve
		if o.P.Cmp(p) == 0 && o.A.Cmp(a) == 0 && o.B.Cmp(b) == 0 && o.N.Cmp(n) == 0 {
			if g, err := o.Point(base); err == nil && g.X.Cmp(o.Gx) == 0 && g.Y.Cmp(o.Gy) == 0 {
				return o, nil
			}
		}
	}
	c := &Curve{P: p, A: a, B: b, N: n, Gx: new(big.Int), Gy: new(big.Int)}
	if !c.bounded() || !p.ProbablyPrime(primeRounds) { // reading a compressed point may not end unless the field is prime
		return nil, ErrParameters
	}
	g, err := c.Point(base)
	if err != nil {
		return nil, ErrParameters
	}
	c.Gx, c.Gy = g.X, g.Y
	return c, c.Check()
}

func (c *Curve) bounded() bool {
	for _, v := range []*big.Int{c.P, c.A, c.B, c.Gx, c.Gy, c.N} {
		if v == nil || v.Sign() < 0 || v.BitLen() > MaxBits {
			return false
		}
	}
	return c.P.BitLen() >= minBits && c.N.BitLen() >= minBits
}

// minBits is the smallest field and order; smaller ones are no protection.
const minBits = 128

// Check gives ErrParameters unless the numbers are those of a curve on which signatures can be checked: prime field, prime
// order, base point on the curve and of that order, no singular point. It takes some milliseconds.
func (c *Curve) Check() error {
	if !c.bounded() || !c.P.ProbablyPrime(primeRounds) || !c.N.ProbablyPrime(primeRounds) {
		return ErrParameters
	}
	if c.A.Cmp(c.P) >= 0 || c.B.Cmp(c.P) >= 0 {
		return ErrParameters
	}
	// 4a³ + 27b² = 0 makes the curve singular, and its logarithms easy.
	cube := c.mul(c.mul(c.A, c.A), c.A)
	square := c.mul(c.B, c.B)
	if c.mod(new(big.Int).Add(cube.Mul(cube, big.NewInt(4)), square.Mul(square, big.NewInt(27)))).Sign() == 0 {
		return ErrParameters
	}
	// A curve whose order is that of its field is anomalous: its logarithms are easy, too.
	g := Point{c.Gx, c.Gy}
	if !c.On(g) || c.N.Cmp(c.P) == 0 || !c.times(c.N, c.lift(g)).infinite() {
		return ErrParameters
	}
	return nil
}

// On tells whether a point lies on the curve.
func (c *Curve) On(p Point) bool {
	if p.X.Sign() < 0 || p.Y.Sign() < 0 || p.X.Cmp(c.P) >= 0 || p.Y.Cmp(c.P) >= 0 {
		return false
	}
	return c.mul(p.Y, p.Y).Cmp(c.right(p.X)) == 0
}

// right gives x³ + ax + b.
func (c *Curve) right(x *big.Int) *big.Int {
	v := c.mul(x, x)
	v.Add(v, c.A).Mul(v, x).Add(v, c.B)
	return c.mod(v)
}

// Point reads a point from its octets (SEC 1, section 2.3.4): uncompressed, compressed or hybrid. The field must be prime,
// as it is of a curve that has a name or passed Check.
func (c *Curve) Point(octets []byte) (Point, error) {
	size := c.Size()
	if len(octets) < 1+size {
		return Point{}, ErrPoint
	}
	x := new(big.Int).SetBytes(octets[1 : 1+size])
	switch form := octets[0]; form {
	case 4, 6, 7:
		if len(octets) != 1+2*size {
			return Point{}, ErrPoint
		}
		p := Point{x, new(big.Int).SetBytes(octets[1+size:])}
		if !c.On(p) {
			return Point{}, ErrPoint
		}
		return p, nil
	case 2, 3:
		if len(octets) != 1+size || x.Cmp(c.P) >= 0 {
			return Point{}, ErrPoint
		}
		y := new(big.Int).ModSqrt(c.right(x), c.P)
		if y == nil {
			return Point{}, ErrPoint
		}
		if y.Bit(0) != uint(form&1) {
			y.Sub(c.P, y)
		}
		if p := (Point{x, y}); c.On(p) {
			return p, nil
		}
	}
	return Point{}, ErrPoint
}

// Octets writes a point uncompressed.
func (c *Curve) Octets(p Point) []byte {
	size := c.Size()
	out := make([]byte, 1+2*size)
	out[0] = 4
	p.X.FillBytes(out[1 : 1+size])
	p.Y.FillBytes(out[1+size:])
	return out
}

// BaseTimes gives k·G. It is for making keys of tests; see the package comment.
func (c *Curve) BaseTimes(k *big.Int) Point {
	return c.drop(c.times(k, c.lift(Point{c.Gx, c.Gy})))
}

// Verify checks an ECDSA signature (r, s) over a digest by the public key q, which must lie on the curve (FIPS 186-5,
// section 6.4.2). A digest longer than the order is cut, as that section says.
func (c *Curve) Verify(q Point, digest []byte, r, s *big.Int) bool {
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(c.N) >= 0 || s.Cmp(c.N) >= 0 || !c.On(q) {
		return false
	}
	if std := c.std(); std != nil {
		key, err := ecdsa.ParseUncompressedPublicKey(std, c.Octets(q))
		return err == nil && ecdsa.Verify(key, digest, r, s)
	}
	e := Truncate(digest, c.N)
	w := new(big.Int).ModInverse(s, c.N)
	if w == nil {
		return false
	}
	u1 := e.Mul(e, w)
	u1.Mod(u1, c.N)
	u2 := w.Mul(w, r)
	u2.Mod(u2, c.N)
	sum := c.both(u1, c.lift(Point{c.Gx, c.Gy}), u2, c.lift(q))
	if sum.infinite() {
		return false
	}
	v := c.drop(sum).X
	return v.Mod(v, c.N).Cmp(r) == 0
}

// std gives the curve of the standard library, which is much faster, for those it has.
func (c *Curve) std() elliptic.Curve {
	switch c.Name {
	case "secp224r1":
		return elliptic.P224()
	case "prime256v1":
		return elliptic.P256()
	case "secp384r1":
		return elliptic.P384()
	case "secp521r1":
		return elliptic.P521()
	}
	return nil
}

// Truncate gives the leftmost bits of a digest as a number, as many as the order n has.
func Truncate(digest []byte, n *big.Int) *big.Int {
	e := new(big.Int).SetBytes(digest)
	if excess := len(digest)*8 - n.BitLen(); excess > 0 {
		e.Rsh(e, uint(excess))
	}
	return e
}
