package mrz

import (
	"math"
	"strings"
)

// What words of a zone may hold, beyond the set of characters of each place.
const (
	closed    = 3   // fillers in a row after which names have ended
	misspells = 6.0 // log odds against a state's code that is taken nevertheless
)

// spell corrects what the shape of a zone rules out. It never makes up a
// letter of a name. What it changes keeps its low confidence, or is returned.
func (t *decoded) spell() []Repair {
	for _, f := range [...]Field{fieldNames, FieldSurname, FieldGivenNames} {
		if s, ok := t.fields[f]; ok {
			t.closeNames(s)
		}
	}
	var repairs []Repair
	for _, f := range [...]Field{FieldIssuer, FieldNationality} {
		if s, ok := t.fields[f]; ok && t.format != FrenchID {
			repairs = append(repairs, t.state(s)...)
		}
	}
	return repairs
}

// closeNames fills the rest of a line of names once they have ended (Doc 9303
// part 3 section 4.6), unless one of the fillers that end them is less likely
// than what follows.
func (t *decoded) closeNames(s span) {
	line := t.chars[s.line][s.from:s.to]
	end := strings.Index(string(line), strings.Repeat("<", closed))
	if end < 0 {
		return
	}
	price := func(i int, from, to byte) float64 {
		scores := &t.scores[s.line][s.from+i]
		return logOf(scores[classOf(from)]) - logOf(scores[classOf(to)])
	}
	filling := 0.0
	for i := end + closed; i < len(line); i++ {
		filling += price(i, line[i], '<')
	}
	opening := math.Inf(1)
	for i := end; i < end+closed; i++ {
		opening = min(opening, price(i, '<', allowed(&t.scores[s.line][s.from+i], letters)))
	}
	if filling < opening {
		for i := end; i < len(line); i++ {
			line[i] = '<'
		}
	}
}

// state takes the likeliest code of a state where the likeliest letters make
// none. One that is not far likelier than any other is not taken.
func (t *decoded) state(s span) []Repair {
	now := t.chars[s.line][s.from:s.to]
	if KnownState(text(string(now))) {
		return nil
	}
	cost := func(code string) float64 {
		sum := 0.0
		for i := range now {
			scores := &t.scores[s.line][s.from+i]
			sum += logOf(scores[classOf(now[i])]) - logOf(scores[classOf(code[i])])
		}
		return sum
	}
	best, second, found := math.Inf(1), math.Inf(1), ""
	for code := range strings.FieldsSeq(states) {
		code += "<<<"[:3-len(code)]
		switch c := cost(code); {
		case c < best:
			best, second, found = c, best, code
		case c < second:
			second = c
		}
	}
	if best > misspells || second < best+1 {
		return nil
	}
	var repairs []Repair
	for i := range now {
		if now[i] != found[i] {
			repairs = append(repairs, Repair{s.line, s.from + i, string(now[i]), found[i : i+1]})
			now[i] = found[i]
		}
	}
	return repairs
}

func logOf(p float32) float64 { return math.Log(float64(max(p, 1e-9))) }
