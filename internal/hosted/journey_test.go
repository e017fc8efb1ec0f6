package hosted_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/hosted"
)

// journey gives the screens that are kept of a session, in order.
func (h *house) journey(id string) []string {
	h.t.Helper()
	views, err := h.Service.Journey(h.t.Context(), h.client.TenantID, id)
	h.must(err)
	var list []string
	for _, v := range views {
		list = append(list, v.Screen)
	}
	return list
}

// TestJourney holds that every screen is kept when it is shown, in order, each with a word that is listed, and nothing else with it.
func TestJourney(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	s, link := h.session("everything")
	at := "/f/" + s.ID
	v := h.visitor()
	v.get("/s/" + link.Token)
	v.post("/s/"+link.Token, nil)
	v.get(at + "/consent/decline")
	v.get(at + "/help")
	v.post(at+"/consent", url.Values{"words": {v.get(at + "/consent").hidden("words")}})
	v.post(at+"/details/name", nil) // comes back with errors: no new screen
	v.details(at)
	v.post(at+"/document", url.Values{"document": {"id_card"}})
	v.get(at + "/front/camera")
	v.send(at+"/front", pics.front)
	v.send(at+"/back", pics.back)
	v.post(at+"/back/check", nil)
	v.get(at + "/selfie/camera")
	v.send(at+"/selfie", pics.selfie)
	v.post(at+"/selfie/check", nil)
	v.send(at+"/address", pics.pdf)
	v.post(at+"/address/check", nil)
	v.post(at+"/answers", url.Values{"version": {v.get(at + "/answers").hidden("version")}})
	h.Settle()
	v.get(at)
	want := []string{
		"welcome", "consent", "consent.decline", "help", "consent", "details", "details", "details.birth", "details.nationality", "details.address", "details.contact", "document", "document.front", "document.camera", "document.preview",
		"document.back.preview", "selfie", "selfie.camera", "selfie.preview", "proof_of_address", "proof_of_address.preview", "check", "check", "wait", "done",
	}
	got := h.journey(s.ID)
	// How to take the back is never shown here: its photo is sent straight away.
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, screen := range got {
		if !slices.Contains(hosted.Screens(), screen) {
			t.Errorf("the screen %q is not listed", screen)
		}
	}
	views, err := h.Service.Journey(t.Context(), s.TenantID, s.ID)
	h.must(err)
	if !strings.HasPrefix(views[0].Agent, "Go-http-client") || views[0].At.IsZero() {
		t.Errorf("kept %v %q", views[0].At, views[0].Agent)
	}
}

// TestSeen holds that a script may tell of moments that are listed, from its own page, with its visit, and of nothing else.
func TestSeen(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("everything")
	v := h.visitor()
	v.post("/s/"+link.Token, nil)
	before := len(h.journey(s.ID))
	for _, form := range []url.Values{
		{"page": {"selfie/camera"}, "moment": {"anna@example.com"}},
		{"page": {"nowhere"}, "moment": {"running"}},
		{},
		{"moment": {"running"}},
		{"page": {"selfie/camera"}, "moment": {strings.Repeat("x", 40<<10)}},
	} {
		if got := v.post("/f/"+s.ID+"/seen", form); got.status < 400 {
			t.Errorf("%v is taken: %d", form["page"], got.status)
		}
	}
	good := url.Values{"page": {"selfie/camera"}, "moment": {"running"}}
	if got := h.visitor().post("/f/"+s.ID+"/seen", good); got.status != 401 {
		t.Errorf("a stranger tells: %d", got.status)
	}
	other := v.request("POST", "/f/"+s.ID+"/seen", strings.NewReader(good.Encode()))
	other.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	other.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := v.do(other); got.status != 403 {
		t.Errorf("another site tells: %d", got.status)
	}
	if got := len(h.journey(s.ID)); got != before {
		t.Errorf("%d screens were kept of what was refused", got-before)
	}
	if got := v.post("/f/"+s.ID+"/seen", good); got.status != 204 {
		t.Errorf("the page itself tells: %d", got.status)
	}
	if got := h.journey(s.ID); got[len(got)-1] != "selfie.camera.running" {
		t.Errorf("kept %v", got)
	}
}

// TestCameraMoments holds that the moments of a camera page are kept.
func TestCameraMoments(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	for name, c := range map[string]struct {
		o    browsertest.Options
		does func(p *person)
		want string
	}{
		"denied": {browsertest.Options{DenyCamera: true}, func(p *person) { p.WaitText("The camera is blocked") }, "document.camera document.camera.denied"},
		"taken": {
			browsertest.Options{},
			func(p *person) { p.Click("Take photo"); p.WaitURL("/front/check") },
			"document.camera document.camera.running document.camera.taken document.preview",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, link := h.session("short")
			p := sit(t, "moments-"+name, c.o)
			p.Visit(link.URL)
			p.Click("Start now")
			p.Click("Open camera")
			c.does(p)
			p.WaitText("Step") // the page is there
			for range 200 {
				if got := strings.Join(h.journey(s.ID), " "); got == "welcome document.front "+c.want {
					return
				}
				browsertest.Eval[bool](p.Page, "new Promise((on) => setTimeout(on, 20, true))")
			}
			t.Errorf("kept %v", h.journey(s.ID))
		})
	}
}

// failing is a service that cannot read who somebody is.
type failing struct{ usher.Service }

// Applicant fails.
func (*failing) Applicant(context.Context, string, string) (usher.Applicant, error) {
	return usher.Applicant{}, errors.New("the disk is full")
}

// TestUnexpected holds that a fault of ours leads on: to try again, and out where the dialect says so; who frames us is told.
func TestUnexpected(t *testing.T) {
	t.Parallel()
	parents := []string{"https://client.example"}
	h := open(t, vendor(&parents), func(c *hosted.Config) { c.Service = &failing{} })
	h.Publish(h.Tenant.ID, passportFlow)
	for dialect, leaves := range map[string]bool{"vendor": true, "native": false} {
		h.client = h.Client(h.Tenant, dialect)
		s, link := h.session("short")
		v := h.visitor()
		v.get("/s/" + link.Token)
		got := v.post("/s/"+link.Token, nil)
		if got.status != 500 || !strings.Contains(got.body, `href="/verify/f/`+s.ID+`">Try again`) || strings.Contains(got.body, "disk") {
			t.Errorf("%s: %d %s", dialect, got.status, got.body)
		}
		if strings.Contains(got.body, "at=unexpected") != leaves || strings.Contains(got.body, `unexpected&#34;`) != leaves {
			t.Errorf("%s: a way out: %v", dialect, !leaves)
		}
		if strings.Contains(got.header.Get("Content-Security-Policy"), parents[0]) != leaves {
			t.Errorf("%s: the error can be framed: %v", dialect, !leaves)
		}
	}
}
