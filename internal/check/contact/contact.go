// Package contact is a provider of the contact check that asks nobody: can the e-mail address and the phone number be ones
// at all? It holds the address against RFC 5321 and the rules of host names, and the number against the numbering plans
// of the world (libphonenumber's data), without a look-up in any network.
//
// A plausible address may belong to somebody else or to nobody. Results are therefore "assisted", and name email_holder and
// phone_holder among what was not examined, except where the applicant entered a one-time code that was sent there: all that
// was given and proved so is "verified".
package contact

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// The name and version that results carry.
const (
	Provider = "contact"
	Version  = "plausible-1"
)

// Config is what the check needs. Its zero value is ready to use.
type Config struct {
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the contact check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckContact.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckContact }

// Check judges what was given; with neither, the outcome is not_run. It never fails.
func (c *Checker) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	r := &report{usher.CheckResult{
		Kind: usher.CheckContact, Outcome: usher.NotRun, Provider: Provider, Version: Version,
	}}
	if address := in.Details.Email; address != "" {
		why := email(address, in.Mode == usher.Live)
		r.judge("email", address, cmp.Or(why, "plausible"), why == "")
	}
	if number := in.Details.Phone; number != "" {
		p := phone(number)
		r.judge("phone", number, cmp.Or(p.why, "plausible"), p.why == "")
		if p.why == "" {
			r.result.Findings = append(r.result.Findings,
				usher.Finding{Name: "phone_region", Read: p.region, OK: true}, usher.Finding{Name: "phone_type", Read: p.kind, OK: true})
		}
	}
	r.proofs(in)
	r.result.DurationMS = c.config.Now().Sub(started).Milliseconds()
	return r.result, nil
}

// report collects a result.
type report struct{ result usher.CheckResult }

func (r *report) judge(field, given, read string, ok bool) {
	r.result.Assurance = usher.Assisted
	r.result.Examined = append(r.result.Examined, field+"_format")
	r.result.Findings = append(r.result.Findings, usher.Finding{Name: field, Given: given, Read: read, OK: ok})
	if !ok {
		r.result.Reasons = append(r.result.Reasons, usher.Reason{Code: usher.ContactImplausible, Check: usher.CheckContact, Field: field})
	}
	bad := slices.ContainsFunc(r.result.Findings, func(f usher.Finding) bool { return !f.OK })
	r.result.Outcome, r.result.Score = usher.Clear, 1
	if bad {
		r.result.Outcome, r.result.Score = usher.Consider, 0
	}
}

// proofs notes which of what was given the applicant proved to be theirs, by a code. A sandbox's proof proves nothing.
func (r *report) proofs(in usher.CheckInput) {
	proved := r.result.Outcome != usher.NotRun
	for _, channel := range usher.Channels() {
		holder := string(channel) + "_holder"
		if reach := in.Details.Reach(channel); reach != "" && slices.ContainsFunc(in.Session.Steps, func(st usher.StepStatus) bool {
			p, ok := st.Proof(channel)
			return ok && !p.Simulated && p.Address == reach
		}) {
			r.result.Examined = append(r.result.Examined, holder)
			r.result.Findings = append(r.result.Findings, usher.Finding{Name: string(channel) + "_code", Given: reach, Read: "code entered", OK: true})
			continue
		} else if reach != "" {
			proved = false
		}
		r.result.NotExamined = append(r.result.NotExamined, holder)
	}
	if proved {
		r.result.Assurance = usher.Verified
	}
}
