package registry_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/registry"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// fixed answers always the same.
type fixed struct {
	kind   usher.CheckKind
	result usher.CheckResult
	err    error
}

func (f fixed) Kind() usher.CheckKind { return f.kind }

func (f fixed) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return f.result, f.err
}

func TestForm(t *testing.T) {
	t.Parallel()
	type want struct {
		outcome usher.Outcome
		reasons []string
		country string
	}
	swede := usher.Details{Nationality: "SE", NationalID: "640823-3234", DateOfBirth: "1964-08-23"}
	for name, tt := range map[string]struct {
		details  func(d usher.Details) usher.Details
		document map[string]string
		want     want
	}{
		"in order": {nil, nil, want{usher.Clear, nil, "SE"}},
		"document agrees": {
			nil, map[string]string{"date_of_birth": "1964-08-23", "sex": "M"}, want{usher.Clear, nil, "SE"},
		},
		"document of another sex": {
			nil, map[string]string{"date_of_birth": "1964-08-23", "sex": "F"}, want{usher.Consider, []string{"number_disagrees sex"}, "SE"},
		},
		"document of another day": {
			nil, map[string]string{"date_of_birth": "1964-08-24"}, want{usher.Consider, []string{"number_disagrees date_of_birth"}, "SE"},
		},
		"sex that the document leaves open": {nil, map[string]string{"sex": "X"}, want{usher.Clear, nil, "SE"}},
		"another birth date": {
			func(d usher.Details) usher.Details { d.DateOfBirth = "1965-08-23"; return d }, nil,
			want{usher.Consider, []string{"number_disagrees date_of_birth"}, "SE"},
		},
		"a slip": {
			func(d usher.Details) usher.Details { d.NationalID = "640823-3235"; return d }, nil,
			want{usher.Consider, []string{"number_malformed national_id"}, ""},
		},
		"no number": {
			func(d usher.Details) usher.Details { d.NationalID = ""; return d }, nil, want{usher.NotRun, []string{"number_not_checked national_id"}, ""},
		},
		"a country that is not known": {
			func(d usher.Details) usher.Details { d.Nationality = "VA"; return d }, nil,
			want{usher.NotRun, []string{"number_not_checked national_id"}, ""},
		},
		"number of the country of residence": {
			func(d usher.Details) usher.Details {
				d.Nationality, d.Address = "DE", &usher.Address{Country: "SE"}
				return d
			}, nil, want{usher.Clear, nil, "SE"},
		},
		"two countries have such numbers": { // Iceland's sum does not fit, and Denmark has none
			func(d usher.Details) usher.Details {
				return usher.Details{NationalID: "1705800101", Nationality: "IS", DateOfBirth: "1980-05-17", Address: &usher.Address{Country: "DK"}}
			}, nil, want{usher.Clear, nil, "DK"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := usher.CheckInput{Now: now, Details: swede}
			if tt.details != nil {
				in.Details = tt.details(swede)
			}
			c := registry.New(registry.Config{Document: fixed{kind: usher.CheckDocument, result: usher.CheckResult{Fields: tt.document}}})
			r, err := c.Check(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			got := want{r.Outcome, nil, r.Fields["national_id_country"]}
			for _, why := range r.Reasons {
				got.reasons = append(got.reasons, string(why.Code)+" "+why.Field)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Error(diff)
			}
			if r.Assurance == usher.Verified || !slices.Contains(r.NotExamined, usher.NumberExistence) {
				t.Error("the form of a number must never pass for a register's word")
			}
		})
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	in := usher.CheckInput{Now: now, Details: usher.Details{Nationality: "SE", NationalID: "640823-3235"}}
	said := usher.CheckResult{
		Kind: usher.CheckRegistry, Outcome: usher.Clear, Assurance: usher.Verified, Provider: "http", Findings: []usher.Finding{{Name: "last_name", OK: true}},
	}
	ask := func(f fixed) (usher.CheckResult, error) {
		return registry.New(registry.Config{Register: f}).Check(context.Background(), in)
	}
	r, err := ask(fixed{kind: usher.CheckRegistry, result: said})
	if err != nil || r.Outcome != usher.Clear || r.Provider != "http" || len(r.Findings) != 2 || r.Findings[0].OK {
		t.Errorf("the register's word counts, with the form beside it: %+v %v", r, err)
	}
	// What it answers that has yet to look must come through as it is.
	wait := &usher.Waiting{Until: now}
	var waiting *usher.Waiting
	if _, err := ask(fixed{kind: usher.CheckRegistry, err: wait}); !errors.As(err, &waiting) {
		t.Errorf("%v", err)
	}
	c := registry.New(registry.Config{Document: fixed{err: errors.New("the disk is gone")}})
	if _, err := c.Check(context.Background(), in); err == nil {
		t.Error("a document that cannot be fetched is an error")
	}
}
