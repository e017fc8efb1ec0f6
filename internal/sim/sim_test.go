package sim_test

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
)

var (
	oneSeed    = flag.Uint64("seed", 0, "run this seed alone and show the end of its trace")
	seedCount  = flag.Int("seeds", 0, "run this many seeds")
	firstSeed  = flag.Uint64("first", 1, "begin with this seed")
	wholeTrace = flag.Bool("trace", false, "show the whole trace of the one seed")
)

// TestSeeds runs worlds, one after the other.
func TestSeeds(t *testing.T) {
	n, first := 10, *firstSeed
	switch {
	case testing.Short():
		n = 3
	case *oneSeed != 0:
		n, first = 1, *oneSeed
	case *seedCount > 0:
		n = *seedCount
	}
	steps, seen := 0, map[string]int{}
	for seed := first; seed < first+uint64(n); seed++ {
		o := simulate(t, seed, mutant{})
		steps += o.steps
		for what, n := range o.notes {
			if strings.HasPrefix(what, "~ ") && !strings.Contains(what, "deaths") {
				seen[what[2:]] += n
			}
		}
		if *oneSeed != 0 {
			t.Logf("seed %d: %d steps, trace %s\n%s", seed, o.steps, o.sum, strings.Join(o.tail, "\n"))
		}
		if o.broken != "" {
			t.Errorf("seed %d, after %d steps: %s\nto see it again: go test ./internal/sim -run TestSeeds -seed %d\n%s", seed, o.steps, o.broken, seed,
				strings.Join(o.tail[max(0, len(o.tail)-60):], "\n"))
		}
	}
	t.Logf("%d seeds, %d steps", n, steps)
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%7d %s", seen[what], what)
	}
}

// TestSeedIsTheSameTwice holds that a seed is one order of things and no other.
func TestSeedIsTheSameTwice(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		a, b := simulate(t, seed, mutant{}), simulate(t, seed, mutant{})
		if a.sum != b.sum || a.steps != b.steps {
			for i := range min(len(a.tail), len(b.tail)) {
				if a.tail[i] != b.tail[i] {
					t.Logf("they part here:\n%s\n%s", a.tail[i], b.tail[i])
					break
				}
			}
			t.Errorf("seed %d took %d steps, trace %s, and then %d steps, trace %s", seed, a.steps, a.sum, b.steps, b.sum)
		}
	}
}
