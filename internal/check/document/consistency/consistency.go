// Package consistency is the built-in provider of the consistency check: is the document about the person whose details
// were given? It compares names, birth date and nationality with what the document check read, by the rules of
// document.Compare, and reads nothing by itself.
package consistency

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
)

// The name and version that results carry.
const (
	Provider = "consistency"
	Version  = "1"
)

// Config is what the check needs.
type Config struct {
	// Document reads the document; wrap it in document.Share and document.Earlier, so that it is not read again.
	Document usher.Checker
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the consistency check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckConsistency.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckConsistency }

// Check compares the details with the document. When nothing was read, or nothing was given that could be compared, the
// outcome is not_run. An error is the document check's.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	read, err := c.config.Document.Check(ctx, in)
	if err != nil {
		return usher.CheckResult{}, fmt.Errorf("read the document: %w", err)
	}
	findings, reasons := document.Compare(in.Details, read.Fields)
	result := usher.CheckResult{
		Kind: usher.CheckConsistency, Outcome: usher.Clear, Assurance: read.Assurance, Score: read.Score,
		Provider: Provider, Version: Version, Findings: findings, EvidenceIDs: read.EvidenceIDs,
		NotExamined: []string{"address", "email", "phone"},
	}
	for _, f := range findings {
		result.Examined = append(result.Examined, f.Name)
	}
	result.NotExamined = append(result.NotExamined, uncompared(in.Details, findings)...)
	for _, r := range reasons {
		r.Check = usher.CheckConsistency
		result.Reasons = append(result.Reasons, r)
		result.Outcome = usher.Consider
	}
	if len(findings) == 0 {
		result.Outcome, result.Assurance, result.Score = usher.NotRun, "", 0
		result.Reasons = []usher.Reason{{Code: usher.DocumentUnreadable, Check: usher.CheckConsistency}}
		result.NotExamined = append(result.NotExamined, "given_details")
	}
	result.DurationMS = c.config.Now().Sub(started).Milliseconds()
	return result, nil
}

// uncompared lists what was given and does not stand in what was read: a clear result says nothing of it.
func uncompared(given usher.Details, findings []usher.Finding) (fields []string) {
	for _, f := range []struct{ name, said string }{
		{document.FieldLastName, given.LastName},
		{document.FieldFirstName, given.FirstName},
		{document.FieldBirthDate, string(given.DateOfBirth)},
		{document.FieldNationality, given.Nationality},
		{document.FieldNational, given.NationalID},
	} {
		if f.said != "" && !slices.ContainsFunc(findings, func(found usher.Finding) bool { return found.Name == f.name }) {
			fields = append(fields, f.name)
		}
	}
	return fields
}
