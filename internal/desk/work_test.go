package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
)

// kept gives what is kept of a case.
func (f *firm) kept(id string) usher.Case {
	f.t.Helper()
	c, err := f.Service.Case(f.t.Context(), f.Tenant.ID, id)
	f.must(err)
	return c
}

// says holds a page to texts that it must, or with "!" in front must not, have.
func (f *firm) says(what string, a answer, status int, wants ...string) {
	f.t.Helper()
	if a.status != status {
		f.t.Errorf("%s answers %d", what, a.status)
	}
	for _, want := range wants {
		if absent, ok := strings.CutPrefix(want, "!"); ok == strings.Contains(a.body, strings.TrimPrefix(want, "!")) {
			f.t.Errorf("%s: %q is wrong about %q", what, want, absent)
		}
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Publish(f.Tenant.ID, "name: quick\nreview: 2h\nsteps:\n  - consent: {text: identity-check}\n  - details: {ask: [name, date_of_birth]}\n"+
		"  - document: {accept: [passport]}\n  - selfie\n  - run: [document, face]\n  - decide: {}\n")
	vera := f.member("vera", usher.RoleReviewer)
	slow, quick := f.inReview(person{first: "Slow", last: "One"}), f.inReview(person{first: "Quick", last: "Two", flow: "quick"})
	b := f.plain("vera")
	page := b.get("/").body
	if strings.Index(page, "Quick Two") > strings.Index(page, "Slow One") {
		t.Error("what is due first is not first")
	}
	f.says("the queue", b.get("/"), http.StatusOK, "1 hour left", "23 hours left", `Needs action <span class="count">2</span>`, `Mine <span class="count">0</span>`)
	f.says("my empty queue", b.get("/?queue=mine"), http.StatusOK, "You have no cases")
	// The key e and the button of a list: the case that is due first.
	if got := b.post("/next"); got.location != "/cases/"+quick.ID+"?done=taken" || f.kept(quick.ID).Assignee != vera.ID {
		t.Fatalf("the next case answers %d to %q", got.status, got.location)
	}
	f.says("my queue", b.get("/?queue=mine"), http.StatusOK, "Quick Two", "!Slow One", "vera@example.test")
	f.says("what nobody has", b.get("/?queue=action"), http.StatusOK, "!Quick Two", "Slow One")
	b.post("/cases/"+slow.ID+"/tags", "tags", "vip, call back")
	for query, want := range map[string][]string{
		"queue=all&flow=quick":                        {"Quick Two", "!Slow One"},
		"queue=all&tag=vip":                           {"!Quick Two", "Slow One"},
		"queue=all&reason=name_mismatch":              {"Quick Two", "Slow One"},
		"queue=all&reason=suspected_fraud":            {"!Quick Two", "!Slow One", "No case is like that"},
		"queue=all&check=document%3Dconsider&tag=vip": {"!Quick Two", "Slow One"},
		"queue=all&check=document%3Dreject":           {"!Quick Two", "!Slow One"},
		"queue=all&age=1h":                            {"!Quick Two", "!Slow One"},
		"queue=mine&tag=vip":                          {"!Quick Two", "!Slow One"},
		"queue=all&state=approved":                    {"!Quick Two", "!Slow One"},
		"queue=all&reason=%27%3B--&tag=no":            {"Quick Two", "Slow One"}, // what cannot be chosen is not chosen
	} {
		f.says(query, b.get("/?"+query), http.StatusOK, want...)
	}
	f.Advance(3 * time.Hour)
	b = f.plain("vera")
	f.says("what is overdue", b.get("/?queue=overdue"), http.StatusOK, "Quick Two", "!Slow One", "overdue for 1 hour")
	f.says("what waits for an hour", b.get("/?queue=all&age=1h"), http.StatusOK, "Quick Two", "Slow One")
	f.says("a cursor of nowhere", b.get("/?queue=all&after=nowhere"), http.StatusBadRequest)
}

func TestQueuePaging(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	const cases = 27
	for range cases {
		s, _, err := f.Service.StartSession(t.Context(), f.Client(f.Tenant, "native"), usher.NewSession{Applicant: &usher.NewApplicant{}})
		f.must(err)
		_, err = f.Service.Simulate(t.Context(), f.Client(f.Tenant, "native"), s.ID, "submit_review")
		f.must(err)
	}
	b := f.plain("vera")
	first := b.get("/?queue=action").body
	_, rest, found := strings.Cut(first, `rel="next" href="/desk/`)
	next, _, _ := strings.Cut(rest, `"`)
	if n := strings.Count(first, "data-row"); n != 25 || !found {
		t.Fatalf("the first page has %d rows", n)
	}
	if n := strings.Count(b.get("/"+strings.ReplaceAll(next, "&amp;", "&")).body, "data-row"); n != cases-25 {
		t.Errorf("the second page has %d rows", n)
	}
}

func TestTakingAndGiving(t *testing.T) {
	t.Parallel()
	f := open(t)
	vera, ulla := f.member("vera", usher.RoleReviewer), f.member("ulla", usher.RoleReviewer)
	f.member("sara", usher.RoleSenior)
	f.member("lena", usher.RoleViewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	at := "/cases/" + s.ID
	one, two, senior, viewer := f.plain("vera"), f.plain("ulla"), f.plain("sara"), f.plain("lena")
	f.says("a viewer's page", viewer.get(at), http.StatusOK, "!/assign", "!/notes", "!/tags", "nobody")
	for _, path := range []string{at + "/assign", at + "/notes", at + "/tags", at + "/undo", at + "/correct", "/next"} {
		if got := viewer.post(path, "to", vera.ID, "note", "x", "tags", "x"); got.status != http.StatusForbidden {
			t.Errorf("a viewer's %s answers %d", path, got.status)
		}
	}
	f.says("a reviewer's page", one.get(at), http.StatusOK, "Take this case", "!Give to somebody")
	if got := one.post(at+"/assign", "to", vera.ID, "was", ""); got.location != at+"?done=taken" {
		t.Fatalf("taking answers %d to %q", got.status, got.location)
	}
	f.says("the page of who was slower", two.get(at), http.StatusOK, "vera@example.test", "!Take this case")
	if got := two.post(at+"/assign", "to", ulla.ID, "was", ""); got.location != at+"?done=late" {
		t.Errorf("taking too late answers %d to %q", got.status, got.location)
	}
	f.says("and is told so", two.get(at+"?done=late"), http.StatusOK, "Somebody was faster")
	if got := two.post(at+"/assign", "to", ulla.ID, "was", vera.ID); got.status != http.StatusForbidden {
		t.Errorf("taking from another answers %d", got.status)
	}
	f.says("a senior's page", senior.get(at), http.StatusOK, "Take over", "Give to somebody", "ulla@example.test", "!lena@example.test")
	if got := senior.post(at+"/assign", "to", ulla.ID, "was", vera.ID); got.location != at+"?done=given" {
		t.Errorf("giving answers %d to %q", got.status, got.location)
	}
	if got := two.post(at+"/assign", "to", "", "was", ulla.ID); got.location != at+"?done=freed" || f.kept(s.ID).Assignee != "" {
		t.Errorf("giving back answers %d to %q", got.status, got.location)
	}
	f.says("the history", one.get(at), http.StatusOK, "<del>vera@example.test</del> → <ins>ulla@example.test</ins>")
}

func TestNotesAndTags(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	f.member("ulla", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	at := "/cases/" + s.ID
	one, two := f.plain("vera"), f.plain("ulla")
	f.says("an empty note", one.post(at+"/notes", "note", " "), http.StatusUnprocessableEntity, "Write a note")
	long := strings.Repeat("å", 4001)
	f.says("a note too long", one.post(at+"/notes", "note", long), http.StatusUnprocessableEntity, "Use at most 4000 characters", long)
	if got := one.post(at+"/notes", "note", "Asked the branch.\nThey know her."+planted); got.location != at+"?done=noted#notes" {
		t.Fatalf("a note answers %d to %q", got.status, got.location)
	}
	f.says("wrong tags", one.post(at+"/tags", "tags", "vip, <b>"), http.StatusUnprocessableEntity, "Use at most 12 tags", "vip, &lt;b&gt;")
	one.post(at+"/tags", "tags", "VIP, call back")
	one.post(at+"/tags", "tags", "vip")
	f.says("what a colleague reads", two.get(at), http.StatusOK, "They know her.", "vera@example.test", `<span class="chip">vip</span>`,
		"<del>call back, vip</del> → <ins>vip</ins>", "!<script>window.hit")
	if diff := cmp.Diff([]string{"vip"}, f.kept(s.ID).Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	// Notes are for the firm alone.
	for _, m := range f.Messages(f.Tenant.ID) {
		if strings.Contains(string(m.Body), "branch") {
			t.Error("a note went out")
		}
	}
}

func TestDecisionIsTakenBack(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *desk.Config) { c.Undo = 10 * time.Second })
	f.member("vera", usher.RoleReviewer)
	f.member("ulla", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	at := "/cases/" + s.ID
	one, two := f.plain("vera"), f.plain("ulla")
	f.says("the form", one.get(at+"/approve"), http.StatusOK, "You can take it back for 10 seconds")
	if got := one.post(at+"/approve", form(s)...); got.location != at+"?done=held" {
		t.Fatalf("it answers %d to %q", got.status, got.location)
	}
	f.says("who decided", one.get(at), http.StatusOK, "decided by you", "Undo", "!"+s.ID+"/reject")
	f.says("a colleague", two.get(at), http.StatusOK, "decided by vera@example.test", "!Undo", "!"+s.ID+"/reject")
	f.says("the queue", two.get("/"), http.StatusOK, "Being decided")
	f.says("a colleague's form", two.get(at+"/reject"), http.StatusConflict, "decided by vera@example.test")
	f.says("a colleague's decision", two.post(at+"/reject", form(s, "reasons", "policy")...), http.StatusConflict, "decided by vera@example.test")
	id := f.kept(s.ID).Held.ID
	if got := two.post(at+"/undo", "held", id); got.status != http.StatusForbidden {
		t.Errorf("a colleague's undo answers %d", got.status)
	}
	if got := one.post(at+"/undo", "held", id); got.location != at+"?done=undone" || f.kept(s.ID).Held != nil {
		t.Fatalf("undo answers %d to %q", got.status, got.location)
	}
	one.post(at+"/reject", form(s, "reasons", "policy", "note", "Sorry.")...)
	f.Advance(11 * time.Second)
	if after := f.session(s.ID); after.State != usher.Rejected || after.Decision.Note != "Sorry." {
		t.Errorf("the case is %s", after.State)
	}
	if got := one.post(at+"/undo", "held", id); got.location != at+"?done=too-late" {
		t.Errorf("undo after all answers %d to %q", got.status, got.location)
	}
	f.says("the history", two.get(at+"?done=too-late"), http.StatusOK, "Decision taken back", "It was too late", "Rejected")
}

func TestCorrecting(t *testing.T) {
	t.Parallel()
	f := open(t)
	_, err := f.Service.CreateEndpoint(t.Context(), f.Tenant.ID, usher.Endpoint{URL: "https://client.example.test/hooks", Dialect: "native"})
	f.must(err)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	at := "/cases/" + s.ID
	b := f.plain("vera")
	f.says("the form", b.get(at+"/correct"), http.StatusOK, `value="AASTROEM"`, `value="1974-08-12"`, "Now: L898902C3")
	read := []string{
		"last_name", "AASTROEM", "first_name", "OERJAN", "date_of_birth", "1974-08-12", "nationality", "SE", "number", "L898902C3",
		"issuing_country", "SE", "expiry", "2034-12-31", "sex", "M",
	}
	with := func(pairs ...string) []string {
		all := append([]string{}, read...)
		for i := 0; i < len(pairs); i += 2 {
			for j := 0; j < len(all); j += 2 {
				if all[j] == pairs[i] {
					all[j+1] = pairs[i+1]
				}
			}
		}
		return form(s, all...)
	}
	f.says("nothing changed", b.post(at+"/correct", with()...), http.StatusUnprocessableEntity, "Change at least one field")
	f.says("not a date", b.post(at+"/correct", with("expiry", "31.12.2034")...), http.StatusUnprocessableEntity, "Write a date as", "31.12.2034")
	f.says("not a country", b.post(at+"/correct", with("nationality", "Sweden", "sex", "w")...), http.StatusUnprocessableEntity, "two capital letters", "M, F or X")
	if got := b.post(at+"/correct", with("last_name", "BERG", "number", "L898902C8")...); got.location != at+"?done=correct#facts" {
		t.Fatalf("it answers %d to %q", got.status, got.location)
	}
	want := []usher.Correction{{Field: "last_name", Old: "AASTROEM", New: "BERG"}, {Field: "number", Old: "L898902C3", New: "L898902C8"}}
	if diff := cmp.Diff(want, f.session(s.ID).Facts); diff != "" {
		t.Errorf("corrections (-want +got):\n%s", diff)
	}
	f.says("the case", b.get(at), http.StatusOK, "<del>AASTROEM</del>", "<del>L898902C3</del> → <ins>L898902C8</ins>")
	f.says("a form of before", b.post(at+"/correct", with("sex", "F")...), http.StatusConflict)
	f.says("found by the number", b.get("/?q=l898902c8"), http.StatusSeeOther)
	messages := f.Messages(f.Tenant.ID)
	if last := messages[len(messages)-1]; last.Event != "document.corrected" {
		t.Errorf("the client's last message is %s", last.Event)
	}
}

func TestSearchByName(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Örjan", last: "Åström"})
	f.inReview(person{first: "Örjan", last: "Berg"})
	b := f.plain("vera")
	if got := b.get("/?q=orjan+astrom"); got.location != "/cases/"+s.ID {
		t.Errorf("one who is meant answers %d to %q", got.status, got.location)
	}
	f.says("two of the name", b.get("/?q=%C3%96RJAN"), http.StatusOK, "Örjan Berg", "Örjan Åström")
	f.says("nobody", b.get("/?q=astro"), http.StatusOK, "Nothing was found")
}

func TestDoubtfulCharactersAreMarked(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	f.says("the zone", f.plain("vera").get("/cases/"+s.ID), http.StatusOK, "L898902C36SWE<mark>7408122</mark>", "Compare the marked characters", "Sure: how well the machine")
}
