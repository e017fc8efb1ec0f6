package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
)

// hostile is what somebody writes who wants to run a script in the browser of whoever reads it, after a word that says where it was written.
func hostile(where string) string {
	return "QZ" + where + `"><script data-planted>1</script><img data-planted src=x onerror=1>'{{.}}`
}

// element is one tag of a page.
type element struct {
	name  string
	attrs []string
}

// elements reads the tags of a page as a browser does where it matters here: what stands in quotes is no markup, and no text is.
func elements(page string) []element {
	var list []element
	for {
		i := strings.IndexByte(page, '<')
		if i < 0 {
			return list
		}
		page = page[i+1:]
		end := strings.IndexAny(page, " \t\n/>")
		if end < 0 {
			return list
		}
		e := element{name: strings.ToLower(page[:end])}
		page = page[end:]
		for page != "" && page[0] != '>' {
			page = strings.TrimLeft(page, " \t\n/")
			n := strings.IndexAny(page, "= \t\n/>")
			if n <= 0 {
				break
			}
			e.attrs, page = append(e.attrs, strings.ToLower(page[:n])), page[n:]
			if value, ok := strings.CutPrefix(page, "="); ok {
				page = value
				if page != "" && (page[0] == '"' || page[0] == '\'') {
					if closing := strings.IndexByte(page[1:], page[0]); closing >= 0 {
						page = page[closing+2:]
					}
				}
			}
		}
		list = append(list, e)
	}
}

func TestElementsAreFound(t *testing.T) {
	t.Parallel()
	safe := `<a href="x" title="&#34;&gt;&lt;script data-planted&gt;" data-x='"><b data-planted>'>&lt;img data-planted&gt;</a>`
	if injected(safe) != "" {
		t.Errorf("text is taken for an element: %v", elements(safe))
	}
	for _, page := range []string{
		"<p>" + hostile("x"), `<a title="` + hostile("x") + `">`, `<a title='x' data-planted>`, `<a href="javascript:1" onclick="x">`, `<p><style>x</style>`,
	} {
		if injected(page) == "" {
			t.Errorf("nothing is found in %s", page)
		}
	}
}

// injected names what does not belong on a page: an element or attribute that was written by somebody else, or a script or style within it.
func injected(page string) string {
	for _, e := range elements(page) {
		for _, a := range e.attrs {
			if a == "data-planted" || strings.HasPrefix(a, "on") || a == "style" {
				return e.name + " with " + a
			}
		}
		if e.name == "style" || (e.name == "script" && !slices.Contains(e.attrs, "src")) || e.name == "iframe" || e.name == "object" {
			return e.name
		}
	}
	return ""
}

// plantScripts writes markup wherever somebody can write, and gives the words that have to be seen again.
func (w *walked) plantScripts() []string {
	w.t.Helper()
	ctx, f, by := w.t.Context(), &w.own, usher.Actor{Kind: usher.BySystem, ID: "test"}
	_, adminStaff := w.staff(*f, usher.RoleAdmin)
	admin := adminStaff.Actor()
	client, _, err := w.h.auth.CreateClient(ctx, f.tenant.ID, auth.NewClient{
		Dialect: "native", Name: hostile("client"), Scopes: everyScope, DefaultFlow: flowOnboarding, ReturnURLs: []string{hostile("return")},
	}, by)
	w.must(err)
	f.things["clients"] = client.ID
	w.must(w.h.PutBrand(ctx, f.tenant.ID, usher.Brand{Name: hostile("b")}, by))
	w.must(w.h.PutReasonText(ctx, f.tenant.ID, usher.ReasonText{Reason: usher.DocumentBlurred, Language: "en", Text: hostile("reason")}, by))
	s, link, err := w.h.StartSession(ctx, client, usher.NewSession{
		Flow: flowOnboarding, Reference: hostile("reference"), Metadata: map[string]string{"m": hostile("metadata")},
		Applicant: &usher.NewApplicant{Kind: usher.Person, Reference: hostile("reference"), Details: usher.Details{
			FirstName: hostile("first"), LastName: "Review", DateOfBirth: "1990-04-17", Nationality: "SE", NationalID: hostile("national"), Email: "ada@example.test", Phone: "46700000000",
			Address: &usher.Address{Country: "SE", Street: hostile("street"), City: hostile("city"), PostalCode: "75310"},
		}},
	})
	w.must(err)
	visit, err := w.h.UseLink(ctx, link.Token)
	w.must(err)
	w.must(w.h.Saw(ctx, visit.Token, usher.PageView{Screen: "consent", Agent: hostile("agent")}))
	_, err = w.h.Simulate(ctx, client, s.ID, "submit")
	w.must(err)
	s = w.until(s, usher.InReview)
	f.things["cases"], f.things["look"], f.things["f"] = s.ID, s.Evidence[0].ID, s.ID
	w.must(w.h.NoteCase(ctx, f.tenant.ID, s.ID, hostile("note"), admin))
	if _, err = w.h.TagCase(ctx, f.tenant.ID, s.ID, []string{"<script>"}, admin); err == nil {
		w.t.Error("a tag may hold markup")
	}
	w.answerScript()
	return []string{"QZclient", "QZb", "QZreason", "QZreference", "QZfirst", "QZstreet", "QZcity", "QZnote"}
}

