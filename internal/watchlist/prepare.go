package watchlist

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"
)

// Prepared is a query taken apart: names romanised and split into words, dates and countries as numbers. Preparing costs more than searching a small
// index, so what is screened again and again is kept prepared; the binary form is for keeping it, and holds personal data.
type Prepared struct {
	names     names
	births    []birth
	countries []uint16
	ids       []ID
	kind      uint8
	gender    uint8
}

// Prepare checks a query and takes it apart. Its errors are *QueryError.
func Prepare(q Query) (Prepared, error) {
	var p Prepared
	err := p.Set(q)
	return p, err
}

// Set does what Prepare does, reusing p's memory.
func (p *Prepared) Set(q Query) error {
	p.names.reset()
	p.births, p.countries, p.ids = p.births[:0], p.countries[:0], p.ids[:0]
	if 1+len(q.AltNames) > MaxNames {
		return &QueryError{"alt_names", "too many names"}
	}
	if q.Name != "" || len(q.IDs) == 0 {
		if err := p.addName(q.Name, 0, "name"); err != nil {
			return err
		}
	}
	for i, n := range q.AltNames {
		if err := p.addName(n, uint32(i+1), "alt_names"); err != nil {
			return err
		}
	}
	for _, d := range q.BirthDates {
		b, err := parseBirth(d)
		if err != nil {
			return &QueryError{"birth_dates", err.Error()}
		}
		p.births = append(p.births, b)
	}
	for _, c := range q.Countries {
		code := countryCode(c)
		if code == 0 {
			return &QueryError{"countries", "not an ISO 3166 alpha-2 code"}
		}
		p.countries = append(p.countries, code)
	}
	if p.kind = kindCode(q.Kind); p.kind == 0 && q.Kind != "" {
		return &QueryError{"kind", "is unknown"}
	}
	if p.gender = genderCode(q.Gender); p.gender == 0 && q.Gender != "" {
		return &QueryError{"gender", "is neither male nor female"}
	}
	for _, id := range q.IDs {
		id.Value = plainID(id.Value)
		if idHash(id.Value) == 0 {
			return &QueryError{"ids", "too short or too long to identify"}
		}
		id.Country = strings.ToUpper(id.Country)
		p.ids = append(p.ids, id)
	}
	return nil
}

func (p *Prepared) addName(name string, number uint32, field string) error {
	if len(name) > MaxNameBytes {
		return &QueryError{field, "is too long"}
	}
	if !utf8.ValidString(name) {
		return &QueryError{field, "is not valid UTF-8"}
	}
	before := len(p.names.readings)
	p.names.add(name, number)
	if len(p.names.readings) == before {
		return &QueryError{field, "has no letters or digits"}
	}
	for _, r := range p.names.readings[before:] {
		if r.to-r.from > MaxNameWords {
			return &QueryError{field, "has too many words"}
		}
	}
	return nil
}

// preparedFormat changes with the binary form or with how names are taken apart; forms of another number must be prepared again.
const preparedFormat = 1

// ErrPrepared says that a stored prepared query is damaged or of another version and must be prepared again from the query.
var ErrPrepared = errors.New("prepared query is damaged or of another version")

// MarshalBinary gives the form for keeping.
func (p Prepared) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// AppendBinary appends the form for keeping to b.
func (p Prepared) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, preparedFormat, p.kind|p.gender<<4)
	b = binary.AppendUvarint(b, uint64(len(p.names.readings)))
	for _, r := range p.names.readings {
		b = binary.AppendUvarint(b, uint64(r.name))
		b = binary.AppendUvarint(b, uint64(r.to-r.from))
		for _, w := range p.names.words[r.from:r.to] {
			length := uint64(w.to-w.from) << 1
			if w.bare {
				length |= 1
			}
			b = binary.AppendUvarint(b, length)
			b = append(b, p.names.word(w)...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(p.births)))
	for _, d := range p.births {
		b = binary.AppendUvarint(b, uint64(d.from))
		b = binary.AppendUvarint(b, uint64(d.to))
	}
	b = binary.AppendUvarint(b, uint64(len(p.countries)))
	for _, c := range p.countries {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	b = binary.AppendUvarint(b, uint64(len(p.ids)))
	for _, id := range p.ids {
		for _, s := range []string{id.Kind, id.Country, id.Value} {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
	}
	return b, nil
}

// UnmarshalBinary reads the form for keeping, reusing p's memory. Its error is ErrPrepared.
func (p *Prepared) UnmarshalBinary(b []byte) error {
	p.names.reset()
	p.births, p.countries, p.ids = p.births[:0], p.countries[:0], p.ids[:0]
	r := preparedReader{b: b}
	if r.octet() != preparedFormat {
		return ErrPrepared
	}
	flags := r.octet()
	p.kind, p.gender = flags&15, flags>>4
	for range r.count() {
		p.readReading(&r)
	}
	for range r.count() {
		p.births = append(p.births, birth{uint32(r.number()), uint32(r.number())})
	}
	for range r.count() {
		p.countries = append(p.countries, uint16(r.octet())<<8|uint16(r.octet()))
	}
	for range r.count() {
		p.ids = append(p.ids, ID{Kind: string(r.bytes(r.number())), Country: string(r.bytes(r.number())), Value: string(r.bytes(r.number()))})
	}
	if r.broken || len(r.b) > 0 || p.kind > 4 || p.gender > 2 {
		return ErrPrepared
	}
	return nil
}

func (p *Prepared) readReading(r *preparedReader) {
	name, from := uint32(r.number()), uint32(len(p.names.words))
	for range r.count() {
		length := r.number()
		text := r.bytes(length >> 1)
		start := uint32(len(p.names.text))
		if !plainWord(text) {
			r.broken = true
			return
		}
		p.names.text = append(p.names.text, text...)
		p.names.words = append(p.names.words, span{start, uint32(len(p.names.text)), length&1 != 0})
	}
	to := uint32(len(p.names.words))
	if to == from || to-from > MaxNameWords || name >= MaxNames {
		r.broken = true
		return
	}
	p.names.readings = append(p.names.readings, reading{from, to, name})
}

// plainWord says whether a stored word is one that a name can be split into.
func plainWord(w []byte) bool {
	for _, c := range w {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(w) > 0 && len(w) <= maxWordLen
}

// preparedReader reads the binary form; after damage it gives zeros.
type preparedReader struct {
	b      []byte
	broken bool
}

func (r *preparedReader) octet() uint8 {
	if len(r.b) == 0 {
		r.broken = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *preparedReader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<32-1 {
		r.broken, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads how many things follow: never more than there are bytes left.
func (r *preparedReader) count() uint64 {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.broken, r.b = true, nil
		return 0
	}
	return n
}

func (r *preparedReader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.broken, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}
