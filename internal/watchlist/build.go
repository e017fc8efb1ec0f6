package watchlist

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MaxRecordNames bounds the names of one record: it keeps a hostile one from costing more than its share.
const MaxRecordNames = 4096

const maxTopics = 32 // bits of a record

// topicBit gives the bit of the topic with a number. Topics that come after all bits but one are taken share the last: more may then be found by them than
// has them, never less, and a list with many topics is still searched.
func topicBit(number int) uint32 { return 1 << min(number, maxTopics-1) }

// Builder takes records in and makes an index of them. It is used by one goroutine, once.
type Builder struct {
	out  *snapshotWriter
	file *os.File // nil when the snapshot is made in memory
	path string
	mem  *bytes.Buffer

	recordEnds              []uint64 // of a record's fields, then of its raw text
	labels                  labels
	listNumber, topicNumber map[string]int
	entity                  struct {
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
	record  []byte // the one taken in last, as it is written
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
	return &Builder{listNumber: map[string]int{}, topicNumber: map[string]int{}, words: wordTable{numbers: map[string]uint32{}}}
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
	if len(e.Names) > MaxRecordNames {
		return fmt.Errorf("build snapshot: record %s has %d names, more than %d", e.Key(), len(e.Names), MaxRecordNames)
	}
	if len(b.recordEnds) == 0 {
		if err := b.out.begin(secRecords); err != nil {
			return err
		}
	}
	var err error
	if b.record, err = appendRecord(b.record[:0], e); err != nil {
		return fmt.Errorf("build snapshot: %w", err)
	}
	number, from := uint32(len(b.recordEnds)/2), b.out.at-b.out.places[secRecords][0]
	fields := from + uint64(len(b.record))
	b.record = append(b.record, e.Raw...)
	if _, err := b.out.Write(b.record); err != nil {
		return err
	}
	b.recordEnds = append(b.recordEnds, fields, from+uint64(len(b.record)))
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
		i, ok := b.topicNumber[t]
		if !ok {
			i = len(b.labels.Topics)
			b.topicNumber[t] = i
			b.labels.Topics = append(b.labels.Topics, t)
		}
		topics |= topicBit(i)
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
