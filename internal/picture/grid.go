package picture

import (
	"image"
	"math"
	"slices"
)

const (
	block = 8 // side of the squares that JPEG works in, in pixels
	// faint is as much as a seam between squares differs in grey levels; what differs more is an edge in the picture.
	faint = 10
	// gridLines bounds how many lines of a large picture are looked at in each direction.
	gridLines = 1000
	// mostAskew is how far the two sides of a picture's own grid may differ. Drawn documents and photographs of them, saved once or twice and reduced,
	// stay below 0.06 (see docs/documents.md).
	mostAskew = 0.1
)

// SavedBefore tells whether a picture seems to have been saved as a JPEG, then cut or put into another picture, and saved again: faint seams of the
// first squares lie beside the grid of the second. It is a heuristic. Strength is what it went by, from 0; ok says that it is beyond what pictures show
// that were saved in place. A cut by four pixels, and a first saving as fine as the last, cannot be told. turned says that the picture was turned
// upright after it was decoded.
func SavedBefore(img image.Image, turned bool) (strength float64, ok bool) {
	gray := grayOf(img)
	if size := gray.Rect.Size(); min(size.X, size.Y) < 16*block {
		return 0, false
	}
	columns, rows := seams(gray)
	farX, farY := 0, 0
	if turned {
		farX, farY = gray.Rect.Dx()%block, gray.Rect.Dy()%block
	}
	strength = max(askew(columns, farX), askew(rows, farY))
	return strength, strength > mostAskew
}

// seams measures, for each of the eight places in which the edges of squares can lie, how much neighbouring pixels differ there beyond the slope on
// both sides.
func seams(gray *image.Gray) (columns, rows [block]float64) {
	seam := func(a, b, c, d uint8) float64 {
		step := float64(c) - float64(b)
		slope := (float64(b) - float64(a) + float64(d) - float64(c)) / 2
		return min(faint, math.Abs(step-slope))
	}
	w, h, stride := gray.Rect.Dx(), gray.Rect.Dy(), gray.Stride
	var n [block]float64
	for y := 0; y < h; y += 1 + h/gridLines {
		row := gray.Pix[y*stride : y*stride+w]
		for x := 2; x < w-1; x++ {
			columns[x%block] += seam(row[x-2], row[x-1], row[x], row[x+1])
			n[x%block]++
		}
	}
	for i := range columns {
		columns[i] /= n[i]
	}
	n = [block]float64{}
	for y := 2; y < h-1; y++ {
		for x := 0; x < w; x += 1 + w/gridLines {
			at := y*stride + x
			rows[y%block] += seam(gray.Pix[at-2*stride], gray.Pix[at-stride], gray.Pix[at], gray.Pix[at+stride])
			n[y%block]++
		}
	}
	for i := range rows {
		rows[i] /= n[i]
	}
	return columns, rows
}

// askew tells how unlike the seams on both sides of a picture's own grid are, as a share of what is usual between them. The own grid begins at the edge
// where the squares were begun, which after a turn is the other one: at 0 or at far.
func askew(seams [block]float64, far int) float64 {
	sorted := slices.Sorted(slices.Values(seams[:]))
	usual := (sorted[block/2-1] + sorted[block/2]) / 2
	if usual == 0 {
		usual = faint
	}
	least := math.Inf(1)
	for _, own := range []int{0, far} {
		worst := 0.0
		for k := 1; k < block/2; k++ {
			worst = max(worst, math.Abs(seams[(own+k)%block]-seams[(own+block-k)%block]))
		}
		least = min(least, worst/usual)
	}
	return least
}
