// Package watchlist is the check that looks for an applicant on the watchlists.
//
// The way of data: [usher.SubjectOf] says who is to be looked for (the person, and of a company the company and its owners), the document whom it
// names, the screener gives the hits with the editions of the lists they rest on, and what reviewers said of earlier hits is held against them. A hit that nobody has
// cleared sends the session to a reviewer; so does a list that is out of date, since what it does not find is not a clear answer. Without any
// list nothing was looked at, which is not clear either.
package watchlist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// Provider is the name that results carry.
const Provider = "watchlist"

// Checker is the check.
type Checker struct {
	lists    usher.Screener
	document usher.Checker
}

var _ usher.Checker = (*Checker)(nil)

// New returns the check on the lists of a screener. A document check tells who the document names; with nil only who was spoken of is looked for.
func New(lists usher.Screener, document usher.Checker) *Checker { return &Checker{lists, document} }

// Kind gives [usher.CheckWatchlist].
func (*Checker) Kind() usher.CheckKind { return usher.CheckWatchlist }

// Check looks for the applicant. Its error is the screener's, other than that a name cannot be searched, which a reviewer must see.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{Kind: usher.CheckWatchlist, Outcome: usher.NotRun, Provider: Provider}
	read, err := c.read(ctx, in)
	if err != nil {
		return result, err
	}
	subjects := append(usher.SubjectOf(in.Details), read...)
	if len(subjects) == 0 {
		result.NotExamined = []string{"name"}
		return result, nil
	}
	options, err := in.Session.Flow.Profile()
	if err != nil {
		return result, err
	}
	found, err := c.lists.Screen(ctx, in.Session.TenantID, subjects, options)
	if e := (*usher.Error)(nil); errors.As(err, &e) && e.Code == usher.CodeInvalid {
		result.Outcome, result.Assurance = usher.Consider, usher.Verified
		result.Reasons = []usher.Reason{{Code: usher.WatchlistNotSearched, Check: usher.CheckWatchlist, Field: e.Field}}
		return result, nil
	}
	if err != nil {
		return result, err
	}
	if len(found.Lists) == 0 {
		result.NotExamined = []string{"watchlists"}
		return result, nil
	}
	s := usher.Screening{
		Algorithm: found.Algorithm, Lists: found.Lists, Subjects: subjects, Subject: usher.SubjectHash(subjects),
		Hits: usher.BestHits(slices.Concat(found.Hits...)),
	}
	for i, h := range s.Hits {
		if j := slices.IndexFunc(in.Judged, func(j usher.HitJudgement) bool { return j.Stands(h, s.Subject, in.Now) }); j >= 0 {
			s.Hits[i].Judgement = &in.Judged[j]
		}
	}
	judge(&result, s)
	result.Version, result.Screening = found.Algorithm, &s
	return result, nil
}

// read gives whom the document names, which may be another person than the one who was spoken of.
func (c *Checker) read(ctx context.Context, in usher.CheckInput) ([]usher.Subject, error) {
	if c.document == nil {
		return nil, nil
	}
	document, err := c.document.Check(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	f := document.Fields
	who := usher.Subject{
		Read: true, Kind: "person", Name: strings.TrimSpace(f["first_name"] + " " + f["last_name"]), BirthDate: f["date_of_birth"],
		Gender: map[string]string{"M": "male", "F": "female"}[f["sex"]],
	}
	if len(who.Name) < 2 {
		return nil, nil
	}
	if country := f["nationality"]; len(country) == 2 {
		who.Countries = []string{country}
	}
	if number := f["number"]; number != "" {
		who.Identifiers = []string{number}
	}
	return []usher.Subject{who}, nil
}

// judge gives the outcome: clear only when every list is up to date and every hit is cleared.
func judge(result *usher.CheckResult, s usher.Screening) {
	result.Outcome, result.Assurance, result.Score = usher.Clear, usher.Verified, 1
	for _, v := range s.Lists {
		result.Examined = append(result.Examined, v.List)
		result.Findings = append(result.Findings, usher.Finding{Name: "list_" + v.List, Read: edition(v), OK: !v.Stale})
		if v.Stale {
			consider(result, usher.WatchlistStale)
		}
	}
	for _, h := range s.Hits {
		if h.Judgement == nil || h.Judgement.Verdict == usher.HitConfirmed {
			consider(result, usher.WatchlistHit)
			result.Score = min(result.Score, 1-min(h.Score, 1))
		}
	}
}

// edition names an edition of a list for a reviewer.
func edition(v usher.ListVersion) string {
	if v.Loaded.IsZero() {
		return v.Title + ", never brought in"
	}
	if v.Date.IsZero() {
		return fmt.Sprintf("%s, in use since %s, %d records", v.Title, v.Loaded.UTC().Format(time.DateOnly), v.Entities)
	}
	return fmt.Sprintf("%s of %s, %d records", v.Title, v.Date.UTC().Format(time.DateOnly), v.Entities)
}

// consider has a reviewer look, for a reason that is named once.
func consider(result *usher.CheckResult, code usher.ReasonCode) {
	result.Outcome = usher.Consider
	reason := usher.Reason{Code: code, Check: usher.CheckWatchlist}
	if !slices.Contains(result.Reasons, reason) {
		result.Reasons = append(result.Reasons, reason)
	}
}
