package watchlist

import (
	"math"
	"slices"
)

// Which names can reach the threshold is decided before their words are looked at, from which of the query's words they have any variant of. A name's
// score is at least T if its costs are at most (1-T) x strength(agreement). For every set of the query's words, reach holds an upper bound of what is
// left of that allowance when the set is paired as well as it can be and the rest is left over; a name that has that set and whose own words left
// over cost more than is left cannot be a hit. The bound never falls when a word joins the set.

// maxBits is how many words of the query a set tells apart. Further ones, those with the longest lists, count as paired without being looked up.
const maxBits = 8

// worthwhile is how many postings may be read per name touched so far rather than scoring the names without them.
const worthwhile = 16

// queryGroup is a word of the query with bounds over all listed words that may stand for it.
type queryGroup struct {
	group     int
	posts     int
	agreement int64 // the most
	cost      int64 // the least, and never more than leaving the word over
	saved     int64 // the most that its pair spares the listed name
	listless  bool  // an initial: any word may begin with it, so it has no list
}

// collect finds in s.touched the names that have enough of the query's words, shortest lists first. Once the words left cannot be enough by
// themselves, no new names are taken up, and long lists are read only if that spares more scoring than it costs.
func (s *Searcher) collect() {
	s.orderGroups()
	bits := 0
	for bits < len(s.order) && bits < maxBits && !s.order[bits].listless {
		bits++
	}
	s.fillReach(bits)
	all := uint8(1<<bits - 1)
	s.always = 0
	for b := range bits {
		g := &s.order[b]
		left := all &^ (1<<b - 1)
		fresh := s.reach[left] >= 0
		if !fresh && g.posts > worthwhile*len(s.touched) {
			s.always |= 1 << b
			continue
		}
		s.add(g.group, 1<<b, fresh)
	}
}

// orderGroups finds the bounds of the query's words and sorts them by the length of their lists.
func (s *Searcher) orderGroups() {
	s.order = s.order[:0]
	for i, w := range s.group {
		g := queryGroup{group: i, posts: w.posts, listless: w.initial, cost: queryCost(int64(w.weight))}
		for _, v := range w.variants {
			g.include(v, 1)
		}
		if w.initial {
			g.include(variant{sim: simInitial, weight: initialWeight}, 1)
			g.saved = max(g.saved, listedCost(maxWeight))
		}
		s.order = append(s.order, g)
	}
	for _, j := range s.joined {
		for _, v := range j.word.variants {
			if v, ok := joinedVariant(v); ok {
				s.order[j.first].include(v, 2)
				s.order[j.first+1].include(v, 2)
			}
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
}

// include widens the bounds by a variant; one that stands for several words of the query is shared among them.
func (g *queryGroup) include(v variant, words int64) {
	g.agreement = max(g.agreement, (int64(v.sim)*int64(v.weight)+words-1)/words)
	g.cost = min(g.cost, pairCost(int64(v.sim), int64(v.weight))/words)
	g.saved = max(g.saved, (v.spares+words-1)/words)
}

// fillReach computes reach and saved for every set of the first words in order; the others count as paired.
func (s *Searcher) fillReach(bits int) {
	var agreement, cost, saved int64
	for _, g := range s.order[bits:] {
		agreement += g.agreement
		cost += g.cost
		saved += g.saved
	}
	allowed := 1 - float64(s.threshold)/1000
	for set := range 1 << bits {
		a, c, spared := agreement, cost, saved
		for b := range bits {
			g := &s.order[b]
			if set&(1<<b) != 0 {
				a += g.agreement
				c += g.cost
				spared += g.saved
			} else {
				c += queryCost(int64(s.group[g.group].weight))
			}
		}
		s.reach[set] = int64(math.Ceil(allowed*strength(a))) + 1 - c
		s.saved[set] = spared
	}
}

// reaches says whether a name with a set of the query's words, whose own words cost listed if all were left over, can be a hit.
func (s *Searcher) reaches(set uint8, listed int64) bool {
	set |= s.always
	return s.reach[set] >= max(listed-s.saved[set], 0)
}

// add marks the names on the lists of a word's variants with its bit.
func (s *Searcher) add(group int, bit uint8, fresh bool) {
	for _, v := range s.group[group].variants {
		s.addList(v, bit, fresh)
	}
	for _, j := range s.joined {
		if j.first != group && j.first+1 != group {
			continue
		}
		for _, v := range j.word.variants {
			if v, ok := joinedVariant(v); ok {
				s.addList(v, bit, fresh)
			}
		}
	}
}

// addList marks the names of one listed word.
func (s *Searcher) addList(v variant, bit uint8, fresh bool) {
	word := v.word
	if v.second != noWord && s.ix.postCount(v.second) < s.ix.postCount(word) {
		word = v.second
	}
	list := s.ix.posts[s.ix.postStarts[word]:s.ix.postStarts[word+1]]
	if !fresh {
		for _, name := range list {
			if s.sets[name] != 0 {
				s.sets[name] |= bit
			}
		}
		return
	}
	for _, name := range list {
		if s.sets[name] == 0 {
			s.touched = append(s.touched, name)
		}
		s.sets[name] |= bit
	}
}
