package synth

import (
	"image"
	"math"
	"math/rand/v2"
	"sync"

	"golang.org/x/image/font/gofont/gomono"
)

// Press prints zones. Making one takes a tenth of a second, and it may be used by many goroutines.
type Press struct{ sharp, oblique, foreign *cut }

// NewPress reads the cuts.
func NewPress() (*Press, error) {
	sharp, err := openCut(sharpFile, 0)
	if err != nil {
		return nil, err
	}
	oblique, err := openCut(obliqueFile, obliqueSlant)
	if err != nil {
		return nil, err
	}
	foreign, err := openCut(gomono.TTF, 0)
	if err != nil {
		return nil, err
	}
	return &Press{sharp, oblique, foreign}, nil
}

// sharedPress is for those who draw one picture.
var sharedPress = sync.OnceValues(NewPress)

// ink is how one document is printed.
type ink struct {
	cut      *cut
	colour   [3]float64
	weight   float64 // thicker by so many ems, thinner when negative
	wide     float64 // about 1
	high     float64 // about 1
	slant    float64 // to the right for each pixel up
	soft     float64 // width of an edge in pixels
	gamma    float64 // above 1 thins what is half covered
	density  float64 // 0..1
	ragged   float64 // ems
	dots     float64 // how much lighter it is between the dots of a laser or inkjet, 0..1
	dotsEach float64 // dots to the em
	jitter   float64 // of each character's place, ems
	seed     uint64
}

// newInk draws the lots for how a document is printed.
func (p *Press) newInk(r *rand.Rand, level Level) ink {
	around := func(by float64) float64 { return (2*r.Float64() - 1) * by }
	dark := 8 + 55*r.Float64()
	k := ink{
		cut: p.sharp, colour: [3]float64{dark, dark, dark}, weight: around(level.Ink) * pitchOfEm,
		wide: 1 + around(0.05), high: 1 + around(0.05), slant: around(0.02), soft: 0.9 + 0.7*r.Float64(), gamma: 0.8 + 0.5*r.Float64(),
		density: 0.85 + 0.15*r.Float64(), ragged: level.Ragged * r.Float64() * pitchOfEm, dotsEach: 18 + 20*r.Float64(),
		jitter: 0.012 * r.Float64(), seed: r.Uint64(),
	}
	switch r.IntN(6) {
	case 0:
		k.colour[2] += 40
	case 1:
		k.colour[0] += 25
	}
	if r.IntN(4) == 0 {
		k.cut = p.oblique
	}
	if level.Foreign > 0 && r.Float64() < level.Foreign {
		k.cut, k.wide, k.high = p.foreign, k.wide*1.12, k.high*1.12
	}
	if r.IntN(3) == 0 {
		k.dots = 0.5 * r.Float64()
	}
	return k
}

// line prints text with its base line at y, the first cell beginning at x, one character every pitch pixels.
func (k ink) line(m *image.RGBA, r *rand.Rand, text string, x, y, pitch float64) {
	em := pitch / pitchOfEm
	for i := range len(text) {
		dx, dy := (2*r.Float64()-1)*k.jitter*em, (2*r.Float64()-1)*k.jitter*em
		k.character(m, text[i], x+float64(i)*pitch+dx, y+dy, em)
	}
}

// character prints one, its cell beginning at left, its base line at base.
func (k ink) character(m *image.RGBA, c byte, left, base, em float64) {
	glyph, ok := k.cut.glyphs[c]
	if !ok {
		return
	}
	area := image.Rect(int(left+emLeft*em)-1, int(base+emTop*em)-1, int(left+emRight*em)+2, int(base+emBottom*em)+2).Intersect(m.Rect)
	slant := k.slant - k.cut.slant
	for y := area.Min.Y; y < area.Max.Y; y++ {
		v := (float64(y) + 0.5 - base) / em / k.high
		for x := area.Min.X; x < area.Max.X; x++ {
			u := (float64(x)+0.5-left)/em + slant*v
			u = pitchOfEm/2 + (u-pitchOfEm/2)/k.wide
			d := k.cut.within(glyph, u, v) + k.weight
			if d*em < -k.soft {
				continue
			}
			if k.ragged > 0 {
				d += k.ragged * (2*noise(k.seed, float64(x)/em*14, float64(y)/em*14) - 1)
			}
			cover := min(max(0.5+d*em/k.soft, 0), 1)
			if cover <= 0 {
				continue
			}
			k.stain(m, x, y, math.Pow(cover, k.gamma)*k.density*k.dot(float64(x)/em, float64(y)/em))
		}
	}
}

// dot is how much ink lies at a place of the raster.
func (k ink) dot(x, y float64) float64 {
	if k.dots == 0 {
		return 1
	}
	return 1 - k.dots*(0.5-0.25*math.Cos(2*math.Pi*k.dotsEach*x)-0.25*math.Cos(2*math.Pi*k.dotsEach*y))
}

func (k ink) stain(m *image.RGBA, x, y int, cover float64) {
	i := m.PixOffset(x, y)
	for c := range 3 {
		m.Pix[i+c] = tone(float64(m.Pix[i+c])*(1-cover) + k.colour[c]*cover)
	}
}

// noise is a smooth random value, 0..1, with about one bump for each unit.
func noise(seed uint64, x, y float64) float64 {
	ix, iy := math.Floor(x), math.Floor(y)
	fx, fy := x-ix, y-iy
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	at := func(dx, dy int) float64 { return lattice(seed, int64(ix)+int64(dx), int64(iy)+int64(dy)) }
	return (at(0, 0)*(1-fx)+at(1, 0)*fx)*(1-fy) + (at(0, 1)*(1-fx)+at(1, 1)*fx)*fy
}

// lattice mixes a place into a value of 0..1 (the finaliser of MurmurHash3).
func lattice(seed uint64, x, y int64) float64 {
	h := seed ^ uint64(x)*0x9e3779b97f4a7c15 ^ uint64(y)*0xc2b2ae3d27d4eb4f
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return float64(h>>11) / (1 << 53)
}
