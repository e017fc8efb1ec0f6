package watchlist

// Similarity of two words is a function of the two and of the frozen tables alone, never of what else is listed: an index of a few changed
// records gives the same scores as the index of all. Similarities are whole thousandths, so that scores are the same on every machine.

// lexeme is a word with what the comparison needs of it.
type lexeme struct {
	text    []byte
	sound   uint64 // packed consonants of what is heard; 0 if too few to say anything
	coarse  uint64 // packed consonant classes for comparison across scripts
	class   uint16 // of equivalent names; 0 for none
	weight  uint8  // hundredths
	known   bool   // a name that is known to be in use, so less likely a slip of another
	foreign bool
}

// newLexeme looks a word up and computes its keys. It keeps text.
func newLexeme(text []byte, foreign bool) lexeme {
	t := frozenTable().words[string(text)]
	l := lexeme{text: text, foreign: foreign, class: t.class, weight: t.weight, known: t.known}
	if l.weight == 0 {
		l.weight = unknownWeight(len(text))
	}
	if !numeric(text) {
		l.sound, l.coarse = soundKey(text), coarseKey(text)
	}
	return l
}

// unknownWeight is the weight of a word that the frozen table does not know: rare, unless it is too short to tell anything.
func unknownWeight(n int) uint8 {
	switch n {
	case 1:
		return 30
	case 2:
		return 60
	case 3:
		return 85
	}
	return 100
}

// Similarity of pairs that are not found by their letters, and the lowest that counts.
const (
	simExact      = 1000
	simEquivalent = 930
	simJoined     = 960
	simInitial    = 600
	simLowest     = 600
	simScript     = 780 // at least, for equal coarse keys
)

// editsAllowed says how many letters may differ between words of these lengths: none in the shortest, since one edit makes a different name of them.
func editsAllowed(a, b int) int {
	switch {
	case min(a, b) >= 7:
		return 2
	case max(a, b) >= 4 && min(a, b) >= 3:
		return 1
	}
	return 0
}

// comparer holds a query word prepared for many comparisons.
type comparer struct {
	lexeme
	peq [256]uint64 // bit i of peq[c]: text[i] == c
}

func (c *comparer) prepare(l lexeme) {
	for _, b := range c.text {
		c.peq[b] = 0
	}
	c.lexeme = l
	for i, b := range l.text {
		c.peq[b] |= 1 << i
	}
}

// compare gives the similarity of the prepared word and l in thousandths and in what way they are alike, or 0 if they are not.
func (c *comparer) compare(l *lexeme) (int, howCode) {
	if string(c.text) == string(l.text) {
		return simExact, howExact
	}
	if c.class != 0 && c.class == l.class {
		return simEquivalent, howEquivalent
	}
	n, m := len(c.text), len(l.text)
	if m == 1 && n > 1 && l.text[0] == c.text[0] {
		return simInitial, howInitial
	}
	if numeric(c.text) || numeric(l.text) {
		return 0, howUnpaired
	}
	best, how := 0, howUnpaired
	allowed := editsAllowed(n, m)
	gap := n - m
	if gap < 0 {
		gap = -gap
	}
	if allowed > 0 && gap <= allowed && c.distance(l.text) <= allowed {
		best, how = c.graded(l, howEdit)
	} else if c.sound != 0 && c.sound == l.sound && gap <= 3 {
		best, how = c.graded(l, howPhonetic)
	}
	if c.coarse != 0 && c.coarse == l.coarse && (c.foreign || l.foreign) {
		if s := max(best, simScript); s > best {
			best, how = s, howScript
		}
	}
	if best < simLowest {
		return 0, howUnpaired
	}
	return best, how
}

// graded gives the similarity of two words by what their differing letters cost, lower if both are names in use: "Maria" is seldom a slip of "Mario".
func (c *comparer) graded(l *lexeme, how howCode) (int, howCode) {
	cost := alignCost(c.text, l.text)
	sim := 1000 - 100*cost/max(len(c.text), len(l.text))
	if c.known && l.known {
		sim = sim * bothKnown / 1000
	} else if c.known {
		sim = sim * oneKnown / 1000
	}
	return sim, how
}

