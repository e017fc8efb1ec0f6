package watchlist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of a builder. They keep one hostile record from costing more than its share.
const (
	maxNamesOfRecord = 4096
	maxTopics        = 32
)

// Builder takes records in and makes an index of them. It is used by one goroutine, once.
type Builder struct {
	out  *snapshotWriter
	file *os.File // nil when the snapshot is made in memory
	path string
	mem  *bytes.Buffer

	recordEnds []uint64
	labels     labels
	listNumber map[string]int
	entity     struct {
		facts, topics, birthEnds, births, countryEnds, keyEnds []uint32
		countries                                              []uint16
		keys                                                   []byte
	}
	ids []idEntry

	scratch names
	words   wordTable
	names   []builtName
	inNames []uint32 // words of names, one name after another
	text    []byte
	encoder bytes.Buffer
}

// builtName is one name as the builder keeps it: where its words and its text are.
type builtName struct {
	words, wordsEnd, text, textEnd uint32
	entity                         uint32
	facts                          nameFacts
	rarest                         uint32 // filled last: what names are sorted by
}

type idEntry struct {
	hash   uint64
	entity uint32
}

// NewBuilder begins an index in memory.
func NewBuilder() *Builder {
	b := newBuilder()
	b.mem = bytes.NewBuffer(make([]byte, headerSize, 1<<20))
	b.out = &snapshotWriter{w: b.mem}
	return b
}

// NewFileBuilder begins an index whose snapshot is written to path as records come in, so that memory holds only what the search needs of them. The
// file gets its name when Index succeeds; until then, and after Discard, an older one stays as it is.
func NewFileBuilder(path string) (*Builder, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".snapshot-*")
	if err != nil {
		return nil, fmt.Errorf("build snapshot: %w", err)
	}
	b := newBuilder()
	b.file, b.path = f, path
	b.out = &snapshotWriter{w: newBufferedFile(f)}
	return b, nil
}

func newBuilder() *Builder {
	return &Builder{listNumber: map[string]int{}, words: wordTable{numbers: map[string]uint32{}}}
}

// Build makes an index of all records at once.
func Build(entities iter.Seq[Entity], versions []Version) (*Index, error) {
	b := NewBuilder()
	for e := range entities {
		if err := b.Add(e); err != nil {
			return nil, err
		}
	}
	return b.Index(versions)
}

// Add takes in one record. A record whose names hold nothing to search by is kept and found by its IDs alone. An error (the disk is full, a record
// is beyond all bounds) ends the builder.
func (b *Builder) Add(e Entity) error {
	if len(e.Names) > maxNamesOfRecord {
		return fmt.Errorf("build snapshot: record %s has %d names, more than %d", e.Key(), len(e.Names), maxNamesOfRecord)
	}
	if len(b.recordEnds) == 0 {
		if err := b.out.begin(secRecords); err != nil {
			return err
		}
	}
	b.encoder.Reset()
	if err := json.NewEncoder(&b.encoder).Encode(e); err != nil {
		return fmt.Errorf("build snapshot: record %s: %w", e.Key(), err)
	}
	if _, err := b.out.Write(b.encoder.Bytes()); err != nil {
		return err
	}
	b.recordEnds = append(b.recordEnds, b.out.at-b.out.places[secRecords][0])
	number := uint32(len(b.recordEnds) - 1)
	if err := b.addFacts(e, number); err != nil {
		return err
	}
	first := len(b.names)
	for _, n := range e.Names {
		b.addName(n, e.Kind, number, first)
	}
	return nil
}

// addFacts takes in what is compared besides the names.
func (b *Builder) addFacts(e Entity, number uint32) error {
	list, ok := b.listNumber[e.List]
	if !ok {
		list = len(b.labels.Lists)
		b.listNumber[e.List] = list
		b.labels.Lists = append(b.labels.Lists, e.List)
	}
	b.entity.facts = append(b.entity.facts, uint32(packEntity(e.Gender, list)))
	var topics uint32
	for _, t := range e.Topics {
		i := slices.Index(b.labels.Topics, t)
		if i < 0 {
			if i = len(b.labels.Topics); i == maxTopics {
				return fmt.Errorf("build snapshot: record %s: more than %d different topics", e.Key(), maxTopics)
			}
			b.labels.Topics = append(b.labels.Topics, t)
		}
		topics |= 1 << i
	}
	b.entity.topics = append(b.entity.topics, topics)
	for _, d := range e.Births {
		if from, to, ok := listedBirth(d); ok {
			b.entity.births = append(b.entity.births, from, to)
		}
	}
	b.entity.birthEnds = append(b.entity.birthEnds, uint32(len(b.entity.births)))
	for _, c := range e.Countries {
		if code := countryCode(c); code != 0 {
			b.entity.countries = append(b.entity.countries, code)
		}
	}
	b.entity.countryEnds = append(b.entity.countryEnds, uint32(len(b.entity.countries)))
	b.entity.keys = append(b.entity.keys, e.ID...)
	b.entity.keyEnds = append(b.entity.keyEnds, uint32(len(b.entity.keys)))
	for _, id := range e.IDs {
		if h := idHash(id.Value); h != 0 {
			b.ids = append(b.ids, idEntry{h, number})
		}
	}
	return nil
}

