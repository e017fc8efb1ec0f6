package watchlist

import (
	"fmt"
	"slices"
	"strings"
)

// withIDs finds the records that bear one of the query's identity numbers. A record that cannot be read is an error: it must not pass for no hit.
func (s *Searcher) withIDs(p *Prepared, f *filter) (entities []uint32, err error) {
	for _, id := range p.ids {
		hash := idHash(id.Value)
		at, _ := slices.BinarySearch(s.ix.idHashes, hash)
		for ; at < len(s.ix.idHashes) && s.ix.idHashes[at] == hash; at++ {
			entity := s.ix.idEntities[at]
			if !f.entity(s.ix, entity) || slices.Contains(entities, entity) {
				continue
			}
			e, _, _, err := s.ix.record(int(entity), false)
			if err != nil {
				return nil, fmt.Errorf("compare identity numbers: %w", err)
			}
			if slices.ContainsFunc(e.IDs, func(listed ID) bool { return sameID(id, listed) }) {
				entities = append(entities, entity)
				s.keep(candidate{entity: entity, name: noWord, byID: true})
			}
		}
	}
	return entities, nil
}

// rateEntity scores all names of a record, also those that the search did not come upon.
func (s *Searcher) rateEntity(reading int, entity uint32) {
	from, to := between(s.ix.entityNameEnds, entity)
	for _, name := range s.ix.entityNames[from:to] {
		score := s.score(name)
		if nameFacts(s.ix.nameFacts[name]).weak() {
			score = min(score, weakCap)
		}
		s.keep(candidate{entity: entity, name: name, reading: reading, nameScore: score, byID: true})
	}
}

// explain makes hits of the candidates in s.best.
func (s *Searcher) explain(p *Prepared, o Options) []Hit {
	hits := make([]Hit, len(s.best))
	for r := range p.names.readings {
		if !slices.ContainsFunc(s.best, func(c candidate) bool { return c.reading == r && c.hasName() }) {
			continue
		}
		s.begin(&p.names, p.names.readings[r])
		for i, c := range s.best {
			if c.reading == r && c.hasName() {
				s.explainName(&hits[i], &p.names, p.names.readings[r], c)
			}
		}
		s.end()
	}
	for i, c := range s.best {
		h := &hits[i]
		h.index, h.entity = s.ix, c.entity
		h.List, h.ID = s.ix.listID(c.entity)
		h.NameScore, h.Score = max(h.NameScore, 0), decimal(c.score)
		s.explainModifiers(h, p, c)
		h.Verdict = Possible
		if h.Score >= o.Match {
			h.Verdict = Match
		}
	}
	return hits
}

func decimal(tenThousandths int) float64 { return float64(tenThousandths) / 10000 }

// explainName fills in how the words of a hit's name were paired.
func (s *Searcher) explainName(h *Hit, n *names, r reading, c candidate) {
	ix := s.ix
	raw := s.score(c.name)
	h.NameScore = decimal(raw)
	from, to := between(ix.nameEnds, c.name)
	h.Name = string(ix.nameText[from:to])
	query := n.words[r.from:r.to]
	h.Explanation.QueryName = joinWords(query, n.word, ^uint32(0))
	listed := ix.nameWords[ix.nameStarts[c.name]:ix.nameStarts[c.name+1]]
	h.Explanation.Words = s.explainWords(query, n, listed)
}

// explainWords lists the chosen pairs and the words left over, with what each costs.
func (s *Searcher) explainWords(query []span, n *names, listed []uint32) (lines []WordPair) {
	agreement, whole := s.rate(listed)
	carried := max(strength(agreement), float64(whole)) // a score does not fall below 0, so the costs do not add up to more than 1
	line := func(query, listed string, how howCode, sim, weight, cost int64) {
		lines = append(lines, WordPair{
			Query: query, Listed: listed, How: how.how(), Score: float64(sim) / 1000, Weight: float64(weight) / 100, Cost: float64(cost) / carried,
		})
	}
	var queryTaken, listedTaken uint32
	for _, p := range s.chosen {
		queryTaken |= p.query
		listedTaken |= p.listed
		line(joinWords(query, n.word, p.query), joinWords(listed, s.ix.wordBytes, p.listed), p.how, int64(p.sim), int64(p.weight),
			pairCost(int64(p.sim), int64(p.weight)))
	}
	for i, w := range s.group {
		if queryTaken&(1<<i) == 0 {
			line(string(w.text), "", howUnpaired, 0, int64(w.weight), queryCost(int64(w.weight)))
		}
	}
	for j, w := range listed {
		if listedTaken&(1<<j) == 0 {
			weight := int64(wordFacts(s.ix.wordFacts[w]).weight())
			line("", string(s.ix.wordBytes(w)), howUnpaired, 0, weight, listedCost(weight))
		}
	}
	return lines
}

// joinWords writes the words whose bits are set.
func joinWords[T any](words []T, text func(T) []byte, set uint32) string {
	var b strings.Builder
	for i, w := range words {
		if set&(1<<i) != 0 {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.Write(text(w))
		}
	}
	return b.String()
}

// explainModifiers fills in what changed a hit's score besides its name.
func (s *Searcher) explainModifiers(h *Hit, p *Prepared, c candidate) {
	sum := int(h.NameScore*10000 + 0.5)
	add := func(name string, value int, given, listed string) {
		h.Explanation.Modifiers = append(h.Explanation.Modifiers, Modifier{Name: name, Value: decimal(value), Given: given, Listed: listed})
		sum += value
	}
	if c.hasName() && c.nameScore < sum {
		add(WeakAlias, c.nameScore-sum, "", h.Name)
	}
	s.ix.modifiers(p, c.entity, func(name string, value int, given, listed func() string) { add(name, value, given(), listed()) })
	if c.score != sum {
		given, listed := s.sharedID(p, c.entity)
		add(ExactID, c.score-sum, given, listed)
	}
}

// sharedID gives the identity number that query and record share.
func (s *Searcher) sharedID(p *Prepared, entity uint32) (given, listed string) {
	e, _, _, err := s.ix.record(int(entity), false)
	if err != nil {
		return "", ""
	}
	for _, id := range p.ids {
		for _, have := range e.IDs {
			if sameID(id, have) {
				return id.Value, have.Value
			}
		}
	}
	return "", ""
}
