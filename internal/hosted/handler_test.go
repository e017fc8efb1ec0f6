package hosted_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/hosted"
)

// visitor is a browser without eyes: cookies, forms and redirects.
type visitor struct {
	http *http.Client
	t    testing.TB
	base string
}

func (h *house) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &visitor{&http.Client{Jar: jar}, h.t, h.server.URL + "/verify"}
}

// page is an answer: where it came from in the end, and what it said.
type page struct {
	path, body string
	status     int
	header     http.Header
}

func (v *visitor) do(r *http.Request) page {
	v.t.Helper()
	res, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return page{strings.TrimPrefix(res.Request.URL.Path, "/verify"), string(body), res.StatusCode, res.Header}
}

func (v *visitor) request(method, path string, body io.Reader) *http.Request {
	v.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = v.base + path
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

func (v *visitor) get(path string) page { v.t.Helper(); return v.do(v.request("GET", path, nil)) }

func (v *visitor) post(path string, form url.Values) page {
	v.t.Helper()
	r := v.request("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

func (v *visitor) send(path, file string) page { v.t.Helper(); return v.sendHeld(path, file, "") }

// sendHeld sends a file from a page that holds the visit itself.
func (v *visitor) sendHeld(path, file, held string) page {
	v.t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		v.t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if held != "" {
		_ = w.WriteField("visit", held)
	}
	part, err := w.CreateFormFile("file", "any.jpg")
	if err != nil {
		v.t.Fatal(err)
	}
	_, _ = part.Write(raw)
	_ = w.Close()
	r := v.request("POST", path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return v.do(r)
}

// hidden gives the value of a hidden input.
func (p page) hidden(name string) string {
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if found == nil {
		return ""
	}
	return found[1]
}

// everyPage is the end of the address of each page there is.
var everyPage = []string{
	"", "/consent", "/consent/decline", "/details/name", "/details/birth", "/details/nationality", "/details/address", "/details/contact", "/document", "/front", "/front/camera", "/front/check", "/back", "/back/camera", "/back/check",
	"/selfie", "/selfie/camera", "/selfie/check", "/address", "/address/check", "/answers", "/redo", "/waiting", "/done", "/ended",
}

// everywhere asks for every page of a session: those that are open are shown, all others lead home.
func (v *visitor) everywhere(at, home string, open []string) {
	v.t.Helper()
	for _, p := range everyPage {
		want := home
		if slices.Contains(open, p) {
			want = p
		}
		if got := v.get(at + p); got.path != at+want || got.status != 200 {
			v.t.Errorf("at %s, %q leads to %s (%d), want %s", home, p, got.path, got.status, want)
		}
	}
}

// TestEveryPageAtEveryTime asks for each page at each moment of a journey: it is shown when its turn has come, and otherwise the browser ends
// on the page whose turn it is. Nothing loops and nothing fails.
func TestEveryPageAtEveryTime(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks for every page a dozen times, one after the other")
	}
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, passportFlow)
	s, link := h.session("everything")
	v := h.visitor()
	at := "/f/" + s.ID
	check := func(home string, open ...string) {
		t.Helper()
		v.everywhere(at, home, open)
	}
	v.post("/s/"+link.Token, nil)
	check("/consent", "/consent/decline")
	v.post(at+"/consent", url.Values{"words": {v.get(at + "/consent").hidden("words")}})
	topics := []string{"/details/name", "/details/birth", "/details/nationality", "/details/address", "/details/contact"}
	for i, topic := range topics {
		check(topic, topics[:i]...)
		v.post(at+topic, detailsForm())
	}
	check("/document", topics...)
	v.post(at+"/document", url.Values{"document": {"id_card"}})
	check("/front", append([]string{"/document", "/front/camera"}, topics...)...)
	v.send(at+"/front", pics.front)
	check("/back", append([]string{"/document", "/front", "/front/camera", "/front/check", "/back/camera"}, topics...)...)
	v.send(at+"/back", pics.back)
	check("/back/check", append([]string{"/document", "/front", "/front/camera", "/front/check", "/back", "/back/camera"}, topics...)...)
	v.post(at+"/back/check", nil)
	all := append([]string{"/document", "/front", "/front/camera", "/front/check", "/back", "/back/camera", "/back/check"}, topics...)
	check("/selfie", append(all, "/selfie/camera")...)
	v.send(at+"/selfie", pics.selfie)
	v.post(at+"/selfie/check", nil)
	all = append(all, "/selfie", "/selfie/camera", "/selfie/check")
	check("/address", all...)
	v.send(at+"/address", pics.pdf)
	v.post(at+"/address/check", nil)
	all = append(all, "/address", "/address/check")
	check("/answers", all...)

	// Another document after all: its picture comes before anything is sent.
	v.post(at+"/document", url.Values{"document": {"passport"}})
	check("/front", append([]string{"/document", "/front/camera", "/selfie", "/selfie/camera", "/selfie/check", "/address", "/address/check"}, topics...)...)
	v.post(at+"/document", url.Values{"document": {"id_card"}})
	check("/answers", all...)
	v.post(at+"/document", url.Values{"document": {"passport"}})
	v.send(at+"/front", pics.passport)
	v.post(at+"/front/check", nil)
	if got := h.now(s.ID).Steps[2].Document; got == nil || got.Type != usher.Passport {
		t.Errorf("the document is %+v", got)
	}

	answers := v.get(at + "/answers")
	v.post(at+"/answers", url.Values{"version": {answers.hidden("version")}})
	check("/waiting")
	h.Settle()
	check("/done")
	if got := v.get("/s/" + link.Token); !strings.Contains(got.body, "See how far it has come") {
		t.Errorf("the link of a finished session says %s", got.body)
	}
}

// details gives every detail that is asked for, page by page.
func (v *visitor) details(at string) page {
	v.t.Helper()
	got := v.get(at)
	for strings.HasPrefix(got.path, at+"/details/") {
		before := got.path
		if got = v.post(before, detailsForm()); got.path == before {
			v.t.Fatalf("%s is not taken: %s", before, got.body)
		}
	}
	return got
}

func detailsForm() url.Values {
	f := url.Values{}
	for k, v := range map[string]string{
		"first_name": "Anna Maria", "last_name": "Eriksson", "birth_day": "12", "birth_month": "8", "birth_year": "1974", "nationality": "SE",
		"country": "SE", "street": "Storgatan 1", "city": "Stockholm", "postal_code": "111 22", "email": "anna@example.com", "phone": "+46 70 123 45 67",
	} {
		f.Set(k, v)
	}
	return f
}

// TestLookingAtLinkChangesNothing holds that a program which opens every link in a mail uses nothing up.
func TestLookingAtLinkChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("everything")
	for range 3 {
		if got := h.visitor().get("/s/" + link.Token); got.status != 200 || got.header.Get("Set-Cookie") != "" {
			t.Fatalf("%d, cookies %q", got.status, got.header.Values("Set-Cookie"))
		}
	}
	if got := h.now(s.ID); got.State != usher.Created || got.Version != s.Version {
		t.Errorf("the session is %s at version %d", got.State, got.Version)
	}
}

// TestConsentIsToTheWordsShown holds that what is kept is the hash of the words on the page, and that other words are shown before they count.
func TestConsentIsToTheWordsShown(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("everything")
	v := h.visitor()
	v.post("/s/"+link.Token, nil)
	at := "/f/" + s.ID + "/consent"
	english := v.get(at).hidden("words")
	swedish := v.get(at + "?lang=sv").hidden("words")
	if english == "" || swedish == "" || english == swedish {
		t.Fatalf("hashes %q and %q", english, swedish)
	}
	if got := v.post(at, url.Values{"words": {english}, "face": {"yes"}}); got.path != at || got.hidden("words") != swedish {
		t.Errorf("agreeing to words that are not on the page leads to %s", got.path)
	}
	v.post(at, url.Values{"words": {swedish}, "face": {"yes"}})
	given := h.now(s.ID).Steps[0].Consent
	if given == nil || given.SHA256 != swedish || given.Locale != "sv" || !given.Face || given.Text != "identity-check/1" {
		t.Errorf("kept %+v", given)
	}
}

// TestDetailsAreKept holds that a form with an error comes back with its answers, and a summary that links to the fields.
func TestDetailsAreKept(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, link := h.session("everything", func(n *usher.NewApplicant) { n.Details.Email = "old@example.com" })
	v := h.visitor()
	v.post("/s/"+link.Token, nil)
	at := "/f/" + s.ID
	v.post(at+"/consent", url.Values{"words": {v.get(at + "/consent").hidden("words")}})
	for _, c := range []struct{ field, value, words string }{
		{"first_name", "", "Write your given names"},
		{"last_name", strings.Repeat("å", 201), "at most 200 characters"},
		{"last_name", "a\x00b", "Write your family name"},
		{"birth_month", "", "Write the day, month and year"},
		{"birth_month", "m", "must be a real date"},
		{"birth_day", "32", "must be a real date"},
		{"birth_year", "74", "must be a real date"},
		{"birth_year", "1800", "must be a real date"},
		{"birth_year", "2999", "must be in the past"},
		{"birth_month", "febr", ""},
		{"nationality", "XX", "Choose your nationality"},
		{"country", "", "Choose the country you live in"},
		{"street", " ", "Write your street"},
		{"city", "", "Write your town"},
		{"region", strings.Repeat("x", 300), "at most 200"},
		{"email", "anna@localhost", "Write an email address"},
		{"email", "Anna <anna@example.com>", "Write an email address"},
		{"phone", "070 123 45 67", "country code"},
		{"phone", "+46 70 ABC", "country code"},
	} {
		form := detailsForm()
		form.Set(c.field, c.value)
		here := v.get(at).path
		for !strings.Contains(v.get(here).body, `name="`+c.field+`"`) { // its page comes after this one
			here = v.post(here, detailsForm()).path
		}
		got := v.post(here, form)
		if c.words == "" {
			if got.path == here {
				t.Errorf("%s=%q is refused", c.field, c.value)
			}
			continue
		}
		link, kept := c.field, map[string]string{
			"first_name": "Eriksson", "last_name": "Anna", "birth_day": "1974", "birth_month": "1974", "birth_year": "12", "street": "Stockholm",
			"city": "Storgatan", "country": "Storgatan", "region": "Storgatan", "email": "70 123", "phone": "anna@example.com", "nationality": "",
		}[c.field]
		if strings.HasPrefix(link, "birth") {
			link = "birth_day"
		}
		for _, want := range []string{"<title>Error: ", `href="#` + link + `"`, c.words, kept} {
			if got.status != 422 || !strings.Contains(got.body, want) {
				t.Errorf("%s=%q: no %q (%d)", c.field, c.value, want, got.status)
			}
		}
	}
	v.details(at)
	a, err := h.Service.Applicant(t.Context(), s.TenantID, s.ApplicantID)
	h.must(err)
	d := a.Details
	if d.FirstName != "Anna Maria" || d.DateOfBirth != "1974-02-12" || d.Phone != "46701234567" || d.Email != "anna@example.com" || d.Address.City != "Stockholm" {
		t.Errorf("kept %#v", d.Address)
	}
}

// TestTitle holds that a dialect's title takes the client's place in the title of the window, in the language that the page is shown in, which is
// the session's own until the reader picks another.
func TestTitle(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *hosted.Config) {
		c.Rules = map[string]usher.PageRules{"native": {Title: func(_ usher.Session, locale string) string {
			return map[string]string{"sv": "Öppna ett konto & mer", "en": ""}[locale]
		}}}
	})
	s, link := h.session("everything")
	v := h.visitor()
	v.post("/s/"+link.Token, nil)
	ask := func(path string) page {
		r := v.request("GET", path, nil)
		r.Header.Set("Accept-Language", "en")
		return v.do(r)
	}
	at := "/f/" + s.ID + "/consent"
	if got := ask(at); !strings.Contains(got.body, " – Example Bank</title>") {
		t.Errorf("without a title: %.300s", got.body)
	}
	_, err := h.Service.Do(t.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdAnnotate, By: usher.Actor{Kind: usher.ByClient}, Locale: "sv"})
	h.must(err)
	if got := ask(at); !strings.Contains(got.body, " – Öppna ett konto &amp; mer</title>") || !strings.Contains(got.body, `lang="sv"`) {
		t.Errorf("in Swedish: %.300s", got.body)
	}
}

