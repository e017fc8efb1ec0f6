package picture

import (
	"image"
	"image/draw"
)

// turns reports whether an EXIF orientation exchanges width and height.
func turns(orientation int) bool { return orientation >= 5 && orientation <= 8 }

// Upright returns the picture turned and mirrored as an EXIF orientation of 1 to 8 asks (Exif 2.32, tag 0x0112).
// The orientation 1, and any value outside the range, returns the picture itself.
func Upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	switch src := img.(type) {
	case *image.Gray:
		dst := image.NewGray(turnedRect(src.Rect, orientation))
		turnPlane(dst.Pix, dst.Stride, src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 1, orientation)
		return dst
	case *image.YCbCr:
		if turned := turnYCbCr(src, orientation); turned != nil {
			return turned
		}
	}
	src := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	dst := image.NewRGBA(turnedRect(src.Rect, orientation))
	turnPlane(dst.Pix, dst.Stride, src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 4, orientation)
	return dst
}

func turnedRect(r image.Rectangle, orientation int) image.Rectangle {
	if turns(orientation) {
		return image.Rect(0, 0, r.Dy(), r.Dx())
	}
	return image.Rect(0, 0, r.Dx(), r.Dy())
}

// turnYCbCr turns the planes of a photograph one by one, which is several times faster than going through RGBA.
// It returns nil for the subsampling ratios that would not fit after a quarter turn, and for cropped pictures.
func turnYCbCr(src *image.YCbCr, orientation int) image.Image {
	if src.Rect.Min != (image.Point{}) {
		return nil
	}
	ratio := src.SubsampleRatio
	w, h := src.Rect.Dx(), src.Rect.Dy()
	cw, ch := w, h
	switch ratio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio420:
		cw, ch = (w+1)/2, (h+1)/2
	default:
		return nil
	}
	dst := image.NewYCbCr(turnedRect(src.Rect, orientation), ratio)
	turnPlane(dst.Y, dst.YStride, src.Y, src.YStride, w, h, 1, orientation)
	turnPlane(dst.Cb, dst.CStride, src.Cb, src.CStride, cw, ch, 1, orientation)
	turnPlane(dst.Cr, dst.CStride, src.Cr, src.CStride, cw, ch, 1, orientation)
	return dst
}

// turnPlane copies w × h pixels of the given size in bytes to their turned places.
func turnPlane(dst []byte, dstStride int, src []byte, srcStride, w, h, size, orientation int) {
	// The place of source pixel (x, y) is origin + x·stepX + y·stepY: one pair of steps per orientation.
	right, down := size, dstStride
	lastX, lastY := (w-1)*size, (h-1)*dstStride
	if turns(orientation) {
		lastX, lastY = (h-1)*size, (w-1)*dstStride
	}
	var origin, stepX, stepY int
	switch orientation {
	case 2:
		origin, stepX, stepY = lastX, -right, down
	case 3:
		origin, stepX, stepY = lastX+lastY, -right, -down
	case 4:
		origin, stepX, stepY = lastY, right, -down
	case 5:
		origin, stepX, stepY = 0, down, right
	case 6:
		origin, stepX, stepY = lastX, down, -right
	case 7:
		origin, stepX, stepY = lastX+lastY, -down, -right
	case 8:
		origin, stepX, stepY = lastY, -down, right
	}
	for y := range h {
		row := src[y*srcStride : y*srcStride+w*size]
		at := origin + y*stepY
		for x := 0; x < len(row); x += size {
			copy(dst[at:at+size], row[x:x+size])
			at += stepX
		}
	}
}
