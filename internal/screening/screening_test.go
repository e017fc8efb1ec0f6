package screening_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/screening"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

const head = "id,name,kind,birth_date,countries\n"

// drop writes a list of its own form into a folder and gives the folder.
func drop(t testing.TB, rows ...string) string {
	t.Helper()
	dir := t.TempDir()
	text := head + strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "blocklist.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, c screening.Config) *screening.Lists {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	l, err := screening.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func take(t testing.TB, l *screening.Lists, rows ...string) {
	t.Helper()
	if _, err := l.Import(t.Context(), drop(t, rows...), source.ImportOptions{Allow: []source.Reason{source.Shrunk}}); err != nil {
		t.Fatal(err)
	}
}

func keys(t testing.TB, l *screening.Lists, name string) []string {
	t.Helper()
	got, err := l.Screen(t.Context(), "tenant", []usher.Subject{{Name: name}}, usher.ScreenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, h := range got.Hits[0] {
		found = append(found, h.Key)
	}
	return found
}

func listID(t testing.TB, l *screening.Lists) string {
	t.Helper()
	all, err := l.Watchlists(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d lists, %v", len(all), err)
	}
	return all[0].List
}

func TestHitExplainsItself(t *testing.T) {
	t.Parallel()
	l := open(t, screening.Config{})
	take(t, l, "7,Zorvan Testikov,person,1961-04-02,RU")
	got, err := l.Screen(t.Context(), "tenant", []usher.Subject{{Name: "Zorwan Testikow", BirthDate: "1975"}}, usher.ScreenOptions{Possible: 0.5})
	if err != nil || len(got.Hits[0]) != 1 || len(got.Lists) != 1 || got.Algorithm == "" {
		t.Fatalf("%+v, %v", got.Lists, err)
	}
	h := got.Hits[0][0]
	sum := 1.0
	for _, w := range h.Tokens {
		sum -= w.Cost
	}
	if diff := h.NameScore - sum; diff > 1e-3 || diff < -1e-3 {
		t.Errorf("the words add up to %f, the name score is %f", sum, h.NameScore)
	}
	for _, m := range h.Modifiers {
		sum += m.Value
	}
	if diff := h.Score - sum; diff > 1e-3 || diff < -1e-3 || len(h.Modifiers) == 0 {
		t.Errorf("with modifiers %f, the score is %f; modifiers %v", sum, h.Score, h.Modifiers)
	}
	facts := map[string]string{}
	for _, f := range h.Facts {
		facts[f.Name] = f.Value
	}
	if facts["birth_date"] != "1961-04-02" || facts["country"] != "RU" || h.Record == "" || h.Subject != "Zorwan Testikow" {
		t.Errorf("facts %v, hash %q", facts, h.Record)
	}
}

func TestRestartAndAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, screening.Config{Dir: dir})
	if got := keys(t, first, "Zorvan Testikov"); got != nil {
		t.Fatalf("without lists %v is found", got)
	}
	take(t, first, "7,Zorvan Testikov,person,,")
	if got := keys(t, open(t, screening.Config{Dir: dir}), "Zorvan Testikov"); len(got) != 1 {
		t.Errorf("after a restart %v is found", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.snapshot"), []byte("nothing of use"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := keys(t, open(t, screening.Config{Dir: dir}), "Zorvan Testikov"); len(got) != 1 {
		t.Errorf("after the snapshot was damaged %v is found", got)
	}
	take(t, open(t, screening.Config{Dir: dir}), "7,Zorvan Testikov,person,,", "8,Amira Mithali,person,,") // another process
	if err := first.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { first.Run(ctx); close(done) }()
	for len(keys(t, first, "Amira Mithali")) == 0 && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
	end()
	<-done
}