// answerScript has a receiver of webhooks answer with markup, at an address that holds some.
func (w *walked) answerScript() {
	w.t.Helper()
	ctx, f := w.t.Context(), &w.own
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", hostile("header"))
		rw.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(rw, hostile("answer"))
	}))
	w.t.Cleanup(receiver.Close)
	endpoint, err := w.h.CreateEndpoint(ctx, f.tenant.ID, usher.Endpoint{
		URL: receiver.URL + "/?q=" + url.QueryEscape(hostile("url")), Dialect: "native", Auth: usher.EndpointAuth{Type: "none"},
	})
	w.must(err)
	sent, err := w.h.TestEndpoint(ctx, f.tenant.ID, endpoint.ID)
	w.must(err)
	for answered := false; !answered; time.Sleep(20 * time.Millisecond) { // deliveries of a running server have no signal
		_, tries, err := w.h.Delivery(ctx, f.tenant.ID, sent.ID)
		w.must(err)
		answered = len(tries) > 0 && strings.Contains(tries[0].Answer, "QZanswer")
	}
	f.things["endpoints"], f.things["deliveries"] = endpoint.ID, sent.ID
}

// TestScriptsAreText writes markup into every field there is and reads every page of the desk, as who sees most, and the applicant's pages.
func TestScriptsAreText(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	words := w.plantScripts()
	seen := map[string]bool{}
	look := func(c *http.Client, surface, pattern, path string) {
		t.Helper()
		_, h, body := w.ask(c, http.MethodGet, path, "", nil, nil)
		if !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
			return
		}
		policy := h.Get("Content-Security-Policy")
		if what := injected(body); what != "" && (what != "style" || !strings.Contains(policy, "'sha256-")) { // a first page brings its own style, by its hash
			t.Errorf("%s %s: there is %s", surface, pattern, what)
		}
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s %s: the policy is %q", surface, pattern, policy)
		}
		for _, word := range words {
			seen[word] = seen[word] || strings.Contains(body, word)
		}
	}
	admin := w.signedIn(w.own, usher.RoleAdmin)
	for _, m := range w.mounts.list {
		if m.surface != "desk" {
			continue
		}
		for _, r := range m.routes {
			if !strings.HasPrefix(r.Pattern, "GET ") || strings.Contains(r.Pattern, "{token}") {
				continue
			}
			_, path, _ := w.at(m, r.Pattern, w.own.things)
			look(admin, m.surface, r.Pattern, path)
		}
	}
	w.lookAsApplicant(look)
	for _, word := range words {
		if !seen[word] {
			t.Errorf("%s is on no page: the test does not look where it is shown", word)
		}
	}
}

// lookAsApplicant asks the one whose case it is to do a step again, with a note and a reason in words of the firm's own, and reads their pages.
func (w *walked) lookAsApplicant(look func(c *http.Client, surface, pattern, path string)) {
	w.t.Helper()
	ctx := w.t.Context()
	s, err := w.h.Do(ctx, w.own.tenant.ID, w.own.things["cases"], usher.Command{
		Kind: usher.CmdAskAgain, By: usher.Actor{Kind: usher.ByClient, ID: w.own.client.ID}, Steps: []string{"document"},
		Reasons: []usher.Reason{{Code: usher.DocumentBlurred}}, Note: hostile("ask"),
	})
	w.must(err)
	_, link, err := w.h.IssueLink(ctx, w.own.client, s.ID, usher.NewLink{})
	w.must(err)
	jar, err := cookiejar.New(nil)
	w.must(err)
	c := &http.Client{Jar: jar, CheckRedirect: plainly.CheckRedirect}
	at := verifyBase + "/s/" + link.Token
	look(c, "hosted", "GET /s/{token}", at)
	_, h, _ := w.ask(c, http.MethodPost, at, formKind, []byte(url.Values{}.Encode()), nil)
	here := h.Get("Location")
	if !strings.HasPrefix(here, verifyBase+"/f/") {
		w.t.Fatalf("the link leads to %q", here)
	}
	look(c, "hosted", "GET /f/{session}", here)
	_, h, _ = w.ask(c, http.MethodGet, here, "", nil, nil)
	for range 3 {
		if next := h.Get("Location"); next != "" {
			look(c, "hosted", "the next step", next)
			_, h, _ = w.ask(c, http.MethodGet, next, "", nil, nil)
		}
	}
	base := verifyBase + "/f/" + strings.Split(strings.TrimPrefix(here, verifyBase+"/f/"), "/")[0]
	for _, page := range []string{"", "/help", "/document", "/selfie", "/phone", "/done"} {
		look(c, "hosted", page, base+page)
	}
}
