package pdf417_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher/internal/barcode/pdf417"
)

// The data codewords and their correction codewords at level 2, by another implementation (github.com/boombuler/barcode).
var (
	known       = []int{16, 902, 1, 278, 827, 900, 295, 902, 2, 326, 823, 544, 900, 149, 900, 900}
	knownCheck  = []int{628, 715, 393, 299, 863, 601, 169, 708}
	knownCheck4 = []int{
		281, 156, 276, 668, 44, 252, 877, 30, 549, 856, 773, 639, 420, 330, 693, 329, 283, 723, 480, 482, 102, 925, 535, 892, 374, 472, 837,
		331, 343, 608, 390, 364,
	}
)

// damage changes n codewords at chosen places, those of erasures among them.
func damage(t *rapid.T, codewords []int, errs, erasures int) (damaged, erased []int) {
	damaged = slices.Clone(codewords)
	places := rapid.Permutation(indices(len(codewords))).Draw(t, "places")[:errs+erasures]
	for i, at := range places {
		if i >= erasures {
			damaged[at] = (damaged[at] + rapid.IntRange(1, 928).Draw(t, "error")) % 929
			continue
		}
		damaged[at] = rapid.IntRange(0, 928).Draw(t, "erasure")
		erased = append(erased, at)
	}
	return damaged, erased
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestCorrectUpToTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		check := rapid.SampledFrom([][]int{knownCheck, knownCheck4}).Draw(t, "check")
		want := append(slices.Clone(known), check...)
		erasures := rapid.IntRange(0, len(check)-2).Draw(t, "erasures")
		errs := rapid.IntRange(0, (len(check)-2-erasures)/2).Draw(t, "errors")
		got, erased := damage(t, want, min(errs, len(want)-erasures), min(erasures, len(want)))
		if _, err := pdf417.Correct(got, len(check), erased); err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, %v", got, err)
		}
	})
}

func TestCorrectBeyondTheLimit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	want := append(slices.Clone(known), knownCheck4...)
	for range 300 {
		got := slices.Clone(want)
		for _, at := range r.Perm(len(want))[:17] {
			got[at] = (got[at] + 1 + r.IntN(928)) % 929
		}
		before := slices.Clone(got)
		if _, err := pdf417.Correct(got, len(knownCheck4), nil); !errors.Is(err, pdf417.ErrDamaged) || !slices.Equal(got, before) {
			t.Fatalf("17 errors with 32 correction codewords: %v", err)
		}
	}
}

func TestCorrectRefuses(t *testing.T) {
	t.Parallel()
	whole := append(slices.Clone(known), knownCheck...)
	for name, test := range map[string]struct {
		codewords []int
		count     int
		erased    []int
		want      error
	}{
		"no codewords":        {nil, 8, nil, pdf417.ErrShape},
		"nothing but check":   {whole[:8], 8, nil, pdf417.ErrShape},
		"an odd count":        {whole, 7, nil, pdf417.ErrShape},
		"too many codewords":  {make([]int, 929), 8, nil, pdf417.ErrShape},
		"codeword 929":        {append([]int{929}, whole...), 8, nil, pdf417.ErrShape},
		"an erasure outside":  {whole, 8, []int{len(whole)}, pdf417.ErrShape},
		"too many erasures":   {append([]int{1}, whole[1:]...), 8, []int{0, 1, 2, 3, 4, 5, 6}, pdf417.ErrDamaged},
		"one error, no spare": {[]int{2, 5, 3, 4}, 2, nil, pdf417.ErrDamaged},
	} {
		if _, err := pdf417.Correct(slices.Clone(test.codewords), test.count, test.erased); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzCorrect sees that whatever comes back as corrected is a symbol without errors, and that nothing panics.
func FuzzCorrect(f *testing.F) {
	f.Add([]byte{16, 3, 120, 4, 9, 77, 5}, uint8(1), []byte{2})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, uint8(2), []byte{})
	f.Fuzz(func(t *testing.T, data []byte, level uint8, erased []byte) {
		codewords := make([]int, 0, len(data))
		for i, b := range data {
			codewords = append(codewords, int(b)*(1+i%5)%1000)
		}
		places := make([]int, 0, len(erased))
		for _, b := range erased {
			places = append(places, int(b))
		}
		count := 2 << (level % 10)
		if _, err := pdf417.Correct(codewords, count, places); err != nil {
			return
		}
		if changed, err := pdf417.Correct(codewords, count, nil); err != nil || changed != 0 {
			t.Fatalf("corrected codewords are corrected again: %d, %v", changed, err)
		}
	})
}
