// Package synth photographs printed codes that were drawn, for tests and benchmarks.
//
// A code (one pixel per module, as encoders give it) and a [Shot] go in; out comes the picture that a camera would take
// of the code on a sheet of paper: turned, in perspective, unevenly lit, blurred and noisy. The same arguments give the
// same picture.
package synth

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/picture"
)

// Shot is how a picture is taken. Its zero value is a scanner's: 3 pixels per module, nothing else.
type Shot struct {
	// Module is the width of a module in pixels (default 3), Tall its height as a multiple of it (default 1).
	Module, Tall float64
	// Degrees turns the code clockwise.
	Degrees float64
	// Perspective moves each corner by up to this share of the code's width.
	Perspective float64
	// Curl bows the code by this share of its width.
	Curl float64
	// Blur is the standard deviation of the lens's blur in pixels, Noise that of the sensor's noise in levels of 0..255.
	Blur, Noise float64
	// Shade darkens one side by this share.
	Shade float64
	// Width and Height of the picture in pixels (default: the code and a margin of 24 pixels).
	Width, Height int
	// Mirrored shows the code as a mirror does.
	Mirrored bool
	Seed     uint64
}

// Photo takes the picture of a code.
func Photo(code image.Image, s Shot) *image.Gray {
	if s.Module == 0 {
		s.Module = 3
	}
	if s.Tall == 0 {
		s.Tall = 1
	}
	r := rand.New(rand.NewPCG(s.Seed, 417))
	b := code.Bounds()
	w, h := float64(b.Dx())*s.Module, float64(b.Dy())*s.Module*s.Tall
	sin, cos := math.Sincos(s.Degrees * math.Pi / 180)
	var corners [4][2]float64
	var reachX, reachY float64
	for i, k := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		x, y := k[0]*w/2, k[1]*h/2
		if s.Mirrored {
			x = -x
		}
		corners[i] = [2]float64{x*cos - y*sin + jitter(r, s.Perspective*w), x*sin + y*cos + jitter(r, s.Perspective*w)}
		reachX, reachY = max(reachX, math.Abs(corners[i][0])), max(reachY, math.Abs(corners[i][1]))
	}
	if s.Width == 0 || s.Height == 0 {
		s.Width, s.Height = int(2*reachX)+48, int(2*(reachY+math.Abs(s.Curl)*w))+48
	}
	for i := range corners {
		corners[i][0] += float64(s.Width) / 2
		corners[i][1] += float64(s.Height) / 2
	}
	light := flatten(code)
	from := picture.SquareTo(corners).Inverse()
	seen := make([]float64, s.Width*s.Height)
	for y := range s.Height {
		for x := range s.Width {
			seen[y*s.Width+x] = expose(light, b.Dx(), b.Dy(), from, s, x, y)
		}
	}
	blur(seen, s.Width, s.Height, s.Blur)
	m := image.NewGray(image.Rect(0, 0, s.Width, s.Height))
	for i, v := range seen {
		v *= 1 - s.Shade*float64(i%s.Width)/float64(s.Width)
		m.Pix[i] = byte(math.Max(0, math.Min(255, v+r.NormFloat64()*s.Noise+0.5)))
	}
	return m
}

func jitter(r *rand.Rand, by float64) float64 { return (2*r.Float64() - 1) * by }

// flatten returns the code's brightness as ink on paper.
func flatten(code image.Image) []float64 {
	b := code.Bounds()
	light := make([]float64, b.Dx()*b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			grey := color.GrayModel.Convert(code.At(b.Min.X+x, b.Min.Y+y)).(color.Gray)
			light[y*b.Dx()+x] = 35 + float64(grey.Y)/255*185
		}
	}
	return light
}

// expose is the light that falls on one pixel, of four rays through it.
func expose(light []float64, w, h int, from picture.Projection, s Shot, x, y int) float64 {
	sum := 0.0
	for i := range 4 {
		u, v := from.At(float64(x)+(float64(i%2)+0.5)/2, float64(y)+(float64(i/2)+0.5)/2)
		v -= s.Curl * float64(w) / float64(h) * 4 * (u - u*u) / s.Tall
		cx, cy := int(math.Floor(u*float64(w))), int(math.Floor(v*float64(h)))
		if cx < 0 || cy < 0 || cx >= w || cy >= h {
			sum += 220
			continue
		}
		sum += light[cy*w+cx]
	}
	return sum / 4
}

// blur blurs in place by a Gaussian of the given standard deviation in pixels.
func blur(picture []float64, w, h int, sigma float64) {
	if sigma <= 0 {
		return
	}
	reach := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*reach+1)
	total := 0.0
	for i := range kernel {
		d := float64(i - reach)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		total += kernel[i]
	}
	pass := func(n, count, step, next int) {
		line := make([]float64, n)
		for c := range count {
			for i := range line {
				sum := 0.0
				for k, share := range kernel {
					j := min(max(i+k-reach, 0), n-1)
					sum += share * picture[c*next+j*step]
				}
				line[i] = sum / total
			}
			for i, v := range line {
				picture[c*next+i*step] = v
			}
		}
	}
	pass(w, h, 1, w)
	pass(h, w, w, 1)
}
