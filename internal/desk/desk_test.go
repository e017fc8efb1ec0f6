package desk_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

func TestNobodyGetsInWithoutSigningIn(t *testing.T) {
	t.Parallel()
	f := open(t)
	s := f.inReview(person{first: "Örjan", last: "Berg"})
	b := f.plain("")
	for _, path := range []string{"/", "/keys", "/cases/" + s.ID, "/cases/" + s.ID + "/approve", "/cases/" + s.ID + "/picture/" + s.Evidence[0].ID + "/case"} {
		if got := b.get(path); got.status != http.StatusSeeOther || !strings.HasPrefix(got.location, "/sign-in") || strings.Contains(got.body, "Berg") {
			t.Errorf("GET %s answers %d to %q", path, got.status, got.location)
		}
	}
	got := b.post("/cases/"+s.ID+"/approve", "version", strconv.FormatInt(s.Version, 10))
	if got.status != http.StatusSeeOther || f.session(s.ID).State != usher.InReview {
		t.Errorf("an approval from outside answers %d and the case is %s", got.status, f.session(s.ID).State)
	}
	if got := b.get("/sign-in"); got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the door answers %d with Cache-Control %q", got.status, got.header.Get("Cache-Control"))
	}
}

func TestSignInGoesOnWhereOneWanted(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	for name, tc := range map[string]struct{ next, want string }{
		"a case":        {"/cases/1/approve", "/cases/1/approve"},
		"nowhere":       {"", "/"},
		"another site":  {"https://evil.example/", "/"},
		"another host":  {"//evil.example/cases/", "/"},
		"with a scheme": {"/\\evil.example", "/"},
	} {
		got := f.plain("").post("/sign-in", "email", "vera@example.test", "password", phrase, "next", tc.next)
		if got.status != http.StatusSeeOther || got.location != tc.want {
			t.Errorf("%s: answers %d to %q, want %q", name, got.status, got.location, tc.want)
		}
	}
}

func TestWrongPasswordAndLockOut(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	b := f.plain("")
	for range 5 {
		got := b.post("/sign-in", "email", "vera@example.test", "password", "not the right words at all")
		if got.status != http.StatusUnauthorized || !strings.Contains(got.body, "do not belong together") || !strings.Contains(got.body, "vera@example.test") {
			t.Fatalf("a wrong password answers %d", got.status)
		}
	}
	if got := b.post("/sign-in", "email", "vera@example.test", "password", phrase); got.status != http.StatusTooManyRequests || !strings.Contains(got.body, "Too many") {
		t.Errorf("after five wrong ones the right one answers %d", got.status)
	}
}

func TestQuietSessionEndsWithAWord(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	b := f.plain("vera")
	f.Advance(14 * time.Minute)
	if got := b.post("/stay"); got.status != http.StatusNoContent {
		t.Fatalf("staying answers %d", got.status)
	}
	f.Advance(14 * time.Minute)
	if got := b.get("/"); got.status != http.StatusOK {
		t.Fatalf("after staying the queue answers %d", got.status)
	}
	f.Advance(15 * time.Minute)
	got := b.get("/keys")
	if got.location != "/sign-in?next=%2Fkeys&why=idle" {
		t.Fatalf("the way out is %q", got.location)
	}
	if page := b.get("/sign-in?why=idle"); !strings.Contains(page.body, "nothing happened for 15 minutes") {
		t.Error("the door does not say why")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	b := f.plain("vera")
	if got := b.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "vera@example.test") {
		t.Fatalf("the queue answers %d", got.status)
	}
	if got := b.post("/sign-out"); got.location != "/sign-in?why=out" {
		t.Errorf("signing out leads to %q", got.location)
	}
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("after signing out the queue answers %d", got.status)
	}
}

func TestQueueShowsWhoWaitsLongestFirst(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleViewer)
	first := f.inReview(person{first: "Ada", last: "First", reference: "ref-1"})
	f.Advance(90 * time.Minute)
	second := f.inReview(person{first: "Bo", last: "Second", reference: "ref-2"})
	page := f.plain("vera").get("/").body
	a, b := strings.Index(page, first.ID), strings.Index(page, second.ID)
	if a < 0 || b < 0 || a > b {
		t.Errorf("places of the cases are %d and %d", a, b)
	}
	for _, want := range []string{"Ada First", "ref-1", "1 hour", "The name differs", "Needs a decision"} {
		if !strings.Contains(page, want) {
			t.Errorf("the queue does not say %q", want)
		}
	}
	if page := f.plain("vera").get("/?state=approved").body; strings.Contains(page, first.ID) {
		t.Error("a case in review is listed as approved")
	}
}

