package hosted_test

import (
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

// TestFaceLogin holds that a session which only asks whether it is the same person again says so, and ends with the way on.
func TestFaceLogin(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, "name: login\npurpose: face_login\nsteps:\n  - consent: {text: identity-check}\n  - selfie\n  - run: [face_login]\n  - decide: {automatic: approve}\n")
	for _, o := range []browsertest.Options{{Width: 390, Height: 844}, {Width: 320, Height: 640, Locale: "sv-SE"}} {
		s, link := h.session("login")
		p := sit(t, map[int]string{390: "login-phone", 320: "login-narrow"}[o.Width], o)
		p.Visit(link.URL)
		if o.Locale != "" {
			p.look("Visa Example Bank att det är du")
			continue
		}
		p.look("Show Example Bank that it is you")
		p.Click("Start now")
		p.look("How we use your information")
		p.Click("Software may compare the photo of my face with the photo that Example Bank has of me")
		p.Click("Agree and continue")
		p.look("Take a photo of your face")
		p.WaitText("Step 2 of 3")
		p.upload(pics.selfie)
		p.Click("Use this photo")
		p.look("Check before you send")
		p.Click("Send")
		h.Settle()
		p.WaitText("Go back to Example Bank and go on there.")
		p.look("You have finished")
		if got := h.now(s.ID); got.State != usher.Approved || !got.Steps[0].Consent.Face {
			t.Errorf("the session is %s", got.State)
		}
	}
}

// TestAddressOnly holds that a session which asks for a proof of address alone says what it is about.
func TestAddressOnly(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	_, link := h.session("address")
	p := sit(t, "address-only", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL)
	p.look("Show Example Bank where you live")
	p.Click("Start now")
	p.Click("Agree and continue")
	p.look("Show where you live")
	p.upload(pics.pdf)
	p.Click("Use this file")
	p.Click("Send")
	h.Settle()
	p.look("You have finished")
	p.WaitText("A person is looking at what you sent.")
}
