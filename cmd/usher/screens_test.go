package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/specimen"
)

// screensFlow asks for everything that the applicant's pages can ask for.
const screensFlow = `name: screens
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth, nationality, address, contact]}
  - contact: {verify: [phone]}
  - document: {accept: [passport, id_card, driving_licence]}
  - selfie: {challenge: true}
  - proof_of_address
  - run: [document, face, consistency, age, watchlist, duplicate]
  - decide: {automatic: approve, reviewers: 1}
`

// videoFlow asks for a video of the face.
const videoFlow = "name: screens-video\nsteps:\n  - selfie: {video: wanted}\n  - decide: {}\n"

// The windows that each screen is shown in.
var (
	onDesktop = browsertest.Window{Width: 1280, Height: 800}
	onPhone   = browsertest.Window{Width: 390, Height: 844}
)

// TestScreens takes the pictures of docs/screens of a server of its own with invented people: make screens.
func TestScreens(t *testing.T) {
	dir := os.Getenv("USHER_SCREENS")
	if dir == "" {
		t.Skip("USHER_SCREENS=folder says where the pictures go")
	}
	sms := takeCodes(t)
	b := backend{dev: startDevWith(t, t.TempDir(), map[string]string{"USHER_SMS_URL": sms.URL}).dev}
	ctx := context.Background()
	p := specimen.Person{FirstNames: "Amira", LastName: "Al Mithali", BirthDate: time.Date(1975, 8, 12, 0, 0, 0, 0, time.UTC), Sex: "F", Number: "U40717262"}
	a := &album{t: t, dir: dir}
	if err := b.signIn(ctx); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{"screens": screensFlow, "screens-video": videoFlow} {
		if err := b.call(ctx, http.MethodPut, "/v1/flows/"+name, map[string]string{"source": source}, &struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	s := &sitting{album: a, b: &b, sms: sms, person: p, dir: t.TempDir()}
	s.draw()
	s.subscribe(ctx)
	s.applicant(ctx)
	s.desk()
	s.redo(ctx)
	s.closed(ctx)
	s.troubles(ctx)
	a.index()
}

// sitting is the invented person at their browser, and the administrator at the desk.
type sitting struct {
	*album
	b                    *backend
	sms                  *codes
	person               specimen.Person
	dir                  string
	front, notes, selfie string // files
	endpoint             string // id of the client's
	me, staff            *browsertest.Page
}

// draw draws the person's papers.
func (s *sitting) draw() {
	s.t.Helper()
	passport, err := specimen.Passport(s.person)
	if err != nil {
		s.t.Fatal(err)
	}
	front, err := specimen.JPEG(specimen.Photo(passport, 7))
	if err != nil {
		s.t.Fatal(err)
	}
	selfie, err := specimen.JPEG(specimen.Selfie(s.person))
	if err != nil {
		s.t.Fatal(err)
	}
	s.front, s.selfie = filepath.Join(s.dir, "passport.jpg"), filepath.Join(s.dir, "selfie.jpg")
	s.notes = filepath.Join(s.dir, "notes.jpg")
	for name, raw := range map[string][]byte{s.front: front, s.selfie: selfie, s.notes: []byte("this is no picture")} {
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// order gives the link of a new session of a flow.
func (s *sitting) order(ctx context.Context, flow string) string {
	s.t.Helper()
	if err := s.b.call(ctx, http.MethodPost, "/v1/sessions", map[string]any{"flow": flow, "applicant": map[string]any{}}, &s.b.session); err != nil {
		s.t.Fatal(err)
	}
	return s.b.session.URL
}

// here gives the address of a page of the session that is open.
func (s *sitting) here(page string) string { return s.b.dev.HostedURL + "/f/" + s.b.session.ID + page }

// applicant goes from the link to the end of the pages.
func (s *sitting) applicant(ctx context.Context) {
	me := browsertest.Open(s.t, browsertest.Options{FakeCameraFile: browsertest.FakeCamera(s.t, held(s.t, s.person))})
	s.me = me
	link := s.order(ctx, "screens")
	me.Visit(link)
	s.shoot(me, "welcome", "The link is opened: who asks, and what is needed")
	me.Click("Start now")
	s.shoot(me, "consent", "How the information is used")
	me.Click("I do not agree")
	s.shoot(me, "decline", "What it means not to agree")
	me.Click("Go back to the text")
	me.Click("Software may compare the photo of my face with the photo in my document")
	me.Click("Agree and continue")
	s.details()
	s.contact()
	s.documents()
	s.face()
	me.WaitText("Show where you live")
	s.shoot(me, "address", "Proof of address: a picture or a PDF")
	me.SetFile("#file", s.front)
	me.Click("Upload")
	me.Click("Use this file")
	me.WaitText("Check before you send")
	s.shoot(me, "answers", "Everything that was given, to look over and change")
	me.Click("Send")
	if browsertest.Eval[bool](me, `location.pathname.endsWith("/waiting")`) {
		s.shoot(me, "waiting", "While the checks run")
	}
	me.WaitText("You have finished")
	s.shoot(me, "done", "What happens next")
}

// details gives one topic after the other.
func (s *sitting) details() {
	me := s.me
	me.WaitText("Your name")
	me.Click("Continue")
	me.WaitText("There is a problem")
	s.shoot(me, "details-error", "A form that was sent with something missing")
	me.Visit(s.here("/details/name"))
	for _, topic := range []struct {
		name, title, about string
		fields             map[string]string
	}{
		{"details-name", "Your name", "Details: the name", map[string]string{"Given names": "Amira", "Family name": "Al Mithali"}},
		{"details-birth", "Date of birth", "Details: the date of birth", map[string]string{"Day": "12", "Month": "aug", "Year": "1975"}},
		{"details-nationality", "Nationality", "Details: the nationality", map[string]string{"#nationality": "SE"}},
		{"details-address", "Your home address", "Details: the home address", map[string]string{
			"#country": "SE", "Street and number": "Storgatan 1", "Postal code (if you have one)": "111 22", "Town or city": "Stockholm",
		}},
		{"details-contact", "How to reach you", "Details: e-mail and phone", map[string]string{"Email address": "amira@example.test", "Phone number": "+46 70-123 45 67"}},
	} {
		me.WaitText(topic.title)
		for field, value := range topic.fields {
			me.Fill(field, value)
		}
		s.shoot(me, topic.name, topic.about)
		me.Click("Continue")
	}
}

// contact proves the phone number.
func (s *sitting) contact() {
	me := s.me
	me.WaitText("Send a code")
	s.shoot(me, "code-send", "Before a one-time code is sent")
	me.Click("Send a code")
	me.WaitText("Send a new code")
	s.shoot(me, "code", "The one-time code")
	me.Fill("#code", s.sms.last(s.t))
	me.Click("Continue")
}

// documents chooses a document and shows it to the camera.
func (s *sitting) documents() {
	me := s.me
	me.WaitText("Which document will you use?")
	s.shoot(me, "document", "The choice of a document")
	me.Click("[value=passport]")
	me.Click("Continue")
	me.WaitText("Take a photo of the photo page of your passport")
	s.shoot(me, "guidance", "How to take the photo, with the upload as the other way")
	me.Visit(s.here("/phone"))
	me.WaitText("Go on with your phone")
	s.shoot(me, "phone", "From the computer to a phone")
	me.Click("Show the code for my phone")
	me.WaitText("Keep this page open")
	s.shoot(me, "phone-code", "The code for the phone, and the number to choose there")
	s.handoff()
	me.Visit(s.here("/front"))
	me.SetFile("#file", s.notes)
	me.Click("Upload")
	me.WaitText("The file is not a picture")
	s.shoot(me, "upload-error", "A file that is no picture")
	me.Visit(s.here("/front/camera"))
	me.WaitText("keep still")
	s.shoot(me, "camera", "The camera, with the outline and one hint at a time")
	me.Click("Take photo")
	me.WaitURL("/front/check")
	s.shoot(me, "check", "The photo is looked at before it counts")
	me.Click("Use this photo")
}

// handoff opens the code at another browser, and turns away.
func (s *sitting) handoff() {
	phone := browsertest.Open(s.t, browsertest.Options{Width: 390, Height: 844})
	phone.Visit(browsertest.Eval[string](s.me, `document.getElementById("key").value`))
	phone.WaitText("Did you start this")
	s.shoot(phone, "handoff", "The phone asks whether it was you, and for the number")
}

// face takes the photo of the face, and goes on without movements and video.
func (s *sitting) face() {
	me := s.me
	me.WaitText("Take a photo of your face")
	s.shoot(me, "selfie", "How to take the photo of the face")
	me.Visit(s.here("/selfie/camera"))
	me.WaitText("Look straight into the camera")
	s.shoot(me, "selfie-camera", "The camera for the face; here it sees a passport")
	me.Visit(s.here("/selfie"))
	me.SetFile("#file", s.selfie)
	me.Click("Upload")
	me.WaitText("Is your face easy to see?")
	s.shoot(me, "selfie-check", "The photo of the face is looked at before it counts")
	me.Click("Use this photo")
	me.WaitText("Move your head for the camera")
	s.shoot(me, "challenge", "Movements of the head, and the way on without them")
	me.Click("Continue without the movements")
}

// codes is a gateway for text messages that keeps the last.
type codes struct {
	*httptest.Server
	mu   sync.Mutex
	text string
}

func takeCodes(t *testing.T) *codes {
	t.Helper()
	c := &codes{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct{ Text string }
		if json.NewDecoder(r.Body).Decode(&m) == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.text = m.Text
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// last gives the digits of the last message.
func (c *codes) last(t *testing.T) string {
	t.Helper()
	code, err := poll(context.Background(), func() (string, bool, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		found := regexp.MustCompile(`\b\d{6}\b`).FindString(c.text)
		return found, found != "", nil
	})
	if err != nil {
		t.Fatal(fmt.Errorf("wait for a code: %w", err))
	}
	return code
}
