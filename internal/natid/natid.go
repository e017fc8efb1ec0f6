package natid

import (
	"slices"
	"strings"
	"time"
)

// Reason says why a number is not one.
type Reason string

// The reasons. The zero value means that nothing is wrong.
const (
	// Length: no number of this country is that long.
	Length Reason = "length"
	// Characters: a digit stands where a letter should, or the other way round.
	Characters Reason = "characters"
	// CheckDigit: the check digits do not fit; most often a slip of the pen.
	CheckDigit Reason = "check_digit"
	// BadDate: the day in it does not exist, or is still to come.
	BadDate Reason = "date"
	// Reserved: a part of it is never given out.
	Reserved Reason = "reserved"
)

// Reading is what a number of the right form says.
type Reading struct {
	Country string // ISO 3166-1 alpha-2
	Kind    string // what it is called at home, such as "personnummer"
	Value   string // without separators, capital letters
	Birth   Birth  // what it tells of the birth date; zero when nothing
	Sex     string // "M", "F", or "" when it tells nothing
}

// Supported tells whether numbers of a country (ISO 3166-1 alpha-2) are known.
func Supported(country string) bool {
	return slices.ContainsFunc(kinds(), func(k kind) bool { return k.country == country })
}

// Countries lists the countries whose numbers are known, sorted.
func Countries() []string {
	var all []string
	for _, k := range kinds() {
		all = append(all, k.country)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Kinds lists what the numbers of a country are called.
func Kinds(country string) []string {
	var all []string
	for _, k := range kinds() {
		if k.country == country {
			all = append(all, k.name)
		}
	}
	return all
}

// longest is more than any number has, in bytes, with its separators.
const longest = 40

// Check reads a number of a country. now decides whether a birth date is still to come, and which century two digits of a
// year mean. The reason is "" when a kind of number of this country has this form; a country that is not supported, and a
// number that is empty, have the reason Length.
func Check(country, number string, now time.Time) (Reading, Reason) {
	worst := Length
	for _, k := range kinds() {
		if k.country != country || len(number) > longest {
			continue
		}
		value := k.clean(number)
		if why := k.fits(value); why != "" {
			worst = nearer(worst, why)
			continue
		}
		facts, why := k.check(value, now)
		if why == "" {
			return Reading{Country: country, Kind: k.name, Value: value, Birth: facts.birth, Sex: facts.sex}, ""
		}
		worst = nearer(worst, why)
	}
	return Reading{}, worst
}

// nearer gives the reason of the kind that came nearer to taking the number.
func nearer(a, b Reason) Reason {
	order := []Reason{Length, Characters, Reserved, BadDate, CheckDigit}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// facts are what a kind's function read.
type facts struct {
	birth Birth
	sex   string
}

// kind is one kind of number.
type kind struct {
	country, name string
	// shapes are the forms it has, separated by blanks: 9 is a digit, A a letter, * either, anything else itself.
	shapes string
	// keep lists the separators that mean something and stay.
	keep  string
	check func(value string, now time.Time) (facts, Reason)
}

// clean gives the number without separators, in capitals.
func (k kind) clean(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -./:\u00a0", r) && !strings.ContainsRune(k.keep, r) {
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(number)))
}

// fits holds a number against the shapes.
func (k kind) fits(value string) Reason {
	why := Length
	for shape := range strings.FieldsSeq(k.shapes) {
		if len(shape) != len(value) {
			continue
		}
		if shaped(shape, value) {
			return ""
		}
		why = Characters
	}
	return why
}

func shaped(shape, value string) bool {
	for i := range shape {
		c := value[i]
		digit, letter := c >= '0' && c <= '9', c >= 'A' && c <= 'Z'
		switch shape[i] {
		case '9':
			if !digit {
				return false
			}
		case 'A':
			if !letter {
				return false
			}
		case '*':
			if !digit && !letter {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}
