package web_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

func files() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"templates/shared/layout.html": file(`{{define "layout"}}<html lang="{{.Lang.Tag}}" dir="{{.Lang.Dir}}"><title>` +
			`{{if .Errors}}{{t "bad"}}: {{end}}{{template "title" .}}</title>{{template "main" .}}</html>{{end}}`),
		"templates/shared/page/error.html": file(`{{define "title"}}{{t (print .Data.Key ".title")}}{{end}}{{define "main"}}id {{.RequestID}}{{end}}`),
		"templates/area/hello.html": file(`{{define "title"}}{{t "hello" "name" .Data}}{{end}}` +
			`{{define "main"}}{{.Err "age"}} {{path "/x/" "y"}} {{asset "a.css"}} {{n "case" 2}}{{end}}`),
		"static/a.css": file("a{}"),
		"locales/en.json": file(`{"language.name":"English","language.dir":"ltr","hello":"Hello {name}","bad":"Error","age":"Enter an age over {n}",
			"case.one":"one case","case.other":"{n} cases","error.internal.title":"Sorry","error.not_found.title":"No page","error.forbidden.title":"No",
			"error.forbidden.other_site.title":"Elsewhere","error.limited.title":"Too much","month.3":"March","date.day":"{day} {month} {year}","date.time":"{date} at {time} UTC"}`),
		"locales/sv.json":      file(`{"language.name":"Svenska","language.dir":"ltr","hello":"Hej {name}","month.3":"mars","date.day":"{day} {month} {year}"}`),
		"locales/area.sv.json": file(`{"bad":"Fel"}`),
	}
}

