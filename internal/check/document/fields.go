package document

import (
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
)

// endOfDayEverywhere is how long after midnight UTC a day still lasts somewhere (UTC−12).
const endOfDayEverywhere = 12 * time.Hour

// startOfDayEverywhere is how long before midnight UTC a day has begun somewhere (UTC+14).
const startOfDayEverywhere = 14 * time.Hour

// The names of the fields in a result. Those that a person gives too are named as in usher.Details.
const (
	FieldFirstName   = "first_name"
	FieldLastName    = "last_name"
	FieldBirthDate   = "date_of_birth" // YYYY-MM-DD; shorter when the zone leaves month or day unknown
	FieldNationality = "nationality"   // ISO 3166-1 alpha-2, or the zone's own code where there is none
	FieldCountry     = "issuing_country"
	FieldIssuer      = "issuer" // the zone's three letters
	FieldNumber      = "number"
	FieldExpiry      = "expiry"
	FieldIssued      = "issued"
	FieldSex         = "sex"
	FieldNational    = "national_id"     // of the person
	FieldTruncated   = "names_truncated" // "true" when names may be cut off
	FieldZone        = "mrz"             // the lines, one per line
)

// fieldsOf returns what was read, without empty entries.
func fieldsOf(r mrz.Reading) map[string]string {
	d := r.Document
	fields := map[string]string{
		FieldFirstName:   d.GivenNames,
		FieldLastName:    d.Surname,
		FieldBirthDate:   d.BirthDate.String(),
		FieldNationality: alpha2(d.Nationality),
		FieldCountry:     alpha2(d.Issuer),
		FieldIssuer:      d.Issuer,
		FieldNumber:      d.Number,
		FieldExpiry:      d.Expiry.String(),
		FieldSex:         d.Sex,
		FieldZone:        strings.Join(r.Lines, "\n"),
		"document_code":  d.DocumentCode,
		"format":         string(d.Format),
		"optional_1":     d.Optional1,
		"optional_2":     d.Optional2,
	}
	if d.NamesTruncated {
		fields[FieldTruncated] = strconv.FormatBool(true)
	}
	return withoutEmpty(fields)
}

// alpha2 returns the two letters of a country, or the zone's code where it stands for no country.
func alpha2(code string) string {
	if country, _ := countryOf(code); country != "" {
		return country
	}
	return code
}
