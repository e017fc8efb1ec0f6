package document

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/mrz"
)

// TestUnsure is of the inside, because no drawn document can be made to be unsure in one chosen field.
func TestUnsure(t *testing.T) {
	t.Parallel()
	whole := mrz.Document{Surname: "ERIKSSON", BirthDate: mrz.Date{Year: 1974, Month: 8, Day: 12}}
	nameless, yearOnly := whole, whole
	nameless.Surname = ""
	yearOnly.BirthDate = mrz.Date{Year: 1974}
	tests := []struct {
		name    string
		reading mrz.Reading
		agreed  map[string]bool
		want    string // the field that is named, or ""
	}{
		{"sure", mrz.Reading{Document: whole}, nil, ""},
		{"no surname", mrz.Reading{Document: nameless}, nil, "last_name"},
		{"birth year only", mrz.Reading{Document: yearOnly}, nil, "date_of_birth"},
		{"shaky name", mrz.Reading{Document: whole, Unsure: []mrz.Field{mrz.FieldGivenNames}}, nil, "first_name"},
		{"shaky name that agrees", mrz.Reading{Document: whole, Unsure: []mrz.Field{mrz.FieldGivenNames}}, map[string]bool{"first_name": true}, ""},
		{"shaky name that differs", mrz.Reading{Document: whole, Unsure: []mrz.Field{mrz.FieldGivenNames}}, map[string]bool{"first_name": false}, "first_name"},
		{"shaky data that nobody asks for", mrz.Reading{Document: whole, Unsure: []mrz.Field{mrz.FieldOptional1}}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVerdict()
			v.unsure(tt.reading, tt.agreed)
			if tt.want == "" {
				if v.result.Outcome != usher.Clear || len(v.result.Reasons) != 0 {
					t.Errorf("%s %v, want clear", v.result.Outcome, v.result.Reasons)
				}
				return
			}
			if v.result.Outcome != usher.Consider || len(v.result.Reasons) != 1 || v.result.Reasons[0].Field != tt.want {
				t.Errorf("%s %v, want consider for %s", v.result.Outcome, v.result.Reasons, tt.want)
			}
		})
	}
}

// TestNumberForms is of the inside: drawing a document for each country would take minutes.
func TestNumberForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		issuer, code, number string
		kind                 usher.DocumentType
		known, fits          bool
	}{
		{"D", "P", "C01X00T47", usher.Passport, true, true},
		{"D", "P", "C01X00A47", usher.Passport, true, false},
		{"D", "ID", "L01X00T47", usher.IDCard, true, true},
		{"D", "AR", "Y12345678", usher.IDCard, false, false},
		{"SWE", "P", "59000002", usher.Passport, true, true},
		{"LTU", "P", "LC311925", usher.Passport, true, true},
		{"BRA", "P", "FA000000", usher.Passport, true, true},
		{"BRA", "P", "F0000000", usher.Passport, true, false},
		{"MEX", "P", "G12345678", usher.Passport, true, true},
		{"ESP", "ID", "CAA000000", usher.IDCard, true, true},
		{"GBR", "P", "925076473", usher.Passport, true, true},
		{"CAN", "P", "A123456AA", usher.Passport, true, true},
		{"UTO", "P", "L898902C3", usher.Passport, false, false},
		{"USA", "DL", "012345678", usher.DrivingLicence, false, false},
	}
	for _, tt := range tests {
		form, known := numberForm(tt.issuer, tt.kind, tt.code)
		if known != tt.known || (known && form.MatchString(tt.number) != tt.fits) {
			t.Errorf("%s %s %s: known %v, want %v, fitting %v", tt.issuer, tt.code, tt.number, known, tt.known, tt.fits)
		}
	}
	for _, table := range []string{passportNumbers, cardNumbers} {
		for line := range strings.Lines(strings.TrimSpace(table)) {
			country, form, _ := strings.Cut(strings.TrimSpace(line), " ")
			if _, known := countryOf(country); !known {
				t.Errorf("%q is no country", country)
			}
			if _, err := regexp.Compile(form); err != nil {
				t.Errorf("%s: %v", country, err)
			}
		}
	}
}

func TestSampleNumbers(t *testing.T) {
	t.Parallel()
	for _, sample := range []string{"UTO/L898902C3", "D/C01X00T47", "NLD/SPECI2014", "SWE/00000000", "EST/K0000000", "ITA/XXXXX0000"} {
		if issuer, number, _ := strings.Cut(sample, "/"); !sampleNumber(issuer, number) {
			t.Errorf("%s is not known", sample)
		}
	}
	for _, real := range []string{"SWE/L898902C3", "D/C01X00T48", "SWE/87654321", "GBR/100000000", "FRA/", "ITA/AB"} {
		if issuer, number, _ := strings.Cut(real, "/"); sampleNumber(issuer, number) {
			t.Errorf("%s is taken for a sample", real)
		}
	}
}

// TestTornBarcodeIsNotExamined holds that a code which is there and cannot be read is not passed over.
func TestTornBarcodeIsNotExamined(t *testing.T) {
	t.Parallel()
	for _, torn := range []bool{true, false} {
		v := newVerdict()
		v.barcodes([]side{{kind: usher.DocumentFront, torn: torn}, {kind: usher.DocumentBack, other: true}})
		if slices.Contains(v.result.NotExamined, "barcode") != torn {
			t.Errorf("torn %t: not examined %v", torn, v.result.NotExamined)
		}
	}
}
