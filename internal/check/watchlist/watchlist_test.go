package watchlist_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/watchlist"
)

// lists answer with what they are told.
type lists struct {
	usher.Screener
	result usher.ScreenResult
	err    error
	asked  *[]usher.Subject
	with   *usher.ScreenOptions
}

func (l lists) Screen(_ context.Context, _ string, subjects []usher.Subject, o usher.ScreenOptions) (usher.ScreenResult, error) {
	*l.asked, *l.with = subjects, o
	for len(l.result.Hits) < len(subjects) {
		l.result.Hits = append(l.result.Hits, nil)
	}
	return l.result, l.err
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	person := usher.Details{FirstName: "Anna", LastName: "Eriksson", DateOfBirth: "1990-04-17", Nationality: "SE"}
	current, stale := usher.ListVersion{List: "own", Title: "Our list", Entities: 1}, usher.ListVersion{List: "old", Title: "Old list", Stale: true}
	hit := usher.Hit{Key: "own/1", Record: "r1", Score: 0.95, Match: true}
	cleared := usher.HitJudgement{Verdict: usher.HitCleared, Key: "own/1", Record: "r1", Subject: usher.SubjectHash(usher.SubjectOf(person))}
	confirmed, other := cleared, cleared
	confirmed.Verdict, other.Record = usher.HitConfirmed, "r0"
	for name, c := range map[string]struct {
		details usher.Details
		lists   []usher.ListVersion
		hits    []usher.Hit
		judged  []usher.HitJudgement
		err     error
		want    usher.Outcome
		reason  usher.ReasonCode
	}{
		"nobody":                    {details: person, lists: []usher.ListVersion{current}, want: usher.Clear},
		"somebody":                  {details: person, lists: []usher.ListVersion{current}, hits: []usher.Hit{hit}, want: usher.Consider, reason: usher.WatchlistHit},
		"somebody cleared":          {details: person, lists: []usher.ListVersion{current}, hits: []usher.Hit{hit}, judged: []usher.HitJudgement{cleared}, want: usher.Clear},
		"somebody confirmed":        {details: person, lists: []usher.ListVersion{current}, hits: []usher.Hit{hit}, judged: []usher.HitJudgement{confirmed}, want: usher.Consider, reason: usher.WatchlistHit},
		"cleared, the record moved": {details: person, lists: []usher.ListVersion{current}, hits: []usher.Hit{hit}, judged: []usher.HitJudgement{other}, want: usher.Consider, reason: usher.WatchlistHit},
		"nobody on a stale list":    {details: person, lists: []usher.ListVersion{current, stale}, want: usher.Consider, reason: usher.WatchlistStale},
		"no lists":                  {details: person, want: usher.NotRun},
		"no name":                   {lists: []usher.ListVersion{current}, want: usher.NotRun},
		"a name that cannot be searched": {
			details: person, err: usher.Invalid("name", "too long"), want: usher.Consider, reason: usher.WatchlistNotSearched,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []usher.Subject
			var with usher.ScreenOptions
			check := watchlist.New(lists{result: usher.ScreenResult{Lists: c.lists, Hits: [][]usher.Hit{c.hits}, Algorithm: "a"}, err: c.err, asked: &asked, with: &with}, nil)
			in := usher.CheckInput{Details: c.details, Judged: c.judged, Now: time.Unix(1, 0)}
			in.Session.Flow.Settings = map[string]string{"watchlist_possible": "0.8", "watchlists": "own"}
			got, err := check.Check(t.Context(), in)
			if err != nil || got.Outcome != c.want || got.Kind != usher.CheckWatchlist {
				t.Fatalf("%s, %v; want %s", got.Outcome, err, c.want)
			}
			if c.reason != "" && !slices.ContainsFunc(got.Reasons, func(r usher.Reason) bool { return r.Code == c.reason }) {
				t.Errorf("reasons %v, want %s", got.Reasons, c.reason)
			}
			if len(asked) > 0 && (with.Possible != 0.8 || !slices.Equal(with.Lists, []string{"own"})) {
				t.Errorf("the flow's profile was not asked for: %+v", with)
			}
			if c.want == usher.Clear && (got.Screening == nil || len(got.Screening.Lists) == 0 || got.Screening.Algorithm != "a") {
				t.Error("the result does not say what it rests on")
			}
		})
	}
}

