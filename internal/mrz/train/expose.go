package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// expose turns ink cover into the grey a camera sees.
func expose(r *rand.Rand, cover []float32, w, h int, pitch float64) []byte {
	paper := 80 + 175*r.Float64()
	ink := paper * (0.03 + 0.64*r.Float64()*r.Float64())
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
	stamp(r, grey, w, h, pitch)
	if r.Float64() < 0.15 {
		glare(r, grey, w, h)
	}
	blurGauss(grey, w, h, math.Min(math.Abs(r.NormFloat64())*0.06, 0.17)*pitch)
	if r.Float64() < 0.2 {
		blurRows(grey, w, h, 0.3*r.Float64()*pitch)
	}
	noise := float32(math.Abs(r.NormFloat64()) * 7)
	rough := float32(0)
	if r.Float64() < 0.2 {
		rough = float32(r.Float64() * 9)
	}
	if rough > 0 {
		grain(r, grey, w, h, rough, 1.2+r.Float64()*0.15*pitch)
	}
	if r.Float64() < 0.3 {
		sharpen(grey, w, h, 1+0.08*pitch*r.Float64(), 0.4+1.4*float32(r.Float64()))
	}
	pix := make([]byte, len(grey))
	for i, v := range grey {
		pix[i] = byte(min(max(v+noise*float32(r.NormFloat64()), 0), 255))
	}
	if r.Float64() < 0.6 {
		return throughJPEG(pix, w, h, 18+r.IntN(77))
	}
	return pix
}

// grain adds noise of a coarser kind than the sensor's.
func grain(r *rand.Rand, grey []float32, w, h int, strength float32, size float64) {
	v := make([]float32, len(grey))
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	blurBox(v, w, h, size)
	for i := range v {
		grey[i] += strength * float32(size) * v[i]
	}
}

// sharpen overdoes edges as cameras and picture programs do, which leaves
// bright seams around the ink.
func sharpen(grey []float32, w, h int, width float64, strength float32) {
	soft := append([]float32(nil), grey...)
	blurGauss(soft, w, h, width)
	for i, v := range soft {
		grey[i] += strength * (grey[i] - v)
	}
}

// stamp lays pale broad strokes over the print, as of large letters printed
// across a specimen.
func stamp(r *rand.Rand, grey []float32, w, h int, pitch float64) {
	if r.Float64() > 0.2 {
		return
	}
	tone, share := float32(255*r.Float64()), float32(0.15+0.35*r.Float64())
	for range 1 + r.IntN(4) {
		sin, cos := math.Sincos(r.Float64() * math.Pi)
		x, y := r.Float64()*float64(w), r.Float64()*float64(h)
		half, long := pitch*(0.15+1.2*r.Float64()), pitch*(1+8*r.Float64())
		for py := range h {
			for px := range w {
				dx, dy := float64(px)-x, float64(py)-y
				if math.Abs(dx*sin-dy*cos) < half && math.Abs(dx*cos+dy*sin) < long {
					at := &grey[py*w+px]
					*at += (tone - *at) * share
				}
			}
		}
	}
}

// paperPattern is uneven light and up to four waves of security print, some of
// them fine lines.
func paperPattern(r *rand.Rand, paper, pitch float64) func(x, y float64) float64 {
	type wave struct {
		kx, ky, phase, height float64
		line                  float64 // sines above this are a printed line, none when 2
	}
	waves := make([]wave, r.IntN(5))
	for i := range waves {
		direction, length := r.Float64()*math.Pi, pitch*(0.2+3*r.Float64()*r.Float64())
		k := 2 * math.Pi / length
		waves[i] = wave{k * math.Cos(direction), k * math.Sin(direction), r.Float64() * 7, paper * 0.11 * r.Float64(), 2}
		if r.IntN(2) == 0 {
			waves[i].line, waves[i].height = 0.2+0.75*r.Float64(), -paper*0.25*r.Float64()
		}
	}
	tiltX, tiltY := r.NormFloat64()*0.008*paper/pitch, r.NormFloat64()*0.04*paper/pitch
	sway, long := r.Float64()*0.5*pitch, 2*math.Pi/(pitch*(2+8*r.Float64()))
	return func(x, y float64) float64 {
		v := paper + tiltX*x + tiltY*y
		y += sway * math.Sin(long*x)
		for _, s := range waves {
			sine := math.Sin(s.kx*x + s.ky*y + s.phase)
			if s.line <= 1 {
				// A soft edge, or fine lines would beat with the pixels.
				sine = min(max((sine-s.line)*4+0.5, 0), 1)
			}
			v += s.height * sine
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
