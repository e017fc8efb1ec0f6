package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

const screenedFlow = `name: screened
steps:
  - details: {ask: [name, date_of_birth]}
  - run: [watchlist]
  - decide: {automatic: approve}
`

// onLists is what a watchlist check finds: a match and a possible hit, each explained.
func onLists() usher.CheckResult {
	lists := []usher.ListVersion{
		{List: "own", Title: "Our list", Entities: 2, Loaded: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, {List: "old", Title: "Old list", Entities: 1, Stale: true},
	}
	hits := []usher.Hit{
		{
			Key: "own/1", Record: "r1", List: "own", Kind: "person", Name: "Zorvan Testikov", Subject: "Zorwan Testikov", Score: .93, NameScore: .93, Match: true,
			Tokens: []usher.HitToken{
				{Query: "zorwan", Listed: "zorvan", How: "phonetic", Score: .88, Weight: .6, Cost: .07}, {Query: "testikov", Listed: "testikov", How: "exact", Score: 1, Weight: .4},
			},
			Facts: []usher.HitFact{{Name: "primary_name", Value: "Zorvan Testikov"}, {Name: "birth_date", Value: "1961-04-02"}, {Name: "program", Value: planted}},
		},
		{
			Key: "own/2", Record: "r2", List: "own", Name: "Zorvan Testikova-Exemplarska", Subject: "Zorwan Testikov", Score: .78, NameScore: .93,
			Tokens:    []usher.HitToken{{Query: "zorwan", Listed: "zorvan", How: "edit", Score: .93, Weight: 1, Cost: .07}},
			Modifiers: []usher.HitModifier{{Name: "birth_year", Value: -.15, Given: "1974", Listed: "1961"}},
		},
	}
	return usher.CheckResult{
		Kind: usher.CheckWatchlist, Outcome: usher.Consider, Assurance: usher.Verified, Provider: "watchlist",
		Reasons:   []usher.Reason{{Code: usher.WatchlistHit}, {Code: usher.WatchlistStale}},
		Screening: &usher.Screening{Algorithm: "test-1", Lists: lists, Subject: "s", Hits: hits},
	}
}

// screened gives a case with two hits.
func (f *firm) screened() usher.Session {
	f.t.Helper()
	f.Publish(f.Tenant.ID, screenedFlow)
	s, _, err := f.Service.StartSession(f.t.Context(), f.Client(f.Tenant, "native"), usher.NewSession{
		Flow:      "screened",
		Applicant: &usher.NewApplicant{Details: usher.Details{FirstName: "Zorwan", LastName: "Testikov", DateOfBirth: "1974-08-12", Nationality: "SE"}},
	})
	f.must(err)
	_, err = f.Service.Do(f.t.Context(), f.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdSubmit})
	f.must(err)
	f.Settle()
	return f.session(s.ID)
}

func TestHitsAreJudgedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	f.member("vic", usher.RoleViewer)
	s := f.screened()
	b, at := f.plain("vera"), "/cases/"+s.ID
	shown := b.get(at).body
	for _, want := range []string{"2 hits", "Zorvan Testikov", "93 %", "Not judged", "<details open><summary>2 lists", "Out of date", at + "/hits/1"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the case does not say %q", want)
		}
	}
	page := b.get(at + "/hits/2").body
	for _, want := range []string{"Zorwan Testikov: hit 2 of 2", "Letters differ", "Birth year differs", "−15.0", "−7.0", "1974-08-12", "own/2"} {
		if !strings.Contains(page, want) {
			t.Errorf("the hit does not say %q", want)
		}
	}
	sc, err := f.Service.LatestScreening(t.Context(), f.Tenant.ID, s.ApplicantID)
	f.must(err)
	form := func(verdict, why, until, screening string) []string {
		return []string{"verdict", verdict, "why", why, "until", until, "screening", screening}
	}
	for name, tc := range map[string]struct {
		form []string
		want int
	}{
		"no reason":         {form("cleared", " ", "", sc.ID), http.StatusUnprocessableEntity},
		"a reason too long": {form("cleared", strings.Repeat("x", 1001), "", sc.ID), http.StatusUnprocessableEntity},
		"a past end":        {form("cleared", "born later", "2020-01-01", sc.ID), http.StatusUnprocessableEntity},
		"no day":            {form("cleared", "born later", "soon", sc.ID), http.StatusUnprocessableEntity},
		"another screening": {form("cleared", "born later", "", "older"), http.StatusConflict},
		"no verdict":        {form("", "born later", "", sc.ID), http.StatusBadRequest},
	} {
		if got := b.post(at+"/hits/1", tc.form...); got.status != tc.want {
			t.Errorf("%s answers %d, want %d", name, got.status, tc.want)
		}
	}
	if got := f.plain("vic").post(at+"/hits/1", form("cleared", "x", "", sc.ID)...); got.status != http.StatusForbidden {
		t.Errorf("a viewer's word answers %d", got.status)
	}
	for _, path := range []string{"/hits/0", "/hits/3", "/hits/x"} {
		if got := b.get(at + path); got.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
	got := b.post(at+"/hits/1", form("cleared", "Born thirteen years later.", "2099-12-31", sc.ID)...)
	if got.status != http.StatusSeeOther || !strings.HasSuffix(got.location, "/hits/2") {
		t.Fatalf("clearing answers %d to %q", got.status, got.location)
	}
	got = b.post(at+"/hits/2", form("confirmed", "The passport number is the same.", "", sc.ID)...)
	if got.status != http.StatusSeeOther || !strings.Contains(got.location, "done=hit") {
		t.Fatalf("confirming answers %d to %q", got.status, got.location)
	}
	if shown = b.get(at).body; !strings.Contains(shown, "Somebody else") || !strings.Contains(shown, "This person") || strings.Contains(shown, "Not judged") {
		t.Error("the case does not show what was said of its hits")
	}
	trail, err := f.SearchTrail(t.Context(), f.Tenant.ID, usher.AuditFilter{Object: s.ApplicantID})
	f.must(err)
	trail.Items = slices.DeleteFunc(trail.Items, func(r usher.AuditRecord) bool { return r.Action == "hit.viewed" })
	if len(trail.Items) != 2 || trail.Items[0].Action != "hit.confirmed" || trail.Items[1].Action != "hit.cleared" {
		t.Errorf("the trail has %d entries", len(trail.Items))
	}
}

