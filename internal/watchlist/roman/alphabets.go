package roman

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Tables for alphabets that write their vowels. Where custom differs the spelling of passports of today is taken.

var cyrillicLetters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m",
	'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'і': "i", 'ї': "yi", 'є': "ye", 'ґ': "g", 'ў': "u", 'ј': "j", 'љ': "lj", 'њ': "nj",
	'ђ': "dj", 'ћ': "c", 'џ': "dz", 'ѓ': "g", 'ќ': "k", 'ѕ': "dz", 'ә': "a", 'ғ': "g", 'қ': "k", 'ң': "ng", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h",
	'ҳ': "h", 'ҷ': "j", 'ӣ': "i", 'ӯ': "u",
}

// cyrillic reads Russian, and Ukrainian or Belarusian where the run holds one of their letters: there г is h, and in Ukrainian и is y.
func cyrillic(s string) string {
	s = strings.ToLower(s)
	ukrainian := strings.ContainsAny(s, "їєґ") || strings.ContainsRune(s, 'і') && !strings.ContainsAny(s, "ўыэё")
	belarusian := !ukrainian && strings.ContainsAny(s, "ўі")
	var b strings.Builder
	letters := []rune(s)
	for i, r := range letters {
		switch {
		case r == 'г' && (ukrainian || belarusian):
			b.WriteByte('h')
		case r == 'и' && ukrainian:
			b.WriteByte('y')
		case r == 'й' && i > 0 && i == len(letters)-1 && (letters[i-1] == 'и' || letters[i-1] == 'ы'):
			if letters[i-1] == 'и' && !ukrainian { // Dmitrij is Dmitriy is Dmitry
				continue
			}
		case r == 'к' && i+1 < len(letters) && letters[i+1] == 'с':
			b.WriteByte('k')
		case r < 0x80:
			b.WriteRune(r)
		default:
			b.WriteString(cyrillicLetters[r])
		}
	}
	return b.String()
}

var greekLetters = map[rune]string{
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x",
	'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// greek reads by sound: pairs of letters first.
func greek(s string) string {
	var plainLetters strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		if r < 0x300 || r > 0x36f {
			plainLetters.WriteRune(r)
		}
	}
	s = strings.NewReplacer(
		"ου", "ou", "αυ", "av", "ευ", "ev", "μπ", "b", "ντ", "nt", "γκ", "gk", "γγ", "ng", "γχ", "nch", "τζ", "tz", "τσ", "ts",
	).Replace(plainLetters.String())
	return byLetter(s, greekLetters)
}

var armenianLetters = map[rune]string{
	'ա': "a", 'բ': "b", 'գ': "g", 'դ': "d", 'ե': "e", 'զ': "z", 'է': "e", 'ը': "y", 'թ': "t", 'ժ': "zh", 'ի': "i", 'լ': "l", 'խ': "kh", 'ծ': "ts",
	'կ': "k", 'հ': "h", 'ձ': "dz", 'ղ': "gh", 'ճ': "ch", 'մ': "m", 'յ': "y", 'ն': "n", 'շ': "sh", 'ո': "o", 'չ': "ch", 'պ': "p", 'ջ': "j", 'ռ': "r",
	'ս': "s", 'վ': "v", 'տ': "t", 'ր': "r", 'ց': "ts", 'ւ': "u", 'փ': "p", 'ք': "k", 'օ': "o", 'ֆ': "f", 'և': "ev",
}

var georgianLetters = map[rune]string{
	'ა': "a", 'ბ': "b", 'გ': "g", 'დ': "d", 'ე': "e", 'ვ': "v", 'ზ': "z", 'თ': "t", 'ი': "i", 'კ': "k", 'ლ': "l", 'მ': "m", 'ნ': "n", 'ო': "o",
	'პ': "p", 'ჟ': "zh", 'რ': "r", 'ს': "s", 'ტ': "t", 'უ': "u", 'ფ': "p", 'ქ': "k", 'ღ': "gh", 'ყ': "k", 'შ': "sh", 'ჩ': "ch", 'ც': "ts", 'ძ': "dz",
	'წ': "ts", 'ჭ': "ch", 'ხ': "kh", 'ჯ': "j", 'ჰ': "h",
}
