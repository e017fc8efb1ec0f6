package document

import (
	"regexp"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document/names"
)

// Compare holds the details that were given against the fields that were read. It returns one finding for each thing that
// is on both sides, and a reason for each that does not agree or could not be compared. Reasons carry no check; whoever
// asks sets it.
func Compare(given usher.Details, read map[string]string) (findings []usher.Finding, reasons []usher.Reason) {
	note := func(field, said, found string, ok bool, code usher.ReasonCode) {
		findings = append(findings, usher.Finding{Name: field, Given: said, Read: found, OK: ok})
		if !ok {
			reasons = append(reasons, usher.Reason{Code: code, Field: field})
		}
	}
	last, first := names.Compare(
		names.Given{First: given.FirstName, Last: given.LastName},
		names.Read{Surname: read[FieldLastName], GivenNames: read[FieldFirstName], Truncated: read[FieldTruncated] != ""},
	)
	name := func(field, said, found string, verdict names.Verdict) {
		switch {
		case strings.TrimSpace(said) == "" || read[FieldLastName] == "":
		case verdict == names.Incomparable:
			note(field, said, found, false, usher.DocumentUnsure)
		default:
			note(field, said, found, verdict == names.Same, usher.NameMismatch)
		}
	}
	name(FieldLastName, given.LastName, read[FieldLastName], last)
	name(FieldFirstName, given.FirstName, read[FieldFirstName], first)
	if said, found := string(given.DateOfBirth), read[FieldBirthDate]; said != "" && found != "" {
		note(FieldBirthDate, said, found, sameDay(said, found), usher.BirthDateMismatch)
	}
	// Utopia is nobody's nationality: a specimen's tells nothing.
	if said, found := given.Nationality, read[FieldNationality]; said != "" && found != "" && found != specimenIssuer {
		note(FieldNationality, said, found, strings.EqualFold(said, found), usher.NationalityMismatch)
	}
	if said := plainNumber(given.NationalID); said != "" {
		if found, shown := nationalNumber(said, read); shown {
			note(FieldNational, said, found, said == found, usher.NumberMismatch)
		}
	}
	return findings, reasons
}

// nationalNumber finds the person's number at home in what the document says: as it was given, or, of an issuer that prints it in the zone, another of
// that form.
func nationalNumber(said string, read map[string]string) (found string, shown bool) {
	for _, name := range []string{"optional_1", "optional_2", FieldNumber} {
		if plainNumber(read[name]) == said {
			return said, true
		}
	}
	for line := range strings.Lines(nationalNumbers) {
		issuer, form, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, name := range []string{"optional_1", "optional_2"} {
			value := plainNumber(read[name])
			if issuer == "" || issuer != read[FieldIssuer] {
				continue
			}
			if fits, err := regexp.MatchString("^(?:"+form+")$", value); err == nil && fits {
				return value, true
			}
		}
	}
	return "", false
}

// nationalNumbers are issuers whose zones carry the number of the person as optional data, and its form.
const nationalNumbers = `
EST \d{11}
LTU \d{11}
POL \d{11}
ESP \d{8}[A-Z]|[XYZ]\d{7}[A-Z]`

// sameDay compares a given day with a read one that may be incomplete. A zone has two digits for the year, so that it
// cannot tell a centenarian from a child: the century is the given one's.
func sameDay(given, read string) bool {
	const century = len("19")
	if len(given) < len("2006-01-02") || len(read) <= century {
		return false
	}
	return strings.HasPrefix(given[century:], read[century:])
}

// compare adds the comparison to the result.
func (v *verdict) compare(in usher.CheckInput) {
	findings, reasons := Compare(in.Details, v.result.Fields)
	if len(findings) > 0 {
		v.examined("given_details")
	}
	for _, f := range findings {
		v.finding(f)
	}
	for _, r := range reasons {
		v.consider(r.Code, r.Field)
	}
}

// agreeing returns the fields in which the details agree with what was read.
func agreeing(in usher.CheckInput, fields map[string]string) map[string]bool {
	findings, _ := Compare(in.Details, fields)
	agreed := map[string]bool{}
	for _, f := range findings {
		agreed[f.Name] = f.OK
	}
	return agreed
}
