package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// patience is how long a call waits before it fails the test. It is far more than
// a page needs, because two busy cores can hold up a browser for seconds.
const patience = 30 * time.Second

// Options say what kind of browser a page runs in. The zero value is a desktop
// window of 1280×800 CSS pixels, light, English, with scripts and with a camera
// that shows Chromium's own test picture.
type Options struct {
	FakeCameraFile string // what the camera shows: an absolute path, as from FakeCamera
	DenyCamera     bool   // the person refuses the camera: NotAllowedError
	NoJS           bool   // page scripts do not run
	Dark           bool   // the person prefers dark pages
	Width, Height  int    // of the window, in CSS pixels
	Locale         string // language tag such as "sv-SE": Accept-Language and Intl

	NoThirdPartyCookies bool // the browser keeps no cookies of sites in frames but partitioned ones
	AnyCertificate      bool // the browser takes a test server's certificate
}

// Page is one tab with cookies, storage and permissions of its own. Its methods
// fail the test they were opened for and must be called from that test's goroutine.
type Page struct {
	t   testing.TB
	ctx context.Context
	log *watch
	opt Options
}

// Open returns an empty tab that is closed when the test ends. A test fails here
// when the machine has no Chromium.
func Open(t testing.TB, opt Options) *Page {
	t.Helper()
	if testing.Short() {
		t.Skip("opens a browser: left out of the shortened run")
	}
	b, err := acquire(t, opt.FakeCameraFile)
	if err != nil {
		t.Fatalf("open a browser: %v", err)
	}
	p := &Page{t: t, log: newWatch(), opt: opt}
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p.ctx = ctx
	t.Cleanup(func() {
		p.report()
		closeTab()
	})
	if err := p.within(func(ctx context.Context) error { return p.prepare(ctx) }); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return p
}

// acquire returns the shared browser, or one of the test's own for a camera file,
// and sees to its end.
func acquire(t testing.TB, camera string) (*process, error) {
	if camera == "" {
		shared.hold()
		t.Cleanup(shared.release)
		return shared.browser()
	}
	if !filepath.IsAbs(camera) {
		return nil, fmt.Errorf("camera file %q: not an absolute path, which Chromium needs", camera)
	}
	if _, err := os.Stat(camera); err != nil {
		return nil, fmt.Errorf("camera file: %w", err)
	}
	b, err := launch(camera)
	if err != nil {
		return nil, err
	}
	t.Cleanup(b.stop)
	return b, nil
}

// Visit loads url and waits until the page has loaded. An answer of 4xx or 5xx is
// a page like any other; no answer at all fails the test.
func (p *Page) Visit(url string) {
	p.t.Helper()
	p.must("visit "+url, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Navigate(url))
	})
}

// Reload loads the page again, as the browser's button does.
func (p *Page) Reload() {
	p.t.Helper()
	p.must("reload", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Reload()) })
}

// Back goes one page back in the tab's history, as the browser's button does.
func (p *Page) Back() {
	p.t.Helper()
	p.must("go back", func(ctx context.Context) error {
		history, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		if history.CurrentIndex == 0 {
			return errors.New("there is no page before this one")
		}
		entry := history.Entries[history.CurrentIndex-1]
		if err := p.settle(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry.ID})
			return err
		})); err != nil {
			return err
		}
		// A page kept whole by the browser comes back without loading.
		for {
			history, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
			if err != nil || history.Entries[history.CurrentIndex].ID == entry.ID {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// URL returns the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, "location.href")
}

// Text returns the visible text of the first element that selector matches, white
// space collapsed, waiting for the element to be there. An empty selector means
// the whole page.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	if selector == "" {
		selector = "body"
	}
	var text string
	p.poll("text of "+selector, func(ctx context.Context) (string, error) {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](call(textJS, selector)))
		if err != nil || len(found) == 0 {
			return "no such element", err
		}
		text = found[0]
		return "", nil
	})
	return text
}

// WaitText waits until the visible text of the page contains want.
func (p *Page) WaitText(want string) {
	p.t.Helper()
	p.poll(fmt.Sprintf("wait for the text %q", want), func(ctx context.Context) (string, error) {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](call(textJS, "body")))
		if err != nil {
			return "", err
		}
		body := strings.Join(found, " ")
		if strings.Contains(body, want) {
			return "", nil
		}
		return "the page says: " + clip(body, 600), nil
	})
}

