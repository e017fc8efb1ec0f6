// Package age is the built-in provider of the age check: is the person old enough? It goes by the birth date that the
// document check read, and by the given one; where the two speak of different people the document wins, and a birth date
// that was only given makes an "assisted" result, since anybody can give one.
package age

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
)

// The name and version that results carry.
const (
	Provider = "age"
	Version  = "1"
)

// DefaultYears is the age of majority in most places.
const DefaultYears = 18

// fieldBirthDate is the name of the birth date in a document result's fields.
const fieldBirthDate = "date_of_birth"

// fromDocument marks what is said of the birth date that was read.
const fromDocument = "read"

// Config is what the check needs.
type Config struct {
	// Years is the least age in full years (default 18).
	Years int
	// Document reads the document, or nil to go by the given birth date alone.
	Document usher.Checker
}

// Checker is the age check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.Years <= 0 {
		config.Years = DefaultYears
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckAge.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckAge }

// Check counts full years at in.Now. An error is the document check's.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{Kind: usher.CheckAge, Outcome: usher.NotRun, Provider: Provider, Version: Version}
	var document usher.CheckResult
	if c.config.Document != nil {
		var err error
		if document, err = c.config.Document.Check(ctx, in); err != nil {
			return usher.CheckResult{}, fmt.Errorf("read the document: %w", err)
		}
	}
	given, read := string(in.Details.DateOfBirth), document.Fields[fieldBirthDate]
	if read != "" {
		result.Examined = append(result.Examined, "document_birth_date")
		result.Assurance, result.Score, result.EvidenceIDs = document.Assurance, document.Score, document.EvidenceIDs
		c.weigh(&result, fromDocument, complete(read, given), in.Now)
	} else {
		result.NotExamined = append(result.NotExamined, "document_birth_date")
	}
	if given != "" {
		result.Examined = append(result.Examined, "given_birth_date")
		if read == "" {
			result.Assurance = usher.Assisted
		}
		c.weigh(&result, "given", given, in.Now)
	}
	if given == "" && read == "" {
		result.Reasons = append(result.Reasons, usher.Reason{Code: usher.AgeUnknown, Check: usher.CheckAge})
	}
	return result, nil
}

// weigh adds what one birth date says. A second one can make the outcome worse and not better.
func (c *Checker) weigh(result *usher.CheckResult, source, date string, now time.Time) {
	latest, earliest := bounds(date)
	least, most := latest.YearsAt(now), earliest.YearsAt(now)
	outcome, code := usher.Clear, usher.ReasonCode("")
	switch {
	case least < 0 || most > oldest:
		outcome, code = usher.Consider, usher.AgeUnknown
	case most < c.config.Years:
		outcome, code = usher.Refuse, usher.Underage
		if result.Assurance != usher.Verified || source != fromDocument {
			// A date that may be misread, or that nobody proved, refuses nobody by itself.
			outcome = usher.Consider
		}
	case least < c.config.Years:
		outcome, code = usher.Consider, usher.AgeUnknown
	}
	result.Findings = append(result.Findings, usher.Finding{
		Name: "age_" + source, Given: fmt.Sprintf("at least %d", c.config.Years), Read: span(least, most), OK: outcome == usher.Clear,
	})
	if code != "" {
		result.Reasons = append(result.Reasons, usher.Reason{Code: code, Check: usher.CheckAge, Field: fieldBirthDate})
	}
	if worse(outcome, result.Outcome) {
		result.Outcome = outcome
	}
}

// oldest is more than any age on record; beyond it a date is a slip of the pen.
const oldest = 125

func worse(a, b usher.Outcome) bool {
	rank := map[usher.Outcome]int{usher.NotRun: 0, usher.Clear: 1, usher.Consider: 2, usher.Refuse: 3}
	return rank[a] > rank[b]
}

// bounds returns the latest and the earliest day that a date can mean: documents may leave the day or the month unknown.
func bounds(date string) (latest, earliest usher.Date) {
	switch len(date) {
	case len("2006"):
		return usher.Date(date + "-12-31"), usher.Date(date + "-01-01")
	case len("2006-01"):
		first, err := time.Parse("2006-01", date)
		if err != nil {
			return "", ""
		}
		return usher.Date(first.AddDate(0, 1, -1).Format(time.DateOnly)), usher.Date(date + "-01")
	}
	return usher.Date(date), usher.Date(date)
}

// complete takes the century of the given date when the rest agrees: a zone prints two digits of the year, which makes a
// child of a centenarian.
func complete(read, given string) string {
	const century = len("19")
	if len(given) == len("2006-01-02") && len(read) == len(given) && read[century:] == given[century:] {
		return given
	}
	return read
}

func span(least, most int) string {
	switch {
	case least < 0:
		return "unknown"
	case least == most:
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}
