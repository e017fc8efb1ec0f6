package picture

import (
	"image"
	"image/color"
	"image/draw"
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
	switch src := img.(type) {
	case *image.Gray:
		if src.Rect.Min == (image.Point{}) {
			dst := image.NewGray(image.Rectangle{Max: size})
			reduce(dst.Pix, dst.Stride, size.X, size.Y, src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 1)
			return dst
		}
	case *image.YCbCr:
		if src.Rect.Min == (image.Point{}) && src.SubsampleRatio != image.YCbCrSubsampleRatio410 {
			return shrinkYCbCr(src, size)
		}
	case *image.RGBA:
		if src.Rect.Min == (image.Point{}) {
			return shrinkRGBA(src, size)
		}
	}
	src := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	return shrinkRGBA(src, size)
}

func shrinkRGBA(src *image.RGBA, size image.Point) image.Image {
	dst := image.NewRGBA(image.Rectangle{Max: size})
	reduce(dst.Pix, dst.Stride, size.X, size.Y, src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 4)
	return dst
}

// shrinkYCbCr reduces plane by plane, so that a photograph never becomes RGBA.
func shrinkYCbCr(src *image.YCbCr, size image.Point) image.Image {
	dst := image.NewYCbCr(image.Rectangle{Max: size}, src.SubsampleRatio)
	reduce(dst.Y, dst.YStride, size.X, size.Y, src.Y, src.YStride, src.Rect.Dx(), src.Rect.Dy(), 1)
	from := chroma(src.Rect.Size(), src.SubsampleRatio)
	to := chroma(size, src.SubsampleRatio)
	reduce(dst.Cb, dst.CStride, to.X, to.Y, src.Cb, src.CStride, from.X, from.Y, 1)
	reduce(dst.Cr, dst.CStride, to.X, to.Y, src.Cr, src.CStride, from.X, from.Y, 1)
	return dst
}

// chroma is the size of the colour planes of a picture that begins at (0, 0).
func chroma(size image.Point, ratio image.YCbCrSubsampleRatio) image.Point {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return image.Pt((size.X+1)/2, size.Y)
	case image.YCbCrSubsampleRatio420:
		return image.Pt((size.X+1)/2, (size.Y+1)/2)
	case image.YCbCrSubsampleRatio440:
		return image.Pt(size.X, (size.Y+1)/2)
	case image.YCbCrSubsampleRatio411:
		return image.Pt((size.X+3)/4, size.Y)
	}
	return size
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
