package main

import (
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// spoil brings the drawing to its pitch in pixels, slanted, on uneven paper,
// blurred, noisy and perhaps through JPEG, and returns it with the place of
// each character.
func (s *strip) spoil(r *rand.Rand) (*glyphnet.Plane, func(float64) glyphnet.Frame) {
	// What the web shows was often made larger or smaller after it was taken.
	resize := 1.0
	if r.Float64() < 0.3 {
		resize = 0.6 + r.Float64()
		s.pitch = max(s.pitch/resize, 6)
	}
	scale := masterPitch / s.pitch
	blurBox(s.cover, masterW, masterH, scale)
	w, h := int((stripChars+2*stripMargin)*s.pitch), int(3*s.pitch)
	p := newPose(r, scale)
	cover := make([]float32, w*h)
	bend, each := warp(r), s.uneven(r)
	for y := range h {
		for x := range w {
			px, py := float64(x)-float64(w)/2, float64(y)-float64(h)/2
			mx, my := each(bend(p.back[0]*px+p.back[1]*py, p.back[2]*px+p.back[3]*py))
			cover[y*w+x] = sampleMaster(s.cover, mx+float64(masterW)/2, my+float64(masterH)/2)
		}
	}
	plane := &glyphnet.Plane{Pix: expose(r, cover, w, h, s.pitch), Stride: w, W: w, H: h}
	middleX, middleY := float64(w)/2, float64(h)/2
	if resize != 1 {
		plane = resized(plane, resize)
		middleX, middleY = middleX*resize, middleY*resize
		p.scale(resize)
	}
	return plane, func(i float64) glyphnet.Frame {
		mx := (i + 0.5 - stripChars/2.0) * masterPitch
		return glyphnet.Frame{
			X: middleX + p.ahead[0]*mx, Y: middleY + p.ahead[2]*mx,
			RX: p.ahead[0] * masterPitch, RY: p.ahead[2] * masterPitch,
			DX: p.down[0] * capital * s.size, DY: p.down[1] * capital * s.size,
		}
	}
}

// pose is how the strip lies: place on the picture - its middle = ahead · (place
// on the master - its middle).
type pose struct {
	ahead, back [4]float64
	down        [2]float64 // what the reader takes for downwards
}

func newPose(r *rand.Rand, scale float64) pose {
	sin, cos := math.Sincos(r.NormFloat64() * 0.02)
	shear := r.NormFloat64() * 0.1
	if r.Float64() < 0.25 {
		shear = r.NormFloat64() * 0.22
	}
	aspect := 1 + r.NormFloat64()*0.07
	a := [4]float64{cos / scale, (shear*cos - sin*aspect) / scale, sin / scale, (shear*sin + cos*aspect) / scale}
	det := a[0]*a[3] - a[1]*a[2]
	p := pose{ahead: a, back: [4]float64{a[3] / det, -a[1] / det, -a[2] / det, a[0] / det}}
	// Slanted type looks to the reader as it is, a slanted line has its frame.
	seen := shear * r.Float64()
	p.down = [2]float64{(seen*cos - sin*aspect) / scale, (seen*sin + cos*aspect) / scale}
	return p
}

func (p *pose) scale(f float64) {
	for i := range p.ahead {
		p.ahead[i] *= f
	}
	p.down[0], p.down[1] = p.down[0]*f, p.down[1]*f
}

// uneven gives each character a width, height, slope and place of its own.
func (s *strip) uneven(r *rand.Rand) func(x, y float64) (float64, float64) {
	if r.Float64() < 0.3 {
		return func(x, y float64) (float64, float64) { return x, y }
	}
	type own struct{ wide, high, slope, down float64 }
	amount := r.Float64()
	tall := 1 + r.NormFloat64()*0.07*amount
	each := make([]own, len(s.text))
	for i := range each {
		each[i] = own{1 + r.NormFloat64()*0.11*amount, tall * (1 + r.NormFloat64()*0.04*amount), r.NormFloat64() * 0.05 * amount, r.NormFloat64() * 0.03 * amount * masterPitch}
		if s.text[i] == '<' {
			// Printers disagree about its size most.
			each[i].wide, each[i].high = 0.85+0.3*r.Float64(), 0.8+0.35*r.Float64()
		}
	}
	return func(x, y float64) (float64, float64) {
		t := x/masterPitch + stripChars/2.0
		i := int(math.Floor(t))
		if i < 0 || i >= len(each) {
			return x, y
		}
		middle := (float64(i) + 0.5 - stripChars/2.0) * masterPitch
		off := x - middle
		return middle + (off-each[i].slope*y)/each[i].wide, (y-each[i].down)/each[i].high + each[i].slope*off
	}
}

// warp moves places of a master a little, smoothly, so that characters take
// shapes no single font has.
func warp(r *rand.Rand) func(x, y float64) (float64, float64) {
	type wave struct{ kx, ky, phase, dx, dy float64 }
	var waves [3]wave
	amount := 0.02 * masterPitch
	if r.Float64() < 0.3 {
		amount *= 1.7
	}
	for i := range waves {
		direction, length := r.Float64()*2*math.Pi, masterPitch*(0.5+1.5*r.Float64())
		k := 2 * math.Pi / length
		waves[i] = wave{k * math.Cos(direction), k * math.Sin(direction), r.Float64() * 7, r.NormFloat64() * amount, r.NormFloat64() * amount}
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

func sampleMaster(m []float32, x, y float64) float32 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < 0 || y0 < 0 || x0+1 >= masterW || y0+1 >= masterH {
		return 0
	}
	fx, fy := float32(x)-float32(x0), float32(y)-float32(y0)
	i := y0*masterW + x0
	return (m[i]*(1-fx)+m[i+1]*fx)*(1-fy) + (m[i+masterW]*(1-fx)+m[i+masterW+1]*fx)*fy
}

// resized is the plane f times as large, bilinear, averaged first where it
// becomes smaller.
func resized(p *glyphnet.Plane, f float64) *glyphnet.Plane {
	v := make([]float32, len(p.Pix))
	for i, b := range p.Pix {
		v[i] = float32(b)
	}
	if f < 1 {
		blurBox(v, p.W, p.H, 1/f)
	}
	q := &glyphnet.Plane{W: max(int(float64(p.W)*f), 1), H: max(int(float64(p.H)*f), 1)}
	q.Stride, q.Pix = q.W, make([]byte, q.W*q.H)
	for y := range q.H {
		fy := min(max((float64(y)+0.5)/f-0.5, 0), float64(p.H-1)-0.001)
		y0 := int(fy)
		b := float32(fy - float64(y0))
		for x := range q.W {
			fx := min(max((float64(x)+0.5)/f-0.5, 0), float64(p.W-1)-0.001)
			x0 := int(fx)
			a := float32(fx - float64(x0))
			i := y0*p.W + x0
			q.Pix[y*q.W+x] = byte((v[i]*(1-a)+v[i+1]*a)*(1-b) + (v[i+p.W]*(1-a)+v[i+p.W+1]*a)*b + 0.5)
		}
	}
	return q
}
