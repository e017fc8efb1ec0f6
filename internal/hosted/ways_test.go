package hosted_test

import (
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

// passportFlow is the shortest flow with pictures.
const passportFlow = `name: short
reissue: true
steps:
  - details: {ask: [name]}
  - document: {accept: [passport]}
  - selfie
  - run: [document]
  - decide: {}
`

// TestComingBack holds that a person finds everything again after a reload, a step back and a closed tab; and that another browser that takes
// over is told so, sees nothing of what was typed before, and shuts the first one out.
func TestComingBack(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, passportFlow)
	_, link := h.session("short")
	first := sit(t, "first", browsertest.Options{Width: 390, Height: 844})
	first.Visit(link.URL)
	first.Click("Start now")
	first.Fill("Given names", "Anna Maria")
	first.Fill("Family name", "Eriksson")
	first.Click("Continue")
	first.upload(pics.passport)
	first.WaitURL("/front/check")
	first.Reload()
	first.look("Is everything readable?")
	first.Click("Use this photo")
	first.look("Take a photo of your face")
	first.Back()
	first.Back()
	first.Reload()
	first.look("Take a photo of the photo page of your passport") // may still be changed
	first.Visit("about:blank")
	first.Visit(link.URL)
	first.look("Go on where you stopped")
	first.Click("Continue")
	first.look("Take a photo of your face")
	first.upload(pics.selfie)
	first.Click("Use this photo")
	first.look("Check before you send")
	first.WaitText("Anna Maria Eriksson")

	second := sit(t, "second", browsertest.Options{})
	second.Visit(link.URL)
	second.look("Go on where you stopped")
	second.WaitText("it will be signed out")
	if strings.Contains(second.Text(""), "Eriksson") {
		t.Error("the page of the link tells a name")
	}
	second.Click("Continue on this device")
	second.look("Check before you send")
	if strings.Contains(second.Text(""), "Eriksson") || browsertest.Eval[int](second.Page, "document.images.length") != 0 {
		t.Errorf("the second browser shows what the first one gave: %s", second.Text("main"))
	}
	second.Click("Change Name")
	second.look("Your name")
	second.WaitText("You typed some of this on another device")
	if browsertest.Eval[string](second.Page, "document.getElementById('last_name').value") != "" {
		t.Error("the form shows what was typed in the first browser")
	}
	second.Fill("Given names", "Anna")
	second.Fill("Family name", "Eriksson")
	second.Click("Continue")
	second.WaitText("Anna Eriksson") // typed here, so shown here

	first.Reload()
	first.look("You went on somewhere else")
}

// TestLinkEnds shows what a person sees at a link that was replaced, has expired or never was.
func TestLinkEnds(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, passportFlow)
	s, link := h.session("short")
	p := sit(t, "link-ends", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL + "x")
	p.look("Page not found")
	p.Visit(h.server.URL + "/verify/f/" + s.ID)
	p.look("Please open your link again")
	_, newer, err := h.Service.IssueLink(t.Context(), h.client, s.ID, usher.NewLink{})
	h.must(err)
	p.Visit(link.URL)
	p.look("This link has been replaced")
	p.Visit(newer.URL)
	p.Click("Start now")
	p.look("Your name")
	h.Advance(49 * 3600e9)
	p.Click("Continue")
	p.look("Your time for this has run out")
	p.Visit(newer.URL)
	p.look("This link has expired")
	p.Click("Ask for a new link")
	p.look("We passed it on")
	if got := h.now(s.ID); got.LinkAskedAt.IsZero() || got.State != usher.Expired {
		t.Errorf("the session is %s, a new link was wanted at %v", got.State, got.LinkAskedAt)
	}
	p.Visit(newer.URL)
	p.Click("Return to Example Bank")
	p.WaitText("Welcome back to the client")
	p.Visit(h.server.URL + "/verify/help")
	p.look("Help and other ways")
}

// TestDeclined holds that who does not agree is told what it means before, and how to come back after.
func TestDeclined(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("everything")
	p := sit(t, "declined", browsertest.Options{Width: 320, Height: 640, Dark: true, Locale: "sv-SE"})
	p.Visit(link.URL)
	p.look("Bekräfta din identitet för Example Bank")
	p.Click("Börja nu")
	p.Click("Jag godkänner inte")
	p.look("Godkänner du inte?")
	p.Click("Jag godkänner inte, avsluta här")
	p.look("Du godkände inte, så vi slutade här")
	if got := h.now(s.ID); got.State != usher.Cancelled || got.Reasons[0].Code != usher.ConsentDeclined {
		t.Errorf("the session is %s because of %v", got.State, got.Reasons)
	}
	p.Visit(link.URL)
	p.look("Du godkände inte, så vi slutade här")
	p.Click("Svenska")
	p.look("Du godkände inte, så vi slutade här") // with the menu open
	p.Click("English")
	p.look("You did not agree, so we stopped here")
	p.Click("Return to Example Bank")
	p.WaitText("Welcome back to the client")
}