// document is a document check that read what it is told.
type document struct {
	usher.Checker
	fields map[string]string
	err    error
}

func (d document) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{Kind: usher.CheckDocument, Fields: d.fields}, d.err
}

func TestWhomTheDocumentNamesIsLookedFor(t *testing.T) {
	t.Parallel()
	passport := map[string]string{
		"first_name": "ZORVAN", "last_name": "TESTIKOV", "date_of_birth": "1961-04-02", "nationality": "RU", "number": "123456789", "sex": "M",
	}
	read := usher.Subject{
		Read: true, Name: "ZORVAN TESTIKOV", Kind: "person", BirthDate: "1961-04-02", Gender: "male", Countries: []string{"RU"}, Identifiers: []string{"123456789"},
	}
	said := usher.Details{FirstName: "Anna", LastName: "Smith"}
	for name, c := range map[string]struct {
		said     usher.Details
		document usher.Checker
		want     []usher.Subject
	}{
		"another person's passport": {said, document{fields: passport}, append(usher.SubjectOf(said), read)},
		"nobody said a name":        {usher.Details{}, document{fields: passport}, []usher.Subject{read}},
		"no document yet":           {said, document{}, usher.SubjectOf(said)},
		"no document check":         {said, nil, usher.SubjectOf(said)},
		"no country of this world": {
			usher.Details{},
			document{fields: map[string]string{"last_name": "MUSTER", "nationality": "UTO", "sex": "X"}},
			[]usher.Subject{{Read: true, Name: "MUSTER", Kind: "person"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []usher.Subject
			var with usher.ScreenOptions
			check := watchlist.New(lists{result: usher.ScreenResult{Lists: []usher.ListVersion{{List: "own"}}}, asked: &asked, with: &with}, c.document)
			got, err := check.Check(t.Context(), usher.CheckInput{Details: c.said})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, asked); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.want, got.Screening.Subjects); diff != "" {
				t.Errorf("kept: %s", diff)
			}
		})
	}
	check := watchlist.New(lists{}, document{err: errors.New("the disk is away")})
	if _, err := check.Check(t.Context(), usher.CheckInput{Details: said}); err == nil {
		t.Error("a document that could not be read was taken for one that names nobody")
	}
}

func TestFailureIsNotAVerdict(t *testing.T) {
	t.Parallel()
	var asked []usher.Subject
	var with usher.ScreenOptions
	check := watchlist.New(lists{err: errors.New("the disk is away"), asked: &asked, with: &with}, nil)
	in := usher.CheckInput{Details: usher.Details{FirstName: "Anna", LastName: "Eriksson"}}
	if _, err := check.Check(t.Context(), in); err == nil {
		t.Error("a failure was taken for an answer")
	}
}

func TestCompanyAndOwnersAreLookedFor(t *testing.T) {
	t.Parallel()
	var asked []usher.Subject
	var with usher.ScreenOptions
	check := watchlist.New(lists{result: usher.ScreenResult{Lists: []usher.ListVersion{{List: "own"}}}, asked: &asked, with: &with}, nil)
	owner := func(first string) usher.Owner {
		return usher.Owner{Details: usher.Details{FirstName: first, LastName: "Souza"}}
	}
	in := usher.CheckInput{Details: usher.Details{
		FirstName: "Ana", LastName: "Souza",
		Company: &usher.CompanyDetails{Name: "Exemplo Ltda", Number: "1", Owners: []usher.Owner{owner("Ana"), owner("Bia")}},
	}}
	if _, err := check.Check(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range asked {
		names = append(names, s.Name)
	}
	if want := []string{"Ana Souza", "Exemplo Ltda", "Bia Souza"}; !slices.Equal(names, want) {
		t.Errorf("looked for %q, want %q", names, want)
	}
}
