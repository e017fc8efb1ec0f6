// Package registry is the built-in provider of the registry check: has the person's national number the form that its
// country gives such numbers, and does the birth date or sex inside it agree with what else is known?
//
// It asks no register, so it never says that a number exists or whose it is: its results are "assisted", and name
// number_existence and number_holder among what was not examined. Where an engine that does ask a register is set up
// (Config.Register, by the generic http provider), the verdict is that engine's, and the form is shown beside it.
package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/natid"
)

// The name and version that results carry.
const (
	Provider = "registry"
	Version  = "format-1"
)

// The names of fields and findings.
const (
	fieldNumber    = "national_id"
	fieldBirthDate = "date_of_birth" // also of a document result's fields
	fieldSex       = "sex"           // likewise
)

// Config is what the check needs. Its zero value looks at the form alone.
type Config struct {
	// Register asks a real register; the verdict is then its.
	Register usher.Checker
	// Document reads the document, for its birth date and sex; nil leaves them out.
	Document usher.Checker
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the registry check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckRegistry.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckRegistry }

// Check looks at the form of the number, and asks the register where there is one. An error is the register's or the
// document check's.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	form, err := c.form(ctx, in)
	if err != nil {
		return usher.CheckResult{}, err
	}
	if c.config.Register == nil {
		form.DurationMS = c.config.Now().Sub(started).Milliseconds()
		return form, nil
	}
	result, err := c.config.Register.Check(ctx, in)
	if err != nil {
		return usher.CheckResult{}, fmt.Errorf("ask the register: %w", err)
	}
	result.Findings = append(slices.Clone(form.Findings), result.Findings...)
	return result, nil
}

// form is the result of the built-in check.
func (c *Checker) form(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{
		Kind: usher.CheckRegistry, Outcome: usher.NotRun, Provider: Provider, Version: Version,
		NotExamined: []string{usher.NumberExistence, "number_holder"},
	}
	number := in.Details.NationalID
	countries := slices.DeleteFunc(countriesOf(in), func(country string) bool { return !natid.Supported(country) })
	if number == "" || len(countries) == 0 {
		result.Reasons = []usher.Reason{{Code: usher.NumberNotChecked, Check: usher.CheckRegistry, Field: fieldNumber}}
		result.NotExamined = append(result.NotExamined, "number_format")
		return result, nil
	}
	result.Outcome, result.Assurance, result.Score, result.Examined = usher.Clear, usher.Assisted, 1, []string{"number_format"}
	known, err := c.known(ctx, in)
	if err != nil {
		return usher.CheckResult{}, err
	}
	reading, why := read(countries, number, known, in.Now)
	if why != "" {
		result.Findings = []usher.Finding{{Name: fieldNumber, Given: number, Read: words(why, countries)}}
		consider(&result, usher.NumberMalformed, fieldNumber)
		return result, nil
	}
	result.Fields = map[string]string{fieldNumber: reading.Value, "national_id_country": reading.Country}
	result.Findings = []usher.Finding{{Name: fieldNumber, Given: number, Read: reading.Country + " " + reading.Kind + ", format valid", OK: true}}
	for _, date := range known.births {
		if !reading.Birth.Zero() {
			compare(&result, "national_id_birth_date", fieldBirthDate, date.Format(time.DateOnly), reading.Birth.String(), reading.Birth.Fits(date))
		}
	}
	if known.sex != "" && reading.Sex != "" {
		compare(&result, "national_id_sex", fieldSex, known.sex, reading.Sex, known.sex == reading.Sex)
	}
	return result, nil
}

// compare notes a comparison, and a reason where it fails.
func compare(result *usher.CheckResult, name, field, said, found string, ok bool) {
	result.Findings = append(result.Findings, usher.Finding{Name: name, Given: said, Read: found, OK: ok})
	if !ok {
		consider(result, usher.NumberDisagrees, field)
	}
}

func consider(result *usher.CheckResult, code usher.ReasonCode, field string) {
	reason := usher.Reason{Code: code, Check: usher.CheckRegistry, Field: field}
	if !slices.Contains(result.Reasons, reason) {
		result.Reasons = append(result.Reasons, reason)
	}
	result.Outcome, result.Score = usher.Consider, 0
}

// known is what else is known of the person.
type known struct {
	births []time.Time
	sex    string // "M", "F" or ""
}

// known gathers the birth date that was given, and birth date and sex of the document.
func (c *Checker) known(ctx context.Context, in usher.CheckInput) (known, error) {
	var k known
	if day := in.Details.DateOfBirth.Time(); !day.IsZero() {
		k.births = append(k.births, day)
	}
	if c.config.Document == nil {
		return k, nil
	}
	document, err := c.config.Document.Check(ctx, in)
	if err != nil {
		return k, fmt.Errorf("read the document: %w", err)
	}
	if day := usher.Date(document.Fields[fieldBirthDate]).Time(); !day.IsZero() && !slices.Contains(k.births, day) {
		k.births = append(k.births, day)
	}
	if sex := document.Fields[fieldSex]; sex == "M" || sex == "F" {
		k.sex = sex
	}
	return k, nil
}

// countriesOf lists the countries whose number it may be, likeliest first.
func countriesOf(in usher.CheckInput) []string {
	countries := []string{in.Details.Nationality}
	for _, step := range in.Session.Steps {
		if step.Document != nil {
			countries = append(countries, step.Document.Country)
		}
	}
	if in.Details.Address != nil {
		countries = append(countries, in.Details.Address.Country)
	}
	var once []string
	for _, country := range countries {
		if country = strings.ToUpper(country); country != "" && !slices.Contains(once, country) {
			once = append(once, country)
		}
	}
	return once
}

// read gives the reading of the first country whose number it can be, and rather one whose birth date fits. Otherwise the
// reason is that of the first country.
func read(countries []string, number string, k known, now time.Time) (natid.Reading, natid.Reason) {
	var first natid.Reading
	var why natid.Reason
	for _, country := range countries {
		reading, refused := natid.Check(country, number, now)
		switch {
		case refused != "":
			if why == "" {
				why = refused
			}
			continue
		case !slices.ContainsFunc(k.births, func(day time.Time) bool { return !reading.Birth.Fits(day) }):
			return reading, ""
		case first.Value == "":
			first = reading
		}
	}
	if first.Value != "" {
		return first, ""
	}
	return first, why
}

// words says why it is no number of the first country.
func words(why natid.Reason, countries []string) string {
	said := map[natid.Reason]string{
		natid.Length: "not as long as such numbers are", natid.Characters: "a letter or digit in the wrong place", natid.CheckDigit: "the check digit does not fit",
		natid.BadDate: "no possible date of birth in it", natid.Reserved: "a part that is never given out",
	}[why]
	return countries[0] + " " + strings.Join(natid.Kinds(countries[0]), " or ") + ": " + said
}
