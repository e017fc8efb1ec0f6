package hosted_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/hosted"
)

// vendor has rules for everything: it may be framed by parents, says where to go at each moment, and tells the parent of each.
func vendor(parents *[]string) func(*hosted.Config) {
	return func(c *hosted.Config) {
		c.Rules = map[string]usher.PageRules{"vendor": {
			Framed: true,
			Exit: func(s usher.Session, m usher.Moment) string {
				if m == usher.MomentExpired {
					return ""
				}
				return s.ReturnURL + "&at=" + string(m)
			},
			Messages: func(s usher.Session, m usher.Moment) [][]byte {
				return [][]byte{fmt.Appendf(nil, `{"at":%q,"session":%q}`, m, s.ID)}
			},
		}}
		c.Client = func(_ context.Context, tenant, id string) (usher.APIClient, error) {
			return usher.APIClient{ID: id, TenantID: tenant, FrameAncestors: *parents}, nil
		}
	}
}

// framing is a client's page with ours in a frame, and what it was told.
func framing(t *testing.T, secure bool, link *string) (origin string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/told.js" {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `window.told = []; addEventListener("message", (e) => told.push(e.origin + " " + e.data.at));`)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><html lang=en><title>Client</title><script src=/told.js></script>
			<iframe title=verify allow=camera style="width:100%%;height:700px;border:0" src="%s"></iframe>`, *link)
	}))
	if secure {
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// TestInFrame goes the whole way in a frame of another site, in a browser that keeps no cookies of third parties: by https with partitioned
// cookies, and by http, where there are none, with the visit held by the pages. The parent is told of each moment once.
func TestInFrame(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		t.Run(map[bool]string{true: "partitioned", false: "no-cookies"}[secure], func(t *testing.T) {
			t.Parallel()
			var parents []string
			pics := draw(t)
			h := open(t, vendor(&parents), func(c *hosted.Config) { c.Secure = secure })
			h.client = h.Client(h.Tenant, "vendor")
			s, link := h.session("everything")
			origin := framing(t, secure, &link.URL)
			parents = []string{"https://elsewhere.example", origin}
			outer := sit(t, "frame", browsertest.Options{
				Width: 900, Height: 900, NoThirdPartyCookies: true, AnyCertificate: secure, FakeCameraFile: browsertest.FakeCamera(t, pics.image(t)),
			})
			outer.Visit(origin)
			p := &person{Page: outer.Frame(h.server.URL), t: t, name: "frame", outer: outer.Page}
			p.look("Verify your identity for Example Bank")
			p.Click("English")
			p.Click("Svenska")
			p.look("Bekräfta din identitet för Example Bank")
			p.Click("Börja nu")
			p.look("Så använder vi dina uppgifter")
			p.Click("Svenska")
			p.Click("English")
			p.look("How we use your information")
			p.Click("I do not agree")
			p.Click("Go back to the text")
			p.Click("Help and other ways")
			p.look("Help and other ways")
			p.Click("Back")
			p.Click("Agree and continue")
			p.look("Your name")
			p.Click("Continue")
			p.WaitText("Write your family name")
			p.details(p.read)
			p.look("Which document will you use?")
			p.Click("[value=passport]")
			p.Click("Continue")
			p.Click("Open camera")
			p.WaitText("keep still")
			p.Click("Take photo")
			p.WaitText("Is everything readable?")
			p.look("Is everything readable?")
			if wide := browsertest.Eval[int](p.Page, `new Promise((ready) => setInterval(() => {
				const img = document.querySelector("img.thumb"); if (img && img.naturalWidth) ready(img.naturalWidth); }, 20))`); wide < 100 {
				t.Errorf("the photo is %d pixels wide", wide)
			}
			p.Click("Use this photo")
			p.look("Take a photo of your face")
			p.upload(pics.selfie)
			p.Click("Use this photo")
			p.upload(pics.pdf)
			p.Click("Use this file")
			p.look("Check before you send")
			p.WaitText("Anna Maria Eriksson")
			p.Click("Change Email")
			p.look("How to reach you")
			p.Click("Continue")
			p.Click("Send")
			p.look("We are checking what you sent")
			h.Settle()
			p.look("You have finished")
			p.WaitText("You are taken back to Example Bank in a moment.")
			p.Click("Stay here")
			p.WaitText("You stay on this page.")
			if got := h.now(s.ID); got.State != usher.Approved || got.Evidence[0].Source != usher.FromCamera {
				t.Errorf("the session is %s", got.State)
			}
			want := []string{h.server.URL + " started", h.server.URL + " finished"}
			if diff := cmp.Diff(want, browsertest.Eval[[]string](outer.Page, "told")); diff != "" {
				t.Errorf("the parent was told: %s", diff)
			}
			held := slices.ContainsFunc(outer.Cookies(), func(c *http.Cookie) bool { return strings.Contains(c.Name, "v-") })
			if held != secure {
				t.Errorf("a cookie keeps the visit: %v", held)
			}
			p.Click("Return to Example Bank")
			outer.Frame(h.back.URL + returnPathInBrowser + "&at=finished").WaitText("Welcome back to the client")
		})
	}
}

// TestFrameCamera holds that a frame which may not use the camera, and one whose connection fails, says so to its parent and offers the way out.
func TestFrameCamera(t *testing.T) {
	t.Parallel()
	var parents []string
	h := open(t, vendor(&parents))
	h.client = h.Client(h.Tenant, "vendor")
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	s, link := h.session("short")
	origin := framing(t, false, &link.URL)
	parents = []string{"http://localhost:*"} // as a developer has it
	outer := browsertest.Open(t, browsertest.Options{Width: 400, Height: 900, DenyCamera: true})
	outer.Visit(origin)
	p := &person{Page: outer.Frame(h.server.URL), t: t, name: "frame-camera", outer: outer}
	p.Click("Start now")
	p.Click("Open camera")
	p.WaitText("The camera is blocked")
	p.look("Photo of your passport")
	if got := browsertest.Eval[string](p.Page, `document.querySelector("#problem-denied a[href^=http]").getAttribute("href")`); got != h.back.URL+returnPath+"&at=permission" {
		t.Errorf("the way out is %s", got)
	}
	want := []string{h.server.URL + " started", h.server.URL + " permission"}
	if diff := cmp.Diff(want, browsertest.Eval[[]string](outer, "told")); diff != "" {
		t.Errorf("the parent was told: %s", diff)
	}
	if _, err := h.Service.Do(t.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdCancel, By: usher.Actor{Kind: usher.ByClient, ID: h.client.ID}}); err != nil {
		t.Fatal(err)
	}
	p.Click("#problem-denied .button-second")
	p.look("This verification has ended")
	p.Click("Return to Example Bank")
	p.WaitURL("at=failed")
}

// TestFrameVideo records a video in a frame whose pages hold the visit themselves.
func TestFrameVideo(t *testing.T) {
	t.Parallel()
	var parents []string
	h, pics := open(t, vendor(&parents)), draw(t)
	h.client = h.Client(h.Tenant, "vendor")
	h.Publish(h.Tenant.ID, videoFlow)
	s, link := h.session("video")
	origin := framing(t, false, &link.URL)
	parents = []string{origin}
	outer := browsertest.Open(t, browsertest.Options{Width: 700, Height: 900, NoThirdPartyCookies: true})
	outer.Visit(origin)
	p := &person{Page: outer.Frame(h.server.URL), t: t, name: "frame-video", outer: outer}
	p.Click("Start now")
	p.upload(pics.selfie)
	p.Click("Use this photo")
	p.Click("Open camera")
	p.WaitText("Fit your face into the oval")
	p.Click("Start recording")
	p.WaitText("Watch your video.")
	p.Click("Send this video")
	p.look("Check before you send")
	p.WaitText("Video received")
	if got := strings.Join(h.journey(s.ID), " "); !strings.Contains(got, "video.camera.running video.camera.recording video.camera.preview check") {
		t.Errorf("the journey is %s", got)
	}
}

// TestLeavesByItself holds that an end page of a dialect with a rule goes where the rule says without a click.
func TestLeavesByItself(t *testing.T) {
	t.Parallel()
	var parents []string
	h := open(t, vendor(&parents))
	h.client = h.Client(h.Tenant, "vendor")
	_, link := h.session("everything")
	p := sit(t, "leaves", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Click("I do not agree")
	p.Click("I do not agree, end here")
	p.look("You did not agree, so we stopped here")
	p.WaitURL("at=declined")
	p.WaitText("Welcome back to the client")
	p.Back()
	p.look("You did not agree, so we stopped here")
	if strings.Contains(p.Text("main"), "in a moment") {
		t.Error("who comes back is sent away again")
	}
}

// TestWhoMayFrame holds that the origins of the client, and they alone, may frame a session's pages, and only where the dialect knows frames.
func TestWhoMayFrame(t *testing.T) {
	t.Parallel()
	parents := []string{
		"https://client.example", "http://localhost:*", "http://127.0.0.1:8080", "https://client.example:8443", // good in development
		"https://*.example", "https://client.example/", "https://client.example; script-src *", "*", "client.example", "http://client.example:*", "data:x", "",
	}
	houses := map[bool]*house{}
	for _, secure := range []bool{false, true} {
		houses[secure] = open(t, vendor(&parents), func(c *hosted.Config) { c.Secure = secure })
	}
	for _, c := range []struct {
		dialect, want string
		secure        bool
	}{
		{"vendor", "https://client.example http://localhost:* http://127.0.0.1:8080 https://client.example:8443", false},
		{"vendor", "https://client.example http://127.0.0.1:8080 https://client.example:8443", true},
		{"native", "'none'", false},
	} {
		h := houses[c.secure]
		h.client = h.Client(h.Tenant, c.dialect)
		s, link := h.session("everything")
		v := h.visitor()
		v.http.Transport = h.server.Client().Transport
		at := "/f/" + s.ID
		head := v.get("/s/" + link.Token).header
		v.post("/s/"+link.Token, nil)
		for _, got := range []http.Header{head, v.get(at + "/consent").header, v.get(at + "/help").header, v.get("/s/" + link.Token + "/help").header} {
			if policy := got.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors "+c.want+";") {
				t.Errorf("%s, secure %v: %s", c.dialect, c.secure, policy)
			}
			if denied := got.Get("X-Frame-Options") == "DENY"; denied != (c.want == "'none'") {
				t.Errorf("%s: X-Frame-Options %q", c.dialect, got.Get("X-Frame-Options"))
			}
		}
	}
}

// TestVisitHeldByPage holds that a visit that a page holds is worth what a cookie is, only for sessions that may be framed, and only as long as
// no other browser took over; that nothing of it stands in an address; and that what the page holds of its own is signed.
func TestVisitHeldByPage(t *testing.T) {
	t.Parallel()
	parents := []string{"https://client.example"}
	h, pics := open(t, vendor(&parents)), draw(t)
	h.client = h.Client(h.Tenant, "vendor")
	h.Publish(h.Tenant.ID, passportFlow)
	s, link := h.session("short")
	at := "/f/" + s.ID
	v := h.visitor()
	v.http.Jar = nil // keeps no cookies
	first := v.post("/s/"+link.Token, nil)
	if first.path != "/s/"+link.Token || !strings.Contains(first.body, "Your name") {
		t.Fatalf("the first page is at %s: %s", first.path, first.body)
	}
	form := detailsForm()
	form.Set("visit", first.hidden("visit"))
	second := v.post(at+"/details/name", form)
	if !strings.Contains(second.body, "Take a photo of the photo page") || second.path != at+"/details/name" {
		t.Fatalf("the second page is at %s: %s", second.path, second.body)
	}
	go1 := func(path, held string) page { return v.post(path, url.Values{"visit": {held}, "go": {"1"}}) }
	if got := go1(at+"/details/name", second.hidden("visit")); !strings.Contains(got.body, "Eriksson") {
		t.Error("what was typed is not shown to who typed it")
	}
	if got := v.sendHeld(at+"/front", pics.passport, second.hidden("visit")); !strings.Contains(got.body, "Is everything readable?") {
		t.Errorf("the file was not taken: %s", got.body)
	}
	for _, held := range []string{"", "x", ".", "x.y", strings.ToLower(first.hidden("visit"))} {
		if got := go1(at+"/details/name", held); got.status != 401 || strings.Contains(got.body, "Eriksson") {
			t.Errorf("held %q: %d", held, got.status)
		}
	}
	for _, other := range []string{"/nothing", "/details/name"} {
		otherSession, _ := h.session("short")
		if got := go1("/f/"+otherSession.ID+other, second.hidden("visit")); got.status != 404 {
			t.Errorf("the visit of one session gets %d of another", got.status)
		}
	}

	// Another browser takes over, with the note of the first.
	taker := v.post("/s/"+link.Token, nil)
	token, _, _ := strings.Cut(taker.hidden("visit"), ".")
	_, note, _ := strings.Cut(second.hidden("visit"), ".")
	if got := go1(at+"/details/name", token+"."+note); got.status != 200 || strings.Contains(got.body, "Eriksson") {
		t.Errorf("who took over with another's note: %d", got.status)
	}
	if got := go1(at+"/details/name", second.hidden("visit")); got.status != 409 {
		t.Errorf("the first goes on: %d", got.status)
	}

	parents = nil
	if got := go1(at+"/details/name", taker.hidden("visit")); got.status != 404 {
		t.Errorf("without frames a page's visit gets %d", got.status)
	}
}
