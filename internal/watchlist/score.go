package watchlist

import "math"

// The score of a query's name and a listed name. Words are paired, the likest first, each once. A pair agrees in (similarity x weight) and costs
// (1 - similarity) x weight; a word left over on either side costs a little for standing there and a little for what it weighs. Then
//
//	agreement A = sum over pairs of similarity x weight
//	score       = 1 - (sum of all costs) / strength(A),  strength(A) = A x (min(A, 2.5) / 1.2)^1.5
//
// The strength grows faster than the agreement: two rare names that agree carry a missing patronymic, two names that everybody bears do not. An exact
// name costs nothing and scores 1 however common it is.
//
// Similarities are whole thousandths, weights hundredths, agreement and costs their products; the square root is exact on every machine, and so are
// scores.
const (
	costDiffer  = 960 // thousandths, of a pair's weight x (1 - similarity)
	costQuery   = 204 // thousandths, of a query's word left over: for standing there
	costQueryBy = 216 // and by its weight
	costListed  = 113 // the same of a listed word
	costListBy  = 213

	lightWeight   = 25 // particles, titles and legal forms up to here may come and go: they cost by their weight alone
	initialWeight = 30 // of an initial and the word it begins
	maxWeight     = 100
	unit          = 1e5 // of agreement and costs: a weight of 1 fully agreed in
)

// strength is what an agreement carries, in the same unit.
func strength(agreement int64) float64 {
	a := float64(agreement) / unit
	x := min(a, 2.5) / 1.2
	return a * x * math.Sqrt(x) * unit
}

// queryCost is what a query's word of a weight costs if it is left over, listedCost the same for a listed word.
func queryCost(weight int64) int64 {
	if weight <= lightWeight {
		return costQueryBy * weight
	}
	return costQueryBy*weight + costQuery*100
}

func listedCost(weight int64) int64 {
	if weight <= lightWeight {
		return costListBy * weight
	}
	return costListBy*weight + costListed*100
}

// pairCost is what the difference of a pair costs.
func pairCost(sim, weight int64) int64 { return weight * (1000 - sim) * costDiffer / 1000 }

// pair is a possible pairing of one or two words of the query with one or two listed words.
type pair struct {
	query, listed uint32 // bits of the words taken
	sim, weight   int32
	how           howCode
}

// before orders pairs: what agrees most first, then by place, so that the order is always the same.
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
	agreement, cost := s.rate(words)
	return rated(agreement, cost)
}

// rated gives a score of agreement and costs in ten-thousandths.
func rated(agreement, cost int64) int {
	if agreement == 0 {
		return 0
	}
	return max(int(10000*(1-float64(cost)/strength(agreement))), 0)
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

// rate adds up what the chosen pairs agree in and what they and the words left over cost.
func (s *Searcher) rate(words []uint32) (agreement, cost int64) {
	var query, listed uint32
	for _, p := range s.chosen {
		agreement += int64(p.sim) * int64(p.weight)
		cost += pairCost(int64(p.sim), int64(p.weight))
		query |= p.query
		listed |= p.listed
	}
	for i, w := range s.group {
		if query&(1<<i) == 0 {
			cost += queryCost(int64(w.weight))
		}
	}
	for j, w := range words {
		if listed&(1<<j) == 0 {
			cost += listedCost(int64(wordFacts(s.ix.wordFacts[w]).weight()))
		}
	}
	return agreement, cost
}
