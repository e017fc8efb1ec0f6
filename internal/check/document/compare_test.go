package document_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	read := func(pairs ...string) map[string]string {
		fields := map[string]string{"last_name": "ERIKSSON", "first_name": "ANNA MARIA", "date_of_birth": "1974-08-12", "nationality": "SE"}
		for i := 0; i < len(pairs); i += 2 {
			fields[pairs[i]] = pairs[i+1]
		}
		return fields
	}
	full := usher.Details{FirstName: "Anna", LastName: "Eriksson", DateOfBirth: "1974-08-12", Nationality: "se"}
	tests := []struct {
		name  string
		given usher.Details
		read  map[string]string
		want  []string // fields of the findings, those that disagree with a dash
	}{
		{"all agree", full, read(), []string{"last_name", "first_name", "date_of_birth", "nationality"}},
		{"nothing given", usher.Details{}, read(), nil},
		{"nothing read", full, nil, nil},
		{"last name only", usher.Details{LastName: "Berg"}, read(), []string{"-last_name"}},
		{"year only in the zone", full, read("date_of_birth", "1974"), []string{"last_name", "first_name", "date_of_birth", "nationality"}},
		{"other year in the zone", full, read("date_of_birth", "1975"), []string{"last_name", "first_name", "-date_of_birth", "nationality"}},
		{"centenarian", usher.Details{DateOfBirth: "1922-08-12"}, read("date_of_birth", "2022-08-12"), []string{"date_of_birth"}},
		{"specimen nationality", usher.Details{Nationality: "SE"}, read("nationality", "UTO"), nil},
		{"stateless", usher.Details{Nationality: "SE"}, read("nationality", "XXA"), []string{"-nationality"}},
		{"national number in the zone", usher.Details{NationalID: "640812-12345"}, read("issuer", "POL", "optional_1", "64081212345"), []string{"national_id"}},
		{"another national number", usher.Details{NationalID: "64081212346"}, read("issuer", "POL", "optional_1", "64081212345"), []string{"-national_id"}},
		{"national number as the document's", usher.Details{NationalID: "AB 123456"}, read("number", "AB123456"), []string{"national_id"}},
		{"an issuer that does not print it", usher.Details{NationalID: "64081212346"}, read("issuer", "UTO", "optional_1", "64081212345"), nil},
		{"cut names", usher.Details{FirstName: "Anna Maria Sofia", LastName: "Eriksson"}, read("first_name", "ANNA MARIA S", "names_truncated", "true"), []string{"last_name", "first_name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			findings, reasons := document.Compare(tt.given, tt.read)
			var got []string
			bad := 0
			for _, f := range findings {
				if !f.OK {
					f.Name = "-" + f.Name
					bad++
				}
				got = append(got, f.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if len(reasons) != bad {
				t.Errorf("%d reasons for %d differences: %v", len(reasons), bad, reasons)
			}
		})
	}
}
