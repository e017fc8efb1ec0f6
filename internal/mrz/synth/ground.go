package synth

import (
	"image"
	"math"
	"math/rand/v2"
)

func tone(v float64) byte { return byte(min(max(v, 0), 255)) }

// ground fills a card with what lies under its print.
func ground(r *rand.Rand, m *image.RGBA, level Level, scale float64) {
	guilloche(r, m, scale)
	if r.Float64() >= level.Ground {
		return
	}
	if r.IntN(2) == 0 {
		landscape(r, m, scale)
	} else {
		rosette(r, m, scale)
	}
}

// guilloche is pale paper and fine waves.
func guilloche(r *rand.Rand, m *image.RGBA, scale float64) {
	red, green, blue := 205+r.Float64()*45, 205+r.Float64()*45, 205+r.Float64()*45
	period, swing, slant := (0.8+1.5*r.Float64())*scale, (1+2*r.Float64())*scale, r.Float64()-0.5
	height := 4 + 14*r.Float64()
	if r.IntN(5) == 0 {
		height *= 2.5 // lines nearly as dark as print
	}
	bend := make([]float64, m.Rect.Dx())
	for x := range bend {
		bend[x] = slant*float64(x) + swing*math.Sin(float64(x)/(5*scale))
	}
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			v := math.Sin(2*math.Pi/period*(float64(y)+bend[x])) * height
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = tone(red+v), tone(green+v*0.7), tone(blue+v*0.4), 255
		}
	}
}

// landscape is a faded picture: clouds, hills and the edges between them.
func landscape(r *rand.Rand, m *image.RGBA, scale float64) {
	seed, strength := r.Uint64(), 25+55*r.Float64()
	each := (4 + 12*r.Float64()) * scale
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			u, v := float64(x)/each, float64(y)/each
			n := 0.6*noise(seed, u, v) + 0.4*noise(seed+1, 3*u, 3*v)
			if n > 0.55 {
				n += 0.25 // an edge
			}
			dark := strength * min(n, 1)
			for k := range 3 {
				row[4*x+k] = tone(float64(row[4*x+k]) - dark*(0.7+0.3*float64((k+int(seed%3))%3)))
			}
		}
	}
}

// rosette is rings of fine lines around two places.
func rosette(r *rand.Rand, m *image.RGBA, scale float64) {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	strength, each := 15+35*r.Float64(), (0.5+1.2*r.Float64())*scale
	a, b := point{w * r.Float64(), h * r.Float64()}, point{w * r.Float64(), h * r.Float64()}
	petals := float64(5 + r.IntN(9))
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			line := 0.0
			for _, c := range [2]point{a, b} {
				dx, dy := float64(x)-c.x, float64(y)-c.y
				d := math.Sqrt(dx*dx+dy*dy) + 2*scale*math.Sin(petals*math.Atan2(dy, dx))
				line = max(line, math.Cos(2*math.Pi*d/each))
			}
			if line > 0.6 {
				for k := range 3 {
					row[4*x+k] = tone(float64(row[4*x+k]) - strength*(line-0.6)*2.5)
				}
			}
		}
	}
}

// shine lays a see-through hologram over the card: bright bands of colour within a ring of fine lines.
func shine(r *rand.Rand, m *image.RGBA, scale float64) {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	c := point{w * r.Float64(), h * (0.3 + 0.7*r.Float64())}
	reach, strength := (12+18*r.Float64())*scale, 20+45*r.Float64()
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			dx, dy := float64(x)-c.x, float64(y)-c.y
			d := math.Sqrt(dx*dx+dy*dy) / reach
			if d > 1 {
				continue
			}
			fine := 0.6 + 0.4*math.Cos(d*60)
			for k := range 3 {
				row[4*x+k] = tone(float64(row[4*x+k]) + strength*(1-d)*fine*(0.5+0.5*math.Sin(d*9+2*float64(k))))
			}
		}
	}
}

// stamp prints a word across the card, rising, see-through, as specimens have it.
func stamp(r *rand.Rand, m *image.RGBA, k ink) {
	word := []string{"SPECIMEN", "SAMPLE", "VOID", "COPY"}[r.IntN(4)]
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	k.colour, k.density, k.dots, k.ragged, k.slant = [3]float64{170 * r.Float64(), 60, 60 + 120*r.Float64()}, 0.15+0.35*r.Float64(), 0, 0, 0
	pitch := w * (0.06 + 0.05*r.Float64())
	rise := 0.1 + 0.5*r.Float64()
	x, y := w*(0.05+0.2*r.Float64()), h*(0.8+0.25*r.Float64())
	for i := range len(word) {
		k.character(m, word[i], x+float64(i)*pitch, y-float64(i)*pitch*rise, pitch/pitchOfEm)
	}
}