// TestStrangers holds that a session's pages are shown to nobody without its cookie, and that one visit's note is worth nothing in another.
func TestStrangers(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, passportFlow)
	s, link := h.session("short")
	other, otherLink := h.session("short")
	v, stranger := h.visitor(), h.visitor()
	at := "/f/" + s.ID
	v.post("/s/"+link.Token, nil)
	v.details(at)
	v.send(at+"/front", pics.passport)
	picture := "/f/" + s.ID + "/evidence/" + h.now(s.ID).Evidence[0].ID
	if got := v.get(picture); got.status != 200 || got.header.Get("Content-Type") != "image/jpeg" || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the owner's picture: %d %v", got.status, got.header)
	}
	opened := v.request("GET", picture, nil)
	opened.Header.Set("Sec-Fetch-Dest", "document")
	if got := v.do(opened); got.status != 404 {
		t.Errorf("the picture opened as a page: %d", got.status)
	}
	stranger.post("/s/"+otherLink.Token, nil)
	for _, path := range append([]string{"/evidence/" + h.now(s.ID).Evidence[0].ID, "/state"}, everyPage...) {
		if got := stranger.get(at + path); got.status != 401 || strings.Contains(got.body, "Eriksson") {
			t.Errorf("a stranger gets %d for %s", got.status, path)
		}
	}
	// A cookie of one session under the name of another opens nothing.
	here, _ := url.Parse(h.server.URL)
	for _, c := range stranger.http.Jar.Cookies(here) {
		for _, mine := range v.http.Jar.Cookies(here) {
			if mine.Name[0] == 'v' && c.Name[0] == 'v' {
				stranger.http.Jar.SetCookies(here, []*http.Cookie{{Name: mine.Name, Value: c.Value, Path: "/"}})
			}
		}
	}
	if got := stranger.get(at); got.status != 404 {
		t.Errorf("another session's cookie gets %d", got.status)
	}

	// The taker-over of a visit gets no picture of before, not even with the note of the first browser.
	taker := h.visitor()
	taker.post("/s/"+link.Token, nil)
	for _, c := range v.http.Jar.Cookies(here) {
		if c.Name[0] == 'n' {
			taker.http.Jar.SetCookies(here, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
		}
	}
	if got := taker.get(picture); got.status != 404 {
		t.Errorf("who took over sees the picture: %d", got.status)
	}
	if got := taker.get(at + "/details/name"); strings.Contains(got.body, "Eriksson") {
		t.Error("who took over sees the name")
	}
	if got := v.get(at); got.status != 409 {
		t.Errorf("the first browser goes on: %d", got.status)
	}
	_ = other
}

