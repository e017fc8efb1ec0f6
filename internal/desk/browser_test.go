package desk_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/desk"
)

// tab opens a real browser in which a member of staff has signed in.
func (f *firm) tab(name string, opt browsertest.Options) *browsertest.Page {
	f.t.Helper()
	p := browsertest.Open(f.t, opt)
	p.Visit(f.url + "/")
	p.Fill("#email", name+"@example.test") // whatever the language
	p.Fill("#password", phrase)
	p.Click("main form button")
	p.WaitText(name + "@example.test")
	return p
}

// fitForAll holds pages, all that is folded opened, to what axe looks for and to the width of their window, in light on a desk and in dark on a
// phone 320 px wide, in the language with the longer words.
func (f *firm) fitForAll(member string, paths ...string) {
	f.t.Helper()
	for name, opt := range map[string]browsertest.Options{"light": {Width: 1440, Height: 1000}, "dark and narrow": {Width: 320, Height: 800, Dark: true, Locale: "sv-SE"}} {
		p := f.tab(member, opt)
		for _, path := range paths {
			p.Visit(f.url + path)
			browsertest.Eval[bool](p, `document.querySelectorAll("details").forEach(d => d.matches(".bar-me") || (d.open = true)) ?? true`)
			p.Axe()
			shoot(p, strings.ReplaceAll(name+path, "/", "_"))
			if over := browsertest.Eval[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				f.t.Errorf("%s: %s is %.0f px wider than its window", name, path, over)
			}
		}
		p.CSPViolations()
	}
}

func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *desk.Config) { c.Undo = time.Minute })
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	p := f.tab("vera", browsertest.Options{NoJS: true})
	p.Click("Ada First")
	p.WaitText("Your decision")
	if strings.Contains(p.Text(""), "Zoom in") {
		t.Error("a button is shown that does nothing")
	}
	p.Click("Open large Document, front")
	p.WaitText("SHA-256")
	p.Click("Back to Ada First")
	p.Click("Take this case")
	p.WaitText("The case is yours.")
	p.Fill("Add a note", "Seen.")
	p.Click("Save note")
	p.WaitText("1 note")
	for _, end := range []string{"Undo", "Look again"} {
		p.Click("Approve")
		p.Click("main button.act-approve")
		p.WaitText("decided by you")
		if end == "Look again" {
			f.Advance(2 * time.Minute)
		}
		p.Click(end)
	}
	p.WaitText("A senior reviewer can overturn it.")
	if got := f.session(s.ID); got.State != usher.Approved {
		t.Errorf("the case is %s", got.State)
	}
}

func TestTabReachesEveryDecision(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	p := f.tab("vera", browsertest.Options{})
	p.Visit(f.url + "/cases/" + s.ID)
	var met []string
	for range 60 {
		p.Press("Tab")
		met = append(met, p.Focused())
	}
	for _, want := range []string{"Approve", "Reject", "Ask again", "Zoom in", "Turn"} {
		if !slices.ContainsFunc(met, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("Tab does not reach %q; it reaches %q", want, met)
		}
	}
}

func TestQuietReviewerIsWarnedAndStays(t *testing.T) {
	t.Parallel()
	// The page warns two minutes before the end, which is at once here.
	f := open(t, func(c *desk.Config) { c.Idle = 2*time.Minute + time.Millisecond })
	f.member("vera", usher.RoleReviewer)
	stayed := make(chan int, 10)
	watched := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.desk.ServeHTTP(w, r)
		if r.URL.Path == "/desk/stay" {
			stayed <- 1
		}
	}))
	t.Cleanup(watched.Close)
	f.url = watched.URL + "/desk"
	p := f.tab("vera", browsertest.Options{})
	p.WaitText("you will soon be signed out")
	p.Axe()
	p.Click("Stay signed in")
	select {
	case <-stayed:
	case <-time.After(time.Minute):
		t.Error("the page did not ask to stay")
	}
	p.CSPViolations()
}

func TestPlantedScriptsDoNotRun(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: planted, last: planted, reference: planted[:40]})
	p := f.tab("vera", browsertest.Options{})
	for _, path := range []string{"/", "/cases/" + s.ID, "/cases/" + s.ID + "/ask-again"} {
		p.Visit(f.url + path)
		if browsertest.Eval[bool](p, `"hit" in window`) {
			t.Fatalf("a planted script ran on %s", path)
		}
	}
	p.CSPViolations()
}

// Every page, in light and dark, on a desk and on a phone 320 px wide, breaks no rule that axe-core knows, and none is wider than its window.
func TestAccessible(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("adam", usher.RoleAdmin)
	_, err := f.Service.CreateEndpoint(t.Context(), f.Tenant.ID, usher.Endpoint{URL: "https://client.example.test/hooks", Dialect: "native"})
	f.must(err)
	s := f.inReview(person{first: "Maximiliana-Konstantina", last: "von Österreich-Ungarn zu Hohenlohe", reference: strings.Repeat("long", 12), drawn: true})
	decided := f.inReview(person{first: "Ada", last: "First"})
	_, err = f.Service.Do(t.Context(), f.Tenant.ID, decided.ID, usher.Command{
		Kind: usher.CmdApprove, By: usher.Actor{Kind: usher.ByStaff, ID: "someone", Role: usher.RoleReviewer}, Note: "Welcome.",
	})
	f.must(err)
	f.Settle()
	_, err = f.Service.TagCase(t.Context(), f.Tenant.ID, s.ID, []string{"a rather long tag for a case"}, usher.Actor{Kind: usher.ByStaff, ID: "x", Role: usher.RoleSenior})
	f.must(err)
	f.must(f.Service.NoteCase(t.Context(), f.Tenant.ID, s.ID, strings.Repeat("word ", 40), usher.Actor{Kind: usher.ByStaff, ID: "x", Role: usher.RoleSenior}))
	// A decision that waits: the page of its case, and that of who came too late.
	waiting := f.inReview(person{first: "Bo", last: "Second"})
	_, err = f.Service.HoldDecision(t.Context(), f.Tenant.ID, waiting.ID, usher.Command{
		Kind: usher.CmdReject, By: usher.Actor{Kind: usher.ByStaff, ID: "someone", Role: usher.RoleReviewer}, Reasons: []usher.Reason{{Code: usher.Policy}},
	}, time.Hour)
	f.must(err)
	paths := []string{
		"/", "/?queue=mine", "/?queue=all&tag=a+rather+long+tag+for+a+case", "/cases/" + s.ID + "/correct", "/cases/" + waiting.ID, "/cases/" + waiting.ID + "/reject",
		"/?state=approved", "/?q=nothing", "/cases/" + s.ID, "/cases/" + decided.ID, "/cases/" + s.ID + "/approve", "/cases/" + s.ID + "/reject",
		"/cases/" + s.ID + "/ask-again", "/cases/" + decided.ID + "/overturn", "/cases/" + s.ID + "/look/" + s.Evidence[0].ID, "/keys", "/cases/none",
	}
	f.fitForAll("adam", paths...)
	t.Run("door", func(t *testing.T) {
		for _, opt := range []browsertest.Options{{}, {Dark: true, Width: 320}} {
			p := browsertest.Open(t, opt)
			p.Visit(f.url + "/sign-in?why=idle")
			p.Axe()
			p.Click("Sign in")
			p.WaitText("do not belong together")
			p.Axe()
			p.CSPViolations()
		}
	})
}
