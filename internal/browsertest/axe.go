package browsertest

import (
	"context"
	_ "embed" // for axe.min.js
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"
)

// axeSource is axe-core 4.14.1 as published, kept here unchanged so that a test
// needs neither Node nor a network; scripts/axe.sh fetches another version.
//
//go:embed axe/axe.min.js
var axeSource string

// runAxeJS checks the page against the WCAG rules up to 2.2 AA, the level that we
// promise, and gives what breaks them.
const runAxeJS = `axe.run(document, {
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
	resultTypes: ["violations"],
}).then((result) => ({
	passed: result.passes.length,
	violations: result.violations.flatMap((v) => v.nodes.map((n) => ({
		rule: v.id, impact: v.impact, help: v.help, where: n.target.join(" "), why: n.failureSummary,
	}))),
}))`

// finding is one element that breaks one rule.
type finding struct {
	Rule, Impact, Help, Where, Why string
}

func (f finding) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s\n\t%s", f.Rule, f.Impact, f.Help, f.Where, strings.ReplaceAll(f.Why, "\n", "\n\t"))
}

// Axe fails the test for each element of the page that breaks a rule of WCAG 2.0,
// 2.1 or 2.2, level A or AA, as far as axe-core can tell by itself.
func (p *Page) Axe() {
	p.t.Helper()
	for _, f := range p.axe() {
		p.t.Errorf("axe on %s: %s", p.URL(), f)
	}
}

// axe runs axe-core and returns its findings.
func (p *Page) axe() []finding {
	p.t.Helper()
	if p.opt.NoJS {
		// axe waits with timers, which do not run while scripts are off. The
		// page's own scripts stay out: they were refused when it loaded.
		p.must("let axe run", func(ctx context.Context) error { return p.setScripts(ctx, true) })
		defer p.must("stop scripts again", func(ctx context.Context) error { return p.setScripts(ctx, false) })
	}
	p.must("load axe", func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`if (!window.axe) { `+axeSource+` }`))
	})
	result := Eval[struct {
		Passed     int
		Violations []finding
	}](p, runAxeJS)
	if result.Passed == 0 && len(result.Violations) == 0 {
		p.t.Errorf("axe found nothing to check on %s", p.URL())
	}
	return result.Violations
}

// CSPViolations fails the test for each thing that the page's content security
// policy has refused, or reported, since the tab was opened.
func (p *Page) CSPViolations() {
	p.t.Helper()
	for _, v := range p.violations() {
		p.t.Errorf("content security policy: %s", v)
	}
}

// violations returns what the policy refused so far. The browser reports them a
// moment late, so the page is drawn first.
func (p *Page) violations() []string {
	p.t.Helper()
	p.must("wait for reports", drawn)
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	return slices.Clone(p.log.violations)
}
