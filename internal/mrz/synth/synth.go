package synth

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/picture"
)

// Options say what to draw.
type Options struct {
	Format mrz.Format
	Level  Level
	Seed   uint64
	// Width overrides the width of the level, in pixels.
	Width int
	// Turns is quarter turns clockwise that the camera was held at, beside those of the level.
	Turns int
}

// Picture is a photograph and what it shows.
type Picture struct {
	*image.RGBA
	Lines    []string
	Document mrz.Document
	// Zone is the corners of the zone's text in pixels: top left, top right,
	// bottom right and bottom left as read, x then y.
	Zone [4][2]float64

	quality int
}

// Draw makes the picture of a random document.
func Draw(o Options) (Picture, error) {
	p, err := sharedPress()
	if err != nil {
		return Picture{}, err
	}
	return p.Draw(o)
}

// Draw makes the picture of a random document.
func (p *Press) Draw(o Options) (Picture, error) {
	r := rand.New(rand.NewPCG(o.Seed, 9303))
	d := person(r, o.Format)
	lines, err := mrz.Build(d)
	if err != nil {
		return Picture{}, fmt.Errorf("draw document: %w", err)
	}
	width := o.Width
	if width == 0 {
		width = o.Level.Width
	}
	height := width * 3 / 4
	least := o.Level.Fill
	if least == 0 {
		least = 0.62
	}
	share := least + (0.92-least)*r.Float64()
	scale := float64(width) * share / sizeOf(o.Format).w
	c, err := p.drawCard(r, d, lines, o.Level, scale)
	if err != nil {
		return Picture{}, err
	}
	if r.Float64() < o.Level.Shine {
		shine(r, c.RGBA, scale)
	}
	drawn := Picture{Lines: lines, Document: d, quality: o.Level.quality(r)}
	var place picture.Projection
	drawn.RGBA, place = photograph(r, c, width, height, o.Level)
	for i, corner := range c.zone {
		at := on(place, corner)
		drawn.Zone[i] = [2]float64{at.x, at.y}
	}
	turns := o.Turns
	if o.Level.AnyWayUp {
		turns += r.IntN(4)
	}
	for range ((turns % 4) + 4) % 4 {
		drawn.turn()
	}
	return drawn, nil
}

func (l Level) quality(r *rand.Rand) int {
	return l.Quality[0] + r.IntN(l.Quality[1]-l.Quality[0]+1)
}

// turn turns the picture by a quarter clockwise.
func (p *Picture) turn() {
	h := p.Rect.Dy()
	p.RGBA = quarter(p.RGBA)
	for i, c := range p.Zone {
		p.Zone[i] = [2]float64{float64(h) - c[1], c[0]}
	}
}

// quarter turns a picture clockwise.
func quarter(from *image.RGBA) *image.RGBA {
	w, h := from.Rect.Dx(), from.Rect.Dy()
	m := image.NewRGBA(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			copy(m.Pix[x*m.Stride+4*(h-1-y):][:4], from.Pix[y*from.Stride+4*x:][:4])
		}
	}
	return m
}

// File returns the picture as a JPEG file of the quality that its level says.
func (p Picture) File() ([]byte, error) { return p.JPEG(p.quality) }

// JPEG returns the picture as a file of the given quality, 1 to 100.
func (p Picture) JPEG(quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p.RGBA, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return b.Bytes(), nil
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
