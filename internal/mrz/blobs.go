package mrz

import (
	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// blob is a connected dark patch, in pixels of the whole picture.
type blob struct {
	x, y float64 // centre of its box
	w, h float64 // its box
}

// darkness says for each pixel how much darker it is than its surroundings, as
// a part of their brightness, so that it means the same in light and shade.
func darkness(p *glyphnet.Plane) []byte {
	radius := max(8, max(p.W, p.H)/60)
	columns := make([]uint32, p.W) // sums of the rows in reach
	dark := make([]byte, p.W*p.H)
	var relative [256]uint32
	for mean := range relative {
		relative[mean] = uint32(255 << 8 / (mean + 16))
	}
	add := func(y int) {
		for x, v := range p.Pix[y*p.Stride:][:p.W] {
			columns[x] += uint32(v)
		}
	}
	for y := range min(radius, p.H) {
		add(y)
	}
	for y := range p.H {
		if y+radius < p.H {
			add(y + radius)
		}
		if gone := y - radius - 1; gone >= 0 {
			for x, v := range p.Pix[gone*p.Stride:][:p.W] {
				columns[x] -= uint32(v)
			}
		}
		rows := min(y+radius, p.H-1) - max(y-radius, 0) + 1
		darkRow(dark[y*p.W:(y+1)*p.W], p.Pix[y*p.Stride:][:p.W], columns, radius, rows, &relative)
	}
	return dark
}

// darkRow slides over one row with the sums of its columns.
func darkRow(out, pix []byte, columns []uint32, radius, rows int, relative *[256]uint32) {
	w := len(out)
	var sum uint32
	for x := range min(radius, w) {
		sum += columns[x]
	}
	inverse := float32(0)
	count := 0
	for x := range out {
		if x+radius < w {
			sum += columns[x+radius]
		}
		if gone := x - radius - 1; gone >= 0 {
			sum -= columns[gone]
		}
		if n := (min(x+radius, w-1) - max(x-radius, 0) + 1) * rows; n != count {
			count, inverse = n, 1/float32(n)
		}
		mean := uint32(float32(sum)*inverse) & 255
		if v := uint32(pix[x]); v < mean {
			out[x] = byte(((mean - v) * relative[mean]) >> 8)
		}
	}
}

// threshold is Otsu's over the darkness that is there at all, with a floor
// against the grain of a picture that holds little.
func threshold(dark []byte) int {
	const floor = 14
	var histogram [256]int
	for _, v := range dark {
		histogram[v]++
	}
	var total, sum float64
	for v := 1; v < 256; v++ {
		total += float64(histogram[v])
		sum += float64(v * histogram[v])
	}
	var below, belowSum, best float64
	at := floor
	for v := 1; v < 256; v++ {
		below += float64(histogram[v])
		belowSum += float64(v * histogram[v])
		if below == 0 || below == total {
			continue
		}
		difference := belowSum/below - (sum-belowSum)/(total-below)
		if between := below * (total - below) * difference * difference; between > best {
			best, at = between, v
		}
	}
	return max(at, floor)
}

// run is a stretch of dark pixels in a row, [from, to).
type run struct {
	from, to int32
	label    int32
}

// box is the extent of a connected patch, in pixels, ends included.
type box struct{ x0, y0, x1, y1 int32 }

// labeller joins runs that touch, with union-find over labels.
type labeller struct {
	parent []int32
	boxes  []box
}

func (l *labeller) find(a int32) int32 {
	for l.parent[a] != a {
		l.parent[a] = l.parent[l.parent[a]]
		a = l.parent[a]
	}
	return a
}

func (l *labeller) join(a, b int32) int32 {
	a, b = l.find(a), l.find(b)
	if a == b {
		return a
	}
	if b < a {
		a, b = b, a
	}
	l.parent[b] = a
	p, q := &l.boxes[a], l.boxes[b]
	*p = box{min(p.x0, q.x0), min(p.y0, q.y0), max(p.x1, q.x1), max(p.y1, q.y1)}
	return a
}

// add places a run below the runs of the row above, which are in order, and
// returns it with its label.
func (l *labeller) add(r run, y int32, above []run) run {
	r.label = -1
	for _, a := range above {
		if a.from > r.to {
			break
		}
		// Patches also join over a corner.
		if a.to < r.from {
			continue
		}
		if r.label < 0 {
			r.label = l.find(a.label)
			b := &l.boxes[r.label]
			b.x0, b.x1, b.y1 = min(b.x0, r.from), max(b.x1, r.to-1), y
		} else {
			r.label = l.join(r.label, a.label)
		}
	}
	if r.label < 0 {
		r.label = int32(len(l.parent))
		l.parent = append(l.parent, r.label)
		l.boxes = append(l.boxes, box{r.from, y, r.to - 1, y})
	}
	return r
}

// patches returns the boxes of the connected patches darker than level.
func patches(dark []byte, w, level int) []box {
	l := &labeller{}
	var above, here []run
	for y := 0; y*w < len(dark); y++ {
		row := dark[y*w : (y+1)*w]
		here = here[:0]
		start := 0 // of what in the row above may still touch
		for x := 0; x < w; x++ {
			if int(row[x]) <= level {
				continue
			}
			r := run{from: int32(x)}
			for x < w && int(row[x]) > level {
				x++
			}
			r.to = int32(x)
			for start < len(above) && above[start].to < r.from {
				start++
			}
			here = append(here, l.add(r, int32(y), above[start:]))
		}
		above, here = here, above
	}
	boxes := l.boxes[:0]
	for i, b := range l.boxes {
		if l.parent[i] == int32(i) {
			boxes = append(boxes, b)
		}
	}
	return boxes
}

// characters keeps the patches that may be one character, or a few run
// together, and gives them in pixels of the whole picture, of which the plane
// has one in scale.
func characters(boxes []box, w, h int, scale float64) []blob {
	const smallest = 6 // pixels
	largest := float64(min(w, h)) / 8
	var blobs []blob
	for _, b := range boxes {
		bw, bh := float64(b.x1-b.x0+1), float64(b.y1-b.y0+1)
		long, short := max(bw, bh), min(bw, bh)
		if long < smallest || short > largest || long > 4*largest || long > 12*short {
			continue
		}
		blobs = append(blobs, blob{
			x: (float64(b.x0+b.x1)/2+0.5)*scale - 0.5, y: (float64(b.y0+b.y1)/2+0.5)*scale - 0.5,
			w: bw * scale, h: bh * scale,
		})
	}
	return blobs
}
