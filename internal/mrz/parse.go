package mrz

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Document is what a zone says.
type Document struct {
	Format       Format `json:"format"`
	DocumentCode string `json:"document_code"` // "P", "ID", "AC", …
	Issuer       string `json:"issuer"`        // ISO 3166-1 alpha-3 or a code of Doc 9303 part 3 section 5; Germany is "D"
	Number       string `json:"number"`
	Nationality  string `json:"nationality"` // as Issuer
	BirthDate    Date   `json:"birth_date"`
	Sex          string `json:"sex"` // "M", "F" or "X" for not specified
	Expiry       Date   `json:"expiry"`
	Surname      string `json:"surname"`     // as printed, A to Z and spaces
	GivenNames   string `json:"given_names"` // as printed, A to Z and spaces
	// NamesTruncated says that the names fill the line to its last place, so
	// that some may have been cut off.
	NamesTruncated bool   `json:"names_truncated"`
	Optional1      string `json:"optional_1,omitempty"`
	Optional2      string `json:"optional_2,omitempty"` // TD1 only
	Digits         Digits `json:"digits"`
}

// ErrLines says that lines have no shape of a zone or hold other characters
// than A to Z, 0 to 9 and '<'.
var ErrLines = errors.New("mrz: not the lines of a machine readable zone")

// Parse reads the lines of a zone. Blanks are ignored and small letters taken
// for capitals, so that typed lines may be given. The time now decides
// the century of dates. Parse fails with ErrLines only; check digits that do
// not agree and impossible dates are told in the Document.
func Parse(lines []string, now time.Time) (Document, error) {
	tidy := make([]string, len(lines))
	for i, l := range lines {
		tidy[i] = strings.ToUpper(strings.Join(strings.Fields(l), ""))
		for _, r := range tidy[i] {
			if r != '<' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
				return Document{}, fmt.Errorf("%w: line %d has a character outside A to Z, 0 to 9 and <", ErrLines, i+1)
			}
		}
	}
	format, ok := formatOf(tidy)
	if !ok {
		return Document{}, fmt.Errorf("%w: want 3 lines of 30, or 2 lines of 36 or 44 characters", ErrLines)
	}
	return parseAs(format, tidy, now), nil
}

// parseAs reads lines that have the shape of the format.
func parseAs(format Format, lines []string, now time.Time) Document {
	l, _ := layoutOf(format)
	at := func(f Field) string { return l.fields[f].of(lines) }
	d := Document{
		Format:       format,
		DocumentCode: text(at(FieldDocumentCode)),
		Issuer:       text(at(FieldIssuer)),
		Number:       text(at(FieldNumber)),
		Nationality:  text(at(FieldNationality)),
		BirthDate:    birthDate(at(FieldBirthDate), now),
		Sex:          sex(at(FieldSex)),
		Expiry:       expiryDate(at(FieldExpiry), now),
		Optional1:    text(at(FieldOptional1)),
		Optional2:    text(at(FieldOptional2)),
	}
	if format == FrenchID {
		d.Surname, d.GivenNames = text(at(FieldSurname)), text(strings.ReplaceAll(at(FieldGivenNames), "<<", "<"))
		d.Nationality = d.Issuer
		d.NamesTruncated = !strings.HasSuffix(at(FieldSurname), "<") || !strings.HasSuffix(at(FieldGivenNames), "<")
	} else {
		names := at(fieldNames)
		surname, given, _ := strings.Cut(names, "<<")
		d.Surname, d.GivenNames = text(surname), text(given)
		d.NamesTruncated = names[len(names)-1] != '<'
	}
	for _, c := range l.checks {
		parts := make([]string, len(c.over))
		for i, s := range c.over {
			parts[i] = s.of(lines)
		}
		d.Digits.set(c.field, stateOf(c.digit.of(lines)[0], parts...))
	}
	if l.overflow {
		d.overflow(l, lines)
	}
	return d
}

// overflow joins a document number that goes on in the optional data: a filler
// stands in the place of its digit, and the digit ends the continuation.
func (d *Document) overflow(l layout, lines []string) {
	number, optional := l.fields[FieldNumber].of(lines), l.fields[FieldOptional1].of(lines)
	digit := lines[l.fields[FieldNumber].line][l.fields[FieldNumber].to]
	if digit != '<' || number[len(number)-1] == '<' || optional[0] == '<' {
		return
	}
	more, rest, _ := strings.Cut(optional, "<")
	last := len(more) - 1
	if more[last] < '0' || more[last] > '9' {
		return
	}
	d.Number = number + more[:last]
	d.Optional1 = text(rest)
	d.Digits.Number = stateOf(more[last], number, more[:last])
}

// text turns fillers into blanks and drops those at the ends.
func text(s string) string { return strings.Trim(strings.ReplaceAll(s, "<", " "), " ") }

func sex(s string) string {
	if s == "<" {
		return "X"
	}
	return s
}
