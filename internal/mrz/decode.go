package mrz

import (
	"math"
	"strings"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// When a zone is worth reading on, and when a reading is good enough.
const (
	promising = 0.4  // mean probability of some character, on a sample of cells
	sure      = 0.85 // score at which no other zone is tried, digits agreeing
	margin    = 3    // columns looked at beyond both ends
)

// view is a picture at the size the net is used to.
type view struct {
	plane *glyphnet.Plane
	scale float64 // pixels of the whole picture per pixel
}

// viewOf picks the size at which a pitch has about 14 to 28 pixels.
func (s *search) viewOf(pitch float64) view {
	f := max(1, int(pitch/14))
	// A size at hand that is nearly as good saves making another.
	for have := f; have <= f+1; have++ {
		if p, ok := s.planes[have]; ok && pitch/float64(have) >= 11 {
			return view{p, float64(have)}
		}
	}
	return view{s.shrunk(f), float64(f)}
}

func (v view) classify(net *glyphnet.Net, f glyphnet.Frame) glyphnet.Scores {
	k := 1 / v.scale
	f.X, f.Y = (f.X+0.5)*k-0.5, (f.Y+0.5)*k-0.5
	f.RX, f.RY, f.DX, f.DY = f.RX*k, f.RY*k, f.DX*k, f.DY*k
	var c glyphnet.Cell
	c.Sample(v.plane, f)
	return net.Classify(&c)
}

// try reads a zone both ways up, keeps the reading if it is the best so far,
// and reports whether it is sure.
func (s *search) try(z *zone, all []blob) bool {
	v := s.viewOf(z.lines[0].pitch)
	if s.orient(z, v) < promising {
		return false
	}
	for round := range 2 {
		g, ok := s.grid(z, v)
		if !ok {
			return false
		}
		r := s.decode(z, v, g)
		worth := r.Score
		if r.DigitsAgree {
			worth += 1 - 0.15*float64(len(r.Repaired))
		}
		if worth > s.worth && believable(r) {
			s.best, s.worth = &r, worth
		}
		if r.DigitsAgree && len(r.Repaired) == 0 && r.Score > sure {
			return true
		}
		// Knowing most characters, their boxes tell the place of the line more
		// exactly than before.
		if round == 0 && !z.refine(g, r.Lines, all) {
			break
		}
	}
	return false
}

// orient samples every third cell both ways up, sets the likelier way, and
// returns how probable it makes characters there, 0..1.
func (s *search) orient(z *zone, v view) float64 {
	var mean [2]float64
	for way := range mean {
		z.turned = way == 1
		low, high := z.extent()
		count := 0
		for row := range z.lines {
			for column := low; column <= high; column += 3 {
				scores := v.classify(s.net, z.frame(row, column))
				mean[way] += float64(1 - scores[glyphnet.Junk])
				count++
			}
		}
		mean[way] /= float64(max(count, 1))
	}
	z.turned = mean[1] > mean[0]
	return max(mean[0], mean[1])
}

// grid is the scores of a zone's characters.
type grid struct {
	format Format
	scores [][]glyphnet.Scores
	first  int // column of the zone where the window begins
}

// grid classifies all cells of a zone and finds the window of 30, 36 or 44
// columns that holds the characters.
func (s *search) grid(z *zone, v view) (grid, bool) {
	widths := []int{36, 44}
	if len(z.lines) == 3 {
		widths = []int{30}
	}
	low, high := z.extent()
	widest := widths[len(widths)-1]
	if n := high - low + 1; n > widest+16 || n < widths[0]-14 {
		return grid{}, false
	}
	// Enough room on either side for every window that holds what was seen.
	room := max(margin, (widths[0]-(high-low+1))+margin)
	low, high = low-room, high+room
	all := make([][]glyphnet.Scores, len(z.lines))
	for row := range z.lines {
		all[row] = make([]glyphnet.Scores, high-low+1)
		for i := range all[row] {
			all[row][i] = v.classify(s.net, z.frame(row, low+i))
		}
	}
	at, width := window(all, widths)
	if width == 0 {
		return grid{}, false
	}
	g := grid{first: low + at}
	for row := range all {
		g.scores = append(g.scores, all[row][at:at+width])
	}
	g.format = guess(g.scores)
	return g, g.filled()
}

// filled reports whether some fillers are seen: no zone is without, and hardly
// any other text has them.
func (g grid) filled() bool {
	const fewestFillers = 2.5
	var sum float32
	for row := range g.scores {
		for i := range g.scores[row] {
			sum += g.scores[row][i][classOf('<')]
		}
	}
	return sum >= fewestFillers
}

// window finds where characters begin and end: the likeliest split of the
// columns into Junk, characters, Junk.
func window(all [][]glyphnet.Scores, widths []int) (at, width int) {
	n := len(all[0])
	// gain[i] is how much likelier characters are than Junk left of column i.
	gain := make([]float64, n+1)
	const unlikely = 0.02
	for i := range n {
		gain[i+1] = gain[i]
		for row := range all {
			junk := float64(all[row][i][glyphnet.Junk])
			gain[i+1] += math.Log(max(1-junk, unlikely)) - math.Log(max(junk, unlikely))
		}
	}
	best := math.Inf(-1)
	for _, w := range widths {
		for i := 0; i+w <= n; i++ {
			if v := gain[i+w] - gain[i]; v > best {
				best, at, width = v, i, w
			}
		}
	}
	return at, width
}

// guess tells the format by the shape and the first characters.
func guess(scores [][]glyphnet.Scores) Format {
	visa := allowed(&scores[0][0], letters) == 'V'
	switch n := len(scores[0]); {
	case len(scores) == 3:
		return TD1
	case n == 44 && visa:
		return MRVA
	case n == 44:
		return TD3
	case visa:
		return MRVB
	}
	if strings.HasPrefix(plain(scores[0][:5]), "IDFRA") {
		lines := []string{plain(scores[0]), plain(scores[1])}
		if isFrenchID(lines) {
			return FrenchID
		}
	}
	return TD2
}

// Sets of characters, as they may stand in one place.
const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// plain is the likeliest capital at each place.
func plain(scores []glyphnet.Scores) string {
	b := make([]byte, len(scores))
	for i := range scores {
		b[i] = allowed(&scores[i], glyphnet.Alphabet)
	}
	return string(b)
}

// allowed is the likeliest character of a set.
func allowed(s *glyphnet.Scores, set string) byte {
	best, at := float32(-1), byte('<')
	for i := range len(set) {
		if p := s[classOf(set[i])]; p > best {
			best, at = p, set[i]
		}
	}
	return at
}

func classOf(c byte) int { return strings.IndexByte(glyphnet.Alphabet, c) }

// places gives the set of characters for every place of a format.
func places(l layout) [][]string {
	sets := make([][]string, l.lines)
	for i := range sets {
		sets[i] = make([]string, l.width)
		for j := range sets[i] {
			sets[i][j] = glyphnet.Alphabet
		}
	}
	put := func(f Field, each ...string) {
		s, ok := l.fields[f]
		if !ok {
			return
		}
		for i := s.from; i < s.to; i++ {
			sets[s.line][i] = each[min(i-s.from, len(each)-1)]
		}
	}
	put(FieldDocumentCode, letters, letters+"<")
	put(FieldIssuer, letters, letters+"<")
	put(FieldNationality, letters, letters+"<")
	put(FieldBirthDate, digits+"<", digits+"<", "01<", digits+"<", "0123<", digits+"<")
	put(FieldExpiry, digits+"<", digits+"<", "01<", digits+"<", "0123<", digits+"<")
	put(FieldSex, "MFX<")
	put(fieldNames, letters+"<")
	put(FieldSurname, letters+"<")
	put(FieldGivenNames, letters+"<")
	for _, c := range l.checks {
		set := digits
		if c.field == FieldOptional1 || c.field == FieldNumber && l.overflow {
			set = digits + "<"
		}
		sets[c.digit.line][c.digit.from] = set
	}
	return sets
}

// decode turns scores into a Reading.
func (s *search) decode(z *zone, v view, g grid) Reading {
	l, _ := layoutOf(g.format)
	t := newText(l, g.scores)
	for row := range t.chars {
		for i := range t.chars[row] {
			if t.confidence(row, i) < 0.9 {
				f := z.frame(row, g.first+i)
				t.look(row, i, s.nudged(v, f, &g.scores[row][i]))
			}
		}
	}
	repaired := t.repair()
	r := t.reading(repaired, s.now)
	r.Quad, r.Rotation = z.quad(g)
	return r
}

// nudged classifies a cell again a little to each side, as the line's curve is
// not exact at every character, and returns the mean of the first and the
// surest answer: one that needs to be searched for is not to be trusted whole.
func (s *search) nudged(v view, f glyphnet.Frame, before *glyphnet.Scores) glyphnet.Scores {
	best := *before
	for _, move := range [...][2]float64{{-0.1, 0}, {0.1, 0}, {0, -0.08}, {0, 0.08}} {
		if scores := v.classify(s.net, f.Shift(move[0], move[1])); peak(&scores) > peak(&best) {
			best = scores
		}
	}
	for i := range best {
		best[i] = (best[i] + before[i]) / 2
	}
	return best
}

// peak is the probability of the likeliest character.
func peak(s *glyphnet.Scores) float32 {
	top := float32(0)
	for _, p := range s[:glyphnet.Junk] {
		top = max(top, p)
	}
	return top
}
