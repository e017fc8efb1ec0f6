package mrz

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// How far a repair may go.
const (
	mostSwaps = 24  // alternatives looked at, cheapest first
	dearest   = 7.0 // log odds against a repair, all its swaps together
)

// decoded is the characters of a zone with their scores.
type decoded struct {
	layout
	sets   [][]string
	scores [][]glyphnet.Scores
	chars  [][]byte
}

func newText(l layout, scores [][]glyphnet.Scores) *decoded {
	t := &decoded{layout: l, sets: places(l)}
	for row := range scores {
		t.scores = append(t.scores, make([]glyphnet.Scores, l.width))
		t.chars = append(t.chars, make([]byte, l.width))
		for i := range t.chars[row] {
			t.look(row, i, scores[row][i])
		}
	}
	return t
}

// look takes scores for a place.
func (t *decoded) look(row, i int, s glyphnet.Scores) {
	for _, f := range [...]Field{FieldNumber, FieldOptional1, FieldOptional2} {
		if at, ok := t.fields[f]; ok && at.line == row && at.from <= i && i < at.to {
			rarely(&s, i-at.from)
		}
	}
	t.scores[row][i] = s
	t.chars[row][i] = allowed(&s, t.sets[row][i])
}

// rarely weighs letters by how often numbers of documents have them, which is
// mostly at the beginning, and hardly ever the O. Many a letter counts as much
// as the digit that it resembles, so that no check digit would tell them apart.
func rarely(s *glyphnet.Scores, place int) {
	share := float32(0.25)
	if place < 2 {
		share = 0.5
	}
	for i := range len(letters) {
		s[classOf(letters[i])] *= share
	}
	s[classOf('O')] *= 0.2
}

// confidence is the probability of the character chosen among those allowed
// in its place and Junk.
func (t *decoded) confidence(row, i int) float64 {
	s := &t.scores[row][i]
	sum := s[glyphnet.Junk]
	for k := range len(t.sets[row][i]) {
		sum += s[classOf(t.sets[row][i][k])]
	}
	if sum <= 0 {
		return 0
	}
	return float64(s[classOf(t.chars[row][i])] / sum)
}

func (t *decoded) lines() []string {
	lines := make([]string, len(t.chars))
	for i := range lines {
		lines[i] = string(t.chars[i])
	}
	return lines
}

// failing counts the check digits that fail and may be repaired.
func (t *decoded) failing() int {
	d := parseAs(t.format, t.lines(), time.Time{}).Digits
	if t.format == FrenchID {
		d.Composite = NotPrinted
	}
	_, failed := d.count()
	return failed
}

// coversNames reports whether a check digit covers names. They are never
// repaired, and such a digit is not either: it would hide that they are wrong.
func (t *decoded) coversNames(c check) bool { return t.format == FrenchID && c.field == FieldComposite }

// swap is one character for another, at a cost in log odds.
type swap struct {
	row, column int
	to          byte
	cost        float64
}

// swaps lists the alternatives of all places under a check digit.
func (t *decoded) swaps() []swap {
	var all []swap
	seen := map[[2]int]bool{}
	add := func(s span) {
		for i := s.from; i < s.to; i++ {
			if at := [2]int{s.line, i}; !seen[at] {
				seen[at] = true
				all = append(all, t.alternatives(s.line, i)...)
			}
		}
	}
	for _, c := range t.checks {
		if t.coversNames(c) {
			continue
		}
		add(c.digit)
		for _, s := range c.over {
			add(s)
		}
	}
	slices.SortFunc(all, func(a, b swap) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column), cmp.Compare(a.to, b.to))
	})
	return all[:min(len(all), mostSwaps)]
}

func (t *decoded) alternatives(row, i int) []swap {
	var found []swap
	s := &t.scores[row][i]
	now := math.Log(float64(max(s[classOf(t.chars[row][i])], 1e-9)))
	set := t.sets[row][i]
	for k := range len(set) {
		if set[k] == t.chars[row][i] {
			continue
		}
		if cost := now - math.Log(float64(max(s[classOf(set[k])], 1e-9))); cost < dearest {
			found = append(found, swap{row, i, set[k], cost})
		}
	}
	return found
}

// repair makes all check digits agree by the cheapest one or two swaps, or
// leaves the text as it is.
func (t *decoded) repair() []Repair {
	if t.failing() == 0 {
		return nil
	}
	best := t.cheapest(t.swaps())
	repairs := make([]Repair, 0, len(best))
	for _, s := range best {
		at := &t.chars[s.row][s.column]
		repairs = append(repairs, Repair{s.row, s.column, string(*at), string(s.to)})
		*at = s.to
	}
	return repairs
}

// cheapest is the one or two swaps, out of those in order of cost, that make
// all digits agree at the least cost; none when that is too dear.
func (t *decoded) cheapest(swaps []swap) []swap {
	var best []swap
	cost := dearest
	for i, a := range swaps {
		if a.cost >= cost {
			break
		}
		if t.with(a) {
			return []swap{a}
		}
		for _, b := range swaps[i+1:] {
			if a.cost+b.cost >= cost {
				break
			}
			if (a.row != b.row || a.column != b.column) && t.with(a, b) {
				best, cost = []swap{a, b}, a.cost+b.cost
				break
			}
		}
	}
	return best
}

// with reports whether all digits agree after the swaps, and undoes them.
func (t *decoded) with(swaps ...swap) bool {
	var before [2]byte
	for i, s := range swaps {
		before[i], t.chars[s.row][s.column] = t.chars[s.row][s.column], s.to
	}
	ok := t.failing() == 0
	for i, s := range swaps {
		t.chars[s.row][s.column] = before[i]
	}
	return ok
}
