package pdf417

import "sync"

// modulus is the prime that codewords are counted by; 3 generates the field's multiplicative group.
const (
	modulus   = 929
	generator = 3
)

// field holds powers and logarithms of the generator.
type field struct {
	exp [2 * (modulus - 1)]int
	log [modulus]int
}

var theField = sync.OnceValue(func() *field {
	f := &field{}
	x := 1
	for i := range f.exp {
		f.exp[i] = x
		if i < modulus-1 {
			f.log[x] = i
		}
		x = x * generator % modulus
	}
	return f
})

func (f *field) power(n int) int { return f.exp[n%(modulus-1)] }

// inverse of a, which is not 0.
func (f *field) inverse(a int) int { return f.exp[(modulus-1-f.log[a])%(modulus-1)] }

// poly is a polynomial, the coefficient of the lowest power first. The zero polynomial has no coefficients.
type poly []int

func (p poly) trimmed() poly {
	for len(p) > 0 && p[len(p)-1] == 0 {
		p = p[:len(p)-1]
	}
	return p
}

func (p poly) degree() int { return len(p) - 1 }

// at returns the value of p at x.
func (p poly) at(x int) int {
	value := 0
	for i := len(p) - 1; i >= 0; i-- {
		value = (value*x + p[i]) % modulus
	}
	return value
}

func (p poly) times(q poly) poly {
	if len(p) == 0 || len(q) == 0 {
		return nil
	}
	product := make(poly, len(p)+len(q)-1)
	for i, a := range p {
		for j, b := range q {
			product[i+j] = (product[i+j] + a*b) % modulus
		}
	}
	return product.trimmed()
}

func (p poly) minus(q poly) poly {
	difference := make(poly, max(len(p), len(q)))
	copy(difference, p)
	for i, b := range q {
		difference[i] = (difference[i] - b + modulus) % modulus
	}
	return difference.trimmed()
}

// divided returns quotient and remainder of p by q, which is not zero.
func (p poly) divided(f *field, q poly) (quotient, remainder poly) {
	remainder = append(poly(nil), p...).trimmed()
	lead := f.inverse(q[len(q)-1])
	if len(remainder) >= len(q) {
		quotient = make(poly, len(remainder)-len(q)+1)
	}
	for len(remainder) >= len(q) {
		shift := len(remainder) - len(q)
		factor := remainder[len(remainder)-1] * lead % modulus
		quotient[shift] = factor
		for i, b := range q {
			remainder[shift+i] = (remainder[shift+i] - factor*b%modulus + modulus) % modulus
		}
		remainder = remainder.trimmed()
	}
	return quotient, remainder
}

// derived is the formal derivative of p.
func (p poly) derived() poly {
	if len(p) < 2 {
		return nil
	}
	d := make(poly, len(p)-1)
	for i := range d {
		d[i] = (i + 1) * p[i+1] % modulus
	}
	return d.trimmed()
}
