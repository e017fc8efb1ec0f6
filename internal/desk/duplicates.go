package desk

import (
	"context"
	"strings"

	"github.com/usher-kyc/usher"
)

// duplicate is another applicant who showed the same, in words.
type duplicate struct {
	usher.Duplicate
	Name  string // "" when the applicant was erased
	State usher.State
	Words []string
}

// Searched tells whether anybody looked for others who showed the same.
func (c caseData) Searched() bool {
	for _, r := range c.S.Checks() {
		if r.Kind == usher.CheckDuplicate && (r.Outcome == usher.Clear || r.Outcome == usher.Consider) && r.Assurance != usher.Simulated {
			return true
		}
	}
	return false
}

// loadDuplicates reads who the others are. Results name them by id alone, so that nothing of an erased applicant is left in another's case.
func (d *Desk) loadDuplicates(ctx context.Context, v visit, _ people, data *caseData) error {
	for _, r := range data.S.Checks() {
		for _, other := range r.Duplicates {
			shown := duplicate{Duplicate: other}
			for _, kind := range other.Same {
				shown.Words = append(shown.Words, v.say.name("desk.examined.same_", string(kind)))
			}
			s, err := d.config.Service.Session(ctx, v.tenant.ID, other.SessionID)
			code, _ := told(err)
			if err != nil && code != usher.CodeGone && code != usher.CodeNotFound {
				return err
			}
			if err == nil {
				a, err := d.config.Service.Applicant(ctx, v.tenant.ID, other.ApplicantID)
				if err != nil {
					return err
				}
				shown.State, shown.Name = s.State, v.say.person(a)
			}
			data.Duplicates = append(data.Duplicates, shown)
		}
	}
	return nil
}

// found puts what a finding gave and read into words, where it is a stable word of a check and not a value.
func (w words) found(f usher.Finding) usher.Finding {
	switch {
	case strings.HasSuffix(f.Name, "_source"):
		f.Read = w.name("desk.source.", f.Read)
	case strings.HasSuffix(f.Name, "_barcode"):
		f.Read = w.name("desk.barcode.", f.Read)
	case strings.HasPrefix(f.Name, "digit_"):
		f.Read = w.name("desk.digit.", f.Read)
	case strings.HasSuffix(f.Name, "_sent_before"):
		kind, attempt, _ := strings.Cut(f.Read, ", ")
		f.Read = w.name("desk.evidence.", kind) + ", " + w.text("desk.attempt", "n", attempt)
	case f.Name == "sides_picture":
		f.Given, f.Read = w.name("desk.evidence.", f.Given), w.name("desk.evidence.", f.Read)
	case f.Name == "document_type" && f.Given != "":
		f.Given = w.documentType(f.Given)
	}
	return f
}
