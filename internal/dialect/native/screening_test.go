package native_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// oneHit is a watchlist with one record, which every name resembles that begins like it.
type oneHit struct{}

func (oneHit) Screen(_ context.Context, _ string, subjects []usher.Subject, o usher.ScreenOptions) (usher.ScreenResult, error) {
	out := usher.ScreenResult{Algorithm: "test-1", Lists: []usher.ListVersion{{List: "own", Title: "Our list", Entities: 1}}}
	for _, s := range subjects {
		var hits []usher.Hit
		if strings.HasPrefix(s.Name, "Jaroslav") && o.Limit > 0 {
			hits = []usher.Hit{{
				Key: "own/1", List: "own", Name: "Jaroslav Primerov", Subject: s.Name, Score: 0.95, NameScore: 0.95, Match: true,
				Tokens: []usher.HitToken{{Query: "jaroslav", Listed: "jaroslav", How: "exact", Score: 1, Weight: 0.5}},
			}}
		}
		out.Hits = append(out.Hits, hits)
	}
	return out, nil
}

func (oneHit) Watchlists(context.Context) ([]usher.ListVersion, error) {
	return []usher.ListVersion{{List: "own", Title: "Our list", Entities: 1, Loaded: time.Unix(1, 0)}}, nil
}

func TestScreenings(t *testing.T) {
	t.Parallel()
	h := open(t)
	subjects := []map[string]any{{"name": "Jaroslav Primerov"}, {"name": "Somebody Else"}}
	got := h.do(t, "POST", "/v1/screenings", map[string]any{"subjects": subjects}).want(t, 200)
	if got.word(t, "results.0.hits.0.key") != "own/1" || got.word(t, "results.0.hits.0.verdict") != "match" || len(got.list(t, "results.1.hits")) != 0 {
		t.Errorf("got %s", got.Body)
	}
	if lists := h.do(t, "GET", "/v1/watchlists", nil).want(t, 200).list(t, "data"); len(lists) != 1 {
		t.Errorf("%d lists", len(lists))
	}
	many := make([]map[string]any, 1001)
	for i := range many {
		many[i] = map[string]any{"name": "A B"}
	}
	for name, body := range map[string]any{
		"nobody":             map[string]any{"subjects": []any{}},
		"1,001 subjects":     map[string]any{"subjects": many},
		"no name":            map[string]any{"subjects": []any{map[string]any{"name": ""}}},
		"a name too long":    map[string]any{"subjects": []any{map[string]any{"name": strings.Repeat("x", 10_000)}}},
		"a birth date":       map[string]any{"subjects": []any{map[string]any{"name": "A B", "birth_date": "1961-4-2"}}},
		"an unknown kind":    map[string]any{"subjects": []any{map[string]any{"name": "A B", "kind": "robot"}}},
		"a threshold over 1": map[string]any{"subjects": []any{map[string]any{"name": "A B"}}, "match": 1.5},
	} {
		if got := h.do(t, "POST", "/v1/screenings", body); got.Code != 422 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

func TestMonitorAndJudgement(t *testing.T) {
	t.Parallel()
	h := open(t)
	begun := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}).want(t, 201)
	person := "/v1/applicants/" + begun.word(t, "applicant_id")
	h.do(t, "GET", person+"/monitor", nil).want(t, 404)
	h.simulate(t, begun.word(t, "id"), "submit")
	h.simulate(t, begun.word(t, "id"), "watchlist_hit")
	if got := h.do(t, "GET", person+"/monitor", nil).want(t, 200); got.word(t, "state") != "active" {
		t.Errorf("got %s", got.Body)
	}
	if n := len(h.do(t, "GET", "/v1/monitors?open=true", nil).want(t, 200).list(t, "data")); n != 1 {
		t.Errorf("%d monitors have open hits", n)
	}
	key := h.do(t, "GET", person+"/screening", nil).want(t, 200).word(t, "hits.0.key")
	judge := map[string]any{"key": key, "verdict": "cleared", "why": "another birth date"}
	if got := h.do(t, "POST", person+"/screening/judge", judge).want(t, 200); got.word(t, "hits.0.judgement.why") != "another birth date" {
		t.Errorf("got %s", got.Body)
	}
	if n := len(h.do(t, "GET", "/v1/monitors?open=true", nil).want(t, 200).list(t, "data")); n != 0 {
		t.Errorf("%d monitors have open hits after the judgement", n)
	}
	judge["verdict"] = "maybe"
	h.do(t, "POST", person+"/screening/judge", judge).want(t, 422)
	judge["verdict"], judge["key"] = "cleared", "own/2"
	h.do(t, "POST", person+"/screening/judge", judge).want(t, 404)
	h.do(t, "PATCH", person+"/monitor", map[string]any{"state": "ended"}).want(t, 200)
	h.do(t, "PATCH", person+"/monitor", map[string]any{"state": "active"}).want(t, 409)
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	h := open(t)
	begun := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid, "metadata": map[string]string{"branch": "north"}}).want(t, 201)
	if got := h.do(t, "GET", "/v1/sessions/"+begun.word(t, "id"), nil).want(t, 200).word(t, "metadata.branch"); got != "north" {
		t.Errorf("kept %q", got)
	}
	long := map[string]string{"k": strings.Repeat("v", 1001)}
	h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid, "metadata": long}).want(t, 422)
}
