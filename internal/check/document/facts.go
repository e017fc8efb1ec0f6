package document

import (
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/barcode/aamva"
	"github.com/usher-kyc/usher/internal/mrz"
)

// facts is what a document says of itself, wherever that stands.
type facts struct {
	types          []usher.DocumentType // that it can be
	code           string               // the letters or words that say so
	issuer, number string
	expiry, issued day
	birth          string // as far as it is known
	first, last    string
	cut            bool // the names may be cut off
	nationality    string
	// sureNumber says that the number cannot be misread: its digit agrees, or the code corrected itself. sureExpiry says so of the last day, and that it
	// stands where a person reads it too: a barcode alone refuses nobody.
	sureNumber, sureExpiry bool
}

// day is a date that may be incomplete.
type day struct {
	text     string
	midnight time.Time
	complete bool
}

func factsOfZone(r mrz.Reading) facts {
	d := r.Document
	last, complete := d.Expiry.Time()
	return facts{
		types: typesOf(d), code: d.DocumentCode, issuer: d.Issuer, number: d.Number, expiry: day{d.Expiry.String(), last, complete},
		birth: d.BirthDate.String(), first: d.GivenNames, last: d.Surname, cut: d.NamesTruncated, nationality: d.Nationality,
		sureNumber: d.Digits.Number == mrz.Agreed, sureExpiry: d.Digits.Expiry == mrz.Agreed,
	}
}

func factsOfLicence(l aamva.Licence) facts {
	types := []usher.DocumentType{usher.DrivingLicence}
	if l.Type == "ID" {
		types = []usher.DocumentType{usher.IDCard}
	}
	return facts{
		types: types, code: l.Type, issuer: l.Country, number: l.Number, expiry: dayOf(l.Expiry), issued: dayOf(l.Issued), birth: l.Birth.String(),
		first: strings.TrimSpace(l.GivenName + " " + l.MiddleName), last: l.FamilyName, sureNumber: true,
		cut: l.FamilyCut == aamva.CutShort || l.GivenCut == aamva.CutShort || l.MiddleCut == aamva.CutShort,
	}
}

func dayOf(d aamva.Date) day {
	if d == (aamva.Date{}) {
		return day{}
	}
	return day{d.String(), time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC), true}
}

// fieldsOfLicence returns what a barcode says, without empty entries.
func fieldsOfLicence(l aamva.Licence) map[string]string {
	f := factsOfLicence(l)
	fields := map[string]string{
		FieldFirstName: f.first, FieldLastName: f.last, FieldBirthDate: f.birth, FieldCountry: alpha2(f.issuer), FieldIssuer: f.issuer,
		FieldNumber: f.number, FieldExpiry: f.expiry.text, FieldIssued: f.issued.text, FieldSex: l.Sex, "document_code": f.code,
		"jurisdiction": l.Address.Region, "format": "AAMVA",
	}
	if f.cut {
		fields[FieldTruncated] = "true"
	}
	return withoutEmpty(fields)
}

// withoutEmpty drops the entries that say nothing.
func withoutEmpty(fields map[string]string) map[string]string {
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	return fields
}
