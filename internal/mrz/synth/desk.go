package synth

import (
	"math"
	"math/rand/v2"
)

// desk is what a document lies on.
type desk struct {
	base  [3]float64
	scale float64 // pattern units for each pixel
	grain float64
	slant float64
	kind  int
	seed  uint64
}

// newDesk draws the lots for a desk under a picture of the given width.
func newDesk(r *rand.Rand, width int) desk {
	return desk{
		base:  [3]float64{40 + 120*r.Float64(), 40 + 110*r.Float64(), 40 + 100*r.Float64()},
		scale: 40 / float64(width), grain: 5 + 10*r.Float64(), slant: r.Float64(), kind: r.IntN(5), seed: r.Uint64(),
	}
}

// paint colours one pixel: waves, wood, checks, cloth or stone.
func (d desk) paint(px []byte, x, y float64) {
	u, v := x*d.scale, y*d.scale
	var by float64
	switch d.kind {
	case 0:
		by = d.grain * math.Sin(v+d.slant*u)
	case 1:
		by = 3 * d.grain * (noise(d.seed, 0.4*u, 6*v) - 0.5)
	case 2:
		by = 2 * d.grain
		if (int(math.Floor(u/2))+int(math.Floor(v/2)))%2 == 0 {
			by = -by
		}
	case 3:
		by = d.grain * (math.Sin(9*u) + math.Sin(9*v)) / 2
	default:
		by = 4 * d.grain * (noise(d.seed, u, v)*0.6 + noise(d.seed+1, 7*u, 7*v)*0.4 - 0.5)
	}
	for k := range 3 {
		px[k] = tone(d.base[k] + by)
	}
}
