package desk_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

// form gives the fields that every form of a decision has.
func form(s usher.Session, pairs ...string) []string {
	return append([]string{"version", strconv.FormatInt(s.Version, 10)}, pairs...)
}

func TestApprove(t *testing.T) {
	t.Parallel()
	f := open(t)
	vera := f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	if page := b.get("/cases/" + s.ID + "/approve").body; !strings.Contains(page, "Approve Ada First?") {
		t.Error("the form does not ask")
	}
	got := b.post("/cases/"+s.ID+"/approve", form(s, "note", "Welcome.", "internal", "Maiden name, see passport.")...)
	if got.location != "/cases/"+s.ID+"?done=approve" {
		t.Fatalf("it answers %d to %q", got.status, got.location)
	}
	d := f.session(s.ID).Decision
	if d == nil || d.Verdict != usher.Approve || d.By.ID != vera.ID || d.Note != "Welcome." || d.Internal != "Maiden name, see passport." {
		t.Fatalf("the decision is %+v", d)
	}
	f.Settle()
	page := b.get("/cases/" + s.ID + "?done=approve").body
	for _, want := range []string{"Approved.", "vera@example.test", "Maiden name, see passport.", "XX00TEST0000000001", "test bank"} {
		if !strings.Contains(page, want) {
			t.Errorf("the case does not say %q", want)
		}
	}
}

func TestRejectNeedsReasons(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	got := b.post("/cases/"+s.ID+"/reject", form(s, "note", "Kept words")...)
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Choose at least one reason") || !strings.Contains(got.body, "Kept words") {
		t.Fatalf("without reasons it answers %d", got.status)
	}
	if got := b.post("/cases/"+s.ID+"/reject", form(s, "reasons", "no_such_reason")...); got.status != http.StatusBadRequest {
		t.Errorf("an unknown reason answers %d", got.status)
	}
	if got := b.post("/cases/"+s.ID+"/reject", form(s, "reasons", "policy", "note", strings.Repeat("å", 2001))...); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a note too long answers %d", got.status)
	}
	if got := b.post("/cases/"+s.ID+"/reject", form(s, "reasons", "suspected_fraud", "reasons", "face_differs")...); got.location != "/cases/"+s.ID+"?done=reject" {
		t.Fatalf("it answers %d to %q", got.status, got.location)
	}
	want := []usher.Reason{{Code: usher.SuspectedFraud}, {Code: usher.FaceDiffers}}
	if diff := cmp.Diff(want, f.session(s.ID).Decision.Reasons); diff != "" {
		t.Errorf("reasons differ (-want +got):\n%s", diff)
	}
}

func TestAskAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	page := b.get("/cases/" + s.ID + "/ask-again").body
	for _, want := range []string{`value="document_blurred" checked`, `value="name_mismatch" checked`, `value="document" checked`} {
		if !strings.Contains(page, want) {
			t.Errorf("the form does not suggest %q", want)
		}
	}
	if strings.Contains(page, `value="selfie" checked`) || strings.Contains(page, `value="consent"`) {
		t.Error("the form suggests a step that nothing was found with, or one that cannot be asked again")
	}
	got := b.post("/cases/"+s.ID+"/ask-again", form(s, "reasons", "document_blurred")...)
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Choose at least one step") {
		t.Errorf("without steps it answers %d", got.status)
	}
	got = b.post("/cases/"+s.ID+"/ask-again", form(s, "steps", "document", "steps", "selfie", "reasons", "document_blurred",
		"reasons", "face_too_small", "reasons", "name_mismatch", "note", "In daylight, please.")...)
	if got.location != "/cases/"+s.ID+"?done=ask-again" {
		t.Fatalf("it answers %d to %q", got.status, got.location)
	}
	after := f.session(s.ID)
	want := []usher.Reason{{Code: usher.DocumentBlurred, Step: "document"}, {Code: usher.FaceTooSmall, Step: "selfie"}, {Code: usher.NameMismatch}}
	if diff := cmp.Diff(want, after.Reasons); diff != "" || after.State != usher.AwaitingApplicant || after.Note != "In daylight, please." {
		t.Errorf("the case is %s with the note %q, reasons (-want +got):\n%s", after.State, after.Note, diff)
	}
}

func TestSendToReview(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.submitted(person{first: "Ada", last: "First"})
	s = f.session(s.ID)
	if got := f.plain("vera").post("/cases/"+s.ID+"/review", form(s)...); got.location != "/cases/"+s.ID+"?done=review" {
		t.Fatalf("it answers %d to %q", got.status, got.location)
	}
	if after := f.session(s.ID); after.State != usher.InReview {
		t.Errorf("the case is %s", after.State)
	}
}

