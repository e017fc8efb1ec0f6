package report_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// onLists is a watchlist check that finds two records on a list, while another list is out of date and a third never came.
type onLists struct{}

func (onLists) Kind() usher.CheckKind { return usher.CheckWatchlist }

func (onLists) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{
		Kind: usher.CheckWatchlist, Outcome: usher.Consider, Assurance: usher.Verified, Examined: []string{"own", "old"},
		Reasons: []usher.Reason{{Code: usher.WatchlistHit}},
		Screening: &usher.Screening{
			Algorithm: "test-1", Subject: "s",
			Lists: []usher.ListVersion{
				{List: "own", Date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Loaded: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Hash: strings.Repeat("ab", 32)},
				{List: "old", Date: time.Date(2020, 3, 1, 0, 0, 0, 0, time.UTC), Loaded: time.Date(2020, 3, 2, 0, 0, 0, 0, time.UTC), Stale: true},
				{List: "missing", Stale: true},
			},
			Hits: []usher.Hit{
				{Key: "own/1", List: "own", Name: "Zorvan Testikov", Score: .93, Match: true}, {Key: "own/2", List: "own", Name: "Zorvan Examplov", Score: .78},
			},
		},
	}, nil
}

// TestHits holds that a report says what was searched and how old it was, whom it found, and what was said of them.
func TestHits(t *testing.T) {
	t.Parallel()
	h := open(t, enginetest.Config{Checkers: []usher.Checker{onLists{}}})
	h.Publish(h.Live.ID, "name: screened\nsteps:\n  - details: {ask: [name]}\n  - run: [watchlist]\n  - decide: {automatic: approve}\n")
	v, _, err := h.StartSession(t.Context(), h.Client(h.Live, "native"), usher.NewSession{
		Flow: "screened", Applicant: &usher.NewApplicant{Details: usher.Details{FirstName: "Zorwan", LastName: "Testikov"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	v = h.do(t, v, usher.Command{Kind: usher.CmdSubmit})
	if _, err := h.JudgeHit(t.Context(), v.TenantID, v.ApplicantID, "own/2", usher.HitCleared, "Born thirty years later.", time.Time{}, reviewer); err != nil {
		t.Fatal(err)
	}
	text := textOf(t, keep(t, "hits", h.pdf(t, v)))
	for _, want := range []string{
		"Watchlist hits", "test-1", "own, 2026-03-01, abababababab;", "old, 2020-03-01, out of date;", "missing, never brought in", "Zorvan Testikov 0.93 nobody has judged it",
		"Zorvan Examplov 0.78 somebody else, Born thirty years later., ann@bank.example",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}
