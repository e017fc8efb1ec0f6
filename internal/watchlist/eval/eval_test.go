package eval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/eval"
)

// listed gives records of invented people, each with aliases.
func listed() (all []watchlist.Entity) {
	given := strings.Fields("Arkadi Belisar Corvin Damaris Evander Faustin Gideon Hesper Ignatz Jorund")
	family := strings.Fields("Zorvanov Kelimari Quentisson Oberthal Papazoridis Quellmann Xanthopol Brandywein Morgenrot Ystradwyn")
	for i, f := range family {
		for j, g := range given {
			all = append(all, watchlist.Entity{
				List: "gotham", ID: fmt.Sprint(i*10 + j), Kind: watchlist.Person,
				Names: []watchlist.Name{
					{Full: g + " " + f, Kind: watchlist.PrimaryName},
					{Full: g + " Maria " + f, Kind: watchlist.Alias},
					{Full: "Abu " + g, Kind: watchlist.Alias, Weak: true},
				},
			})
		}
	}
	return append(all, watchlist.Entity{List: "gotham", ID: "company", Kind: watchlist.Organization, Names: []watchlist.Name{{Full: "Zorvan Shipping"}}})
}

func TestDrawsAreTheirSeeds(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) [][]eval.Case {
		alias, _ := eval.LeftOut(listed(), "gotham", 20, seed)
		return [][]eval.Case{eval.Misspelt(listed(), 20, seed), eval.EveryWord(listed(), 20, seed), alias, eval.Clean(200, seed)}
	}
	if diff := cmp.Diff(draw(1), draw(1)); diff != "" {
		t.Errorf("one seed draws differently:\n%s", diff)
	}
	if cmp.Equal(draw(1), draw(2)) {
		t.Error("two seeds draw the same")
	}
}

// TestManyMisspelt draws more names than there are persons, none of them twice: what is asked again is cheaper.
func TestManyMisspelt(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range eval.ManyMisspelt(listed(), 1000, 1) {
		seen[c.Query.Name] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different names are drawn, want 1000", len(seen))
	}
	if got := eval.ManyMisspelt(nil, 10, 1); got != nil {
		t.Errorf("%d names are drawn of nobody", len(got))
	}
}

func TestMisspelt(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, e := range listed() {
		names[e.Key()] = e.Names[0].Full
	}
	changed := func(c eval.Case) (n int) {
		was, is := strings.Fields(names[c.Key]), strings.Fields(c.Query.Name)
		if len(was) != len(is) {
			t.Fatalf("%q became %q", was, is)
		}
		for i := range was {
			if was[i] != is[i] {
				n++
			}
		}
		return n
	}
	for _, c := range eval.Misspelt(listed(), 100, 3) {
		if changed(c) != 1 {
			t.Errorf("%q became %q", names[c.Key], c.Query.Name)
		}
	}
	for _, c := range eval.EveryWord(listed(), 100, 3) {
		if changed(c) != 2 {
			t.Errorf("%q became %q", names[c.Key], c.Query.Name)
		}
	}
}

func TestLeftOut(t *testing.T) {
	t.Parallel()
	cases, without := eval.LeftOut(listed(), "gotham", 30, 5)
	left := map[string][]watchlist.Name{}
	for _, e := range without {
		left[e.Key()] = e.Names
	}
	if len(cases) != 30 || len(without) != len(listed()) {
		t.Fatalf("%d cases, %d records", len(cases), len(without))
	}
	for _, c := range cases {
		if names := left[c.Key]; len(names) != 1 || names[0].Full == c.Query.Name {
			t.Errorf("%q is to be found among %v", c.Query.Name, names)
		}
	}
	if cases, _ := eval.LeftOut(listed(), "metropolis", 30, 5); len(cases) != 0 {
		t.Error("aliases of another list were drawn")
	}
}

func TestCleanCustomers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	cases := eval.Clean(5000, 7)
	for _, c := range cases {
		if seen[c.Query.Name] || c.Key != "" {
			t.Errorf("%+v is drawn twice, or expects a record", c)
		}
		if seen[c.Query.Name] = true; strings.ContainsAny(c.Query.Name, "+0123456789") {
			t.Errorf("%q is no name", c.Query.Name)
		}
	}
	if len(cases) != 5000 {
		t.Errorf("%d customers", len(cases))
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	a, err := eval.Measure(listed(), "gotham", 100, 300, 1)
	if err != nil {
		t.Fatal(err)
	}
	if a.RecallMisspelt < .99 || a.RecallEveryWord < .95 || a.RecallAlias < .9 || a.CleanHitRate > .01 || a.Cases != 100 || a.Clean != 300 {
		t.Errorf("%+v", a)
	}
}

func TestThresholdFor(t *testing.T) {
	t.Parallel()
	scores := make([]float64, 100)
	for i := range scores {
		scores[i] = float64(i) / 100
	}
	if th := eval.ThresholdFor(scores, .05); eval.Share(scores, th) != .05 {
		t.Errorf("threshold %v has a share of %v", th, eval.Share(scores, th))
	}
	if th := eval.ThresholdFor(scores, 1); th != 0 {
		t.Errorf("threshold %v lets not all through", th)
	}
}

func TestDelta(t *testing.T) {
	t.Parallel()
	before := listed()
	after := slices.Clone(before)
	after[3].Remarks = "something new"
	after = append(after, watchlist.Entity{List: "gotham", ID: "new", Kind: watchlist.Person, Names: []watchlist.Name{{Full: "Ludmila Oberthal"}}})
	changed, err := eval.Changed(before, after)
	if err != nil {
		t.Fatal(err)
	}
	if len(changed) != 2 {
		t.Fatalf("%d records changed", len(changed))
	}
	applicants, err := eval.Applicants(changed, 1500, 3)
	if err != nil {
		t.Fatal(err)
	}
	d, err := eval.MeasureDelta(after, changed, applicants)
	if err != nil {
		t.Fatal(err)
	}
	if d.Missed != 0 || d.Extra != 0 || d.Hits < 2 || d.Applicants != 1500 || d.Records != 2 {
		t.Errorf("%+v", d)
	}
}

func TestSnapshotsAndBatch(t *testing.T) {
	t.Parallel()
	m, err := eval.MeasureSnapshots(listed(), t.TempDir())
	if err != nil || m.Bytes == 0 {
		t.Errorf("%+v, %v", m, err)
	}
	ix, err := watchlist.Build(eval.Million(listed(), 500, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if ix.Len() != 500 {
		t.Errorf("%d records", ix.Len())
	}
	if n, err := eval.Batch(ix, eval.Clean(200, 1)); err != nil || n <= 0 {
		t.Errorf("%v names per second, %v", n, err)
	}
}
