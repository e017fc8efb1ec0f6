package browsertest_test

import (
	"fmt"
	"image"
	"runtime"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/browsertest"
)

// spy stands in for a test, so that a test can see what fails another one. Its
// cleanups run at its own end.
type spy struct {
	testing.TB
	said     []string
	failed   bool
	cleanups []func()
}

func (s *spy) Helper()                   {}
func (s *spy) Cleanup(f func())          { s.cleanups = append(s.cleanups, f) }
func (s *spy) Failed() bool              { return s.failed }
func (s *spy) Log(args ...any)           { s.said = append(s.said, fmt.Sprint(args...)) }
func (s *spy) Logf(f string, a ...any)   { s.said = append(s.said, fmt.Sprintf(f, a...)) }
func (s *spy) Errorf(f string, a ...any) { s.failed = true; s.Logf(f, a...) }

func (s *spy) Fatal(a ...any) { s.Fatalf("%s", fmt.Sprint(a...)) }

func (s *spy) Fatalf(f string, a ...any) {
	s.Errorf(f, a...)
	runtime.Goexit()
}

// watched runs f as a test of its own and returns all it said, and whether it
// failed.
func watched(t *testing.T, f func(testing.TB)) (said string, failed bool) {
	t.Helper()
	s := &spy{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := range s.cleanups {
				s.cleanups[len(s.cleanups)-1-i]()
			}
		}()
		f(s)
	}()
	<-done
	return strings.Join(s.said, "\n"), s.failed
}

func TestWhatIsWrongFailsTheTest(t *testing.T) {
	t.Parallel()
	const (
		good   = `<p>Fine.</p><p><button>Once</button></p>`
		policy = "content security policy"
	)
	url := site(t, map[string]string{
		"/good":       good,
		"/unnamed":    `<input type="text"><p>text</p>`,
		"/inline":     `<script>document.title = "x"</script>`,
		"/styled":     `<p style="color: red">text</p>`,
		"/elsewere":   `<img alt="x" src="http://www.example.org/x.png">`,
		"/sink":       `<script src="/sink.js"></script>`,
		"/sink.js":    `try { document.body.innerHTML = "<b>x</b>" } catch {}`,
		"/throws":     `<script src="/throws.js"></script>`,
		"/throws.js":  `console.log("just before", 42); null.x`,
		"/rejects":    `<script src="/rejects.js"></script>`,
		"/rejects.js": `Promise.reject(new Error("nobody listens"))`,
	})
	for _, tc := range []struct {
		name, path string
		opt        browsertest.Options
		check      func(*browsertest.Page)
		want       []string // parts of what is said; none: the test must pass
	}{
		{"axe, good page", "/good", browsertest.Options{}, (*browsertest.Page).Axe, nil},
		{"axe, field without a label", "/unnamed", browsertest.Options{}, (*browsertest.Page).Axe, []string{"label (critical)", "input"}},
		{"axe, without scripts", "/unnamed", browsertest.Options{NoJS: true}, (*browsertest.Page).Axe, []string{"label (critical)"}},
		{"policy, good page", "/good", browsertest.Options{}, (*browsertest.Page).CSPViolations, nil},
		{"policy, axe does not break it", "/good", browsertest.Options{}, func(p *browsertest.Page) { p.Axe(); p.CSPViolations() }, nil},
		{"policy, inline script", "/inline", browsertest.Options{}, (*browsertest.Page).CSPViolations, []string{policy, "script-src-elem", "kInlineViolation"}},
		{"policy, inline style without scripts", "/styled", browsertest.Options{NoJS: true}, (*browsertest.Page).CSPViolations, []string{policy, "style-src-attr"}},
		{"policy, picture from elsewhere", "/elsewere", browsertest.Options{}, (*browsertest.Page).CSPViolations, []string{policy, "img-src", "http://www.example.org/x.png"}},
		{"policy, string to a sink", "/sink", browsertest.Options{}, (*browsertest.Page).CSPViolations, []string{policy, "require-trusted-types-for", "sink.js:1"}},
		{"exception", "/throws", browsertest.Options{}, func(*browsertest.Page) {}, []string{"TypeError", "throws.js:1", "just before", "failed.png"}},
		{"rejection", "/rejects", browsertest.Options{}, func(*browsertest.Page) {}, []string{"nobody listens"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			said, failed := watched(t, func(tb testing.TB) {
				p := browsertest.Open(tb, tc.opt)
				p.Visit(url + tc.path)
				tc.check(p)
			})
			if failed != (tc.want != nil) {
				t.Errorf("failed = %v, want %v; it said:\n%s", failed, tc.want != nil, said)
			}
			for _, part := range tc.want {
				if !strings.Contains(said, part) {
					t.Errorf("it does not say %q:\n%s", part, said)
				}
			}
		})
	}
}

func TestOpenRefusesABadCameraFile(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"relative.mjpeg", "/no/such/file.mjpeg"} {
		said, failed := watched(t, func(tb testing.TB) {
			browsertest.Open(tb, browsertest.Options{FakeCameraFile: file})
		})
		if !failed || !strings.Contains(said, "camera file") {
			t.Errorf("Open with %s: failed = %v, said %q", file, failed, said)
		}
	}
}

func TestFakeCameraNeedsAPicture(t *testing.T) {
	t.Parallel()
	if said, failed := watched(t, func(tb testing.TB) { browsertest.FakeCamera(tb, []image.Image{}...) }); !failed {
		t.Errorf("a camera without a picture passed: %q", said)
	}
}
