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

// A searcher keeps no more words than keptWords, and of all of them no more variants than keptVariants (32 bytes each): some words are like thousands of
// listed ones.
const (
	keptWords    = 1 << 14
	keptVariants = 1 << 20
)

// Edits allowed in words of the query, and in two of them written as one: of those, most are no words at all, and looking them up is the larger part
// of a search.
const (
	wordEdits   = 2
	joinedEdits = 1
)

// lookUp gives a query's word with its variants, from what the searcher kept or anew.
func (s *Searcher) lookUp(text []byte, bare bool) *queryWord {
	s.wordKey = append(s.wordKey[:0], text...)
	if bare {
		s.wordKey = append(s.wordKey, '*')
	}
	if w, ok := s.kept[string(s.wordKey)]; ok {
		return w
	}
	w := &queryWord{}
	s.findVariants(w, append([]byte(nil), text...), bare, wordEdits)
	s.findSplits(w)
	s.measure(w)
	if s.keptVariants += cap(w.variants); len(s.kept) >= keptWords || s.keptVariants > keptVariants {
		clear(s.kept)
		s.keptVariants = cap(w.variants)
	}
	s.kept[string(s.wordKey)] = w
	return w
}

// lookUpJoined fills w, whose memory it reuses, for two words of the query written as one.
func (s *Searcher) lookUpJoined(w *queryWord, text []byte, bare bool) {
	s.findVariants(w, append(w.text[:0], text...), bare, joinedEdits)
	alike := w.variants[:0]
	for _, v := range w.variants {
		if v.how == howExact || v.how == howEdit || v.how == howPhonetic {
			v.sim, v.how = v.sim*simJoined/1000, howJoined
			alike = append(alike, v)
		}
	}
	w.variants = alike
	s.measure(w)
}

// findVariants looks up all listed words that a query's word may stand for.
func (s *Searcher) findVariants(w *queryWord, text []byte, bare bool, edits int) {
	w.lexeme, w.variants = newLexeme(text, bare), w.variants[:0]
	w.initial = len(text) == 1 && !numeric(text)
	s.comparer.prepare(w.lexeme, edits)
	s.nextStamp()
	w.searchKeys(edits, func(key uint64) { s.tryKey(w, key) })
	if len(text) > 1 && edits == wordEdits {
		s.tryKey(w, wholeKey(text[:1])) // a listed initial
	}
}

// tryKey adds the listed words of a key that are like w and were not met before.
func (s *Searcher) tryKey(w *queryWord, key uint64) {
	from, to, mark := s.ix.bucket(key)
	for i, m := range s.ix.keyMarks[from:to] {
		if m != mark {
			continue
		}
		listed := s.ix.keyWords[int(from)+i]
		if s.seen[listed] == s.stamp {
			continue
		}
		s.seen[listed] = s.stamp
		l := s.ix.lexeme(listed)
		sim, how := s.comparer.compare(&l)
		if sim == 0 {
			continue
		}
		v := variant{word: listed, second: noWord, weight: w.shared(int32(l.weight)), sim: int32(sim), how: how, spares: listedCost(int64(l.weight))}
		if how == howInitial {
			v.weight = initialWeight
		}
		w.variants = append(w.variants, v)
	}
}

// measure adds up the posting lists of a word's variants.
func (s *Searcher) measure(w *queryWord) {
	w.posts, w.bulk = 0, 0
	longest := 0
	for _, v := range w.variants {
		n := len(s.list(v))
		if w.posts += n; n > longest {
			longest, w.bulk = n, v.agreement()
		}
	}
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
	from, to, mark := s.ix.bucket(wholeKey(text))
	for i, m := range s.ix.keyMarks[from:to] {
		if m != mark {
			continue
		}
		listed := s.ix.keyWords[int(from)+i]
		if string(s.ix.wordBytes(listed)) == string(text) && (found == noWord || wordFacts(s.ix.wordFacts[listed]).bare() == bare) {
			found = listed
		}
	}
	return found
}

// bucket gives the entries of the key table among which those of a key are, and the mark that they bear.
func (ix *Index) bucket(key uint64) (from, to uint32, mark uint8) {
	h := hashKey(key)
	bucket := h & uint64(len(ix.keyStarts)-2)
	return ix.keyStarts[bucket], ix.keyStarts[bucket+1], uint8(h >> 56)
}

func (ix *Index) postCount(word uint32) int { return int(ix.postStarts[word+1] - ix.postStarts[word]) }
