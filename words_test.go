package usher_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

func TestReasonsHaveAClass(t *testing.T) {
	t.Parallel()
	classes := []usher.ReasonClass{usher.Final, usher.Retry, usher.Mismatch, usher.Notice}
	for _, code := range usher.ReasonCodes() {
		class, ok := code.Class()
		if !ok || !slices.Contains(classes, class) || class != (usher.Reason{Code: code}).Class() {
			t.Errorf("%s is of class %q", code, class)
		}
	}
	if class := (usher.Reason{Code: "because"}).Class(); class != usher.Final {
		t.Errorf("an unknown reason is of class %q", class)
	}
	if !slices.Contains(usher.ReasonCodes(), usher.DocumentBlurred) || !slices.IsSorted(usher.ReasonCodes()) {
		t.Error("the list of reasons is short, or not sorted")
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := usher.Staff{ID: "m", Role: usher.RoleSenior}
	if s.Actor() != (usher.Actor{Kind: usher.ByStaff, ID: "m", Role: usher.RoleSenior}) {
		t.Errorf("actor %v", s.Actor())
	}
	c := usher.APIClient{Scopes: []usher.Scope{usher.ScopeRead}}
	if !c.Has(usher.ScopeRead) || c.Has(usher.ScopeDecide) {
		t.Error("a client has other scopes than it was given")
	}
}

func TestEndpointWants(t *testing.T) {
	t.Parallel()
	approved := []usher.EventType{usher.SessionApproved}
	for name, tt := range map[string]struct {
		e    usher.Endpoint
		want bool
	}{
		"all by default":        {usher.Endpoint{Dialect: "native"}, true},
		"all by star":           {usher.Endpoint{Dialect: "native", Events: []usher.EventType{"*"}}, true},
		"the one":               {usher.Endpoint{Dialect: "native", Events: approved}, true},
		"another":               {usher.Endpoint{Dialect: "native", Events: []usher.EventType{usher.SessionRejected}}, false},
		"of another dialect":    {usher.Endpoint{Dialect: "ondato", Events: approved}, false},
		"of any":                {usher.Endpoint{Dialect: "ondato", AnyOrigin: true}, true},
		"disabled":              {usher.Endpoint{Dialect: "native", Disabled: "failing"}, false},
		"disabled, of any, all": {usher.Endpoint{AnyOrigin: true, Disabled: "failing", Events: []usher.EventType{"*"}}, false},
	} {
		if got := tt.e.Wants("native", usher.SessionApproved); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("of Eriksson")
	e := &usher.Error{Code: usher.CodeInternal, Message: "try again", Err: cause}
	if !errors.Is(e, cause) || e.Error() != "internal: try again" {
		t.Errorf("%v", e)
	}
	if got := usher.Invalid("email", "must have one %s", "@").Error(); got != "invalid: email: must have one @" {
		t.Error(got)
	}
	if usher.NotFound("session").Error() != "not_found: no such session" {
		t.Error("a thing that is not there gives itself away")
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"1990-04-17": true, "2024-02-29": true, "2023-02-29": false, "1990-4-17": false, "": false, "17.04.1990": false, "1990-13-01": false,
		"1990-04-17T00:00:00Z": false, "0000-00-00": false,
	} {
		d, err := usher.ParseDate(in)
		if (err == nil) != ok || (ok && string(d) != in) || (!ok && codeOf(err) != usher.CodeInvalid) {
			t.Errorf("%q: %q, %v", in, d, err)
		}
	}
	day := func(s string) time.Time { return usher.Date(s).Time() }
	for _, tt := range []struct {
		born usher.Date
		now  string
		want int
	}{
		{"2008-03-02", "2026-03-01", 17},
		{"2008-03-02", "2026-03-02", 18},
		{"2008-02-29", "2026-02-28", 17},
		{"2008-02-29", "2026-03-01", 18},
		{"2026-03-02", "2026-03-01", -1},
		{"", "2026-03-02", -1},
		{"nonsense", "2026-03-02", -1},
	} {
		if got := tt.born.YearsAt(day(tt.now)); got != tt.want {
			t.Errorf("born %s, on %s: %d years, want %d", tt.born, tt.now, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Unix(rapid.Int64Range(-2e9, 4e9).Draw(t, "second"), 0).UTC()
		if parsed, err := usher.ParseDate(d.Format(time.DateOnly)); err != nil || parsed.Time().Format(time.DateOnly) != string(parsed) {
			t.Fatalf("%v: %v, %v", d, parsed, err)
		}
	})
}

func person() usher.Applicant {
	return usher.Applicant{ID: "a", TenantID: "t", Reference: "planted-reference", Details: usher.Details{
		FirstName: "Planted-Anna", LastName: "Planted-Eriksson", DateOfBirth: "1990-04-17", Email: "planted@example.test", Phone: "46700000000",
		Address: &usher.Address{Country: "SE", Street: "Planted street 1", City: "Stockholm", PostalCode: "111 11"},
	}}
}

func TestApplicant(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	a, events := person().Created(client, now)
	email, same, moved := "new@example.test", "46700000000", usher.Address{Country: "SE", Street: "Elsewhere 2", City: "Lund", PostalCode: "222 22"}
	for name, tt := range map[string]struct {
		change func(usher.Applicant) (usher.Applicant, []usher.Event, error)
		fields []string
		code   usher.Code
	}{
		"patch of nothing": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			return a.Update(usher.ApplicantPatch{}, client, now)
		}, nil, usher.CodeInvalid},
		"patch that changes nothing": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			return a.Update(usher.ApplicantPatch{Phone: &same, Address: a.Details.Address}, client, now)
		}, nil, ""},
		"patch": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			return a.Update(usher.ApplicantPatch{Email: &email, Phone: &same, Address: &moved}, client, now)
		}, []string{"email", "address"}, ""},
		"told": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			a, events := a.Tell(usher.Details{FirstName: "Annika", Nationality: "SE", LastName: a.Details.LastName}, applicant, now)
			return a, events, nil
		}, []string{"first_name", "nationality"}, ""},
		"told nothing": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			a, events := a.Tell(usher.Details{}, applicant, now)
			return a, events, nil
		}, nil, ""},
		"told after erasure": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			a.Erased, a.Details = true, usher.Details{}
			a, events := a.Tell(usher.Details{FirstName: "Annika"}, applicant, now)
			if a.Details != (usher.Details{}) {
				t.Error("an erased applicant is known again")
			}
			return a, events, nil
		}, nil, ""},
		"patch after erasure": {func(a usher.Applicant) (usher.Applicant, []usher.Event, error) {
			a.Erased = true
			return a.Update(usher.ApplicantPatch{Email: &email}, client, now)
		}, nil, usher.CodeGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, events, err := tt.change(a)
			if codeOf(err) != tt.code || int64(len(events)) != got.Version-a.Version || len(events) > 1 {
				t.Fatalf("%v, %d events, version %d", err, len(events), got.Version)
			}
			if len(events) == 0 {
				return
			}
			if e := events[0]; !slices.Equal(e.Data.Fields, tt.fields) || e.Sequence != got.Version || e.Type != usher.ApplicantUpdated {
				t.Errorf("told %s of %v, sequence %d", e.Type, e.Data.Fields, e.Sequence)
			}
		})
	}
	if len(events) != 1 || events[0].Type != usher.ApplicantCreated || a.Version != 1 || a.Details.Address.City != "Stockholm" {
		t.Errorf("created: %v, version %d", events, a.Version)
	}
	erased, events, err := a.Erase(client, now)
	if err != nil || events[0].Type != usher.ApplicantErased || !erased.Erased || erased.Reference != "" || erased.Details != (usher.Details{}) {
		t.Errorf("erased: %v", err)
	}
	if _, _, err := erased.Erase(client, now); codeOf(err) != usher.CodeGone {
		t.Errorf("erased twice: %v", err)
	}
}

