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
	Version  = "2"
)

// Config is what the check needs. Its zero value is ready to use.
type Config struct {
	// Intake decodes the pictures; share one per process, since it bounds memory.
	Intake *picture.Intake
	// PictureTime bounds what is done with one picture (default DefaultPictureTime).
	PictureTime time.Duration
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
	if config.PictureTime <= 0 {
		config.PictureTime = DefaultPictureTime
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
		if err := c.compareEarlier(ctx, v, in, sides); err != nil {
			return usher.CheckResult{}, err
		}
		v.close()
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
	if kind := usher.EvidenceKind(field); kind == usher.DocumentFront || kind == usher.DocumentBack {
		reason.Evidence = kind
	}
	if !slices.Contains(v.result.Reasons, reason) {
		v.result.Reasons = append(v.result.Reasons, reason)
	}
}

func (v *verdict) finding(f usher.Finding) { v.result.Findings = append(v.result.Findings, f) }

// judge applies the rules to what the sides show.
func (v *verdict) judge(in usher.CheckInput, sides []side) {
	v.examined("picture", "editing_traces")
	v.pictures(sides)
	v.provenance(in, sides)
	v.missingSide(in, sides)
	v.barcodes(sides)
	best, licence := bestReading(sides), bestLicence(sides)
	switch {
	case best != nil:
		v.zone(in, sides, best)
	case licence != nil:
		v.barcode(in, sides, licence)
	default:
		v.unread(in, sides)
	}
}

// zone judges a document by its machine readable zone, and by what stands on its other side.
func (v *verdict) zone(in usher.CheckInput, sides []side, best *side) {
	v.examined("mrz_check_digits")
	v.result.Score = best.reading.Score
	v.result.Fields = fieldsOf(best.reading)
	v.digits(best)
	v.oneDocument(sides, best)
	f := factsOfZone(best.reading)
	v.facts(in, f)
	for i := range sides {
		// Whichever zone was read best: each must be one of the document that was asked for.
		if s := &sides[i]; s.found && s != best && !fits(in, factsOfZone(s.reading)) {
			v.consider(usher.DocumentWrongType, "document_type")
		}
	}
	v.unsure(best.reading, agreeing(in, v.result.Fields))
	if v.result.Outcome != usher.Clear {
		v.advice(sides)
	}
}

// barcode judges a document of which only the barcode was read. Nothing of what is printed was held against it, so the result informs a person.
func (v *verdict) barcode(in usher.CheckInput, sides []side, s *side) {
	v.examined("barcode")
	v.result.NotExamined = append(v.result.NotExamined, "mrz_check_digits")
	v.result.Assurance, v.result.Score = usher.Assisted, 1
	v.result.Fields = fieldsOfLicence(*s.licence)
	f := factsOfLicence(*s.licence)
	v.facts(in, f)
	if f.last == "" {
		v.consider(usher.DocumentUnsure, FieldLastName)
	}
	if f.birth == "" {
		v.consider(usher.DocumentUnsure, FieldBirthDate)
	}
	if v.result.Outcome != usher.Clear {
		v.advice(sides)
	}
}

// barcodes notes which were found and tell nothing. One that is no licence's is no fault: other countries print other things into theirs.
func (v *verdict) barcodes(sides []side) {
	if bestLicence(sides) == nil && slices.ContainsFunc(sides, func(s side) bool { return s.torn }) {
		v.result.NotExamined = append(v.result.NotExamined, "barcode")
	}
	for _, s := range sides {
		switch name := string(s.kind) + "_barcode"; {
		case s.torn:
			v.finding(usher.Finding{Name: name, Read: "not_read"})
		case s.other:
			v.finding(usher.Finding{Name: name, Read: "not_understood", OK: true})
		}
	}
}

// facts judges what a document says of itself, wherever it was read.
func (v *verdict) facts(in usher.CheckInput, f facts) {
	v.examined("document_type", "expiry", "issuer", "specimen")
	v.documentType(in, f)
	v.issuer(in, f)
	v.specimen(in, f)
	v.number(f)
	v.validity(in.Now, f)
	v.age(in.Now, f)
	if comparesHere(in.Session.Flow) {
		v.compare(in)
	}
}

// close says what the outcome is worth: where nothing but a heuristic stands against the document, the result is a heuristic's.
func (v *verdict) close() {
	if v.result.Outcome == usher.Consider && !slices.ContainsFunc(v.result.Reasons, func(r usher.Reason) bool { return r.Code != usher.DocumentEdited }) {
		v.result.Assurance = usher.Assisted
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

// bestLicence returns the first side with a barcode that was read, or nil.
func bestLicence(sides []side) *side {
	for i := range sides {
		if sides[i].licence != nil {
			return &sides[i]
		}
	}
	return nil
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
