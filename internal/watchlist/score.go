package watchlist

// The score of a query's name and a listed name. Words are paired, the likest first, each once; then
//
//	score = sum of weight x similarity over the pairs / (sum of the pairs' weights + 0.8 x query words left over + 0.22 x listed words left over)
//
// where a pair weighs what its listed word weighs. Everything is in whole numbers: similarities in thousandths, weights in hundredths.

const (
	unpairedQuery  = 800 // thousandths of the weight of a query's word that stands alone
	unpairedListed = 220 // the same for a listed word
	maxWeight      = 100 // of any word
	initialWeight  = 30  // of an initial and the word it begins
)

// The search needs to know, before it has seen a name's words, whether the name can reach a threshold T. The condition score >= T is a sum:
//
//	sum over pairs of [ w(s-T) + 0.8 T wq + 0.22 T wl ]  >=  0.8 T sum(wq) + 0.22 T sum(wl)
//
// The left side's terms are the gains of pairs, the right side is the need of the name. Both are scaled down by 1024, gains rounded up and needs
// down, so that rounding never loses a name.

func scaled(v int64) int32 { return int32((v + 1023) >> 10) }

// gainOf is what pairing a query word of weight wq with v gains at threshold t.
func gainOf(v variant, wq uint8, t int32) int32 {
	w := int64(v.weight)
	return scaled(w*int64(v.sim-t)*1000 + unpairedQuery*int64(t)*int64(wq) + unpairedListed*int64(t)*w)
}

// pair is a possible pairing of one or two words of the query with one or two listed words.
type pair struct {
	query, listed uint32 // bits of the words taken
	sim, weight   int32
	how           howCode
}

// before orders pairs: what adds most to the score first, then by place, so that the order is always the same.
func (a pair) before(b pair) bool {
	if x, y := a.sim*a.weight, b.sim*b.weight; x != y {
		return x > y
	}
	if a.sim != b.sim {
		return a.sim > b.sim
	}
	if a.query != b.query {
		return a.query < b.query
	}
	return a.listed < b.listed
}

// score gives the score of the current pass's query and a listed name in ten-thousandths, rounded down. It leaves the pairs in s.chosen.
func (s *Searcher) score(name uint32) int {
	ix := s.ix
	words := ix.nameWords[ix.nameStarts[name]:ix.nameStarts[name+1]]
	s.pairs = s.pairs[:0]
	for j, word := range words {
		for at := s.slots[word]; at != 0; at = s.links[at].next {
			link := &s.links[at]
			p := pair{query: link.query, listed: 1 << j, sim: link.sim, weight: link.weight, how: link.how}
			if link.second != noWord {
				if j+1 >= len(words) || words[j+1] != link.second {
					continue
				}
				p.listed |= 2 << j
			}
			s.pairs = append(s.pairs, p)
		}
		if s.initials != 0 {
			s.pairInitials(j, word)
		}
	}
	s.choose()
	return s.rate(words)
}

// pairInitials adds the pairs of the query's single letters with a listed word.
func (s *Searcher) pairInitials(j int, word uint32) {
	text := s.ix.wordBytes(word)
	if len(text) < 2 {
		return
	}
	for i, w := range s.group {
		if w.initial && w.text[0] == text[0] {
			s.pairs = append(s.pairs, pair{query: 1 << i, listed: 1 << j, sim: simInitial, weight: initialWeight, how: howInitial})
		}
	}
}

// choose pairs the words, the likest first.
func (s *Searcher) choose() {
	for i := 1; i < len(s.pairs); i++ {
		for j := i; j > 0 && s.pairs[j].before(s.pairs[j-1]); j-- {
			s.pairs[j], s.pairs[j-1] = s.pairs[j-1], s.pairs[j]
		}
	}
	s.chosen = s.chosen[:0]
	var query, listed uint32
	for _, p := range s.pairs {
		if p.query&query == 0 && p.listed&listed == 0 {
			query |= p.query
			listed |= p.listed
			s.chosen = append(s.chosen, p)
		}
	}
}

// rate gives the score of the chosen pairs.
func (s *Searcher) rate(words []uint32) int {
	var sum, whole int64
	var query, listed uint32
	for _, p := range s.chosen {
		sum += int64(p.sim) * int64(p.weight)
		whole += 1000 * int64(p.weight)
		query |= p.query
		listed |= p.listed
	}
	for i, w := range s.group {
		if query&(1<<i) == 0 {
			whole += unpairedQuery * int64(w.weight)
		}
	}
	for j, w := range words {
		if listed&(1<<j) == 0 {
			whole += unpairedListed * int64(wordFacts(s.ix.wordFacts[w]).weight())
		}
	}
	if whole == 0 {
		return 0
	}
	return int(sum * 10000 / whole)
}
