package watchlist_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/usher-kyc/usher/internal/watchlist"
)

// people are invented; so are their lists.
func people() []watchlist.Entity {
	person := func(id string, names ...string) watchlist.Entity {
		e := watchlist.Entity{List: "gotham", ID: id, Kind: watchlist.Person, Topics: []string{"sanction"}}
		for i, n := range names {
			kind := watchlist.Alias
			if i == 0 {
				kind = watchlist.PrimaryName
			}
			e.Names = append(e.Names, watchlist.Name{Full: n, Kind: kind})
		}
		return e
	}
	arkadi := person("1", "Arkadi Vladimirovich ZORVANOV", "Arkady ZORVANOV")
	arkadi.Births = []watchlist.DateRange{{From: "1961-04-09", To: "1961-04-09"}}
	arkadi.Countries, arkadi.Gender = []string{"RU"}, "male"
	arkadi.IDs = []watchlist.ID{{Kind: "passport", Country: "RU", Value: "75 1234567"}}
	arkadi.Names = append(arkadi.Names, watchlist.Name{Full: "The Glazier", Kind: watchlist.Alias, Weak: true})
	circa := person("2", "Yusuf Abdurrahman AL-KELIMARI")
	circa.Births = []watchlist.DateRange{{From: "1970-01-01", To: "1970-12-31", Circa: true}}
	company := watchlist.Entity{
		List: "metropolis", ID: "9", Kind: watchlist.Organization, Topics: []string{"debarment"},
		Names: []watchlist.Name{{Full: "Quentis Shipping Company Ltd", Kind: watchlist.PrimaryName}},
	}
	return []watchlist.Entity{
		arkadi, circa, company,
		person("3", "PARK Jong Un"), person("4", "Xiong Jinping"), person("5", "Yu Hua OBERTHAL"), person("6", "Kenichi TANAKA"),
		person("7", "Giorgos PAPAZORIDIS"), person("8", "Moshe Ben KELIMAN"), person("10", "Robert J. Quellmann"), person("11", "محمود الزرفان"),
		person("12", "María José ÑANDÚ-ÖSTERREICH"),
	}
}

func index(t testing.TB, entities []watchlist.Entity) *watchlist.Index {
	t.Helper()
	ix, err := watchlist.Build(slices.Values(entities), []watchlist.Version{{List: "gotham", Title: "Gotham", Hash: "00"}})
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func TestNamesFound(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	for name, key := range map[string]string{
		"Arkadi Vladimirovich Zorvanov":   "gotham/1", // as listed
		"ZORVANOV, Arkadi":                "gotham/1", // order
		"Arkadij Zorvanow":                "gotham/1", // transliteration
		"Akradi Zorvanof":                 "gotham/1", // a slip in each word
		"A\u200brkadi\u200f Zorvanov":     "gotham/1", // invisible characters
		"Yousef Abd al-Rahman Kelimari":   "gotham/2",
		"Youssef Abdul Rehman Alkelimari": "gotham/2", // article attached
		"Yuhua Oberthal":                  "gotham/5", // two words as one
		"Quentis Shiping Co. Limited":     "metropolis/9",
		"Bob Quellmann":                   "gotham/10", // nickname
		"R J Quellmann":                   "gotham/10", // initials
		"Mahmoud al-Zurfan":               "gotham/11", // listed in Arabic
		"Maria Jose Nandu-Oesterreich":    "gotham/12",

		"Аркадий Зорванов":          "gotham/1", // Cyrillic
		"Аrkadi Zorvanov":           "gotham/1", // a Cyrillic capital among Latin letters
		"Ａｒｋａｄｉ Ｚｏｒｖａｎｏｖ":           "gotham/1", // full width
		"يوسف عبد الرحمن الكليماري": "gotham/2",
		"박정은":                 "gotham/3",
		"朴 正恩 Park Jong-un":   "gotham/3",
		"熊金平":                 "gotham/4", // Han, read in Chinese
		"田中健一":                "gotham/6", // Han, read in Japanese
		"たなか けんいち":            "gotham/6",
		"Γιώργος Παπαζορίδης": "gotham/7",
		"משה בן קלימן":        "gotham/8",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := ix.Search(watchlist.Query{Name: name}, watchlist.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Hits) == 0 || a.Hits[0].Key() != key {
				t.Errorf("found %v, want %s first", a.Hits, key)
			}
			if a.Algorithm != watchlist.Algorithm || len(a.Versions) != 1 {
				t.Errorf("the answer does not say what it rests on: %q, %v", a.Algorithm, a.Versions)
			}
		})
	}
}

