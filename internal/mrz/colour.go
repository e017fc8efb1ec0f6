package mrz

import (
	"image"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// brightest returns the brightest of each pixel's three colours, for pictures
// that have colours: black print stays dark in it, while a red or blue stamp
// across the print, and the colours of the paper, nearly vanish.
func brightest(m image.Image) (*glyphnet.Plane, bool) {
	b := m.Bounds()
	switch m := m.(type) {
	case *image.YCbCr:
		return brightestYCbCr(m), true
	case *image.RGBA:
		return brightestRGBA(m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, b.Dx(), b.Dy()), true
	case *image.NRGBA:
		return brightestRGBA(m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, b.Dx(), b.Dy()), true
	}
	return nil, false
}

func brightestRGBA(pix []byte, stride, w, h int) *glyphnet.Plane {
	p := newPlane(w, h)
	for y := range h {
		row, out := pix[y*stride:], p.Pix[y*w:(y+1)*w]
		for x := range out {
			out[x] = max(row[4*x], row[4*x+1], row[4*x+2])
		}
	}
	return p
}

// brightestYCbCr adds to the brightness what the conversion of JFIF adds for
// the colour that gains most, in 256ths.
func brightestYCbCr(m *image.YCbCr) *glyphnet.Plane {
	b := m.Bounds()
	p := newPlane(b.Dx(), b.Dy())
	for y := range p.H {
		out := p.Pix[y*p.W : (y+1)*p.W]
		light := m.Y[m.YOffset(b.Min.X, b.Min.Y+y):]
		for x := range out {
			c := m.COffset(b.Min.X+x, b.Min.Y+y)
			blue, red := int(m.Cb[c])-128, int(m.Cr[c])-128
			gain := max(359*red, 454*blue, -88*blue-183*red)
			out[x] = byte(min(max(int(light[x])+gain>>8, 0), 255))
		}
	}
	return p
}
