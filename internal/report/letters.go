package report

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"github.com/usher-kyc/usher/internal/watchlist/roman"
)

// letters knows which characters the typeface has, and what to write for those it has not.
type letters struct{ font *sfnt.Font }

func newLetters() (letters, error) {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return letters{}, fmt.Errorf("read typeface: %w", err)
	}
	return letters{f}, nil
}

func (l letters) has(r rune) bool {
	if r > 0xffff { // nor has the PDF library room for them
		return false
	}
	i, err := l.font.GlyphIndex(nil, r)
	return err == nil && i != 0
}

// printable gives a text in characters of the typeface, and whether it is another than what was given: a letter without marks that the typeface
// lacks, a word of another script in Latin letters, or, where there is no reading either, the code point.
func (l letters) printable(s string) (text string, changed bool) {
	var out strings.Builder
	var foreign []rune
	flush := func() {
		if len(foreign) > 0 {
			out.WriteString(l.latin(foreign))
			foreign, changed = nil, true
		}
	}
	for _, r := range norm.NFC.String(s) {
		switch {
		case r == '\n' || l.has(r):
			flush()
			out.WriteRune(r)
		case unicode.IsControl(r) || unicode.IsSpace(r):
			flush()
			out.WriteByte(' ')
		case unicode.Is(unicode.Cf, r): // joiners and marks of direction show nothing
		case unicode.Is(unicode.Mn, r) && len(foreign) == 0:
			changed = true
		default:
			if base := []rune(norm.NFD.String(string(r)))[0]; base != r && l.has(base) {
				flush()
				out.WriteRune(base)
				changed = true
				continue
			}
			foreign = append(foreign, r)
		}
	}
	flush()
	return out.String(), changed
}

// latin reads a word of another script.
func (l letters) latin(word []rune) string {
	if readings := roman.Read(string(word)); len(readings) > 0 && strings.TrimSpace(readings[0].Text) != "" {
		read := []rune(strings.TrimSpace(readings[0].Text))
		read[0] = unicode.ToUpper(read[0])
		if !strings.ContainsFunc(string(read), func(r rune) bool { return !l.has(r) }) {
			return string(read)
		}
	}
	var out strings.Builder
	for _, r := range word {
		fmt.Fprintf(&out, "[U+%04X]", r)
	}
	return out.String()
}
