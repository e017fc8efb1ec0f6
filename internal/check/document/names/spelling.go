package names

import (
	"strings"
	"unicode"
)

// spellings returns the ways in which one typed capital may stand in a zone, or nil when this package knows none. The
// empty spelling means that the character is left out. For the letters A, O and U a following E is allowed, since people
// who type without accents write Muller for MUELLER.
func spellings(r rune) []string {
	switch {
	case r == 'A' || r == 'O' || r == 'U':
		return []string{string(r), string(r) + "E"}
	case 'A' <= r && r <= 'Z':
		return []string{string(r)}
	case unicode.Is(unicode.Mn, r):
		// A mark that follows its letter, as some systems send accents. Two dots may stand as E.
		return []string{"", "E"}
	case !unicode.IsLetter(r):
		// Apostrophes, stops and digits have no place in a zone's names.
		return []string{""}
	}
	for _, table := range []string{latin, cyrillic, greek} {
		for line := range strings.Lines(table) {
			letters, forms, _ := strings.Cut(strings.TrimSpace(line), " ")
			if strings.ContainsRune(letters, r) {
				list := strings.Fields(forms)
				for i, form := range list {
					if form == "-" {
						list[i] = ""
					}
				}
				return list
			}
		}
	}
	return nil
}

// The tables say: these capitals, then the spellings, "-" for none. The forms are those of ICAO Doc 9303 part 3, section 6
// (tables A, B), and beside them the plain letter, because issuers differ and people type without accents.
const (
	latin = `ÀÁÂÃĀĂĄǍẠẢẤẦẨẪẬẮẰẲẴẶ A
ÄÆ AE A AXX
Å AA A
ÇĆĈĊČ C CH
ÐĎĐ D DH
ÈÉÊËĒĔĖĘĚẸẺẼẾỀỂỄỆ E
ĜĞĠĢ G
ĤĦ H
ÌÍÎÏĨĪĬĮİỊỈ I
Ĵ J
Ķ K
ĹĻĽĿŁ L
ÑŃŅŇ N NXX
Ŋ N NG
ÒÓÔÕŌŎŐƠỌỎỐỒỔỖỘỚỜỞỠỢ O OXX
ÖØ OE O OXX
Œ OE
ŔŖŘ R
ŚŜŞŠȘ S SH
ẞß SS
ŢŤŦȚ T
Þ TH
ÙÚÛŨŪŬŮŰŲƯỤỦỨỪỬỮỰ U
Ü UE U UXX
Ŵ W
ÝŶŸỲỴỶỸ Y
ŹŻŽ Z ZH`

	cyrillic = `А A
Б B
В V W
Г G H
Ґ G
Д D
Е E IE YE JE
Ё E IO YO JO
Є IE YE E
Ж ZH Z
З Z
И I Y
І I
Ї I YI JI
Й I Y J
К K C
Л L
М M
Н N
О O
П P
Р R
С S
Т T
У U OU
Ў U W
Ф F
Х KH H CH
Ц TS C
Ч CH C
Ш SH S
Щ SHCH SHT
Ъ IE A -
Ы Y
Ь - I Y
Э E
Ю IU YU JU
Я IA YA JA
Ђ D DJ
Ј J
Љ LJ
Њ NJ
Ћ C
Џ DZ DJ
Ѓ G GJ
Ќ K KJ
Ѕ DZ`

	greek = `ΑΆ A
Β V B
Γ G
Δ D
ΕΈ E
Ζ Z
ΗΉ I
Θ TH
ΙΊΪ I
Κ K
Λ L
Μ M
Ν N
Ξ X
ΟΌ O
Π P B
Ρ R
Σ S
Τ T
ΥΎΫ Y U I V F
Φ F
Χ CH
Ψ PS
ΩΏ O`
)
