// Package sandbox is the provider that judges evidence which a sandbox made up, and applicants with a magic name.
//
// Its results are marked "simulated" and carry the reason simulated_outcome. Everything is clear unless the session asks
// for something else, by the applicant's last name or in the words of its dialect (usher.SteerReject and the like). In a live tenant it answers not_run to everything, so that no mistake in the wiring can
// turn a made-up outcome into a real one.
package sandbox

import (
	"context"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// The name and version that results carry.
const (
	Provider = "sandbox"
	Version  = "1"
)

// Config is what the check needs.
type Config struct {
	// Kind is the kind of check to stand in for.
	Kind usher.CheckKind
}

// Checker stands in for one kind of check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the stand-in for one kind of check.
func New(config Config) *Checker { return &Checker{config: config} }

// All returns a stand-in for every kind of check.
func All() []usher.Checker {
	var all []usher.Checker
	for _, kind := range usher.CheckKinds() {
		all = append(all, New(Config{Kind: kind}))
	}
	return all
}

// Kind returns the kind it stands in for.
func (c *Checker) Kind() usher.CheckKind { return c.config.Kind }

// Check makes up a result. It looks at the details and at nothing else, and never fails.
func (c *Checker) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{
		Kind: c.config.Kind, Outcome: usher.NotRun, Provider: Provider, Version: Version, NotExamined: []string{"everything"},
	}
	if in.Mode != usher.Sandbox {
		return result, nil
	}
	result.Outcome, result.Assurance, result.Score = usher.Clear, usher.Simulated, 1
	for _, file := range in.Evidence {
		result.EvidenceIDs = append(result.EvidenceIDs, file.ID)
	}
	if c.config.Kind == usher.CheckDocument {
		result.Fields = madeUp(in)
	}
	c.steer(&result, in)
	c.reason(&result, usher.SimulatedOutcome)
	return result, nil
}

// steer changes the outcome as the session asks.
func (c *Checker) steer(result *usher.CheckResult, in usher.CheckInput) {
	if kind, ok := strings.CutPrefix(in.Steer, usher.SteerFail); ok && usher.CheckKind(kind) == c.config.Kind {
		result.Outcome, result.Score = usher.Refuse, 0
		c.reason(result, c.grave())
	}
	switch in.Steer {
	case usher.SteerReject:
		if c.config.Kind == firstCheck(in.Session.Flow) {
			result.Outcome, result.Score = usher.Refuse, 0
			c.reason(result, c.grave())
		}
	case usher.SteerReview:
		if c.config.Kind == firstCheck(in.Session.Flow) {
			result.Outcome, result.Score = usher.Consider, 0.5
			c.reason(result, usher.ManualReview)
		}
	case usher.SteerHit:
		if c.config.Kind == usher.CheckWatchlist {
			result.Outcome, result.Score = usher.Consider, 0
			c.reason(result, usher.WatchlistHit)
		}
	}
}

// grave is the reason with which a check of this kind would reject, so that a client sees what it would see in earnest.
func (c *Checker) grave() usher.ReasonCode {
	switch c.config.Kind {
	case usher.CheckDocument:
		return usher.DocumentSuspicious
	case usher.CheckFace:
		return usher.FaceDiffers
	case usher.CheckLiveness:
		return usher.LivenessFailed
	case usher.CheckAge:
		return usher.Underage
	case usher.CheckWatchlist:
		return usher.WatchlistHit
	}
	return usher.Policy
}

func (c *Checker) reason(result *usher.CheckResult, code usher.ReasonCode) {
	result.Reasons = append(result.Reasons, usher.Reason{Code: code, Check: c.config.Kind})
}

// firstCheck is the check that carries a steered outcome, so that one name has one ground in any flow.
func firstCheck(flow usher.Flow) usher.CheckKind {
	for _, step := range flow.Steps {
		if len(step.Checks) > 0 {
			return step.Checks[0]
		}
	}
	return ""
}

// madeUp are the fields of a document about whoever the details say, so that a client can see where they appear.
func madeUp(in usher.CheckInput) map[string]string {
	fields := map[string]string{
		"first_name": in.Details.FirstName, "last_name": in.Details.LastName, "date_of_birth": string(in.Details.DateOfBirth),
		"nationality": in.Details.Nationality, "issuer": "UTO", "number": "SPECIMEN1", "document_type": string(usher.Passport),
		"expiry": in.Now.AddDate(5, 0, 0).Format(time.DateOnly),
	}
	for _, step := range in.Session.Steps {
		if step.Document != nil && step.Document.Type != "" {
			fields["document_type"] = string(step.Document.Type)
		}
	}
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	return fields
}