// addName takes in one listed name: one built name for each reading, unless the record has one of the same words already. Words beyond
// MaxNameWords are not searched; the record keeps them.
func (b *Builder) addName(n Name, kind Kind, entity uint32, first int) {
	b.scratch.reset()
	b.scratch.add(cut(n.Full, MaxNameBytes), 0)
	text := uint32(len(b.text))
	b.text = append(b.text, n.Full...)
	for _, r := range b.scratch.readings {
		from, cost := uint32(len(b.inNames)), int64(0)
		for _, w := range b.scratch.words[r.from:min(r.to, r.from+MaxNameWords)] {
			number, weight := b.words.number(b.scratch.word(w), w.bare)
			b.inNames = append(b.inNames, number)
			cost += listedCost(int64(weight))
		}
		words := b.inNames[from:]
		if slices.ContainsFunc(b.names[first:], func(have builtName) bool {
			return slices.Equal(b.inNames[have.words:have.wordsEnd], words) && (!have.facts.weak() || n.Weak)
		}) {
			b.inNames = b.inNames[:from]
			continue
		}
		b.names = append(b.names, builtName{
			words: from, wordsEnd: uint32(len(b.inNames)), text: text, textEnd: uint32(len(b.text)), entity: entity, facts: packName(cost, kind, n.Weak, len(b.names)-first),
		})
	}
}

// cut shortens a text to at most n bytes, at a letter's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Index ends the building and gives the index. The builder is of no more use.
func (b *Builder) Index(versions []Version) (*Index, error) {
	err := b.finish(versions)
	if b.file == nil {
		if err != nil {
			return nil, err
		}
		data := b.mem.Bytes()
		copy(data, b.out.header())
		return openBytes(data)
	}
	if err == nil {
		if err = b.out.w.(*bufferedFile).flush(); err == nil {
			_, err = b.file.WriteAt(b.out.header(), 0)
		}
	}
	if err := settle(b.file, b.path, err); err != nil {
		return nil, err
	}
	return Open(b.path)
}

// Discard ends the building without an index and removes what it wrote.
func (b *Builder) Discard() error {
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	if e := os.Remove(b.file.Name()); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("discard snapshot: %w", err)
	}
	return nil
}

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
	nameEnds, byEntity := groupByEntity(entities, len(b.recordEnds))
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

// wordTable is the dictionary while it grows. A word from another script is an entry of its own, apart from the same letters in a Latin name.
type wordTable struct {
	numbers map[string]uint32
	lexemes []lexeme
	text    []byte
	ends    []uint32
	key     []byte
}

func (t *wordTable) number(w []byte, bare bool) (uint32, uint8) {
	t.key = append(t.key[:0], w...)
	if bare {
		t.key = append(t.key, '*')
	}
	if i, ok := t.numbers[string(t.key)]; ok {
		return i, t.lexemes[i].weight
	}
	i := uint32(len(t.lexemes))
	t.numbers[string(t.key)] = i
	l := newLexeme(bytes.Clone(w), bare)
	t.lexemes = append(t.lexemes, l)
	t.text = append(t.text, w...)
	t.ends = append(t.ends, uint32(len(t.text)))
	return i, l.weight
}

// bufferedFile gathers small writes after the place of the header.
type bufferedFile struct {
	f   *os.File
	at  int64
	buf []byte
}

func newBufferedFile(f *os.File) *bufferedFile {
	return &bufferedFile{f: f, at: int64(headerSize), buf: make([]byte, 0, 1<<20)}
}

func (b *bufferedFile) Write(p []byte) (int, error) {
	if len(b.buf)+len(p) > cap(b.buf) {
		if err := b.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) >= cap(b.buf) {
		n, err := b.f.WriteAt(p, b.at)
		b.at += int64(n)
		return n, err
	}
	b.buf = append(b.buf, p...)
	return len(p), nil
}

func (b *bufferedFile) flush() error {
	n, err := b.f.WriteAt(b.buf, b.at)
	b.at += int64(n)
	b.buf = b.buf[:0]
	return err
}
