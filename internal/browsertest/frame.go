package browsertest

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// Frame returns the page of another site that this page shows in a frame, waiting for one whose address begins with url. It is used as any page;
// only pictures of it are taken of the page around it. A frame that goes to another site is another one.
func (p *Page) Frame(url string) *Page {
	p.t.Helper()
	f := &Page{t: p.t, log: newWatch(), opt: p.opt}
	p.poll("find the frame of "+url, func(context.Context) (string, error) {
		targets, err := chromedp.Targets(p.ctx)
		if err != nil {
			return "", err
		}
		for _, target := range targets {
			if target.Type != "iframe" || target.BrowserContextID != p.contextID() || !strings.HasPrefix(target.URL, url) {
				continue
			}
			ctx, detach := chromedp.NewContext(p.ctx, chromedp.WithTargetID(target.TargetID), chromedp.WithDetachOnCancel())
			f.ctx = ctx
			p.t.Cleanup(detach)
			// A frame, too, has the id of its target.
			f.log.main = cdp.FrameID(target.TargetID)
			return "", chromedp.Listen(ctx, f.log.event)
		}
		return "there is no such frame", nil
	})
	return f
}
