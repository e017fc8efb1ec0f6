package mobbscan_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/dialect/mobbscan"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/web"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

// integrator is a firm's page that frames the onboarding address as the vendor's example application does, and keeps what it is told.
func integrator(t *testing.T, onboarding *string) (origin string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/told.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, `window.told = [];
				const from = new URL(%q).origin;
				addEventListener("message", (e) => {
					if (e.origin !== from) { told.push("from " + e.origin); return; }
					const { onboarding, type, value } = e.data;
					told.push([type, value.name || value.message, onboarding.onboardingToken, onboarding.returnUrl, onboarding.scanId].join(" "));
				});`, *onboarding)
		case "/done":
			fmt.Fprint(w, "<!doctype html><title>Done</title><p>Welcome back")
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!doctype html><html lang=en><title>Integrator</title><script src=/told.js></script>
				<iframe title=onboarding allow="camera; microphone" style="width:100%%;height:700px;border:0" src="%s"></iframe>`, *onboarding)
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// pages serves the hosted page with the rules of this dialect.
func (w world) pages(t *testing.T) http.Handler {
	t.Helper()
	var grey bytes.Buffer
	if err := jpeg.Encode(&grey, image.NewGray(image.Rect(0, 0, 100, 70)), nil); err != nil {
		t.Fatal(err)
	}
	page, err := hosted.New(hosted.Config{
		Service: w.Service, Files: web.Files, Base: "/verify", Intake: intake,
		Preview: func(context.Context, io.Reader, int) ([]byte, error) { return grey.Bytes(), nil },
		Rules:   map[string]usher.PageRules{mobbscan.Name: w.dialect.Pages}, Client: w.backend.Front.Credentials.Client,
	})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// pictures waits until those of a page are there: they push its buttons down when they come in.
func pictures(p *browsertest.Page) {
	browsertest.Eval[bool](p, `new Promise((ready) => setInterval(() => {
		const all = [...document.querySelectorAll("main img")];
		if (all.length > 0 && all.every((img) => img.naturalWidth)) ready(true); }, 20))`)
}

// framed is a world with the hosted page, and an integrator's page that is allowed to frame it.
type framed struct {
	world
	onboarding string // address that the integrator's page frames
	origin     string // of the integrator's page
	hosted     string // of the hosted page
}

func frame(t *testing.T) *framed {
	t.Helper()
	f := &framed{}
	var page http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { page.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	f.hosted, f.origin = server.URL, integrator(t, &f.onboarding)
	f.world = openAt(t, "", server.URL+"/verify/s/", "https://elsewhere.example", f.origin)
	page = f.pages(t)
	return f
}

// The example application frames the page: it is told of the start and of the end, with the three identifiers, from the origin of the address that
// it was given, and the frame then goes to the redirect URL.
func TestInAFrame(t *testing.T) {
	t.Parallel()
	f := frame(t)
	c := f.login(t, f.Tenant)
	back := f.origin + "/done?order=7"
	made := c.call("POST", "/onboarding/token", object{"redirectUrl": back}, http.StatusOK)
	f.onboarding = made["onboardingUrl"].(string)
	picture := filepath.Join(t.TempDir(), "picture.jpg")
	if err := os.WriteFile(picture, []byte("PICTURE"), 0o600); err != nil {
		t.Fatal(err)
	}
	outer := browsertest.Open(t, browsertest.Options{Width: 900, Height: 900, NoThirdPartyCookies: true})
	outer.Visit(f.origin)
	p := outer.Frame(f.hosted)
	p.Click("Start now")
	p.Click("Agree and continue")
	p.Click("[value=passport]")
	p.Click("Continue")
	for range 2 { // the passport, the face
		p.SetFile("#file", picture)
		p.Click("Upload")
		p.WaitText("Use this photo")
		pictures(p)
		p.Click("Use this photo")
	}
	p.Click("Continue without a video")
	p.WaitText("Check before you send")
	pictures(p)
	p.Click("Send")
	p.WaitText("We are checking what you sent")
	f.Settle()
	p.WaitText("You have finished")
	who := fmt.Sprintf(" %s %s %s", made["onboardingToken"], back, made["scanId"])
	want := []string{"Info OnboardingStarted" + who, "Info OnboardingFinished" + who}
	if diff := cmp.Diff(want, browsertest.Eval[[]string](outer, "told")); diff != "" {
		t.Errorf("the integrator was told (-want +got):\n%s", diff)
	}
	at := browsertest.Eval[string](outer, `new Promise((ready) => setInterval(() => {
		try { ready(document.querySelector("iframe").contentWindow.location.href); } catch { /* still of another site */ } }, 20))`)
	if at != back {
		t.Errorf("the frame went to %s, want %s", at, back)
	}
	if got := c.call("GET", "/mobbscan-agent/checkVerificationProcessResult/"+made["scanId"].(string), nil, http.StatusOK); got["status"] != "PENDING" {
		t.Errorf("the status is %v", got)
	}
	if messages := f.Messages(f.Tenant.ID); len(messages) != 1 || messages[0].Event != "PENDING" {
		t.Errorf("%d webhooks, want one", len(messages))
	}
}

// A refused camera is told to the framing page, and is the error with which the way out leads to the redirect URL, what was in its query kept.
func TestRefusedCamera(t *testing.T) {
	t.Parallel()
	f := frame(t)
	back := f.origin + "/done?order=7"
	made := f.login(t, f.Tenant).call("POST", "/onboarding/token", object{"redirectUrl": back}, http.StatusOK)
	f.onboarding = made["onboardingUrl"].(string)
	outer := browsertest.Open(t, browsertest.Options{Width: 900, Height: 900, DenyCamera: true})
	outer.Visit(f.origin)
	p := outer.Frame(f.hosted)
	p.Click("Start now")
	p.Click("Agree and continue")
	p.Click("[value=passport]")
	p.Click("Continue")
	p.Click("Open camera")
	p.WaitText("The camera is blocked")
	if got := browsertest.Eval[string](p, `document.querySelector("#problem-denied a[href^=http]").getAttribute("href")`); got != back+"&error=PermissionError" {
		t.Errorf("the way out is %s", got)
	}
	who := fmt.Sprintf(" %s %s %s", made["onboardingToken"], back, made["scanId"])
	want := []string{"Info OnboardingStarted" + who, "Error PermissionError" + who}
	if diff := cmp.Diff(want, browsertest.Eval[[]string](outer, "told")); diff != "" {
		t.Errorf("the integrator was told (-want +got):\n%s", diff)
	}
}

// Only the listed origins may frame the page, and without a redirect URL it stays where it is at the end.
func TestWhoFramesAndNoRedirect(t *testing.T) {
	t.Parallel()
	f := frame(t)
	made := f.login(t, f.Tenant).call("POST", "/onboarding/token", object{"redirectUrl": nil}, http.StatusOK)
	page := f.pages(t)
	r := httptest.NewRequestWithContext(t.Context(), "GET", strings.TrimPrefix(made["onboardingUrl"].(string), f.hosted), nil)
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	policy := w.Header().Get("Content-Security-Policy")
	if want := "frame-ancestors https://elsewhere.example " + f.origin + ";"; w.Code != http.StatusOK || !strings.Contains(policy, want) {
		t.Errorf("%d: the policy is %q, want %q in it", w.Code, policy, want)
	}
	if _, err := f.Simulate(t.Context(), f.client, made["verificationId"].(string), "submit"); err != nil {
		t.Fatal(err)
	}
	f.Settle()
	s, err := f.Session(t.Context(), f.Tenant.ID, made["verificationId"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if to := f.dialect.Pages.Exit(s, usher.MomentFinished); to != "" {
		t.Errorf("the browser is sent to %q", to)
	}
}
