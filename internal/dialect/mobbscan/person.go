package mobbscan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
)

// The names under which checks give what they read from a document, and corrections are kept.
const (
	factFirstName = "first_name"
	factLastName  = "last_name"
	factFirstSur  = "first_surname"
	factSecondSur = "second_surname"
	factBirth     = "date_of_birth"
	factExpiry    = "expiry"
	factIssuer    = "issuer" // three letters, as the document writes them
	factType      = "document_type"
	factFormat    = "format"
	factPersonal  = "personal_number"
	factOptional  = "optional_1" // of the machine-readable zone
)

// members are the members of personalData on the wire, with our name for each.
var members = map[string]string{
	"address": "address", "city": "city", "cityOfBirth": "city_of_birth", "country": factIssuer, "countryDocumentType": "country_document_type",
	"curp": "curp", "dateOfBirth": factBirth, "dateOfExpiry": factExpiry, "documentNumber": "number", "gender": "sex", "mrz": "mrz",
	"name": factFirstName, "personalNumber": factPersonal, "postCode": "post_code", "region": "region", "regionOfBirth": "region_of_birth",
	"firstSurname": factFirstSur, "secondSurname": factSecondSur, "stateOfBirth": "state_of_birth", "surname": factLastName,
}

const spain = "ESP"

// factsOf gathers what is known of the person by our names: what was given, over it what was read, over that what was corrected.
func factsOf(s usher.Session, d usher.Details) map[string]string {
	facts := map[string]string{
		factFirstName: d.FirstName, factLastName: d.LastName, factBirth: string(d.DateOfBirth), factPersonal: d.NationalID,
	}
	if at := d.Address; at != nil {
		facts["address"], facts["city"], facts["region"], facts["post_code"] = at.Street, at.City, at.Region, at.PostalCode
	}
	for _, r := range s.Checks() {
		if r.Kind == usher.CheckDocument {
			maps.Copy(facts, r.Fields)
		}
	}
	for _, c := range s.Facts {
		facts[c.Field] = c.New
		if c.Field == factLastName { // its parts are to be found anew
			facts[factFirstSur], facts[factSecondSur] = "", ""
		}
	}
	derive(facts)
	return facts
}

// derive adds what the vendor has members for and a document writes elsewhere.
func derive(facts map[string]string) {
	if facts[factIssuer] == "D" { // the zone's code for Germany
		facts[factIssuer] = "DEU"
	}
	// A Spanish card has the number of its holder in the zone's optional data.
	if facts[factIssuer] == spain && facts[factFormat] == "TD1" {
		facts[factPersonal] = cmp.Or(facts[factPersonal], facts[factOptional])
	}
	if facts[factFirstSur] != "" {
		return
	}
	// Spaniards have two surnames. Of more than two words nobody can tell where the second one begins.
	facts[factFirstSur] = facts[factLastName]
	if words := strings.Fields(facts[factLastName]); len(words) == 2 && facts[factIssuer] == spain {
		facts[factFirstSur], facts[factSecondSur] = words[0], cmp.Or(facts[factSecondSur], words[1])
	}
}

// personOf gives personalData: all its members, null for what is not known.
func personOf(facts map[string]string) person {
	p := person{}
	for name, fact := range members {
		p[name] = orNull(facts[fact])
	}
	return p
}

// corrections gives what the integrator says otherwise than we know it. A member that is left out, null or empty says nothing.
func corrections(said person, known map[string]string) ([]usher.Correction, error) {
	var list []usher.Correction
	given := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		fact, ok := members[name]
		if !ok || said[name] == nil || *said[name] == "" {
			continue
		}
		if err := checkMember(name, fact, *said[name]); err != nil {
			return nil, err
		}
		given[fact] = *said[name]
	}
	if given[factLastName] == "" && given[factFirstSur] != "" {
		given[factLastName] = strings.TrimSpace(given[factFirstSur] + " " + cmp.Or(given[factSecondSur], known[factSecondSur]))
	}
	// The surname goes first: its parts rest on it.
	named := given[factLastName] != "" && given[factLastName] != known[factLastName]
	order := append([]string{factLastName}, slices.DeleteFunc(slices.Sorted(maps.Keys(given)), func(f string) bool { return f == factLastName })...)
	for _, fact := range order {
		part := fact == factFirstSur || fact == factSecondSur
		if given[fact] != "" && (given[fact] != known[fact] || (part && named)) {
			list = append(list, usher.Correction{Field: fact, Old: known[fact], New: given[fact]})
		}
	}
	return list, nil
}

const longestMember = 300 // characters

func checkMember(name, fact, value string) error {
	field := "personalData." + name
	if fact == factBirth || fact == factExpiry {
		if _, err := usher.ParseDate(value); err != nil {
			return usher.Invalid(field, "must be a day that exists, as YYYY-MM-DD")
		}
	}
	odd := strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' })
	if odd || utf8.RuneCountInString(value) > longestMember {
		return usher.Invalid(field, "must be at most %d characters of text", longestMember)
	}
	return nil
}

// documentTypeOf gives the vendor's name of the document: what was read, or else what was asked for.
func documentTypeOf(s usher.Session, facts map[string]string) string {
	switch usher.DocumentType(facts[factType]) {
	case usher.Passport:
		return "TD3Passport"
	case usher.DrivingLicence:
		return "EURDrivingLicense"
	case usher.IDCard:
		switch {
		case facts[factIssuer] == spain:
			return "ESPIDCard"
		case facts[factFormat] == "TD2":
			return "TD2IDCard"
		}
		return "TD1IDCard"
	}
	return askedType(s.Metadata[keptCountry], s.Metadata[keptType])
}

// askedType gives the vendor's name of a type that was asked for. A country and one of the plain words together name a country's own document.
func askedType(country, docType string) string {
	switch docType {
	case "Passport_TD3": // the old name
		return "TD3Passport"
	case "IDCard", "Passport", "DrivingLicense", "ResidencePermit":
		return country + docType
	}
	return docType
}

// ourType gives the kind of document that a type of the vendor's long list is, or "" where its name does not tell.
func ourType(docType string) usher.DocumentType {
	for _, t := range []struct {
		part string
		kind usher.DocumentType
	}{
		{"Passport", usher.Passport},
		{"DrivingLicen", usher.DrivingLicence},
		{"Residence", usher.ResidencePermit},
		{"IDCard", usher.IDCard},
	} {
		if strings.Contains(docType, t.part) {
			return t.kind
		}
	}
	return ""
}
