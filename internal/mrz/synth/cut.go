package synth

import (
	_ "embed"
	"fmt"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

//go:embed cuts/sharp.ttf
var sharpFile []byte

//go:embed cuts/oblique.ttf
var obliqueFile []byte

// A glyph is sampled over this part of the em, so finely: wide enough for the thickest ink.
const (
	perEm             = 80
	emLeft, emRight   = -0.15, 0.9
	emTop, emBottom   = -0.9, 0.3
	glyphW, glyphH    = int((emRight - emLeft) * perEm), int((emBottom - emTop) * perEm)
	outlineUnits      = 1024
	curveSteps        = 6
	pitchOfEm         = 0.723 // the fixed pitch, as a part of the em
	obliqueSlant      = 0.2126
	printedCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<>#+-./ "
)

// cut is a typeface as distances: for each glyph how far, in ems, each sample lies within the outline, negative outside.
// Thicker and thinner ink is then a matter of where to draw the border.
type cut struct {
	glyphs map[byte][]float32
	slant  float64 // of the outlines as they are
}

// openCut reads a TrueType file.
func openCut(file []byte, slant float64) (*cut, error) {
	f, err := sfnt.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("parse cut: %w", err)
	}
	c := &cut{glyphs: map[byte][]float32{}, slant: slant}
	var buffer sfnt.Buffer
	for _, r := range printedCharacters {
		at, err := f.GlyphIndex(&buffer, r)
		if err != nil {
			return nil, fmt.Errorf("find glyph: %w", err)
		}
		segments, err := f.LoadGlyph(&buffer, at, fixed.I(outlineUnits), nil)
		if err != nil {
			return nil, fmt.Errorf("load glyph: %w", err)
		}
		advance, err := f.GlyphAdvance(&buffer, at, fixed.I(outlineUnits), 0)
		if err != nil {
			return nil, fmt.Errorf("load glyph: %w", err)
		}
		// Glyphs stand in the middle of their cell.
		shift := (pitchOfEm - ems(advance)) / 2
		c.glyphs[byte(r)] = distances(flatten(segments, shift))
	}
	return c, nil
}

func ems(v fixed.Int26_6) float64 { return float64(v) / 64 / outlineUnits }

type edge struct{ a, b point }

// flatten turns outlines into straight edges, in ems.
func flatten(segments sfnt.Segments, shift float64) []edge {
	var edges []edge
	var first, at point
	to := func(p point) {
		if p != at {
			edges = append(edges, edge{at, p})
		}
		at = p
	}
	place := func(p fixed.Point26_6) point { return point{ems(p.X) + shift, ems(p.Y)} }
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			to(first)
			first = place(s.Args[0])
			at = first
		case sfnt.SegmentOpLineTo:
			to(place(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			from, control, end := at, place(s.Args[0]), place(s.Args[1])
			for i := 1; i <= curveSteps; i++ {
				t := float64(i) / curveSteps
				u := 1 - t
				to(point{u*u*from.x + 2*u*t*control.x + t*t*end.x, u*u*from.y + 2*u*t*control.y + t*t*end.y})
			}
		case sfnt.SegmentOpCubeTo:
			to(place(s.Args[2])) // TrueType outlines have none
		}
	}
	to(first)
	return edges
}

// near is as far from an outline as ink and its edges ever reach, in ems: farther away all places are alike.
const near = 0.12

// distances samples how far within the outline each place is, up to near.
func distances(edges []edge) []float32 {
	d := make([]float32, glyphW*glyphH)
	for i := range d {
		d[i] = near * near
	}
	column := func(x float64) int { return min(max(int((x-emLeft)*perEm), 0), glyphW-1) }
	row := func(y float64) int { return min(max(int((y-emTop)*perEm), 0), glyphH-1) }
	for _, e := range edges {
		for y := row(min(e.a.y, e.b.y) - near); y <= row(max(e.a.y, e.b.y)+near); y++ {
			for x := column(min(e.a.x, e.b.x) - near); x <= column(max(e.a.x, e.b.x)+near); x++ {
				d[y*glyphW+x] = min(d[y*glyphW+x], float32(e.squared(sample(x, y))))
			}
		}
	}
	for y := range glyphH {
		var crossed []edge
		for _, e := range edges {
			if v := sample(0, y).y; (e.a.y <= v) != (e.b.y <= v) {
				crossed = append(crossed, e)
			}
		}
		for x := range glyphW {
			v := float32(math.Sqrt(float64(d[y*glyphW+x])))
			winding := 0
			for _, e := range crossed {
				winding += e.crossing(sample(x, y))
			}
			if winding == 0 {
				v = -v
			}
			d[y*glyphW+x] = v
		}
	}
	return d
}

// sample is the place of a sample, in ems.
func sample(x, y int) point {
	return point{emLeft + (float64(x)+0.5)/perEm, emTop + (float64(y)+0.5)/perEm}
}

// squared is the square of the distance of a place to the edge.
func (e edge) squared(p point) float64 {
	dx, dy := e.b.x-e.a.x, e.b.y-e.a.y
	t := ((p.x-e.a.x)*dx + (p.y-e.a.y)*dy) / (dx*dx + dy*dy)
	t = min(max(t, 0), 1)
	x, y := e.a.x+t*dx-p.x, e.a.y+t*dy-p.y
	return x*x + y*y
}

// crossing is 1 or -1 where a ray to the right crosses the edge downwards or upwards.
func (e edge) crossing(p point) int {
	if (e.a.y <= p.y) == (e.b.y <= p.y) {
		return 0
	}
	if e.a.x+(p.y-e.a.y)/(e.b.y-e.a.y)*(e.b.x-e.a.x) <= p.x {
		return 0
	}
	if e.b.y > e.a.y {
		return 1
	}
	return -1
}

// within gives how far a place, in ems, lies within a glyph's outline.
func (c *cut) within(glyph []float32, x, y float64) float64 {
	fx, fy := (x-emLeft)*perEm-0.5, (y-emTop)*perEm-0.5
	ix, iy := int(math.Floor(fx)), int(math.Floor(fy))
	if ix < 0 || iy < 0 || ix+1 >= glyphW || iy+1 >= glyphH {
		return -1
	}
	fx, fy = fx-float64(ix), fy-float64(iy)
	at := iy*glyphW + ix
	top := float64(glyph[at])*(1-fx) + float64(glyph[at+1])*fx
	bottom := float64(glyph[at+glyphW])*(1-fx) + float64(glyph[at+glyphW+1])*fx
	return top*(1-fy) + bottom*fy
}
