package watchlist

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Searcher searches one index with memory of its own that it reuses. It serves one goroutine at a time; Index.Search takes one that is idle.
type Searcher struct {
	ix       *Index
	prepared Prepared
	comparer comparer

	kept         map[string]*queryWord
	keptVariants int // of all words that are kept
	wordKey      []byte
	seen         []uint32 // stamp of the last look-up that met a listed word
	stamp        uint32

	threshold int32 // of the search, thousandths
	group     []*queryWord
	joined    []joinedWord
	initials  uint32
	slots     []uint32 // per listed word: its first link in this pass
	links     []link
	order     []queryGroup
	reach     [1 << setBits]int64 // see collect
	saved     [1 << setBits]int64
	always    uint16   // bits of words whose lists were not worth reading
	sets      []uint16 // per name: bits of the words that it has a variant of
	touched   []uint32

	pairs, chosen []pair
	found         map[uint32]candidate
	best          []candidate
}

// joinedWord is two neighbouring words of the query written as one.
type joinedWord struct {
	first int
	word  *queryWord
}

// link says that a listed word may stand for words of the query.
type link struct {
	query       uint32
	second      uint32
	sim, weight int32
	how         howCode
	next        uint32
}

// candidate is a record with the score of its best name, in ten-thousandths.
type candidate struct {
	entity, name uint32
	reading      int
	nameScore    int // capped if the alias is weak
	score        int
	byID         bool
}

// NewSearcher gives a searcher of its own to a goroutine that searches much.
func (ix *Index) NewSearcher() *Searcher {
	return &Searcher{
		ix: ix, kept: map[string]*queryWord{}, found: map[uint32]candidate{},
		seen: make([]uint32, len(ix.wordFacts)), slots: make([]uint32, len(ix.wordFacts)), sets: make([]uint16, len(ix.nameEntity)),
		links: make([]link, 1),
	}
}

// idle are the searchers that nobody uses. A sync.Pool would give them up at every second garbage collection, and with them the words they keep, which
// are most of what a search of customers' names costs; they are megabytes each, so no more are kept than can run at a time.
type idle struct {
	mu   sync.Mutex
	list []*Searcher
}

func (i *idle) put(s *Searcher) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.list) < runtime.GOMAXPROCS(0) {
		i.list = append(i.list, s)
	}
}

// take gives the searcher that was used last, or nil.
func (i *idle) take() *Searcher {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := len(i.list) - 1
	if last < 0 {
		return nil
	}
	s := i.list[last]
	i.list = i.list[:last]
	return s
}

func (ix *Index) searcher() *Searcher {
	if s := ix.searchers.take(); s != nil {
		return s
	}
	return ix.NewSearcher()
}

// Search finds the records that fit a query. An error that is a *QueryError says what of the query or the options cannot be searched; another, that the
// snapshot cannot be read.
func (ix *Index) Search(q Query, o Options) (Answer, error) {
	s := ix.searcher()
	defer ix.searchers.put(s)
	return s.Search(q, o)
}

// SearchPrepared is Search for a prepared query.
func (ix *Index) SearchPrepared(p *Prepared, o Options) (Answer, error) {
	s := ix.searcher()
	defer ix.searchers.put(s)
	return s.SearchPrepared(p, o)
}

// Search is Index.Search with the searcher's memory.
func (s *Searcher) Search(q Query, o Options) (Answer, error) {
	if err := s.prepared.Set(q); err != nil {
		return Answer{}, err
	}
	return s.SearchPrepared(&s.prepared, o)
}

// SearchPrepared is Search for a prepared query.
func (s *Searcher) SearchPrepared(p *Prepared, o Options) (Answer, error) {
	defer runtime.KeepAlive(s.ix)
	limits, err := o.filled()
	if err != nil {
		return Answer{}, err
	}
	filter := s.ix.filter(p, limits)
	if err := s.find(p, limits, &filter); err != nil {
		return Answer{}, err
	}
	answer := Answer{Total: len(s.best), Versions: s.ix.versions, Algorithm: Algorithm}
	if len(s.best) == 0 {
		return answer, nil
	}
	slices.SortFunc(s.best, s.ix.compareCandidates)
	if limits.Limit >= 0 && len(s.best) > limits.Limit {
		s.best = s.best[:limits.Limit]
	}
	answer.Hits = s.explain(p, limits)
	return answer, nil
}

