package mrz

import (
	"context"
	"math"
	"strings"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// When a zone is worth reading on, and when a reading is good enough.
const (
	promising = 0.4  // mean probability of some character, on a sample of cells
	sure      = 0.85 // score at which no other zone is tried, digits agreeing
	margin    = 3    // columns looked at beyond both ends
	legible   = 0.45 // mean probability of the likeliest characters of a grid
	hopeless  = 0.5  // score that no better look will save
	rounds    = 5    // times a zone is laid again while that helps
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

// classify looks at one cell, whose frame is in pixels of the whole picture.
func (s *search) classify(v view, f glyphnet.Frame) glyphnet.Scores {
	s.looks++
	k := 1 / v.scale
	f.X, f.Y = (f.X+0.5)*k-0.5, (f.Y+0.5)*k-0.5
	f.RX, f.RY, f.DX, f.DY = f.RX*k, f.RY*k, f.DX*k, f.DY*k
	var c glyphnet.Cell
	c.Sample(v.plane, f)
	return s.net.Classify(&c)
}

// try reads a zone both ways up, keeps the reading if it is the best so far,
// and reports whether it is sure.
func (s *search) try(ctx context.Context, z *zone, all []blob) bool {
	v := s.viewOf(z.lines[0].pitch)
	if s.orient(z, v) < promising {
		return false
	}
	before := 0.0
	for round := range rounds {
		g, ok := s.grid(z, v)
		if !ok || g.clear() < legible {
			return false
		}
		s.seen = true
		r := s.decode(z, v, g)
		if believable(r) && (s.best == nil || r.worth() > s.best.worth()) {
			s.best = &r
		}
		// The lines of one kind of visa begin as those of the longer kind do,
		// and have no digit at their end: that needs a second look.
		if r.DigitsAgree && r.mended() == 0 && r.Score > sure && (r.Format != MRVB || round > 0) {
			return true
		}
		// Knowing most characters, their boxes tell the place of the line more
		// exactly than before, and bring more of them into sight.
		if s.weary(ctx) || r.Score < max(before+0.004, hopeless) || !z.refine(g, r.Lines, all, s.track(z, v, g)) {
			break
		}
		before = r.Score
	}
	return false
}

// orient samples cells both ways up, sets the likelier way, and returns how
// probable it makes characters there, 0..1.
func (s *search) orient(z *zone, v view) float64 {
	const (
		enough = 12  // cells of a line
		plain  = 0.7 // upside down, no text looks as likely
	)
	var mean [2]float64
	for way := range mean {
		z.turned = way == 1
		low, high := z.extent()
		step := max(3, (high-low)/enough)
		count := 0
		for row := range z.lines {
			for column := low; column <= high; column += step {
				scores := s.classify(v, z.frame(row, column))
				mean[way] += float64(1 - scores[glyphnet.Junk])
				count++
			}
		}
		mean[way] /= float64(max(count, 1))
		if mean[way] > plain {
			return mean[way]
		}
	}
	z.turned = mean[1] > mean[0]
	return max(mean[0], mean[1])
}

// grid is the scores of a zone's characters.
type grid struct {
	scores [][]glyphnet.Scores
	first  int                 // column of the zone where the window begins
	all    [][]glyphnet.Scores // with what lies beyond it on both sides
	low    int                 // column of the zone where that begins
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
			all[row][i] = s.classify(v, z.frame(row, low+i))
		}
	}
	at, width := window(all, widths)
	if width == 0 {
		return grid{}, false
	}
	g := grid{first: low + at, all: all, low: low}
	for row := range all {
		g.scores = append(g.scores, all[row][at:at+width])
	}
	return g, g.filled()
}

// clear is the mean probability of the likeliest character, 0..1.
func (g grid) clear() float64 {
	var sum float64
	for row := range g.scores {
		for i := range g.scores[row] {
			sum += float64(peak(&g.scores[row][i]))
		}
	}
	return sum / float64(len(g.scores)*len(g.scores[0]))
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

// guess is a format and how likely the zone begins as it does then, 0..1.
type guess struct {
	format Format
	likely float64
}

// formats lists what a zone can be by its shape. Which it is tells what the
// rest agrees with.
func (g grid) formats() []guess {
	visa := float64(g.scores[0][0][classOf('V')])
	switch n := len(g.scores[0]); {
	case len(g.scores) == 3:
		return []guess{{TD1, 1}}
	case n == 44:
		return []guess{{TD3, 1 - visa}, {MRVA, visa}}
	}
	french := float64(g.begins(frenchBeginning))
	likely := []guess{{TD2, (1 - visa) * (1 - french)}, {MRVB, visa}}
	if french > 0.05 {
		likely = append(likely, guess{FrenchID, french})
	}
	return likely
}

// begins is how likely the first line begins with the letters, 0..1: the
// mean, as one that is blotted should not rule it out.
func (g grid) begins(with string) float32 {
	var sum float32
	for i := range len(with) {
		sum += g.scores[0][i][classOf(with[i])]
	}
	return max(sum/float32(len(with))-0.5, 0) * 2
}

// Sets of characters, as they may stand in one place.
const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

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
	switch l.format {
	case MRVA, MRVB:
		sets[0][0] = "V"
	case FrenchID:
		for i := range frenchBeginning {
			sets[0][i] = frenchBeginning[i : i+1]
		}
		// Year and month, department, of which Corsica has two, office, number.
		put(FieldNumber, digits, digits, digits, digits, digits, digits+"AB", digits)
	}
	for _, c := range l.checks {
		set := digits
		if c.field == FieldOptional1 || c.field == FieldNumber && l.overflow {
			set = digits + "<"
		}
		sets[c.digit.line][c.digit.from] = set
	}
	return sets
}

// decode turns scores into the Reading of the format that fits best.
func (s *search) decode(z *zone, v view, g grid) Reading {
	again := map[[2]int]glyphnet.Scores{}
	var best *Reading
	for _, guess := range g.formats() {
		l, _ := layoutOf(guess.format)
		t := newText(l, g.scores)
		for row := range t.chars {
			for column := range t.chars[row] {
				if t.confidence(row, column) >= 0.9 {
					continue
				}
				at := [2]int{row, column}
				if _, ok := again[at]; !ok {
					again[at] = s.nudged(v, z.frame(row, g.first+column), &g.scores[row][column])
				}
				t.look(row, column, again[at])
			}
		}
		spelt := t.spell()
		r := t.reading(append(spelt, t.repair()...), s.now)
		r.likely, r.spelt = guess.likely, len(spelt)
		if best == nil || r.worth() > best.worth() {
			best = &r
		}
	}
	best.Quad, best.Rotation = z.quad(g)
	return *best
}

// nudged classifies a cell again a little to each side, as the line's curve is
// not exact at every character, and returns the mean of the first and the
// surest answer: one that needs to be searched for is not to be trusted whole.
func (s *search) nudged(v view, f glyphnet.Frame, before *glyphnet.Scores) glyphnet.Scores {
	best := *before
	for _, move := range [...][2]float64{{-0.1, 0}, {0.1, 0}, {0, -0.08}, {0, 0.08}} {
		if scores := s.classify(v, f.Shift(move[0], move[1])); peak(&scores) > peak(&best) {
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
