package incode_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/incode"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// screened is a flow whose watchlist check goes out with the document.
const screened = `name: screened
steps:
  - document: {accept: [passport]}
  - run: {checks: [watchlist], early: true}
  - decide: {automatic: approve}
`

// lister is a watchlist check that finds one hit.
type lister struct{}

func (lister) Kind() usher.CheckKind { return usher.CheckWatchlist }

func (lister) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{Outcome: usher.Consider, Assurance: usher.Verified, Provider: "test", Screening: &usher.Screening{
		Algorithm: "test/1", Hits: []usher.Hit{hit()},
	}}, nil
}

func hit() usher.Hit {
	return usher.Hit{
		Key: "un/QDi.001", Record: "r1", List: "un", Kind: "person", Name: "Ana Lopez", Subject: "Anna Lopez", Score: 0.91, NameScore: 0.91, Match: true,
		Facts: []usher.HitFact{{Name: "birth date", Value: "1970"}},
	}
}

// Screen finds the same hit for anybody.
func (lister) Screen(_ context.Context, _ string, subjects []usher.Subject, _ usher.ScreenOptions) (usher.ScreenResult, error) {
	if len(subjects) != 1 || subjects[0].Name != "Anna Lopez" || subjects[0].BirthDate != "1970" {
		return usher.ScreenResult{}, usher.Invalid("name", "is not the one that was asked for: %+v", subjects)
	}
	return usher.ScreenResult{Lists: []usher.ListVersion{{List: "un"}}, Hits: [][]usher.Hit{{hit()}}}, nil
}

func (lister) Watchlists(context.Context) ([]usher.ListVersion, error) { return nil, nil }

// data gives the data of a watchlist answer.
func data(o object) object { return o["content"].(map[string]any)["data"].(map[string]any) }

func TestWatchlists(t *testing.T) {
	t.Parallel()
	w := openOn(t, enginetest.Config{Checkers: []usher.Checker{lister{}}})
	w.backend.Screener = lister{}
	w.serve(t)
	tenant := w.House.Tenant
	w.Publish(tenant.ID, screened)
	c, id := w.by(t, tenant).start(object{"configurationId": incode.ConfigurationID(tenant.ID, "screened")})
	c.call("POST", "/omni/process/global-watchlist", nil, http.StatusBadRequest)
	c.call("POST", "/omni/add/front-id/v2", object{"base64Image": picture}, http.StatusOK)
	c.call("POST", "/omni/process/id", nil, http.StatusOK)
	found := data(c.call("POST", "/omni/process/global-watchlist", nil, http.StatusOK))
	doc := found["hits"].([]any)[0].(map[string]any)["doc"].(map[string]any)
	if found["matchStatus"] != "potential_match" || found["totalHits"] != 1.0 || found["searchTerm"] != "Anna Lopez" || doc["name"] != "Ana Lopez" {
		t.Errorf("found %v", found)
	}

	// Monitoring finds news of an approved person; the webhook's ref asks for the newest result.
	e := c.executive(tenant)
	e.call("GET", "/omni/finish-status?id="+id, nil, http.StatusOK)
	e.call("POST", "/omni/process/approve?interviewId="+id, nil, http.StatusOK)
	s, err := w.SessionByKey(t.Context(), tenant.ID, incode.Name, id)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := w.LatestScreening(t.Context(), tenant.ID, s.ApplicantID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Do(t.Context(), tenant.ID, s.ID, usher.Command{
		Kind: usher.CmdHits, By: usher.Actor{Kind: usher.BySystem}, Hits: &usher.HitChange{Screening: newest.ID, New: []string{"un/QDi.001"}, Open: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	hooks := byName(t, w.Messages(tenant.ID), "global.watchlist")
	if len(hooks) != 1 || len(hooks[0]) != 3 || hooks[0]["interviewId"] != id {
		t.Fatalf("webhooks %v", hooks)
	}
	ref := hooks[0]["ref"].(string)
	for _, by := range []caller{c, e, c.with("x-api-key", "")} {
		path := "/0/omni/updated-watchlist-result?ref=" + ref
		got := data(by.call("GET", path, nil, http.StatusOK))
		if fmt.Sprintf("%.0f", got["id"]) != hooks[0]["search_id"] || got["ref"] != ref {
			t.Errorf("the webhook says %v, the result %v", hooks[0], got)
		}
		by.call("GET", path+"x", nil, http.StatusNotFound)
	}
	e.call("GET", "/omni/updated-watchlist-result?ref="+ref+"&id="+id, nil, http.StatusOK)
	e.call("GET", "/omni/updated-watchlist-result?ref="+ref+"&id=660b2f6e9d1c4a0013ef5678", nil, http.StatusNotFound)
	e.call("GET", "/omni/updated-watchlist-result", nil, http.StatusBadRequest)
	w.by(t, w.Other).executive(w.Other).call("GET", "/omni/updated-watchlist-result?ref="+ref, nil, http.StatusNotFound)
	other, _ := w.by(t, tenant).start(nil)
	other.call("GET", "/omni/updated-watchlist-result?ref="+ref, nil, http.StatusNotFound)

	// A reviewer clears the hit: it is told as a false one from then on.
	reviewer := usher.Actor{Kind: usher.ByStaff, ID: "r", Role: usher.RoleSenior}
	if _, err := w.JudgeHit(t.Context(), tenant.ID, s.ApplicantID, "un/QDi.001", usher.HitCleared, "somebody else", time.Time{}, reviewer); err != nil {
		t.Fatal(err)
	}
	if got := data(e.call("GET", "/omni/updated-watchlist-result?ref="+ref, nil, http.StatusOK)); got["matchStatus"] != "false_positive" {
		t.Errorf("a cleared hit is %v", got["matchStatus"])
	}

	// A name alone: nothing of it is stored.
	loose := data(c.call("POST", "/omni/watchlist-result", object{"firstName": "Anna", "surName": "Lopez", "birthYear": 1970.0, "fuzziness": 0.1}, http.StatusOK))
	if loose["ref"] != nil || loose["id"] != nil || loose["totalMatches"] != 1.0 {
		t.Errorf("found %v", loose)
	}
	w.backend.Screener = nil
	w.serve(t)
	c.w = w
	c.call("POST", "/omni/watchlist-result", object{"firstName": "Anna"}, http.StatusNotFound)
}
