// Package names tells whether a name that somebody typed is the name in a machine readable zone.
//
// A zone has capitals A to Z only, no hyphens or apostrophes, a choice of spellings for most other letters (Ö may be OE
// or O), and it is cut when it is too long (ICAO Doc 9303 part 3, sections 4.6 and 6). People leave out middle names, use
// their second first name, put the family name first, and type without accents. Neither is a different person, so
// neither counts against anybody here; whatever else differs does.
package names

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Verdict is the result of a comparison.
type Verdict string

// The verdicts.
const (
	// Same means that the names agree by the rules of this package.
	Same Verdict = "same"
	// Partial means that some of the parts of a name agree, in the family name for example one of two.
	Partial Verdict = "partial"
	// Differs means that no part, or not the decisive one, agrees.
	Differs Verdict = "differs"
	// Incomparable means that one side is empty, or written in a script that has no rule here. It says nothing.
	Incomparable Verdict = "incomparable"
)

// Given is a name as a person or client gave it, in any spelling.
type Given struct{ First, Last string }

// Read is a name as it stands in a zone: A to Z and blanks.
type Read struct {
	Surname, GivenNames string
	// Truncated says that the names fill the line, so that the end may have been cut off.
	Truncated bool
}

// Compare returns how the last and the first names agree. Names that agree once first and last are exchanged count as the
// same: the people of half the world put the family name first.
func Compare(given Given, read Read) (last, first Verdict) {
	if !spellable(given.Last + given.First) {
		return Incomparable, Incomparable
	}
	last, first = compareLast(given.Last, read), compareFirst(given.First, read)
	switch oneGiven := strings.TrimSpace(given.First) == "" || strings.TrimSpace(given.Last) == ""; {
	case strings.TrimSpace(read.GivenNames) == "":
		return whole(given, read)
	case oneGiven && (last == Same || first == Same):
		return last, first
	case oneGiven:
		// Perhaps the whole name stands in one field.
		return whole(given, read)
	}
	if last == Same && first == Same {
		return last, first
	}
	if compareLast(given.First, read) == Same && compareFirst(given.Last, read) == Same {
		return Same, Same
	}
	return last, first
}

// whole compares everything with everything: for people of a single name, whose zone has a surname only, and for names
// that were typed into one field.
func whole(given Given, read Read) (last, first Verdict) {
	typed := parts(given.Last + " " + given.First)
	zone := strings.Fields(read.Surname + " " + read.GivenNames)
	if len(typed) == 0 || len(zone) == 0 {
		return Incomparable, Incomparable
	}
	verdict := Differs
	switch n := agree(typed, zone, read.Truncated); {
	case n == len(zone) && n >= len(distinct(typed)):
		verdict = Same
	case n > 0:
		verdict = Partial
	}
	return verdict, verdict
}

// compareLast wants the whole family name, however it is divided: Smith-Jones, SMITH JONES and Smithjones are one.
func compareLast(given string, read Read) Verdict {
	typed, zone := parts(given), strings.Fields(read.Surname)
	if len(typed) == 0 || len(zone) == 0 {
		return Incomparable
	}
	// A family name is cut only when it leaves room for a single letter of the given names.
	cut := read.Truncated && utf8.RuneCountInString(read.GivenNames) <= 1
	if spells([]rune(strings.Join(typed, "")), strings.Join(zone, ""), cut) {
		return Same
	}
	if agree(typed, zone, false) > 0 {
		return Partial
	}
	return Differs
}

// compareFirst wants every name of the shorter list to be in the longer one, in any order: not everybody gives their middle
// names, and the name somebody goes by need not be the first.
func compareFirst(given string, read Read) Verdict {
	typed, zone := parts(given), strings.Fields(read.GivenNames)
	if len(typed) == 0 || len(zone) == 0 {
		return Incomparable
	}
	if spells([]rune(strings.Join(typed, "")), strings.Join(zone, ""), read.Truncated) {
		return Same
	}
	switch n := agree(typed, zone, read.Truncated); {
	case n == len(typed), n == len(zone):
		return Same
	case n > 0:
		return Partial
	}
	return Differs
}

// agree counts the typed parts that have a part of the zone of their own. When the zone is cut, its last part need only
// begin a typed one.
func agree(typed, zone []string, cut bool) int {
	used := make([]bool, len(zone))
	n := 0
	for _, word := range typed {
		for i, part := range zone {
			if !used[i] && spells([]rune(word), part, cut && i == len(zone)-1) {
				used[i] = true
				n++
				break
			}
		}
	}
	return n
}

// parts splits a typed name into words, where a zone would: at blanks and hyphens.
func parts(name string) []string {
	return strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '<' || r == '.' || r == ','
	})
}

func distinct(words []string) []string {
	sorted := slices.Sorted(slices.Values(words))
	return slices.Compact(sorted)
}

// spellable reports whether every letter of the name has a spelling in a zone.
func spellable(name string) bool {
	letters := false
	for _, r := range strings.ToUpper(name) {
		if unicode.IsLetter(r) && spellings(r) == nil {
			return false
		}
		letters = letters || unicode.IsLetter(r)
	}
	return letters
}

// spells reports whether a typed word can be spelled as the zone has it; when the zone was cut, whether it begins so.
// It follows all spellings at once: reached[i] says that the letters so far can fill the first i characters of the zone.
func spells(word []rune, zone string, cut bool) bool {
	reached := make([]bool, len(zone)+1)
	reached[0] = true
	for _, r := range word {
		next := make([]bool, len(zone)+1)
		alive := false
		for i, ok := range reached {
			if !ok {
				continue
			}
			if cut && i == len(zone) {
				return true
			}
			for _, s := range spellings(r) {
				switch rest := zone[i:]; {
				case strings.HasPrefix(rest, s):
					next[i+len(s)], alive = true, true
				case cut && strings.HasPrefix(s, rest):
					next[len(zone)], alive = true, true
				}
			}
		}
		if !alive {
			return false
		}
		reached = next
	}
	return len(word) > 0 && reached[len(zone)]
}
