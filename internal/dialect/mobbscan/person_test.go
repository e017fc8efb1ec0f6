package mobbscan

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

// read gives a session whose document check read some fields.
func read(fields map[string]string) usher.Session {
	return usher.Session{Steps: []usher.StepStatus{{
		Kind: usher.StepRun, Checks: []usher.CheckResult{{Kind: usher.CheckDocument, Outcome: usher.Clear, Fields: fields}},
	}}}
}

// known gives the members of a person that are not null.
func known(p person) map[string]string {
	all := map[string]string{}
	for name, value := range p {
		if value != nil {
			all[name] = *value
		}
	}
	return all
}

func TestPersonalData(t *testing.T) {
	t.Parallel()
	spanish := map[string]string{
		"first_name": "LUCIA", "last_name": "MARTIN VEGA", "date_of_birth": "1990-04-17", "number": "AAA000000", "expiry": "2031-01-01", "sex": "F",
		"issuer": "ESP", "format": "TD1", "document_type": "id_card", "optional_1": "00000000T", "mrz": "IDESP",
	}
	for _, c := range []struct {
		name   string
		fields map[string]string
		facts  []usher.Correction
		kind   string
		want   map[string]string
	}{
		{
			"a Spanish card", spanish, nil, "ESPIDCard",
			map[string]string{
				"name": "LUCIA", "surname": "MARTIN VEGA", "firstSurname": "MARTIN", "secondSurname": "VEGA", "dateOfBirth": "1990-04-17",
				"documentNumber": "AAA000000", "personalNumber": "00000000T", "dateOfExpiry": "2031-01-01", "gender": "F", "country": "ESP", "mrz": "IDESP",
			},
		},
		{
			"a surname that nobody can part",
			map[string]string{"last_name": "DE LA CRUZ VEGA", "issuer": "ESP"},
			nil, "",
			map[string]string{"surname": "DE LA CRUZ VEGA", "firstSurname": "DE LA CRUZ VEGA", "country": "ESP"},
		},
		{
			"a German passport",
			map[string]string{"last_name": "MUSTERMANN", "issuer": "D", "document_type": "passport", "format": "TD3", "optional_1": "X"},
			nil, "TD3Passport",
			map[string]string{"surname": "MUSTERMANN", "firstSurname": "MUSTERMANN", "country": "DEU"},
		},
		{
			"what was corrected wins",
			map[string]string{"last_name": "MARTLN", "number": "1"},
			[]usher.Correction{{Field: "last_name", New: "MARTIN"}, {Field: "number", New: "2"}, {Field: "number", New: "3"}, {Field: "city", New: "Madrid"}},
			"",
			map[string]string{"surname": "MARTIN", "firstSurname": "MARTIN", "documentNumber": "3", "city": "Madrid"},
		},
		{"a card of another size", map[string]string{"format": "TD2", "document_type": "id_card"}, nil, "TD2IDCard", map[string]string{}},
		{"a licence", map[string]string{"document_type": "driving_licence"}, nil, "EURDrivingLicense", map[string]string{}},
	} {
		s := read(c.fields)
		s.Facts = c.facts
		facts := factsOf(s, usher.Details{})
		got := personOf(facts)
		if diff := cmp.Diff(c.want, known(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if len(got) != 20 {
			t.Errorf("%s: %d members, want 20", c.name, len(got))
		}
		if kind := documentTypeOf(s, facts); kind != c.kind {
			t.Errorf("%s is a %q, want %q", c.name, kind, c.kind)
		}
	}
	given := factsOf(usher.Session{}, usher.Details{FirstName: "Lucía", NationalID: "1T", Address: &usher.Address{Street: "Calle 1", City: "Madrid", PostalCode: "28001"}})
	want := map[string]string{"name": "Lucía", "personalNumber": "1T", "address": "Calle 1", "city": "Madrid", "postCode": "28001"}
	if diff := cmp.Diff(want, known(personOf(given))); diff != "" {
		t.Errorf("what was given (-want +got):\n%s", diff)
	}
}

func TestDocumentTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, asked, name string
		kind                 usher.DocumentType
	}{
		{"ESP", "IDCard", "ESPIDCard", usher.IDCard},
		{"", "Passport_TD3", "TD3Passport", usher.Passport},
		{"SLV", "SLVPassport", "SLVPassport", usher.Passport},
		{"ESP", "EURDrivingLicense", "EURDrivingLicense", usher.DrivingLicence},
		{"ESP", "ESPIDCardV3", "ESPIDCardV3", usher.IDCard},
		{"ESP", "ESP", "ESP", ""},
		{"", "TD2IDCard", "TD2IDCard", usher.IDCard},
		{"FRA", "ResidencePermit", "FRAResidencePermit", usher.ResidencePermit},
	} {
		if got := askedType(c.country, c.asked); got != c.name {
			t.Errorf("%s and %s are %s, want %s", c.country, c.asked, got, c.name)
		}
		if got := ourType(c.asked); got != c.kind {
			t.Errorf("%s is %q, want %q", c.asked, got, c.kind)
		}
	}
	passports := usher.Session{Flow: usher.Flow{Steps: []usher.Step{{Kind: usher.StepDocument, Accept: []usher.DocumentType{usher.Passport}}}}}
	for docType, want := range map[string]bool{"TD3Passport": true, "ESPIDCard": false, "ESP": true, "": false, "my card": false} {
		if got := accepted(passports, docType); got != want {
			t.Errorf("a flow of passports takes %q: %v, want %v", docType, got, want)
		}
	}
}

