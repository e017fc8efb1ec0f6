package screening

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/watchlist"
)

// Hits of one subject: as many as are given unless asked otherwise.
const defaultLimit = 50

// Screen searches the lists for each subject.
func (l *Lists) Screen(ctx context.Context, _ string, subjects []usher.Subject, o usher.ScreenOptions) (usher.ScreenResult, error) {
	now := l.index.Load()
	out := usher.ScreenResult{Algorithm: watchlist.Algorithm, Lists: l.versions(now), Hits: make([][]usher.Hit, len(subjects))}
	if len(o.Lists) > 0 {
		for _, id := range o.Lists {
			if !slices.ContainsFunc(out.Lists, func(v usher.ListVersion) bool { return v.List == id }) {
				return out, usher.Invalid("lists", "no list is called %q; GET /v1/watchlists names them", id)
			}
		}
		out.Lists = slices.DeleteFunc(slices.Clone(out.Lists), func(v usher.ListVersion) bool { return !slices.Contains(o.Lists, v.List) })
	}
	if now.Index == nil {
		return out, nil
	}
	// One subject, as most callers have, is not worth a goroutine.
	workers := min(runtime.GOMAXPROCS(0), (len(subjects)+7)/8)
	if workers <= 1 {
		for i, s := range subjects {
			var err error
			if out.Hits[i], err = search(now.Index.Search, s, o); err != nil {
				return out, at(err, i, len(subjects))
			}
		}
		return out, nil
	}
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			searcher := now.NewSearcher()
			for i := w; i < len(subjects) && errs[w] == nil; i += workers {
				if errs[w] = ctx.Err(); errs[w] == nil {
					out.Hits[i], errs[w] = search(searcher.Search, subjects[i], o)
					errs[w] = at(errs[w], i, len(subjects))
				}
			}
		})
	}
	wg.Wait()
	return out, cmp.Or(errs...)
}

// at says which subject of several an error is about.
func at(err error, i, of int) error {
	var e *usher.Error
	if of < 2 || !errors.As(err, &e) || e.Field == "" {
		return err
	}
	named := *e
	named.Field = fmt.Sprintf("subjects.%d.%s", i, e.Field)
	return &named
}

// search searches for one subject.
func search(find func(watchlist.Query, watchlist.Options) (watchlist.Answer, error), s usher.Subject, o usher.ScreenOptions) ([]usher.Hit, error) {
	answer, err := find(queryOf(s), watchlist.Options{
		Possible: o.Possible, Match: o.Match, Limit: cmp.Or(o.Limit, defaultLimit), Lists: o.Lists,
	})
	if err != nil {
		var q *watchlist.QueryError
		if errors.As(err, &q) {
			return nil, usher.Invalid(field(q.Field), "%s", q.Problem)
		}
		return nil, fmt.Errorf("search watchlists: %w", err)
	}
	if len(answer.Hits) == 0 {
		return nil, nil
	}
	hits := make([]usher.Hit, len(answer.Hits))
	for i, h := range answer.Hits {
		if hits[i], err = hitOf(h, s); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// field gives the name that a member of a query has in the domain.
func field(name string) string {
	switch name {
	case "birth_dates":
		return "birth_date"
	case "ids":
		return "identifiers"
	}
	return name
}

func queryOf(s usher.Subject) watchlist.Query {
	q := watchlist.Query{
		Name: s.Name, AltNames: s.AltNames, Kind: watchlist.Kind(s.Kind), Countries: s.Countries, Gender: s.Gender,
	}
	if s.BirthDate != "" {
		q.BirthDates = []string{s.BirthDate}
	}
	for _, id := range s.Identifiers {
		if id != "" {
			q.IDs = append(q.IDs, watchlist.ID{Value: id})
		}
	}
	return q
}

func hitOf(h watchlist.Hit, s usher.Subject) (usher.Hit, error) {
	e, hash, err := h.Record()
	if err != nil {
		return usher.Hit{}, fmt.Errorf("read listed record: %w", err)
	}
	out := usher.Hit{
		Key: h.Key(), Record: hash, List: h.List, Kind: string(e.Kind), Name: h.Name, Subject: s.Name, Score: h.Score, NameScore: h.NameScore,
		Match: h.Verdict == watchlist.Match, Facts: factsOf(e),
		Tokens: make([]usher.HitToken, 0, len(h.Explanation.Words)),
	}
	for _, w := range h.Explanation.Words {
		out.Tokens = append(out.Tokens, usher.HitToken{Query: w.Query, Listed: w.Listed, How: string(w.How), Score: w.Score, Weight: w.Weight, Cost: w.Cost})
	}
	for _, m := range h.Explanation.Modifiers {
		out.Modifiers = append(out.Modifiers, usher.HitModifier{Name: m.Name, Value: m.Value, Given: m.Given, Listed: m.Listed})
	}
	return out, nil
}

// mostNames bounds how many names of a record a reviewer is shown.
const mostNames = 30

// factsOf gives what a record says, in the order in which a reviewer wants to know it.
func factsOf(e watchlist.Entity) []usher.HitFact {
	var facts []usher.HitFact
	add := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				facts = append(facts, usher.HitFact{Name: name, Value: v})
			}
		}
	}
	for i, n := range e.Names {
		if i < mostNames {
			kind := string(n.Kind) + "_name"
			if n.Weak {
				kind = "weak_alias"
			}
			add(kind, n.Full)
		}
	}
	for _, b := range e.Births {
		text := b.From
		if b.To != b.From {
			text += " – " + b.To
		}
		if b.Circa {
			text = "≈ " + text
		}
		add("birth_date", text)
	}
	add("birth_place", e.BirthPlace...)
	add("gender", e.Gender)
	add("country", e.Countries...)
	for _, id := range e.IDs {
		add("identifier", strings.TrimSpace(id.Kind+" "+id.Country+" "+id.Value))
	}
	add("address", e.Addresses...)
	add("title", e.Titles...)
	add("topic", e.Topics...)
	add("program", e.Programs...)
	add("dataset", e.Datasets...)
	add("listed", e.Listed)
	add("remarks", e.Remarks)
	return facts
}
