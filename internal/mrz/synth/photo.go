package synth

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/usher-kyc/usher/internal/picture"
)

type point struct{ x, y float64 }

// toQuad maps a rectangle of w by h to four corners, clockwise from the top
// left.
func toQuad(w, h float64, q [4]point) picture.Projection {
	m := picture.SquareTo([4][2]float64{{q[0].x, q[0].y}, {q[1].x, q[1].y}, {q[2].x, q[2].y}, {q[3].x, q[3].y}})
	for row := range 3 {
		m[3*row], m[3*row+1] = m[3*row]/w, m[3*row+1]/h
	}
	return m
}

// on returns where a point comes to lie.
func on(m picture.Projection, p point) point {
	x, y := m.At(p.x, p.y)
	return point{x, y}
}

// photograph lays the card on a desk and takes the picture; it returns where
// points of the card come to lie.
func photograph(r *rand.Rand, c card, w, h int, level Level) (*image.RGBA, picture.Projection) {
	cw, ch := float64(c.Rect.Dx()), float64(c.Rect.Dy())
	angle := (2*r.Float64() - 1) * level.Degrees * math.Pi / 180
	sin, cos := math.Sincos(angle)
	cx := float64(w)/2 + (r.Float64()-0.5)*0.05*float64(w)
	cy := float64(h)/2 + (r.Float64()-0.5)*0.05*float64(h)
	var q [4]point
	for i, k := range [4]point{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		x, y := k.x*cw/2, k.y*ch/2
		jitter := func() float64 { return (2*r.Float64() - 1) * level.Perspective * cw }
		q[i] = point{cx + x*cos - y*sin + jitter(), cy + x*sin + y*cos + jitter()}
	}
	place := toQuad(cw, ch, q)
	m := lay(r, c, w, h, place.Inverse(), level.Curl*cw*(2*r.Float64()-1))
	shake(r, m, level.Motion*float64(w)/1600)
	// The blur is given for a picture 1,600 pixels wide; below that the same
	// lens would spread less, above it more.
	blur(m, level.Blur*math.Min(float64(w)/1600, 2)*boost(w))
	light(r, m, on(place, point{cw * r.Float64(), ch * r.Float64()}), level)
	return m, place
}

// boost leaves the blur of small pictures as given, in their own pixels.
func boost(w int) float64 {
	if w < 1600 {
		return 1600 / float64(w)
	}
	return 1
}

// lay draws desk and card, the card bent up or down by bend pixels as a page
// of a booklet is.
func lay(r *rand.Rand, c card, w, h int, back picture.Projection, bend float64) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	cw, ch := c.Rect.Dx(), c.Rect.Dy()
	under := newDesk(r, w)
	peak := 0.3 + 0.4*r.Float64() // where the bend is highest, part of the width
	for y := range h {
		row := m.Pix[y*m.Stride:]
		for x := range w {
			px := row[4*x : 4*x+4]
			px[3] = 255
			p := on(back, point{float64(x), float64(y)})
			if bend != 0 {
				p.y += bend * bow(p.x/float64(cw), peak)
			}
			x0, y0 := int(math.Floor(p.x)), int(math.Floor(p.y))
			if x0 < 0 || y0 < 0 || x0+1 >= cw || y0+1 >= ch {
				under.paint(px, float64(x), float64(y))
				continue
			}
			fx, fy := float32(p.x-float64(x0)), float32(p.y-float64(y0))
			i := y0*c.Stride + 4*x0
			for k := range 3 {
				a, b := float32(c.Pix[i+k]), float32(c.Pix[i+4+k])
				d, e := float32(c.Pix[i+c.Stride+k]), float32(c.Pix[i+c.Stride+4+k])
				px[k] = byte((a*(1-fx)+b*fx)*(1-fy) + (d*(1-fx)+e*fx)*fy + 0.5)
			}
		}
	}
	return m
}

