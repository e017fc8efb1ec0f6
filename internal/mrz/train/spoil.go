package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// spoil brings a master drawing to the given pitch in pixels, slanted, on
// uneven paper, blurred, noisy and perhaps through JPEG, and returns it with
// the place of each character.
func spoil(r *rand.Rand, master []float32, pitch, size float64) (*glyphnet.Plane, func(float64) glyphnet.Frame) {
	scale := masterPitch / pitch
	blurBox(master, masterW, masterH, scale)
	w, h := int((stripChars+2*stripMargin)*pitch), int(3*pitch)
	angle := r.NormFloat64() * 0.02
	shear := r.NormFloat64() * 0.12
	aspect := 1 + r.NormFloat64()*0.06

	// Place on the picture = middle + A · (place on the master - its middle).
	sin, cos := math.Sincos(angle)
	a := [4]float64{cos / scale, (shear*cos - sin*aspect) / scale, sin / scale, (shear*sin + cos*aspect) / scale}
	det := a[0]*a[3] - a[1]*a[2]
	inverse := [4]float64{a[3] / det, -a[1] / det, -a[2] / det, a[0] / det}

	cover := make([]float32, w*h)
	bend := warp(r)
	for y := range h {
		for x := range w {
			px, py := float64(x)-float64(w)/2, float64(y)-float64(h)/2
			mx, my := bend(inverse[0]*px+inverse[1]*py, inverse[2]*px+inverse[3]*py)
			cover[y*w+x] = sampleMaster(master, mx+float64(masterW)/2, my+float64(masterH)/2)
		}
	}
	plane := &glyphnet.Plane{Pix: expose(r, cover, w, h, pitch), Stride: w, W: w, H: h}
	frame := func(i float64) glyphnet.Frame {
		mx := (i + 0.5 - stripChars/2.0) * masterPitch
		return glyphnet.Frame{
			X: float64(w)/2 + a[0]*mx, Y: float64(h)/2 + a[2]*mx,
			RX: a[0] * masterPitch, RY: a[2] * masterPitch,
			DX: a[1] * capital * size, DY: a[3] * capital * size,
		}
	}
	return plane, frame
}

// warp moves places of a master a little, smoothly, so that characters take
// shapes no single font has.
func warp(r *rand.Rand) func(x, y float64) (float64, float64) {
	type wave struct{ kx, ky, phase, dx, dy float64 }
	var waves [3]wave
	for i := range waves {
		direction, length := r.Float64()*2*math.Pi, masterPitch*(0.5+1.5*r.Float64())
		k := 2 * math.Pi / length
		waves[i] = wave{k * math.Cos(direction), k * math.Sin(direction), r.Float64() * 7, r.NormFloat64() * 0.022 * masterPitch, r.NormFloat64() * 0.022 * masterPitch}
	}
	return func(x, y float64) (float64, float64) {
		var dx, dy float64
		for _, v := range waves {
			s := math.Sin(v.kx*x + v.ky*y + v.phase)
			dx, dy = dx+v.dx*s, dy+v.dy*s
		}
		return x + dx, y + dy
	}
}

// damage scratches the print, draws stray lines over it and lets the ink fade
// in places.
func damage(r *rand.Rand, cover []float32) {
	if r.Float64() < 0.3 {
		for range 1 + r.IntN(4) {
			stroke(r, cover, float32(r.IntN(2))*float32(0.3+0.7*r.Float64()))
		}
	}
	if r.Float64() < 0.25 {
		kx, ky, phase := (r.Float64()-0.5)*0.2, (r.Float64()-0.5)*0.2, r.Float64()*7
		depth := 0.6 * r.Float64()
		for i, v := range cover {
			if v > 0 {
				wave := math.Sin(kx*float64(i%masterW) + ky*float64(i/masterW) + phase)
				cover[i] = v * float32(1-depth*(0.5+0.5*wave))
			}
		}
	}
}

// stroke draws a thin line of the given cover across the strip, or rubs one
// out when it is 0.
func stroke(r *rand.Rand, cover []float32, ink float32) {
	x, y := r.Float64()*float64(masterW), r.Float64()*float64(masterH)
	sin, cos := math.Sincos(r.Float64() * 2 * math.Pi)
	thick := 1 + r.IntN(3)
	for range masterPitch * (1 + r.IntN(8)) {
		x, y = x+cos, y+sin
		for dy := range thick {
			px, py := int(x), int(y)+dy
			if px < 0 || py < 0 || px >= masterW || py >= masterH {
				continue
			}
			at := &cover[py*masterW+px]
			if *at = max(*at, ink); ink == 0 {
				*at = 0
			}
		}
	}
}

func sampleMaster(m []float32, x, y float64) float32 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < 0 || y0 < 0 || x0+1 >= masterW || y0+1 >= masterH {
		return 0
	}
	fx, fy := float32(x)-float32(x0), float32(y)-float32(y0)
	i := y0*masterW + x0
	return (m[i]*(1-fx)+m[i+1]*fx)*(1-fy) + (m[i+masterW]*(1-fx)+m[i+masterW+1]*fx)*fy
}

