package mrz

import (
	"fmt"
	"strings"
	"unicode"
)

// latin gives, for each group of letters, what Doc 9303 part 3 section 6.A
// writes for them. Where the standard allows two forms (Ä as AE or A) the one
// listed first there is used.
const latin = `A ÀÁÂÃĀĂĄ
AA Å
AE ÄÆ
C ÇĆĈĊČ
D ÐĎĐ
E ÈÉÊËĒĔĖĘĚ
G ĜĞĠĢ
H ĤĦ
I ÌÍÎÏĨĪĬĮİ
IJ IJ
J Ĵ
K Ķ
L ĹĻĽĿŁ
N ÑŃŅŇŊ
O ÒÓÔÕŌŎŐ
OE ÖØŒ
R ŔŖŘ
S ŚŜŞŠȘ
SS ẞ
T ŢŤŦȚ
TH Þ
U ÙÚÛŨŪŬŮŰŲ
UE Ü
W ŴẀẂẄ
Y ÝŶŸỲ
Z ŹŻŽ`

// Transliterate writes a name in Latin script as a zone would print it: A to Z
// and single blanks. Hyphens become blanks, apostrophes, stops and commas go.
// It fails on letters of other scripts, for which the issuer's own spelling
// must be used.
func Transliterate(name string) (string, error) {
	var b strings.Builder
	for _, r := range name {
		switch upper := unicode.ToUpper(r); {
		case 'A' <= upper && upper <= 'Z':
			b.WriteRune(upper)
		case unicode.IsSpace(r), r == '-', r == '‐', r == '–':
			b.WriteByte(' ')
		case r == '\'', r == '’', r == '`', r == '.', r == ',':
		case r == 'ß':
			b.WriteString("SS")
		default:
			to, ok := latinLetter(upper)
			if !ok {
				return "", fmt.Errorf("transliterate: no Latin form for U+%04X", r)
			}
			b.WriteString(to)
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), nil
}

func latinLetter(upper rune) (string, bool) {
	for group := range strings.Lines(latin) {
		to, letters, _ := strings.Cut(strings.TrimSpace(group), " ")
		if strings.ContainsRune(letters, upper) {
			return to, true
		}
	}
	return "", false
}
