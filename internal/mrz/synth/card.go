package synth

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
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

// drawCard draws a document at the given pixels per millimetre.
func drawCard(r *rand.Rand, d mrz.Document, lines []string, zoneFont []byte, scale float64) (card, error) {
	s := sizeOf(d.Format)
	m := image.NewRGBA(image.Rect(0, 0, int(s.w*scale), int(s.h*scale)))
	guilloche(r, m, scale)
	if err := printedPage(r, m, d, scale); err != nil {
		return card{}, err
	}
	// Ten characters to the inch, centred, the last line 8.5 mm from the edge.
	const pitch = 2.54
	spacing := pitch * (1.8 + 0.7*r.Float64())
	left := (s.w - pitch*float64(len(lines[0]))) / 2
	base := s.h - 7.5
	top := base - spacing*float64(len(lines)-1) - pitch
	face, err := ocrb.FaceOf(zoneFont, pitch*scale/ocrb.PitchPerPixels)
	if err != nil {
		return card{}, fmt.Errorf("draw zone: %w", err)
	}
	defer face.Close()
	ink := color.Gray{Y: byte(10 + r.IntN(60))}
	for i, line := range lines {
		y := base - spacing*float64(len(lines)-1-i)
		ocrb.DrawLineFace(m, face, line, left*scale, y*scale, pitch*scale, ink)
	}
	right := s.w - left
	return card{m, [4]point{{left * scale, top * scale}, {right * scale, top * scale}, {right * scale, base * scale}, {left * scale, base * scale}}}, nil
}

// guilloche fills the card with pale paper and fine waves.
func guilloche(r *rand.Rand, m *image.RGBA, scale float64) {
	red, green, blue := 205+r.Float64()*45, 205+r.Float64()*45, 205+r.Float64()*45
	period, swing, slant := (0.8+1.5*r.Float64())*scale, (1+2*r.Float64())*scale, r.Float64()-0.5
	height := 4 + 14*r.Float64()
	if r.IntN(5) == 0 {
		height *= 3 // lines nearly as dark as print
	}
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			v := math.Sin(2*math.Pi/period*(float64(y)+slant*float64(x)+swing*math.Sin(float64(x)/(5*scale)))) * height
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = tone(red+v), tone(green+v*0.7), tone(blue+v*0.4), 255
		}
	}
}

func tone(v float64) byte { return byte(min(max(v, 0), 255)) }

// printedPage draws a heading, a grey portrait and the fields in clear text.
func printedPage(r *rand.Rand, m *image.RGBA, d mrz.Document, scale float64) error {
	s := sizeOf(d.Format)
	text := newScribe(m, scale)
	dark := color.RGBA{30, 30, 60, 255}
	text.write(gobold.TTF, 3.4, 5, 6.5, fmt.Sprintf("%s · SPECIMEN · %s", d.Issuer, d.Format), dark)
	portrait(m, image.Rect(int(5*scale), int(9*scale), int(5*scale+s.w*scale*0.24), int(s.h*scale*0.52)))
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

// portrait is an oval on grey, enough to disturb a search for text.
func portrait(m *image.RGBA, at image.Rectangle) {
	draw.Draw(m, at, image.NewUniform(color.Gray{Y: 170}), image.Point{}, draw.Src)
	c := at.Min.Add(at.Max).Div(2)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			dx, dy := float64(x-c.X)/float64(at.Dx())*3, float64(y-c.Y)/float64(at.Dy())*2.6
			if v := dx*dx + dy*dy; v < 1 {
				m.Set(x, y, color.Gray{Y: byte(90 + 90*v)})
			}
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
	defer face.Close()
	d := font.Drawer{Dst: s.m, Src: image.NewUniform(ink), Face: face}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(x * s.scale * 64), Y: fixed.Int26_6(y * s.scale * 64)}
	d.DrawString(text)
}
