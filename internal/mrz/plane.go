package mrz

import (
	"image"
	"image/color"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// greyOf returns the brightness of a picture whose bounds are not empty.
// Pictures that already hold it (JPEG does) are not copied.
func greyOf(m image.Image) *glyphnet.Plane {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	switch m := m.(type) {
	case *image.Gray:
		return &glyphnet.Plane{Pix: m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], Stride: m.Stride, W: w, H: h}
	case *image.YCbCr:
		return &glyphnet.Plane{Pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], Stride: m.YStride, W: w, H: h}
	case *image.NYCbCrA:
		return &glyphnet.Plane{Pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], Stride: m.YStride, W: w, H: h}
	}
	p := newPlane(w, h)
	switch m := m.(type) {
	case *image.RGBA:
		fromRGBA(p, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride)
	case *image.NRGBA:
		// Transparent parts keep their colour: a photograph has none.
		fromRGBA(p, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride)
	case image.RGBA64Image:
		// All other pictures of the standard library; At would allocate each pixel.
		for y := range h {
			for x := range w {
				c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
				p.Pix[y*w+x] = byte((uint32(c.R)*77 + uint32(c.G)*150 + uint32(c.B)*29) >> 16)
			}
		}
	default:
		for y := range h {
			for x := range w {
				p.Pix[y*w+x] = color.GrayModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
			}
		}
	}
	return p
}

func newPlane(w, h int) *glyphnet.Plane {
	return &glyphnet.Plane{Pix: make([]byte, w*h), Stride: w, W: w, H: h}
}

// fromRGBA weighs the colours as ITU-R BT.601 does.
func fromRGBA(p *glyphnet.Plane, pix []byte, stride int) {
	for y := range p.H {
		row, out := pix[y*stride:], p.Pix[y*p.W:(y+1)*p.W]
		for x := range out {
			px := row[4*x : 4*x+3 : 4*x+3]
			out[x] = byte((uint32(px[0])*77 + uint32(px[1])*150 + uint32(px[2])*29) >> 8)
		}
	}
}

// shrink averages squares of f by f pixels; what is left over at the right and
// lower edge is dropped.
func shrink(p *glyphnet.Plane, f int) *glyphnet.Plane {
	if f <= 1 || p.W < f || p.H < f {
		return p
	}
	s := newPlane(p.W/f, p.H/f)
	sums := make([]uint32, s.W)
	// A product with the rounded-up reciprocal is exact for these sums.
	reciprocal := uint64(1<<32/uint64(f*f) + 1)
	for y := range s.H {
		clear(sums)
		for k := range f {
			row := p.Pix[(y*f+k)*p.Stride:][:s.W*f]
			for x := range sums {
				var v uint32
				for _, b := range row[x*f : x*f+f] {
					v += uint32(b)
				}
				sums[x] += v
			}
		}
		out := s.Pix[y*s.W : (y+1)*s.W]
		for x, v := range sums {
			out[x] = byte(uint64(v) * reciprocal >> 32)
		}
	}
	return s
}

// enlarge doubles a small picture, bilinear, so that thin strokes stay whole
// when it is cut into black and white.
func enlarge(p *glyphnet.Plane) *glyphnet.Plane {
	d := newPlane(2*p.W, 2*p.H)
	near := func(i, n int) (int, int) {
		// A new pixel lies a quarter of an old one beside its centre.
		return i / 2, min(max(i/2+2*(i&1)-1, 0), n-1)
	}
	for y := range d.H {
		y0, y1 := near(y, p.H)
		a, b := p.Pix[y0*p.Stride:], p.Pix[y1*p.Stride:]
		out := d.Pix[y*d.W : (y+1)*d.W]
		for x := range out {
			x0, x1 := near(x, p.W)
			out[x] = byte((9*uint32(a[x0]) + 3*uint32(a[x1]) + 3*uint32(b[x0]) + uint32(b[x1]) + 8) >> 4)
		}
	}
	return d
}
