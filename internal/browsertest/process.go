package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// errNoChromium is what a test says on a machine without Chromium. Tests fail
// then; a skipped browser test would look like a passed one.
var errNoChromium = errors.New("no Chromium found: run scripts/needs.sh, or as root: apt-get install --no-install-recommends chromium fonts-dejavu-core")

// names are the commands under which systems install Chromium or Chrome.
func names() []string {
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell"}
}

// process is one running Chromium.
type process struct {
	ctx  context.Context // of the first, empty tab; tabs of pages are its children
	stop context.CancelFunc
}

// launch starts a Chromium whose camera shows the file camera, or Chromium's own
// rolling test picture when camera is empty.
func launch(camera string) (*process, error) {
	path := ""
	for _, name := range names() {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errNoChromium
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		// The one guard that no feature of Chromium's can go round: with no
		// name resolved, a test has no traffic off this machine.
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]"),
	)
	if camera != "" {
		flags = append(flags, chromedp.Flag("use-file-for-fake-video-capture", camera))
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, closeBrowser := chromedp.NewContext(alloc)
	stop := func() {
		closeBrowser()
		stopAlloc() // waits until the process is gone and its profile removed
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return &process{ctx: ctx, stop: stop}, nil
}

// pool shares one browser among those who hold it and ends it with the last.
type pool struct {
	mu      sync.Mutex
	holders int
	running *process
}

// shared is the browser of every page without a camera file. It is the package's
// only state: a process per test binary cannot belong to a single test.
var shared pool

// hold counts the caller among the holders, without starting anything yet.
func (p *pool) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holders++
}

// browser returns the running browser, starting it when there is none or the last
// one died.
func (p *pool) browser() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil && p.running.ctx.Err() == nil {
		return p.running, nil
	}
	if p.running != nil {
		p.running.stop()
		p.running = nil
	}
	b, err := launch("")
	if err != nil {
		return nil, err
	}
	p.running = b
	return b, nil
}

// release gives up a hold; the last one stops the browser.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holders--
	if p.holders == 0 && p.running != nil {
		p.running.stop()
		p.running = nil
	}
}

// Main runs the tests of m with one Chromium kept for all of them and returns
// their exit code. It starts none when no test opens a page.
func Main(m *testing.M) int {
	shared.hold()
	defer shared.release()
	return m.Run()
}
