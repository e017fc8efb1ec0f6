package desk_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/desk"
)

// write presses the keys of a text, into what has the focus.
func write(p *browsertest.Page, text string) { p.Press(strings.Split(text, "")...) }

// tabTo presses Tab until what is called so has the focus.
func tabTo(t *testing.T, p *browsertest.Page, called string) {
	t.Helper()
	var met []string
	for range 80 {
		p.Press("Tab")
		got := p.Focused()
		if strings.HasPrefix(got, called) {
			return
		}
		met = append(met, got)
	}
	t.Fatalf("Tab does not reach %q; it reaches %q", called, met)
}

// shoot keeps a picture of a page, in the folder that DESK_SCREENS names, where somebody wants to look at them.
func shoot(p *browsertest.Page, name string) {
	if dir := os.Getenv("DESK_SCREENS"); dir != "" {
		p.Screenshot(dir + "/" + name)
	}
}

// A reviewer's day without a mouse: take a case, look closely, note, tag, ask again, take that back, approve.
func TestDayByKeyboard(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *desk.Config) { c.Undo = time.Minute })
	vera := f.member("vera", usher.RoleReviewer)
	first, second := f.inReview(person{first: "Ada", last: "First", drawn: true}), f.inReview(person{first: "Bo", last: "Second"})
	p := f.tab("vera", browsertest.Options{Width: 1440, Height: 1000})
	p.Press("j", "j")
	if got := p.Focused(); got != "Bo Second" {
		t.Errorf("after j j the focus is on %q", got)
	}
	shoot(p, "queue")
	p.Press("k", "Enter")
	p.WaitURL(first.ID)
	p.Press("j")
	p.WaitURL(second.ID)
	p.Press("k")
	p.WaitURL(first.ID)

	p.Press("e")
	p.WaitText("The case is yours.")
	if got := f.kept(first.ID).Assignee; got != vera.ID {
		t.Fatalf("after e the case is with %q", got)
	}
	lookClosely(t, p)

	p.Press("n")
	write(p, "aria?")
	tabTo(t, p, "Save note")
	p.Press("Enter")
	p.WaitText("The note is saved.")
	p.Press("t")
	write(p, "vip")
	p.Press("Enter")
	p.WaitText("The tags are saved.")
	if c := f.kept(first.ID); !slices.Equal(c.Tags, []string{"vip"}) {
		t.Errorf("the tags are %q", c.Tags)
	}
	shoot(p, "case")

	p.Press("i")
	p.WaitText("What must be done again?")
	tabTo(t, p, "Note for the applicant")
	write(p, "In daylight, please.")
	tabTo(t, p, "Ask again")
	p.Press("Enter")
	p.WaitText("decided by you")
	p.Axe()
	shoot(p, "held")
	p.Press("u")
	p.WaitText("Nothing was decided.")
	p.Press("a")
	p.WaitText("Approve Ada First?")
	if f.session(first.ID).Version != first.Version {
		t.Fatal("a key decided by itself")
	}
	tabTo(t, p, "Approve")
	p.Press("Enter")
	p.WaitText("decided by you")
	f.Advance(2 * time.Minute)
	p.Reload()
	p.WaitText("A senior reviewer can overturn it.")
	if got := f.session(first.ID); got.State != usher.Approved || got.Decision.By.ID != vera.ID {
		t.Errorf("the case is %s", got.State)
	}

	p.Press("Ctrl+k")
	write(p, "needs action")
	shoot(p, "commands")
	p.Axe()
	p.Press("Enter")
	p.WaitURL("queue=action")
	p.WaitText("Bo Second")
	switchOff(t, f, p, second)
	p.CSPViolations()
}

// lookClosely zooms, turns and lights the first picture.
func lookClosely(t *testing.T, p *browsertest.Page) {
	t.Helper()
	const width = `document.querySelector(".shot img").getBoundingClientRect().width`
	const fits = `(() => { const g = document.querySelector(".glass").getBoundingClientRect(), i = document.querySelector(".shot img").getBoundingClientRect();
		return i.width <= g.width + 1 && i.height <= g.height + 1 })()`
	if loaded := browsertest.Eval[bool](p, `Promise.all([...document.querySelectorAll(".shot img")].map(i => i.decode())).then(
		() => document.querySelectorAll(".shot img").length === 2 && [...document.querySelectorAll(".shot img")].every(i => i.naturalWidth > 100))`); !loaded {
		t.Error("the pictures did not load")
	}
	if !browsertest.Eval[bool](p, fits) {
		t.Error("the picture does not fit its frame")
	}
	before := browsertest.Eval[float64](p, width)
	p.Press("z")
	if after := browsertest.Eval[float64](p, width); after < before*1.4 {
		t.Errorf("zooming in went from %.0f to %.0f px", before, after)
	}
	tabTo(t, p, "Brightness")
	p.Press("ArrowRight", "ArrowRight")
	if got := browsertest.Eval[string](p, `document.querySelector(".shot img").style.filter`); got != "brightness(102%)" {
		t.Errorf("the picture is lit by %q", got)
	}
	tabTo(t, p, "Reset")
	p.Press("Enter")
	if got := browsertest.Eval[string](p, `document.querySelector(".shot img").style.filter`); got != "" || !browsertest.Eval[bool](p, fits) {
		t.Errorf("after a reset it is lit by %q", got)
	}
	p.Press("Shift+Tab", "Shift+Tab", "Shift+Tab", "Enter")
	if turned := browsertest.Eval[bool](p, `(() => { const r = document.querySelector(".shot img").getBoundingClientRect(); return r.height > r.width })()`); !turned || !browsertest.Eval[bool](p, fits) {
		t.Error("the picture was not turned, or does not fit its frame then")
	}
	p.Press("Escape")
}

// switchOff looks at the page of keys and switches them off: then letters do nothing.
func switchOff(t *testing.T, f *firm, p *browsertest.Page, s usher.Session) {
	t.Helper()
	p.Press("?")
	p.WaitText("Switch the keys off")
	tabTo(t, p, "Switch the keys off")
	p.Press("Enter")
	p.WaitText("Saved for you")
	p.Visit(f.url + "/cases/" + s.ID)
	p.Press("a", "r", "i", "j", "e", "?")
	if !strings.HasSuffix(p.URL(), s.ID) {
		t.Errorf("a key that is switched off led to %s", p.URL())
	}
}