// WaitURL waits until the address of the page contains part.
func (p *Page) WaitURL(part string) {
	p.t.Helper()
	p.poll(fmt.Sprintf("wait for an address with %q", part), func(ctx context.Context) (string, error) {
		url, err := chromedp.Run(ctx, chromedp.Location())
		if err != nil || strings.Contains(url, part) {
			return "", err
		}
		return "the address is " + url, nil
	})
}

// Eval returns the value of the JavaScript expression js in the page; a promise is
// awaited. It works with NoJS too, since it is the test that runs, not the page.
func Eval[T any](p *Page, js string) T {
	p.t.Helper()
	var value T
	p.must("evaluate "+clip(js, 120), func(ctx context.Context) (err error) {
		value, err = chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
		return err
	})
	return value
}

// Offline takes the network away from the page, or gives it back.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	p.must("set the network", func(ctx context.Context) error {
		const unlimited = -1
		rules := []*network.Conditions{}
		if off {
			rules = append(rules, &network.Conditions{Offline: true, DownloadThroughput: unlimited, UploadThroughput: unlimited})
		}
		if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule,
			network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}); err != nil {
			return err
		}
		// The rules stop requests; this is what navigator.onLine and its events tell the page.
		_, err := chromedp.Call(ctx, network.OverrideNetworkState,
			network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: unlimited, UploadThroughput: unlimited})
		return err
	})
}

// Cookies returns every cookie of the page's browser context, HttpOnly ones and
// those of other hosts and paths included.
func (p *Page) Cookies() []*http.Cookie {
	p.t.Helper()
	var cookies []*http.Cookie
	p.must("read cookies", func(ctx context.Context) error {
		res, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: p.contextID()})
		for _, c := range res.Cookies {
			cookies = append(cookies, stdCookie(c))
		}
		return err
	})
	return cookies
}

// stdCookie turns the protocol's cookie into the standard library's; a session
// cookie has a zero Expires.
func stdCookie(c *network.Cookie) *http.Cookie {
	sameSite := map[network.CookieSameSite]http.SameSite{
		network.CookieSameSiteStrict: http.SameSiteStrictMode,
		network.CookieSameSiteLax:    http.SameSiteLaxMode,
		network.CookieSameSiteNone:   http.SameSiteNoneMode,
	}
	std := &http.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: sameSite[c.SameSite],
	}
	if !c.Session {
		std.Expires = time.Unix(int64(c.Expires), 0)
	}
	return std
}

// Screenshot writes a PNG picture of the whole page and returns its path. A bare
// name goes to the test's artifact folder (kept with go test -artifacts); a name
// with a folder goes there, the folder being made when missing.
func (p *Page) Screenshot(name string) string {
	p.t.Helper()
	path := name + ".png"
	if filepath.Base(name) == name {
		path = filepath.Join(p.t.ArtifactDir(), path)
	}
	p.must("take a picture", func(ctx context.Context) error {
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make the folder: %w", err)
		}
		return os.WriteFile(path, png, 0o644)
	})
	return path
}

// contextID is the browser context that keeps the page's cookies and permissions.
func (p *Page) contextID() cdp.BrowserContextID {
	return chromedp.FromContext(p.ctx).BrowserContextID
}

// within runs f with the page's context and the limit of patience.
func (p *Page) within(f func(context.Context) error) error {
	// The first run of a tab binds the tab's life to its context, so the tab must
	// be there before the limit is put on.
	if err := chromedp.Do(p.ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return f(ctx)
}

// must runs f and fails the test when it cannot do what is said.
func (p *Page) must(what string, f func(context.Context) error) {
	p.t.Helper()
	if err := p.within(f); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// poll calls f until it reports nothing missing, and fails the test with the last
// thing missing when patience ends. An error of f is not final: between two pages
// there is for a moment nothing to ask.
func (p *Page) poll(what string, f func(context.Context) (missing string, err error)) {
	p.t.Helper()
	missing := ""
	err := p.within(func(ctx context.Context) error {
		for {
			state, err := f(ctx)
			switch {
			case err == nil && state == "":
				return nil
			case err == nil:
				missing = state
			case ctx.Err() == nil:
				missing = err.Error()
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	if err != nil {
		p.t.Fatalf("%s: %v; %s", what, err, missing)
	}
}

// clip shortens s to about n bytes for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
