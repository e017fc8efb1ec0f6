// Package scan cuts lines of pixels into bars and spaces, where readers of printed codes begin.
//
// A line of a picture ([Line]) becomes a list of edges ([Edges]) to a fraction of a pixel, without a threshold for the
// whole picture, so that shade and glare beside a code do not matter.
package scan

import "image"

// Line fills line, as long as the picture is wide (or high, for columns), with the sum of three neighbouring lines of
// pixels, of which at is the middle one: 1 to height − 2 (or width − 2). The picture's bounds begin at 0.
func Line(m *image.Gray, columns bool, at int, line []int32) {
	if columns {
		for y := range line {
			p := m.Pix[y*m.Stride+at-1 : y*m.Stride+at+2]
			line[y] = int32(p[0]) + int32(p[1]) + int32(p[2])
		}
		return
	}
	a, b, c := m.Pix[(at-1)*m.Stride:], m.Pix[at*m.Stride:], m.Pix[(at+1)*m.Stride:]
	a, b, c = a[:len(line)], b[:len(line)], c[:len(line)]
	for x := range line {
		line[x] = int32(a[x]) + int32(b[x]) + int32(c[x])
	}
}

// Step is how many lines apart a picture should be scanned: every third of a small one, and in a large one, where codes
// are large too or else were found when it was shrunk, fewer.
func Step(m *image.Gray) int {
	const side = 1800
	return 3 * max(1, (max(m.Rect.Dx(), m.Rect.Dy())+side/2)/side)
}

// Edge is where a line goes from bright to dark or back.
type Edge struct {
	At   float64 // pixels from the line's beginning
	Dark bool    // dark after it
}

// Edges cuts a line into bars and spaces: between a peak and a valley that differ by at least swing lies an edge,
// where the line passes half of their difference. It appends to edges.
func Edges(line []int32, swing int32, edges []Edge) []Edge {
	const (
		unknown = iota
		rising
		falling
	)
	state, highAt, lowAt := unknown, 0, 0
	valley, peak := -1, -1 // the last ones that are certain
	for i, v := range line {
		if state != falling && v > line[highAt] {
			highAt = i
		}
		if state != rising && v < line[lowAt] {
			lowAt = i
		}
		switch {
		case state != falling && line[highAt]-v >= swing:
			if valley >= 0 {
				edges = append(edges, Edge{crossing(line, valley, highAt), false})
			}
			state, peak, lowAt = falling, highAt, i
		case state != rising && v-line[lowAt] >= swing:
			if peak >= 0 {
				edges = append(edges, Edge{crossing(line, peak, lowAt), true})
			}
			state, valley, highAt = rising, lowAt, i
		}
	}
	switch {
	case state == rising && valley >= 0:
		edges = append(edges, Edge{crossing(line, valley, highAt), false})
	case state == falling && peak >= 0:
		edges = append(edges, Edge{crossing(line, peak, lowAt), true})
	}
	return edges
}

// crossing returns where the line from one extreme to the next passes half of their difference, as seen from pixel
// edges: the middle of pixel i is i + 0.5.
func crossing(line []int32, from, to int) float64 {
	half := float64(line[from]+line[to]) / 2
	up := line[to] > line[from]
	for i := from; i < to; i++ {
		a, b := float64(line[i]), float64(line[i+1])
		if (up && b >= half) || (!up && b <= half) {
			if a == b {
				return float64(i) + 1
			}
			return float64(i) + 0.5 + (half-a)/(b-a)
		}
	}
	return float64(to) + 0.5
}

// Brightness returns the brightness, 0 to 255, of a picture whose bounds begin at 0 at a place, between pixels in proportion; beyond the edge it is that of
// the edge.
func Brightness(m *image.Gray, x, y float64) float32 {
	x, y = x-0.5, y-0.5
	w, h := m.Rect.Dx(), m.Rect.Dy()
	// Written so that what is not a number becomes 0.
	if !(x > 0) {
		x = 0
	}
	if !(y > 0) {
		y = 0
	}
	x, y = min(x, float64(w-1)), min(y, float64(h-1))
	ix, iy := int(x), int(y)
	fx, fy := float32(x-float64(ix)), float32(y-float64(iy))
	jx, jy := min(ix+1, w-1), min(iy+1, h-1)
	a, b := m.Pix[iy*m.Stride:], m.Pix[jy*m.Stride:]
	top := float32(a[ix])*(1-fx) + float32(a[jx])*fx
	low := float32(b[ix])*(1-fx) + float32(b[jx])*fx
	return top*(1-fy) + low*fy
}
