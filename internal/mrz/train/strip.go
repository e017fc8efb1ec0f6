package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/image/font"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

// cell is one example to learn, its samples in 32nds of the deviation.
type cell struct {
	samples [glyphnet.Width * glyphnet.Height]uint8
	class   int
}

func (c *cell) pack(from *glyphnet.Cell) {
	for i, v := range from {
		c.samples[i] = uint8(min(max(v*32+128.5, 0), 255))
	}
}

func (c *cell) unpack(into *glyphnet.Cell) {
	for i, v := range c.samples {
		into[i] = (float32(v) - 128) / 32
	}
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

// strip is one on its way from the press to the camera.
type strip struct {
	text  string
	pitch float64 // in pixels of the picture
	size  float64 // of the type on the pitch
	cover []float32
}

// printCells prints and cuts the given number of strips of a font, on all
// processors. Each
// strip has a seed of its own, so that their order does not matter.
func printCells(file []byte, seed uint64, strips int) ([]cell, error) {
	each := make([][]cell, strips)
	var next atomic.Int64
	var work sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		// A face must not be used by two at once.
		own, err := newPress(file)
		if err != nil {
			return nil, err
		}
		work.Go(func() {
			for i := int(next.Add(1)) - 1; i < strips; i = int(next.Add(1)) - 1 {
				each[i] = own.strip(rand.New(rand.NewPCG(seed, uint64(i))), nil)
			}
		})
	}
	work.Wait()
	return slices.Concat(each...), nil
}

// strip appends the cells of one random strip: each character once, a little
// out of place, and some places where no character stands.
func (p *press) strip(r *rand.Rand, cells []cell) []cell {
	text, foreign := randomText(r), r.Float64() < 0.06
	if foreign {
		text = foreignText(r)
	}
	pitch := 6 * math.Pow(28.0/6, r.Float64())
	size := r.IntN(len(sizes))
	s := strip{text: text, pitch: pitch, size: sizes[size], cover: p.master(r, text, size)}
	damage(r, s.cover)
	picture, frame := s.spoil(r)
	for i, char := range []byte(text) {
		class := strings.IndexByte(glyphnet.Alphabet, char)
		if foreign {
			class = glyphnet.Junk
		}
		f := jittered(r, frame(float64(i)))
		cells = appendCell(cells, picture, f, class)
		if !foreign && r.Float64() < 0.3 {
			cells = appendCell(cells, picture, junkFrame(r, frame, i, char), glyphnet.Junk)
		}
	}
	return cells
}

// jittered is a frame as the reader may lay it: out of place, of another size
// and turned a little.
func jittered(r *rand.Rand, f glyphnet.Frame) glyphnet.Frame {
	f = f.Shift(r.NormFloat64()*0.05, r.NormFloat64()*0.04)
	stretch := 1 + r.NormFloat64()*0.03
	f.RX, f.RY = f.RX*stretch, f.RY*stretch
	stretch = 1 + r.NormFloat64()*0.05
	f.DX, f.DY = f.DX*stretch, f.DY*stretch
	sin, cos := math.Sincos(r.NormFloat64() * 0.015)
	f.RX, f.RY = f.RX*cos-f.RY*sin, f.RX*sin+f.RY*cos
	f.DX, f.DY = f.DX*cos-f.DY*sin, f.DX*sin+f.DY*cos
	return f
}

func appendCell(cells []cell, picture *glyphnet.Plane, f glyphnet.Frame, class int) []cell {
	var samples glyphnet.Cell
	samples.Sample(picture, f)
	cells = append(cells, cell{class: class})
	cells[len(cells)-1].pack(&samples)
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

// foreignText is characters that no zone holds and none of a zone resembles.
func foreignText(r *rand.Rand) string {
	const foreign = "abdeghjmnqrty#@&*+=%?!;:,."
	b := make([]byte, stripChars)
	for i := range b {
		b[i] = foreign[r.IntN(len(foreign))]
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
	if r.Float64() < 0.25 {
		footed(m, text, base, masterPitch*(0.2+0.1*r.Float64()))
	}
	cover := make([]float32, len(m.Pix))
	for i, v := range m.Pix {
		cover[i] = float32(v) / 255
	}
	// A wide blur with a low threshold makes the strokes bold. Thin ones need
	// a narrow blur, or they break.
	spread, level := 1.2+1.2*r.Float64(), 0.5+0.28*r.Float64()
	if r.Float64() < 0.6 {
		spread, level = 1.2+3*r.Float64(), 0.5-0.36*r.Float64()
	}
	blurGauss(cover, masterW, masterH, spread)
	for i, v := range cover {
		cover[i] = min(max((v-float32(level))*4+0.5, 0), 1)
	}
	return cover
}

// footed gives each 1 a foot, as some cuts of OCR-B have it.
func footed(m *image.Gray, text string, base, half float64) {
	const stroke = masterPitch * 0.16
	for i, char := range []byte(text) {
		if char == '1' {
			x := (stripMargin + float64(i) + 0.5 + 0.06) * masterPitch
			foot := image.Rect(int(x-half), int(base-stroke), int(x+half), int(base))
			draw.Draw(m, foot, image.White, image.Point{}, draw.Src)
		}
	}
}
