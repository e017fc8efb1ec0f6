package desk_test

import (
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

const knownFlow = `name: known
steps:
  - details: {ask: [name, date_of_birth]}
  - run: [duplicate]
  - decide: {automatic: approve}
`

// known takes a person through a flow that looks for duplicates.
func (f *firm) known(first, last, national string) usher.Session {
	f.t.Helper()
	s, _, err := f.Service.StartSession(f.t.Context(), f.Client(f.Tenant, "native"), usher.NewSession{
		Flow: "known",
		Applicant: &usher.NewApplicant{Details: usher.Details{
			FirstName: first, LastName: last, DateOfBirth: "1974-08-12", Nationality: "SE", NationalID: national,
		}},
	})
	f.must(err)
	_, err = f.Service.Do(f.t.Context(), f.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdSubmit})
	f.must(err)
	f.Settle()
	return f.session(s.ID)
}

func TestDuplicatesOfACase(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("reviewer", usher.RoleReviewer)
	f.Publish(f.Tenant.ID, knownFlow)
	b := f.plain("reviewer")

	first := f.known("Eva", "Lindqvist", "7408121234")
	if page := b.get("/cases/" + first.ID).body; !strings.Contains(page, "No other applicant showed the same.") {
		t.Error("the first case does not say that nobody showed the same")
	}
	again := f.known("Eva", "Lindquist <b>", "740812-1234")
	if again.State != usher.InReview {
		t.Fatalf("the second case is %s", again.State)
	}
	page := b.get("/cases/" + again.ID).body
	for _, want := range []string{
		`<a href="/desk/cases/` + first.ID + `">Eva Lindqvist</a>`, "same national number", "under another name", "May be known already", "Same national number",
		"faces of other applicants",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the case does not say %q", want)
		}
	}
	if strings.Contains(page, "Lindquist <b>") {
		t.Error("a name is not escaped")
	}
	_, err := f.EraseApplicant(t.Context(), f.Tenant.ID, first.ApplicantID, usher.Actor{Kind: usher.ByClient, ID: "client"})
	f.must(err)
	page = b.get("/cases/" + again.ID).body
	if strings.Contains(page, "Lindqvist") || !strings.Contains(page, "erased applicant") {
		t.Error("the case still names an erased applicant, or does not say that there was one")
	}
}

func TestNobodyLookedForDuplicates(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("reviewer", usher.RoleReviewer)
	s := f.inReview(person{first: "Örjan", last: "Berg"})
	if strings.Contains(f.plain("reviewer").get("/cases/"+s.ID).body, `id="duplicates"`) {
		t.Error("a case in whose flow nobody looked for duplicates speaks of them")
	}
}
