package age_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/age"
)

// read answers as a document check that read this birth date.
type read struct {
	date      string
	assurance usher.Assurance
	err       error
}

func (r read) Kind() usher.CheckKind { return usher.CheckDocument }

func (r read) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{Kind: usher.CheckDocument, Assurance: r.assurance}
	if r.date != "" {
		result.Fields = map[string]string{"date_of_birth": r.date}
	}
	return result, r.err
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const verified, assisted = usher.Verified, usher.Assisted
	away := errors.New("store is away")
	tests := []struct {
		name      string
		given     usher.Date
		document  usher.Checker
		years     int
		outcome   usher.Outcome
		assurance usher.Assurance
		reason    usher.ReasonCode
		err       error
	}{
		{"grown up, read and given", "1974-08-12", read{"1974-08-12", verified, nil}, 0, usher.Clear, verified, "", nil},
		{"grown up, read", "", read{"1974-08-12", verified, nil}, 0, usher.Clear, verified, "", nil},
		{"grown up, said", "1974-08-12", nil, 0, usher.Clear, assisted, "", nil},
		{"grown up, said, nothing read", "1974-08-12", read{}, 0, usher.Clear, assisted, "", nil},
		{"birthday today", "", read{"2008-11-22", verified, nil}, 0, usher.Clear, verified, "", nil},
		{"birthday tomorrow", "", read{"2008-11-23", verified, nil}, 0, usher.Refuse, verified, usher.Underage, nil},
		{"child by a shaky reading", "", read{"2010-01-01", assisted, nil}, 0, usher.Consider, assisted, usher.Underage, nil},
		{"child by own word", "2010-01-01", nil, 0, usher.Consider, assisted, usher.Underage, nil},
		{"says grown up, document says child", "1990-01-01", read{"2010-01-01", verified, nil}, 0, usher.Refuse, verified, usher.Underage, nil},
		{"says child, document says grown up", "2010-01-01", read{"1974-08-12", verified, nil}, 0, usher.Consider, verified, usher.Underage, nil},
		{"year read, old enough in any case", "", read{"2007", verified, nil}, 0, usher.Clear, verified, "", nil},
		{"year read, may be old enough", "", read{"2008", verified, nil}, 0, usher.Consider, verified, usher.AgeUnknown, nil},
		{"month read, too young in any case", "", read{"2008-12", verified, nil}, 0, usher.Refuse, verified, usher.Underage, nil},
		{"centenarian", "1920-05-01", read{"2020-05-01", verified, nil}, 0, usher.Clear, verified, "", nil},
		{"nothing known", "", read{}, 0, usher.NotRun, "", usher.AgeUnknown, nil},
		{"not a date", "yesterday", nil, 0, usher.Consider, assisted, usher.AgeUnknown, nil},
		{"slip of the pen", "1074-08-12", nil, 0, usher.Consider, assisted, usher.AgeUnknown, nil},
		{"born tomorrow", "2026-11-23", nil, 0, usher.Consider, assisted, usher.AgeUnknown, nil},
		{"higher limit", "2006-01-01", nil, 21, usher.Consider, assisted, usher.Underage, nil},
		{"reader away", "1974-08-12", read{err: away}, 0, "", "", "", away},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := usher.CheckInput{Details: usher.Details{DateOfBirth: tt.given}, Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
			got, err := age.New(age.Config{Years: tt.years, Document: tt.document}).Check(t.Context(), in)
			if !errors.Is(err, tt.err) || got.Outcome != tt.outcome || got.Assurance != tt.assurance {
				t.Errorf("%s %s, %v; want %s %s, %v", got.Outcome, got.Assurance, err, tt.outcome, tt.assurance, tt.err)
			}
			var reason usher.ReasonCode
			if len(got.Reasons) > 0 {
				reason = got.Reasons[0].Code
			}
			if reason != tt.reason {
				t.Errorf("reason %q, want %q", reason, tt.reason)
			}
		})
	}
}
