package synth

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/usher-kyc/usher/internal/mrz"
)

// size is a document in millimetres, after Doc 9303 part 3 section 2.
type size struct{ w, h float64 }

func sizeOf(f mrz.Format) size {
	switch f {
	case mrz.TD1:
		return size{85.6, 54}
	case mrz.TD2, mrz.MRVB:
		return size{105, 74}
	}
	return size{125, 88}
}

// card is a document drawn flat.
type card struct {
	*image.RGBA
	zone [4]point // corners of the zone in pixels: top left, top right, bottom right, bottom left
}

// drawCard draws a document at the given pixels per millimetre; without lines it has no zone.
func (p *Press) drawCard(r *rand.Rand, d mrz.Document, lines []string, level Level, scale float64) (card, error) {
	s := sizeOf(d.Format)
	m := image.NewRGBA(image.Rect(0, 0, int(s.w*scale), int(s.h*scale)))
	ground(r, m, level, scale)
	if err := printedPage(r, m, d, scale); err != nil {
		return card{}, err
	}
	if len(lines) == 0 {
		return card{RGBA: m}, nil
	}
	if r.IntN(3) == 0 {
		// Many documents keep the zone on plain paper.
		band := image.Rect(0, int((s.h-23.2)*scale), m.Rect.Dx(), m.Rect.Dy())
		pale := uint8(215 + r.IntN(40))
		draw.Draw(m, band, image.NewUniform(color.NRGBA{pale, pale, pale - uint8(r.IntN(12)), 230}), image.Point{}, draw.Over)
	}
	k := p.newInk(r, level)
	// Ten characters to the inch, the last base line about 7.5 mm from the edge (Doc 9303 part 3, section 4.4).
	pitch := 2.54 * (1 + 0.02*(2*r.Float64()-1))
	spacing := pitch * (1.7 + 0.8*r.Float64())
	left := (s.w-pitch*float64(len(lines[0])))/2 + (2*r.Float64() - 1)
	base := s.h - 7.5 + 1.5*(2*r.Float64()-1)
	top := base - spacing*float64(len(lines)-1) - pitch
	for i, line := range lines {
		y := base - spacing*float64(len(lines)-1-i)
		k.line(m, r, line, left*scale, y*scale, pitch*scale)
	}
	if level.Stamp > 0 && r.Float64() < level.Stamp {
		stamp(r, m, k)
	}
	right := left + pitch*float64(len(lines[0]))
	return card{m, [4]point{{left * scale, top * scale}, {right * scale, top * scale}, {right * scale, base * scale}, {left * scale, base * scale}}}, nil
}

// printedPage draws a heading, a grey portrait and the fields in clear text.
func printedPage(r *rand.Rand, m *image.RGBA, d mrz.Document, scale float64) error {
	s := sizeOf(d.Format)
	text := newScribe(m, scale)
	dark := color.RGBA{uint8(20 + r.IntN(40)), uint8(20 + r.IntN(40)), uint8(30 + r.IntN(50)), 255}
	text.write(gobold.TTF, 3.4, 5, 6.5, fmt.Sprintf("%s · SPECIMEN · %s", d.Issuer, d.Format), dark)
	portrait(r, m, image.Rect(int(5*scale), int(9*scale), int(5*scale+s.w*scale*0.24), int(s.h*scale*0.52)))
	fields := []string{
		"Surname", d.Surname, "Given names", d.GivenNames, "Date of birth", d.BirthDate.String(),
		"Date of expiry", d.Expiry.String(), "Document number", d.Number, "Nationality", d.Nationality,
	}
	step := s.h * 0.43 / float64(len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		y := 10 + step*float64(i/2)
		text.write(goregular.TTF, 1.6, s.w*0.34, y, fields[i], color.RGBA{90, 90, 110, 255})
		text.write(goregular.TTF, 2.4, s.w*0.34, y+2.4, fields[i+1], dark)
	}
	text.write(goregular.TTF, 1.8, s.w*0.68, 10+r.Float64()*8, "VOID · NOT A DOCUMENT", dark)
	return text.err
}

// portrait is an oval on grey with shoulders, enough to disturb a search for text.
func portrait(r *rand.Rand, m *image.RGBA, at image.Rectangle) {
	wall, skin := 140+r.Float64()*90, 90+r.Float64()*80
	c := at.Min.Add(at.Max).Div(2)
	seed := r.Uint64()
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			dx, dy := float64(x-c.X)/float64(at.Dx())*3, float64(y-c.Y)/float64(at.Dy())*2.6
			v := wall
			if dx*dx+dy*dy < 1 {
				v = skin + 60*(dx*dx+dy*dy)
			} else if dy > 0.95-0.3*dx*dx {
				v = 45
			}
			v += 18 * noise(seed, dx*4, dy*4)
			m.Set(x, y, color.RGBA{tone(v), tone(v * 0.92), tone(v * 0.86), 255})
		}
	}
}

// scribe writes text in millimetres and keeps the first error.
type scribe struct {
	m     draw.Image
	scale float64
	err   error
}

func newScribe(m draw.Image, scale float64) *scribe { return &scribe{m: m, scale: scale} }

func (s *scribe) write(ttf []byte, height, x, y float64, text string, ink color.Color) {
	if s.err != nil {
		return
	}
	f, err := opentype.Parse(ttf)
	if err != nil {
		s.err = fmt.Errorf("parse font: %w", err)
		return
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: height * s.scale, DPI: 72})
	if err != nil {
		s.err = fmt.Errorf("make face: %w", err)
		return
	}
	defer face.Close() // holds nothing that could fail to be given back
	d := font.Drawer{Dst: s.m, Src: image.NewUniform(ink), Face: face}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(x * s.scale * 64), Y: fixed.Int26_6(y * s.scale * 64)}
	d.DrawString(text)
}

func (s *scribe) box(x, y, w, h float64, c color.Color) {
	r := image.Rect(int(x*s.scale), int(y*s.scale), int((x+w)*s.scale+0.5), int((y+h)*s.scale+0.5))
	draw.Draw(s.m, r, image.NewUniform(c), image.Point{}, draw.Over)
}
