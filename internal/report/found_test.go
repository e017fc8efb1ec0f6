package report_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// shownElsewhere is a duplicate check that finds another applicant.
type shownElsewhere struct{}

func (shownElsewhere) Kind() usher.CheckKind { return usher.CheckDuplicate }

func (shownElsewhere) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{
		Kind: usher.CheckDuplicate, Outcome: usher.Consider, Assurance: usher.Verified, Reasons: []usher.Reason{{Code: usher.PossibleDuplicate}},
		Duplicates: []usher.Duplicate{{ApplicantID: "applicant-7", SessionID: "session-9", Same: []usher.TraitKind{"document", "picture"}, OtherName: true}},
	}, nil
}

// TestFoundElsewhere holds that a report names who else showed the same, by id, and what codes have proved.
func TestFoundElsewhere(t *testing.T) {
	t.Parallel()
	h := open(t, enginetest.Config{Checkers: []usher.Checker{shownElsewhere{}}})
	h.Publish(h.Live.ID, "name: known\nsteps:\n  - contact: {verify: [email]}\n  - run: [duplicate]\n  - decide: {}\n")
	v, _, err := h.StartSession(t.Context(), h.Client(h.Live, "native"), usher.NewSession{
		Flow: "known", Applicant: &usher.NewApplicant{Details: usher.Details{FirstName: "Maja", LastName: "Lindqvist", Email: "maja@example.test"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Service.SendCode(t.Context(), v.TenantID, v.ID, usher.ByEmail, func(code string) (string, string) { return "", code }); err != nil {
		t.Fatal(err)
	}
	if v, err = h.Service.EnterCode(t.Context(), v.TenantID, v.ID, usher.ByEmail, h.Codes.Sent()[0].Text); err != nil {
		t.Fatal(err)
	}
	v = h.do(t, v, usher.Command{Kind: usher.CmdSubmit})
	text := regexp.MustCompile(`\s+`).ReplaceAllString(textOf(t, keep(t, "found", h.pdf(t, v))), " ")
	for _, want := range []string{
		"Contacts proved", "maja@example.test", "one-time code", "Also shown by",
		"applicant applicant-7 (case session-9): same document number, same picture, under another name or date of birth",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}
