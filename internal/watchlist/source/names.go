package source

import (
	"strings"
	"unicode"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// squeeze trims text and makes every run of white space one blank.
func squeeze(s string) string {
	s = strings.TrimSpace(s)
	if !strings.ContainsAny(s, "\t\n\r\u00a0\u2028\u3000") && !strings.Contains(s, "  ") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// hasLetter tells names from the dashes and dots that stand for "none".
func hasLetter(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' {
			return true
		}
		if s[i] >= 0x80 {
			return strings.ContainsFunc(s, unicode.IsLetter)
		}
	}
	return strings.ContainsFunc(s, unicode.IsDigit)
}

// lastFirst reads a person's name that is written "LAST, First": what stands before the first comma is the last name. A name without one is whole. "Jr."
// and the like go to the end.
func lastFirst(s string) watchlist.Name {
	last, first, ok := strings.Cut(s, ",")
	last, first = squeeze(last), squeeze(first)
	if !ok || last == "" || first == "" {
		return watchlist.Name{Full: squeeze(strings.Trim(strings.TrimSpace(s), ","))}
	}
	suffix := ""
	if strings.Contains(first, ",") {
		var given []string
		for part := range strings.SplitSeq(first, ",") {
			if part = strings.TrimSpace(part); isSuffix(part) {
				suffix = part
			} else {
				given = append(given, part)
			}
		}
		first = joinName(given...)
	}
	return watchlist.Name{Full: joinName(first, last, suffix), First: first, Last: last}
}

// isSuffix tells the words behind a name that are no part of it.
func isSuffix(s string) bool {
	switch strings.ToLower(strings.Trim(s, ". ")) {
	case "jr", "sr", "junior", "senior", "ii", "iii", "iv":
		return true
	default:
		return false
	}
}

// withoutLost takes out the marks that stand for letters which a publisher's system lost, "??" and the replacement character; ok is false when what is
// left is too little to be looked for.
func withoutLost(s string) (rest string, lost, ok bool) {
	if !strings.Contains(s, "??") && !strings.ContainsRune(s, unicode.ReplacementChar) {
		return s, false, true
	}
	marks, letters := 0, 0
	for _, r := range s {
		switch {
		case r == '?' || r == unicode.ReplacementChar:
			marks++
		case unicode.IsLetter(r):
			letters++
		}
	}
	rest = squeeze(strings.NewReplacer("?", "", string(unicode.ReplacementChar), "").Replace(s))
	return rest, true, letters >= 3*marks
}

// joinName puts the parts that are not empty into one name.
func joinName(parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, part := range parts {
		if part = squeeze(part); part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, " ")
}

// joinLine puts the parts of an address that are not empty into one line.
func joinLine(parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, part := range parts {
		if part = strings.Trim(squeeze(part), ", "); part != "" && part != "-" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ", ")
}

// add appends a value that is not empty and not there yet.
func add(list []string, value string) []string {
	if value == "" {
		return list
	}
	for _, have := range list {
		if have == value {
			return list
		}
	}
	return append(list, value)
}

// addBirth appends a birth date that is not there yet.
func addBirth(list []watchlist.DateRange, d watchlist.DateRange) []watchlist.DateRange {
	for _, have := range list {
		if have == d {
			return list
		}
	}
	return append(list, d)
}

// addID appends an identity number that is not there yet.
func addID(list []watchlist.ID, id watchlist.ID) []watchlist.ID {
	if id.Value == "" {
		return list
	}
	if number, ok := strings.CutPrefix(id.Value, "IMO"); ok && hasDigit(number) && (id.Kind == idIMO || id.Kind == idRegistration || id.Kind == idOther) {
		// Every list has its own place for the word.
		id.Kind, id.Value = idIMO, strings.Trim(number, " :-")
	}
	for _, have := range list {
		if have == id {
			return list
		}
	}
	return append(list, id)
}

// gender gives the record's word for what lists write.
func gender(s string) string {
	switch strings.ToLower(strings.Trim(s, " .;")) {
	case "m", "male", "man":
		return "male"
	case "f", "female", "woman":
		return "female"
	default:
		return ""
	}
}

// script is a writing system and its ISO 15924 code.
type script struct {
	code  string
	table *unicode.RangeTable
}

// scripts is the writing systems that names on lists have, the frequent ones first.
var scripts = [...]script{
	{"Latn", unicode.Latin},
	{"Cyrl", unicode.Cyrillic},
	{"Arab", unicode.Arabic},
	{"Hani", unicode.Han},
	{"Hang", unicode.Hangul},
	{"Kana", unicode.Katakana},
	{"Hira", unicode.Hiragana},
	{"Grek", unicode.Greek},
	{"Hebr", unicode.Hebrew},
	{"Armn", unicode.Armenian},
	{"Geor", unicode.Georgian},
	{"Thai", unicode.Thai},
	{"Deva", unicode.Devanagari},
	{"Beng", unicode.Bengali},
	{"Mymr", unicode.Myanmar},
	{"Khmr", unicode.Khmer},
	{"Ethi", unicode.Ethiopic},
	{"Taml", unicode.Tamil},
	{"Sinh", unicode.Sinhala},
	{"Laoo", unicode.Lao},
	{"Mong", unicode.Mongolian},
	{"Tibt", unicode.Tibetan},
	{"Thaa", unicode.Thaana},
	{"Syrc", unicode.Syriac},
	{"Gujr", unicode.Gujarati},
	{"Guru", unicode.Gurmukhi},
	{"Telu", unicode.Telugu},
	{"Knda", unicode.Kannada},
	{"Mlym", unicode.Malayalam},
}

// scriptOf gives the ISO 15924 code of the writing system that most letters of a name belong to; Jpan where Han stands beside kana. It is empty for a
// name without letters.
func scriptOf(name string) string {
	ascii, letters := true, false
	for i := range len(name) {
		c := name[i]
		ascii = ascii && c < 0x80
		letters = letters || (c|0x20 >= 'a' && c|0x20 <= 'z')
	}
	if ascii {
		if letters {
			return "Latn"
		}
		return ""
	}
	return countScripts(name)
}

// countScripts counts the letters of each writing system.
func countScripts(name string) string {
	var counts [len(scripts)]int
	last := 0
	for _, r := range name {
		if !unicode.IsLetter(r) {
			continue
		}
		if !unicode.Is(scripts[last].table, r) {
			for i := range scripts {
				if unicode.Is(scripts[i].table, r) {
					last = i
					break
				}
			}
		}
		if unicode.Is(scripts[last].table, r) {
			counts[last]++
		}
	}
	best, kana, han := 0, 0, 0
	for i, n := range counts {
		switch scripts[i].code {
		case "Kana", "Hira":
			kana += n
		case "Hani":
			han = n
		}
		if n > counts[best] {
			best = i
		}
	}
	if counts[best] == 0 {
		return ""
	}
	if kana > 0 && kana+han >= counts[best] {
		return "Jpan"
	}
	return scripts[best].code
}