func FuzzCorrections(f *testing.F) {
	f.Add(`{"name": "LUCIA", "firstSurname": "MARTIN", "surname": null, "dateOfBirth": "1990-04-17"}`)
	f.Add(`{"secondSurname": "VEGA", "mrz": "A\nB", "shoeSize": "44", "city": ""}`)
	f.Fuzz(func(t *testing.T, text string) {
		var said person
		if json.Unmarshal([]byte(text), &said) != nil {
			return
		}
		before := factsOf(usher.Session{}, usher.Details{})
		list, err := corrections(said, before)
		if err != nil {
			return
		}
		after := factsOf(usher.Session{Facts: list}, usher.Details{})
		for name, value := range known(said) {
			fact, ok := members[name]
			if ok && value != "" && after[fact] != value {
				t.Errorf("%s was corrected to %q and is %q", name, value, after[fact])
			}
		}
		if again, err := corrections(said, after); err != nil || len(again) != 0 {
			t.Errorf("what was corrected is corrected again: %v, %v", again, err)
		}
	})
}

func FuzzAccept(f *testing.F) {
	f.Add("application/json;q=0.5, image/*")
	f.Add("*/*;q=0.1, text/html, application/json;q=x")
	f.Fuzz(func(t *testing.T, header string) {
		asJSON, ok := wanted(header, "image/png")
		if asJSON && !ok {
			t.Errorf("%q wants JSON and does not", header)
		}
		if asJSON && !strings.Contains(strings.ToLower(header), "application/") {
			t.Errorf("%q does not ask for JSON", header)
		}
	})
}

func TestAccept(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "raw", "*/*": "raw", "image/*": "raw", "image/png": "raw", "application/json": "json", "application/*": "json", "text/html": "none",
		"image/jpeg": "none", "application/json, image/png": "json", "image/png, application/json": "raw", "application/json;q=0.1, image/*;q=0.2": "raw",
		"image/*;q=0": "none", "nonsense;;": "none", "text/html, */*;q=0.8": "raw", "APPLICATION/JSON": "json",
	} {
		asJSON, ok := wanted(header, "image/png")
		got := map[bool]string{true: "json", false: "raw"}[asJSON]
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("Accept: %q gives %s, want %s", header, got, want)
		}
	}
	if asJSON, ok := wanted("application/*", "application/zip"); asJSON || !ok {
		t.Error("Accept: application/* does not give the archive")
	}
}

// The members are those of the vendor, each under a name of its own.
func TestMembers(t *testing.T) {
	t.Parallel()
	ours := slices.Sorted(maps.Values(members))
	if len(members) != 20 || len(slices.Compact(ours)) != 20 {
		t.Errorf("%d members with %d names of ours", len(members), len(slices.Compact(ours)))
	}
}