// expose turns ink cover into the grey a camera sees.
func expose(r *rand.Rand, cover []float32, w, h int, pitch float64) []byte {
	paper := 90 + 165*r.Float64()
	ink := paper * (0.05 + 0.55*r.Float64()*r.Float64())
	grey := make([]float32, len(cover))
	background := paperPattern(r, paper, pitch)
	for y := range h {
		for x := range w {
			b := background(float64(x), float64(y))
			c := float64(cover[y*w+x])
			// Ink takes its share of whatever light the paper would give.
			grey[y*w+x] = float32(b * (1 - c*(1-ink/paper)))
		}
	}
	if r.Float64() < 0.15 {
		glare(r, grey, w, h)
	}
	blurGauss(grey, w, h, math.Min(math.Abs(r.NormFloat64())*0.055, 0.16)*pitch)
	if r.Float64() < 0.2 {
		blurRows(grey, w, h, 0.3*r.Float64()*pitch)
	}
	noise := float32(math.Abs(r.NormFloat64()) * 6)
	pix := make([]byte, len(grey))
	for i, v := range grey {
		pix[i] = byte(min(max(v+noise*float32(r.NormFloat64()), 0), 255))
	}
	if r.Float64() < 0.5 {
		return throughJPEG(pix, w, h, 35+r.IntN(60))
	}
	return pix
}

// paperPattern is uneven light and up to two waves of security print.
func paperPattern(r *rand.Rand, paper, pitch float64) func(x, y float64) float64 {
	type wave struct{ kx, ky, phase, height float64 }
	waves := make([]wave, r.IntN(4))
	for i := range waves {
		direction, length := r.Float64()*math.Pi, pitch*(0.2+3*r.Float64()*r.Float64())
		k := 2 * math.Pi / length
		waves[i] = wave{k * math.Cos(direction), k * math.Sin(direction), r.Float64() * 7, paper * 0.11 * r.Float64()}
	}
	tiltX, tiltY := r.NormFloat64()*0.008*paper/pitch, r.NormFloat64()*0.04*paper/pitch
	return func(x, y float64) float64 {
		v := paper + tiltX*x + tiltY*y
		for _, s := range waves {
			v += s.height * math.Sin(s.kx*x+s.ky*y+s.phase)
		}
		return v
	}
}

// glare adds a soft bright spot.
func glare(r *rand.Rand, grey []float32, w, h int) {
	cx, cy := r.Float64()*float64(w), r.Float64()*float64(h)
	radius := (0.5 + 2*r.Float64()) * float64(h)
	strength := 60 + 150*r.Float64()
	for y := range h {
		for x := range w {
			d := math.Hypot(float64(x)-cx, float64(y)-cy) / radius
			grey[y*w+x] += float32(strength * math.Exp(-2*d*d))
		}
	}
}

func throughJPEG(pix []byte, w, h, quality int) []byte {
	var b bytes.Buffer
	m := &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	if jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}) != nil {
		return pix
	}
	back, err := jpeg.Decode(&b)
	if gray, ok := back.(*image.Gray); err == nil && ok {
		for y := range h {
			copy(pix[y*w:(y+1)*w], gray.Pix[y*gray.Stride:])
		}
	}
	return pix
}

// blurGauss blurs in place by three box blurs, near enough to a Gaussian.
func blurGauss(v []float32, w, h int, sigma float64) {
	if sigma < 0.2 {
		return
	}
	// Three boxes of width b have variance 3·(b²-1)/12 for the whole widths.
	width := math.Sqrt(4*sigma*sigma + 1)
	for range 3 {
		blurBox(v, w, h, width)
	}
}

// blurBox averages in place over a square of the given width.
func blurBox(v []float32, w, h int, width float64) {
	blurRows(v, w, h, width)
	turned := make([]float32, len(v))
	for y := range h {
		for x := range w {
			turned[x*h+y] = v[y*w+x]
		}
	}
	blurRows(turned, h, w, width)
	for y := range h {
		for x := range w {
			v[y*w+x] = turned[x*h+y]
		}
	}
}

// blurRows averages each row over the given width, whose fraction counts as
// part of the outermost two pixels.
func blurRows(v []float32, w, h int, width float64) {
	if width <= 1 {
		return
	}
	radius := int((width - 1) / 2)
	edge := float32((width - 1) / 2)
	edge -= float32(radius)
	row := make([]float32, w)
	at := func(x int) float32 { return row[min(max(x, 0), w-1)] }
	for y := range h {
		line := v[y*w : (y+1)*w]
		copy(row, line)
		var sum float32
		for x := -radius; x <= radius; x++ {
			sum += at(x)
		}
		for x := range line {
			line[x] = (sum + edge*(at(x-radius-1)+at(x+radius+1))) / float32(width)
			sum += at(x+radius+1) - at(x-radius)
		}
	}
}
