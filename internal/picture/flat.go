package picture

import (
	"image"
	"image/color"
	"image/draw"
)

// flat turns what a decoder gives into the three kinds of picture that everything behind the intake works with: YCbCr, Gray
// and RGBA, eight bits, opaque, beginning at (0, 0). What is see-through is laid on white, as a page shows it.
func flat(img image.Image) image.Image {
	switch src := img.(type) {
	case *image.YCbCr, *image.Gray:
		return img
	case *image.NYCbCrA:
		if src.Opaque() {
			return &src.YCbCr
		}
	case *image.Gray16:
		dst := image.NewGray(src.Rect)
		for i := range dst.Pix {
			dst.Pix[i] = src.Pix[2*i]
		}
		return dst
	case *image.Paletted:
		return fromPalette(src)
	case *image.RGBA:
		// Colours are multiplied by alpha already: what is missing to one is white.
		for i := 0; i < len(src.Pix); i += 4 {
			if p := src.Pix[i : i+4 : i+4]; p[3] != 255 {
				p[0], p[1], p[2], p[3] = p[0]+255-p[3], p[1]+255-p[3], p[2]+255-p[3], 255
			}
		}
		return src
	case *image.NRGBA:
		return onWhite(src.Pix, src.Stride, src.Rect)
	case *image.NRGBA64:
		return onWhite(eighth(src.Pix), src.Stride/2, src.Rect)
	case *image.RGBA64:
		return flat(&image.RGBA{Pix: eighth(src.Pix), Stride: src.Stride / 2, Rect: src.Rect})
	}
	dst := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(dst, dst.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(dst, dst.Rect, img, img.Bounds().Min, draw.Over)
	return dst
}

// onWhite lays pixels with an alpha of their own on white, in place: a large picture is not held twice.
func onWhite(pix []byte, stride int, rect image.Rectangle) *image.RGBA {
	for i := 0; i+4 <= len(pix); i += 4 {
		p := pix[i : i+4 : i+4]
		if p[3] == 255 {
			continue
		}
		alpha := uint32(p[3])
		for k := range 3 {
			p[k] = uint8((uint32(p[k])*alpha + 255*(255-alpha) + 127) / 255)
		}
		p[3] = 255
	}
	return &image.RGBA{Pix: pix, Stride: stride, Rect: rect}
}

// eighth keeps the upper byte of every sixteen bits, in place.
func eighth(pix []byte) []byte {
	for i := range len(pix) / 2 {
		pix[i] = pix[2*i]
	}
	return pix[:len(pix)/2]
}

func fromPalette(src *image.Paletted) *image.RGBA {
	var table [256][4]byte
	for i, c := range src.Palette {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		one := onWhite([]byte{n.R, n.G, n.B, n.A}, 4, image.Rectangle{})
		table[i] = [4]byte(one.Pix)
	}
	dst := image.NewRGBA(image.Rectangle{Max: src.Rect.Size()})
	for y := range dst.Rect.Dy() {
		row := src.Pix[y*src.Stride:]
		for x := range dst.Rect.Dx() {
			copy(dst.Pix[y*dst.Stride+4*x:], table[row[x]][:])
		}
	}
	return dst
}