func TestNamesNotFound(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	for _, name := range []string{
		"Arkadi", "Vladimirovich", "Maria Jose", "Robert", "Jose Maria Garcia", "Kenichi Suzuki", "Park", "Shipping Company Ltd", "Abdul Rahman", "J",
		"Yusuf Ahmad", "محمد علي", "王伟",
	} {
		a, err := ix.Search(watchlist.Query{Name: name}, watchlist.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range a.Hits {
			t.Errorf("%q hits %q with %v", name, h.Name, h.Score)
		}
	}
}

func TestModifiers(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	type modifier = watchlist.Modifier
	for name, c := range map[string]struct {
		query watchlist.Query
		want  []modifier
		score float64
	}{
		"all agrees": {
			watchlist.Query{BirthDates: []string{"1961-04-09"}, Countries: []string{"DE", "RU"}, Gender: "male", Kind: watchlist.Person}, nil, 1,
		},
		"year alone agrees":     {watchlist.Query{BirthDates: []string{"1961"}}, nil, 1},
		"another year":          {watchlist.Query{BirthDates: []string{"1962"}}, []modifier{{Name: "birth_year", Value: -.15, Given: "1962", Listed: "1961-04-09"}}, .85},
		"another day":           {watchlist.Query{BirthDates: []string{"1961-04-10"}}, []modifier{{Name: "birth_day", Value: -.25, Given: "1961-04-10", Listed: "1961-04-09"}}, .75},
		"another month":         {watchlist.Query{BirthDates: []string{"1961-05"}}, []modifier{{Name: "birth_day", Value: -.25, Given: "1961-05-01/1961-05-31", Listed: "1961-04-09"}}, .75},
		"day and month swapped": {watchlist.Query{BirthDates: []string{"1961-09-04"}}, []modifier{{Name: "birth_day", Value: -.125, Given: "1961-09-04", Listed: "1961-04-09"}}, .875},
		"another day and year": {
			watchlist.Query{BirthDates: []string{"1988-12-01"}},
			[]modifier{{Name: "birth_year", Value: -.15, Given: "1988-12-01", Listed: "1961-04-09"}, {Name: "birth_day", Value: -.25, Given: "1988-12-01", Listed: "1961-04-09"}},
			.6,
		},
		"the best of two dates": {watchlist.Query{BirthDates: []string{"1988-12-01", "1961-04-09"}}, nil, 1},
		"another country":       {watchlist.Query{Countries: []string{"de"}}, []modifier{{Name: "country", Value: -.2, Given: "DE", Listed: "RU"}}, .8},
		"another gender":        {watchlist.Query{Gender: "female"}, []modifier{{Name: "gender", Value: -.2, Given: "female", Listed: "male"}}, .8},
		"the same number":       {watchlist.Query{IDs: []watchlist.ID{{Value: "751234567"}}}, nil, 1},
		"the same number outweighs": {
			watchlist.Query{Gender: "female", IDs: []watchlist.ID{{Country: "RU", Value: "75-1234567"}}},
			[]modifier{{Name: "gender", Value: -.2, Given: "female", Listed: "male"}, {Name: "id", Value: .2, Given: "751234567", Listed: "75 1234567"}},
			1,
		},
		"the same number of another country": {
			watchlist.Query{Gender: "female", IDs: []watchlist.ID{{Country: "DE", Value: "75-1234567"}}}, []modifier{{Name: "gender", Value: -.2, Given: "female", Listed: "male"}}, .8,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.query.Name = "Arkadi Vladimirovich Zorvanov"
			a, err := ix.Search(c.query, watchlist.Options{Possible: .5})
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Hits) != 1 {
				t.Fatalf("%d hits", len(a.Hits))
			}
			if diff := cmp.Diff(c.want, a.Hits[0].Explanation.Modifiers, cmpopts.EquateApprox(0, 1e-9)); diff != "" || a.Hits[0].Score != c.score {
				t.Errorf("score %v, want %v; modifiers (-want +got):\n%s", a.Hits[0].Score, c.score, diff)
			}
		})
	}
}

