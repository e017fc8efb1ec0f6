package mrz

import (
	"cmp"
	"math"
	"slices"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// How lines lie under each other, in pitches. Doc 9303 prints them 4.2 to
// 6.4 mm apart at a pitch of 2.54 mm; perspective stretches that.
const (
	nearest  = 1.15
	farthest = 3.3
)

// zone is two or three lines that may be a machine readable zone.
type zone struct {
	lines  []*line
	offset []float64 // column of each line under column 0 of the first
	blobs  int       // that support it
	turned bool      // reads from the other end
}

// below says how many pitches b lies below a, and which column of b lies
// under the middle of a.
func below(a, b *line) (distance, column float64) {
	mx, my := a.at(a.middle)
	column = b.middle
	for range 4 {
		column = b.toward(column, mx, my)
	}
	x, y := b.at(column)
	length := math.Hypot(a.downX, a.downY)
	return ((x-mx)*a.downX + (y-my)*a.downY) / (length * a.pitch), column
}

// alike reports whether two lines have the direction and size of one zone.
func alike(a, b *line) bool {
	if max(a.pitch, b.pitch) > 1.2*min(a.pitch, b.pitch) || max(a.tallness, b.tallness) > 1.45*min(a.tallness, b.tallness) {
		return false
	}
	ax, ay := a.step(a.middle)
	bx, by := b.step(b.middle)
	return math.Abs(ax*by-ay*bx) < 0.1*a.pitch*b.pitch
}

// zones groups lines, best supported first.
func zones(lines []*line) []*zone {
	var found []*zone
	for i, a := range lines {
		for j, b := range lines {
			if i == j || !alike(a, b) {
				continue
			}
			gap, column := below(a, b)
			if gap < nearest || gap > 2*farthest || math.Abs(column-b.middle) > 22 {
				continue
			}
			if gap > farthest {
				found = append(found, withMiddle(a, b))
				continue
			}
			found = append(found, newZone(a, b))
			found = append(found, threes(a, b, gap, lines)...)
		}
	}
	slices.SortStableFunc(found, func(a, b *zone) int { return cmp.Compare(b.blobs, a.blobs) })
	return found
}

// threes completes two neighbouring lines to the three of a card, with a line
// that was found or, where there is none, with one imagined at either side.
func threes(a, b *line, gap float64, lines []*line) []*zone {
	var found []*zone
	for _, c := range lines {
		if c == a || c == b || !alike(b, c) {
			continue
		}
		if next, column := below(b, c); math.Abs(next-gap) < 0.3*gap && math.Abs(column-c.middle) < 22 {
			found = append(found, newZone(a, b, c))
		}
	}
	if len(found) == 0 && max(a.high-a.low, b.high-b.low) < 33 {
		ax, ay := a.at(a.middle)
		_, column := below(a, b)
		bx, by := b.at(column)
		found = append(found, newZone(a, b, b.moved(bx-ax, by-ay)), newZone(a.moved(ax-bx, ay-by), a, b))
	}
	return found
}

// withMiddle imagines the second of three lines.
func withMiddle(a, b *line) *zone {
	ax, ay := a.at(a.middle)
	_, column := below(a, b)
	bx, by := b.at(column)
	return newZone(a, a.moved((bx-ax)/2, (by-ay)/2), b)
}

// newZone aligns the columns of its lines, which all begin at one left edge.
func newZone(lines ...*line) *zone {
	z := &zone{offset: make([]float64, len(lines))}
	for _, l := range lines {
		// The same line may stand in several zones with other offsets.
		own := *l
		z.lines = append(z.lines, &own)
		z.blobs += len(l.blobs)
	}
	top := lines[0]
	for i, l := range lines {
		if i > 0 {
			_, column := below(top, l)
			z.offset[i] = math.Round(column - top.middle)
		}
	}
	z.lean()
	return z
}

// lean takes the direction of the columns from how the lines lie under each
// other: in perspective it is not square to the lines.
func (z *zone) lean() {
	first, last := z.lines[0], z.lines[len(z.lines)-1]
	shift := z.offset[len(z.offset)-1]
	x0, y0 := first.at(first.middle)
	x1, y1 := last.at(first.middle + shift)
	length := math.Hypot(x1-x0, y1-y0)
	if length == 0 {
		return
	}
	for _, l := range z.lines {
		l.downX, l.downY = (x1-x0)/length*l.pitch, (y1-y0)/length*l.pitch
	}
	tall := 0.0
	counted := 0.0
	for _, l := range z.lines {
		tall += l.tallness * float64(len(l.blobs))
		counted += float64(len(l.blobs))
	}
	for _, l := range z.lines {
		l.tallness = tall / max(counted, 1)
	}
}

// extent is the first and last column any line has a blob in, in columns of
// the first line as read.
func (z *zone) extent() (low, high int) {
	l, h := math.Inf(1), math.Inf(-1)
	for i, line := range z.lines {
		if !line.imagined {
			l, h = min(l, line.low-z.offset[i]), max(h, line.high-z.offset[i])
		}
	}
	if z.turned {
		l, h = -h, -l
	}
	return int(math.Round(l)), int(math.Round(h))
}

// place is the line and its column at a row and column counted as read.
func (z *zone) place(row, column int) (line int, t float64) {
	if z.turned {
		row = len(z.lines) - 1 - row
		column = -column
	}
	return row, float64(column) + z.offset[row]
}

// frame is the cell of a column, counted as read, in pixels of the picture.
func (z *zone) frame(row, column int) glyphnet.Frame {
	line, t := z.place(row, column)
	return z.lines[line].frame(t, z.turned)
}
