package watchlist

// queryWord is a word of a query with the listed words that it may stand for. Customers share their names, so searchers keep these.
type queryWord struct {
	lexeme
	variants []variant
	posts    int   // length of all variants' posting lists
	bulk     int64 // what the variant with the longest list agrees in
	initial  bool  // a single letter, that may begin any listed word
}

// variant is one listed word (or two, next to one another) that a query's word may stand for.
type variant struct {
	word   uint32
	second uint32 // the word after it, for two written as one in the query; noWord otherwise
	weight int32  // of what is listed, hundredths
	sim    int32  // thousandths
	spares int64  // what the listed name does not pay for a word left over
	how    howCode
}

// agreement is what a pair of the variant agrees in.
func (v variant) agreement() int64 { return int64(v.sim) * int64(v.weight) }

const noWord = ^uint32(0)

type howCode uint8

const (
	howUnpaired howCode = iota
	howExact
	howEquivalent
	howEdit
	howPhonetic
	howScript
	howJoined
	howInitial
)

func (h howCode) how() How {
	return [...]How{Unpaired, Exact, Equivalent, Edit, Phonetic, Script, Joined, Initial}[h]
}

// keptWords bounds how many words a searcher keeps.
const keptWords = 1 << 14

// lookUp gives a query's word with its variants, from what the searcher kept or anew. split says whether it may stand for two listed words.
func (s *Searcher) lookUp(text []byte, bare, split bool) *queryWord {
	s.wordKey = append(s.wordKey[:0], text...)
	mark := byte('a')
	if bare {
		mark++
	}
	if split {
		mark += 2
	}
	s.wordKey = append(s.wordKey, mark)
	w, ok := s.kept[string(s.wordKey)]
	if !ok {
		if len(s.kept) >= keptWords {
			clear(s.kept)
		}
		w = s.findVariants(append([]byte(nil), text...), bare, split)
		s.kept[string(s.wordKey)] = w
	}
	return w
}

// findVariants looks up all listed words that a query's word may stand for.
func (s *Searcher) findVariants(text []byte, bare, split bool) *queryWord {
	w := &queryWord{lexeme: newLexeme(text, bare), initial: len(text) == 1 && !numeric(text)}
	s.comparer.prepare(w.lexeme)
	s.nextStamp()
	try := func(key uint64) {
		s.probe(key, func(listed uint32) {
			if s.seen[listed] == s.stamp {
				return
			}
			s.seen[listed] = s.stamp
			l := s.ix.lexeme(listed)
			if sim, how := s.comparer.compare(&l); sim > 0 {
				v := variant{word: listed, second: noWord, weight: w.shared(int32(l.weight)), sim: int32(sim), how: how, spares: listedCost(int64(l.weight))}
				if how == howInitial {
					v.weight = initialWeight
				}
				w.variants = append(w.variants, v)
			}
		})
	}
	w.searchKeys(try)
	if len(text) > 1 {
		try(uint64(text[0]) | tagDeletion<<56) // a listed initial
	}
	if split {
		s.findSplits(w)
	}
	longest := 0
	for _, v := range w.variants {
		n := len(s.list(v))
		if w.posts += n; n > longest {
			longest, w.bulk = n, v.agreement()
		}
	}
	return w
}

// shared is the weight of a pair with a listed word: a name in use says no more for being listed in a rare spelling, while a word that nobody
// knows is likely to be a slip of the listed one.
func (w *queryWord) shared(listed int32) int32 {
	if w.known {
		return min(listed, int32(w.weight))
	}
	return listed
}

// findSplits adds the pairs of listed words that are w when written as one.
func (s *Searcher) findSplits(w *queryWord) {
	for at := 2; at <= len(w.text)-2; at++ {
		first := s.exactWord(w.text[:at], w.bare)
		if first == noWord {
			continue
		}
		second := s.exactWord(w.text[at:], w.bare)
		if second == noWord {
			continue
		}
		a, b := wordFacts(s.ix.wordFacts[first]).weight(), wordFacts(s.ix.wordFacts[second]).weight()
		w.variants = append(w.variants, variant{
			word: first, second: second, weight: w.shared(int32(a) + int32(b)), sim: simJoined, how: howJoined,
			spares: listedCost(int64(a)) + listedCost(int64(b)),
		})
	}
}

// exactWord finds a listed word by its letters.
func (s *Searcher) exactWord(text []byte, bare bool) uint32 {
	found := uint32(noWord)
	s.probe(wholeKey(text), func(listed uint32) {
		if string(s.ix.wordBytes(listed)) == string(text) && (found == noWord || wordFacts(s.ix.wordFacts[listed]).bare() == bare) {
			found = listed
		}
	})
	return found
}

// probe calls yield with the listed words under a key, and rarely with one that is not.
func (s *Searcher) probe(key uint64, yield func(word uint32)) {
	ix := s.ix
	h := hashKey(key)
	bucket := h & uint64(len(ix.keyStarts)-2)
	mark := uint8(h >> 56)
	from, to := ix.keyStarts[bucket], ix.keyStarts[bucket+1]
	for i, m := range ix.keyMarks[from:to] {
		if m == mark {
			yield(ix.keyWords[int(from)+i])
		}
	}
}

func (ix *Index) postCount(word uint32) int { return int(ix.postStarts[word+1] - ix.postStarts[word]) }