func kit(t *testing.T, c web.Config) *web.Kit {
	t.Helper()
	c.Files, c.Area = files(), "area"
	k, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func get(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func hello(k *web.Kit) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if k.PickLanguage(w, r) {
			return nil
		}
		var errs web.Errors
		errs.Add("age", "age", "n", 17)
		errs.Add("age", "hello")
		return k.Render(w, r, web.Page{Name: "hello", Data: "<Ada>", Errors: errs, Locale: "en"})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{Base: "/verify"})
	k.Handle("GET /hello", web.Route{}, hello(k))
	body := get(k, "GET", "/verify/hello").Body.String()
	for _, want := range []string{"<title>Error: Hello &lt;Ada&gt;</title>", `lang="en"`, "Enter an age over 17", "/verify/x/y", "/verify/static/", "2 cases"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{Secure: true})
	k.Handle("GET /plain", web.Route{}, hello(k))
	k.Handle("GET /camera", web.Route{Camera: true, FrameAncestors: []string{"https://client.test"}}, hello(k))
	plain, camera := get(k, "GET", "/plain").Header(), get(k, "GET", "/camera").Header()
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	for _, c := range []struct{ header, want string }{
		{"Content-Security-Policy", policy},
		{"X-Frame-Options", "DENY"},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cache-Control", "no-store"},
		{"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
		{"Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
	} {
		if got := plain.Get(c.header); got != c.want {
			t.Errorf("%s: %q, want %q", c.header, got, c.want)
		}
	}
	if got := camera.Get("Permissions-Policy"); !strings.HasPrefix(got, "camera=(self)") {
		t.Errorf("the camera page may not use the camera: %q", got)
	}
	if got := camera.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors https://client.test;") || camera.Get("X-Frame-Options") != "" {
		t.Errorf("the page cannot be framed by its client: %q", got)
	}
}

// away is an error that passes.
type away struct{}

func (away) Error() string { return "nobody answers" }
func (away) Passes() bool  { return true }

func TestFailures(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	k := kit(t, web.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	failing := map[string]error{
		"ours":   errors.New("the disk of Ada is full"),
		"passes": fmt.Errorf("look for Ada: %w", away{}),
		"theirs": usher.NotFound("session"),
		"large":  &http.MaxBytesError{Limit: 1},
	}
	k.Handle("GET /fail/{how}", web.Route{}, func(_ http.ResponseWriter, r *http.Request) error {
		if r.PathValue("how") == "panic" {
			panic("Ada's secret")
		}
		return failing[r.PathValue("how")]
	})
	for _, c := range []struct {
		target, title string
		status        int
		logged        bool
	}{
		{"/fail/ours", "Sorry", 500, true},
		{"/fail/passes", "Sorry", 503, true},
		{"/fail/panic", "Sorry", 500, true},
		{"/fail/theirs", "No page", 404, false},
		{"/fail/large", "Too much", 429, false},
		{"/nowhere", "No page", 404, false},
	} {
		log.Reset()
		w := get(k, "GET", c.target)
		id := w.Header().Get("X-Request-Id")
		if w.Code != c.status || !strings.Contains(w.Body.String(), "<title>"+c.title) || !strings.Contains(w.Body.String(), "id "+id) || id == "" {
			t.Errorf("%s: %d %s (request %q)", c.target, w.Code, w.Body, id)
		}
		if strings.Contains(log.String(), "level=ERROR") != c.logged || strings.Contains(log.String(), "secret") {
			t.Errorf("%s: the log says %q", c.target, &log)
		}
		if strings.Count(log.String(), "msg=request ") != 1 || !strings.Contains(log.String(), id) || strings.Contains(log.String(), c.target) {
			t.Errorf("%s: not one line of access with the id and without the path: %q", c.target, &log)
		}
		if strings.Contains(w.Body.String(), "Ada") {
			t.Errorf("%s: the page tells the cause", c.target)
		}
	}
}

func TestOtherSite(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{})
	k.Handle("POST /change", web.Route{}, func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	for _, c := range []struct {
		site string
		want int
	}{{"same-origin", 204}, {"cross-site", 403}, {"same-site", 403}, {"none", 204}} {
		if got := get(k, "POST", "/change", "Sec-Fetch-Site", c.site).Code; got != c.want {
			t.Errorf("%s: %d, want %d", c.site, got, c.want)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{})
	k.Handle("POST /small", web.Route{MaxBody: 10}, func(_ http.ResponseWriter, r *http.Request) error { return r.ParseForm() })
	r := httptest.NewRequest("POST", "/small", strings.NewReader("a="+strings.Repeat("x", 20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	if w.Code != http.StatusTooManyRequests {
		t.Errorf("a body over the limit: %d", w.Code)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{Base: "/verify"})
	now := get(k, "GET", k.Asset("a.css"))
	if now.Code != 200 || now.Body.String() != "a{}" || !strings.Contains(now.Header().Get("Cache-Control"), "immutable") ||
		now.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%d %q %v", now.Code, now.Body, now.Header())
	}
	if old := get(k, "GET", "/verify/static/0000000000000000/a.css"); old.Code != 200 || old.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an old address: %d %v", old.Code, old.Header())
	}
	if none := get(k, "GET", "/verify/static/x/b.css"); none.Code != 404 {
		t.Errorf("no such file: %d", none.Code)
	}
	other := files()
	other["static/a.css"].Data = []byte("b{}")
	k2, err := web.New(web.Config{Files: other, Area: "area", Base: "/verify"})
	if err != nil {
		t.Fatal(err)
	}
	if k.Asset("a.css") == k2.Asset("a.css") {
		t.Error("the address stays when the content changes")
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{})
	k.Handle("GET /hello", web.Route{}, hello(k))
	if body := get(k, "GET", "/hello", "Accept-Language", "sv-SE").Body.String(); !strings.Contains(body, `lang="en"`) {
		t.Error("the language a page was ordered in does not go before the browser's")
	}
	if body := get(k, "GET", "/hello", "Cookie", "lang=sv").Body.String(); !strings.Contains(body, "<title>Fel: Hej") {
		t.Errorf("what was picked does not go first: %s", body)
	}
	w := get(k, "GET", "/hello?lang=sv")
	if w.Code != 303 || w.Header().Get("Location") != "/hello" || !strings.HasPrefix(w.Header().Get("Set-Cookie"), "lang=sv;") {
		t.Errorf("picking: %d %v", w.Code, w.Header())
	}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	c, err := web.LoadCatalog(files(), "area")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct{ wish, want string }{
		{"sv", "sv"}, {"sv-SE", "sv"}, {"sv_SE", "sv"}, {"de, sv;q=0.8, en;q=0.9", "en"}, {"de;q=0.9,sv;q=0.8", "sv"}, {"sv;q=0", "en"}, {"sv;q=x", "en"}, {"", "en"}, {"*", "en"},
	} {
		if got := c.Match(m.wish); got != m.want {
			t.Errorf("Match(%q) = %q, want %q", m.wish, got, m.want)
		}
	}
	at := time.Date(2026, 3, 5, 22, 30, 0, 0, time.FixedZone("", 7200))
	for got, want := range map[string]string{
		c.Date("sv", at):            "5 mars 2026",
		c.Time("en", at):            "5 March 2026 at 20:30 UTC",
		c.Text("sv", "age", "n", 3): "Enter an age over 3",
		c.Text("sv", "no.such"):     "no.such",
		c.Count("en", "case", 1):    "one case",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if len(c.Problems()) == 0 {
		t.Error("the Swedish of the test lacks texts and nobody says so")
	}
}

// TestLanguagesOfAnArea holds that an area offers the languages that it has every file of, and reads no other area's.
func TestLanguagesOfAnArea(t *testing.T) {
	t.Parallel()
	all := files()
	all["templates/other/x.html"] = &fstest.MapFile{}
	for name, text := range map[string]string{"area.en": `{"a":"A"}`, "other.en": `{"o":"O"}`, "pt-BR": `{"language.name":"Português"}`} {
		all["locales/"+name+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	for area, want := range map[string]string{"area": "en sv", "elsewhere": "en pt-BR sv", "other": "en"} {
		c, err := web.LoadCatalog(all, area)
		if err != nil {
			t.Fatal(err)
		}
		var tags []string
		for _, l := range c.Languages() {
			tags = append(tags, l.Tag)
		}
		if got := strings.Join(tags, " "); got != want {
			t.Errorf("%s offers %q, want %q", area, got, want)
		}
		if c.Has("o") != (area == "other") {
			t.Errorf("%s knows the texts of other: %v", area, c.Has("o"))
		}
		if got := c.Match("pt-PT, sv"); area == "elsewhere" && got != "pt-BR" {
			t.Errorf("a reader of pt-PT gets %s", got)
		}
	}
}

// TestFrame holds that a page may be framed by whom its answer names and by nobody else, an error page as well, and what its cookies are then.
func TestFrame(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{Secure: true})
	k.Handle("GET /framed/{fails}", web.Route{Camera: true}, func(w http.ResponseWriter, r *http.Request) error {
		k.Frame(w, r, []string{"https://a.example", "https://b.example"})
		k.SetFramedCookie(w, "v", "secret", 0)
		if r.PathValue("fails") == "yes" {
			return usher.NotFound("thing")
		}
		return k.Render(w, r, web.Page{Name: "hello"})
	})
	for _, path := range []string{"/framed/no", "/framed/yes"} {
		h := get(k, "GET", path).Header()
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors https://a.example https://b.example;") || h.Get("X-Frame-Options") != "" {
			t.Errorf("%s cannot be framed: %v", path, h)
		}
		if !strings.HasPrefix(h.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("%s lost its camera", path)
		}
		if got := h.Get("Set-Cookie"); got != "__Host-v=secret; Path=/; HttpOnly; Secure; SameSite=None; Partitioned" {
			t.Error(got)
		}
	}
	if h := get(k, "GET", "/nowhere").Header(); h.Get("X-Frame-Options") != "DENY" {
		t.Error("another page can be framed")
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	kit(t, web.Config{Secure: true}).SetCookie(w, "v", "secret", 0)
	if got := w.Header().Get("Set-Cookie"); got != "__Host-v=secret; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Error(got)
	}
	w = httptest.NewRecorder()
	kit(t, web.Config{}).SetCookie(w, "v", "secret", 60)
	if got := w.Header().Get("Set-Cookie"); got != "v=secret; Path=/; Max-Age=60; HttpOnly; SameSite=Lax" {
		t.Error(got)
	}
}

// TestSilentUpload holds that a sender who stops in the middle of a body is given up, while the answer still goes out.
func TestSilentUpload(t *testing.T) {
	t.Parallel()
	k := kit(t, web.Config{})
	read := make(chan error, 1)
	k.Handle("POST /upload", web.Route{ReadTimeout: 20 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		read <- err
		return usher.Invalid("file", "it broke off")
	})
	server := httptest.NewServer(k)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading ends with %v", err)
	}
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 400") {
		t.Errorf("the answer is %q, %v", status, err)
	}
}