// TestCameraRefused holds that a person whose camera is refused, missing, taken or silent gets words and the other way.
func TestCameraRefused(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	_, link := h.session("short")
	p := sit(t, "camera-refused", browsertest.Options{Width: 320, Height: 640, DenyCamera: true})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Click("Open camera")
	p.WaitText("The camera is blocked")
	p.look("Photo of your passport")
	if got := p.Focused(); !strings.HasPrefix(got, "The camera is blocked") {
		t.Errorf("the focus is on %q, not on what happened", got)
	}
	for _, problem := range []string{"none", "busy", "slow", "inapp"} {
		browsertest.Eval[bool](p.Page, `[...document.querySelectorAll(".problem")].every((el) => { el.hidden = el.id !== "problem-`+problem+`"; return true; })`)
		p.look("Photo of your passport")
	}
	p.Reload()
	p.WaitText("The camera is blocked")
	p.Click("Upload a photo instead")
	p.upload(pics.passport)
	p.look("Is everything readable?")

	busy := sit(t, "camera-busy", browsertest.Options{})
	_, link = h.session("short")
	busy.Visit(link.URL)
	busy.Click("Start now")
	busy.Click("Open camera")
	busy.WaitText("Fit the document into the frame")
	browsertest.Eval[bool](busy.Page, `document.getElementById("video").srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended"))`)
	busy.WaitText("The camera is in use")
}

// TestBadFiles holds that whatever is wrong with a file is said in plain words, that the same photo costs no second try, and that after three
// photos that could be better the phone's own camera app is offered.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	s, link := h.session("short")
	p := sit(t, "bad-files", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Click("Upload")
	p.WaitText("Choose a file")
	p.upload(pics.large)
	p.WaitText("larger than 10 MB")
	p.upload(pics.text)
	p.WaitText("The file is not a picture")
	p.look("Take a photo of the photo page of your passport")
	p.upload(pics.blurred)
	p.WaitText("The photo is blurred")
	p.look("Is everything readable?")
	if strings.Contains(p.Text("main"), "Use it anyway") {
		t.Error("a blurred photo may be used at the first try")
	}
	p.Click("Take another")
	p.upload(pics.blurred)
	p.WaitText("You already tried this photo.")
	if got := h.now(s.ID).Evidence; len(got) != 1 {
		t.Errorf("the same photo was kept %d times", len(got))
	}
	p.upload(pics.blurredAgain)
	p.look("Is everything readable?")
	p.Click("Take another")
	p.WaitText("Use your phone's own camera")
	p.lookAround("Take a photo of the photo page of your passport")
	if got := browsertest.Eval[string](p.Page, "document.getElementById('file').getAttribute('capture')"); got != "environment" {
		t.Errorf("the field asks for the camera %q", got)
	}
	p.Visit(h.server.URL + "/verify/f/" + s.ID + "/front/check")
	p.Click("Use it anyway")
	p.look("Take a photo of your face")
}

// TestBadFilesWithoutScripts holds the same where the form is sent as it is.
func TestBadFilesWithoutScripts(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	for file, words := range map[string]string{
		pics.empty: "The file is empty", pics.text: "The file is not a picture", pics.heic: "We cannot read this kind of file", pics.pdf: "This is a PDF",
		pics.broken: "The picture is damaged", pics.large: "larger than 10 MB",
	} {
		if got := v.send(at+"/front", file); got.status != 422 || !strings.Contains(got.body, words) {
			t.Errorf("%s: %d, no %q", file, got.status, words)
		}
	}
	if got := h.now(s.ID).Evidence; len(got) != 0 {
		t.Errorf("kept %d files that were refused", len(got))
	}
	if got := v.send(at+"/front", pics.blurred); !strings.Contains(got.body, "The photo is blurred") || strings.Contains(got.body, "Use it anyway") {
		t.Errorf("at the first try: %s", got.body)
	}
	if got := v.send(at+"/front", pics.blurred); got.status != 422 || !strings.Contains(got.body, "You already tried this photo") || !strings.Contains(got.body, "/front/check") {
		t.Errorf("the same photo: %d", got.status)
	}
	if got := v.send(at+"/front", pics.blurredAgain); !strings.Contains(got.body, "Use it anyway") {
		t.Errorf("at the second try: %s", got.body)
	}
}

