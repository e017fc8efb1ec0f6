package barcode

import (
	"image"
	"image/color"
)

// greyOf returns the brightness of a picture whose bounds are not empty, with bounds that begin at 0. Pictures that
// already hold it (JPEG does) are not copied.
func greyOf(m image.Image) *image.Gray {
	b := m.Bounds()
	rect := image.Rect(0, 0, b.Dx(), b.Dy())
	switch m := m.(type) {
	case *image.Gray:
		return &image.Gray{Pix: m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], Stride: m.Stride, Rect: rect}
	case *image.YCbCr:
		return &image.Gray{Pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], Stride: m.YStride, Rect: rect}
	case *image.NYCbCrA:
		return &image.Gray{Pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], Stride: m.YStride, Rect: rect}
	}
	g := image.NewGray(rect)
	switch m := m.(type) {
	case *image.RGBA:
		fromRGBA(g, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride)
	case *image.NRGBA:
		// Transparent parts keep their colour: a photograph has none.
		fromRGBA(g, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride)
	case image.RGBA64Image:
		// All other pictures of the standard library; At would allocate each pixel.
		for y := range b.Dy() {
			for x := range b.Dx() {
				c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
				g.Pix[y*g.Stride+x] = byte((uint32(c.R)*77 + uint32(c.G)*150 + uint32(c.B)*29) >> 16)
			}
		}
	default:
		for y := range b.Dy() {
			for x := range b.Dx() {
				g.Pix[y*g.Stride+x] = color.GrayModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
			}
		}
	}
	return g
}

// fromRGBA weighs the colours as ITU-R BT.601 does.
func fromRGBA(g *image.Gray, pix []byte, stride int) {
	w := g.Rect.Dx()
	for y := range g.Rect.Dy() {
		row, out := pix[y*stride:], g.Pix[y*g.Stride:][:w]
		for x := range out {
			px := row[4*x : 4*x+3 : 4*x+3]
			out[x] = byte((uint32(px[0])*77 + uint32(px[1])*150 + uint32(px[2])*29) >> 8)
		}
	}
}

// shrink averages squares of f by f pixels; what is left over at the right and lower edge is dropped.
func shrink(m *image.Gray, f int) *image.Gray {
	if f <= 1 {
		return m
	}
	s := image.NewGray(image.Rect(0, 0, m.Rect.Dx()/f, m.Rect.Dy()/f))
	w := s.Rect.Dx()
	sums := make([]uint32, w)
	for y := range s.Rect.Dy() {
		clear(sums)
		for k := range f {
			row := m.Pix[(y*f+k)*m.Stride:][:w*f]
			for x := range sums {
				var v uint32
				for _, b := range row[x*f : x*f+f] {
					v += uint32(b)
				}
				sums[x] += v
			}
		}
		out := s.Pix[y*s.Stride:][:w]
		for x, v := range sums {
			out[x] = byte(v / uint32(f*f))
		}
	}
	return s
}
