package mrz

import "slices"

// UnsureAt reports whether the character at a line and column, both from 0, belongs to a field of Unsure. A check digit
// belongs to the fields that it covers, a filler between the names to both.
func (r Reading) UnsureAt(line, column int) bool {
	l, ok := layoutOf(r.Format)
	if !ok {
		return false
	}
	within := func(s span) bool { return s.line == line && s.from <= column && column < s.to }
	for _, f := range r.Unsure {
		places := []span{l.fields[f]}
		if names, joined := l.fields[fieldNames]; joined && len(r.Lines) > names.line && (f == FieldSurname || f == FieldGivenNames) {
			both := splitNames(names, r.Lines)
			places = both[:1]
			if f == FieldGivenNames {
				places = both[1:]
			}
		}
		for _, c := range l.checks {
			if within(c.digit) && slices.ContainsFunc(c.over, func(s span) bool { return overlap(s, places[0]) }) {
				return true
			}
		}
		if slices.ContainsFunc(places, within) {
			return true
		}
	}
	return false
}

func overlap(a, b span) bool { return a.line == b.line && a.from < b.to && b.from < a.to }
