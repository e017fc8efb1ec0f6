package report

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLanguagesAgree holds that every language has every text, with the same placeholders.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	for lang, own := range texts {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(texts["en"])), slices.Sorted(maps.Keys(own))); diff != "" {
			t.Errorf("%s has other texts:\n%s", lang, diff)
		}
		for key, text := range own {
			want, got := placeholder.FindAllString(texts["en"][key], -1), placeholder.FindAllString(text, -1)
			if slices.Sort(want); text == "" || !slices.Equal(want, slices.Sorted(slices.Values(got))) {
				t.Errorf("%s: %s has the placeholders %v instead of %v", lang, key, got, want)
			}
		}
	}
}

// TestValuesAreNotFilledIn holds that what stands for a placeholder is taken as it is: the name of a flow or an opener is anybody's.
func TestValuesAreNotFilledIn(t *testing.T) {
	t.Parallel()
	if got, want := (words{lang: "en"}).own("flow_of", "name", "{version}", "version", 7), "{version}, version 7"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzPrintable holds that whatever is given comes out in characters that the typeface has.
func FuzzPrintable(f *testing.F) {
	l, err := newLetters()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"Åsa", "张伟", "ễ", "😀", "\u0301", "a\u202eb", "\xff", "한국", "ﷺ", "\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, changed := l.printable(s)
		for _, r := range text {
			if r != '\n' && !l.has(r) {
				t.Errorf("%q became %q, of which the typeface lacks %U", s, text, r)
			}
		}
		if again, twice := l.printable(text); twice || again != text {
			t.Errorf("%q (changed: %t) became %q, and then %q", s, changed, text, again)
		}
	})
}