// bow is 0 at both ends of 0..1 and 1 at its peak.
func bow(t, peak float64) float64 {
	t = min(max(t, 0), 1)
	if t < peak {
		return math.Sin(math.Pi / 2 * t / peak)
	}
	return math.Sin(math.Pi / 2 * (1 - t) / (1 - peak))
}

// blur is Gaussian, rows then columns.
func blur(m *image.RGBA, sigma float64) {
	if sigma < 0.1 {
		return
	}
	radius := int(math.Ceil(2.5 * sigma))
	kernel := make([]int, 2*radius+1)
	var sum float64
	for i := range kernel {
		sum += math.Exp(-0.5 * math.Pow(float64(i-radius)/sigma, 2))
	}
	for i := range kernel {
		kernel[i] = int(65536*math.Exp(-0.5*math.Pow(float64(i-radius)/sigma, 2))/sum + 0.5)
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for y := range h {
		blurLine(m.Pix[y*m.Stride:], w, 4, kernel)
	}
	for x := range w {
		blurLine(m.Pix[4*x:], h, m.Stride, kernel)
	}
}

// blurLine blurs n pixels that lie step bytes apart.
func blurLine(pix []byte, n, step int, kernel []int) {
	radius := len(kernel) / 2
	line := make([][3]int, n+2*radius)
	for i := range line {
		at := min(max(i-radius, 0), n-1) * step
		line[i] = [3]int{int(pix[at]), int(pix[at+1]), int(pix[at+2])}
	}
	for i := range n {
		var s [3]int
		for j, k := range kernel {
			v := &line[i+j]
			s[0] += v[0] * k
			s[1] += v[1] * k
			s[2] += v[2] * k
		}
		for k := range 3 {
			pix[i*step+k] = byte(min(s[k]>>16, 255))
		}
	}
}

// shake blurs along one direction, as a hand that moves by at most so many pixels.
func shake(r *rand.Rand, m *image.RGBA, most float64) {
	length := most * r.Float64()
	if length < 0.5 {
		return
	}
	sin, cos := math.Sincos(r.Float64() * math.Pi)
	const steps = 5
	from := slices.Clone(m.Pix)
	w, h := m.Rect.Dx(), m.Rect.Dy()
	var shift [steps]int
	reach := int(math.Ceil(length)) + 1
	for i := range shift {
		t := length * (float64(i)/(steps-1) - 0.5)
		shift[i] = int(math.Round(t*sin))*m.Stride + 4*int(math.Round(t*cos))
	}
	for y := reach; y < h-reach; y++ {
		for i := y*m.Stride + 4*reach; i < y*m.Stride+4*(w-reach); i++ {
			sum := 0
			for _, s := range shift {
				sum += int(from[i+s])
			}
			m.Pix[i] = byte(sum / steps)
		}
	}
}

// light shades the picture along a random direction, perhaps sets a bright
// spot, and adds the sensor's noise.
func light(r *rand.Rand, m *image.RGBA, spot point, level Level) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	sin, cos := math.Sincos(r.Float64() * 2 * math.Pi)
	reach := math.Abs(cos)*float64(w) + math.Abs(sin)*float64(h)
	strength := 0.0
	if r.Float64() < level.Glare {
		strength = 90 + 80*r.Float64()
	}
	radius := float64(w) * (0.06 + 0.1*r.Float64())
	noise := gaussian(r, level.Noise)
	for y := range h {
		row := m.Pix[y*m.Stride:]
		for x := range w {
			dx, dy := float64(x), float64(y)
			along := 0.5 + ((dx-float64(w)/2)*cos+(dy-float64(h)/2)*sin)/reach
			gain := 1 - level.Shade*along
			extra := 0.0
			if strength > 0 {
				d := math.Hypot(dx-spot.x, dy-spot.y) / radius
				extra = strength * math.Exp(-d*d)
			}
			for k := range 3 {
				v := int(float64(row[4*x+k])*gain+extra) + noise()
				row[4*x+k] = byte(min(max(v, 0), 255))
			}
		}
	}
}
