package mrz

import "github.com/usher-kyc/usher/internal/mrz/glyphnet"

// lonely looks above and below a long line that belongs to no zone for the
// other one of two, by trying where characters would be seen. The blobs of
// such a line have run together, or into something that crosses it.
func (s *search) lonely(l *line) *zone {
	const (
		longEnough = 22   // columns
		readable   = 0.75 // mean probability of some character on the line itself
		clear      = 0.6  // and where the other one should be
	)
	v := s.viewOf(l.pitch)
	alone := newZone(l)
	if l.high-l.low < longEnough || s.orient(alone, v) < readable {
		return nil
	}
	best, seen := (*zone)(nil), clear
	for _, gap := range [...]float64{1.65, 1.85, 2.05, 2.25, 2.45, 2.65, -1.65, -1.85, -2.05, -2.25, -2.45, -2.65} {
		other := l.moved(l.downX*gap, l.downY*gap)
		z := newZone(l, other)
		if gap < 0 {
			z = newZone(other, l)
		}
		z.turned = alone.turned
		var sum float64
		count := 0
		for t := l.low; t <= l.high; t += 4 {
			scores := s.classify(v, other.frame(t, z.turned))
			sum += float64(1 - scores[glyphnet.Junk])
			count++
		}
		if sum/float64(count) > seen {
			best, seen = z, sum/float64(count)
		}
	}
	return best
}
