package watchlist_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/usher-kyc/usher/internal/watchlist"
	"pgregory.net/rapid"
)

// words are those that invented names are made of: alike, in several scripts, frequent and rare.
var words = strings.Fields(`muhammad mohamed ali al hassan zorvan zorvann zorwan kelimar kelimari quentis abd abdul rahman abdurrahman
	van der m k j ltd limited li wei weili xiong 12 بكر زورفان Зорван Иван ivan john 김정은 熊金平`)

// drawName draws an invented name of one to five words.
func drawName(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 5).Draw(t, "name"), rapid.SampledFrom([]string{" ", " ", "-", "'"}).Draw(t, "between"))
}

// drawRecord draws an invented record.
func drawRecord(t *rapid.T, id string) watchlist.Entity {
	e := watchlist.Entity{List: "l", ID: id, Kind: rapid.SampledFrom([]watchlist.Kind{"", watchlist.Person, watchlist.Organization}).Draw(t, "kind")}
	for range rapid.IntRange(1, 3).Draw(t, "names") {
		e.Names = append(e.Names, watchlist.Name{Full: drawName(t), Weak: rapid.IntRange(0, 4).Draw(t, "weak") == 0})
	}
	if rapid.Bool().Draw(t, "born") {
		day := drawDate(t)
		e.Births = []watchlist.DateRange{{From: day, To: day, Circa: rapid.Bool().Draw(t, "circa")}}
	}
	if rapid.Bool().Draw(t, "from somewhere") {
		e.Countries = []string{rapid.SampledFrom([]string{"RU", "DE", "NL"}).Draw(t, "country")}
	}
	e.Gender = rapid.SampledFrom([]string{"", "male", "female"}).Draw(t, "gender")
	if rapid.Bool().Draw(t, "with number") {
		e.IDs = []watchlist.ID{{Value: rapid.SampledFrom([]string{"A 12345", "B-99999"}).Draw(t, "number")}}
	}
	return e
}

func drawDate(t *rapid.T) string {
	return fmt.Sprintf("19%02d-0%d-0%d", rapid.IntRange(60, 64).Draw(t, "year"), rapid.IntRange(1, 9).Draw(t, "month"), rapid.IntRange(1, 9).Draw(t, "day"))
}

func drawQuery(t *rapid.T) watchlist.Query {
	r := drawRecord(t, "")
	q := watchlist.Query{Name: r.Names[0].Full, Kind: r.Kind, Countries: r.Countries, Gender: r.Gender, IDs: r.IDs}
	for _, n := range r.Names[1:] {
		q.AltNames = append(q.AltNames, n.Full)
	}
	for _, b := range r.Births {
		q.BirthDates = append(q.BirthDates, b.From[:rapid.SampledFrom([]int{4, 7, 10}).Draw(t, "precision")])
	}
	return q
}

func drawRecords(t *rapid.T) []watchlist.Entity {
	all := make([]watchlist.Entity, rapid.IntRange(0, 15).Draw(t, "records"))
	for i := range all {
		all[i] = drawRecord(t, fmt.Sprint(i))
	}
	return all
}

func build(t *rapid.T, entities []watchlist.Entity) *watchlist.Index {
	ix, err := watchlist.Build(slices.Values(entities), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// search gives all hits, or none for a query that cannot be searched.
func search(t *rapid.T, ix *watchlist.Index, q watchlist.Query) []watchlist.Hit {
	a, err := ix.Search(q, watchlist.Options{Possible: .4, Match: .9, Limit: -1})
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return a.Hits
}

func TestPartsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix := build(t, drawRecords(t))
		for _, h := range search(t, ix, drawQuery(t)) {
			name, score := 1.0, h.NameScore
			for _, w := range h.Explanation.Words {
				name -= w.Cost
				if w.Cost < 0 || w.Score < 0 || w.Score > 1 || w.Weight < 0 || w.Query == "" && w.Listed == "" {
					t.Fatalf("a line that cannot be: %+v", w)
				}
			}
			for _, m := range h.Explanation.Modifiers {
				score += m.Value
			}
			if len(h.Explanation.Words) > 0 && (name < h.NameScore-1e-9 || name > h.NameScore+1.01e-4) {
				t.Fatalf("words leave %v, the name's score is %v: %+v", name, h.NameScore, h)
			}
			if math.Abs(score-h.Score) > 1e-9 {
				t.Fatalf("the parts give %v, the score is %v: %+v", score, h.Score, h)
			}
			if want := h.Score >= .9; (h.Verdict == watchlist.Match) != want {
				t.Fatalf("%v is called %s", h.Score, h.Verdict)
			}
		}
	})
}

func TestExactNameScoresOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawRecord(t, "1")
		e.Names[0].Weak = false
		hits := search(t, build(t, []watchlist.Entity{e}), watchlist.Query{Name: e.Names[0].Full})
		if len(hits) != 1 || hits[0].Score != 1 {
			t.Fatalf("%q finds %+v", e.Names[0].Full, hits)
		}
	})
}

// A run against the changed records alone must say exactly what a full run says of them, or monitoring would miss hits or raise them twice.
func TestDeltaEqualsFull(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := drawRecords(t)
		var changed []watchlist.Entity
		keys := map[string]bool{}
		for _, e := range all {
			if rapid.Bool().Draw(t, "changed") {
				changed = append(changed, e)
				keys[e.Key()] = true
			}
		}
		full, few := build(t, all), build(t, changed)
		for range 3 {
			q := drawQuery(t)
			want := slices.DeleteFunc(search(t, full, q), func(h watchlist.Hit) bool { return !keys[h.Key()] })
			if diff := cmp.Diff(want, search(t, few, q), cmpopts.IgnoreUnexported(watchlist.Hit{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%+v: hits (-full +delta):\n%s", q, diff)
			}
		}
	})
}

func TestPreparedAnswersTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix, q := build(t, drawRecords(t)), drawQuery(t)
		p, err := watchlist.Prepare(q)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back watchlist.Prepared
		if err := back.UnmarshalBinary(kept); err != nil {
			t.Fatal(err)
		}
		o := watchlist.Options{Possible: .5, Limit: -1}
		want, err := ix.Search(q, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ix.SearchPrepared(&back, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(watchlist.Hit{})); diff != "" {
			t.Fatalf("answers (-query +kept form):\n%s", diff)
		}
		any, err := ix.NewSearcher().Any(&back, o)
		if err != nil || any != (want.Total > 0) {
			t.Fatalf("any says %v, %d hits, error %v", any, want.Total, err)
		}
	})
}

// A searcher keeps words and reuses memory; what it answered before must not show.
func TestSearchersForget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix := build(t, drawRecords(t))
		old := ix.NewSearcher()
		for range 5 {
			q, o := drawQuery(t), watchlist.Options{Possible: rapid.SampledFrom([]float64{.4, .72, 1}).Draw(t, "possible"), Match: 1}
			want, err := ix.NewSearcher().Search(q, o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := old.Search(q, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(watchlist.Hit{})); diff != "" {
				t.Fatalf("answers (-fresh +used searcher):\n%s", diff)
			}
		}
	})
}

func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := drawRecords(t)
		q := drawQuery(t)
		scores := func(entities []watchlist.Entity) map[string]float64 {
			m := map[string]float64{}
			for _, h := range search(t, build(t, entities), q) {
				m[h.Key()] = h.Score
			}
			return m
		}
		if a, b := scores(all), scores(rapid.Permutation(all).Draw(t, "order")); !maps.Equal(a, b) {
			t.Fatalf("%v in one order, %v in another", a, b)
		}
	})
}

func FuzzSearch(f *testing.F) {
	ix := index(f, people())
	for _, name := range []string{"Arkadi Zorvanov", "", "J", "\x00\u202e\u200f'", "يوسف", "김정은 熊", "a\u0300\u0300\u0300", strings.Repeat("a ", 40), "\xff"} {
		f.Add(name, "1961-04-09", "RU", "75 1234567")
	}
	f.Fuzz(func(t *testing.T, name, date, country, id string) {
		s := ix.NewSearcher()
		for _, q := range []watchlist.Query{{Name: name}, {Name: name, BirthDates: []string{date}, Countries: []string{country}, IDs: []watchlist.ID{{Value: id}}}} {
			a, err := s.Search(q, watchlist.Options{Possible: .5})
			if err != nil {
				if s := err.Error(); len(name) > 5 && strings.Contains(s, name) {
					t.Errorf("the error tells the name: %s", s)
				}
				continue
			}
			for _, h := range a.Hits {
				if h.Score < .5 || h.Score > 1 || !utf8.ValidString(h.Explanation.QueryName) {
					t.Errorf("a hit that cannot be: %+v", h)
				}
			}
		}
	})
}

func FuzzPrepared(f *testing.F) {
	ix := index(f, people())
	p, err := watchlist.Prepare(watchlist.Query{Name: "Arkadi Zorvanov", BirthDates: []string{"1961"}, Countries: []string{"RU"}, IDs: []watchlist.ID{{Value: "751234567"}}})
	if err != nil {
		f.Fatal(err)
	}
	kept, err := p.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p watchlist.Prepared
		if err := p.UnmarshalBinary(b); err != nil {
			return
		}
		if _, err := ix.SearchPrepared(&p, watchlist.Options{Possible: .5}); err != nil {
			t.Error(err)
		}
	})
}
