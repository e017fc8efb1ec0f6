package pdf417

import (
	"cmp"
	"image"
	"math"
	"slices"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// hit is a start or stop pattern on one scan line.
type hit struct {
	v      int     // the line
	offset float64 // u where the pattern begins
	unit   float64 // pixels per module along the line
}

// guard is a start or stop pattern over many scan lines: a straight strip that begins at u = offset + slope × v and is
// unit + growth × v pixels per module wide along u.
type guard struct {
	offset, slope float64
	unit, growth  float64
	from, to      float64 // v of the first and the last line it was seen on
	hits          int
}

func (g guard) offsetAt(v float64) float64 { return g.offset + g.slope*v }
func (g guard) unitAt(v float64) float64   { return g.unit + g.growth*v }
func (g guard) middle() float64            { return (g.from + g.to) / 2 }

// found collects the guards of a picture, by way and by whether they are stop patterns.
type found [ways][2][]guard

// guardsOf scans the picture along every step-th row and column.
func guardsOf(m *image.Gray, step int, swing int32) *found {
	var hits [ways][2][]hit
	var edges []scan.Edge
	var back []scan.Edge
	for columns := range 2 {
		length, lines := m.Rect.Dx(), m.Rect.Dy()
		if columns == 1 {
			length, lines = lines, length
		}
		line := make([]int32, length)
		for at := 1; at < lines-1; at += step {
			scan.Line(m, columns == 1, at, line)
			edges = scan.Edges(line, 3*swing, edges[:0])
			if len(edges) < len(startWidths)+1 {
				continue
			}
			back = backwards(edges, length, back[:0])
			forth, rear := way(columns), way(columns+2)
			v, w := at, lines-1-at
			if columns == 1 {
				v, w = w, v // the way down the columns counts them from the right
			}
			for stop, widths := range [][]int{startWidths, stopWidths} {
				hits[forth][stop] = patternsIn(edges, widths, v, hits[forth][stop])
				hits[rear][stop] = patternsIn(back, widths, w, hits[rear][stop])
			}
		}
	}
	all := &found{}
	for k := range hits {
		for stop := range hits[k] {
			all[k][stop] = guardsFrom(hits[k][stop], step)
		}
	}
	return all
}

// backwards returns the edges as seen from the line's other end.
func backwards(edges []scan.Edge, length int, out []scan.Edge) []scan.Edge {
	for i := len(edges) - 1; i >= 0; i-- {
		out = append(out, scan.Edge{At: float64(length) - edges[i].At, Dark: !edges[i].Dark})
	}
	return out
}

// patternsIn appends a hit for each place where the edges are spaced like widths, beginning with a bar.
func patternsIn(edges []scan.Edge, widths []int, v int, hits []hit) []hit {
	total := 0
	for _, w := range widths {
		total += w
	}
	for i := 0; i+len(widths) < len(edges); i++ {
		if !edges[i].Dark {
			continue
		}
		e := edges[i : i+len(widths)+1]
		unit := (e[len(widths)].At - e[0].At) / float64(total)
		if first := (e[1].At - e[0].At) / unit; unit < 1 || math.Abs(first-float64(widths[0])) > 1.3 {
			continue
		}
		if fits(e, widths, unit) {
			offset, unit := straight(e, widths)
			hits = append(hits, hit{v, offset, unit})
		}
	}
	return hits
}

// fits compares distances between like edges (dark to dark, bright to bright), which blur and ink spread leave alone.
func fits(e []scan.Edge, widths []int, unit float64) bool {
	const tolerance, loose = 0.55, 0.9
	for j := 0; j+1 < len(widths); j++ {
		if math.Abs((e[j+2].At-e[j].At)/unit-float64(widths[j]+widths[j+1])) > tolerance {
			return false
		}
	}
	for j, w := range widths {
		if math.Abs((e[j+1].At-e[j].At)/unit-float64(w)) > loose {
			return false
		}
	}
	return true
}

// straight fits offset and unit to all edges of a pattern by least squares.
func straight(e []scan.Edge, widths []int) (offset, unit float64) {
	var n, sx, sy, sxx, sxy float64
	module := 0
	for j := range e {
		x, y := float64(module), e[j].At
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
		if j < len(widths) {
			module += widths[j]
		}
	}
	unit = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return (sy - unit*sx) / n, unit
}

// leastHits is how many scan lines must show a pattern.
const leastHits = 4

// guardsFrom joins hits on neighbouring lines that lie below each other.
func guardsFrom(hits []hit, step int) []guard {
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.v, b.v) })
	var tracks [][]hit
	for _, h := range hits {
		best, nearest := -1, math.Inf(1)
		for i, track := range tracks {
			last := track[len(track)-1]
			dv := float64(h.v - last.v)
			if dv <= 0 || dv > float64(12*step) || math.Abs(h.unit/last.unit-1) > 0.3 {
				continue
			}
			// Up to 45 degrees, and a little for noise.
			if off := math.Abs(h.offset - last.offset); off <= dv+last.unit && off < nearest {
				best, nearest = i, off
			}
		}
		if best >= 0 {
			tracks[best] = append(tracks[best], h)
		} else if len(tracks) < 4000 {
			tracks = append(tracks, []hit{h})
		}
	}
	var guards []guard
	for _, track := range tracks {
		if g, ok := guardOf(track); ok {
			guards = append(guards, g)
		}
	}
	slices.SortStableFunc(guards, func(a, b guard) int { return b.hits - a.hits })
	return guards
}

// guardOf fits a strip to a track, leaving out what does not lie on it.
func guardOf(track []hit) (guard, bool) {
	if len(track) < leastHits {
		return guard{}, false
	}
	var best []hit
	pairs := 0
	for i := range track {
		// Far pairs give the steadiest lines; a few dozen of them suffice.
		j := (i + (len(track)+1)/2) % len(track)
		a, b := track[min(i, j)], track[max(i, j)]
		if a.v == b.v || pairs > 60 {
			continue
		}
		pairs++
		slope := (b.offset - a.offset) / float64(b.v-a.v)
		var near []hit
		for _, h := range track {
			if math.Abs(h.offset-a.offset-slope*float64(h.v-a.v)) < 0.5*h.unit {
				near = append(near, h)
			}
		}
		if len(near) > len(best) {
			best = near
		}
	}
	if len(best) < leastHits {
		return guard{}, false
	}
	g := guard{from: float64(best[0].v) + 0.5, to: float64(best[len(best)-1].v) + 0.5, hits: len(best)}
	var n, sv, svv, so, sov, su, suv float64
	for _, h := range best {
		v := float64(h.v) + 0.5
		n, sv, svv = n+1, sv+v, svv+v*v
		so, sov, su, suv = so+h.offset, sov+v*h.offset, su+h.unit, suv+v*h.unit
	}
	spread := n*svv - sv*sv
	if spread == 0 {
		return guard{}, false
	}
	g.slope, g.growth = (n*sov-sv*so)/spread, (n*suv-sv*su)/spread
	g.offset, g.unit = (so-g.slope*sv)/n, (su-g.growth*sv)/n
	return g, true
}
