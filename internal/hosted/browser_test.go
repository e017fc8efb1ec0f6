package hosted_test

import (
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
	t     *testing.T
	name  string
	count int
	outer *browsertest.Page // the page that frames this one, which pictures are taken of
}

func sit(t *testing.T, name string, o browsertest.Options) *person {
	return &person{Page: browsertest.Open(t, o), t: t, name: name}
}

// keyOnPage finds a text that is missing, which shows as its key.
var keyOnPage = regexp.MustCompile(`\b(start|resume|link|photo|camera|check|answers|wait|done|redo|ended|details|consent|doc|document|reason|wrong|error|form|nav)(\.[a-z_]+)+\b`)

// look checks the page that is on the screen. With USHER_SHOTS=folder it keeps a picture of it.
func (p *person) look(title string) {
	p.t.Helper()
	p.WaitText(title)
	if got := browsertest.Eval[string](p.Page, "document.querySelector('h1').innerText"); !strings.Contains(got, title) {
		p.t.Fatalf("the heading is %q, want %q; the page says: %s", got, title, p.Text("main"))
	}
	if wide := browsertest.Eval[int](p.Page, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		p.t.Errorf("%s: the page is %d pixels wider than the window", title, wide)
	}
	if key := keyOnPage.FindString(p.Text("")); key != "" {
		p.t.Errorf("%s: the page shows the key %s instead of words", title, key)
	}
	browsertest.Eval[bool](p.Page, "Promise.all([...document.images].filter((i) => i.src).map((i) => i.decode())).then(() => true)")
	p.Axe()
	if p.outer == nil {
		p.CSPViolations()
	}
	if dir := os.Getenv("USHER_SHOTS"); dir != "" {
		p.count++
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
		shown.Screenshot(filepath.Join(dir, p.name, string(rune('a'+p.count/10))+string(rune('0'+p.count%10))+"-"+words))
	}
}

func (p *person) upload(file string) {
	p.t.Helper()
	p.SetFile("#file", file)
	p.Click("Upload")
}

func (p *person) details() {
	p.t.Helper()
	for field, value := range map[string]string{
		"Given names": "Anna Maria", "Family name": "Eriksson", "Day": "12", "Month": "aug", "Year": "1974", "#nationality": "SE",
		"#country": "SE", "Street and number": "Storgatan 1", "Postal code (if you have one)": "111 22", "Town or city": "Stockholm",
		"Email address": "anna@example.com", "Phone number": "+46 70-123 45 67",
	} {
		p.Fill(field, value)
	}
}

// documents goes from the choice of a document to the answers by uploading files.
func (p *person) documents(pics pictures) {
	p.t.Helper()
	p.look("Which document will you use?")
	p.Click("Continue")
	p.WaitText("Choose which document you will use")
	p.Click("[value=id_card]")
	p.Click("Continue")
	p.look("Take a photo of the front of your identity card")
	p.upload(pics.front)
	p.look("Is everything readable?")
	p.Click("Use this photo")
	p.look("Take a photo of the back of your identity card")
	p.upload(pics.back)
	p.Click("Use this photo")
	p.look("Take a photo of your face")
	p.upload(pics.selfie)
	p.look("Is your face easy to see?")
	p.Click("Use this photo")
	p.look("Show where you live")
	p.upload(pics.pdf)
	p.look("Is this the right file?")
	p.Click("Use this file")
}

// TestWholeJourney walks through every step by uploading files, in windows of all kinds and without scripts, and looks at each page.
func TestWholeJourney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    browsertest.Options
	}{
		{"desktop", browsertest.Options{}},
		{"phone", browsertest.Options{Width: 390, Height: 844}},
		{"narrow-dark", browsertest.Options{Width: 320, Height: 640, Dark: true}},
		{"no-scripts", browsertest.Options{Width: 390, Height: 844, NoJS: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, pics := open(t), draw(t)
			s, link := h.session("everything")
			p := sit(t, c.name, c.o)
			p.Visit(link.URL)
			p.look("Verify your identity for Example Bank")
			p.Click("Start now")
			p.look("How we use your information")
			p.Click("I do not agree")
			p.look("You do not agree?")
			p.Click("Go back to the text")
			p.Click("Software may compare the photo of my face with the photo in my document")
			p.Click("Agree and continue")
			p.look("Your details")
			p.Click("Continue")
			p.look("Your details")
			p.WaitText("Write your family name")
			if got := p.Focused(); !strings.HasPrefix(got, "There is a problem") {
				t.Errorf("the focus is on %q, not on the summary of errors", got)
			}
			p.details()
			p.Click("Continue")
			p.documents(pics)
			p.look("Check before you send")
			for _, want := range []string{"Anna Maria Eriksson", "12 August 1974", "Storgatan 1", "Sweden", "+46701234567", "Identity card", "PDF document"} {
				p.WaitText(want)
			}
			p.Click("Send")
			p.look("We are checking what you sent")
			h.Settle()
			if c.o.NoJS {
				p.Click("Look again")
			}
			p.WaitText("You have finished")
			p.look("You have finished")
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
	p := sit(t, "camera", browsertest.Options{Width: 390, Height: 844, FakeCameraFile: browsertest.FakeCamera(t, pics.passportImage)})
	p.Visit(link.URL)
	p.Click("Start now")
	p.look("Take a photo of the photo page of your passport")
	p.Click("Open camera")
	p.WaitText("Fit the document into the frame and keep still.")
	p.look("Photo of your passport")
	p.Offline(true)
	p.Click("Take photo")
	p.WaitText("The photo did not arrive.")
	p.Offline(false)
	p.Click("Take photo")
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
	if got := h.now(s.ID); got.State != usher.InReview || len(got.Evidence) != 3 {
		t.Errorf("the session is %s with %d files", got.State, len(got.Evidence))
	}
}