func TestRefusedListLeavesTheOneInUse(t *testing.T) {
	t.Parallel()
	l := open(t, screening.Config{})
	rows := make([]string, 20)
	for i := range rows {
		rows[i] = fmt.Sprintf("%d,Zorvan Testikov %c,person,,", i, 'A'+i)
	}
	take(t, l, rows...)
	_, err := l.Import(t.Context(), drop(t, rows[:3]...), source.ImportOptions{})
	var refused *source.Error
	if !errors.As(err, &refused) || refused.Reason != source.Shrunk || !refused.Overridable() {
		t.Fatalf("a list that lost most of its records: %v", err)
	}
	if got := keys(t, l, "Zorvan Testikov T"); len(got) == 0 {
		t.Error("the edition in use is gone")
	}
	if _, err := l.Import(t.Context(), t.TempDir(), source.ImportOptions{}); err == nil {
		t.Error("an empty folder was taken for a list")
	}
}

func TestStaleListIsMarked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := open(t, screening.Config{Now: func() time.Time { return now }})
	take(t, l, "7,Zorvan Testikov,person,,")
	stale := func() bool {
		got, err := l.Screen(t.Context(), "tenant", []usher.Subject{{Name: "Nobody Atall"}}, usher.ScreenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return got.Lists[0].Stale
	}
	if stale() {
		t.Error("a list that was just brought in is stale")
	}
	now = now.Add(screening.DefaultStale + time.Minute)
	if !stale() {
		t.Error("an old list is not stale")
	}
	take(t, l, "7,Zorvan Testikov,person,,") // the same again: found to be current
	now = now.Add(time.Minute)               // what is told is not looked up for every search
	if stale() {
		t.Error("a list that was found to be current is stale")
	}
}

func TestListThatNeverCameIsStale(t *testing.T) {
	t.Parallel()
	l := open(t, screening.Config{Feeds: []screening.Feed{{Feed: source.Feed{List: "un", Path: "nowhere"}}}})
	take(t, l, "7,Zorvan Testikov,person,,")
	for _, only := range [][]string{nil, {"un"}} {
		got, err := l.Screen(t.Context(), "tenant", []usher.Subject{{Name: "Zorvan Testikov"}}, usher.ScreenOptions{Lists: only})
		if err != nil || len(got.Hits) != 1 || (len(got.Hits[0]) == 0) != (only != nil) {
			t.Fatalf("lists %v: %v, %v", only, got.Hits, err)
		}
		if last := got.Lists[len(got.Lists)-1]; last.List != "un" || !last.Stale || last.Entities != 0 || !last.Loaded.IsZero() {
			t.Errorf("lists %v: the one that never came is told as %+v", only, last)
		}
	}
}