func TestNewsOfApprovedApplicants(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	f.member("olga", usher.RoleReviewer, f.Other)
	s := f.screened()
	_, err := f.Service.Do(t.Context(), f.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdApprove, By: usher.Actor{Kind: usher.ByStaff, ID: "x", Role: usher.RoleSenior}})
	f.must(err)
	_, err = f.Service.Simulate(t.Context(), f.Client(f.Tenant, "native"), s.ID, "watchlist_hit")
	f.must(err)
	b := f.plain("vera")
	if got := b.get("/news").body; !strings.Contains(got, "Zorwan Testikov") || !strings.Contains(got, "1 to judge") {
		t.Error("the news do not name the applicant")
	}
	if got := f.plain("olga").get("/news").body; strings.Contains(got, "Testikov") {
		t.Error("another tenant reads the news")
	}
	sc, err := f.Service.LatestScreening(t.Context(), f.Tenant.ID, s.ApplicantID)
	f.must(err)
	b.post("/cases/"+s.ID+"/hits/1", "verdict", "cleared", "why", "another person", "screening", sc.ID)
	if got := b.get("/news").body; !strings.Contains(got, "Nobody who was approved") {
		t.Error("a judged hit is still news")
	}
}

// A reviewer clears one hit and confirms the other without touching the mouse.
func TestHitsByKeyboard(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	s := f.screened()
	f.fitForAll("vera", "/cases/"+s.ID, "/cases/"+s.ID+"/hits/1", "/cases/"+s.ID+"/hits/2", "/news")
	p := f.tab("vera", browsertest.Options{})
	p.Visit(f.url + "/cases/" + s.ID)
	judge := func(title, why string, tabs int) {
		t.Helper()
		p.WaitText(title)
		browsertest.Eval[bool](p, `document.querySelector("#why").focus() ?? true`)
		p.Press(strings.Split(why, "")...)
		for range tabs {
			p.Press("Tab")
		}
		p.Press("Enter")
	}
	p.Press("h")
	// From the reason the date takes four stops (its parts and its calendar), then the two buttons follow.
	judge("hit 1 of 2", "later", 5)
	judge("hit 2 of 2", "same", 6)
	p.WaitText("Every hit is judged.")
	sc, err := f.Service.LatestScreening(t.Context(), f.Tenant.ID, s.ApplicantID)
	f.must(err)
	if a, b := sc.Hits[0].Judgement, sc.Hits[1].Judgement; a == nil || b == nil || a.Verdict != usher.HitCleared || a.Why != "later" || b.Verdict != usher.HitConfirmed {
		t.Errorf("the hits were judged %+v and %+v", a, b)
	}
}

// Names of people with hits are for those who see cases.
func TestNewsAreForThoseWhoSeeCases(t *testing.T) {
	t.Parallel()
	f := open(t)
	for name, role := range map[string]usher.Role{"audra": usher.RoleAuditor, "dev": usher.RoleDeveloper} {
		f.member(name, role)
		b := f.plain(name)
		if got := b.get("/news"); got.status != http.StatusForbidden {
			t.Errorf("the news answer %d to the role %s", got.status, role)
		}
		if got := b.get("/figures"); got.status != http.StatusOK || strings.Contains(got.body, `href="/desk/news"`) {
			t.Errorf("the figures answer %d to the role %s, or lead to names", got.status, role)
		}
	}
	f.member("vic", usher.RoleViewer)
	if got := f.plain("vic").get("/news"); got.status != http.StatusOK {
		t.Errorf("the news answer %d to a viewer", got.status)
	}
}
