package watchlist

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// The frozen tables are part of the algorithm version: how much a word says (its rarity at the time of the release), which words are forms of one
// name, and which are names in use. They never depend on the lists that are loaded, so scores do not drift when a list grows.

//go:embed weights.txt
var weightsText string

//go:embed equivalents.txt
var equivalentsText string

// frozen is what the tables say of a word; the zero value is "nothing".
type frozen struct {
	weight uint8
	class  uint16
	known  bool
}

type frozenWords struct{ words map[string]frozen }

// frozenTable gives the tables, read once.
var frozenTable = sync.OnceValue(func() *frozenWords { return readFrozen(weightsText, equivalentsText) })

// readFrozen reads the tables. A line of weights is a weight in hundredths and the words that have it; a line of equivalents is the forms of one
// name. Lines that begin with # say something to the reader.
func readFrozen(weights, equivalents string) *frozenWords {
	t := &frozenWords{words: map[string]frozen{}}
	for line := range tableLines(weights) {
		weight, err := strconv.Atoi(line[0])
		if err != nil || weight < 1 || weight > 100 {
			continue // TestFrozenTables refuses such a line
		}
		for _, w := range line[1:] {
			t.words[w] = frozen{weight: uint8(weight), known: true}
		}
	}
	class := uint16(0)
	for line := range tableLines(equivalents) {
		class++
		for _, w := range line {
			f := t.words[w]
			f.class, f.known = class, true
			t.words[w] = f
		}
	}
	return t
}

// tableLines gives the words of each line that is no remark.
func tableLines(text string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			fields := strings.Fields(line)
			if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
				continue
			}
			if !yield(fields) {
				return
			}
		}
	}
}
