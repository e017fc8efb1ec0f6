package pdf417

import "image"

// way is a direction in which a picture is scanned: 0 along the rows, 1 down the columns, 2 and 3 the same backwards.
// A symbol that stands upright reads along way 0; turned clockwise by a quarter, along way 1. The coordinates of a way
// are a turn of the picture's, never a mirror image: u along the line, v from line to line.
type way int

const ways = 4

// toPicture turns coordinates of the way into pixels of the picture, whose bounds begin at 0.
func (k way) toPicture(m *image.Gray, u, v float64) (x, y float64) {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	switch k {
	case 0:
		return u, v
	case 1:
		return w - v, u
	case 2:
		return w - u, h - v
	default:
		return v, h - u
	}
}
