package source

import (
	"slices"
	"strings"
	"unicode"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// addNoted adds a name as lists write it where the name's field is also a place for notes, so that what is searched is names and nothing else:
//   - "Adam Muster (آدم)" and "Adam Muster (original script: Адам)" are two names;
//   - "MUSTER GROUP (MG)" is a name and a weak one;
//   - "Adam Muster (birth name)", "Adam Muster, born 1 Jan. 1960", "(false identity, see …)" lose their notes, a note of a former listing making it a
//     former name;
//   - "a) Adam Muster b) Adem Muster" and "Adam; Adem" are two names, but not the halves of a bracket;
//   - "MUSTER, Adam" is the person Adam Muster; the quotes of "ADAM" fall away.
func addNoted(e *watchlist.Entity, n watchlist.Name) {
	for _, part := range splitLetters(n.Full) {
		if strings.Count(part, "(") != strings.Count(part, ")") {
			// Which bracket was forgotten cannot be known: what stands between any two is then a name of its own.
			for piece := range strings.FieldsFuncSeq(part, func(r rune) bool { return r == '(' || r == ')' || r == ';' }) {
				if !isNote(strings.ToLower(strings.TrimSpace(piece))) {
					addPlain(e, withFull(n, piece))
				}
			}
			continue
		}
		for _, one := range splitOutside(part) {
			addBracketed(e, withFull(n, one))
		}
	}
}

// splitLetters splits at the letters of an enumeration, "b) ".
func splitLetters(s string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth > 0 {
				depth--
			} else if i > 0 && s[i-1] >= 'a' && s[i-1] <= 'h' && (i == 1 || s[i-2] == ' ') {
				parts = append(parts, s[from:i-1])
				from = i + 1
			}
		}
	}
	return append(parts, s[from:])
}

// splitOutside splits at semicolons that do not stand in brackets.
func splitOutside(s string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ';':
			if depth <= 0 {
				parts = append(parts, s[from:i])
				from = i + 1
			}
		}
	}
	return append(parts, s[from:])
}

// addBracketed adds a name and what stands in brackets in it.
func addBracketed(e *watchlist.Entity, n watchlist.Name) {
	n.Full, _, _ = strings.Cut(n.Full, ", born ")
	before, inside, after, ok := cutBrackets(n.Full)
	if !ok {
		addPlain(e, n)
		return
	}
	note := strings.ToLower(inside)
	outside := joinName(before, after)
	n.Full = outside
	_, original, isOriginal := strings.Cut(inside, "original script:")
	switch {
	case isOriginal:
		addNoted(e, n)
		addNoted(e, withFull(n, original))
	case outside == "":
		addNoted(e, withFull(n, inside))
	case strings.HasPrefix(note, "previously listed") || strings.HasPrefix(note, "formerly"):
		n.Kind = watchlist.FormerName
		addNoted(e, n)
	case strings.Contains(inside, ";"):
		addNoted(e, n)
		addNoted(e, withFull(n, inside))
	case isNote(note):
		addNoted(e, n)
	case scriptOf(inside) != scriptOf(outside) && scriptOf(inside) != "":
		addNoted(e, n)
		addNoted(e, withFull(n, inside))
	case isProse(inside):
		addNoted(e, n)
	case e.Kind == watchlist.Organization && !hasLetter(strings.SplitN(after, "(", 2)[0]) && isAbbreviation(inside, before):
		addNoted(e, n)
		e.Names = append(e.Names, watchlist.Name{Full: inside, Kind: watchlist.Alias, Weak: true})
	default:
		addNoted(e, withFull(n, joinName(before, inside, after)))
	}
}

// withFull gives the name with other text.
func withFull(n watchlist.Name, full string) watchlist.Name {
	n.Full = full
	return n
}

// cutBrackets cuts a text at its first pair of brackets; ones within them belong to the inside. A bracket that is not closed reaches to the end.
func cutBrackets(s string) (before, inside, after string, ok bool) {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return s, "", "", false
	}
	depth := 0
	for i := open; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return s[:open], strings.TrimSpace(s[open+1 : i]), s[i+1:], true
		}
	}
	return s[:open], strings.TrimSpace(s[open+1:]), "", true
}

// isNote tells a remark in brackets, in small letters, from a part of a name.
func isNote(s string) bool {
	for _, word := range []string{
		"birth name", "combat name", "false", "passport", "name at birth", "nom de guerre", "original script", "alias", "a.k.a", "born", "listed", "third", "second",
		"junior", "deceased", "maiden name", "spelling", "tigrinya", "arabic", "ngo", "variant", "good quality", "low quality", "transliteration", "common name",
	} {
		if strings.HasPrefix(s, word) {
			return true
		}
	}
	return false
}

// isProse tells a remark in brackets by its length or its numbers.
func isProse(s string) bool { return hasDigit(s) && len(s) > 12 || strings.Count(s, " ") > 6 }

// isAbbreviation tells an organization's abbreviation by its letters, which begin words of the name in the name's order. "(USA)" behind a name is none.
func isAbbreviation(short, name string) bool {
	var initials []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
		for _, r := range word {
			initials = append(initials, unicode.ToUpper(r))
			break
		}
	}
	letters, place := 0, 0
	for _, r := range short {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		at := slices.Index(initials[place:], unicode.ToUpper(r))
		if at < 0 {
			return false
		}
		place += at + 1
	}
	return letters >= 3
}

// addPlain adds a name without brackets.
func addPlain(e *watchlist.Entity, n watchlist.Name) {
	full := strings.Trim(squeeze(n.Full), ` ,:;"“”`)
	if e.Kind == watchlist.Person && strings.Count(full, ",") == 1 {
		if last, first, _ := strings.Cut(full, ","); last == strings.ToUpper(last) && first != strings.ToUpper(first) && strings.TrimSpace(first) != "" {
			tagged := lastFirst(full)
			full, n.First, n.Last = tagged.Full, tagged.First, tagged.Last
		}
	}
	n.Full = full
	e.Names = append(e.Names, n)
}