func TestRolesAreKept(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("lena", usher.RoleViewer)
	f.member("vera", usher.RoleReviewer)
	f.member("sara", usher.RoleSenior)
	s := f.inReview(person{first: "Ada", last: "First"})
	viewer, reviewer, senior := f.plain("lena"), f.plain("vera"), f.plain("sara")
	if page := viewer.get("/cases/" + s.ID).body; strings.Contains(page, s.ID+"/approve") || !strings.Contains(page, "A reviewer decides") {
		t.Error("a viewer is offered a decision")
	}
	for _, act := range []string{"approve", "reject", "ask-again", "review", "overturn"} {
		if got := viewer.get("/cases/" + s.ID + "/" + act); got.status != http.StatusForbidden {
			t.Errorf("a viewer's form to %s answers %d", act, got.status)
		}
		if got := viewer.post("/cases/"+s.ID+"/"+act, form(s, "reasons", "policy", "steps", "document")...); got.status != http.StatusForbidden {
			t.Errorf("a viewer's %s answers %d", act, got.status)
		}
	}
	if f.session(s.ID).Version != s.Version {
		t.Fatal("a viewer changed the case")
	}
	reviewer.post("/cases/"+s.ID+"/approve", form(s)...)
	s = f.session(s.ID)
	if got := reviewer.post("/cases/"+s.ID+"/overturn", form(s, "reasons", "policy")...); got.status != http.StatusForbidden {
		t.Errorf("a reviewer's overturning answers %d", got.status)
	}
	if got := senior.post("/cases/"+s.ID+"/overturn", form(s)...); got.status != http.StatusUnprocessableEntity {
		t.Errorf("overturning without a reason answers %d", got.status)
	}
	if got := senior.post("/cases/"+s.ID+"/overturn", form(s, "reasons", "suspected_fraud")...); got.location != "/cases/"+s.ID+"?done=overturn" {
		t.Fatalf("a senior's overturning answers %d to %q", got.status, got.location)
	}
	if after := f.session(s.ID); after.State != usher.Rejected || !after.Decision.Overturn {
		t.Errorf("the case is %s", after.State)
	}
}

func TestSecondOfTwoReviewersIsTold(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	f.member("ulla", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	one, two := f.plain("vera"), f.plain("ulla")
	one.get("/cases/" + s.ID + "/approve")
	two.get("/cases/" + s.ID + "/reject")
	if got := one.post("/cases/"+s.ID+"/approve", form(s)...); got.status != http.StatusSeeOther {
		t.Fatalf("the first answers %d", got.status)
	}
	got := two.post("/cases/"+s.ID+"/reject", form(s, "reasons", "policy")...)
	if got.status != http.StatusConflict {
		t.Fatalf("the second answers %d", got.status)
	}
	for _, want := range []string{"The case has changed", "Nothing of yours was decided", "vera@example.test", "approved"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the second is not told %q", want)
		}
	}
	if got := two.get("/cases/" + s.ID + "/reject"); got.status != http.StatusConflict {
		t.Errorf("the form of a decided case answers %d", got.status)
	}
	for _, version := range []string{"", "0", "-1", "x"} {
		if got := two.post("/cases/"+s.ID+"/reject", "version", version, "reasons", "policy"); got.status != http.StatusBadRequest {
			t.Errorf("the version %q answers %d", version, got.status)
		}
	}
}

func TestOfManyDecisionsAtOnceOneStands(t *testing.T) {
	t.Parallel()
	f := open(t)
	s := f.inReview(person{first: "Ada", last: "First"})
	const reviewers = 6
	browsers := make([]browser, reviewers)
	for i := range browsers {
		name := "reviewer" + strconv.Itoa(i)
		f.member(name, usher.RoleReviewer)
		browsers[i] = f.plain(name)
	}
	statuses := make([]int, reviewers)
	var wg sync.WaitGroup
	for i, b := range browsers {
		wg.Go(func() {
			act := "approve"
			if i%2 == 1 {
				act = "reject"
			}
			statuses[i] = b.post("/cases/"+s.ID+"/"+act, form(s, "reasons", "policy")...).status
		})
	}
	wg.Wait()
	won := 0
	for _, status := range statuses {
		switch status {
		case http.StatusSeeOther:
			won++
		case http.StatusConflict:
		default:
			t.Errorf("a decision answers %d", status)
		}
	}
	if won != 1 || f.session(s.ID).Version != s.Version+1 {
		t.Errorf("%d decisions stand and the version is %d after %d", won, f.session(s.ID).Version, s.Version)
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Publish(f.Tenant.ID, `name: careful
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth]}
  - document: {accept: [passport]}
  - selfie
  - run: [document, face]
  - decide: {reviewers: 2}
`)
	f.member("vera", usher.RoleReviewer)
	f.member("ulla", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First", flow: "careful"})
	one, two := f.plain("vera"), f.plain("ulla")
	if page := one.get("/cases/" + s.ID + "/approve").body; !strings.Contains(page, "needs two reviewers") {
		t.Error("the first is not told that a second is needed")
	}
	if got := one.post("/cases/"+s.ID+"/approve", form(s)...); got.location != "/cases/"+s.ID+"?done=vote" {
		t.Fatalf("the first answers %d to %q", got.status, got.location)
	}
	s = f.session(s.ID)
	page := one.get("/cases/" + s.ID).body
	if strings.Contains(page, s.ID+"/approve") || !strings.Contains(page, "Approved so far by") {
		t.Error("the first is offered to approve again, or their approval is not shown")
	}
	if got := one.post("/cases/"+s.ID+"/approve", form(s)...); got.status != http.StatusConflict || !strings.Contains(got.body, "That cannot be done now") {
		t.Errorf("approving twice answers %d", got.status)
	}
	if got := two.post("/cases/"+s.ID+"/approve", form(s)...); got.location != "/cases/"+s.ID+"?done=approve" {
		t.Fatalf("the second answers %d to %q", got.status, got.location)
	}
	if after := f.session(s.ID); after.State != usher.Approved {
		t.Errorf("the case is %s", after.State)
	}
}

func TestOtherSitesCannotDecide(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/cases/"+s.ID+"/approve",
		strings.NewReader("version="+strconv.FormatInt(s.Version, 10)))
	f.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := b.Do(req)
	f.must(err)
	f.must(res.Body.Close())
	if res.StatusCode != http.StatusForbidden || f.session(s.ID).State != usher.InReview {
		t.Errorf("it answers %d and the case is %s", res.StatusCode, f.session(s.ID).State)
	}
}
