package main

// multiplyPlain adds the product of a (m by k) and b (k by n) to c (m by n),
// all row by row. The parts of a sum are added in the order of k, so that
// every way to compute it gives the same bits.
func multiplyPlain(c, a, b []float32, m, k, n int) {
	for i := range m {
		row := c[i*n : (i+1)*n]
		for p, v := range a[i*k : (i+1)*k] {
			for j, w := range b[p*n : (p+1)*n] {
				row[j] += v * w
			}
		}
	}
}

// transposed writes a (m by n) into t as n by m and returns it.
func transposed(t, a []float32, m, n int) []float32 {
	t = t[:m*n]
	const tile = 16
	for i0 := 0; i0 < m; i0 += tile {
		for j0 := 0; j0 < n; j0 += tile {
			for i := i0; i < min(i0+tile, m); i++ {
				for j := j0; j < min(j0+tile, n); j++ {
					t[j*m+i] = a[i*n+j]
				}
			}
		}
	}
	return t
}
