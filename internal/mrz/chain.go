package mrz

import (
	"cmp"
	"math"
	"slices"
)

// How blobs join into chains. Distances are in heights of the blob.
const (
	reach     = 2.7  // to the next blob, at most
	lean      = 0.36 // rise per run of a line, about 20 degrees
	sameSize  = 1.6  // heights of neighbours, larger over smaller
	fewest    = 10   // blobs of a chain
	longest   = 80   // characters of a chain
	bridge    = 7    // pitches a chain may be interrupted for
	evenShare = 0.5  // part of the gaps that must be a whole number of pitches
)

// chain is blobs of one text line from left to right.
type chain struct {
	blobs []blob
	pitch float64 // median distance of neighbours
	size  float64 // typical height of a blob
}

func (c *chain) first() blob { return c.blobs[0] }
func (c *chain) last() blob  { return c.blobs[len(c.blobs)-1] }

// slope is rise over run between the ends, or of the part near one end.
func slope(blobs []blob) float64 {
	a, b := blobs[0], blobs[len(blobs)-1]
	if b.x == a.x {
		return 0
	}
	return (b.y - a.y) / (b.x - a.x)
}

// measure fills in pitch and size.
func (c *chain) measure() {
	gaps := make([]float64, 0, len(c.blobs))
	sizes := make([]float64, 0, len(c.blobs))
	for i, b := range c.blobs {
		sizes = append(sizes, b.h)
		if i > 0 {
			gaps = append(gaps, math.Hypot(b.x-c.blobs[i-1].x, b.y-c.blobs[i-1].y))
		}
	}
	c.size = quantile(sizes, 0.5)
	c.pitch = quantile(gaps, 0.4)
}

// even reports whether most gaps are a whole number of pitches, as in type
// with a fixed pitch and not in prose.
func (c *chain) even() bool {
	if c.pitch < 0.5*c.size || c.pitch > 2.2*c.size {
		return false
	}
	whole := 0
	for i := 1; i < len(c.blobs); i++ {
		gap := math.Hypot(c.blobs[i].x-c.blobs[i-1].x, c.blobs[i].y-c.blobs[i-1].y) / c.pitch
		if math.Abs(gap-math.Round(gap)) < 0.26 && gap > 0.5 {
			whole++
		}
	}
	return float64(whole) >= evenShare*float64(len(c.blobs)-1)
}

// quantile sorts v and returns its q-th part, 0 for none.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(q*float64(len(v)-1)+0.5)]
}

// chains joins blobs into lines that run from left to right and keeps those
// that look like a zone's.
func chains(blobs []blob) []*chain {
	blobs = slices.Clone(blobs)
	slices.SortFunc(blobs, func(a, b blob) int { return cmp.Compare(a.x, b.x) })
	next, previous := neighbours(blobs)
	var parts []*chain
	for i := range blobs {
		if previous[i] >= 0 {
			continue
		}
		c := &chain{}
		for k := i; k >= 0; k = next[k] {
			c.blobs = append(c.blobs, blobs[k])
		}
		if len(c.blobs) >= 3 {
			c.measure()
			parts = append(parts, c)
		}
	}
	var lines []*chain
	for _, c := range bridged(parts) {
		c.measure()
		if len(c.blobs) >= fewest && len(c.blobs) <= 2*longest && c.even() {
			lines = append(lines, c)
		}
	}
	return lines
}

// neighbours finds for each blob, in order of x, the one that follows it on
// its line, where the two choose each other.
func neighbours(blobs []blob) (next, previous []int) {
	next, right := make([]int, len(blobs)), make([]int, len(blobs))
	previous = make([]int, len(blobs))
	left := make([]float64, len(blobs)) // cost of the best from the left
	for i := range blobs {
		next[i], right[i], previous[i], left[i] = -1, -1, -1, math.Inf(1)
	}
	strips := newStrips(blobs)
	for i := range blobs {
		best := math.Inf(1)
		strips.after(i, func(j int) {
			cost, ok := distance(blobs[i], blobs[j])
			if !ok {
				return
			}
			if cost < best {
				best, right[i] = cost, j
			}
			if cost < left[j] {
				left[j], previous[j] = cost, i
			}
		})
	}
	for i := range blobs {
		if j := right[i]; j >= 0 && previous[j] == i {
			next[i] = j
		}
	}
	for j, i := range previous {
		if i >= 0 && next[i] != j {
			previous[j] = -1
		}
	}
	return next, previous
}

