package consistency_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document/consistency"
)

// read answers as a document check that read these fields.
type read struct {
	result usher.CheckResult
	err    error
}

func (r read) Kind() usher.CheckKind { return usher.CheckDocument }

func (r read) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return r.result, r.err
}

func TestCheck(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"last_name": "ERIKSSON", "first_name": "ANNA MARIA", "date_of_birth": "1974-08-12"}
	sure := usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified, Score: 0.9, Fields: fields, EvidenceIDs: []string{"e1"}}
	shaky := sure
	shaky.Assurance = usher.Assisted
	nothing := usher.CheckResult{Outcome: usher.Consider, Assurance: usher.Assisted}
	away := errors.New("store is away")
	tests := []struct {
		name      string
		read      read
		given     usher.Details
		outcome   usher.Outcome
		assurance usher.Assurance
		reasons   []usher.ReasonCode
	}{
		{"agrees", read{result: sure}, usher.Details{FirstName: "Anna", LastName: "Eriksson", DateOfBirth: "1974-08-12"}, usher.Clear, usher.Verified, nil},
		{"agrees with a shaky reading", read{result: shaky}, usher.Details{LastName: "Eriksson"}, usher.Clear, usher.Assisted, nil},
		{"differs", read{result: sure}, usher.Details{LastName: "Berg", DateOfBirth: "1974-08-12"}, usher.Consider, usher.Verified, []usher.ReasonCode{usher.NameMismatch}},
		{"nothing read", read{result: nothing}, usher.Details{LastName: "Eriksson"}, usher.NotRun, "", []usher.ReasonCode{usher.DocumentUnreadable}},
		{"nothing given", read{result: sure}, usher.Details{}, usher.NotRun, "", []usher.ReasonCode{usher.DocumentUnreadable}},
		{"reader away", read{err: away}, usher.Details{LastName: "Eriksson"}, "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := consistency.New(consistency.Config{Document: tt.read}).Check(t.Context(), usher.CheckInput{Details: tt.given})
			if !errors.Is(err, tt.read.err) || got.Outcome != tt.outcome || got.Assurance != tt.assurance {
				t.Errorf("%s %s, %v; want %s %s, %v", got.Outcome, got.Assurance, err, tt.outcome, tt.assurance, tt.read.err)
			}
			var codes []usher.ReasonCode
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
				if r.Check != usher.CheckConsistency {
					t.Errorf("reason %s is of check %q", r.Code, r.Check)
				}
			}
			if !slices.Equal(codes, tt.reasons) {
				t.Errorf("reasons %v, want %v", codes, tt.reasons)
			}
		})
	}
}

// TestWhatWasNotCompared holds that a detail which the document does not have is told as such, beside those that agree.
func TestWhatWasNotCompared(t *testing.T) {
	t.Parallel()
	document := read{result: usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified, Fields: map[string]string{"date_of_birth": "1974-08-12"}}}
	given := usher.Details{LastName: "Eriksson", DateOfBirth: "1974-08-12", NationalID: "197408122384"}
	got, err := consistency.New(consistency.Config{Document: document}).Check(t.Context(), usher.CheckInput{Details: given})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"last_name", "national_id"} {
		if !slices.Contains(got.NotExamined, field) || slices.Contains(got.Examined, field) {
			t.Errorf("%s: examined %v, not examined %v", field, got.Examined, got.NotExamined)
		}
	}
	if slices.Contains(got.NotExamined, "date_of_birth") || slices.Contains(got.NotExamined, "first_name") {
		t.Errorf("not examined %v", got.NotExamined)
	}
}
