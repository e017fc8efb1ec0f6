package browsertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// watch records what the browser tells of a tab: what it refused, what it threw,
// what it wrote to the console, and whether a page is on its way.
type watch struct {
	mu         sync.Mutex
	main       cdp.FrameID
	loading    bool
	violations []string
	exceptions []string
	console    []string
}

func newWatch() *watch { return &watch{} }

// event takes one event of the tab. chromedp calls it in the order of arrival,
// before any later answer, so what it saw holds when a command returns.
func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *audits.EventIssueAdded:
		if d := ev.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			w.violations = append(w.violations, describeViolation(d))
		}
	case *runtime.EventExceptionThrown:
		w.exceptions = append(w.exceptions, describeException(ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, arg := range ev.Args {
			words = append(words, string(arg.Value)+arg.Description)
		}
		w.console = append(w.console, fmt.Sprintf("console.%s: %s", ev.Type, strings.Join(words, " ")))
	case *log.EventEntryAdded:
		w.console = append(w.console, fmt.Sprintf("%s: %s %s", ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
	case *page.EventFrameStartedNavigating:
		w.started(ev.FrameID)
	case *page.EventFrameRequestedNavigation:
		if ev.Disposition == page.ClientNavigationDispositionCurrentTab {
			w.started(ev.FrameID)
		}
	case *page.EventFrameStoppedLoading:
		if ev.FrameID == w.main {
			w.loading = false
		}
	}
}

// started notes that a page is on its way when it is the tab's own, not a frame's
// in it.
func (w *watch) started(frame cdp.FrameID) {
	if frame == w.main {
		w.loading = true
	}
}

// isLoading says whether a page is on its way.
func (w *watch) isLoading() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loading
}

func describeViolation(d *audits.ContentSecurityPolicyIssueDetails) string {
	s := fmt.Sprintf("%s (%s)", d.ViolatedDirective, d.ContentSecurityPolicyViolationType)
	if d.BlockedURL != "" {
		s += " blocked " + d.BlockedURL
	}
	if at := d.SourceCodeLocation; at != nil {
		s += fmt.Sprintf(" at %s:%d:%d", at.URL, at.LineNumber+1, at.ColumnNumber)
	}
	return s
}

func describeException(d *runtime.ExceptionDetails) string {
	s := d.Text
	if d.Exception != nil {
		s += " " + d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", s, d.URL, d.LineNumber+1)
}

// report ends a page's record: an uncaught exception fails the test, and a failed
// test keeps a picture and the console.
func (p *Page) report() {
	// What the page does last is told a moment later; a picture makes it finish.
	_ = p.within(drawn)
	p.log.mu.Lock()
	exceptions, console := slices.Clone(p.log.exceptions), slices.Clone(p.log.console)
	p.log.mu.Unlock()
	for _, e := range exceptions {
		p.t.Errorf("uncaught exception in the page: %s", e)
	}
	if !p.t.Failed() || p.ctx.Err() != nil {
		return
	}
	for _, line := range console {
		p.t.Log(line)
	}
	var url string
	if err := p.within(func(ctx context.Context) (err error) {
		url, err = chromedp.Run(ctx, chromedp.Location())
		return err
	}); err == nil {
		p.t.Logf("the page was %s; its picture: %s", url, p.Screenshot("failed"))
	}
}

// drawn waits until the page has drawn a picture of itself, by which time the
// browser has told of all that went wrong on the way there.
func drawn(ctx context.Context) error {
	_, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	return err
}
