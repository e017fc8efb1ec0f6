package synth

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

// Level is how badly a document was photographed.
type Level struct {
	Name        string
	Degrees     float64 // turned at most so much either way
	Perspective float64 // each corner off by at most this part of the card's width
	Blur        float64 // standard deviation, pixels of a 1,600 pixel wide picture
	Noise       float64 // standard deviation, grey levels
	Shade       float64 // light lost across the picture, 0..1
	Glare       float64 // how often a bright spot lies on the card, 0..1
	Curl        float64 // the card's middle bent up by this part of its width
	Width       int     // of the picture in pixels, height is three quarters
}

// The levels that reading is measured on.
var (
	Clean = Level{Name: "clean", Degrees: 1, Noise: 2, Shade: 0.05, Width: 1600}
	Mild  = Level{Name: "mild", Degrees: 5, Perspective: 0.012, Blur: 0.8, Noise: 6, Shade: 0.25, Width: 1600}
	Hard  = Level{Name: "hard", Degrees: 12, Perspective: 0.03, Blur: 1.6, Noise: 12, Shade: 0.5, Glare: 0.3, Width: 1600}
	Small = Level{Name: "small", Degrees: 2, Perspective: 0.005, Blur: 0.5, Noise: 4, Shade: 0.15, Width: 640}
	// Rough is worse than anyone should accept; it shows where reading ends.
	Rough = Level{
		Name: "rough", Degrees: 17, Perspective: 0.05, Blur: 2.4, Noise: 20, Shade: 0.65, Glare: 0.7, Curl: 0.015, Width: 1600,
	}
)

// Options say what to draw.
type Options struct {
	Format mrz.Format
	Level  Level
	Seed   uint64
	// Width overrides the width of the level, in pixels.
	Width int
	// Turns is quarter turns clockwise that the camera was held at.
	Turns int
	// Font is the file for the zone, OCR-B when nil.
	Font []byte
}

// Picture is a photograph and what it shows.
type Picture struct {
	*image.RGBA
	Lines    []string
	Document mrz.Document
	// Zone is the corners of the zone's text in pixels: top left, top right,
	// bottom right and bottom left as read, x then y.
	Zone [4][2]float64
}

// Draw makes the picture of a random document.
func Draw(o Options) (Picture, error) {
	r := rand.New(rand.NewPCG(o.Seed, 9303))
	d := person(r, o.Format)
	lines, err := mrz.Build(d)
	if err != nil {
		return Picture{}, fmt.Errorf("draw document: %w", err)
	}
	zoneFont := o.Font
	if zoneFont == nil {
		zoneFont = ocrb.TTF()
	}
	width := o.Width
	if width == 0 {
		width = o.Level.Width
	}
	height := width * 3 / 4
	share := 0.62 + 0.28*r.Float64()
	c, err := drawCard(r, d, lines, zoneFont, float64(width)*share/sizeOf(o.Format).w)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{Lines: lines, Document: d}
	var place homography
	p.RGBA, place = photograph(r, c, width, height, o.Level)
	for i, corner := range c.zone {
		at := place.apply(corner)
		p.Zone[i] = [2]float64{at.x, at.y}
	}
	for range ((o.Turns % 4) + 4) % 4 {
		p.turn()
	}
	return p, nil
}

// turn turns the picture by a quarter clockwise.
func (p *Picture) turn() {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	m := image.NewRGBA(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			copy(m.Pix[x*m.Stride+4*(h-1-y):][:4], p.Pix[y*p.Stride+4*x:][:4])
		}
	}
	p.RGBA = m
	for i, c := range p.Zone {
		p.Zone[i] = [2]float64{float64(h) - c[1], c[0]}
	}
}

// JPEG returns the picture as a file of the given quality, 1 to 100.
func (p Picture) JPEG(quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p.RGBA, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return b.Bytes(), nil
}

// Page draws a photographed page of ordinary text with no zone on it: prose,
// columns of figures and capitals in a fixed pitch.
func Page(seed uint64, level Level) (*image.RGBA, error) {
	r := rand.New(rand.NewPCG(seed, 4711))
	width := level.Width
	height := width * 3 / 4
	const scale = 8 // pixels per millimetre, of a sheet 140 by 100 mm
	sheet := image.NewRGBA(image.Rect(0, 0, 140*scale, 100*scale))
	for i := range sheet.Pix {
		sheet.Pix[i] = 240
	}
	s := newScribe(sheet, scale)
	ink := color.Gray{Y: byte(r.IntN(90))}
	for line := range 18 {
		y := 6 + 5.2*float64(line)
		switch (line + int(seed)) % 4 {
		case 0, 1:
			s.write(goregular.TTF, 2.6+r.Float64(), 6, y, words(r, 70, "abcdefghijklmnoprstuvy"), ink)
		case 2:
			s.write(gomono.TTF, 3.2, 6, y, words(r, 44, "0123456789"), ink)
		default:
			s.write(gomono.TTF, 3.2, 6, y, words(r, 44, "ABCDEFGHIJKLMNOPRSTUV"), ink)
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	m, _ := photograph(r, card{RGBA: sheet}, width, height, level)
	return m, nil
}

func words(r *rand.Rand, n int, letters string) string {
	b := make([]byte, n)
	gap := 0
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
		if gap++; gap > 2+r.IntN(8) {
			b[i], gap = ' ', 0
		}
	}
	return string(b)
}

// gaussian keeps drawing the same 4,096 values, as noise on millions of
// pixels needs no better and should be quick.
func gaussian(r *rand.Rand, sigma float64) func() int {
	var table [4096]int
	for i := range table {
		table[i] = int(math.Round(r.NormFloat64() * sigma))
	}
	return func() int { return table[r.Uint32()>>20] }
}
