package watchlist

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Index is an immutable set of records ready to be searched, by any number of goroutines at once. It needs no closing: what it maps is let go
// when nothing refers to it any more.
type Index struct {
	data     []byte // the whole snapshot
	versions []Version
	labels   labels

	records    *io.SectionReader
	recordEnds []uint64

	wordText   []byte
	wordEnds   []uint32
	wordFacts  []uint32
	wordSound  []uint64
	wordCoarse []uint64

	keyStarts []uint32
	keyWords  []uint32
	keyMarks  []uint8

	postStarts []uint32
	posts      []uint32

	nameStarts []uint32
	nameWords  []uint32
	nameEntity []uint32
	nameFacts  []uint32
	nameText   []byte
	nameEnds   []uint32

	entityNameEnds []uint32
	entityNames    []uint32
	entityFacts    []uint32
	entityTopics   []uint32
	birthEnds      []uint32
	births         []uint32
	countryEnds    []uint32
	countries      []uint16
	idHashes       []uint64
	idEntities     []uint32
	keyText        []byte
	keyEnds        []uint32

	searchers idle
}

// newIndex makes the views of a snapshot whose checksums were right. whole reads the same bytes as data; the index reads records by it.
func newIndex(data []byte, whole io.ReaderAt, places [sectionCount][2]uint64) (*Index, error) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil, fmt.Errorf("%w: this machine's byte order is not served", ErrFormat)
	}
	body := data[headerSize:]
	ix := &Index{
		data:       data,
		records:    io.NewSectionReader(whole, int64(headerSize)+int64(places[secRecords][0]), int64(places[secRecords][1])),
		recordEnds: view[uint64](body, places[secRecordEnds]),
		wordText:   view[byte](body, places[secWordText]), wordEnds: view[uint32](body, places[secWordEnds]),
		wordFacts: view[uint32](body, places[secWordFacts]),
		wordSound: view[uint64](body, places[secWordSound]), wordCoarse: view[uint64](body, places[secWordCoarse]),
		keyStarts: view[uint32](body, places[secKeyStarts]), keyWords: view[uint32](body, places[secKeyWords]), keyMarks: view[uint8](body, places[secKeyMarks]),
		postStarts: view[uint32](body, places[secPostStarts]), posts: view[uint32](body, places[secPosts]),
		nameStarts: view[uint32](body, places[secNameStarts]), nameWords: view[uint32](body, places[secNameWords]),
		nameEntity: view[uint32](body, places[secNameEntity]), nameFacts: view[uint32](body, places[secNameFacts]),
		nameText: view[byte](body, places[secNameText]), nameEnds: view[uint32](body, places[secNameEnds]),
		entityNameEnds: view[uint32](body, places[secEntityNameEnds]), entityNames: view[uint32](body, places[secEntityNames]),
		entityFacts: view[uint32](body, places[secEntityFacts]), entityTopics: view[uint32](body, places[secEntityTopics]),
		birthEnds: view[uint32](body, places[secBirthEnds]), births: view[uint32](body, places[secBirths]),
		countryEnds: view[uint32](body, places[secCountryEnds]), countries: view[uint16](body, places[secCountries]),
		idHashes: view[uint64](body, places[secIDHashes]), idEntities: view[uint32](body, places[secIDEntities]),
		keyText: view[byte](body, places[secKeyOfEntity]), keyEnds: view[uint32](body, places[secKeyOfEntityEnds]),
	}
	var err error
	if ix.versions, err = decodeSection[[]Version](body, places[secVersions]); err != nil {
		return nil, err
	}
	if ix.labels, err = decodeSection[labels](body, places[secLabels]); err != nil {
		return nil, err
	}
	if !ix.fits() {
		return nil, fmt.Errorf("%w: its sections do not fit each other", ErrDamaged)
	}
	return ix, nil
}

// fits says whether the sections have the lengths that they must have by each other. It looks at the ends alone: what lies between was written with them
// and has the checksum, and looking at it would map all of it.
func (ix *Index) fits() bool {
	words, names, entities, buckets := len(ix.wordEnds), len(ix.nameEntity), len(ix.entityFacts), len(ix.keyStarts)-1
	for _, l := range [...][2]int{
		{len(ix.wordFacts), words},
		{len(ix.wordSound), words},
		{len(ix.wordCoarse), words},
		{len(ix.postStarts), words + 1},
		{len(ix.keyMarks), len(ix.keyWords)},
		{len(ix.posts), len(ix.nameWords)},
		{len(ix.nameStarts), names + 1},
		{len(ix.nameFacts), names},
		{len(ix.nameEnds), names},
		{len(ix.entityNames), names},
		{len(ix.recordEnds), 2 * entities},
		{len(ix.entityNameEnds), entities},
		{len(ix.entityTopics), entities},
		{len(ix.birthEnds), entities},
		{len(ix.countryEnds), entities},
		{len(ix.keyEnds), entities},
		{len(ix.idEntities), len(ix.idHashes)},
		{len(ix.births) % 2, 0},
	} {
		if l[0] != l[1] {
			return false
		}
	}
	return buckets > 0 && buckets&(buckets-1) == 0 && endsAt(ix.keyStarts, len(ix.keyWords)) && endsAt(ix.wordEnds, len(ix.wordText)) &&
		endsAt(ix.postStarts, len(ix.posts)) && endsAt(ix.nameStarts, len(ix.nameWords)) && endsAt(ix.nameEnds, len(ix.nameText)) &&
		endsAt(ix.entityNameEnds, names) && endsAt(ix.birthEnds, len(ix.births)) && endsAt(ix.countryEnds, len(ix.countries)) &&
		endsAt(ix.keyEnds, len(ix.keyText)) && endsAt(ix.recordEnds, int(ix.records.Size()))
}

