// Package roman writes names of other scripts in Latin letters, the way passports and lists tend to: it romanises letters, does not translate, and
// gives a second reading where one spelling cannot serve (Hangul by the southern and the northern custom, Han characters in Chinese and in Japanese).
//
// A name is brought to compatibility form, cut into runs of one script and each run is read by its script's table; marks over letters fall away. Han
// characters are read by github.com/mozillazg/go-unidecode, as are scripts that have no table here; everything else is this package's own.
package roman

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// Reading is one way to say a name, in letters a to z, digits, apostrophes and spaces. Bare says that some of it was read letter by letter from a
// script that leaves vowels out, so that its vowels are not to be trusted.
type Reading struct {
	Text string
	Bare bool
}

// maxReadings is how many readings a name can have.
const maxReadings = 2

// Read gives the readings of a name, the likeliest first. A name without letters or digits has none.
func Read(name string) []Reading {
	var texts [maxReadings]strings.Builder
	bare, ambiguous, any := false, false, false
	run := make([]rune, 0, 32)
	var script *unicode.RangeTable
	flush := func() {
		if len(run) == 0 {
			return
		}
		first, second, guessed := readRun(script, string(run))
		texts[0].WriteString(first)
		texts[1].WriteString(second)
		bare = bare || guessed
		ambiguous = ambiguous || first != second
		any = any || first != ""
		run = run[:0]
	}
	for _, r := range norm.NFKC.String(name) {
		switch {
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r) && len(run) == 0:
			continue // joiners and marks of direction are no part of a name
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.M, r), r == 'ー':
			if s := scriptOf(r, script); s != script || len(run) == 0 {
				flush()
				script = s
			}
			run = append(run, r)
		default:
			flush()
			separator := byte(' ')
			if r == '\'' || r == '’' || r == 'ʼ' || r == '‘' || r == '`' || r == 'ʻ' {
				separator = '\''
			}
			texts[0].WriteByte(separator)
			texts[1].WriteByte(separator)
		}
	}
	flush()
	if !any {
		return nil
	}
	readings := []Reading{{texts[0].String(), bare}}
	if ambiguous {
		readings = append(readings, Reading{texts[1].String(), bare})
	}
	return readings
}

// scriptOf gives the script of a letter; marks, digits and modifiers belong to the run they stand in.
func scriptOf(r rune, current *unicode.RangeTable) *unicode.RangeTable {
	if r < 0x80 {
		return unicode.Latin
	}
	for _, s := range []*unicode.RangeTable{
		unicode.Latin, unicode.Cyrillic, unicode.Arabic, unicode.Greek, unicode.Hebrew, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana,
		unicode.Armenian, unicode.Georgian,
	} {
		if unicode.Is(s, r) {
			if s == unicode.Katakana {
				return unicode.Hiragana
			}
			return s
		}
	}
	if r == 'ー' {
		return unicode.Hiragana
	}
	if unicode.IsLetter(r) || current == nil {
		return otherScript
	}
	return current
}

// otherScript stands for all scripts without a table of their own.
var otherScript = &unicode.RangeTable{}

// readRun gives the two readings of a run of one script, equal where there is but one, and whether its vowels are missing.
func readRun(script *unicode.RangeTable, run string) (first, second string, bare bool) {
	switch script {
	case unicode.Latin:
		first = fold(run)
	case unicode.Cyrillic:
		first = cyrillic(run)
	case unicode.Greek:
		first = greek(run)
	case unicode.Arabic:
		first, bare = arabic(run)
	case unicode.Hebrew:
		first, bare = hebrew(run)
	case unicode.Armenian:
		first = byLetter(strings.ToLower(run), armenianLetters)
	case unicode.Georgian:
		first = byLetter(run, georgianLetters)
	case unicode.Hiragana:
		first = kana(run)
	case unicode.Hangul:
		first, second = hangul(run)
		return first, second, false
	case unicode.Han:
		first, second = han(run)
		return first, second, false
	default:
		first = plain(unidecode.Unidecode(run))
	}
	return first, first, bare
}

// plain keeps what a reading may hold.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == ' ':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}

// latinLetters are Latin letters that do not come apart into a plain one and a mark.
var latinLetters = map[rune]string{
	'æ': "ae", 'ø': "o", 'å': "a", 'ß': "ss", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ı': "i", 'œ': "oe", 'ŋ': "ng", 'ħ': "h", 'ə': "a", 'ƒ': "f",
	'ɓ': "b", 'ɗ': "d", 'ƙ': "k", 'ƴ': "y", 'ɛ': "e", 'ɔ': "o", 'ĸ': "k", 'ŧ': "t",
}

// fold writes Latin letters without their marks.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case unicode.Is(unicode.M, r):
		default:
			if t, ok := latinLetters[r]; ok {
				b.WriteString(t)
			} else {
				b.WriteString(plain(unidecode.Unidecode(string(r))))
			}
		}
	}
	return b.String()
}

// byLetter reads letter by letter; what the table does not have is left out.
func byLetter(s string, table map[rune]string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		}
		b.WriteString(table[r])
	}
	return b.String()
}
