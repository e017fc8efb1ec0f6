package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

// dots is the resolution of the flat drawings in pixels per millimetre, about 300 dpi.
const dots = 12

// sheet is a document while it is being drawn; places and sizes are in millimetres from the top left corner.
// The first error is kept and every later call does nothing, so that drawing code stays a plain list.
type sheet struct {
	img   *image.RGBA
	fonts map[string]*opentype.Font
	err   error
}

func newSheet(wide, high float64) *sheet {
	return &sheet{
		img:   image.NewRGBA(image.Rect(0, 0, int(wide*dots), int(high*dots))),
		fonts: map[string]*opentype.Font{},
	}
}

func (s *sheet) face(file []byte, high float64) font.Face {
	if s.err != nil {
		return nil
	}
	key := string(file[:min(len(file), 4096)])
	if s.fonts[key] == nil {
		parsed, err := opentype.Parse(file)
		if err != nil {
			s.err = fmt.Errorf("parse font: %w", err)
			return nil
		}
		s.fonts[key] = parsed
	}
	// A capital is about 0.72 of the em in the Go fonts.
	face, err := opentype.NewFace(s.fonts[key], &opentype.FaceOptions{Size: high * dots / 0.72, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		s.err = fmt.Errorf("make face: %w", err)
		return nil
	}
	return face
}

// text writes a line with its base line at y, capitals high mm tall, and returns where it ends.
func (s *sheet) text(x, y, high float64, file []byte, ink color.Color, line string) float64 {
	face := s.face(file, high)
	if s.err != nil {
		return x
	}
	d := font.Drawer{Dst: s.img, Src: image.NewUniform(ink), Face: face, Dot: fixed.Point26_6{X: fixed.Int26_6(x * dots * 64), Y: fixed.Int26_6(y * dots * 64)}}
	d.DrawString(line)
	return float64(d.Dot.X) / 64 / dots
}

// field writes a label and below it a value, as documents do.
func (s *sheet) field(x, y float64, label, value string) {
	s.text(x, y, 1.15, labelFont(), labelInk(), label)
	s.text(x, y+4.0, 2.15, valueFont(), valueInk(), value)
}

// mrz prints lines of a machine readable zone at ten characters to the inch, the first base line at y, one every 6.35 mm
// (ICAO Doc 9303 part 3, section 4.4).
func (s *sheet) mrz(x, y float64, lines []string) {
	if s.err != nil {
		return
	}
	const pitch = 2.54 * dots
	face, err := ocrb.Face(pitch / ocrb.PitchPerPixels)
	if err != nil {
		s.err = fmt.Errorf("draw machine readable zone: %w", err)
		return
	}
	for i, line := range lines {
		ocrb.DrawLineFace(s.img, face, line, x*dots, (y+6.35*float64(i))*dots, pitch, color.RGBA{R: 22, G: 22, B: 26, A: 255})
	}
}

// paper fills the sheet with a tint and fine wavy lines, as the print below the data of a document.
func (s *sheet) paper(light, tint rgb, plainBelow float64) {
	// The waves depend on the column in part only: what does is worked out once, not once a row.
	type column struct{ first, second, sin, cos float64 }
	columns := make([]column, s.img.Rect.Dx())
	for x := range columns {
		u := float64(x) / dots
		sin, cos := math.Sincos(u / 3.1)
		columns[x] = column{2.6 * math.Sin(u/7.5), 0.9*math.Sin(u/2.7) - 2.9*math.Sin(u/8.3+1), sin, cos}
	}
	ink := tint.times(0.80)
	for y := range s.img.Rect.Dy() {
		v := float64(y) / dots
		sin, cos := math.Sincos(v / 9)
		for x, at := range columns {
			c := light.mix(tint, 0.30+0.25*sin*at.cos)
			if v < plainBelow {
				wave := v + at.first + 1.3*(at.sin*cos+at.cos*sin)
				line := hairline(wave, 1.9) + hairline(v+at.second, 2.3)
				c = c.mix(ink, 0.55*line)
			}
			setRGB(s.img, x, y, c)
		}
	}
}

// hairline is a fine line of the print: 1 on it, once every pitch.
func hairline(at, pitch float64) float64 {
	off := at/pitch - math.Floor(at/pitch) - 0.5
	return bump(off*pitch, 0, 0.11, 1)
}

// picture lays a picture into a rectangle, with the share strength of its own colour.
func (s *sheet) picture(x, y, wide, high, strength float64, img image.Image) {
	r := image.Rect(int(x*dots), int(y*dots), int((x+wide)*dots), int((y+high)*dots))
	scaled := image.NewRGBA(image.Rectangle{Max: r.Size()})
	draw.BiLinear.Scale(scaled, scaled.Rect, img, img.Bounds(), draw.Src, nil)
	mask := image.NewUniform(color.Alpha{A: level(strength)})
	draw.DrawMask(s.img, r, scaled, image.Point{}, mask, image.Point{}, draw.Over)
}

// box fills a rectangle.
func (s *sheet) box(x, y, wide, high float64, c color.Color) {
	r := image.Rect(int(x*dots), int(y*dots), int((x+wide)*dots), int((y+high)*dots))
	draw.Draw(s.img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

// across prints a word over the sheet, rising by the angle (radians), its middle at (x, y), see-through.
func (s *sheet) across(x, y, high, angle float64, strength float64, ink rgb, word string) {
	face := s.face(boldFont(), high)
	if s.err != nil {
		return
	}
	wide := font.MeasureString(face, word).Ceil()
	tall := int(high * dots * 1.6)
	stamp := image.NewAlpha(image.Rect(0, 0, wide, tall))
	d := font.Drawer{Dst: stamp, Src: image.Opaque, Face: face, Dot: fixed.P(0, tall*4/5)}
	d.DrawString(word)
	sin, cos := math.Sincos(angle)
	reach := (float64(wide) + float64(tall)) / 2
	b := image.Rect(int(x*dots-reach), int(y*dots-reach), int(x*dots+reach), int(y*dots+reach)).Intersect(s.img.Rect)
	for py := b.Min.Y; py < b.Max.Y; py++ {
		for px := b.Min.X; px < b.Max.X; px++ {
			dx, dy := float64(px)-x*dots, float64(py)-y*dots
			sx := int(dx*cos - dy*sin + float64(wide)/2)
			sy := int(dx*sin + dy*cos + float64(tall)/2)
			if sx < 0 || sy < 0 || sx >= wide || sy >= tall {
				continue
			}
			if a := stamp.Pix[sy*stamp.Stride+sx]; a > 0 {
				i := s.img.PixOffset(px, py)
				p := s.img.Pix[i : i+4 : i+4]
				under := rgb{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255}
				setRGB(s.img, px, py, under.mix(ink, strength*float64(a)/255))
			}
		}
	}
}

// signature draws a line as of a pen, shaped by the letters of the name.
func (s *sheet) signature(x, y, wide float64, name string) {
	pen := rgb{0.10, 0.12, 0.35}
	letters := []rune(name)
	if len(letters) == 0 {
		return
	}
	const steps = 2600
	for i := range steps {
		t := float64(i) / steps
		at := t * float64(len(letters))
		r := float64(letters[min(int(at), len(letters)-1)] % 13)
		swing := math.Exp(-3*t)*1.6 + 0.55
		px := x + wide*t + 0.9*math.Sin(at*5.1+r)
		py := y - swing*(1.1+r/9)*math.Sin(at*4.2) - 0.6*t
		s.dot(px, py, 0.13+0.05*math.Sin(at*4.2+1), pen)
	}
}

func (s *sheet) dot(x, y, radius float64, c rgb) {
	for py := int((y - radius) * dots); py <= int((y+radius)*dots)+1; py++ {
		for px := int((x - radius) * dots); px <= int((x+radius)*dots)+1; px++ {
			if !image.Pt(px, py).In(s.img.Rect) {
				continue
			}
			cover := step(radius*dots-math.Hypot(float64(px)-x*dots, float64(py)-y*dots), 0.8)
			i := s.img.PixOffset(px, py)
			p := s.img.Pix[i : i+4 : i+4]
			setRGB(s.img, px, py, rgb{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255}.mix(c, cover))
		}
	}
}
