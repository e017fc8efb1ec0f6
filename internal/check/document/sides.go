package document

import (
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document/names"
)

// oneDocument compares what the two sides say, where both say something: a zone and a barcode, or two zones.
func (v *verdict) oneDocument(sides []side, best *side) {
	a := factsOfZone(best.reading)
	for i := range sides {
		s := &sides[i]
		var b facts
		switch {
		case s.found && s != best:
			b = factsOfZone(s.reading)
		case s.licence != nil:
			b = factsOfLicence(*s.licence)
		default:
			continue
		}
		v.examined("both_sides")
		same := func(field, one, other string, ok bool) {
			if one == "" || other == "" {
				return
			}
			v.finding(usher.Finding{Name: "sides_" + field, Given: one, Read: other, OK: ok})
			if !ok {
				v.consider(usher.SidesMismatch, "")
			}
		}
		same(FieldNumber, a.number, b.number, plainNumber(a.number) == plainNumber(b.number))
		same(FieldBirthDate, a.birth, b.birth, sameDay(a.birth, b.birth))
		same(FieldExpiry, a.expiry.text, b.expiry.text, a.expiry.text == b.expiry.text)
		if s.licence != nil {
			last, first := names.Compare(names.Given{First: b.first, Last: b.last}, names.Read{Surname: a.last, GivenNames: a.first, Truncated: a.cut || b.cut})
			same(FieldLastName, a.last, b.last, last == names.Same || last == names.Incomparable)
			same(FieldFirstName, a.first, b.first, first == names.Same || first == names.Incomparable)
		}
	}
}

// plainNumber is a number without what issuers put between its letters and digits.
func plainNumber(number string) string {
	return strings.Map(func(r rune) rune {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return -1
		}
		return r
	}, strings.ToUpper(number))
}