// Any says whether a prepared query has a hit at all.
func (s *Searcher) Any(p *Prepared, o Options) (bool, error) {
	defer runtime.KeepAlive(s.ix)
	limits, err := o.filled()
	if err != nil {
		return false, err
	}
	filter := s.ix.filter(p, limits)
	if err := s.find(p, limits, &filter); err != nil {
		return false, err
	}
	return len(s.best) > 0, nil
}

// lowestPossible is the lowest threshold that is served: below it nearly every record is a hit, and a search would have to look at all of them.
const lowestPossible = 0.4

// filled checks the options and puts the defaults in place of zero.
func (o Options) filled() (Options, error) {
	if o.Possible == 0 {
		o.Possible = PossibleDefault
	}
	if o.Match == 0 {
		o.Match = max(MatchDefault, o.Possible)
	}
	if o.Limit == 0 {
		o.Limit = LimitDefault
	}
	if !(o.Possible >= lowestPossible && o.Possible <= 1) {
		return o, &QueryError{"possible", "not between 0.4 and 1"}
	}
	if !(o.Match >= o.Possible && o.Match <= 1) {
		return o, &QueryError{"match", "not between possible and 1"}
	}
	return o, nil
}

// filter says which records a search looks at.
type filter struct {
	kind   uint8
	lists  []bool // by number; nil is all
	topics uint32 // 0 is all
	none   bool   // the lists or topics asked for are not in the index
}

func (ix *Index) filter(p *Prepared, o Options) filter {
	f := filter{kind: p.kind}
	if len(o.Lists) > 0 {
		f.lists, f.none = make([]bool, len(ix.labels.Lists)), true
		for i, list := range ix.labels.Lists {
			if slices.Contains(o.Lists, list) {
				f.lists[i], f.none = true, false
			}
		}
	}
	for i, topic := range ix.labels.Topics {
		if slices.Contains(o.Topics, topic) {
			f.topics |= topicBit(i)
		}
	}
	f.none = f.none || len(o.Topics) > 0 && f.topics == 0
	return f
}

// entity says whether a record passes the filter, its kind left aside.
func (f *filter) entity(ix *Index, e uint32) bool {
	if f.lists != nil && !f.lists[entityFacts(ix.entityFacts[e]).list()] {
		return false
	}
	return f.topics == 0 || f.topics&ix.entityTopics[e] != 0
}

// kindFits says whether a record's kind may be the query's: not said on either side fits all.
func (f *filter) kindFits(kind uint8) bool { return f.kind == 0 || kind == 0 || f.kind == kind }

// find leaves in s.best all records whose score reaches the threshold.
func (s *Searcher) find(p *Prepared, o Options, f *filter) error {
	s.best = s.best[:0]
	if f.none {
		return nil
	}
	clear(s.found)
	s.threshold = int32(math.Floor(o.Possible * 1000))
	lowest := int(math.Round(o.Possible * 10000))
	byID, err := s.withIDs(p, f)
	if err != nil {
		return err
	}
	for r := range p.names.readings {
		s.begin(&p.names, p.names.readings[r])
		s.collect()
		s.rateTouched(r, lowest, f)
		for _, e := range byID {
			s.rateEntity(r, e)
		}
		s.end()
	}
	for _, c := range s.found {
		c.score = c.nameScore
		s.ix.modifiers(p, c.entity, func(_ string, value int, _, _ func() string) { c.score += value })
		if c.score = max(c.score, 0); c.byID {
			c.score = max(c.score, idFloor(c.nameScore))
		}
		if c.score >= lowest {
			s.best = append(s.best, c)
		}
	}
	return nil
}

// idFloor is the least score of a record whose identity number is the query's, by the score of its name.
func idFloor(nameScore int) int { return idScore + (10000-idScore)*nameScore/10000 }

