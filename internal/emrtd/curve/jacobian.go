package curve

import "math/big"

// jacobian is a point (x/z², y/z³), which is added without a division; z = 0 is the point at infinity.
type jacobian struct{ x, y, z *big.Int }

func (p jacobian) infinite() bool { return p.z.Sign() == 0 }

func infinity() jacobian { return jacobian{big.NewInt(1), big.NewInt(1), new(big.Int)} }

func (c *Curve) mod(v *big.Int) *big.Int { return v.Mod(v, c.P) }

func (c *Curve) mul(a, b *big.Int) *big.Int { return c.mod(new(big.Int).Mul(a, b)) }

func (c *Curve) sub(a, b *big.Int) *big.Int { return c.mod(new(big.Int).Sub(a, b)) }

// small gives n·a for a small n.
func (c *Curve) small(n uint, a *big.Int) *big.Int {
	return c.mod(new(big.Int).Mul(a, new(big.Int).SetUint64(uint64(n))))
}

func (c *Curve) lift(p Point) jacobian { return jacobian{p.X, p.Y, big.NewInt(1)} }

// drop gives the affine point; of infinity, the point (0, 0).
func (c *Curve) drop(p jacobian) Point {
	inverse := new(big.Int).ModInverse(p.z, c.P)
	if inverse == nil {
		return Point{new(big.Int), new(big.Int)}
	}
	square := c.mul(inverse, inverse)
	return Point{c.mul(p.x, square), c.mul(p.y, c.mul(square, inverse))}
}

// double gives 2p (EFD "dbl-1998-cmo-2", any a).
func (c *Curve) double(p jacobian) jacobian {
	if p.infinite() || p.y.Sign() == 0 {
		return infinity()
	}
	yy := c.mul(p.y, p.y)
	zz := c.mul(p.z, p.z)
	s := c.small(4, c.mul(p.x, yy))
	m := new(big.Int).Add(c.small(3, c.mul(p.x, p.x)), c.mul(c.A, c.mul(zz, zz)))
	c.mod(m)
	x := c.sub(c.mul(m, m), c.small(2, s))
	y := c.sub(c.mul(m, c.sub(s, x)), c.small(8, c.mul(yy, yy)))
	return jacobian{x, y, c.small(2, c.mul(p.y, p.z))}
}

// add gives p + q (EFD "add-1998-cmo-2").
func (c *Curve) add(p, q jacobian) jacobian {
	switch {
	case p.infinite():
		return q
	case q.infinite():
		return p
	}
	pz, qz := c.mul(p.z, p.z), c.mul(q.z, q.z)
	u1, u2 := c.mul(p.x, qz), c.mul(q.x, pz)
	s1, s2 := c.mul(p.y, c.mul(q.z, qz)), c.mul(q.y, c.mul(p.z, pz))
	h, r := c.sub(u2, u1), c.sub(s2, s1)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			return c.double(p)
		}
		return infinity()
	}
	hh := c.mul(h, h)
	hhh := c.mul(h, hh)
	v := c.mul(u1, hh)
	x := c.sub(c.sub(c.mul(r, r), hhh), c.small(2, v))
	y := c.sub(c.mul(r, c.sub(v, x)), c.mul(s1, hhh))
	return jacobian{x, y, c.mul(c.mul(p.z, q.z), h)}
}

// times gives k·p by doubling and adding, from the highest bit down.
func (c *Curve) times(k *big.Int, p jacobian) jacobian {
	sum := infinity()
	for i := k.BitLen() - 1; i >= 0; i-- {
		if sum = c.double(sum); k.Bit(i) == 1 {
			sum = c.add(sum, p)
		}
	}
	return sum
}

// both gives k·p + l·q in one go (Shamir's trick).
func (c *Curve) both(k *big.Int, p jacobian, l *big.Int, q jacobian) jacobian {
	steps := [4]jacobian{infinity(), p, q, c.add(p, q)}
	sum := infinity()
	for i := max(k.BitLen(), l.BitLen()) - 1; i >= 0; i-- {
		sum = c.add(c.double(sum), steps[k.Bit(i)|l.Bit(i)<<1])
	}
	return sum
}