func TestBadSubjects(t *testing.T) {
	t.Parallel()
	l := open(t, screening.Config{})
	take(t, l, "7,Zorvan Testikov,person,,")
	good := usher.Subject{Name: "Zorvan Testikov"}
	for name, c := range map[string]struct {
		subjects []usher.Subject
		options  usher.ScreenOptions
		field    string
	}{
		"no name":             {[]usher.Subject{{}}, usher.ScreenOptions{}, "name"},
		"a name without end":  {[]usher.Subject{{Name: strings.Repeat("a ", 5000)}}, usher.ScreenOptions{}, "name"},
		"the second of two":   {[]usher.Subject{good, {Name: strings.Repeat("x", 10_000)}}, usher.ScreenOptions{}, "subjects.1.name"},
		"no such day":         {[]usher.Subject{{Name: "A B", BirthDate: "2021-02-30"}}, usher.ScreenOptions{}, "birth_date"},
		"a list nobody knows": {[]usher.Subject{good}, usher.ScreenOptions{Lists: []string{"other"}}, "lists"},
	} {
		_, err := l.Screen(t.Context(), "tenant", c.subjects, c.options)
		var e *usher.Error
		if !errors.As(err, &e) || e.Code != usher.CodeInvalid || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := slices.Repeat([]usher.Subject{good, {Name: "Nobody Atall"}}, 500)
	got, err := l.Screen(t.Context(), "tenant", many, usher.ScreenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, hits := range got.Hits {
		if (len(hits) == 1) != (i%2 == 0) {
			t.Fatalf("subject %d of 1,000 has %d hits", i, len(hits))
		}
	}
}

// Names that were drawn apart far enough to give hits and misses, and near enough to give changes.
var given, family = []string{"Zorvan", "Zorwan", "Amira", "Ameera", "Li", "Joao"}, []string{"Testikov", "Testikoff", "Mithali", "Yangben", "Exemplo"}

// What monitoring finds by looking at changed records only is what a search of the whole new edition finds.
func TestDeltaEqualsFull(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		edition := func(label string) []string {
			n := rapid.IntRange(1, 8).Draw(rt, label)
			var rows []string
			for i := range n {
				if rapid.IntRange(0, 3).Draw(rt, "there") > 0 {
					rows = append(rows, fmt.Sprintf("%d,%s %s,person,%s,", i, rapid.SampledFrom(given).Draw(rt, "given"),
						rapid.SampledFrom(family).Draw(rt, "family"), rapid.SampledFrom([]string{"", "1961-04-02", "1975"}).Draw(rt, "born")))
				}
			}
			return append(rows, "99,Always Here,person,,")
		}
		people := make([]usher.Subject, 6)
		for i := range people {
			people[i] = usher.Subject{
				Name:      rapid.SampledFrom(given).Draw(rt, "given") + " " + rapid.SampledFrom(family).Draw(rt, "family"),
				BirthDate: rapid.SampledFrom([]string{"", "1961", "1975-01-01"}).Draw(rt, "born"),
			}
		}
		options := usher.ScreenOptions{Possible: 0.6}
		var after [][]usher.Hit
		var l *screening.Lists
		before := make([][]usher.Hit, len(people))
		full := func() [][]usher.Hit {
			got, err := l.Screen(t.Context(), "tenant", people, options)
			if err != nil {
				rt.Fatal(err)
			}
			return got.Hits
		}
		rounds := 0
		l = open(t, screening.Config{Rescreen: func(_ context.Context, d usher.WatchlistDelta) (int, int, error) {
			rounds++
			after = make([][]usher.Hit, len(people))
			for i, p := range people {
				found, err := d.Screen([]usher.Subject{p}, options)
				if err != nil {
					return 0, 0, err
				}
				for _, h := range before[i] {
					if !d.Gone(h.Key) && !d.Changed(h.Key) {
						after[i] = append(after[i], h)
					}
				}
				after[i] = append(after[i], found...)
			}
			return len(people), 0, nil
		}})
		for range 2 {
			take(t, l, edition("records")...)
			if err := l.CatchUp(t.Context()); err != nil {
				rt.Fatal(err)
			}
			for i, want := range full() {
				if diff := cmp.Diff(scores(want), scores(after[i])); diff != "" {
					rt.Fatalf("%s: the whole list and what changed differ (-whole +changed):\n%s", people[i].Name, diff)
				}
			}
			before = after
		}
		if rounds == 0 {
			rt.Fatal("nothing was held against the list")
		}
	})
}

func scores(hits []usher.Hit) map[string]string {
	out := map[string]string{}
	for _, h := range hits {
		out[h.Key] = fmt.Sprintf("%.4f %t %s", h.Score, h.Match, h.Record)
	}
	return out
}

// A process that ends in the middle holds the applicants against the same change again; one that got through does not.
func TestCatchUpIsBegunAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	calls, fail := 0, true
	config := screening.Config{Dir: dir, Rescreen: func(context.Context, usher.WatchlistDelta) (int, int, error) {
		calls++
		if fail {
			return 0, 0, errors.New("the store is away")
		}
		return 0, 0, nil
	}}
	l := open(t, config)
	take(t, l, "7,Zorvan Testikov,person,,")
	if l.CatchUp(t.Context()) == nil {
		t.Fatal("the failure was not told")
	}
	fail = false
	for range 2 {
		if err := open(t, config).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 2 {
		t.Errorf("the applicants were held against the change %d times, want once more after the failure", calls)
	}
	if listID(t, l) == "" {
		t.Error("the list has no id")
	}
}
