package pdf417

import "math"

// point is a place in a picture, in pixels, or in a symbol, in modules and rows.
type point struct{ x, y float64 }

// plane maps places of a symbol (modules from its left edge, rows from its top) to pixels, row by row.
type plane [9]float64

func (p *plane) at(u, v float64) point {
	w := p[6]*u + p[7]*v + p[8]
	return point{(p[0]*u + p[1]*v + p[2]) / w, (p[3]*u + p[4]*v + p[5]) / w}
}

// planeThrough fits a plane to pairs of places, from in the symbol and to in the picture, by least squares. It needs
// four of them that are not in line.
func planeThrough(from, to []point) (plane, bool) {
	if len(from) < 4 {
		return plane{}, false
	}
	shift, back := normal(from)
	shiftTo, backTo := normal(to)
	var a [8][9]float64 // normal equations
	for i := range from {
		u, v := (from[i].x-shift.x)/back, (from[i].y-shift.y)/back
		x, y := (to[i].x-shiftTo.x)/backTo, (to[i].y-shiftTo.y)/backTo
		for _, row := range [2][9]float64{{u, v, 1, 0, 0, 0, -u * x, -v * x, x}, {0, 0, 0, u, v, 1, -u * y, -v * y, y}} {
			for j := range 8 {
				for k := range 9 {
					a[j][k] += row[j] * row[k]
				}
			}
		}
	}
	h, ok := solve(&a)
	if !ok {
		return plane{}, false
	}
	// Undo the shifts and scales: T_to⁻¹ · h · T_from.
	n := plane{h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1}
	var p plane
	for r := range 3 {
		c0, c1 := n[3*r]/back, n[3*r+1]/back
		p[3*r], p[3*r+1], p[3*r+2] = c0, c1, n[3*r+2]-c0*shift.x-c1*shift.y
	}
	for c := range 3 {
		p[c] = backTo*p[c] + shiftTo.x*p[6+c]
		p[3+c] = backTo*p[3+c] + shiftTo.y*p[6+c]
	}
	return p, true
}

// flatThrough fits a plane without perspective to pairs of places by least squares.
func flatThrough(from, to []point) (plane, bool) {
	var n, u, v, uu, uv, vv float64
	var x, y [3]float64 // sums of u·x, v·x, x
	for i, f := range from {
		n, u, v, uu, uv, vv = n+1, u+f.x, v+f.y, uu+f.x*f.x, uv+f.x*f.y, vv+f.y*f.y
		for k, factor := range [3]float64{f.x, f.y, 1} {
			x[k] += factor * to[i].x
			y[k] += factor * to[i].y
		}
	}
	if n < 3 {
		return plane{}, false
	}
	// Cramer's rule about the mean.
	mu, mv := u/n, v/n
	cuu, cuv, cvv := uu-n*mu*mu, uv-n*mu*mv, vv-n*mv*mv
	det := cuu*cvv - cuv*cuv
	if det < 1e-9 {
		return plane{}, false
	}
	var p plane
	for k, sums := range [2][3]float64{x, y} {
		cu, cv := sums[0]-mu*sums[2], sums[1]-mv*sums[2]
		a, b := (cu*cvv-cv*cuv)/det, (cv*cuu-cu*cuv)/det
		p[3*k], p[3*k+1], p[3*k+2] = a, b, sums[2]/n-a*mu-b*mv
	}
	p[8] = 1
	return p, true
}

// normal returns the mean of points and their mean distance from it.
func normal(points []point) (mean point, distance float64) {
	for _, p := range points {
		mean.x += p.x / float64(len(points))
		mean.y += p.y / float64(len(points))
	}
	for _, p := range points {
		distance += math.Hypot(p.x-mean.x, p.y-mean.y) / float64(len(points))
	}
	return mean, max(distance, 1e-9)
}

// solve solves the equations by elimination with pivots.
func solve(a *[8][9]float64) (x [8]float64, ok bool) {
	for i := range 8 {
		pivot := i
		for r := i + 1; r < 8; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[pivot][i]) {
				pivot = r
			}
		}
		if math.Abs(a[pivot][i]) < 1e-12 {
			return x, false
		}
		a[i], a[pivot] = a[pivot], a[i]
		for r := range 8 {
			if r == i {
				continue
			}
			factor := a[r][i] / a[i][i]
			for c := i; c < 9; c++ {
				a[r][c] -= factor * a[i][c]
			}
		}
	}
	for i := range 8 {
		x[i] = a[i][8] / a[i][i]
	}
	return x, true
}
