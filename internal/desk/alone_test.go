package desk_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/door"
)

const twoEyesMore = `name: careful
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth]}
  - document: {accept: [passport]}
  - selfie
  - run: [document, face]
  - decide: {reviewers: 2}
`

var invitationPath = regexp.MustCompile(`/desk(/invitation/[^<"]+)`)

// invited opens the link that a page tells, and sets up a password by it.
func (f *firm) invited(page answer) browser {
	f.t.Helper()
	link := invitationPath.FindStringSubmatch(html.UnescapeString(page.body))
	if link == nil {
		f.t.Fatalf("no link is told: %d %s", page.status, page.body)
	}
	b := f.plain("")
	b.post(link[1])
	b.post("/account/password", "new_password", phrase)
	if to := b.post("/set-up/finish").location; to != "/" {
		f.t.Fatalf("the set-up leads to %q", to)
	}
	return b
}

// row gives a member as a list shows them.
func (f *firm) row(email string) door.Member {
	f.t.Helper()
	all, err := f.auth.Members(f.t.Context(), f.Tenant.ID)
	f.must(err)
	for _, m := range all {
		if m.Email == email+"@example.test" {
			return m
		}
	}
	f.t.Fatalf("there is no %s", email)
	return door.Member{}
}

func (b browser) confirm(m door.Member) answer {
	return b.post("/settings/staff/"+m.ID+"/confirm", "generation", strconv.FormatInt(m.Generation, 10))
}

// TestAdministratorVotesOnce holds that whoever makes a link for somebody's sign-in cannot use it to approve for two: by an account of theirs, by a
// new one, by two of them, before or after their own vote, nor confirm what they made, by themselves or by a hand of theirs.
func TestAdministratorVotesOnce(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.must(f.auth.SetRules(t.Context(), f.Tenant.ID, door.Rules{Passwords: true}, usher.Actor{Kind: usher.BySystem}))
	f.Publish(f.Tenant.ID, twoEyesMore)
	vera := f.member("vera", usher.RoleReviewer)
	f.member("eva", usher.RoleAdmin)
	adam, eva := f.plain("adam"), f.plain("eva")
	s := f.inReview(person{first: "Ada", last: "First", flow: "careful"})
	fresh := f.inReview(person{first: "Bea", last: "Second", flow: "careful"})
	adam.post("/cases/"+s.ID+"/approve", form(s)...)
	s = f.session(s.ID)
	rejected := f.inReview(person{first: "Cai", last: "Third", flow: "careful"})
	adam.post("/cases/"+rejected.ID+"/reject", form(rejected, "reasons", string(usher.SuspectedFraud))...)
	rejected = f.session(rejected.ID)
	overturn := form(rejected, "reasons", string(usher.SuspectedFraud))

	asVera := f.invited(adam.post("/settings/staff/" + vera.ID + "/invite"))
	asNew := f.invited(adam.post("/settings/staff", "email", "new@example.test", "role", "senior"))
	for name, b := range map[string]browser{"an account that was taken over": asVera, "a new account": asNew} {
		for what, c := range map[string]usher.Session{"second": s, "first": fresh} {
			f.says(name+", "+what, b.post("/cases/"+c.ID+"/approve", form(c)...), http.StatusForbidden, "You cannot approve this yet")
			f.says(name+", "+what+", the form", b.get("/cases/"+c.ID+"/approve"), http.StatusForbidden, "You cannot approve this yet")
			page := b.get("/cases/" + c.ID)
			f.says(name+", "+what+", the case", page, http.StatusOK, "another administrator has confirmed", c.ID+"/reject")
			if strings.Contains(page.body, c.ID+"/approve") {
				t.Errorf("%s is offered to approve", name)
			}
		}
	}
	for name, b := range map[string]browser{"who rejected it": adam, "a new account of theirs": asNew} {
		if page := b.get("/cases/" + rejected.ID).body; strings.Contains(page, rejected.ID+"/overturn") {
			t.Errorf("%s is offered to overturn", name)
		}
		f.says(name+" overturns", b.post("/cases/"+rejected.ID+"/overturn", overturn...), http.StatusForbidden)
	}
	if state := f.session(rejected.ID).State; state != usher.Rejected {
		t.Fatalf("what was rejected is %s", state)
	}
	if s = f.session(s.ID); s.State != usher.InReview || len(s.Votes) != 1 || len(f.session(fresh.ID).Votes) != 0 {
		t.Fatalf("%s with %d votes", s.State, len(s.Votes))
	}
	f.says("their account", asVera.get("/account"), http.StatusOK, "One administrator set up how you sign in")

	f.says("who made it confirms", adam.confirm(f.row("vera")), http.StatusForbidden, "Somebody else has to confirm")
	hand := f.invited(adam.post("/settings/staff", "email", "hand@example.test", "role", "admin"))
	f.says("a hand of theirs confirms", hand.confirm(f.row("vera")), http.StatusForbidden, "Somebody else has to confirm")
	f.says("a hand of theirs confirms itself", hand.confirm(f.row("hand")), http.StatusForbidden, "own account")
	f.invited(hand.post("/settings/staff", "email", "far@example.test", "role", "senior"))
	f.says("what a hand of theirs made", adam.confirm(f.row("far")), http.StatusForbidden, "Somebody else has to confirm")

	eva.post("/settings/staff", "email", "late@example.test", "role", "reviewer")
	f.says("nothing is set up yet", adam.confirm(f.row("late")), http.StatusConflict, "Look again")
	old := f.row("vera")
	asVera = f.invited(adam.post("/settings/staff/" + vera.ID + "/invite"))
	f.says("it changed since", eva.confirm(old), http.StatusConflict, "Look again")
	f.says("the page of it", eva.get("/settings/staff/"+vera.ID), http.StatusOK, "adam@example.test made the link", "Confirm that it is them")
	if to := eva.confirm(f.row("vera")).location; to != "/settings/staff/"+vera.ID+"?done=confirmed" {
		t.Fatalf("the second administrator's word leads to %q", to)
	}
	if got := asVera.post("/cases/"+s.ID+"/approve", form(s)...); got.location != "/cases/"+s.ID+"?done=approve" {
		t.Errorf("confirmed, they get %d %q", got.status, got.location)
	}
	if got := eva.post("/cases/"+rejected.ID+"/overturn", overturn...); f.session(rejected.ID).State != usher.Approved {
		t.Errorf("another one who overturns is answered %d", got.status)
	}
}

