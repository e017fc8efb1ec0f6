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
	p.Fill("E-mail address", name+"@example.test")
	p.Fill("Password", phrase)
	p.Click("Sign in")
	p.WaitText(name + "@example.test")
	return p
}

// fitForAll holds pages, all that is folded opened, to what axe looks for and to the width of their window, in light, in dark and on a phone.
func (f *firm) fitForAll(member string, paths ...string) {
	f.t.Helper()
	for name, opt := range map[string]browsertest.Options{"light": {Width: 1280}, "dark": {Width: 1280, Dark: true}, "narrow": {Width: 320, Height: 800}} {
		p := f.tab(member, opt)
		for _, path := range paths {
			p.Visit(f.url + path)
			browsertest.Eval[bool](p, `document.querySelectorAll("details").forEach(d => d.matches(".bar-me") || (d.open = true)) ?? true`)
			p.Axe()
			if over := browsertest.Eval[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				f.t.Errorf("%s: %s is %.0f px wider than its window", name, path, over)
			}
		}
		p.CSPViolations()
	}
}

func TestReviewerApproves(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Örjan", last: "Åström", drawn: true})
	p := f.tab("vera", browsertest.Options{Width: 1440, Height: 1000})
	p.Click("Örjan Åström")
	p.WaitText("Your decision")
	if loaded := browsertest.Eval[bool](p, `Promise.all([...document.querySelectorAll(".shot img")].map(i => i.decode())).then(
		() => document.querySelectorAll(".shot img").length === 2 && [...document.querySelectorAll(".shot img")].every(i => i.naturalWidth > 100))`); !loaded {
		t.Error("the pictures did not load")
	}
	p.Click("Approve")
	p.WaitText("Approve Örjan Åström?")
	p.Fill("Note for colleagues", "Seen in person.")
	p.Click("main button.act-approve")
	p.WaitText("Approved.")
	if got := f.session(s.ID); got.State != usher.Approved || got.Decision.Internal != "Seen in person." {
		t.Errorf("the case is %s", got.State)
	}
	p.CSPViolations()
}

func TestReviewerRejectsAndAsksAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	first, second := f.inReview(person{first: "Ada", last: "First"}), f.inReview(person{first: "Bo", last: "Second"})
	p := f.tab("vera", browsertest.Options{})
	p.Visit(f.url + "/cases/" + first.ID)
	p.Click("Reject")
	p.Click("main button.act-reject")
	p.WaitText("There is a problem")
	p.Axe()
	p.Click("Fraud is suspected")
	p.Click("main button.act-reject")
	p.WaitText("Rejected.")
	p.Click("Go to the next case")
	p.WaitText("Bo Second")
	p.Click("Ask again")
	p.WaitText("What must be done again?")
	p.Fill("Note for the applicant", "In daylight, please.")
	p.Click("main button.act-ask-again")
	p.WaitText("The applicant is asked again.")
	if got := f.session(first.ID); got.State != usher.Rejected || got.Decision.Reasons[0].Code != usher.SuspectedFraud {
		t.Errorf("the first case is %s", got.State)
	}
	if got := f.session(second.ID); got.State != usher.AwaitingApplicant || got.Note != "In daylight, please." {
		t.Errorf("the second case is %s", got.State)
	}
	p.CSPViolations()
}

func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	f := open(t)
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
	p.Click("Approve")
	p.Click("main button.act-approve")
	p.WaitText("Approved.")
	if got := f.session(s.ID); got.State != usher.Approved {
		t.Errorf("the case is %s", got.State)
	}
}

