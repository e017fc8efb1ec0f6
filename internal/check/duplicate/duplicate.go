package duplicate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// The name and version that results carry.
const (
	Provider = "duplicate"
	Version  = "1"
)

// mostListed is how many other applicants a result names, those with most in common and the newest first.
const mostListed = 20

// Config is what the check needs. Its zero value knows pictures and details, and no documents.
type Config struct {
	// Document reads the document; wrap it so that it is not read again. nil goes by what was given alone.
	Document usher.Checker
	// Intake decodes the pictures; share one per process, since it bounds memory.
	Intake *picture.Intake
}

// Checker is the duplicate check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.Intake == nil {
		config.Intake = picture.New(picture.Config{})
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckDuplicate.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckDuplicate }

// Check asks who else showed the same. An error is the document check's, or says that a file or what is kept could not be read.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{
		Kind: usher.CheckDuplicate, Outcome: usher.NotRun, Provider: Provider, Version: Version, NotExamined: []string{"faces_of_others"},
	}
	var document usher.CheckResult
	if c.config.Document != nil {
		var err error
		if document, err = c.config.Document.Check(ctx, in); err != nil {
			return result, fmt.Errorf("read the document: %w", err)
		}
	}
	traits, err := c.traitsOf(ctx, in, document)
	if err != nil {
		return result, err
	}
	if len(traits) == 0 || in.Recognise == nil {
		result.NotExamined = append(result.NotExamined, "other_applicants")
		return result, nil
	}
	seen, err := in.Recognise(ctx, traits)
	if err != nil {
		return result, err
	}
	c.judge(&result, in, traits, closer(traits, seen))
	return result, nil
}

// closer leaves out what had a band in common and does not look alike.
func closer(traits []usher.Trait, seen []usher.Sighting) []usher.Sighting {
	return slices.DeleteFunc(slices.Clone(seen), func(s usher.Sighting) bool {
		if traits[s.Trait].Kind != usher.TraitLook {
			return false
		}
		mine, ok := picture.ParseLikeness(traits[s.Trait].Detail)
		other, okToo := picture.ParseLikeness(s.Detail)
		return !ok || !okToo || !mine.Same(other)
	})
}

// judge lists the others and what is the same. What is equal to the letter is verified; what only looks alike is a heuristic's word.
func (c *Checker) judge(result *usher.CheckResult, in usher.CheckInput, traits []usher.Trait, seen []usher.Sighting) {
	result.Outcome, result.Assurance, result.Score = usher.Clear, usher.Verified, 1
	for _, kind := range kinds() {
		has := slices.ContainsFunc(traits, func(t usher.Trait) bool { return t.Kind == kind })
		if id := "same_" + string(kind); has {
			result.Examined = append(result.Examined, id)
		} else {
			result.NotExamined = append(result.NotExamined, id)
		}
	}
	for _, file := range in.Evidence {
		if slices.ContainsFunc(traits, func(t usher.Trait) bool { return t.Evidence == file.ID }) {
			result.EvidenceIDs = append(result.EvidenceIDs, file.ID)
		}
	}
	result.Duplicates = gather(traits, seen)
	if len(result.Duplicates) == 0 {
		return
	}
	result.Outcome, result.Score, result.Assurance = usher.Consider, 0, usher.Assisted
	for _, kind := range kinds() {
		for _, d := range result.Duplicates {
			if !slices.Contains(d.Same, kind) {
				continue
			}
			result.Findings = append(result.Findings, usher.Finding{Name: "same_" + string(kind), Read: d.SessionID})
			if reason := (usher.Reason{Code: usher.PossibleDuplicate, Check: usher.CheckDuplicate, Field: field(kind)}); !slices.Contains(result.Reasons, reason) {
				result.Reasons = append(result.Reasons, reason)
			}
			if kind != usher.TraitLook {
				result.Assurance = usher.Verified
			}
		}
	}
	for _, d := range result.Duplicates {
		if d.OtherName {
			result.Findings = append(result.Findings, usher.Finding{Name: "other_name", Read: d.SessionID})
		}
	}
}

// kinds lists the kinds of trait, the weightiest first.
func kinds() []usher.TraitKind {
	return []usher.TraitKind{usher.TraitDocument, usher.TraitNational, usher.TraitPerson, usher.TraitPicture, usher.TraitLook}
}

// field is the detail that a reason is about.
func field(kind usher.TraitKind) string {
	switch kind {
	case usher.TraitDocument:
		return "number"
	case usher.TraitNational:
		return "national_id"
	case usher.TraitPerson:
		return "name"
	}
	return "picture"
}

// gather makes one entry of all that was seen of one other applicant.
func gather(traits []usher.Trait, seen []usher.Sighting) []usher.Duplicate {
	var list []usher.Duplicate
	for _, s := range seen {
		i := slices.IndexFunc(list, func(d usher.Duplicate) bool { return d.ApplicantID == s.ApplicantID })
		if i < 0 {
			i, list = len(list), append(list, usher.Duplicate{ApplicantID: s.ApplicantID})
		}
		d := &list[i]
		if s.At.After(d.At) || d.SessionID == "" {
			d.SessionID, d.At = s.SessionID, s.At
		}
		if kind := traits[s.Trait].Kind; !slices.Contains(d.Same, kind) {
			d.Same = append(d.Same, kind)
		}
	}
	named := slices.ContainsFunc(traits, func(t usher.Trait) bool { return t.Kind == usher.TraitPerson })
	order := kinds()
	for i := range list {
		same := list[i].Same
		slices.SortFunc(same, func(a, b usher.TraitKind) int { return slices.Index(order, a) - slices.Index(order, b) })
		number := slices.Contains(same, usher.TraitDocument) || slices.Contains(same, usher.TraitNational)
		list[i].OtherName = named && number && !slices.Contains(same, usher.TraitPerson)
	}
	slices.SortStableFunc(list, func(a, b usher.Duplicate) int { return cmp.Or(len(b.Same)-len(a.Same), b.At.Compare(a.At)) })
	return list[:min(len(list), mostListed)]
}
