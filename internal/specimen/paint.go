package specimen

import (
	"image"
	"math"
)

// rgb is a colour with channels of 0..1, not clamped while it is being worked on.
type rgb struct{ r, g, b float64 }

func (c rgb) plus(d rgb) rgb { return rgb{c.r + d.r, c.g + d.g, c.b + d.b} }

func (c rgb) times(f float64) rgb { return rgb{c.r * f, c.g * f, c.b * f} }

// mix returns c with the share t of d laid over it.
func (c rgb) mix(d rgb, t float64) rgb {
	t = min(1, max(0, t))
	return rgb{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

func level(v float64) uint8 { return uint8(min(255, max(0, v*255+0.5))) }

func setRGB(img *image.RGBA, x, y int, c rgb) {
	i := img.PixOffset(x, y)
	p := img.Pix[i : i+4 : i+4]
	p[0], p[1], p[2], p[3] = level(c.r), level(c.g), level(c.b), 255
}

func sq(x float64) float64 { return x * x }

// smooth rises from 0 at a to 1 at b without a corner.
func smooth(a, b, x float64) float64 {
	t := min(1, max(0, (x-a)/(b-a)))
	return t * t * (3 - 2*t)
}

// step is 0 outside, 1 inside, with an edge of the given softness around distance 0.
func step(distance, soft float64) float64 { return smooth(-soft, soft, distance) }

// bump is a soft spot of height 1 at (0, 0). Far out it is 0, which spares most of the exponentials of a drawing.
func bump(x, y, wide, high float64) float64 {
	far := sq(x/wide) + sq(y/high)
	if far > 9 {
		return 0
	}
	return math.Exp(-far)
}
