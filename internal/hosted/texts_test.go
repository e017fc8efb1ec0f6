package hosted_test

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
	assets "github.com/usher-kyc/usher/web"
)

// TestTexts holds that every language has every text with the same placeholders, each reason in words, and each key that a template names.
func TestTexts(t *testing.T) {
	t.Parallel()
	c, err := web.LoadCatalog(assets.Files, "hosted")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range c.Problems() {
		t.Error(problem)
	}
	for _, code := range usher.ReasonCodes() {
		if !c.Has("reason." + string(code)) {
			t.Errorf("no words for the reason %s", code)
		}
	}
	literal := regexp.MustCompile(`[{( ](?:t|n) "([a-z_.]+)"`)
	pages, err := fs.Glob(assets.Files, "templates/*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	parts, _ := fs.Glob(assets.Files, "templates/hosted/parts/*.html")
	checked := 0
	for _, file := range append(pages, parts...) {
		if !strings.HasPrefix(file, "templates/hosted") && !strings.HasPrefix(file, "templates/shared") {
			continue
		}
		body, err := fs.ReadFile(assets.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range literal.FindAllStringSubmatch(string(body), -1) {
			checked++
			if !c.Has(found[1]) {
				t.Errorf("%s: no text %q", file, found[1])
			}
		}
	}
	if checked < 50 {
		t.Errorf("found only %d keys in templates", checked)
	}
}

// TestBudget holds that the whole flow stays light for a cheap phone, uncompressed.
func TestBudget(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{".js": 60 << 10, ".css": 25 << 10}
	sizes := map[string]int64{}
	files, err := fs.ReadDir(assets.Files, "static")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.Name(), "desk") {
			sizes[path.Ext(f.Name())] += info.Size()
		}
	}
	for kind, limit := range limits {
		if sizes[kind] == 0 || sizes[kind] > limit {
			t.Errorf("%s: %d bytes, at most %d", kind, sizes[kind], limit)
		}
	}
	t.Logf("script %d bytes, style %d bytes", sizes[".js"], sizes[".css"])
}

// TestBothWays holds that the styles of the applicant's pages name no left and no right, so that a language that is written from right to left turns
// them around by its direction alone.
func TestBothWays(t *testing.T) {
	t.Parallel()
	physical := regexp.MustCompile(`(?:^|[\s;{])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[a-z-]*|left|right|top|bottom|width|height|(?:min|max)-(?:width|height)|float|clear|text-align)\s*:\s*([^;}]*)`)
	for _, name := range []string{"base.css", "hosted.css"} {
		body, err := fs.ReadFile(assets.Files, "static/"+name)
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`@media[^{]*`).ReplaceAllString(string(body), "")
		for _, found := range physical.FindAllStringSubmatch(text, -1) {
			value := strings.TrimSpace(found[1])
			if slices.Contains([]string{"start", "end", "center", "inline-start", "inline-end", "both"}, value) {
				continue
			}
			t.Errorf("%s: %s", name, strings.TrimSpace(found[0]))
		}
	}
	c, err := web.LoadCatalog(assets.Files, "hosted")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Languages() {
		if l.Dir != "ltr" && l.Dir != "rtl" {
			t.Errorf("%s is written %q", l.Tag, l.Dir)
		}
	}
}