func TestPatchKeepsNothingOfTheCaller(t *testing.T) {
	t.Parallel()
	address := usher.Address{City: "Lund"}
	a, _, err := person().Update(usher.ApplicantPatch{Address: &address}, client, time.Time{})
	address.City = "Malmö"
	if err != nil || a.Details.Address.City != "Lund" {
		t.Errorf("%v, city %s", err, a.Details.Address.City)
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	all := person().Details
	all.Nationality = "SE"
	if diff := cmp.Diff(usher.DetailFields(), all.Given()); diff != "" {
		t.Error(diff)
	}
	half := usher.Details{FirstName: "Anna", Email: "anna@example.test"}
	if got := half.Given(); len(got) != 0 {
		t.Errorf("half a name and half a contact are %v", got)
	}
}

// Personal data and secrets are planted in every member there is; no verb and no log may show them.
func TestNothingPersonalIsPrinted(t *testing.T) {
	t.Parallel()
	const plant = "planted"
	a := person()
	result := usher.CheckResult{
		Kind: usher.CheckDocument, Fields: map[string]string{"number": plant}, Findings: []usher.Finding{{Name: "last_name", Given: plant, Read: plant}},
	}
	s := usher.Session{
		ID: "s", Reference: plant, Note: plant, Facts: []usher.Correction{{Field: "number", Old: plant, New: plant}},
		Decision: &usher.Decision{Note: plant, Internal: plant}, Steps: []usher.StepStatus{{ID: "run", Checks: []usher.CheckResult{result}}},
	}
	data := usher.EventData{Start: &s, Result: &result, Note: plant, Facts: s.Facts, Decision: s.Decision}
	command := usher.Command{Note: plant, Internal: plant, Details: &a.Details, Results: []usher.CheckResult{result}}
	endpoint := usher.Endpoint{Secrets: []string{plant}, Auth: usher.EndpointAuth{Password: plant, Value: plant, ClientSecret: plant}}
	for name, v := range map[string]any{
		"applicant": a, "details": a.Details, "pointer": &a, "new": usher.NewApplicant{Reference: plant, Details: a.Details},
		"session": s, "result": result, "decision": *s.Decision, "event": usher.Event{Data: data}, "data": data, "command": command,
		"input": usher.CheckInput{Session: s, Details: a.Details}, "account": usher.Account{Name: plant, Number: plant, Beneficiary: plant},
		"endpoint": endpoint, "message": usher.Message{Body: []byte(plant)}, "link": usher.Link{Token: plant, URL: plant},
		"visit": usher.Visit{Token: plant, Session: s}, "token": usher.Token{Access: plant, Refresh: plant},
		"attempt": usher.DeliveryAttempt{Answer: plant}, "list": []usher.Session{s}, "map": map[string]usher.Details{"x": a.Details},
		"inside": struct{ A *usher.Applicant }{&a}, "view": usher.View{Applicant: a, Session: &s}, "page": usher.Page[usher.Session]{Items: []usher.Session{s}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(strings.ToLower(out), plant) || strings.Contains(out, fmt.Sprintf("%x", plant)) {
				t.Errorf("%s of %s shows %s", verb, name, out)
			}
		}
		if slices.Contains([]string{"list", "map", "inside", "view", "page"}, name) {
			continue // slog's JSON handler asks the outermost value alone, as the comment of Redacted says
		}
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(h).Info("look", "it", v, slog.Group("in", slog.Any("it", v)))
		}
		if strings.Contains(strings.ToLower(log.String()), plant) {
			t.Errorf("a log of %s shows %s", name, log.String())
		}
	}
}

func TestRedactedIsNotStored(t *testing.T) {
	t.Parallel()
	stored, err := json.Marshal(person())
	if err != nil || strings.Contains(string(stored), "Redacted") || !strings.Contains(string(stored), "Planted-Anna") {
		t.Errorf("%s, %v", stored, err)
	}
}