// TestConfirmingRacesAReset holds that of a confirmation and a reset at once the reset is what counts.
func TestConfirmingRacesAReset(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.must(f.auth.SetRules(t.Context(), f.Tenant.ID, door.Rules{Passwords: true}, usher.Actor{Kind: usher.BySystem}))
	adam, eva := f.row("adam"), f.member("eva", usher.RoleAdmin)
	vera := f.member("vera", usher.RoleReviewer)
	for i := range 20 {
		token, err := f.auth.Reinvite(t.Context(), f.Tenant.ID, vera.ID, adam.Actor())
		f.must(err)
		in, err := f.auth.Accept(t.Context(), token, door.Visitor{Address: "1"})
		f.must(err)
		_, err = f.auth.SetOwnPassword(t.Context(), in, phrase)
		f.must(err)
		seen := f.row("vera")
		var both sync.WaitGroup
		var reset error
		both.Go(func() { _, reset = f.auth.Reinvite(t.Context(), f.Tenant.ID, vera.ID, adam.Actor()) })
		both.Go(func() { _ = f.auth.Confirm(t.Context(), f.Tenant.ID, vera.ID, seen.Generation, eva.Actor()) }) // it may come too late
		both.Wait()
		f.must(reset)
		if now := f.row("vera"); now.SetUpBy != adam.ID || !now.Invited {
			t.Fatalf("round %d: set up by %q, invited %t", i, now.SetUpBy, now.Invited)
		}
	}
}

// TestMailedLinkIsForItsReader holds that an administrator is not shown a link that went to its owner, who is told what happened.
func TestMailedLinkIsForItsReader(t *testing.T) {
	t.Parallel()
	var sent []string
	k := &keys{}
	f := open(t, func(c *desk.Config) {
		c.Keys = k
		c.Mail = func(_ context.Context, to, link string, again bool) error {
			sent = append(sent, fmt.Sprint(to, " ", strings.Contains(link, "/invitation/ush_in_"), " ", again))
			return nil
		}
	})
	k.auth = f.auth
	f.member("adam", usher.RoleAdmin)
	vera := f.member("vera", usher.RoleReviewer)
	adam := f.plain("adam")
	for _, page := range []answer{adam.post("/settings/staff", "email", "new@example.test", "role", "viewer"), adam.post("/settings/staff/" + vera.ID + "/invite")} {
		f.says("the page", page, http.StatusOK, "by e-mail")
		if strings.Contains(page.body, "ush_in_") {
			t.Error("the administrator is shown the link")
		}
	}
	if got := strings.Join(sent, "; "); got != "new@example.test true false; vera@example.test true true" {
		t.Errorf("sent %s", got)
	}
}
