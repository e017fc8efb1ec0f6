package mrz

import (
	"math"
	"sync"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

// shape is where a character's box lies in its cell: its middle off the
// cell's, in pitches to the right and capital heights down, and its height in
// capital heights.
type shape struct{ right, down, height float64 }

// shapes measures the font.
var shapes = sync.OnceValue(func() map[byte]shape {
	const em = 1000
	m := map[byte]shape{}
	face, err := ocrb.Face(em)
	if err != nil {
		return m
	}
	const pitch, capital = em * ocrb.PitchPerPixels, em * ocrb.CapHeight
	for i := range len(glyphnet.Alphabet) {
		b, advance, ok := face.GlyphBounds(rune(glyphnet.Alphabet[i]))
		if !ok || b.Empty() {
			continue
		}
		m[glyphnet.Alphabet[i]] = shape{
			right:  (float64(b.Min.X+b.Max.X)/2 - float64(advance)/2) / 64 / pitch,
			down:   (float64(b.Min.Y+b.Max.Y)/2/64 + capital/2) / capital,
			height: float64(b.Max.Y-b.Min.Y) / 64 / capital,
		}
	}
	return m
})

// refine lays the lines again through the blobs whose characters are known,
// each off its cell's middle by what the font says, and takes the height of
// capitals from theirs. Any of the picture's blobs that lies in a cell counts,
// so that lines which were interrupted or only imagined find their own, and so
// do the characters found by following the line. It reports whether anything was moved.
func (z *zone) refine(g grid, text []string, all []blob, tracked [][]mark) bool {
	moved := false
	var tall []float64
	for row := range text {
		at := row
		if z.turned {
			at = len(z.lines) - 1 - row
		}
		l := z.lines[at]
		marks := append(make([]mark, 0, 2*len(text[row])), tracked[row]...)
		for _, b := range all {
			t, ok := l.cell(b)
			if !ok {
				continue
			}
			column := int(t-z.offset[at]) - g.first
			if z.turned {
				column = -int(t-z.offset[at]) - g.first
			}
			if column < 0 || column >= len(text[row]) || peak(&g.scores[row][column]) < 0.6 {
				continue
			}
			if s, ok := shapes()[text[row][column]]; ok {
				f := l.frame(t, z.turned)
				marks = append(marks, mark{t, b.x - f.RX*s.right - f.DX*s.down, b.y - f.RY*s.right - f.DY*s.down})
				tall = append(tall, l.upstand(b, f)/s.height)
			}
		}
		if c, ok := fit(marks, min(1+len(marks)/6, steepest), l.pitch); ok && len(marks) > 8 {
			l.curve = c
			moved = true
		}
	}
	if len(tall) > 8 {
		height := min(max(quantile(tall, 0.5), 0.7), 1.4)
		for _, l := range z.lines {
			l.tallness = height
		}
	}
	return moved
}

// cell returns the column in whose cell a blob lies, and false when it lies in
// none or is not of a character's size.
func (l *line) cell(b blob) (float64, bool) {
	size := math.Max(b.w, b.h)
	mx, my := l.at(l.middle)
	sx, sy := l.step(l.middle)
	length := sx*sx + sy*sy
	t := l.middle + ((b.x-mx)*sx+(b.y-my)*sy)/length
	off := math.Abs((b.y-my)*sx-(b.x-mx)*sy) / length // in pitches, the bend apart
	if off > 4 || math.Abs(t-l.middle) > longest || size < 0.45*l.pitch || l.wide(b) {
		return 0, false
	}
	for range 3 {
		t = l.toward(t, b.x, b.y)
	}
	column := math.Round(t)
	x, y := l.at(column)
	if math.Abs(t-column) > 0.35 || math.Hypot(b.x-x, b.y-y) > 0.45*l.pitch {
		return 0, false
	}
	return column, true
}

// upstand is the height of a blob in pitches, with the growth of its box by
// the lean of the line taken off.
func (l *line) upstand(b blob, f glyphnet.Frame) float64 {
	length := math.Hypot(f.RX, f.RY)
	cos, sin := math.Abs(f.RX)/length, math.Abs(f.RY)/length
	w, h := b.w, b.h
	if sin > cos {
		w, h, cos, sin = h, w, sin, cos
	}
	return (h*cos - w*sin) / (cos*cos - sin*sin) / l.pitch
}
