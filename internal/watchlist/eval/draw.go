package eval

import (
	_ "embed"
	"math/rand/v2"
	"strings"
	"unicode"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// Case is one drawn query. Key is the record that it should find ("list/id"), empty for a clean customer.
type Case struct {
	Query watchlist.Query
	Key   string
}

// chance gives the dice of a seed.
func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x75736865)) }

// Misspelt draws n listed persons' primary names with one slip in one word of four or more letters, and EveryWord with one in every such word. Names
// without such a word are passed over.
func Misspelt(entities []watchlist.Entity, n int, seed uint64) []Case {
	return misspelt(entities, n, seed, false)
}

// EveryWord draws n listed persons' primary names with one slip in every word of four or more letters.
func EveryWord(entities []watchlist.Entity, n int, seed uint64) []Case {
	return misspelt(entities, n, seed, true)
}

// ManyMisspelt draws n different misspelt names, each person as often as it takes. It gives fewer when the records have none or not as many.
func ManyMisspelt(entities []watchlist.Entity, n int, seed uint64) (cases []Case) {
	seen := map[string]bool{}
	for had := -1; len(cases) < n && had < len(cases); seed++ {
		had = len(cases)
		for _, c := range Misspelt(entities, n-had, seed) {
			if !seen[c.Query.Name] {
				seen[c.Query.Name] = true
				cases = append(cases, c)
			}
		}
	}
	return cases
}

func misspelt(entities []watchlist.Entity, n int, seed uint64, every bool) (cases []Case) {
	r := chance(seed)
	for _, i := range r.Perm(len(entities)) {
		if len(cases) == n {
			break
		}
		e := entities[i]
		if e.Kind != watchlist.Person || len(e.Names) == 0 {
			continue
		}
		if name, ok := slip(r, e.Names[0].Full, every); ok {
			cases = append(cases, Case{watchlist.Query{Name: name, Kind: e.Kind}, e.Key()})
		}
	}
	return cases
}

// slip makes one slip in one word of four or more letters, or in every one; false if there is no such word. A word is a run of letters and apostrophes.
func slip(r *rand.Rand, name string, every bool) (string, bool) {
	runes := []rune(name)
	var words [][2]int
	from := 0
	for i := 0; i <= len(runes); i++ {
		if i < len(runes) && (unicode.IsLetter(runes[i]) || runes[i] == '\'') {
			continue
		}
		if letters(runes[from:i]) >= 4 {
			words = append(words, [2]int{from, i})
		}
		from = i + 1
	}
	if len(words) == 0 {
		return "", false
	}
	if !every {
		w := words[r.IntN(len(words))]
		words = [][2]int{w}
	}
	out := ""
	last := 0
	for _, w := range words {
		out += string(runes[last:w[0]]) + edit(r, string(runes[w[0]:w[1]]))
		last = w[1]
	}
	return out + string(runes[last:]), true
}

func letters(w []rune) (n int) {
	for _, c := range w {
		if unicode.IsLetter(c) {
			n++
		}
	}
	return n
}

// edit changes one letter: left out, doubled up with another, replaced, or swapped with its neighbour, each as likely.
func edit(r *rand.Rand, word string) string {
	w := []rune(word)
	for {
		i := r.IntN(len(w))
		if !unicode.IsLetter(w[i]) {
			continue
		}
		other := rune('a' + r.IntN(26))
		switch r.IntN(4) {
		case 0:
			return string(w[:i]) + string(w[i+1:])
		case 1:
			return string(w[:i]) + string(other) + string(w[i:])
		case 2:
			if unicode.ToLower(w[i]) == other {
				continue
			}
			return string(w[:i]) + string(other) + string(w[i+1:])
		default:
			if i+1 == len(w) || !unicode.IsLetter(w[i+1]) || unicode.ToLower(w[i]) == unicode.ToLower(w[i+1]) {
				continue
			}
			w[i], w[i+1] = w[i+1], w[i]
			return string(w)
		}
	}
}

// LeftOut draws n aliases of persons of a list (one per record) and gives the records without any alias: what is found then is found by the primary
// name alone.
func LeftOut(entities []watchlist.Entity, list string, n int, seed uint64) (cases []Case, without []watchlist.Entity) {
	r := chance(seed)
	drawn := map[int]bool{}
	for _, i := range r.Perm(len(entities)) {
		e := entities[i]
		if len(cases) == n || e.Kind != watchlist.Person || e.List != list {
			continue
		}
		var aliases []watchlist.Name
		for _, name := range e.Names[1:] {
			if !name.Weak && name.Kind == watchlist.Alias {
				aliases = append(aliases, name)
			}
		}
		if len(aliases) == 0 {
			continue
		}
		drawn[i] = true
		cases = append(cases, Case{watchlist.Query{Name: aliases[r.IntN(len(aliases))].Full, Kind: e.Kind}, e.Key()})
	}
	without = make([]watchlist.Entity, len(entities))
	for i, e := range entities {
		if drawn[i] {
			e.Names = e.Names[:1:1]
		}
		without[i] = e
	}
	return cases, without
}

//go:embed customers.txt
var customersText string

// place holds the frequent names of one place.
type place struct {
	female, male, family []string
	orders               []string
}

// places reads customers.txt.
func places() (all []place) {
	for line := range strings.Lines(customersText) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		p := &place{}
		if len(all) > 0 {
			p = &all[len(all)-1]
		}
		switch words[0] {
		case "place":
			all = append(all, place{})
		case "o":
			p.orders = words[1:]
		case "f":
			p.female = words[1:]
		case "m":
			p.male = words[1:]
		case "s":
			p.family = words[1:]
		}
	}
	return all
}

// frequent draws a name; earlier ones are likelier.
func frequent(r *rand.Rand, names []string) string {
	a, b := r.IntN(len(names)), r.IntN(len(names))
	if r.IntN(2) == 0 {
		return names[a]
	}
	return names[min(a, b)]
}

// Clean draws n different customers, every place as likely.
func Clean(n int, seed uint64) []Case {
	r, all := chance(seed), places()
	seen := map[string]bool{}
	cases := make([]Case, 0, n)
	for tries := 0; len(cases) < n && tries < 100*n; tries++ {
		p := all[r.IntN(len(all))]
		given := p.male
		if r.IntN(2) == 0 {
			given = p.female
		}
		var words []string
		for _, part := range p.orders[r.IntN(len(p.orders))] {
			switch part {
			case 'g':
				words = append(words, frequent(r, given))
			case 'p':
				words = append(words, frequent(r, p.male))
			default:
				words = append(words, frequent(r, p.family))
			}
		}
		separator := " "
		if len(words) > 0 && strings.ContainsFunc(words[0], func(c rune) bool { return unicode.In(c, unicode.Han, unicode.Hangul, unicode.Hiragana) }) {
			separator = ""
		}
		if name := strings.Join(words, separator); !seen[name] {
			seen[name] = true
			cases = append(cases, Case{Query: watchlist.Query{Name: name, Kind: watchlist.Person}})
		}
	}
	return cases
}
