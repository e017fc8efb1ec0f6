package hosted_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

// person is somebody at a browser who looks at every page: is it accessible, did the policy refuse anything.
type person struct {
	*browsertest.Page
	t     testing.TB
	name  string
	count int
	outer *browsertest.Page // the page that frames this one, which pictures are taken of
}

func sit(t testing.TB, name string, o browsertest.Options) *person {
	return &person{Page: browsertest.Open(t, o), t: t, name: name}
}

// keyOnPage finds a text that is missing, which shows as its key.
var keyOnPage = regexp.MustCompile(`\b(start|resume|link|photo|camera|check|answers|wait|done|redo|ended|details|consent|doc|document|reason|wrong|error|form|nav)(\.[a-z_]+)+\b`)

// windows are those that a page is looked at in, where it is looked at in more than one.
var windows = map[string]browsertest.Window{
	"desktop": {Width: 1280, Height: 800}, "phone": {Width: 390, Height: 844}, "narrow-dark": {Width: 320, Height: 640, Dark: true},
}

// look checks the page that is on the screen. With USHER_SHOTS=folder it keeps a picture of it.
func (p *person) look(title string) {
	p.t.Helper()
	p.read(title)
	p.check(title)
	p.keep(title, "")
	p.count++
}

// lookAround checks the page in a large window, on a phone and on the narrowest phone in the dark.
func (p *person) lookAround(title string) {
	p.t.Helper()
	p.read(title)
	for name, w := range windows {
		p.As(w)
		p.check(title)
		p.keep(title, name)
	}
	p.As(windows["phone"])
	p.count++
}

// read waits for a page and sees that it has words.
func (p *person) read(title string) {
	p.t.Helper()
	p.WaitText(title)
	if got := browsertest.Eval[string](p.Page, "document.querySelector('h1').innerText"); !strings.Contains(got, title) {
		p.t.Fatalf("the heading is %q, want %q; the page says: %s", got, title, p.Text("main"))
	}
	if hole := regexp.MustCompile(`\{[a-z_]+\}`).FindString(p.Text("")); hole != "" {
		p.t.Errorf("%s: the page shows %s instead of a word", title, hole)
	}
	// Messages say their ids, for who asks for help; words beside them are words.
	ids := browsertest.Eval[[]string](p.Page, "[...document.querySelectorAll('code')].map((c) => c.textContent)")
	for _, key := range keyOnPage.FindAllString(p.Text(""), -1) {
		if !strings.Contains(strings.Join(ids, " "), key) {
			p.t.Errorf("%s: the page shows the key %s instead of words", title, key)
		}
	}
	browsertest.Eval[bool](p.Page, "Promise.all([...document.images].filter((i) => i.src).map((i) => i.decode())).then(() => true)")
}

// check sees that nothing is wider than the window, and what axe and the policy say.
func (p *person) check(title string) {
	p.t.Helper()
	p.fits(title)
	p.Axe()
	if p.outer == nil {
		p.CSPViolations()
	}
}

func (p *person) fits(title string) {
	p.t.Helper()
	if wide := browsertest.Eval[int](p.Page, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		p.t.Errorf("%s: the page is %d pixels wider than the window", title, wide)
	}
}

// keep keeps a picture of the page, where they are wanted.
func (p *person) keep(title, window string) {
	p.t.Helper()
	dir := os.Getenv("USHER_SHOTS")
	if dir == "" {
		return
	}
	words := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, title)
	shown := p.Page
	if p.outer != nil {
		shown = p.outer
	}
	shown.Screenshot(filepath.Join(dir, p.name, fmt.Sprintf("%02d-%s-%s", p.count, words, window)))
}

func (p *person) upload(file string) {
	p.t.Helper()
	p.SetFile("#file", file)
	p.Click("Upload")
}

// details gives every detail, page by page.
func (p *person) details(looks func(string)) {
	p.t.Helper()
	for _, topic := range []struct {
		title  string
		fields map[string]string
	}{
		{"Your name", map[string]string{"Given names": "Anna Maria", "Family name": "Eriksson"}},
		{"Date of birth", map[string]string{"Day": "12", "Month": "aug", "Year": "1974"}},
		{"Nationality", map[string]string{"#nationality": "SE"}},
		{"Your home address", map[string]string{
			"#country": "SE", "Street and number": "Storgatan 1", "Postal code (if you have one)": "111 22", "Town or city": "Stockholm",
		}},
		{"How to reach you", map[string]string{"Email address": "anna@example.com", "Phone number": "+46 70-123 45 67"}},
	} {
		looks(topic.title)
		for field, value := range topic.fields {
			p.Fill(field, value)
		}
		p.Click("Continue")
	}
}

