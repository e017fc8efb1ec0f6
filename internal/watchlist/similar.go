package watchlist

// Similarity of two words is a function of the two and of the frozen tables alone, never of what else is listed: an index of a few changed
// records gives the same scores as the index of all. Similarities are whole thousandths, so that scores are the same on every machine.

// lexeme is a word with what the comparison needs of it.
type lexeme struct {
	text   []byte
	sound  uint64 // packed consonants of what is heard; 0 if too few to say anything
	coarse uint64 // packed consonant classes for comparison across scripts
	class  uint16 // of equivalent names; 0 for none
	weight uint8  // hundredths
	known  bool   // a name that is known to be in use, so less likely a slip of another
	bare   bool
}

// newLexeme looks a word up and computes its keys. It keeps text.
func newLexeme(text []byte, bare bool) lexeme {
	t := frozenTable().words[string(text)]
	l := lexeme{text: text, bare: bare, class: t.class, weight: t.weight, known: t.known}
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

// Similarities, and factors on them, in thousandths.
const (
	simExact      = 1000
	simEquivalent = 877
	simJoined     = 874 // factor on that of two words written as one
	simInitial    = 600
	simPhonetic   = 907 // factor on words that only sound alike
	simScript     = 836 // factor on words of which one was written without vowels
	simBothKnown  = 808 // factor on two different names in use: "Maria" is seldom a slip of "Mario"
	simOneKnown   = 835 // factor if only the query's is a name in use
	simShort      = 27  // taken off where words are short, and one letter makes another name
	simLowest     = 500 // anything below is not alike

	shortWord = 5
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
	edits   int         // the most that are allowed, whatever the words' lengths
	letters []byte      // whose bits are set in peq: a copy, for the memory of the word is used again
	peq     [256]uint64 // bit i of peq[c]: text[i] == c
}

func (c *comparer) prepare(l lexeme, edits int) {
	for _, b := range c.letters {
		c.peq[b] = 0
	}
	c.letters = append(c.letters[:0], l.text...)
	c.lexeme, c.edits = l, edits
	for i, b := range l.text {
		c.peq[b] |= 1 << i
	}
}

// compare gives the similarity of the prepared word and l in thousandths and in what way they are alike, or 0 if they are not.
func (c *comparer) compare(l *lexeme) (int, howCode) {
	if string(c.text) == string(l.text) {
		return simExact, howExact
	}
	n, m := len(c.text), len(l.text)
	if m == 1 && n > 1 && l.text[0] == c.text[0] {
		return simInitial, howInitial
	}
	if numeric(c.text) || numeric(l.text) {
		return 0, howUnpaired
	}
	short := 0
	if max(n, m) <= shortWord {
		short = simShort
	}
	if c.class != 0 && c.class == l.class {
		return simEquivalent - short, howEquivalent
	}
	best, how := 0, howUnpaired
	gap := max(n-m, m-n)
	if allowed := min(editsAllowed(n, m), c.edits); allowed > 0 && gap <= allowed && c.distance(l.text) <= allowed {
		best, how = c.graded(l), howEdit
	} else if c.sound != 0 && c.sound == l.sound && gap <= 3 {
		best, how = c.graded(l)*simPhonetic/1000, howPhonetic
	}
	if c.coarse != 0 && c.coarse == l.coarse && (c.bare || l.bare) {
		if s := (1000 - 100*alignCost(c.text, l.text, &bareCosts)/max(n, m)) * simScript / 1000; s > best {
			best, how = s, howScript
		}
	}
	if best -= short; best < simLowest {
		return 0, howUnpaired
	}
	return best, how
}

// graded gives the similarity of two words by what their differing letters cost.
func (c *comparer) graded(l *lexeme) int {
	sim := 1000 - 100*alignCost(c.text, l.text, &writtenCosts)/max(len(c.text), len(l.text))
	switch {
	case c.known && l.known:
		return sim * simBothKnown / 1000
	case c.known:
		return sim * simOneKnown / 1000
	}
	return sim
}

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

// letterCosts are costs of differing letters, in tenths of an edit.
type letterCosts struct {
	vowel    int // one vowel for another
	alike    int // consonants written for one another
	vowelGap int // a vowel or h more or less
	double   int // a doubled letter
	swap     int // two neighbours swapped
	full     int // any other difference
	first    int // more, when the first letter differs
}

// The costs between two written words, and when one of them was read from a script without vowels.
var (
	writtenCosts = letterCosts{vowel: 5, alike: 6, vowelGap: 6, double: 3, swap: 7, full: 10, first: 1}
	bareCosts    = letterCosts{vowel: 2, alike: 4, vowelGap: 2, double: 1, swap: 7, full: 10, first: 1}
)

// alignCost is the cheapest way to write a as b.
func alignCost(a, b []byte, costs *letterCosts) int {
	var rows [3][maxWordLen + 1]int
	before, previous, row := &rows[0], &rows[1], &rows[2]
	for j := 1; j <= len(b); j++ {
		previous[j] = previous[j-1] + costs.gap(b, j-1)
	}
	for i := 1; i <= len(a); i++ {
		del := costs.gap(a, i-1)
		row[0] = previous[0] + del
		for j := 1; j <= len(b); j++ {
			best := previous[j-1]
			if a[i-1] != b[j-1] {
				best += costs.substitute(a[i-1], b[j-1], i == 1 && j == 1)
			}
			best = min(best, previous[j]+del, row[j-1]+costs.gap(b, j-1))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				best = min(best, before[j-2]+costs.swap)
			}
			row[j] = best
		}
		before, previous, row = previous, row, before
	}
	return previous[len(b)]
}

func (c *letterCosts) gap(w []byte, i int) int {
	switch {
	case i > 0 && w[i] == w[i-1]:
		return c.double
	case i == 0:
		return c.full + c.first
	case letterKind[w[i]]&vowel != 0 || w[i] == 'h':
		return c.vowelGap
	}
	return c.full
}

func (c *letterCosts) substitute(a, b byte, first bool) int {
	cost := c.full
	switch ka, kb := letterKind[a], letterKind[b]; {
	case ka&kb&vowel != 0:
		cost = c.vowel
	case ka&kb != 0:
		cost = c.alike
	}
	if first {
		cost += c.first
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
