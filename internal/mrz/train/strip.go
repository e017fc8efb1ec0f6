package main

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/font"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

// cell is one example to learn.
type cell struct {
	samples glyphnet.Cell
	class   int
}

// The master drawing of a strip: wide enough for its characters and a margin
// of blank paper at both ends.
const (
	masterPitch = 40
	stripChars  = 20
	stripMargin = 1.6 // pitches
	masterW     = int((stripChars + 2*stripMargin) * masterPitch)
	masterH     = 3 * masterPitch
	capital     = masterPitch * ocrb.CapHeight / ocrb.PitchPerPixels
)

// lopsided characters look like no character when turned by 180 degrees. They
// teach the net which way is up.
const lopsided = "347ACDEFGJKLPRTUVY<"

// sizes of type on the fixed pitch: printers differ.
var sizes = [...]float64{0.88, 0.94, 1, 1, 1.05}

// press prints strips of one font.
type press struct {
	faces [len(sizes)]font.Face
}

func newPress(file []byte) (*press, error) {
	p := &press{}
	for i, s := range sizes {
		face, err := ocrb.FaceOf(file, s*masterPitch/ocrb.PitchPerPixels)
		if err != nil {
			return nil, err
		}
		p.faces[i] = face
	}
	return p, nil
}

// cells prints and cuts the given number of strips.
func (p *press) cells(r *rand.Rand, strips int) []cell {
	cells := make([]cell, 0, strips*(stripChars+8))
	for range strips {
		cells = p.strip(r, cells)
	}
	return cells
}

// strip appends the cells of one random strip: each character once, a little
// out of place, and some places where no character stands.
func (p *press) strip(r *rand.Rand, cells []cell) []cell {
	text := randomText(r)
	pitch := 7 * math.Pow(28.0/7, r.Float64())
	size := r.IntN(len(sizes))
	master := p.master(r, text, size)
	damage(r, master)
	picture, frame := spoil(r, master, pitch, sizes[size])
	for i, char := range []byte(text) {
		f := frame(float64(i))
		f = f.Shift(r.NormFloat64()*0.045, r.NormFloat64()*0.035)
		stretch := 1 + r.NormFloat64()*0.03
		f.RX, f.RY = f.RX*stretch, f.RY*stretch
		stretch = 1 + r.NormFloat64()*0.04
		f.DX, f.DY = f.DX*stretch, f.DY*stretch
		cells = appendCell(cells, picture, f, strings.IndexByte(glyphnet.Alphabet, char))
		if r.Float64() < 0.3 {
			cells = appendCell(cells, picture, junkFrame(r, frame, i, char), glyphnet.Junk)
		}
	}
	return cells
}

func appendCell(cells []cell, picture *glyphnet.Plane, f glyphnet.Frame, class int) []cell {
	cells = append(cells, cell{class: class})
	cells[len(cells)-1].samples.Sample(picture, f)
	return cells
}

// junkFrame is a place near character i where none should be read.
func junkFrame(r *rand.Rand, frame func(float64) glyphnet.Frame, i int, char byte) glyphnet.Frame {
	kind := r.IntN(5)
	switch {
	case kind == 0 && strings.IndexByte(lopsided, char) >= 0:
		f := frame(float64(i))
		f.RX, f.RY, f.DX, f.DY = -f.RX, -f.RY, -f.DX, -f.DY
		return f
	case kind == 1:
		return frame(float64(i)).Shift(0, sign(r)*(0.4+0.6*r.Float64()))
	case kind == 2:
		// The blank paper beyond either end.
		if r.IntN(2) == 0 {
			return frame(-0.75 - 0.6*r.Float64())
		}
		return frame(stripChars - 0.25 + 0.6*r.Float64())
	case kind == 3:
		// Several characters taken for one, or part of one.
		f := frame(float64(i))
		scale := 2 + r.Float64()
		if r.IntN(2) == 0 {
			scale = 0.35 + 0.2*r.Float64()
		}
		f.RX, f.RY, f.DX, f.DY = f.RX*scale, f.RY*scale, f.DX*scale, f.DY*scale
		return f
	default:
		return frame(float64(i) + sign(r)*(0.35+0.15*r.Float64()))
	}
}

func sign(r *rand.Rand) float64 { return float64(2*r.IntN(2) - 1) }

// randomText is characters in no order, with runs of fillers as in a zone.
func randomText(r *rand.Rand) string {
	b := make([]byte, stripChars)
	for i := range b {
		filler := 0.1
		if i > 0 && b[i-1] == '<' {
			filler = 0.45
		}
		b[i] = ocrb.Alphabet[r.IntN(36)]
		if r.Float64() < filler {
			b[i] = '<'
		}
	}
	return string(b)
}

// master draws the text large as ink cover 0..1, its strokes made thinner or
// thicker by a blur and a threshold, as ink spreads on paper.
func (p *press) master(r *rand.Rand, text string, size int) []float32 {
	m := image.NewGray(image.Rect(0, 0, masterW, masterH))
	// Half a capital above the middle of the strip is the top of the line.
	base := masterH/2 + capital*sizes[size]/2
	ocrb.DrawLineFace(m, p.faces[size], text, stripMargin*masterPitch, base, masterPitch, color.White)
	cover := make([]float32, len(m.Pix))
	for i, v := range m.Pix {
		cover[i] = float32(v) / 255
	}
	blurGauss(cover, masterW, masterH, 1.2+1.2*r.Float64())
	level := float32(0.22 + 0.5*r.Float64())
	for i, v := range cover {
		cover[i] = min(max((v-level)*4+0.5, 0), 1)
	}
	return cover
}
