package auth

import (
	_ "embed" // for common.txt
	"strings"
	"unicode"
)

//go:embed common.txt
var commonText string

// fewestUncommon is how many letters of a password must be left when all that many people use, and what anybody knows of the account, is
// taken out of it.
const fewestUncommon = 8

// isCommon tells whether a password is put together from what everybody tries first: common passwords and words (common.txt), rows of the keyboard,
// counting, repetition, and the names of the account, of the firm and of this program. Lists of leaked passwords hold hardly any of fifteen letters and
// more; what people make of the short ones when they are asked for long ones is those, put behind one another.
func isCommon(password, email, firm string) bool {
	known := strings.Fields(commonText)
	for _, name := range []string{email, firm, "usher", "reviewdesk", "onboarding"} {
		for _, word := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			const shortest = 4
			if len(word) >= shortest {
				known = append(known, word)
			}
		}
	}
	return left([]rune(plain(password)), known) < fewestUncommon
}

// plain brings the spellings of one word together: "P@ssw0rd" is "password".
func plain(password string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "0", "o", "$", "s", "5", "s", "1", "i", "!", "i", "7", "t").Replace(strings.ToLower(password))
}

// left counts the letters of a password that no known piece explains, in the way that leaves fewest: a piece counts as one letter.
func left(password []rune, known []string) int {
	plainKnown := make([][]rune, len(known))
	for i, w := range known {
		plainKnown[i] = []rune(plain(w))
	}
	least := make([]int, len(password)+1)
	for at := 1; at <= len(password); at++ {
		least[at] = least[at-1] + 1
		if r := password[at-1]; !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			least[at] = least[at-1] // what stands between words
		}
		for _, w := range plainKnown {
			if from := at - len(w); from >= 0 && string(password[from:at]) == string(w) {
				least[at] = min(least[at], least[from]+1)
			}
		}
		if n := run(password[:at]); n > 0 {
			least[at] = min(least[at], least[at-n]+1)
		}
	}
	return least[len(password)]
}

// run gives the length of the longest run that ends a text: one letter again and again, or letters that count up or down; 0 below three.
func run(text []rune) int {
	const shortest = 3
	if len(text) < shortest {
		return 0
	}
	last := len(text) - 1
	step := text[last] - text[last-1]
	if step < -1 || step > 1 {
		return 0
	}
	n := 2
	for i := last - 1; i > 0 && text[i]-text[i-1] == step; i-- {
		n++
	}
	if n < shortest {
		return 0
	}
	return n
}