func TestQueuePages(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleViewer)
	const made = 27
	for i := range made {
		_, _, err := f.Service.StartSession(t.Context(), f.Client(f.Tenant, "native"), usher.NewSession{
			Reference: fmt.Sprintf("ref-%02d", i), Applicant: &usher.NewApplicant{Kind: usher.Person, Details: usher.Details{LastName: "Row"}},
		})
		f.must(err)
	}
	b := f.plain("vera")
	seen := 0
	for path := "/?state=created"; path != ""; {
		page := b.get(path).body
		seen += strings.Count(page, "data-row")
		_, rest, more := strings.Cut(page, `rel="next" href="/desk`)
		path = ""
		if more {
			path, _, _ = strings.Cut(rest, `"`)
			path = strings.ReplaceAll(path, "&amp;", "&")
		}
	}
	if seen != made {
		t.Errorf("pages show %d cases, want %d", seen, made)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleViewer)
	f.member("olof", usher.RoleViewer, f.Other)
	s := f.inReview(person{first: "Ada", last: "First", reference: "order 7/1"})
	b := f.plain("vera")
	for _, q := range []string{s.ID, s.ApplicantID, "order+7%2F1", "person%40example.test"} {
		if got := b.get("/?q=" + q); got.location != "/cases/"+s.ID {
			t.Errorf("searching %q answers %d to %q", q, got.status, got.location)
		}
		if got := f.plain("olof").get("/?q=" + q); got.status != http.StatusOK || !strings.Contains(got.body, "Nothing was found") {
			t.Errorf("another firm searching %q gets %d", q, got.status)
		}
	}
}

func TestOtherFirmsCasesAreNotThere(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("olof", usher.RoleAdmin, f.Other)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("olof")
	for _, path := range []string{"", "/approve", "/look/" + s.Evidence[0].ID, "/picture/" + s.Evidence[0].ID + "/case", "/file/" + s.Evidence[0].ID} {
		if got := b.get("/cases/" + s.ID + path); got.status != http.StatusNotFound || strings.Contains(got.body, "First") {
			t.Errorf("GET …%s answers %d", path, got.status)
		}
	}
	if got := b.post("/cases/"+s.ID+"/approve", "version", strconv.FormatInt(s.Version, 10)); got.status != http.StatusNotFound {
		t.Errorf("approving answers %d", got.status)
	}
}

func TestCaseAnswersTheFourQuestions(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Örjan", last: "Berg", reference: "ref-1"})
	f.Advance(3 * time.Hour)
	page := f.plain("vera").get("/cases/" + s.ID).body
	for question, wants := range map[string][]string{
		"who":      {"Örjan Berg", "52 years old", "Storgatan 1", "ref-1"},
		"what":     {"The name differs", "The document is blurred", "AASTROEM", "differs", "P&lt;SWEAASTROEM"},
		"my part":  {"Your decision", "/approve", "/reject", "/ask-again"},
		"how long": {"for 3 hours"},
		"checks":   {"score 93 of 100", "assisted, a heuristic", "Not examined:", "security features", "a thing from tomorrow", "42 bits"},
		"history":  {"Applicant sent everything", "Check done"},
	} {
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the case does not say %q", question, want)
			}
		}
	}
}

func TestErasedPersonIsGone(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "Erasee"})
	_, err := f.Service.EraseApplicant(t.Context(), f.Tenant.ID, s.ApplicantID, usher.Actor{Kind: usher.BySystem})
	f.must(err)
	b := f.plain("vera")
	if got := b.get("/?state=cancelled"); got.status != http.StatusOK || strings.Contains(got.body, "Erasee") || !strings.Contains(got.body, "Erased person") {
		t.Errorf("the list answers %d", got.status)
	}
	if got := b.get("/cases/" + s.ID); got.status != http.StatusGone || !strings.Contains(got.body, "This person was erased") {
		t.Errorf("the case answers %d", got.status)
	}
}

func TestWhatPeopleWriteStaysText(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: planted, last: planted, reference: planted[:40]})
	b := f.plain("vera")
	b.post("/cases/"+s.ID+"/reject", "version", strconv.FormatInt(s.Version, 10), "reasons", "policy", "note", planted, "internal", planted)
	pages := []string{"/?state=rejected", "/cases/" + s.ID, "/cases/" + s.ID + "/look/" + s.Evidence[0].ID, "/cases/" + s.ID + "/approve", "/?q=" + strings.Repeat("%3Cscript%3E", 2)}
	for _, path := range pages {
		page := b.get(path).body
		if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s holds what was planted", path)
		}
	}
	if page := b.get("/cases/" + s.ID).body; strings.Count(page, "&lt;script&gt;") < 4 {
		t.Error("the case does not show what was written")
	}
}

