package watchlist

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
)

// A record in a snapshot is its hash (see Entity.Hash), its fields in the order of Entity without Raw, and Raw. Where fields and Raw end stands in a
// section of its own. A text is its length and its bytes, a list the number of its items and the items; such numbers are as in
// encoding/binary.AppendUvarint. So a hit is told without hashing the record and without reading Raw, which is most of it and which no search needs.

// appendRecord writes the hash and the fields of a record.
func appendRecord(b []byte, e Entity) ([]byte, error) {
	hash, err := e.sum()
	if err != nil {
		return b, err
	}
	b = append(b, hash[:]...)
	b = appendText(appendText(appendText(b, e.List), e.ID), string(e.Kind))
	b = appendList(b, e.Names, appendName)
	b = appendList(b, e.Births, func(b []byte, d DateRange) []byte {
		return appendBool(appendText(appendText(b, d.From), d.To), d.Circa)
	})
	b = appendList(b, e.BirthPlace, appendText)
	b = appendText(b, e.Gender)
	b = appendList(appendList(b, e.Countries, appendText), e.Residence, appendText)
	b = appendList(b, e.IDs, func(b []byte, id ID) []byte {
		return appendText(appendText(appendText(b, id.Kind), id.Country), id.Value)
	})
	for _, list := range [][]string{e.Addresses, e.Programs, e.Titles, e.Topics, e.Datasets, e.SameAs} {
		b = appendList(b, list, appendText)
	}
	return appendText(appendText(b, e.Remarks), e.Listed), nil
}

func appendName(b []byte, n Name) []byte {
	b = appendText(appendText(appendText(b, n.Full), n.First), n.Last)
	return appendText(appendBool(appendText(b, string(n.Kind)), n.Weak), n.Script)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendList[T any](b []byte, items []T, item func([]byte, T) []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(items)))
	for _, v := range items {
		b = item(b, v)
	}
	return b
}

// recordReader reads the fields of a record. What it gives shares the memory of text. After something that cannot be it reads nothing but zeros.
type recordReader struct {
	text string // what is left
	bad  bool
}

// readFields reads the fields that appendRecord wrote.
func readFields(text string) (e Entity, ok bool) {
	r := &recordReader{text: text}
	e.List, e.ID, e.Kind = r.str(), r.str(), Kind(r.str())
	e.Names = readList(r, func(r *recordReader) Name {
		return Name{Full: r.str(), First: r.str(), Last: r.str(), Kind: NameKind(r.str()), Weak: r.number() != 0, Script: r.str()}
	})
	e.Births = readList(r, func(r *recordReader) DateRange { return DateRange{From: r.str(), To: r.str(), Circa: r.number() != 0} })
	e.BirthPlace = readList(r, (*recordReader).str)
	e.Gender = r.str()
	e.Countries, e.Residence = readList(r, (*recordReader).str), readList(r, (*recordReader).str)
	e.IDs = readList(r, func(r *recordReader) ID { return ID{Kind: r.str(), Country: r.str(), Value: r.str()} })
	for _, list := range []*[]string{&e.Addresses, &e.Programs, &e.Titles, &e.Topics, &e.Datasets, &e.SameAs} {
		*list = readList(r, (*recordReader).str)
	}
	e.Remarks, e.Listed = r.str(), r.str()
	return e, !r.bad && r.text == ""
}

// number reads a number that counts things to come, each of at least one byte, so that one that cannot be is known before memory is taken for it.
func (r *recordReader) number() int {
	var n uint64
	for i := 0; i < len(r.text) && i < 5; i++ {
		c := r.text[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.text = r.text[i+1:]
			return int(n)
		}
	}
	r.fail()
	return 0
}

func (r *recordReader) fail() { r.text, r.bad = "", true }

func (r *recordReader) str() string {
	n := r.number()
	if n > len(r.text) {
		r.fail()
		return ""
	}
	s := r.text[:n]
	r.text = r.text[n:]
	return s
}

func readList[T any](r *recordReader, item func(*recordReader) T) []T {
	n := r.number()
	if n > len(r.text) {
		r.fail()
	}
	if n == 0 || r.bad {
		return nil
	}
	items := make([]T, n)
	for i := range items {
		items[i] = item(r)
	}
	return items
}

// Entity loads record i as it was given to the builder; lists that were empty are nil.
func (ix *Index) Entity(i int) (Entity, error) {
	e, _, raw, err := ix.record(i, true)
	e.Raw = raw
	return e, err
}

// record loads record i with its hash; its raw text apart, and only if it is wanted. It reads the file rather than mapped memory: hits lie anywhere, and
// with each the system would map what lies around it, until all records count as the process's memory.
func (ix *Index) record(i int, withRaw bool) (e Entity, hash []byte, raw string, err error) {
	defer runtime.KeepAlive(ix)
	if i < 0 || 2*i >= len(ix.recordEnds) {
		return Entity{}, nil, "", fmt.Errorf("load record %d of %d: no such record", i, len(ix.recordEnds)/2)
	}
	from, fields, to := uint64(0), ix.recordEnds[2*i], ix.recordEnds[2*i+1]
	if i > 0 {
		from = ix.recordEnds[2*i-1]
	}
	if from > fields || fields-from < sha256.Size || fields > to || to > uint64(ix.records.Size()) {
		return Entity{}, nil, "", fmt.Errorf("load record %d: %w: it lies where it cannot", i, ErrDamaged)
	}
	if !withRaw {
		to = fields
	}
	b := make([]byte, to-from)
	if _, err := ix.records.ReadAt(b, int64(from)); err != nil {
		return Entity{}, nil, "", fmt.Errorf("load record %d: %w", i, err)
	}
	text := string(b[sha256.Size:])
	e, ok := readFields(text[:fields-from-sha256.Size])
	if !ok {
		return Entity{}, nil, "", fmt.Errorf("load record %d: %w: fields that cannot be", i, ErrDamaged)
	}
	return e, b[:sha256.Size], text[fields-from-sha256.Size:], nil
}

// Record loads the record without its raw text, and its hash, which is what Entity.Hash gives. An error means that the snapshot cannot be read or does
// not hold what it promised.
func (h Hit) Record() (e Entity, hash string, err error) {
	e, sum, _, err := h.index.record(int(h.entity), false)
	return e, hex.EncodeToString(sum), err
}
