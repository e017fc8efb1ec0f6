package watchlist

import (
	"math"
	"slices"
)

// Which names can reach the threshold is decided before their words are looked at, from which of the query's words they have a variant of. A name's
// score is at least T if its costs are at most (1-T) x strength(agreement). For every set of the query's words, reach holds an upper bound of what is
// left of that allowance when the set is paired as well as it can be and the rest is left over; a name that has that set and whose own words left
// over cost more than is left cannot be a hit. The bound never falls when a word joins the set.
//
// A set has two bits for each word, as long as there are few: the lower is set for any variant, both for a strong one. The variants of a word differ
// much in what they agree in, and the longest lists are seldom the strongest.

// setBits is how many bits a set has. Words of the query that find no place, initials and those with the longest lists, count as paired whether they
// are or not.
const setBits = 10

// touchedOnly marks a name that has only words without a place.
const touchedOnly = 1 << 15

// worthwhile is how many postings may be read per name touched so far rather than scoring the names without them.
const worthwhile = 64

// bounds are limits of what pairing a word of the query can bring.
type bounds struct {
	agreement int64 // the most
	cost      int64 // the least, and never more than leaving the word over
	saved     int64 // the most that the pair spares the listed name
}

// include widens the bounds by a variant; one that stands for several words of the query is shared among them.
func (b *bounds) include(v variant, words int64) {
	b.agreement = max(b.agreement, (int64(v.sim)*int64(v.weight)+words-1)/words)
	b.cost = min(b.cost, pairCost(int64(v.sim), int64(v.weight))/words)
	b.saved = max(b.saved, (v.spares+words-1)/words)
}

// queryGroup is a word of the query with bounds over all listed words that may stand for it.
type queryGroup struct {
	group    int
	posts    int
	twin     bool // the same word as the group before it
	listless bool // an initial: any word may begin with it, so its list is not all
	shift    int  // of its bits
	left     int64
	ordinary bounds // of variants that agree in no more than the one with the longest list
	strong   bounds // of all variants
}

// collect finds in s.touched the names that have enough of the query's words, shortest lists first. Once the words left cannot be enough by
// themselves, no new names are taken up, and long lists are read only if that spares more scoring than it costs.
func (s *Searcher) collect() {
	s.orderGroups()
	placed, width := 0, 1
	for placed < len(s.order) && placed < setBits && !s.order[placed].listless {
		placed++
	}
	if 2*placed <= setBits {
		width = 2
	}
	s.fillReach(placed, width)
	all := uint16(1<<(placed*width) - 1)
	s.always = 0
	for i := 0; i < placed; i++ {
		g := &s.order[i]
		later := all &^ (1<<(g.shift+width) - 1)
		twins := uint16(0)
		for i+1 < placed && s.order[i+1].twin {
			i++
			twins++
		}
		ordinary, strong := uint16(1)<<g.shift, uint16(1<<width-1)<<g.shift
		if s.reach[strong|later] < 0 && g.posts > worthwhile*len(s.touched) {
			s.always |= all &^ (1<<g.shift - 1) &^ (all &^ (1<<(s.order[i].shift+width) - 1))
			continue
		}
		m := mark{ordinary: ordinary, strong: strong, width: width, twins: int(twins)}
		s.add(g, m, s.reach[ordinary|later] >= 0, s.reach[strong|later] >= 0)
	}
	if s.reach[0] >= 0 {
		for i := placed; i < len(s.order); i++ {
			s.add(&s.order[i], mark{ordinary: touchedOnly, strong: touchedOnly}, true, true)
		}
	}
}

// orderGroups finds the bounds of the query's words and sorts them by the length of their lists.
func (s *Searcher) orderGroups() {
	s.order = s.order[:0]
	for i, w := range s.group {
		left := queryCost(int64(w.weight))
		g := queryGroup{group: i, posts: w.posts, listless: w.initial, left: left, ordinary: bounds{cost: left}, strong: bounds{cost: left}}
		for _, v := range w.variants {
			g.include(v, 1, w.bulk)
		}
		if w.initial {
			g.strong.include(variant{sim: simInitial, weight: initialWeight, spares: listedCost(maxWeight)}, 1)
		}
		s.order = append(s.order, g)
	}
	for _, j := range s.joined {
		for _, v := range j.word.variants {
			s.order[j.first].include(v, 2, s.group[j.first].bulk)
			s.order[j.first+1].include(v, 2, s.group[j.first+1].bulk)
		}
		s.order[j.first].posts += j.word.posts
		s.order[j.first+1].posts += j.word.posts
	}
	slices.SortFunc(s.order, func(a, b queryGroup) int {
		if a.listless != b.listless {
			if a.listless {
				return 1
			}
			return -1
		}
		if a.posts != b.posts {
			return a.posts - b.posts
		}
		return a.group - b.group
	})
	for i := 1; i < len(s.order); i++ {
		w := s.group[s.order[i].group]
		s.order[i].twin = w == s.group[s.order[i-1].group] && !slices.ContainsFunc(s.joined, func(j joinedWord) bool {
			return s.group[j.first] == w || s.group[j.first+1] == w // such a pair takes two words at once
		})
	}
}

