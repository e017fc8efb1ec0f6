// Package browsertest lets a Go test use a page the way a person does: in a real
// Chromium, by the words on the buttons, with a camera if the test has one.
//
// A test opens a [Page], visits a URL of its own server and acts:
//
//	p := browsertest.Open(t, browsertest.Options{Width: 320, Dark: true})
//	p.Visit(server.URL)
//	p.Fill("Given name", "Ada")
//	p.Click("Continue")
//	p.WaitText("Check your answers")
//	p.Axe()
//	p.CSPViolations()
//
// Every call waits for what it needs (the element, the page that a click loads),
// so tests need no sleeps, and fails the test with words that say what was looked
// for and what was there. A page that throws an uncaught exception fails its test
// too. When a test fails, a picture of the page and its console are kept.
//
// One Chromium serves all pages that are open at the same time in a test binary;
// each page has a browser context of its own, so cookies, storage and permissions
// are never shared. A page with a camera file has a process of its own, because
// Chromium reads the file's name from its command line. A package with several
// browser tests saves starting Chromium again for each by handing over its tests:
//
//	func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
//
// Chromium reaches the loopback addresses and nothing else: every name but
// localhost, *.localhost and *.test (which stand for 127.0.0.1) fails to resolve.
//
// The package is for tests only. It hides chromedp, whose API was rewritten once
// already, so that the next rewrite touches this folder and no test.
package browsertest
