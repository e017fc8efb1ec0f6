package watchlist

import "slices"

// groupOrder is one word of the query with all listed words that may stand for it.
type groupOrder struct {
	group     int
	posts     int
	gain, net int32
	last      bool // an initial: any word may begin with it, so it has no list of its own
	collected bool
}

const (
	sumBits = 24
	sumMask = 1<<sumBits - 1
	// worthwhile is how many postings may be read per name touched so far rather than scoring the names without them.
	worthwhile = 16
)

// need is what a name has to gain at least, whatever it is: the query's part.
func (s *Searcher) need() int32 {
	var whole int64
	for _, w := range s.group {
		whole += int64(w.weight)
	}
	return int32(unpairedQuery * int64(s.threshold) * whole >> 10)
}

// uncollected is what a name could have gained from the words that were not collected.
func (s *Searcher) uncollected() (rest int32) {
	for _, g := range s.order {
		if !g.collected {
			rest += g.gain
		}
	}
	return rest
}

// collect adds up gains over posting lists, the shortest first. Once the words left cannot lift a name over the threshold by themselves, no new names
// are taken up, and long lists are read only if that spares more scoring than it costs (the max-score rule).
func (s *Searcher) collect() {
	s.orderGroups()
	need := s.need()
	var left int32
	for _, g := range s.order {
		left += g.net
	}
	for i := range s.order {
		g := &s.order[i]
		fresh := left >= need
		left -= g.net
		if !fresh && g.posts > worthwhile*len(s.touched) {
			continue
		}
		g.collected = !g.last
		s.add(g.group, fresh)
	}
}

// orderGroups sorts the query's words by the length of their lists.
func (s *Searcher) orderGroups() {
	s.order = s.order[:0]
	for i, w := range s.group {
		s.order = append(s.order, groupOrder{group: i, posts: w.posts, last: w.initial, gain: w.maxGain, net: w.maxNet})
	}
	for _, j := range s.joined {
		for i := j.first; i < j.first+2; i++ {
			g := &s.order[i]
			g.posts += j.word.posts
			for _, v := range j.word.variants {
				if gain, net, ok := s.joinedGain(j, v); ok {
					g.gain, g.net = max(g.gain, gain), max(g.net, net)
				}
			}
		}
	}
	slices.SortFunc(s.order, func(a, b groupOrder) int {
		if a.last != b.last {
			if a.last {
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

// joinedGain is the half of what two words written as one gain: each of the two words' groups adds its half.
func (s *Searcher) joinedGain(j joinedWord, v variant) (gain, net int32, ok bool) {
	v, ok = joinedVariant(v)
	if !ok {
		return 0, 0, false
	}
	gain = gainOf(v, s.group[j.first].weight+s.group[j.first+1].weight, s.threshold)
	net = gain - scaled(int64(s.threshold)*unpairedListed*int64(v.weight)) + 1
	return max(gain+1, 0) / 2, max(net+1, 0) / 2, true
}

// add adds a group's gains to the names of its lists. Within a group a name gains once, by the best of its words.
func (s *Searcher) add(group int, fresh bool) {
	w := s.group[group]
	mark := uint32(group+1) << sumBits
	s.gains = s.gains[:0]
	for _, j := range s.joined {
		if j.first != group && j.first+1 != group {
			continue
		}
		for _, v := range j.word.variants {
			if gain, _, ok := s.joinedGain(j, v); ok {
				s.gains = append(s.gains, gainedBy{v, gain})
			}
		}
	}
	if len(s.gains) == 0 {
		for i, v := range w.variants {
			s.addList(v, w.gain[i], mark, fresh)
		}
		return
	}
	for i, v := range w.variants {
		s.gains = append(s.gains, gainedBy{v, w.gain[i]})
	}
	slices.SortFunc(s.gains, func(a, b gainedBy) int { return int(b.gain - a.gain) })
	for _, g := range s.gains {
		s.addList(g.variant, g.gain, mark, fresh)
	}
}

// gainedBy is a variant with what it gains.
type gainedBy struct {
	variant
	gain int32
}

// addList adds a gain to the names of one listed word.
func (s *Searcher) addList(v variant, gain int32, mark uint32, fresh bool) {
	word := v.word
	if v.second != noWord && s.ix.postCount(v.second) < s.ix.postCount(word) {
		word = v.second
	}
	gain = max(gain, 0)
	for _, name := range s.ix.posts[s.ix.postStarts[word]:s.ix.postStarts[word+1]] {
		sum := s.sums[name]
		switch {
		case sum == 0:
			if !fresh {
				continue
			}
			s.touched = append(s.touched, name)
		case sum&^sumMask == mark:
			continue
		}
		s.sums[name] = sum&sumMask + uint32(gain) | mark
	}
}
