package picture

// Projection is a projective map of the plane, row by row: what a flat thing looks like to a camera.
type Projection [9]float64

// SquareTo returns the map that takes the unit square's corners (0,0), (1,0), (1,1), (0,1) to four points.
// The closed form is that of Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), section 2.2.3.
func SquareTo(p [4][2]float64) Projection {
	dx1, dy1 := p[1][0]-p[2][0], p[1][1]-p[2][1]
	dx2, dy2 := p[3][0]-p[2][0], p[3][1]-p[2][1]
	sx := p[0][0] - p[1][0] + p[2][0] - p[3][0]
	sy := p[0][1] - p[1][1] + p[2][1] - p[3][1]
	det := dx1*dy2 - dx2*dy1
	g := (sx*dy2 - dx2*sy) / det
	h := (dx1*sy - sx*dy1) / det
	return Projection{
		p[1][0] - p[0][0] + g*p[1][0], p[3][0] - p[0][0] + h*p[3][0], p[0][0],
		p[1][1] - p[0][1] + g*p[1][1], p[3][1] - p[0][1] + h*p[3][1], p[0][1],
		g, h, 1,
	}
}

// Inverse returns the map back, up to a factor, which a projective map does not feel.
func (m Projection) Inverse() Projection {
	return Projection{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
}

// At returns where a point comes to lie.
func (m Projection) At(x, y float64) (float64, float64) {
	z := m[6]*x + m[7]*y + m[8]
	return (m[0]*x + m[1]*y + m[2]) / z, (m[3]*x + m[4]*y + m[5]) / z
}
