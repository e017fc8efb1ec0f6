package browsertest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

// strict is the policy that usher's own pages are served under.
const strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// site serves pages by path under the strict policy; paths that end in .js are
// scripts. POST /echo answers the form and the files it was sent.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, body := range pages {
		if path == "/" {
			path = "/{$}"
		}
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", strict)
			if strings.HasSuffix(path, ".js") {
				w.Header().Set("Content-Type", "text/javascript")
				fmt.Fprint(w, body)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Test page</title><main><h1>Test</h1>%s</main></html>`, body)
		})
	}
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			t.Errorf("parse form: %v", err)
		}
		fmt.Fprintf(w, "got %v", r.PostForm)
		if r.MultipartForm != nil {
			for _, files := range r.MultipartForm.File {
				for _, f := range files {
					fmt.Fprintf(w, " file %s of %d bytes", f.Filename, f.Size)
				}
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

const form = `<form method="post" action="/echo" enctype="multipart/form-data">
<p><label for="name">Given name</label> <input id="name" name="name" value="old"></p>
<p><label for="born">Born</label> <input id="born" name="born" type="date"></p>
<p><label>Country <select name="country"><option value="SE">Sweden<option value="DE">Germany</select></label></p>
<p><label><input type="checkbox" name="agree"> I agree</label></p>
<p><label for="photo">Photo</label> <input id="photo" type="file" name="photo"></p>
<p hidden><button>Send</button></p>
<p><button>Send</button></p></form>`

func TestFillingInAForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		opt  browsertest.Options
	}{
		{"scripts on", browsertest.Options{}},
		{"scripts off", browsertest.Options{NoJS: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			photo := filepath.Join(t.TempDir(), "photo.png")
			if err := os.WriteFile(photo, []byte("12345"), 0o600); err != nil {
				t.Fatal(err)
			}
			p := browsertest.Open(t, tc.opt)
			p.Visit(site(t, map[string]string{"/": form}))
			p.Fill("Given name", "Åsa 😀")
			p.Fill("Born", "1990-02-03")
			p.Fill("Country", "Germany")
			p.Click("I agree")
			p.SetFile("Photo", photo)
			p.Click("Send")
			want := "got map[agree:[on] born:[1990-02-03] country:[DE] name:[Åsa 😀]] file photo.png of 5 bytes"
			if diff := cmp.Diff(want, p.Text("")); diff != "" {
				t.Errorf("what was sent (-want +got):\n%s", diff)
			}
			if got := p.URL(); !strings.HasSuffix(got, "/echo") {
				t.Errorf("URL() = %q, want /echo at its end", got)
			}
			p.Back()
			if got := p.Text("h1"); got != "Test" {
				t.Errorf("after Back, heading = %q", got)
			}
		})
	}
}

func TestFollowingALinkWaitsForThePage(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><h1>First</h1><a href="/next">Go on</a>`)
	})
	mux.HandleFunc("GET /next", func(w http.ResponseWriter, _ *http.Request) {
		<-slow
		fmt.Fprint(w, `<!doctype html><h1>Second</h1>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	p := browsertest.Open(t, browsertest.Options{})
	p.Visit(server.URL)
	go close(slow)
	p.Click("Go on")
	if got := p.Text("h1"); got != "Second" {
		t.Errorf("heading after the click = %q, want that of the next page", got)
	}
}

func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	p := browsertest.Open(t, browsertest.Options{})
	p.Visit(site(t, map[string]string{"/": form}))
	p.Press("Tab")
	if got := p.Focused(); got != "Given name" {
		t.Errorf("first stop of Tab = %q, want the name", got)
	}
	p.Press("Ctrl+a", "A", "d", "a", "Enter")
	p.WaitText("name:[Ada]")
}

func TestOptionsReachThePage(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		fmt.Fprintf(w, "<!doctype html><body>%s</body>", r.Header.Get("Accept-Language"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	type seen struct {
		Width, Height  int
		Dark           bool
		Locale, Header string
	}
	for _, tc := range []struct {
		name string
		opt  browsertest.Options
		want seen
	}{
		{"zero value", browsertest.Options{}, seen{1280, 800, false, "en-GB", "en-GB"}},
		{"all set", browsertest.Options{Width: 320, Height: 640, Dark: true, Locale: "sv-SE"}, seen{320, 640, true, "sv-SE", "sv-SE"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := browsertest.Open(t, tc.opt)
			p.Visit(server.URL)
			got := browsertest.Eval[seen](p, `({
				Width: innerWidth, Height: innerHeight, Dark: matchMedia("(prefers-color-scheme: dark)").matches,
				Locale: Intl.NumberFormat().resolvedOptions().locale, Header: document.body.innerText.split(",")[0],
			})`)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("what the page saw (-want +got):\n%s", diff)
			}
			cookies := p.Cookies()
			if len(cookies) != 1 || cookies[0].Name != "seen" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
				t.Errorf("Cookies() = %v, want the one that was set", cookies)
			}
		})
	}
}

func TestPagesShareNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
	}))
	t.Cleanup(server.Close)
	first, second := browsertest.Open(t, browsertest.Options{}), browsertest.Open(t, browsertest.Options{})
	first.Visit(server.URL)
	if got := second.Cookies(); len(got) != 0 {
		t.Errorf("cookies of the other page = %v, want none", got)
	}
}

func TestNoScriptsMeansNoScripts(t *testing.T) {
	t.Parallel()
	pages := map[string]string{"/": `<script src="/say.js"></script><noscript><p>plain</p></noscript>`, "/say.js": `document.title = "ran"`}
	url := site(t, pages)
	for name, tc := range map[string]struct {
		off  bool
		want string
	}{"on": {false, "ran"}, "off": {true, "Test page"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := browsertest.Open(t, browsertest.Options{NoJS: tc.off})
			p.Visit(url)
			if got := browsertest.Eval[string](p, "document.title"); got != tc.want {
				t.Errorf("title = %q, want %q", got, tc.want)
			}
			if got := strings.Contains(p.Text(""), "plain"); got != tc.off {
				t.Errorf("the noscript part shows: %v, want %v", got, tc.off)
			}
		})
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	p := browsertest.Open(t, browsertest.Options{})
	p.Visit(site(t, map[string]string{"/": "here"}))
	try := `fetch("/").then((r) => "status " + r.status, (e) => e.name).then((s) => s + ", online " + navigator.onLine)`
	for _, tc := range []struct {
		off  bool
		want string
	}{{false, "status 200, online true"}, {true, "TypeError, online false"}, {false, "status 200, online true"}} {
		p.Offline(tc.off)
		if got := browsertest.Eval[string](p, try); got != tc.want {
			t.Errorf("offline %v: %q, want %q", tc.off, got, tc.want)
		}
	}
}

func TestNoTrafficLeavesTheMachine(t *testing.T) {
	t.Parallel()
	p := browsertest.Open(t, browsertest.Options{})
	url := site(t, map[string]string{"/": "here"})
	p.Visit(strings.Replace(url, "127.0.0.1", "desk.usher.test", 1))
	if got := p.Text("h1"); got != "Test" {
		t.Errorf("heading under a .test name = %q", got)
	}
	p.Visit(url)
	got := browsertest.Eval[string](p, `new Promise((done) => {
		const img = new Image();
		img.onload = () => done("loaded"); img.onerror = () => done("refused");
		img.src = "http://www.example.org/x.png";
	})`)
	if got != "refused" {
		t.Errorf("a picture from elsewhere: %s", got)
	}
}

func TestScreenshot(t *testing.T) {
	t.Parallel()
	p := browsertest.Open(t, browsertest.Options{Width: 400, Height: 300})
	p.Visit(site(t, map[string]string{"/": "here"}))
	for _, name := range []string{"bare", filepath.Join(t.TempDir(), "made", "given")} {
		picture, err := os.ReadFile(p.Screenshot(name))
		if err != nil || !strings.HasPrefix(string(picture), "\x89PNG") {
			t.Errorf("Screenshot(%q): %v, %d bytes", name, err, len(picture))
		}
	}
}

// A click that loads nothing must not be waited for, nor lose what comes after it.
func TestClickThatLoadsNoPage(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", strict)
		fmt.Fprint(w, `<!doctype html><h1>First</h1>
			<a href="#name">Go to the name</a> <input id="name" aria-label="Name">
			<a href="/nothing">Nothing</a> <a href="/file">Fetch</a> <a href="mailto:a@example.test">Write</a>
			<form method="post" action="http://elsewhere.test/"><button>Leave</button></form>
			<details><summary>More</summary><p>Shown</p></details>`)
	})
	mux.HandleFunc("GET /nothing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=x.txt")
		fmt.Fprint(w, "x")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	for _, link := range []string{"Go to the name", "Nothing", "Fetch", "Write", "Leave", "More"} {
		t.Run(link, func(t *testing.T) {
			t.Parallel()
			p := browsertest.Open(t, browsertest.Options{})
			p.Visit(server.URL)
			p.Click(link)
			if got := p.Text("h1"); got != "First" {
				t.Errorf("heading = %q, want that of the same page", got)
			}
		})
	}
}