const (
	bothKnown = 850 // factor on the similarity of two different names in use
	oneKnown  = 930 // the same if only the query's is known
)

// distance is the number of insertions, deletions, substitutions and swaps of neighbours between the prepared word and b, by Hyyrö's bit-parallel
// form of the optimal string alignment ("A bit-vector algorithm for computing Levenshtein and Damerau edit distances", 2003).
func (c *comparer) distance(b []byte) int {
	n := len(c.text)
	pv, mv, d0, last := ^uint64(0), uint64(0), uint64(0), uint64(0)
	score, top := n, uint64(1)<<(n-1)
	for _, ch := range b {
		eq := c.peq[ch]
		tr := ((^d0 & eq) << 1) & last
		d0 = (((eq & pv) + pv) ^ pv) | eq | mv | tr
		hp := mv | ^(d0 | pv)
		hn := d0 & pv
		if hp&top != 0 {
			score++
		} else if hn&top != 0 {
			score--
		}
		hp = hp<<1 | 1
		hn <<= 1
		pv = hn | ^(d0 | hp)
		mv = hp & d0
		last = eq
	}
	return score
}

// Costs of differing letters, in tenths of an edit.
const (
	costFull   = 10
	costVowel  = 5 // one vowel for another
	costAlike  = 6 // consonants written for one another
	costWeakly = 6 // a vowel or h more or less
	costDouble = 3 // a doubled letter
	costSwap   = 7
	costFirst  = 3 // more, when the first letter differs
)

// alignCost is the cheapest way to write a as b.
func alignCost(a, b []byte) int {
	var rows [3][maxWordLen + 1]int
	before, previous, row := &rows[0], &rows[1], &rows[2]
	for j := 1; j <= len(b); j++ {
		previous[j] = previous[j-1] + gapCost(b, j-1)
	}
	for i := 1; i <= len(a); i++ {
		del := gapCost(a, i-1)
		row[0] = previous[0] + del
		for j := 1; j <= len(b); j++ {
			best := previous[j-1] + substituteCost(a[i-1], b[j-1], i == 1 && j == 1)
			best = min(best, previous[j]+del, row[j-1]+gapCost(b, j-1))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				best = min(best, before[j-2]+costSwap)
			}
			row[j] = best
		}
		before, previous, row = previous, row, before
	}
	return previous[len(b)]
}

func gapCost(w []byte, i int) int {
	switch {
	case i > 0 && w[i] == w[i-1]:
		return costDouble
	case i == 0:
		return costFull + costFirst
	case letterKind[w[i]] == vowel || w[i] == 'h':
		return costWeakly
	}
	return costFull
}

func substituteCost(a, b byte, first bool) int {
	if a == b {
		return 0
	}
	cost := costFull
	switch ka, kb := letterKind[a], letterKind[b]; {
	case ka == vowel && kb == vowel:
		cost = costVowel
	case ka&kb&^vowel != 0:
		cost = costAlike
	}
	if first {
		cost += costFirst
	}
	return cost
}

// letterKind says which letters are written for one another: they share a bit.
const vowel = 1

var letterKind = [256]uint16{
	'a': vowel, 'e': vowel, 'i': vowel | 1<<8, 'o': vowel, 'u': vowel | 1<<7, 'y': vowel | 1<<8,
	'c': 1<<1 | 1<<2, 'k': 1 << 1, 'q': 1<<1 | 1<<6, 'g': 1<<6 | 1<<9, 'x': 1<<1 | 1<<2, 's': 1 << 2, 'z': 1 << 2,
	'b': 1 << 3, 'p': 1<<3 | 1<<4, 'f': 1 << 4, 'v': 1<<3 | 1<<4 | 1<<7, 'w': 1<<7 | 1<<4,
	'd': 1 << 5, 't': 1 << 5, 'j': 1<<8 | 1<<9, 'm': 1 << 10, 'n': 1 << 10,
}

func numeric(w []byte) bool {
	for _, c := range w {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