// begin prepares a pass: it looks up the words of one reading and links the listed words to them.
func (s *Searcher) begin(n *names, r reading) {
	s.group, s.joined, s.initials = s.group[:0], s.joined[:0], 0
	words := n.words[r.from:r.to]
	for i, w := range words {
		s.group = append(s.group, s.lookUp(n.word(w), w.bare))
		if s.group[i].initial {
			s.initials |= 1 << i
		}
	}
	for i := range len(words) - 1 {
		from := len(n.text)
		n.text = append(append(n.text, n.word(words[i])...), n.word(words[i+1])...)
		if text := n.text[from:]; len(text) <= maxWordLen {
			s.join(i, text, words[i].bare || words[i+1].bare)
		}
		n.text = n.text[:from]
	}
	for i, w := range s.group {
		for _, v := range w.variants {
			s.link(v, 1<<i)
		}
	}
	for _, j := range s.joined {
		for _, v := range j.word.variants {
			s.link(v, 3<<j.first)
		}
	}
}

// join adds two words of the query written as one, if there is a listed word like it.
func (s *Searcher) join(first int, text []byte, bare bool) {
	n := len(s.joined)
	s.joined = slices.Grow(s.joined, 1)[:n+1] // with the memory of the word that was here in an earlier pass
	j := &s.joined[n]
	if j.first = first; j.word == nil {
		j.word = &queryWord{}
	}
	if s.lookUpJoined(j.word, text, bare); len(j.word.variants) == 0 {
		s.joined = s.joined[:n]
	}
}

func (s *Searcher) link(v variant, query uint32) {
	s.links = append(s.links, link{query: query, second: v.second, sim: v.sim, weight: v.weight, how: v.how, next: s.slots[v.word]})
	s.slots[v.word] = uint32(len(s.links) - 1)
}

// end takes the pass's links and sets away.
func (s *Searcher) end() {
	for _, w := range s.group {
		for _, v := range w.variants {
			s.slots[v.word] = 0
		}
	}
	for _, j := range s.joined {
		for _, v := range j.word.variants {
			s.slots[v.word] = 0
		}
	}
	s.links = s.links[:1]
	for _, n := range s.touched {
		s.sets[n] = 0
	}
	s.touched = s.touched[:0]
}

// rateTouched scores the names that can reach the threshold by what was collected.
func (s *Searcher) rateTouched(reading, lowest int, f *filter) {
	ix := s.ix
	for _, name := range s.touched {
		set := s.sets[name]&(1<<setBits-1) | s.always
		if s.reach[set] < 0 {
			continue // told without touching the name itself, which is most of the work
		}
		facts := nameFacts(ix.nameFacts[name])
		if s.reach[set] < facts.cost()-s.saved[set] || !f.kindFits(facts.kind()) {
			continue
		}
		entity := ix.nameEntity[name]
		if !f.entity(ix, entity) {
			continue
		}
		score := s.score(name)
		if facts.weak() {
			score = min(score, weakCap)
		}
		if score >= lowest {
			s.keep(candidate{entity: entity, name: name, reading: reading, nameScore: score})
		}
	}
}

// keep remembers the best name of a record; of equal ones the one that the list has first.
func (s *Searcher) keep(c candidate) {
	if have, ok := s.found[c.entity]; ok {
		c.byID = c.byID || have.byID
		if have.nameScore > c.nameScore || have.nameScore == c.nameScore && have.hasName() && !s.ix.listedBefore(c.name, have.name) {
			have.byID = c.byID
			c = have
		}
	}
	s.found[c.entity] = c
}

// listedBefore orders the names of a record. Their numbers do not: those follow from the other records of the index.
func (ix *Index) listedBefore(a, b uint32) bool {
	if x, y := nameFacts(ix.nameFacts[a]).place(), nameFacts(ix.nameFacts[b]).place(); x != y {
		return x < y
	}
	fromA, toA := between(ix.nameEnds, a)
	fromB, toB := between(ix.nameEnds, b)
	return string(ix.nameText[fromA:toA]) < string(ix.nameText[fromB:toB])
}

func (c candidate) hasName() bool { return c.name != noWord }

// compareCandidates orders hits: best first, then by list and id, so that an answer is the same however the index came about.
func (ix *Index) compareCandidates(a, b candidate) int {
	if a.score != b.score {
		return b.score - a.score
	}
	if a.nameScore != b.nameScore {
		return b.nameScore - a.nameScore
	}
	listA, idA := ix.listID(a.entity)
	listB, idB := ix.listID(b.entity)
	if c := strings.Compare(listA, listB); c != 0 {
		return c
	}
	return strings.Compare(idA, idB)
}

func (s *Searcher) nextStamp() {
	if s.stamp++; s.stamp == 0 {
		clear(s.seen)
		s.stamp = 1
	}
}
