package main

import (
	"context"
	"image"
	"image/color"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"

	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/specimen"
)

// held is a passport as a webcam sees it that somebody holds it in front of.
func held(t *testing.T, p specimen.Person) image.Image {
	t.Helper()
	passport, err := specimen.Passport(p)
	if err != nil {
		t.Fatal(err)
	}
	seen := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	draw.Draw(seen, seen.Bounds(), image.NewUniform(color.RGBA{0x6b, 0x5a, 0x4a, 0xff}), image.Point{}, draw.Src)
	height := 690
	width := height * passport.Bounds().Dx() / passport.Bounds().Dy()
	at := image.Rect(640-width/2, 15, 640+width/2, 15+height)
	draw.CatmullRom.Scale(seen, at, passport, passport.Bounds(), draw.Src, nil)
	for i, v := range seen.Pix {
		if i%4 != 3 {
			seen.Pix[i] = uint8(int(v) * 85 / 100) // a room is darker than a drawing
		}
	}
	return seen
}

// TestApplicantAndReviewerInTheBrowser is the whole product once, with nothing replaced but the people: the applicant shows a passport to a
// webcam, the real checks run, a reviewer looks and approves at the desk, and an account is opened.
func TestApplicantAndReviewerInTheBrowser(t *testing.T) {
	t.Parallel()
	b := backend{dev: startDev(t, t.TempDir()).dev}
	ctx := context.Background()
	p := demoPerson()
	if err := errorsOf(b.signIn(ctx), b.createSession(ctx, p)); err != nil {
		t.Fatal(err)
	}
	selfie, err := specimen.JPEG(specimen.Selfie(p))
	if err != nil {
		t.Fatal(err)
	}
	selfieFile := filepath.Join(t.TempDir(), "selfie.jpg")
	if err := os.WriteFile(selfieFile, selfie, 0o600); err != nil {
		t.Fatal(err)
	}

	a := browsertest.Open(t, browsertest.Options{Width: 390, Height: 844, FakeCameraFile: browsertest.FakeCamera(t, held(t, p))})
	a.Visit(b.session.URL)
	a.Click("Start now")
	a.Click("Agree and continue")
	for _, topic := range []string{"Your name", "Date of birth", "Your home address", "How to reach you"} {
		a.WaitText(topic)
		a.Click("Continue")
	}
	a.Click("[value=passport]")
	a.Click("Continue")
	a.Click("Open camera")
	a.WaitText("keep still")
	a.Click("Take photo")
	a.WaitURL("/front/check")
	a.Click("Use this photo")
	a.WaitText("Take a photo of your face")
	a.SetFile("#file", selfieFile)
	a.Click("Upload")
	a.Click("Use this photo")
	a.WaitText("Maja Elin Lindqvist")
	a.Click("Send")
	a.WaitText("You have finished")
	a.CSPViolations()

	s, err := b.wait(ctx, func(s session) bool { return s.State == "in_review" })
	if err != nil {
		t.Fatalf("the session is %s: %v", s.State, err)
	}
	checks, err := b.checks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if want := map[string]string{"document": "clear", "face": "consider", "consistency": "clear", "age": "clear", "duplicate": "clear"}[c.Kind]; c.Outcome != want {
			t.Errorf("the check %s of what the webcam saw says %s, want %s", c.Kind, c.words(), want)
		}
	}

	r := browsertest.Open(t, browsertest.Options{Width: 1440, Height: 1000})
	r.Visit(b.dev.DeskURL + "/")
	for _, member := range b.dev.Staff {
		if member.Role == "reviewer" {
			r.Fill("E-mail address", member.Email)
			r.Fill("Password", member.Password)
		}
	}
	r.Click("Sign in")
	r.Click("Maja Elin Lindqvist")
	r.WaitText("Your decision")
	r.WaitText("U12345678")
	r.Axe()
	r.Click("Approve")
	r.Click("main button.act-approve")
	r.WaitText("decided by you")
	r.WaitText("A senior reviewer can overturn it.") // once it cannot be taken back any more, the page shows the case as it is
	r.CSPViolations()

	s, err = b.wait(ctx, func(s session) bool { return s.Account != nil })
	if err != nil || s.State != "approved" {
		t.Fatalf("the session is %s, account %v: %v", s.State, s.Account, err)
	}
	var account struct {
		Status string `json:"status"`
	}
	if err := b.call(ctx, http.MethodGet, "/v1/accounts/"+s.Account.ID, nil, &account); err != nil || account.Status != "CONFIRMED" {
		t.Errorf("account %+v, %v", account, err)
	}
}
