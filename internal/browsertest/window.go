package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Window is a size of window, in CSS pixels, and which pages the person prefers.
type Window struct {
	Width, Height int
	Dark          bool
}

// As shows the open page in another window, as a person who turns a phone or the light off. What is typed stays.
func (p *Page) As(w Window) {
	p.t.Helper()
	p.opt.Width, p.opt.Height, p.opt.Dark = w.Width, w.Height, w.Dark
	p.must("change the window", func(ctx context.Context) error {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(int64(w.Width), int64(w.Height))); err != nil {
			return err
		}
		return p.setMedia(ctx)
	})
}

// Throttle slows the page's processor down: 4 makes it four times as slow, 1 as fast as it is.
func (p *Page) Throttle(times float64) {
	p.t.Helper()
	p.must("slow the processor down", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times})
		return err
	})
}

// Slow makes the network one with a round trip of so many milliseconds and so many bits a second in each direction.
func (p *Page) Slow(roundTrip, bits float64) {
	p.t.Helper()
	p.must("slow the network down", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: roundTrip, DownloadThroughput: bits / 8, UploadThroughput: bits / 8}},
		})
		return err
	})
}