// documents goes from the choice of a document to the answers by uploading files.
func (p *person) documents(pics pictures, looks func(string)) {
	p.t.Helper()
	looks("Which document will you use?")
	p.Click("Continue")
	p.WaitText("Choose which document you will use")
	p.Click("[value=id_card]")
	p.Click("Continue")
	looks("Take a photo of the front of your identity card")
	p.upload(pics.front)
	looks("Is everything readable?")
	p.Click("Use this photo")
	looks("Take a photo of the back of your identity card")
	p.upload(pics.back)
	p.Click("Use this photo")
	looks("Take a photo of your face")
	p.upload(pics.selfie)
	looks("Is your face easy to see?")
	p.Click("Use this photo")
	looks("Show where you live")
	p.upload(pics.pdf)
	looks("Is this the right file?")
	p.Click("Use this file")
}

// TestWholeJourney walks through every step by uploading files, with scripts and without, and looks at each page: with scripts in every window.
func TestWholeJourney(t *testing.T) {
	t.Parallel()
	for name, noJS := range map[string]bool{"scripts": false, "no-scripts": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, pics := open(t), draw(t)
			s, link := h.session("everything")
			p := sit(t, name, browsertest.Options{Width: 390, Height: 844, NoJS: noJS})
			looks := p.lookAround
			if noJS {
				looks = p.look
			}
			p.Visit(link.URL)
			looks("Verify your identity for Example Bank")
			p.Click("Start now")
			looks("How we use your information")
			p.Click("I do not agree")
			looks("You do not agree?")
			p.Click("Go back to the text")
			p.Click("Software may compare the photo of my face with the photo in my document")
			p.Click("Agree and continue")
			p.read("Your name")
			p.Click("Continue")
			p.WaitText("Write your family name")
			looks("Your name")
			p.As(windows["phone"])
			p.Click("Continue")
			if got := p.Focused(); !strings.HasPrefix(got, "There is a problem") {
				t.Errorf("the focus is on %q, not on the summary of errors", got)
			}
			p.details(looks)
			p.documents(pics, looks)
			looks("Check before you send")
			for _, want := range []string{"Anna Maria Eriksson", "12 August 1974", "Storgatan 1", "Sweden", "+46701234567", "Identity card", "PDF document"} {
				p.WaitText(want)
			}
			p.Click("Send")
			p.read("We are checking what you sent")
			h.Settle()
			if noJS {
				p.Click("Look again")
			}
			p.WaitText("You have finished")
			looks("You have finished")
			p.WaitText(s.ID)
			if got := browsertest.Eval[string](p.Page, "document.querySelector('main a.button').getAttribute('href')"); got != h.back.URL+returnPath {
				t.Errorf("the way back is %s, want %s", got, h.back.URL+returnPath)
			}
			p.Click("Return to Example Bank")
			p.WaitText("Welcome back to the client")
			if got := h.now(s.ID); got.State != usher.Approved {
				t.Errorf("the session is %s", got.State)
			}
		})
	}
}

// TestCamera takes every photo with the camera, once with the mouse and then with the keyboard alone.
func TestCamera(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, "name: short\nsteps:\n  - document: {accept: [passport]}\n  - selfie\n  - run: [document]\n  - decide: {}\n")
	s, link := h.session("short")
	p := sit(t, "camera", browsertest.Options{Width: 390, Height: 844, FakeCameraFile: browsertest.FakeCamera(t, pics.image(t))})
	p.Visit(link.URL)
	p.Click("Start now")
	p.look("Take a photo of the photo page of your passport")
	p.Click("Open camera")
	p.WaitText("Fit the document into the frame and keep still.")
	p.look("Photo of your passport")
	p.Offline(true)
	p.Click("Take photo")
	p.WaitText("The connection was lost. What has arrived is kept")
	p.Offline(false) // and it goes on by itself
	p.WaitURL("/front/check")
	p.look("Is everything readable?")
	if got := h.now(s.ID).Evidence; len(got) != 1 || got[0].Source != usher.FromCamera || got[0].ContentType != "image/jpeg" {
		t.Errorf("the evidence is %+v", got)
	}
	p.Click("Take another")
	p.WaitText("Fit the document into the frame and keep still.")
	if got := p.Focused(); got != "Take photo" {
		t.Errorf("the focus is on %q, so Space does not take the photo", got)
	}
	p.Press("Space")
	p.WaitURL("/front/check")
	p.Click("Use this photo")
	p.look("Take a photo of your face")
	p.Click("Open camera")
	p.WaitText("Look straight into the camera.")
	p.look("Photo of your face")
	p.Press("Enter")
	p.WaitURL("/selfie/check")
	p.Click("Use this photo")
	p.look("Check before you send")
	p.Click("Send")
	h.Settle()
	p.WaitText("A person is looking at what you sent.")
	// The camera shows a still picture, so that the second photo is the first: it is kept once.
	if got := h.now(s.ID); got.State != usher.InReview || len(got.Evidence) != 2 {
		t.Errorf("the session is %s with %d files", got.State, len(got.Evidence))
	}
}
