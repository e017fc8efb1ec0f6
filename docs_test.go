package usher_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhatProvesItIsThere holds that every test and file that the list of security requirements and the threat model name is there.
func TestWhatProvesItIsThere(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(source, -1) {
			tests[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for page, least := range map[string]int{"docs/ASVS.md": 80, "docs/SECURITY.md": 100} {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(raw), -1)
		if len(named) < least {
			t.Errorf("%s names only %d tests", page, len(named))
		}
		for _, n := range named {
			if !tests[n[1]] {
				t.Errorf("%s: there is no %s", page, n[1])
			}
		}
		for _, n := range regexp.MustCompile("`((?:docs|internal|scripts)/[\\w./-]+)`").FindAllStringSubmatch(string(raw), -1) {
			if _, err := os.Stat(n[1]); err != nil {
				t.Errorf("%s: there is no %s", page, n[1])
			}
		}
		for _, n := range regexp.MustCompile(`\]\(([\w./-]+\.md)`).FindAllStringSubmatch(string(raw), -1) {
			if _, err := os.Stat(filepath.Join("docs", n[1])); err != nil {
				t.Errorf("%s: there is no %s", page, n[1])
			}
		}
	}
}