// TestAskedAgain holds that only what was asked again is asked, with the reasons, and that the same photo is not taken twice.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, passportFlow)
	s, link := h.session("short")
	p := sit(t, "asked-again", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Fill("Given names", "Anna Maria")
	p.Fill("Family name", "Eriksson")
	p.Click("Continue")
	p.upload(pics.passport)
	p.Click("Use this photo")
	p.upload(pics.selfie)
	p.Click("Use this photo")
	p.Click("Send")
	h.Settle()
	p.WaitText("A person is looking at what you sent.")
	p.look("You have finished")
	_, err := h.Service.Do(t.Context(), s.TenantID, s.ID, usher.Command{
		Kind: usher.CmdAskAgain, By: usher.Actor{Kind: usher.ByClient, ID: h.client.ID}, Steps: []string{"document"},
		Reasons: []usher.Reason{{Code: usher.DocumentGlare, Step: "document"}}, Note: "The lower line is hard to read.",
	})
	h.must(err)
	p.Reload()
	p.look("Please send something again")
	p.WaitText("There is a reflection on the photo.")
	p.WaitText("The lower line is hard to read.")
	p.Click("English")
	p.Click("Svenska")
	p.look("Skicka något igen")
	p.WaitText("Det är en reflex på fotot.")
	p.Click("Svenska")
	p.Click("English")
	p.Click("Continue")
	p.look("Take a photo of the photo page of your passport")
	p.WaitText("There is a reflection on the photo.")
	p.upload(pics.passport)
	p.WaitText("This is the photo that you sent before")
	p.upload(pics.front)
	p.WaitURL("/front/check")
	p.Visit(h.server.URL + "/verify/f/" + s.ID + "/selfie")
	p.look("Is everything readable?") // nobody asked for the face again
	p.Click("Use this photo")
	p.Visit(h.server.URL + "/verify/f/" + s.ID + "/selfie")
	p.look("Check before you send")
	if got := p.Text("main"); strings.Contains(got, "Eriksson") || strings.Contains(got, "Your face") {
		t.Errorf("shows what was not asked again: %s", got)
	}
	p.Click("Send")
	h.Settle()
	p.WaitText("You have finished")
	if got := h.now(s.ID); got.State != usher.InReview || got.Attempt != 2 {
		t.Errorf("the session is %s at attempt %d", got.State, got.Attempt)
	}
}

// TestCheckBetweenSteps holds that a step that waits for a check shows the waiting page, which goes on by itself.
func TestCheckBetweenSteps(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, link := h.session("phased")
	p := sit(t, "between", browsertest.Options{})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Click("Agree and continue")
	p.Fill("Given names", "Anna Maria")
	p.Fill("Family name", "Eriksson")
	p.Click("Continue")
	p.Fill("Day", "12")
	p.Fill("Month", "8")
	p.Fill("Year", "1974")
	p.Click("Continue")
	p.look("One moment, we are checking")
	p.WaitText("Still checking. Everything has arrived")
	h.Settle()
	p.WaitText("Which document will you use?")
}

// TestKeyboardOnly goes from the link to the documents without touching the mouse.
func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, link := h.session("onboarding", func(n *usher.NewApplicant) {
		n.Details = usher.Details{FirstName: "Anna Maria", LastName: "Eriksson"}
	})
	p := sit(t, "keyboard", browsertest.Options{})
	to := func(name string) {
		t.Helper()
		for range 40 {
			if strings.HasPrefix(p.Focused(), name) {
				return
			}
			p.Press("Tab")
		}
		t.Fatalf("Tab does not reach %q on %s", name, p.URL())
	}
	p.Visit(link.URL)
	p.Press("Tab")
	if got := p.Focused(); got != "Skip to the main content" {
		t.Errorf("the first stop is %q", got)
	}
	to("Start now")
	p.Press("Enter")
	p.look("How we use your information")
	to("Software may compare")
	p.Press("Space")
	to("Agree and continue")
	p.Press("Enter")
	p.look("Your name")
	p.WaitText("Filled in by Example Bank")
	to("Continue")
	p.Press("Enter")
	p.look("Date of birth")
	to("Day")
	p.Press("1", "2", "Tab", "8", "Tab", "1", "9", "7", "4", "Enter")
	p.look("Which document will you use?")
	to("Passport")
	p.Press("Space")
	to("Continue")
	p.Press("Enter")
	p.look("Take a photo of the photo page of your passport")
	to("Open camera")
	to("Choose a photo")
	to("Upload")
}
