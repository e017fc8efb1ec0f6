package picture

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// Gray returns the brightness of the picture, reduced so that its longest side is at most maxSide (0 keeps the size).
// A photograph's brightness plane is used as it is, without a colour conversion. The result may share memory with img.
func Gray(img image.Image, maxSide int) *image.Gray {
	full := grayOf(img)
	size := fit(full.Rect.Size(), maxSide)
	if size == full.Rect.Size() {
		return full
	}
	return average(full, size)
}

// Shrink returns the picture reduced so that its longest side is at most maxSide; smaller pictures come back as they are.
func Shrink(img image.Image, maxSide int) image.Image {
	size := fit(img.Bounds().Size(), maxSide)
	if size == img.Bounds().Size() {
		return img
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	// A bilinear kernel widens with the reduction, so fine print is averaged and not dropped.
	draw.BiLinear.Scale(dst, dst.Rect, img, img.Bounds(), draw.Src, nil)
	return dst
}

// fit returns the size reduced to a longest side of at most maxSide.
func fit(size image.Point, maxSide int) image.Point {
	longest := max(size.X, size.Y)
	if maxSide <= 0 || longest <= maxSide {
		return size
	}
	return image.Pt(max(1, size.X*maxSide/longest), max(1, size.Y*maxSide/longest))
}

func grayOf(img image.Image) *image.Gray {
	switch src := img.(type) {
	case *image.Gray:
		if src.Rect.Min == (image.Point{}) {
			return src
		}
	case *image.YCbCr:
		if src.Rect.Min == (image.Point{}) {
			return &image.Gray{Pix: src.Y, Stride: src.YStride, Rect: src.Rect}
		}
	case *image.RGBA:
		if src.Rect.Min == (image.Point{}) {
			return grayRGBA(src)
		}
	}
	b := img.Bounds()
	dst := image.NewGray(image.Rectangle{Max: b.Size()})
	for y := range b.Dy() {
		for x := range b.Dx() {
			dst.Pix[y*dst.Stride+x] = color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
		}
	}
	return dst
}

// grayRGBA weighs the colours as JPEG does (ITU-R BT.601), so that the same scene is equally bright in both formats.
func grayRGBA(src *image.RGBA) *image.Gray {
	dst := image.NewGray(src.Rect)
	for y := range src.Rect.Dy() {
		row := src.Pix[y*src.Stride:]
		out := dst.Pix[y*dst.Stride : y*dst.Stride+src.Rect.Dx()]
		for x := range out {
			p := row[4*x : 4*x+3 : 4*x+3]
			out[x] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
		}
	}
	return dst
}

// average reduces by taking, for every pixel of the result, the mean of the pixels it covers: fast, and it also quiets
// the noise of a sensor, which matters to whoever measures sharpness afterwards.
func average(src *image.Gray, size image.Point) *image.Gray {
	dst := image.NewGray(image.Rectangle{Max: size})
	w, h := src.Rect.Dx(), src.Rect.Dy()
	columns := make([]int, size.X+1)
	for x := range columns {
		columns[x] = x * w / size.X
	}
	sums := make([]uint32, w)
	for y := range size.Y {
		top, bottom := y*h/size.Y, (y+1)*h/size.Y
		clear(sums)
		for row := top; row < bottom; row++ {
			for x, v := range src.Pix[row*src.Stride : row*src.Stride+w] {
				sums[x] += uint32(v)
			}
		}
		for x := range size.X {
			var sum uint32
			for _, v := range sums[columns[x]:columns[x+1]] {
				sum += v
			}
			count := uint32((columns[x+1] - columns[x]) * (bottom - top))
			dst.Pix[y*dst.Stride+x] = uint8((sum + count/2) / count)
		}
	}
	return dst
}
