package flow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/flow"
)

// TestRemind holds that times of silence are read, and refused where they make no sense.
func TestRemind(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		want  []time.Duration
		wrong string
	}{
		"remind: [24h, 72h]\n":               {[]time.Duration{24 * time.Hour, 72 * time.Hour}, ""},
		"":                                   {nil, ""},
		"remind: 24h\n":                      {nil, "a list of times is expected"},
		"remind: [a day]\n":                  {nil, "is not a length of time"},
		"remind: [72h, 24h]\n":               {nil, "remind holds 24h"},
		"remind: [1s]\n":                     {nil, "remind holds 1s"},
		"remind: [1h, 2h, 3h, 4h, 5h, 6h]\n": {nil, "remind holds 6 times"},
	} {
		f, problems := flow.Parse("name: a\n"+text+"steps:\n  - decide: {}\n", known)
		if c.wrong == "" && (len(problems) > 0 || !slices.Equal(f.Remind, c.want)) {
			t.Errorf("%q: %v, %v", text, f.Remind, problems)
		}
		if c.wrong != "" && (len(problems) == 0 || !strings.Contains(problems[0].Message, c.wrong)) {
			t.Errorf("%q: %v", text, problems)
		}
	}
}
