package mrz

import (
	"math"
	"slices"
	"strings"
	"time"
)

// When a field should be looked at by a person: below these confidences of its
// weakest character.
const (
	unsureUnchecked = 0.9 // where no digit covers it
	unsureChecked   = 0.5 // where its digit agrees
)

// reading parses the text and gathers confidences.
func (t *decoded) reading(repaired []Repair, now time.Time) Reading {
	lines := t.lines()
	r := Reading{Format: t.format, Lines: lines, Document: parseAs(t.format, lines, now), Repaired: repaired}
	r.DigitsAgree = r.Document.Digits.Agree()
	var sum float64
	for row := range lines {
		each := make([]float64, t.width)
		for i := range each {
			each[i] = t.confidence(row, i)
			sum += math.Log(max(each[i], 1e-6))
		}
		r.Confidence = append(r.Confidence, each)
	}
	r.Score = math.Exp(sum / float64(len(lines)*t.width))
	t.fieldsOf(&r)
	return r
}

// fieldsOf fills in Fields and Unsure.
func (t *decoded) fieldsOf(r *Reading) {
	r.Fields = map[Field]float64{}
	for field, s := range t.fields {
		names := []Field{field}
		spans := []span{s}
		if field == fieldNames {
			names, spans = []Field{FieldSurname, FieldGivenNames}, splitNames(s, r.Lines)
		}
		for i, name := range names {
			weakest := 1.0
			for k := spans[i].from; k < spans[i].to; k++ {
				weakest = min(weakest, r.Confidence[s.line][k])
			}
			r.Fields[name] = weakest
			if t.unsure(name, spans[i], weakest, r) {
				r.Unsure = append(r.Unsure, name)
			}
		}
	}
	slices.Sort(r.Unsure)
}

// splitNames is where surname and given names stand; the fillers between them
// and behind them belong to both, as a letter read for one changes either.
func splitNames(s span, lines []string) []span {
	names := s.of(lines)
	cut := strings.Index(names, "<<")
	if cut < 0 {
		return []span{s, s}
	}
	return []span{{s.line, s.from, s.from + cut + 2}, {s.line, s.from + cut, s.to}}
}

// unsure decides whether a person should look at a field.
func (t *decoded) unsure(f Field, s span, weakest float64, r *Reading) bool {
	for _, p := range r.Repaired {
		if p.Line == s.line && p.Column >= s.from && p.Column <= s.to {
			return true
		}
	}
	if (f == FieldIssuer || f == FieldNationality) && !KnownState(text(s.of(r.Lines))) {
		return true
	}
	if r.Format == MRVB && goesOn(f, s, r.Lines) {
		return true
	}
	limit := unsureChecked
	covered, failed := r.covered(f)
	if failed {
		return true
	}
	if !covered {
		limit = unsureUnchecked
	}
	return weakest < limit
}

// goesOn tells whether a field of the short visa may be longer than what was
// read of it. The long visa (44 columns) whose right end is under a thumb looks
// like the short one (36): its digits agree, since none stands behind column 28,
// and what is cut off shows nowhere. Fillers at the end say that nothing is.
func goesOn(f Field, s span, lines []string) bool {
	value := s.of(lines)
	switch f {
	case FieldSurname, FieldGivenNames:
		return s.to == len(lines[s.line]) && !strings.HasSuffix(value, "<<") // one filler only parts two names
	case FieldOptional1:
		return !strings.HasSuffix(value, "<")
	}
	return false
}

// covered says whether a digit that agrees covers the field, and whether one
// that covers it fails.
func (r *Reading) covered(f Field) (covered, failed bool) {
	if slices.Contains(r.Format.Uncovered(), f) {
		return false, false
	}
	d := r.Document.Digits
	own := d.Composite
	switch f {
	case FieldNumber:
		own = d.Number
	case FieldBirthDate:
		own = d.BirthDate
	case FieldExpiry:
		own = d.Expiry
	case FieldOptional1:
		if r.Format == TD3 {
			own = d.Optional
		}
	}
	return own == Agreed, own == Failed
}

// mended is how many characters were changed for the sake of check digits.
func (r *Reading) mended() int { return len(r.Repaired) - r.spelt }

// worth compares readings of one picture: by how sure the characters are, by
// the digits that agree, and by how the zone begins.
func (r *Reading) worth() float64 {
	worth := r.Score - 0.3*(1-r.likely)
	if r.DigitsAgree {
		agreed, _ := r.Document.Digits.count()
		worth += 1 - 0.15*float64(r.mended()) + 0.05*float64(agreed)
	}
	return worth
}

// believable tells a zone from other text in even columns: by its digits or,
// when it is badly seen, by the shape of its names.
func believable(r Reading) bool {
	agreed, failed := r.Document.Digits.count()
	// Repairs can make digits agree anywhere.
	agreed -= 2 * r.mended()
	fillers := strings.Count(strings.Join(r.Lines, ""), "<")
	switch {
	case r.Score < 0.4 || fillers < 3:
		return false
	case agreed >= 3 && failed == 0:
		return true
	case agreed >= 2 && failed <= 2 && r.Score > 0.65:
		return true
	}
	return r.Score > 0.8 && strings.Contains(strings.Join(r.Lines, ""), "<<") && strings.IndexByte("ACIPV", r.Lines[0][0]) >= 0
}

// quad is the corners of the window, and the turn that sets it upright.
func (z *zone) quad(g grid) (corners [4][2]float64, rotation int) {
	lastRow, lastColumn := len(z.lines)-1, g.first+len(g.scores[0])-1
	for i, c := range [4]struct {
		row, column int
		right, down float64
	}{{0, g.first, -0.5, -0.6}, {0, lastColumn, 0.5, -0.6}, {lastRow, lastColumn, 0.5, 0.6}, {lastRow, g.first, -0.5, 0.6}} {
		f := z.frame(c.row, c.column).Shift(c.right, c.down)
		corners[i] = [2]float64{f.X, f.Y}
	}
	f := z.frame(0, (g.first+lastColumn)/2)
	quarter := int(math.Round(math.Atan2(f.RY, f.RX) / (math.Pi / 2)))
	return corners, ((-quarter%4 + 4) % 4) * 90
}
