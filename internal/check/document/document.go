package document

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// The name and version that results carry.
const (
	Provider = "document"
	Version  = "mrz-1"
)

// Config is what the check needs. Its zero value is ready to use.
type Config struct {
	// Intake decodes the pictures; share one per process, since it bounds memory.
	Intake *picture.Intake
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the document check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.Intake == nil {
		config.Intake = picture.New(picture.Config{})
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckDocument.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckDocument }

// Check reads the document. A picture that cannot be read is a result with a reason, never an error; an error means that a
// file could not be fetched.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	v := newVerdict()
	var sides []side
	for _, kind := range []usher.EvidenceKind{usher.DocumentFront, usher.DocumentBack} {
		file, ok := in.Find(kind)
		if !ok {
			continue
		}
		v.result.EvidenceIDs = append(v.result.EvidenceIDs, file.ID)
		s, err := c.look(ctx, file, in.Now)
		if err != nil {
			return usher.CheckResult{}, err
		}
		sides = append(sides, s)
	}
	if len(sides) == 0 {
		v.notRun(usher.DocumentSideMissing)
	} else {
		v.judge(in, sides)
	}
	v.result.DurationMS = c.config.Now().Sub(started).Milliseconds()
	return v.result, nil
}

// verdict collects a result. Its outcome starts as clear and only ever gets worse.
type verdict struct{ result usher.CheckResult }

func newVerdict() *verdict {
	return &verdict{usher.CheckResult{
		Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified, Provider: Provider, Version: Version,
		NotExamined: []string{"authenticity", "security_features", "photo_substitution", "printed_fields", "chip", "screen_capture"},
	}}
}

// examined notes what was looked at.
func (v *verdict) examined(ids ...string) { v.result.Examined = append(v.result.Examined, ids...) }

// consider gives a ground for a person to look. The same ground is given once.
func (v *verdict) consider(code usher.ReasonCode, field string) {
	v.reason(code, field)
	if v.result.Outcome == usher.Clear {
		v.result.Outcome = usher.Consider
	}
}

// refuse gives a ground that holds by rule.
func (v *verdict) refuse(code usher.ReasonCode, field string) {
	v.reason(code, field)
	v.result.Outcome = usher.Refuse
}

func (v *verdict) notRun(code usher.ReasonCode) {
	v.reason(code, "")
	v.result.Outcome, v.result.Assurance, v.result.Score = usher.NotRun, "", 0
}

func (v *verdict) reason(code usher.ReasonCode, field string) {
	reason := usher.Reason{Code: code, Check: v.result.Kind, Field: field}
	if !slices.Contains(v.result.Reasons, reason) {
		v.result.Reasons = append(v.result.Reasons, reason)
	}
}

func (v *verdict) finding(f usher.Finding) { v.result.Findings = append(v.result.Findings, f) }

// judge applies the rules to what the sides show.
func (v *verdict) judge(in usher.CheckInput, sides []side) {
	v.examined("picture")
	v.pictures(sides)
	v.missingSide(in, sides)
	best := bestReading(sides)
	if best == nil {
		v.unread(in, sides)
		return
	}
	v.examined("mrz_check_digits", "document_type", "expiry", "issuer")
	v.result.Score = best.reading.Score
	v.result.Fields = fieldsOf(best.reading)
	v.digits(best)
	v.oneDocument(sides)
	v.documentType(in, best.reading)
	v.issuer(in, best.reading)
	v.expiry(in, best.reading)
	if comparesHere(in.Session.Flow) {
		v.compare(in)
	}
	v.unsure(best.reading, agreeing(in, v.result.Fields))
	if v.result.Outcome != usher.Clear {
		v.advice(sides)
	}
}

// bestReading returns the side with the most trustworthy zone, or nil.
func bestReading(sides []side) *side {
	var best *side
	for i := range sides {
		s := &sides[i]
		if !s.found {
			continue
		}
		if best == nil || cmp.Or(trust(s)-trust(best), cmp.Compare(s.reading.Score, best.reading.Score)) > 0 {
			best = s
		}
	}
	return best
}

func trust(s *side) int {
	if s.reading.DigitsAgree {
		return 1
	}
	return 0
}

// comparesHere reports whether the details must be compared by this check, because the flow has no other that does.
func comparesHere(flow usher.Flow) bool {
	return !slices.ContainsFunc(flow.Steps, func(s usher.Step) bool { return slices.Contains(s.Checks, usher.CheckConsistency) })
}