// distance is the cost of b following a on a line, and whether it can.
func distance(a, b blob) (float64, bool) {
	dx, dy := b.x-a.x, math.Abs(b.y-a.y)
	size := max(a.h, b.h)
	if dx < 0.25*size || dx > reach*size || size > sameSize*min(a.h, b.h) || dy > lean*dx+0.18*size {
		return 0, false
	}
	if max(a.w, b.w) > 3.2*size {
		return 0, false
	}
	return dx + 2*dy + size - min(a.h, b.h), true
}

// strips sorts blobs into horizontal strips, so that only near ones are asked.
type strips struct {
	blobs  []blob
	height float64
	low    float64
	rows   [][]int // indices in order of x
}

func newStrips(blobs []blob) *strips {
	s := &strips{blobs: blobs}
	if len(blobs) == 0 {
		return s
	}
	heights := make([]float64, len(blobs))
	high := blobs[0].y
	s.low = high
	for i, b := range blobs {
		heights[i] = b.h
		s.low, high = min(s.low, b.y), max(high, b.y)
	}
	s.height = max(quantile(heights, 0.5), (high-s.low)/4096, 1)
	s.rows = make([][]int, int((high-s.low)/s.height)+1)
	for i, b := range blobs {
		row := int((b.y - s.low) / s.height)
		s.rows[row] = append(s.rows[row], i)
	}
	return s
}

// after calls f for blobs right of blob i that may be within reach.
func (s *strips) after(i int, f func(j int)) {
	b := s.blobs[i]
	far := reach * b.h * sameSize
	tall := lean*far + 0.18*b.h*sameSize
	from := max(int((b.y-tall-s.low)/s.height), 0)
	to := min(int((b.y+tall-s.low)/s.height), len(s.rows)-1)
	for _, row := range s.rows[from : to+1] {
		start, _ := slices.BinarySearch(row, i+1)
		for _, j := range row[start:] {
			if s.blobs[j].x > b.x+far {
				break
			}
			f(j)
		}
	}
}

// bridged joins parts of one line that are interrupted, by glare, a broken
// character or a blob that belongs to something else.
func bridged(parts []*chain) []*chain {
	slices.SortFunc(parts, func(a, b *chain) int { return cmp.Compare(a.first().x, b.first().x) })
	gone := make([]bool, len(parts))
	var whole []*chain
	for i, a := range parts {
		if gone[i] {
			continue
		}
		for {
			best, bestGap := -1, math.Inf(1)
			for j := i + 1; j < len(parts); j++ {
				if parts[j].first().x > a.last().x+bridge*a.pitch {
					break
				}
				if gap, ok := follows(a, parts[j]); ok && !gone[j] && gap < bestGap {
					best, bestGap = j, gap
				}
			}
			if best < 0 {
				break
			}
			gone[best] = true
			a = &chain{blobs: append(slices.Clone(a.blobs), parts[best].blobs...)}
			a.measure()
		}
		whole = append(whole, a)
	}
	return whole
}

// follows says how far b begins behind the end of a, and whether b can be the
// same line going on.
func follows(a, b *chain) (float64, bool) {
	gap := b.first().x - a.last().x
	if gap <= 0.3*a.pitch || gap > bridge*max(a.pitch, b.pitch) || max(a.size, b.size) > 1.4*min(a.size, b.size) {
		return 0, false
	}
	// The end of the longer part says best where the line should go on.
	tail, head := a.blobs[max(0, len(a.blobs)-10):], b.blobs[:min(10, len(b.blobs))]
	rise := slope(tail)
	if len(head) > len(tail) {
		rise = slope(head)
	}
	off := b.first().y - a.last().y - rise*gap
	return gap, math.Abs(off) < 0.35*a.size+0.03*gap
}
