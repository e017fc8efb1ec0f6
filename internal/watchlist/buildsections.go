package watchlist

import (
	"encoding/json"
	"fmt"
	"slices"
)

// finish writes all sections but the records, which are there already.
func (b *Builder) finish(versions []Version) error {
	if len(b.recordEnds) > 0 {
		b.out.end(secRecords)
	}
	if versions == nil {
		versions = []Version{}
	}
	versionText, err := json.Marshal(versions)
	if err != nil {
		return fmt.Errorf("build snapshot: %w", err)
	}
	labelText, err := json.Marshal(b.labels)
	if err != nil {
		return fmt.Errorf("build snapshot: %w", err)
	}
	for _, step := range []func() error{
		func() error { return writeSection(b.out, secRecordEnds, b.recordEnds) },
		func() error { return writeSection(b.out, secVersions, versionText) },
		func() error { return writeSection(b.out, secLabels, labelText) },
		b.writeWords, b.writeKeys, b.writeNames, b.writeFacts,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *Builder) writeWords() error {
	n := len(b.words.lexemes)
	facts, sounds, coarse := make([]uint32, n), make([]uint64, n), make([]uint64, n)
	for i, l := range b.words.lexemes {
		facts[i], sounds[i], coarse[i] = uint32(packWord(l)), l.sound, l.coarse
	}
	if err := writeSection(b.out, secWordText, b.words.text); err != nil {
		return err
	}
	if err := writeSection(b.out, secWordEnds, b.words.ends); err != nil {
		return err
	}
	if err := writeSection(b.out, secWordFacts, facts); err != nil {
		return err
	}
	if err := writeSection(b.out, secWordSound, sounds); err != nil {
		return err
	}
	return writeSection(b.out, secWordCoarse, coarse)
}

// keysPerBucket keeps the part of the key table that every look-up touches small enough for a processor's cache.
const keysPerBucket = 4

// writeKeys writes the key table: a hash table in which each bucket is a run of entries, found without following any pointer.
func (b *Builder) writeKeys() error {
	total := 0
	for i := range b.words.lexemes {
		b.words.lexemes[i].keys(func(uint64) { total++ })
	}
	buckets := 1
	for buckets < total/keysPerBucket {
		buckets *= 2
	}
	starts := make([]uint32, buckets+1)
	for i := range b.words.lexemes {
		b.words.lexemes[i].keys(func(key uint64) { starts[hashKey(key)&uint64(buckets-1)+1]++ })
	}
	for i := range buckets {
		starts[i+1] += starts[i]
	}
	next := slices.Clone(starts)
	words, marks := make([]uint32, total), make([]uint8, total)
	for i := range b.words.lexemes {
		b.words.lexemes[i].keys(func(key uint64) {
			h := hashKey(key)
			at := &next[h&uint64(buckets-1)]
			words[*at], marks[*at] = uint32(i), uint8(h>>56)
			*at++
		})
	}
	if err := writeSection(b.out, secKeyStarts, starts); err != nil {
		return err
	}
	if err := writeSection(b.out, secKeyWords, words); err != nil {
		return err
	}
	return writeSection(b.out, secKeyMarks, marks)
}

// writeNames sorts the names so that those with the same rarest word lie together (a search touches fewer pages) and writes them with their postings.
func (b *Builder) writeNames() error {
	counts := make([]uint32, len(b.words.lexemes)+1)
	for _, w := range b.inNames {
		counts[w+1]++
	}
	for i := range b.names {
		n := &b.names[i]
		n.rarest = ^uint32(0)
		for _, w := range b.inNames[n.words:n.wordsEnd] {
			if n.rarest == ^uint32(0) || counts[w+1] < counts[n.rarest+1] {
				n.rarest = w
			}
		}
	}
	slices.SortStableFunc(b.names, func(x, y builtName) int { return int(int64(x.rarest) - int64(y.rarest)) })
	for i := range len(counts) - 1 {
		counts[i+1] += counts[i]
	}
	starts, next := counts, slices.Clone(counts)
	posts := make([]uint32, len(b.inNames))
	nameStarts, words := make([]uint32, 0, len(b.names)+1), make([]uint32, 0, len(b.inNames))
	entities, facts := make([]uint32, len(b.names)), make([]uint32, len(b.names))
	text, ends := make([]byte, 0, len(b.text)), make([]uint32, len(b.names))
	for i, n := range b.names {
		nameStarts = append(nameStarts, uint32(len(words)))
		words = append(words, b.inNames[n.words:n.wordsEnd]...)
		for _, w := range b.inNames[n.words:n.wordsEnd] {
			posts[next[w]] = uint32(i)
			next[w]++
		}
		entities[i], facts[i] = n.entity, uint32(n.facts)
		text = append(text, b.text[n.text:n.textEnd]...)
		ends[i] = uint32(len(text))
	}
	nameStarts = append(nameStarts, uint32(len(words)))
	nameEnds, byEntity := groupByEntity(entities, len(b.recordEnds)/2)
	for _, s := range []struct {
		id     section
		values []uint32
	}{
		{secPostStarts, starts},
		{secPosts, posts},
		{secNameStarts, nameStarts},
		{secNameWords, words},
		{secNameEntity, entities},
		{secNameFacts, facts},
		{secNameEnds, ends},
		{secEntityNameEnds, nameEnds},
		{secEntityNames, byEntity},
	} {
		if err := writeSection(b.out, s.id, s.values); err != nil {
			return err
		}
	}
	return writeSection(b.out, secNameText, text)
}

// groupByEntity gives the names of each entity, one entity after another, and where those of each end.
func groupByEntity(entities []uint32, count int) (ends, names []uint32) {
	next := make([]uint32, count+1)
	for _, e := range entities {
		next[e+1]++
	}
	for i := range count {
		next[i+1] += next[i]
	}
	ends = slices.Clone(next[1:])
	names = make([]uint32, len(entities))
	for i, e := range entities {
		names[next[e]] = uint32(i)
		next[e]++
	}
	return ends, names
}

func (b *Builder) writeFacts() error {
	slices.SortFunc(b.ids, func(x, y idEntry) int {
		if x.hash != y.hash {
			if x.hash < y.hash {
				return -1
			}
			return 1
		}
		return int(int64(x.entity) - int64(y.entity))
	})
	hashes, entities := make([]uint64, len(b.ids)), make([]uint32, len(b.ids))
	for i, id := range b.ids {
		hashes[i], entities[i] = id.hash, id.entity
	}
	for _, s := range []struct {
		id     section
		values []uint32
	}{
		{secEntityFacts, b.entity.facts},
		{secEntityTopics, b.entity.topics},
		{secBirthEnds, b.entity.birthEnds},
		{secBirths, b.entity.births},
		{secCountryEnds, b.entity.countryEnds},
		{secIDEntities, entities},
		{secKeyOfEntityEnds, b.entity.keyEnds},
	} {
		if err := writeSection(b.out, s.id, s.values); err != nil {
			return err
		}
	}
	if err := writeSection(b.out, secCountries, b.entity.countries); err != nil {
		return err
	}
	if err := writeSection(b.out, secIDHashes, hashes); err != nil {
		return err
	}
	return writeSection(b.out, secKeyOfEntity, b.entity.keys)
}
