package document

import (
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
