package hosted_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

var (
	keyLink = regexp.MustCompile(`value="http[^"]*/verify(/h/[^"]+)"`)
	shown   = regexp.MustCompile(`id="number">(\d\d)<`)
	choice  = regexp.MustCompile(`name="number" value="(\d\d)"`)
)

// key makes one in a browser, and gives its path and its number.
func (v *visitor) key(s usher.Session) (path, number string) {
	v.t.Helper()
	p := v.post("/f/"+s.ID+"/phone", url.Values{})
	link, n := keyLink.FindStringSubmatch(p.body), shown.FindStringSubmatch(p.body)
	if link == nil || n == nil || !strings.Contains(p.body, `<path d="M`) {
		v.t.Fatalf("%s shows no key: %s", p.path, p.body)
	}
	return link[1], n[1]
}

func TestHandoff(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("onboarding")
	computer, phone := h.visitor(), h.visitor()
	computer.post("/s"+link.URL[strings.LastIndexByte(link.URL, '/'):], nil)
	path, number := computer.key(s)
	computer.get("/f/"+s.ID+"/phone/state").says(t, 200, `/f/`+s.ID+`/phone"`)
	asked := phone.get(path)
	asked.says(t, 200, "Did you start this on another screen?")
	phone.get(path).says(t, 200, "Did you start") // looking does not use it up
	if n := choice.FindAllStringSubmatch(asked.body, -1); len(n) != 3 {
		t.Fatalf("the phone shows %d numbers", len(n))
	}
	if p := phone.post(path, url.Values{"number": {number}}); !strings.HasPrefix(p.path, "/f/"+s.ID+"/consent") {
		t.Fatalf("the right number leads to %s", p.path)
	}
	h.visitor().get(path).says(t, 410, "cannot be used any more")

	computer.get("/f/"+s.ID).says(t, 200, "Go on with your phone", "It goes on by itself")
	computer.get("/f/"+s.ID+"/phone/state").says(t, 200, "/phone/follow")
	if _, err := h.Simulate(t.Context(), h.client, s.ID, "submit_review"); err != nil {
		t.Fatal(err)
	}
	computer.get("/f/"+s.ID+"/state").says(t, 200, "/f/"+s.ID+"/done")
	phone.get("/f/"+s.ID+"/done").says(t, 409, "You have finished on this phone")
	computer.get("/f/"+s.ID+"/done").says(t, 200, "You have finished")
}

func TestHandoffIsTakenBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("onboarding")
	computer, phone := h.visitor(), h.visitor()
	computer.post("/s"+link.URL[strings.LastIndexByte(link.URL, '/'):], nil)
	path, number := computer.key(s)
	phone.post(path, url.Values{"number": {number}})
	computer.get("/f/"+s.ID+"/help").says(t, 200, "Help and other ways")
	computer.get("/f/"+s.ID+"/phone/follow?lang=sv").says(t, 200, "Fortsätt med telefonen")
	computer.get("/f/"+s.ID).says(t, 200, "Fortsätt med telefonen") // the choice is kept
	computer.get("/f/" + s.ID + "?lang=en")
	if p := computer.post("/f/"+s.ID+"/phone/follow", url.Values{"do": {"back"}}); !strings.HasSuffix(p.path, "/consent") {
		t.Errorf("taking it back leads to %s", p.path)
	}
	phone.get("/f/"+s.ID+"/consent").says(t, 409, "You went on at the other screen", "Show a new code on the screen where you began")
}

func TestHandoffThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("onboarding")
	computer := h.visitor()
	computer.post("/s"+link.URL[strings.LastIndexByte(link.URL, '/'):], nil)
	path, number := computer.key(s)
	for _, n := range choice.FindAllStringSubmatch(h.visitor().get(path).body, -1) {
		if n[1] != number {
			h.visitor().post(path, url.Values{"number": {n[1]}}).says(t, 410, "not the number on the other screen")
			break
		}
	}
	computer.get("/f/"+s.ID+"/phone?wrong").says(t, 200, "another number was chosen", "Show a new code")
	path, _ = computer.key(s)
	h.visitor().post(path, url.Values{"do": {"no"}}).says(t, 200, "Thank you for telling us")
	computer.get("/f/"+s.ID+"/phone").says(t, 200, "had not asked for it")
	h.visitor().get("/h/nothing").says(t, 404)
	computer.get("/f/"+s.ID+"/consent").says(t, 200) // it still has the session
}

// TestHandoffFromAFrame holds that the pages work where the browser keeps no cookie, in a language picked there; and so does asking for a new link.
func TestHandoffFromAFrame(t *testing.T) {
	t.Parallel()
	parents := []string{"https://client.example"}
	h := open(t, vendor(&parents))
	h.client = h.Client(h.Tenant, "vendor")
	h.Publish(h.Tenant.ID, passportFlow)
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.http.Jar = nil // keeps no cookies
	first := v.post("/s/"+link.Token, nil)
	go1 := func(path string, last page) page {
		return v.post(path, url.Values{"visit": {last.hidden("visit")}, "go": {"1"}})
	}
	offer := go1(at+"/phone?lang=sv", first)
	offer.says(t, 200, "Fortsätt med telefonen")
	key := v.post(at+"/phone", url.Values{"visit": {offer.hidden("visit")}})
	key.says(t, 200, "Låt den här sidan vara öppen")
	path, number := keyLink.FindStringSubmatch(key.body), shown.FindStringSubmatch(key.body)
	if path == nil || number == nil {
		t.Fatalf("no key: %s", key.body)
	}
	h.visitor().post(path[1], url.Values{"number": {number[1]}}).says(t, 200, "Your name")
	follows := go1(at, key)
	follows.says(t, 200, "Den fortsätter av sig själv")
	back := v.post(at+"/phone/follow", url.Values{"visit": {follows.hidden("visit")}, "do": {"back"}})
	back.says(t, 200, "Ditt namn")
	h.Advance(49 * time.Hour)
	over := v.post(at+"/details/name", url.Values{"visit": {back.hidden("visit")}, "first_name": {"A"}, "last_name": {"B"}})
	if _, form, _ := strings.Cut(over.body, at+`/ask"`); !strings.HasPrefix(form, ` novalidate><input type="hidden" name="visit"`) {
		t.Errorf("the form for a new link does not hold the visit: %s", over.body)
	}
	v.post(at+"/ask", url.Values{"visit": {over.hidden("visit")}}).says(t, 200, "Vi har fört det vidare")
}

// The computer goes on by itself: two real browsers, with scripts.
func TestHandoffInTwoBrowsers(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, "name: brief\nsteps:\n  - selfie\n  - run: [face]\n  - decide: {}\n")
	s, link := h.session("brief")
	computer := browsertest.Open(t, browsertest.Options{Width: 1280})
	computer.Visit(link.URL)
	computer.Click("Start now")
	computer.Click("Use your phone for the photos")
	computer.Axe()
	computer.Click("Show the code for my phone")
	computer.Axe()
	number := computer.Text("#number")
	key := browsertest.Eval[string](computer, `document.getElementById("key").value`)

	phone := browsertest.Open(t, browsertest.Options{Width: 320, Height: 700, Dark: true})
	phone.Visit(key)
	phone.Axe()
	phone.Click(number)
	computer.WaitText("It goes on by itself")
	computer.Axe()
	phone.SetFile("#file", draw(t).selfie)
	phone.Click("Upload")
	phone.WaitURL("/selfie/check")
	if _, err := h.Service.Do(t.Context(), h.client.TenantID, s.ID, usher.Command{Kind: usher.CmdSubmit, By: usher.Actor{Kind: usher.ByApplicant}}); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	computer.WaitText("You have finished")
	computer.CSPViolations()
	phone.CSPViolations()
}
