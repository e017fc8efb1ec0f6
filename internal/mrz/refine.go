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
// capitals from theirs. It reports whether anything was moved.
func (z *zone) refine(g grid, text []string) bool {
	known := shapes()
	moved := false
	var tall []float64
	for row := range text {
		at := row
		if z.turned {
			at = len(z.lines) - 1 - row
		}
		l := z.lines[at]
		marks := make([]mark, 0, len(l.blobs))
		for i, b := range l.blobs {
			t := math.Round(l.columns[i])
			column := int(t-z.offset[at]) - g.first
			if z.turned {
				column = -int(t-z.offset[at]) - g.first
			}
			if column < 0 || column >= len(text[row]) || l.wide(b) || math.Abs(l.columns[i]-t) > 0.35 {
				continue
			}
			s, ok := known[text[row][column]]
			if !ok || peak(&g.scores[row][column]) < 0.6 {
				continue
			}
			f := l.frame(t, z.turned)
			marks = append(marks, mark{t, b.x - f.RX*s.right - f.DX*s.down, b.y - f.RY*s.right - f.DY*s.down})
			tall = append(tall, l.upstand(b, f)/s.height)
		}
		if c, ok := fit(marks, l.degree(), l.pitch); ok && len(marks) > 8 {
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