func TestTextsAreWholeInEveryLanguage(t *testing.T) {
	t.Parallel()
	f := open(t)
	catalog := f.desk.Catalog()
	for _, p := range catalog.Problems() {
		if strings.Contains(p, "desk") {
			t.Error(p)
		}
	}
	need := func(prefix string, ids ...string) {
		for _, id := range ids {
			if !catalog.Has(prefix + id) {
				t.Errorf("there are no words for %s%s", prefix, id)
			}
		}
	}
	for _, s := range usher.States() {
		need("desk.state.", string(s))
		need("desk.tab.", string(s))
		need("desk.wrong.", string(s))
		need("desk.asked.", string(s))
	}
	for _, c := range usher.ReasonCodes() {
		need("desk.reason.", string(c))
		class, _ := c.Class()
		need("desk.class.", string(class), string(class)+".hint")
	}
	for _, e := range usher.EventTypes() {
		if !strings.HasPrefix(string(e), "applicant.") {
			need("desk.event.", string(e))
		}
	}
	for _, k := range usher.EvidenceKinds() {
		need("desk.evidence.", string(k))
	}
	for _, d := range usher.DocumentTypes() {
		need("desk.document.", string(d))
	}
	need("desk.outcome.", string(usher.Clear), string(usher.Consider), string(usher.Refuse), string(usher.Unavailable), string(usher.NotRun))
	need("desk.assurance.", string(usher.Verified), string(usher.Assisted), string(usher.Simulated))
	need("desk.sent.", string(usher.DeliveryPending), string(usher.DeliveryDelivered), string(usher.DeliveryDead))
	need("desk.role.", string(usher.RoleViewer), string(usher.RoleReviewer), string(usher.RoleSenior), string(usher.RoleAuditor), string(usher.RoleDeveloper), string(usher.RoleAdmin))
}

func TestPagesSpeakSwedish(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Örjan", last: "Berg"})
	b := f.plain("vera")
	if got := b.get("/?lang=sv"); got.location != "/" {
		t.Fatalf("picking a language leads to %q", got.location)
	}
	for _, path := range []string{"/", "/cases/" + s.ID, "/cases/" + s.ID + "/ask-again", "/keys"} {
		page := b.get(path).body
		if !strings.Contains(page, `<html lang="sv"`) || strings.Contains(page, ">desk.") {
			t.Errorf("%s is not Swedish throughout", path)
		}
	}
	if page := b.get("/cases/" + s.ID).body; !strings.Contains(page, "Namnet skiljer sig") || !strings.Contains(page, "Ditt beslut") {
		t.Error("the case is not Swedish")
	}
}

func TestAdminResends(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleSenior)
	f.member("adam", usher.RoleAdmin)
	_, err := f.Service.CreateEndpoint(t.Context(), f.Tenant.ID, usher.Endpoint{URL: "https://client.example.test/hooks", Dialect: "native"})
	f.must(err)
	s := f.inReview(person{first: "Ada", last: "First"})
	list, err := f.Service.ListDeliveries(t.Context(), f.Tenant.ID, usher.DeliveryFilter{SessionID: s.ID, Paging: usher.Paging{Limit: 50}})
	f.must(err)
	if len(list.Items) == 0 {
		t.Fatal("nothing was to be sent")
	}
	path := "/cases/" + s.ID + "/resend/" + list.Items[0].ID
	if got := f.plain("vera").post(path); got.status != http.StatusForbidden {
		t.Errorf("a senior reviewer gets %d", got.status)
	}
	admin := f.plain("adam")
	if page := admin.get("/cases/" + s.ID).body; !strings.Contains(page, "https://client.example.test/hooks") || !strings.Contains(page, path) {
		t.Error("the case does not show the messages")
	}
	if got := admin.post(path); got.location != "/cases/"+s.ID+"?done=resent#sent" {
		t.Errorf("resending answers %d to %q", got.status, got.location)
	}
	records, err := f.Records(t.Context(), f.Tenant.ID, list.Items[0].ID, usher.Paging{Limit: 10})
	f.must(err)
	if !slices.ContainsFunc(records.Items, func(r usher.AuditRecord) bool { return r.Action == "delivery.resent" }) {
		t.Errorf("the trail has %+v", records.Items)
	}
	if got := admin.post("/cases/" + s.ID + "/resend/nothing"); got.status != http.StatusNotFound {
		t.Errorf("an unknown delivery answers %d", got.status)
	}
}
