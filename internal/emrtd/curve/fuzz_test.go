package curve_test

import (
	"math/big"
	"testing"

	"github.com/usher-kyc/usher/internal/emrtd/curve"
)

// FuzzExplicit spells out curves as certificates may: what is taken must check signatures without an end that never comes, and none made of nothing.
func FuzzExplicit(f *testing.F) {
	c, err := curve.Named("1.3.36.3.3.2.8.1.1.7") // brainpoolP256r1
	if err != nil {
		f.Fatal(err)
	}
	base := c.Octets(curve.Point{X: c.Gx, Y: c.Gy})
	f.Add(c.P.Bytes(), c.A.Bytes(), c.B.Bytes(), c.N.Bytes(), base, []byte{1})
	compressed := append([]byte{2 + byte(c.Gy.Bit(0))}, c.Gx.Bytes()...)
	f.Add(c.P.Bytes(), c.A.Bytes(), c.B.Bytes(), c.N.Bytes(), compressed, []byte{1})
	f.Add(c.N.Bytes(), c.A.Bytes(), c.B.Bytes(), c.P.Bytes(), base, c.N.Bytes())
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, p, a, b, n, base, r []byte) {
		number := func(raw []byte) *big.Int { return new(big.Int).SetBytes(raw) }
		c, err := curve.Explicit(number(p), number(a), number(b), number(n), base)
		if err != nil {
			return
		}
		g := curve.Point{X: c.Gx, Y: c.Gy}
		if !c.On(g) {
			t.Error("the base point is not on the curve")
		}
		if again, err := c.Point(c.Octets(g)); err != nil || again.X.Cmp(g.X) != 0 || again.Y.Cmp(g.Y) != 0 {
			t.Errorf("the base point is read as another: %v", err)
		}
		if c.Verify(g, nil, number(r), new(big.Int)) || c.Verify(g, nil, new(big.Int), number(r)) {
			t.Error("a signature with a zero was taken")
		}
		c.Verify(g, []byte("digest"), number(r), big.NewInt(2))
	})
}
