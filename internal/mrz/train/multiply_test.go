package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Both ways to multiply must give the same bits, or the weights would depend
// on how the trainer was built. Run with GOEXPERIMENT=simd to compare.
func TestMultiplyIsExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 0))
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	for _, s := range [][3]int{{1, 1, 1}, {3, 25, 8}, {5, 7, 38}, {64, 72, 16}, {25, 130, 41}} {
		m, k, n := s[0], s[1], s[2]
		a, b, c := random(m*k), random(k*n), random(m*n)
		want := slices.Clone(c)
		multiplyPlain(want, a, b, m, k, n)
		multiply(c, a, b, m, k, n)
		if !slices.Equal(c, want) {
			t.Errorf("%d by %d by %d differs", m, k, n)
		}
		back := transposed(make([]float32, m*k), transposed(make([]float32, m*k), a, m, k), k, m)
		if !slices.Equal(back, a) {
			t.Errorf("%d by %d turned twice differs", m, k)
		}
	}
}

func BenchmarkMultiply(b *testing.B) {
	const m, k, n = 64 * 24, 72, 16
	x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
	for b.Loop() {
		multiply(z, x, y, m, k, n)
	}
	b.ReportMetric(float64(m*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "G/s")
}
