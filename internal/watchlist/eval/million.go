package eval

import (
	"fmt"
	"iter"
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// Million gives n made-up persons whose names recombine the words of the names of real records, so that a large index has a real vocabulary: the hard
// case, since every common word is on very many records. Each has two names and a birth date.
func Million(entities []watchlist.Entity, n int, seed uint64) iter.Seq[watchlist.Entity] {
	var given, family []string
	for _, e := range entities {
		if e.Kind != watchlist.Person {
			continue
		}
		for _, name := range e.Names {
			if words := strings.Fields(name.Full); len(words) > 1 {
				given = append(given, words[0])
				family = append(family, words[len(words)-1])
			}
		}
	}
	for _, p := range places() {
		given = append(append(given, p.female...), p.male...)
		family = append(family, p.family...)
	}
	return func(yield func(watchlist.Entity) bool) {
		r := chance(seed)
		for i := range n {
			a, b, c := given[r.IntN(len(given))], given[r.IntN(len(given))], family[r.IntN(len(family))]
			e := watchlist.Entity{
				List: "made_up", ID: fmt.Sprint(i), Kind: watchlist.Person,
				Names: []watchlist.Name{
					{Full: a + " " + c, Kind: watchlist.PrimaryName},
					{Full: a + " " + b + " " + c, Kind: watchlist.Alias},
				},
				Topics: []string{"sanction"}, Gender: [...]string{"male", "female", ""}[r.IntN(3)],
			}
			day := fmt.Sprintf("%04d-%02d-%02d", 1930+r.IntN(75), 1+r.IntN(12), 1+r.IntN(28))
			e.Births = []watchlist.DateRange{{From: day, To: day}}
			if !yield(e) {
				return
			}
		}
	}
}
