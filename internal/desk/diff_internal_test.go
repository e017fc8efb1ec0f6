package desk

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	got := ""
	for _, l := range diff("name: a\nsteps:\n  - selfie\n", "name: a\nsteps:\n  - consent\n  - selfie\n") {
		got += l.Sign + l.Text + "\n"
	}
	if want := " name: a\n steps:\n+  - consent\n   - selfie\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}

// What went and what stayed is the old text; what came and what stayed is the new one.
func TestDiffTellsBothTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 1, 12).Draw(t, "lines"), "\n")
		})
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		var old, new []string
		for _, l := range diff(before, after) {
			if l.Sign != "+" {
				old = append(old, l.Text)
			}
			if l.Sign != "-" {
				new = append(new, l.Text)
			}
		}
		if strings.Join(old, "\n") != before || strings.Join(new, "\n") != after {
			t.Fatalf("%q and %q come back as %q and %q", before, after, old, new)
		}
	})
}
