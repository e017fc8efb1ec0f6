package mrz

import "math"

// How a line is followed beyond what is known of it.
const (
	known    = 0.7 // probability of a character that needs no search
	followed = 0.6 // and of one that was searched for
	patience = 3   // characters in a row that may not be found
)

// track follows each line from where its characters are known to both ends,
// as a page that bends or a card seen from near leaves the curve laid through
// the middle. It returns marks, for each line as read, where characters were
// found off the curve.
func (s *search) track(z *zone, v view, g grid) [][]mark {
	marks := make([][]mark, len(g.all))
	for row, scores := range g.all {
		first, last := -1, -1
		for i := 1; i+1 < len(scores); i++ {
			if peak(&scores[i-1]) >= known && peak(&scores[i]) >= known && peak(&scores[i+1]) >= known {
				if last = i + 1; first < 0 {
					first = i - 1
				}
			}
		}
		if first < 0 {
			continue
		}
		for i := last + 1; i < len(scores) && i < last+2*patience; i++ {
			if peak(&scores[i]) >= known {
				last = i
			}
		}
		marks[row] = s.follow(z, v, row, g.low+last, g.low+len(scores)-1)
		marks[row] = append(marks[row], s.follow(z, v, row, g.low+first, g.low)...)
	}
	return marks
}

// follow goes from a known column to an end, each time looking around the
// place that the ones before lead to expect.
func (s *search) follow(z *zone, v view, row, from, to int) []mark {
	step := 1
	if to < from {
		step = -1
	}
	var marks []mark
	var right, down, turnRight, turnDown float64
	missed := 0
	for column := from + step; column != to+step && missed < patience; column += step {
		right, down = right+turnRight, down+turnDown
		f := z.frame(row, column)
		best, bestRight, bestDown := float32(0), right, down
		for _, dy := range [...]float64{0, -0.12, 0.12} {
			for _, dx := range [...]float64{0, -0.12, 0.12, -0.24, 0.24} {
				scores := s.classify(v, f.Shift(right+dx, down+dy))
				// What lies farther off must be the clearer.
				if p := peak(&scores) - float32(0.5*math.Hypot(dx, dy)); p > best {
					best, bestRight, bestDown = p, right+dx, down+dy
				}
			}
		}
		if best < followed {
			missed++
			continue
		}
		missed = 0
		turnRight = 0.7*turnRight + 0.3*(bestRight-right)
		turnDown = 0.7*turnDown + 0.3*(bestDown-down)
		right, down = bestRight, bestDown
		at := f.Shift(right, down)
		_, t := z.place(row, column)
		marks = append(marks, mark{t, at.X, at.Y})
	}
	return marks
}
