package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

// prepare makes the empty tab the browser that the options describe and starts
// the record of what goes wrong in it.
func (p *Page) prepare(ctx context.Context) error {
	// Chromium gives a tab and its outermost frame the same id.
	p.log.main = cdp.FrameID(chromedp.FromContext(p.ctx).Target.TargetID)
	if err := chromedp.Listen(p.ctx, p.log.event); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{}); err != nil {
		return err
	}
	width, height := p.opt.Width, p.opt.Height
	if width == 0 {
		width = 1280
	}
	if height == 0 {
		height = 800
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(int64(width), int64(height))); err != nil {
		return err
	}
	// Every tab takes itself for the one in front, however many are open.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		return err
	}
	for _, set := range []func(context.Context) error{p.setCamera, p.setMedia, p.setLocale, p.setTrust} {
		if err := set(ctx); err != nil {
			return err
		}
	}
	return p.setScripts(ctx, !p.opt.NoJS)
}

// setCamera answers the permission question before a page can ask it, since nobody
// is there to click in a headless window.
func (p *Page) setCamera(ctx context.Context) error {
	setting := browser.PermissionSettingGranted
	if p.opt.DenyCamera {
		setting = browser.PermissionSettingDenied
	}
	_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission:       &browser.PermissionDescriptor{Name: "camera"},
		Setting:          setting,
		BrowserContextID: p.contextID(),
	})
	return err
}

// setMedia sets the colour scheme, and asks for no motion: a button that is still
// fading in has no contrast to measure and no place to click.
func (p *Page) setMedia(ctx context.Context) error {
	scheme := "light"
	if p.opt.Dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	return err
}

// setLocale sets the language that requests ask for and that scripts see.
func (p *Page) setLocale(ctx context.Context) error {
	locale := p.opt.Locale
	if locale == "" {
		locale = "en-GB"
	}
	if _, err := chromedp.Call(ctx, emulation.SetLocaleOverride,
		emulation.SetLocaleOverrideParams{Locale: locale}); err != nil {
		return err
	}
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: version.UserAgent, AcceptLanguage: locale,
	})
	return err
}

// setTrust says what the browser takes of certificates and of cookies.
func (p *Page) setTrust(ctx context.Context) error {
	if p.opt.AnyCertificate {
		if _, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
			return err
		}
	}
	if !p.opt.NoThirdPartyCookies {
		return nil
	}
	_, err := chromedp.Call(ctx, network.SetCookieControls, network.SetCookieControlsParams{EnableThirdPartyCookieRestriction: true})
	return err
}

// setScripts lets page scripts run or not, from the next page on.
func (p *Page) setScripts(ctx context.Context, run bool) error {
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !run})
	return err
}
