package glyphnet

import "math"

// Size of a cell in samples, and the part of the page it covers: Wide pitches
// across and High capital heights down, so that a sliver of each neighbour and
// a margin above and below is seen.
const (
	Width  = 16
	Height = 22
	Wide   = 1.15
	High   = 1.5
)

// Cell is one character's samples, row by row, darkness upwards.
type Cell [Width * Height]float32

// Plane is a grey picture of one byte per pixel.
type Plane struct {
	Pix    []byte
	Stride int
	W, H   int
}

// Frame places a cell on a plane in pixels: its centre, the step of one pitch
// to the right and the step of one capital height downwards.
type Frame struct {
	X, Y   float64
	RX, RY float64
	DX, DY float64
}

// Shift returns the frame moved by parts of a pitch and of a capital height.
func (f Frame) Shift(right, down float64) Frame {
	f.X += f.RX*right + f.DX*down
	f.Y += f.RY*right + f.DY*down
	return f
}

// Sample fills the cell from p, bilinear, with the edge repeated outside, and
// evens it to mean 0 and deviation 1. The pitch should be 7 to 28 pixels: a
// larger one is sampled too thinly.
func (c *Cell) Sample(p *Plane, f Frame) {
	if p.W < 1 || p.H < 1 {
		*c = Cell{}
		return
	}
	sx, sy := f.RX*Wide/Width, f.RY*Wide/Width
	tx, ty := f.DX*High/Height, f.DY*High/Height
	i := 0
	for row := range Height {
		b := float64(row) - (Height-1)/2.0
		x := f.X + tx*b - sx*(Width-1)/2
		y := f.Y + ty*b - sy*(Width-1)/2
		for range Width {
			c[i] = p.at(float32(x), float32(y))
			i++
			x += sx
			y += sy
		}
	}
	c.even()
}

// at interpolates the plane; outside it the edge repeats.
func (p *Plane) at(x, y float32) float32 {
	x = clamp(x, float32(p.W-1))
	y = clamp(y, float32(p.H-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float32(x0), y-float32(y0)
	i := y0*p.Stride + x0
	j, k := i, 0
	if y0+1 < p.H {
		j += p.Stride
	}
	if x0+1 < p.W {
		k = 1
	}
	top := float32(p.Pix[i])*(1-fx) + float32(p.Pix[i+k])*fx
	low := float32(p.Pix[j])*(1-fx) + float32(p.Pix[j+k])*fx
	return top*(1-fy) + low*fy
}

// clamp brings v into 0..high; what is not a number becomes 0.
func clamp(v, high float32) float32 {
	if !(v > 0) {
		return 0
	}
	return min(v, high)
}

// even turns grey into darkness with mean 0 and deviation 1. The deviation has
// a floor so that the grain of empty paper stays small.
func (c *Cell) even() {
	var sum, squares float32
	for _, v := range c {
		sum += v
	}
	mean := sum / float32(len(c))
	for _, v := range c {
		squares += (v - mean) * (v - mean)
	}
	deviation := max(float32(math.Sqrt(float64(squares/float32(len(c))))), 4)
	for i, v := range c {
		c[i] = (mean - v) / deviation
	}
}
