package pdf417

import (
	"errors"
	"fmt"
)

// Errors of Correct.
var (
	// ErrDamaged says that more codewords are damaged than the symbol can put right.
	ErrDamaged = errors.New("pdf417: too many codewords are damaged")
	// ErrShape says that counts of codewords do not fit each other.
	ErrShape = errors.New("pdf417: codewords do not make a symbol")
)

// maxCodewords is how many codewords a symbol may have.
const maxCodewords = 928

// Correct puts right the damaged codewords of a symbol in place (ISO/IEC 15438 section 5.10 and annex on error
// correction): codewords are its data with, at the end, count (2, 4, 8 … 512) error correction codewords, and erased
// are the places that could not be read at all. It returns how many codewords it changed. Two correction codewords
// stay in reserve to notice what cannot be put right, as the standard wants: erasures + 2 × errors ≤ count − 2. Beyond
// that it fails with ErrDamaged and leaves the codewords as they were.
func Correct(codewords []int, count int, erased []int) (int, error) {
	if count < 2 || count > 512 || count&(count-1) != 0 || len(codewords) <= count || len(codewords) > maxCodewords {
		return 0, fmt.Errorf("%w: %d codewords, %d of them for correction", ErrShape, len(codewords), count)
	}
	for _, c := range codewords {
		if c < 0 || c >= modulus {
			return 0, fmt.Errorf("%w: codeword %d", ErrShape, c)
		}
	}
	missing := make(map[int]bool, len(erased))
	for _, at := range erased {
		if at < 0 || at >= len(codewords) {
			return 0, fmt.Errorf("%w: erasure at %d", ErrShape, at)
		}
		missing[at] = true
	}
	f := theField()
	syndromes := syndromesOf(f, codewords, count)
	if len(syndromes) == 0 {
		return 0, nil
	}
	reserve := count - 2
	if len(missing) > reserve {
		return 0, fmt.Errorf("%w: %d erasures, at most %d", ErrDamaged, len(missing), reserve)
	}
	locator, evaluator, errs := locate(f, syndromes, count, missing, len(codewords))
	if locator == nil || len(missing)+2*errs > reserve {
		return 0, ErrDamaged
	}
	fixed := append([]int(nil), codewords...)
	changed := repair(f, fixed, locator, evaluator)
	if changed < 0 || len(syndromesOf(f, fixed, count)) != 0 {
		return 0, ErrDamaged
	}
	copy(codewords, fixed)
	return changed, nil
}

// syndromesOf evaluates the received polynomial at the generator's powers 1 to count; nil when all are zero.
func syndromesOf(f *field, codewords []int, count int) poly {
	s := make(poly, count)
	for j := range s {
		x, value := f.power(j+1), 0
		for _, c := range codewords {
			value = (value*x + c) % modulus
		}
		s[j] = value
	}
	return s.trimmed()
}

// locate solves the key equation by Euclid's algorithm (Sugiyama) after taking the known erasures out. It returns the
// locator of all damage, its evaluator and how many places besides the erasures are damaged, or nils.
func locate(f *field, syndromes poly, count int, missing map[int]bool, n int) (locator, evaluator poly, errs int) {
	erasures := poly{1}
	for at := range missing {
		erasures = erasures.times(poly{1, modulus - f.power(n-1-at)})
	}
	modified := erasures.times(syndromes)
	modified = modified[:min(len(modified), count)].trimmed()
	before := make(poly, count+1)
	before[count] = 1
	now := modified
	var t0, t1 poly = nil, poly{1}
	for len(now) > 0 && 2*now.degree() >= count+len(missing) {
		quotient, rest := before.divided(f, now)
		before, now = now, rest
		t0, t1 = t1, t0.minus(quotient.times(t1))
	}
	if len(t1) == 0 || t1[0] == 0 {
		return nil, nil, 0
	}
	scale := poly{f.inverse(t1[0])}
	return t1.times(scale).times(erasures), now.times(scale), t1.degree()
}

// repair subtracts the errors in place (Forney) and returns how many codewords changed, or -1 when the locator does
// not have all its roots among the places of the symbol.
func repair(f *field, codewords []int, locator, evaluator poly) int {
	slope := locator.derived()
	roots, changed := 0, 0
	for at := range codewords {
		inverse := f.power((modulus - 1) - (len(codewords)-1-at)%(modulus-1))
		if locator.at(inverse) != 0 {
			continue
		}
		roots++
		below := slope.at(inverse)
		if below == 0 {
			return -1
		}
		// The error is −Ω/Λ′, so it is added back.
		magnitude := evaluator.at(inverse) * f.inverse(below) % modulus
		if magnitude != 0 {
			codewords[at] = (codewords[at] + magnitude) % modulus
			changed++
		}
	}
	if roots != locator.degree() {
		return -1
	}
	return changed
}