// endsAt says whether the last part that ends describes ends where the array does.
func endsAt[T number](ends []T, size int) bool {
	if len(ends) == 0 {
		return size == 0
	}
	return uint64(ends[len(ends)-1]) == uint64(size)
}

// Versions gives the editions of the lists in the index.
func (ix *Index) Versions() []Version { return append([]Version(nil), ix.versions...) }

// Len gives the number of records; they are numbered from 0.
func (ix *Index) Len() int { return len(ix.entityFacts) }

// Names gives the number of listed names as they are searched: a name in another script counts once for each reading.
func (ix *Index) Names() int { return len(ix.nameEntity) }

// between gives the limits of part i of an array that is described by where its parts end.
func between(ends []uint32, i uint32) (from, to uint32) {
	if i > 0 {
		from = ends[i-1]
	}
	return from, ends[i]
}

func (ix *Index) wordBytes(w uint32) []byte {
	from, to := between(ix.wordEnds, w)
	return ix.wordText[from:to]
}

// lexeme gives a listed word for comparison.
func (ix *Index) lexeme(w uint32) lexeme {
	f := wordFacts(ix.wordFacts[w])
	return lexeme{
		text: ix.wordBytes(w), sound: ix.wordSound[w], coarse: ix.wordCoarse[w],
		class: f.class(), weight: f.weight(), known: f.known(), bare: f.bare(),
	}
}

func (ix *Index) listID(entity uint32) (list, id string) {
	from, to := between(ix.keyEnds, entity)
	return ix.labels.Lists[entityFacts(ix.entityFacts[entity]).list()], string(ix.keyText[from:to])
}

// wordFacts packs what a listed word is: class 16 bits, weight 8, known, bare.
type wordFacts uint32

func packWord(l lexeme) wordFacts {
	f := wordFacts(l.class) | wordFacts(l.weight)<<16
	if l.known {
		f |= 1 << 24
	}
	if l.bare {
		f |= 1 << 25
	}
	return f
}

func (f wordFacts) class() uint16 { return uint16(f) }
func (f wordFacts) weight() uint8 { return uint8(f >> 16) }
func (f wordFacts) known() bool   { return f&(1<<24) != 0 }
func (f wordFacts) bare() bool    { return f&(1<<25) != 0 }

// nameFacts packs what the search needs of a name before it looks at its words: what they cost if all are left over (20 bits), the record's kind (3),
// weak, and its place among the record's names (8).
type nameFacts uint32

func packName(cost int64, kind Kind, weak bool, place int) nameFacts {
	f := nameFacts(min(cost, 1<<20-1)) | nameFacts(kindCode(kind))<<20 | nameFacts(min(place, 255))<<24
	if weak {
		f |= 1 << 23
	}
	return f
}

func (f nameFacts) cost() int64 { return int64(f & (1<<20 - 1)) }
func (f nameFacts) kind() uint8 { return uint8(f>>20) & 7 }
func (f nameFacts) weak() bool  { return f&(1<<23) != 0 }
func (f nameFacts) place() int  { return int(f >> 24) }

// entityFacts packs gender (2 bits) and list (24) of a record.
type entityFacts uint32

func packEntity(gender string, list int) entityFacts {
	return entityFacts(genderCode(gender)) | entityFacts(list)<<8
}

func (f entityFacts) gender() uint8 { return uint8(f) & 3 }
func (f entityFacts) list() int     { return int(f >> 8) }

// kindCode numbers the kinds; 0 is "not said" or one that this package does not know, and is searched with every kind.
func kindCode(k Kind) uint8 {
	switch k {
	case Person:
		return 1
	case Organization:
		return 2
	case Vessel:
		return 3
	case Aircraft:
		return 4
	}
	return 0
}

func genderCode(g string) uint8 {
	switch g {
	case "male":
		return 1
	case "female":
		return 2
	}
	return 0
}
