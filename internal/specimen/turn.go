package specimen

import (
	"image"
	"image/color"
	"math"
)

// The form of a head, in the units of the drawing: half an egg with a nose on it. It is a guess at a middling face, not measured on people.
const (
	headWide, headHigh, headDeep = 0.95, 1.35, 0.85
	noseOut                      = 0.24
	turnSamples                  = 1100 // across a row of the head
)

func depth(x, y float64) float64 {
	egg := 1 - sq(x/headWide) - sq(y/headHigh)
	if egg <= 0 {
		return 0
	}
	return headDeep*math.Sqrt(egg) + noseOut*bump(x, y-0.22, 0.09, 0.16)
}

// Turned draws the person as [Selfie] does, 360 × 480 pixels, with the head turned by some degrees, above 0 to the person's own left, and nearer
// to the camera by a factor (1 as it was). The picture is the drawn one laid over the form of a head and turned: eyes and nose move against each
// other as they do in life, what was hidden stays empty. Seed picks the grain, so that two frames of one pose are not the same picture.
func Turned(p Person, degrees, near float64, seed uint64) image.Image {
	const w, h = 360, 480
	const left, right = -2.2, 2.2
	look := p.withDefaults().look()
	s := scene{centreX: 0.5, centreY: 0.465, size: 0.245, light: -0.3, strength: 1.02, background: func(_, v float64) rgb {
		return rgb{0.74, 0.71, 0.66}.times(1 - 0.1*v)
	}}
	flat := paintPortrait(look, s, w, h)
	unit, cx, cy := s.size*h, s.centreX*w, s.centreY*h
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	out := image.NewRGBA(flat.Rect)
	for py := range h {
		y := (float64(py) + 0.5 - cy) / (unit * near)
		from, front := [w]float64{}, [w]float64{}
		for i := range front {
			front[i] = math.Inf(-1)
		}
		for i := range turnSamples {
			x := left + (right-left)*float64(i)/turnSamples
			across, towards := x, -1.0 // the body and the room stay
			if z := depth(x, y); z > 0 {
				across, towards = x*cos+z*sin, z*cos-x*sin
			}
			if px := int(across*unit*near + cx); px >= 0 && px < w && towards > front[px] {
				from[px], front[px] = x, towards
			}
		}
		last := left
		for px := range w {
			if !math.IsInf(front[px], -1) {
				last = from[px]
			}
			out.SetRGBA(px, py, pixelAt(flat, last*unit+cx, y*unit+cy))
		}
	}
	return grain(out, seed, 2)
}

// pixelAt gives the pixel at a place, or the nearest within the picture.
func pixelAt(img *image.RGBA, x, y float64) color.RGBA {
	return img.RGBAAt(min(img.Rect.Dx()-1, max(0, int(x))), min(img.Rect.Dy()-1, max(0, int(y))))
}