func TestIDAlone(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	for _, name := range []string{"", "Somebody Else"} {
		a, err := ix.Search(watchlist.Query{Name: name, IDs: []watchlist.ID{{Value: "75 1234567"}}}, watchlist.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Hits) != 1 || a.Hits[0].Key() != "gotham/1" || a.Hits[0].Score != .95 || a.Hits[0].Verdict != watchlist.Match {
			t.Errorf("%q with the number finds %+v", name, a.Hits)
		}
	}
}

func TestCircaReaches(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	for date, score := range map[string]float64{"1968-05-01": 1, "1972": 1, "1973": .85, "1967-12-31": .85} {
		a, err := ix.Search(watchlist.Query{Name: "Yusuf Abdurrahman Al-Kelimari", BirthDates: []string{date}}, watchlist.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Hits) != 1 || a.Hits[0].Score != score {
			t.Errorf("%s: %+v, want a score of %v", date, a.Hits, score)
		}
	}
}

func TestWeakAlias(t *testing.T) {
	t.Parallel()
	a, err := index(t, people()).Search(watchlist.Query{Name: "The Glazier"}, watchlist.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Hits) != 1 || a.Hits[0].Score != .85 || a.Hits[0].NameScore != 1 || a.Hits[0].Verdict != watchlist.Possible {
		t.Fatalf("hits %+v", a.Hits)
	}
	if m := a.Hits[0].Explanation.Modifiers; len(m) != 1 || m[0].Name != watchlist.WeakAlias {
		t.Errorf("modifiers %+v", m)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	ix := index(t, append(people(), watchlist.Entity{List: "metropolis", ID: "x", Names: []watchlist.Name{{Full: "Arkadi Zorvanov"}}}))
	for name, c := range map[string]struct {
		kind    watchlist.Kind
		options watchlist.Options
		want    []string
	}{
		"none":            {"", watchlist.Options{}, []string{"metropolis/x", "gotham/1"}},
		"kind":            {watchlist.Organization, watchlist.Options{}, []string{"metropolis/x"}}, // whose kind is not said
		"list":            {"", watchlist.Options{Lists: []string{"metropolis"}}, []string{"metropolis/x"}},
		"list not loaded": {"", watchlist.Options{Lists: []string{"smallville"}}, nil},
		"topic":           {"", watchlist.Options{Topics: []string{"sanction", "pep"}}, []string{"gotham/1"}},
		"topic unknown":   {"", watchlist.Options{Topics: []string{"pep"}}, nil},
		"limit":           {"", watchlist.Options{Limit: 1}, []string{"metropolis/x"}},
		"threshold":       {"", watchlist.Options{Possible: 1}, []string{"metropolis/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := ix.Search(watchlist.Query{Name: "Arkadi Zorvanov", Kind: c.kind}, c.options)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range a.Hits {
				got = append(got, h.Key())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("hits (-want +got):\n%s", diff)
			}
			if name == "limit" && a.Total != 2 {
				t.Errorf("total %d, want 2 beyond the limit", a.Total)
			}
		})
	}
}

func TestQueriesRefused(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	for name, c := range map[string]struct {
		query   watchlist.Query
		options watchlist.Options
		field   string
	}{
		"empty":             {watchlist.Query{}, watchlist.Options{}, "name"},
		"no letters":        {watchlist.Query{Name: " \t\u200b!-"}, watchlist.Options{}, "name"},
		"too long":          {watchlist.Query{Name: strings.Repeat("a", 10000)}, watchlist.Options{}, "name"},
		"too many words":    {watchlist.Query{Name: strings.Repeat("a ", 100)}, watchlist.Options{}, "name"},
		"not UTF-8":         {watchlist.Query{Name: "Ark\xffadi"}, watchlist.Options{}, "name"},
		"empty second name": {watchlist.Query{Name: "A", AltNames: []string{""}}, watchlist.Options{}, "alt_names"},
		"too many names":    {watchlist.Query{Name: "A", AltNames: make([]string, 50)}, watchlist.Options{}, "alt_names"},
		"no such day":       {watchlist.Query{Name: "A", BirthDates: []string{"1999-02-29"}}, watchlist.Options{}, "birth_dates"},
		"no such month":     {watchlist.Query{Name: "A", BirthDates: []string{"1999-13"}}, watchlist.Options{}, "birth_dates"},
		"no year":           {watchlist.Query{Name: "A", BirthDates: []string{"0000"}}, watchlist.Options{}, "birth_dates"},
		"no date":           {watchlist.Query{Name: "A", BirthDates: []string{"1.2.1999"}}, watchlist.Options{}, "birth_dates"},
		"country":           {watchlist.Query{Name: "A", Countries: []string{"Russia"}}, watchlist.Options{}, "countries"},
		"kind":              {watchlist.Query{Name: "A", Kind: "ghost"}, watchlist.Options{}, "kind"},
		"gender":            {watchlist.Query{Name: "A", Gender: "m"}, watchlist.Options{}, "gender"},
		"short id":          {watchlist.Query{Name: "A", IDs: []watchlist.ID{{Value: "1-2"}}}, watchlist.Options{}, "ids"},
		"low threshold":     {watchlist.Query{Name: "A"}, watchlist.Options{Possible: .1}, "possible"},
		"no threshold":      {watchlist.Query{Name: "A"}, watchlist.Options{Possible: math.NaN()}, "possible"},
		"match below hit":   {watchlist.Query{Name: "A"}, watchlist.Options{Possible: .8, Match: .7}, "match"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ix.Search(c.query, c.options)
			var refused *watchlist.QueryError
			if !errors.As(err, &refused) || refused.Field != c.field {
				t.Errorf("error %v, want one about %s", err, c.field)
			}
		})
	}
}

