package mrz

import (
	"math"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// steepest is the highest degree of a curve: what a page that bends two ways,
// seen from near, needs.
const steepest = 5

// curve is a place as a polynomial of the column t, scaled so that its powers
// stay of one size.
type curve struct {
	x, y         [steepest + 1]float64
	middle, half float64
}

func (c *curve) at(t float64) (x, y float64) {
	u := (t - c.middle) / c.half
	for k := steepest; k >= 0; k-- {
		x, y = x*u+c.x[k], y*u+c.y[k]
	}
	return x, y
}

// step is the derivative: one pitch along the line at column t.
func (c *curve) step(t float64) (x, y float64) {
	u := (t - c.middle) / c.half
	for k := steepest; k >= 1; k-- {
		x, y = x*u+float64(k)*c.x[k], y*u+float64(k)*c.y[k]
	}
	return x / c.half, y / c.half
}

// mark is a character's middle seen at column t.
type mark struct{ t, x, y float64 }

// fit lays a curve of the given degree through marks, giving less and less
// weight to those that lie off it by more than a part of the pitch. It returns
// false when there are too few.
func fit(marks []mark, degree int, pitch float64) (curve, bool) {
	if len(marks) < degree+3 {
		return curve{}, false
	}
	low, high := marks[0].t, marks[0].t
	for _, m := range marks {
		low, high = min(low, m.t), max(high, m.t)
	}
	c := curve{middle: (low + high) / 2, half: max((high-low)/2, 1)}
	weight := make([]float64, len(marks))
	for i := range weight {
		weight[i] = 1
	}
	for range 4 {
		if !c.solve(marks, weight, degree) {
			return curve{}, false
		}
		for i, m := range marks {
			x, y := c.at(m.t)
			off := math.Hypot(m.x-x, m.y-y) / (0.12 * pitch)
			weight[i] = 1 / (1 + off*off*off*off)
		}
	}
	return c, true
}

// solve is weighted least squares by the normal equations.
func (c *curve) solve(marks []mark, weight []float64, degree int) bool {
	const right = steepest + 1
	var a [steepest + 1][right + 2]float64 // powers, then right sides for x and y
	for i, m := range marks {
		u := (m.t - c.middle) / c.half
		var power [steepest + 1]float64
		power[0] = 1
		for k := 1; k <= degree; k++ {
			power[k] = power[k-1] * u
		}
		for r := 0; r <= degree; r++ {
			for k := 0; k <= degree; k++ {
				a[r][k] += weight[i] * power[r] * power[k]
			}
			a[r][right] += weight[i] * power[r] * m.x
			a[r][right+1] += weight[i] * power[r] * m.y
		}
	}
	for r := 3; r <= degree; r++ {
		// Higher powers must be worth it, as they run away where no mark is.
		a[r][r] += 0.003 * float64(len(marks))
	}
	for r := 0; r <= degree; r++ {
		if a[r][r] < 1e-6 {
			return false
		}
		for q := 0; q <= degree; q++ {
			if q == r {
				continue
			}
			f := a[q][r] / a[r][r]
			for k := range a[q] {
				a[q][k] -= f * a[r][k]
			}
		}
	}
	c.x, c.y = [steepest + 1]float64{}, [steepest + 1]float64{}
	for r := 0; r <= degree; r++ {
		c.x[r], c.y[r] = a[r][right]/a[r][r], a[r][right+1]/a[r][r]
	}
	return true
}

// line is a text line with a column for each blob. Columns may begin anywhere
// until the zone's window is found.
type line struct {
	curve
	blobs     []blob
	columns   []float64 // of the blobs
	low, high float64   // first and last column with a blob
	pitch     float64
	tallness  float64 // capital height in pitches
	downX     float64 // where columns of the lines below lie: one pitch down
	downY     float64 // at the middle of the line
	imagined  bool    // put where a missing line should be
}

// newLine counts the columns of a chain and fits its curve.
func newLine(blobs []blob, pitch float64) (*line, bool) {
	l := &line{blobs: blobs, pitch: pitch, columns: make([]float64, len(blobs))}
	marks := l.count()
	c, ok := fit(marks, 2, pitch)
	if !ok {
		return nil, false
	}
	l.curve = c
	// Counting along a bent or foreshortened line may slip where blobs are
	// missing; the fitted curve tells better.
	for range 2 {
		l.settle()
		if c, ok := fit(l.marks(), l.degree(), pitch); ok {
			l.curve = c
		}
	}
	l.low, l.high = l.columns[0], l.columns[0]
	for _, t := range l.columns {
		l.low, l.high = min(l.low, t), max(l.high, t)
	}
	l.upright()
	return l, l.sound()
}

func (l *line) degree() int {
	if len(l.blobs) >= 20 {
		return 3
	}
	return 2
}

// count gives each blob a column by the distance from the one before, with a
// pitch that follows the perspective.
func (l *line) count() []mark {
	pitch, t := l.pitch, 0.0
	last := l.blobs[0]
	marks := []mark{{0, last.x, last.y}}
	for i, b := range l.blobs[1:] {
		distance := math.Hypot(b.x-last.x, b.y-last.y)
		steps := math.Round(distance / pitch)
		if l.wide(b) {
			// Characters that run together: their middle is no character's.
			l.columns[i+1] = t + distance/pitch
			continue
		}
		t += steps
		l.columns[i+1] = t
		if steps == 1 {
			pitch += 0.1 * (distance - pitch)
		}
		if steps >= 1 {
			last = b
			marks = append(marks, mark{t, b.x, b.y})
		}
	}
	return marks
}

// wide blobs hold more than one character.
func (l *line) wide(b blob) bool { return math.Max(b.w, b.h) > 1.45*l.pitch }

// settle moves each blob to the column the curve has at its place.
func (l *line) settle() {
	for i, b := range l.blobs {
		t := l.columns[i]
		for range 3 {
			t = l.toward(t, b.x, b.y)
		}
		l.columns[i] = t
	}
}

// toward improves t as the column nearest to a place.
func (l *line) toward(t, x, y float64) float64 {
	px, py := l.at(t)
	sx, sy := l.step(t)
	length := sx*sx + sy*sy
	if length < 1e-9 {
		return t
	}
	// A step beyond a few columns would follow the curve where it is not known.
	return t + min(max(((x-px)*sx+(y-py)*sy)/length, -4), 4)
}

// marks are the blobs of one character, at whole columns.
func (l *line) marks() []mark {
	marks := make([]mark, 0, len(l.blobs))
	for i, b := range l.blobs {
		t := math.Round(l.columns[i])
		if !l.wide(b) && math.Abs(l.columns[i]-t) < 0.3 {
			marks = append(marks, mark{t, b.x, b.y})
		}
	}
	return marks
}

// upright takes the downward direction square to the line, and the height of
// capitals from the blobs, whose boxes grow as the line leans.
func (l *line) upright() {
	sx, sy := l.step((l.low + l.high) / 2)
	l.pitch = math.Hypot(sx, sy)
	if l.pitch == 0 {
		return
	}
	cos, sin := math.Abs(sx)/l.pitch, math.Abs(sy)/l.pitch
	heights := make([]float64, 0, len(l.blobs))
	for _, b := range l.blobs {
		if l.wide(b) {
			continue
		}
		w, h := b.w, b.h
		if sin > cos {
			w, h = b.h, b.w
		}
		c, s := max(cos, sin), min(cos, sin)
		// A box w by h turned by the angle has the extent (w·c+h·s, w·s+h·c).
		heights = append(heights, (h*c-w*s)/(c*c-s*s))
	}
	// Three quarters up are digits and capitals, fillers lie below.
	l.tallness = min(max(quantile(heights, 0.75)/l.pitch*0.95, 0.7), 1.4)
	l.downX, l.downY = -sy, sx
}

// sound reports whether the curve is one a text line can have.
func (l *line) sound() bool {
	if l.high-l.low > longest || l.high-l.low < fewest || !(l.pitch > 1) {
		return false
	}
	for _, t := range []float64{l.low, l.middle, l.high} {
		sx, sy := l.step(t)
		if p := math.Hypot(sx, sy) / l.pitch; p < 0.7 || p > 1.4 {
			return false
		}
	}
	return true
}

// frame is the cell of column t, in pixels of the whole picture. turned reads
// the line from its other end.
func (l *line) frame(t float64, turned bool) glyphnet.Frame {
	x, y := l.at(t)
	sx, sy := l.step(t)
	// Down follows the bend of the line, keeping its angle to the pitch.
	mx, my := l.step(l.middle)
	cos, sin := (sx*mx+sy*my)/(l.pitch*l.pitch), (sy*mx-sx*my)/(l.pitch*l.pitch)
	dx, dy := (l.downX*cos-l.downY*sin)*l.tallness, (l.downX*sin+l.downY*cos)*l.tallness
	f := glyphnet.Frame{X: x, Y: y, RX: sx, RY: sy, DX: dx, DY: dy}
	if turned {
		f.RX, f.RY, f.DX, f.DY = -sx, -sy, -dx, -dy
	}
	return f
}

// moved is the line shifted by a part of the picture, where a line that was
// not found should be.
func (l *line) moved(dx, dy float64) *line {
	m := *l
	m.x[0] += dx
	m.y[0] += dy
	m.blobs, m.columns = nil, nil
	m.imagined = true
	return &m
}
