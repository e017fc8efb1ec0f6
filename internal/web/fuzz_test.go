package web_test

import (
	"slices"
	"testing"

	"github.com/usher-kyc/usher/internal/web"
)

// FuzzMatch holds that whatever a browser sends as its languages, it gets one that we have.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"", "sv-SE,sv;q=0.9,en;q=0.8", "*;q=0", ",;q=,", "sv_SE", "\x00;q=NaN"} {
		f.Add(seed)
	}
	c, err := web.LoadCatalog(files(), "area")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, wish string) {
		got := c.Match(wish)
		if !slices.ContainsFunc(c.Languages(), func(l web.Language) bool { return l.Tag == got }) {
			t.Errorf("Match(%q) = %q, which we do not have", wish, got)
		}
	})
}
