package main

import (
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// damage scratches the print, draws stray lines over it and lets the ink fade
// in places.
func damage(r *rand.Rand, cover []float32) {
	if r.Float64() < 0.3 {
		for range 1 + r.IntN(4) {
			stroke(r, cover, float32(r.IntN(2))*float32(0.3+0.7*r.Float64()))
		}
	}
	if r.Float64() < 0.15 {
		patchy(r, cover)
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

// patchy takes ink off in spots, as worn print and coarse paper show it.
func patchy(r *rand.Rand, cover []float32) {
	v := make([]float32, len(cover))
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	size := 3 + 12*r.Float64()
	blurBox(v, masterW, masterH, size)
	depth := float32(0.35+0.6*r.Float64()) * float32(size) * 0.5
	for i, c := range cover {
		if c > 0 {
			cover[i] = c * min(max(1-depth*v[i], 0.1), 1)
		}
	}
}

// disturb changes evened samples anew each time they are learnt from: more or
// less contrast, a slope of light, noise, and now and then a blot.
func disturb(r *rand.Rand, c *glyphnet.Cell) {
	gain := float32(1 + 0.1*r.NormFloat64())
	slopeX, slopeY := float32(r.NormFloat64()*0.02), float32(r.NormFloat64()*0.015)
	noise := float32(max(r.NormFloat64()*0.12, 0))
	for i := range c {
		x, y := float32(i%glyphnet.Width)-glyphnet.Width/2, float32(i/glyphnet.Width)-glyphnet.Height/2
		c[i] = c[i]*gain + slopeX*x + slopeY*y + noise*(r.Float32()*4-2)
	}
	if r.IntN(10) > 0 {
		return
	}
	x0, y0 := r.IntN(glyphnet.Width), r.IntN(glyphnet.Height)
	x1, y1 := x0+2+r.IntN(4), y0+2+r.IntN(5)
	tone := r.Float32()*3 - 1
	for y := y0; y < min(y1, glyphnet.Height); y++ {
		for x := x0; x < min(x1, glyphnet.Width); x++ {
			c[y*glyphnet.Width+x] = tone
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