// TestHeadersOfPages holds that no page can be framed and only camera pages may use a camera.
func TestHeadersOfPages(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	s, link := h.session("short")
	v := h.visitor()
	v.post("/s/"+link.Token, nil)
	for _, path := range []string{"/s/" + link.Token, "/help", "/f/" + s.ID + "/front", "/f/" + s.ID + "/front/camera", "/nowhere"} {
		head := v.get(path).header
		if head.Get("X-Frame-Options") != "DENY" || !strings.Contains(head.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s can be framed", path)
		}
		if head.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be stored", path)
		}
		if got := strings.HasPrefix(head.Get("Permissions-Policy"), "camera=(self)"); got != strings.HasSuffix(path, "/camera") {
			t.Errorf("%s: camera allowed: %v", path, got)
		}
	}
}

// TestStaleAnswers holds that nobody sends what they have not seen.
func TestStaleAnswers(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - selfie\n", "", 1))
	s, link := h.session("short")
	v := h.visitor()
	at := "/f/" + s.ID
	v.post("/s/"+link.Token, nil)
	v.details(at)
	v.send(at+"/front", pics.passport)
	v.post(at+"/front/check", nil)
	seen := v.get(at + "/answers").hidden("version")
	v.send(at+"/front", pics.front)
	for _, version := range []string{seen, "", "0", "x"} {
		if got := v.post(at+"/answers", url.Values{"version": {version}}); got.path != at+"/answers" {
			t.Errorf("version %q is sent: %s", version, got.path)
		}
	}
	if got := h.now(s.ID).State; got != usher.InProgress {
		t.Errorf("the session is %s", got)
	}
}
