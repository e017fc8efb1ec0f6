package watchlist

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a record and a query disagree in lowers the score by these ten-thousandths; agreement in an identity number lifts it to at least idScore.
const (
	yearOff    = 1500
	dayOff     = 2500
	dayFlipped = 1250 // day and month were swapped
	countryOff = 2000
	genderOff  = 2000
	idScore    = 9500
	weakCap    = 8500 // a weak alias never scores higher
)

// circaYears is how far a birth date that the list calls approximate reaches to either side.
const circaYears = 2

// birth is a birth date as exactly as it is known: first and last possible day as yyyymmdd, equal for a known day.
type birth struct{ from, to uint32 }

func (b birth) exact() bool  { return b.from == b.to }
func (b birth) years() birth { return birth{b.from / 10000, b.to / 10000} }

func (b birth) overlaps(c birth) bool { return b.from <= c.to && c.from <= b.to }

func (b birth) flipped() birth {
	y, m, d := b.from/10000, b.from/100%100, b.from%100
	return birth{y*10000 + d*100 + m, y*10000 + d*100 + m}
}

// String gives the date as people write it.
func (b birth) String() string {
	day := func(v uint32) string { return fmt.Sprintf("%04d-%02d-%02d", v/10000, v/100%100, v%100) }
	switch y := b.years(); {
	case b.exact():
		return day(b.from)
	case y.from == y.to && b.from%10000 == 101 && b.to%10000 == 1231:
		return strconv.Itoa(int(y.from))
	}
	return day(b.from) + "/" + day(b.to)
}

// parseBirth reads YYYY, YYYY-MM or YYYY-MM-DD. Its errors say nothing of what was given.
func parseBirth(s string) (birth, error) {
	layouts := map[int]string{4: "2006", 7: "2006-01", 10: "2006-01-02"}
	layout, ok := layouts[len(s)]
	if !ok {
		return birth{}, errors.New("neither YYYY nor YYYY-MM nor YYYY-MM-DD")
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1 {
		return birth{}, errors.New("no such date")
	}
	last := t
	switch len(s) {
	case 4:
		last = t.AddDate(1, 0, -1)
	case 7:
		last = t.AddDate(0, 1, -1)
	}
	return birth{dayNumber(t), dayNumber(last)}, nil
}

func dayNumber(t time.Time) uint32 { return uint32(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// listedBirth reads a list's birth date; false if it says nothing that can be compared.
func listedBirth(d DateRange) (from, to uint32, ok bool) {
	first, err := parseBirth(d.From)
	if err != nil {
		return 0, 0, false
	}
	last, err := parseBirth(d.To)
	if err != nil || last.to < first.from {
		return 0, 0, false
	}
	b := birth{first.from, last.to}
	if d.Circa {
		y := b.years()
		b = birth{(max(y.from, circaYears) - circaYears) * 10000, (y.to+circaYears)*10000 + 1231}
		b.from += 101
	}
	return b.from, b.to, true
}

// birthOff gives what the disagreement of two dates costs: by year and by day.
func birthOff(given, listed birth) (year, day int) {
	if given.overlaps(listed) {
		return 0, 0
	}
	if !given.years().overlaps(listed.years()) {
		year = yearOff
	}
	if given.exact() && listed.exact() {
		day = dayOff
		if listed.flipped() == given {
			day = dayFlipped
		}
	} else if year == 0 {
		day = dayOff // one is known to the month or to part of a year, which is enough to differ
	}
	return year, day
}

// countryCode packs a two-letter code, or gives 0.
func countryCode(c string) uint16 {
	if len(c) != 2 {
		return 0
	}
	a, b := c[0]&^0x20, c[1]&^0x20
	if a < 'A' || a > 'Z' || b < 'A' || b > 'Z' {
		return 0
	}
	return uint16(a)<<8 | uint16(b)
}

func countryNames(codes []uint16) string {
	var b strings.Builder
	for i, c := range codes {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(byte(c >> 8))
		b.WriteByte(byte(c))
	}
	return b.String()
}

// Lengths of identity numbers that are compared: shorter ones are shared by too many.
const (
	minID = 5
	maxID = 64
)

// plainID writes an identity number without spaces and signs, in capitals.
func plainID(s string) string {
	if len(s) > 4*maxID {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 0x80:
			return r
		}
		return -1
	}, s)
}

// idHash gives the hash under which an identity number is found, or 0 if it cannot identify.
func idHash(value string) uint64 {
	value = plainID(value)
	if len(value) < minID || len(value) > maxID {
		return 0
	}
	h := uint64(14695981039346656037)
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	return max(h, 1)
}

// sameID says whether a record's number is the one asked for: the same value and, where both say so, the same country.
func sameID(given, listed ID) bool {
	return plainID(listed.Value) == given.Value && (given.Country == "" || listed.Country == "" || strings.EqualFold(given.Country, listed.Country))
}

// modifiers calls add for each disagreement between the query and a record, with its cost in ten-thousandths below zero.
func (ix *Index) modifiers(p *Prepared, entity uint32, add func(name string, value int, given, listed func() string)) {
	from, to := between(ix.birthEnds, entity)
	if listed := ix.births[from:to]; len(listed) > 0 && len(p.births) > 0 {
		year, day, given, record := bestBirth(p.births, listed)
		if year != 0 {
			add(BirthYear, -year, given.String, record.String)
		}
		if day != 0 {
			add(BirthDay, -day, given.String, record.String)
		}
	}
	from, to = between(ix.countryEnds, entity)
	if listed := ix.countries[from:to]; len(listed) > 0 && len(p.countries) > 0 {
		if !slices.ContainsFunc(p.countries, func(c uint16) bool { return slices.Contains(listed, c) }) {
			add(Country, -countryOff, func() string { return countryNames(p.countries) }, func() string { return countryNames(listed) })
		}
	}
	if g := entityFacts(ix.entityFacts[entity]).gender(); g != 0 && p.gender != 0 && g != p.gender {
		word := func(g uint8) func() string { return func() string { return [...]string{"", "male", "female", ""}[g] } }
		add(Gender, -genderOff, word(p.gender), word(g))
	}
}

// bestBirth gives the pair of dates that disagree least. listed holds pairs of days.
func bestBirth(given []birth, listed []uint32) (year, day int, g, l birth) {
	year, day = yearOff, dayOff+1
	for _, have := range given {
		for i := 0; i+1 < len(listed); i += 2 {
			want := birth{listed[i], listed[i+1]}
			if y, d := birthOff(have, want); y+d < year+day {
				year, day, g, l = y, d, have, want
			}
		}
	}
	return year, day, g, l
}