func TestSecondReviewerReadsWhatTheFirstDecided(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	f.member("ulla", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	one, two := f.tab("vera", browsertest.Options{}), f.tab("ulla", browsertest.Options{})
	one.Visit(f.url + "/cases/" + s.ID + "/approve")
	two.Visit(f.url + "/cases/" + s.ID + "/approve")
	one.Click("main button.act-approve")
	one.WaitText("Approved.")
	two.Click("main button.act-approve")
	two.WaitText("The case has changed")
	two.WaitText("vera@example.test")
	two.Axe()
	two.Click("Look at the case again")
	two.WaitText("A senior reviewer can overturn it.")
}

func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	first, second := f.inReview(person{first: "Ada", last: "First"}), f.inReview(person{first: "Bo", last: "Second"})
	p := f.tab("vera", browsertest.Options{})
	p.Press("j", "j")
	if got := p.Focused(); got != "Bo Second" {
		t.Errorf("after j j the focus is on %q", got)
	}
	p.Press("k", "Enter")
	p.WaitText("Your decision")
	if !strings.Contains(p.URL(), first.ID) {
		t.Fatalf("Enter opened %s", p.URL())
	}
	p.Press("j")
	p.WaitURL(second.ID)
	p.Press("k")
	p.WaitURL(first.ID)
	p.Press("r")
	p.WaitText("Reject Ada First?")
	if f.session(first.ID).State != usher.InReview {
		t.Fatal("a key decided by itself")
	}
	p.Fill("Note for the applicant", "")
	p.Press("a", "r", "i")
	if got := browsertest.Eval[string](p, `document.querySelector("#note").value`); got != "ari" {
		t.Errorf("in a field the keys wrote %q", got)
	}
	p.Visit(f.url + "/cases/" + first.ID)
	p.Press("/")
	p.Press("q")
	if got := browsertest.Eval[string](p, `document.querySelector("#q").value`); got != "q" {
		t.Errorf("in the search field the key wrote %q", got)
	}
	p.Visit(f.url + "/cases/" + first.ID)
	p.Press("?")
	p.WaitText("Switch the keys off")
	p.Axe()
	p.Click("Switch the keys off")
	p.WaitText("Saved for this browser.")
	p.Visit(f.url + "/cases/" + first.ID)
	p.Press("a", "r", "i", "j", "?")
	if !strings.HasSuffix(p.URL(), first.ID) {
		t.Errorf("a key that is switched off led to %s", p.URL())
	}
	p.CSPViolations()
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

func TestZoomAndTurn(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First", drawn: true})
	p := f.tab("vera", browsertest.Options{})
	p.Visit(f.url + "/cases/" + s.ID)
	width := `document.querySelector(".shot img").getBoundingClientRect().width`
	fits := `(() => { const g = document.querySelector(".glass").getBoundingClientRect(), i = document.querySelector(".shot img").getBoundingClientRect();
		return i.width <= g.width + 1 && i.height <= g.height + 1 })()`
	browsertest.Eval[bool](p, `Promise.all([...document.querySelectorAll(".shot img")].map(i => i.decode())).then(() => true)`)
	if !browsertest.Eval[bool](p, fits) {
		t.Error("the picture does not fit its frame")
	}
	before := browsertest.Eval[float64](p, width)
	p.Click("Zoom in Document, front")
	if after := browsertest.Eval[float64](p, width); after < before*1.4 {
		t.Errorf("zooming in went from %.0f to %.0f px", before, after)
	}
	p.Click("Zoom out Document, front")
	p.Click("Turn Document, front")
	if !browsertest.Eval[bool](p, fits) {
		t.Error("the turned picture does not fit its frame")
	}
	if turned := browsertest.Eval[bool](p, `(() => { const r = document.querySelector(".shot img").getBoundingClientRect(); return r.height > r.width })()`); !turned {
		t.Error("the picture was not turned")
	}
	p.CSPViolations()
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

// Every page, in light, dark and on a phone 320 px wide, breaks no rule that axe-core knows, and none is wider than its window.
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
	paths := []string{
		"/", "/?state=approved", "/?q=nothing", "/cases/" + s.ID, "/cases/" + decided.ID, "/cases/" + s.ID + "/approve", "/cases/" + s.ID + "/reject",
		"/cases/" + s.ID + "/ask-again", "/cases/" + decided.ID + "/overturn", "/cases/" + s.ID + "/look/" + s.Evidence[0].ID, "/keys", "/cases/none",
	}
	for name, opt := range map[string]browsertest.Options{
		"light": {Width: 1440, Height: 1000}, "dark": {Width: 1280, Dark: true}, "narrow": {Width: 320, Height: 800},
	} {
		t.Run(name, func(t *testing.T) {
			p := f.tab("adam", opt)
			for _, path := range paths {
				p.Visit(f.url + path)
				browsertest.Eval[bool](p, `document.querySelectorAll("details").forEach(d => d.matches(".bar-me") || (d.open = true)) ?? true`)
				p.Axe()
				if over := browsertest.Eval[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s is %.0f px wider than its window", path, over)
				}
			}
			p.CSPViolations()
		})
	}
	t.Run("door", func(t *testing.T) {
		for _, opt := range []browsertest.Options{{}, {Dark: true}, {Width: 320}} {
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