// include widens the bounds that a variant belongs to.
func (g *queryGroup) include(v variant, words, bulk int64) {
	g.strong.include(v, words)
	if v.agreement() <= bulk {
		g.ordinary.include(v, words)
	}
}

// fillReach gives the first groups their bits and computes reach and saved for every set of them; the others count as paired.
func (s *Searcher) fillReach(placed, width int) {
	var rest bounds
	for _, g := range s.order[placed:] {
		rest.agreement += g.strong.agreement
		rest.cost += g.strong.cost
		rest.saved += g.strong.saved
	}
	for i := range placed {
		s.order[i].shift = i * width
	}
	allowed := 1 - float64(s.threshold)/1000
	for set := range uint16(1) << (placed * width) {
		sum, valid := rest, true
		for i := range placed {
			g := &s.order[i]
			b := bounds{cost: g.left}
			switch set >> g.shift & (1<<width - 1) {
			case 0:
			case 1:
				if b = g.strong; width == 2 {
					b = g.ordinary
				}
			case 3:
				b = g.strong
			default:
				valid = false
			}
			sum.agreement += b.agreement
			sum.cost += b.cost
			sum.saved += b.saved
		}
		if valid {
			s.reach[set] = int64(math.Ceil(allowed*strength(sum.agreement))) + 1 - sum.cost
			s.saved[set] = sum.saved
		}
	}
}

// mark says which bits a word of the query sets. Twins are further groups of the same word, with the bits after it: a name gets theirs only for a
// second variant of the word.
type mark struct {
	ordinary, strong uint16
	width, twins     int
}

// add marks the names on the lists of a word's variants. Names not touched before are taken up where fresh says so, for ordinary and strong variants.
func (s *Searcher) add(g *queryGroup, m mark, freshOrdinary, freshStrong bool) {
	w := s.group[g.group]
	list := func(v variant) {
		bits, fresh := m.strong, freshStrong
		if v.agreement() <= w.bulk {
			bits, fresh = m.ordinary, freshOrdinary
		}
		if m.twins > 0 {
			s.addTwins(v, bits, m, fresh)
		} else {
			s.addList(v, bits, fresh)
		}
	}
	for _, v := range w.variants {
		list(v)
	}
	for _, j := range s.joined {
		if s.group[j.first] != w && s.group[j.first+1] != w {
			continue
		}
		for _, v := range j.word.variants {
			list(v)
		}
	}
}

// list gives the names of a variant: of two words together, those of the rarer.
func (s *Searcher) list(v variant) []uint32 {
	word := v.word
	if v.second != noWord && s.ix.postCount(v.second) < s.ix.postCount(word) {
		word = v.second
	}
	return s.ix.posts[s.ix.postStarts[word]:s.ix.postStarts[word+1]]
}

// addList marks the names of one variant.
func (s *Searcher) addList(v variant, bits uint16, fresh bool) {
	if !fresh {
		for _, name := range s.list(v) {
			if s.sets[name] != 0 {
				s.sets[name] |= bits
			}
		}
		return
	}
	for _, name := range s.list(v) {
		if s.sets[name] == 0 {
			s.touched = append(s.touched, name)
		}
		s.sets[name] |= bits
	}
}

// addTwins marks the names of one variant of a word that the query has several times: the first time a name comes by for the first of the words.
func (s *Searcher) addTwins(v variant, bits uint16, m mark, fresh bool) {
	for _, name := range s.list(v) {
		set := s.sets[name]
		if set == 0 {
			if !fresh {
				continue
			}
			s.touched = append(s.touched, name)
		}
		at := 0
		for at < m.twins && set&(m.ordinary<<(at*m.width)) != 0 {
			at++
		}
		s.sets[name] = set | bits<<(at*m.width)
	}
}
