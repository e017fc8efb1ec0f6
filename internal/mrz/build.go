package mrz

import (
	"fmt"
	"strings"
)

// Build makes the lines of a zone from a document, with the right check
// digits; Digits and NamesTruncated are not read. Names are transliterated
// (see Transliterate) and cut to fit; every other field must fit and hold
// capitals, digits and blanks only. FrenchID cannot be built.
func Build(d Document) ([]string, error) {
	l, ok := layoutOf(d.Format)
	if !ok || d.Format == FrenchID {
		return nil, fmt.Errorf("build zone: format %q is not one to build", d.Format)
	}
	b := builder{layout: l, lines: make([][]byte, l.lines)}
	for i := range b.lines {
		b.lines[i] = []byte(strings.Repeat("<", l.width))
	}
	b.put(FieldDocumentCode, d.DocumentCode)
	b.put(FieldIssuer, d.Issuer)
	b.put(FieldNationality, d.Nationality)
	b.put(FieldBirthDate, d.BirthDate.raw())
	b.put(FieldExpiry, d.Expiry.raw())
	b.put(FieldSex, strings.TrimPrefix(d.Sex, "X"))
	b.put(FieldOptional2, d.Optional2)
	b.number(d.Number, d.Optional1)
	b.names(d.Surname, d.GivenNames)
	if b.err != nil {
		return nil, fmt.Errorf("build zone: %w", b.err)
	}
	return b.finish(), nil
}

type builder struct {
	layout
	lines [][]byte
	// long says that the number took the place of its own check digit.
	long bool
	err  error
}

// put writes a value into its field, which is fillers so far.
func (b *builder) put(f Field, value string) {
	s, ok := b.fields[f]
	value = strings.ReplaceAll(value, " ", "<")
	switch {
	case value == "" || b.err != nil:
	case !ok:
		b.err = fmt.Errorf("%s has no place in %s", f, b.format)
	case len(value) > s.to-s.from:
		b.err = fmt.Errorf("%s is longer than %d characters", f, s.to-s.from)
	case !zoneText(value):
		b.err = fmt.Errorf("%s holds other characters than A to Z and 0 to 9", f)
	default:
		copy(b.lines[s.line][s.from:], value)
	}
}

// number writes the document number, over into the optional data when it is
// long and the format allows it.
func (b *builder) number(number, optional string) {
	places := b.fields[FieldNumber].to - b.fields[FieldNumber].from
	if len(number) <= places || !b.overflow {
		b.put(FieldNumber, number)
		b.put(FieldOptional1, optional)
		return
	}
	if !zoneText(number) {
		b.put(FieldNumber, "?")
		return
	}
	b.long = true
	b.put(FieldNumber, number[:places])
	rest := number[places:] + string(checkDigit(number))
	if optional != "" {
		rest += "<" + optional
	}
	b.put(FieldOptional1, rest)
}

// names writes surname, two fillers and given names. Names that are too long
// are cut at the end, but a first letter of the given names is always kept
// (Doc 9303 part 4 section 4.2.3, simplified).
func (b *builder) names(surname, given string) {
	s := b.fields[fieldNames]
	width := s.to - s.from
	sur, err := Transliterate(surname)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("%s: %w", FieldSurname, err)
	}
	giv, err := Transliterate(given)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("%s: %w", FieldGivenNames, err)
	}
	if giv != "" && len(sur) > width-3 {
		sur = strings.TrimRight(sur[:width-3], " ")
	}
	all := sur
	if giv != "" {
		all += "  " + giv
	}
	b.put(fieldNames, all[:min(len(all), width)])
}

// finish fills in the check digits, the composite one last as it covers the
// others.
func (b *builder) finish() []string {
	lines := make([]string, len(b.lines))
	for i := range lines {
		lines[i] = string(b.lines[i])
	}
	for _, c := range b.checks {
		if c.field == FieldNumber && b.long {
			continue
		}
		parts := make([]string, len(c.over))
		for i, s := range c.over {
			parts[i] = s.of(lines)
		}
		b.lines[c.digit.line][c.digit.from] = checkDigit(parts...)
		lines[c.digit.line] = string(b.lines[c.digit.line])
	}
	return lines
}

func zoneText(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '<' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