func TestEntityComesBackWhole(t *testing.T) {
	t.Parallel()
	all := people()
	all[0].Raw, all[0].Remarks, all[0].SameAs = "1,\"ZORVANOV\"", "x", []string{"un:QDi.000"}
	a, err := index(t, all).Search(watchlist.Query{Name: all[0].Names[0].Full}, watchlist.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Hits[0].Entity()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all[0], e); diff != "" {
		t.Errorf("record (-given +loaded):\n%s", diff)
	}
}

func TestEmptyIndex(t *testing.T) {
	t.Parallel()
	a, err := index(t, nil).Search(watchlist.Query{Name: "Arkadi Zorvanov", IDs: []watchlist.ID{{Value: "12345"}}}, watchlist.Options{})
	if err != nil || len(a.Hits) != 0 {
		t.Errorf("hits %v, error %v", a.Hits, err)
	}
}

func TestHostileRecords(t *testing.T) {
	t.Parallel()
	long := watchlist.Entity{List: "l", ID: "long", Names: []watchlist.Name{{Full: strings.Repeat("zorvanovich ", 5000)}, {Full: strings.Repeat("ж", 9000)}, {Full: "!"}, {}}}
	ix := index(t, []watchlist.Entity{long, {List: "l", ID: "nameless", IDs: []watchlist.ID{{Value: "X12345"}}}, {
		List: "l", ID: "dates", Names: []watchlist.Name{{Full: "Kelimar Quentis"}},
		Births: []watchlist.DateRange{{From: "1999-02-30", To: "2000"}, {From: "", To: ""}, {From: "2001-01-01", To: "1999-01-01"}},
	}})
	for query, want := range map[string]int{"zorvanovich": 0, strings.Repeat("zorvanovich ", watchlist.MaxNameWords): 1, "Kelimar Quentis": 1} {
		a, err := ix.Search(watchlist.Query{Name: query, BirthDates: []string{"1950"}}, watchlist.Options{Possible: .9})
		if err != nil || len(a.Hits) != want {
			t.Errorf("%.20q: %d hits, want %d; error %v", query, len(a.Hits), want, err)
		}
	}
	b := watchlist.NewBuilder()
	if err := b.Add(watchlist.Entity{Names: make([]watchlist.Name, 5000)}); err == nil {
		t.Error("a record of 5,000 names was taken in")
	}
}

func ExampleIndex_Search() {
	ix, err := watchlist.Build(slices.Values([]watchlist.Entity{{
		List: "gotham", ID: "1", Kind: watchlist.Person, Names: []watchlist.Name{{Full: "Arkadi ZORVANOV", Kind: watchlist.PrimaryName}},
	}}), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := ix.Search(watchlist.Query{Name: "Arkady Zorvanow"}, watchlist.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range answer.Hits {
		fmt.Println(h.Key(), h.Name, h.Verdict)
		for _, w := range h.Explanation.Words {
			fmt.Println(w.Query, w.Listed, w.How)
		}
	}
	// Output:
	// gotham/1 Arkadi ZORVANOV match
	// zorvanow zorvanov edit
	// arkady arkadi edit
}
