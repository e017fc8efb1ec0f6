package yente_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/yente"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/screening"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

const list = `id,name,aliases,kind,birth_date,countries,ids,programs,topics
1,Zorvan Testikov,Zorwan Testikoff,person,1961-04-02,RU,passport:RU:A1234567,SANDBOX,sanction
2,Exempel Holding AB,,organization,,SE,,SANDBOX,sanction
3,Amira Mithali,,person,1975,SY,,SANDBOX,pep
4,Amira Mithalia,,person,1975,SY,,SANDBOX,sanction
`

func open(t *testing.T) (http.Handler, string, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	lists, err := screening.Open(t.Context(), screening.Config{
		Dir: t.TempDir(), Feeds: []screening.Feed{{Feed: source.Feed{List: "un", Path: "nowhere"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	taken, err := lists.Import(t.Context(), dir, source.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h := enginetest.Open(t)
	door := auth.New(auth.Config{Store: h.Store, Now: h.Now})
	d, err := yente.Open(api.Backend{Service: h.Service, Front: api.Front{Credentials: door}, Screener: lists, Now: h.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := door.CreateClient(t.Context(), h.Tenant.ID, auth.NewClient{Dialect: yente.Name, Scopes: d.Offers[0].Parts[0].Scopes}, usher.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Handler, key, taken[0].Edition.Info.List
}

func call(t *testing.T, h http.Handler, key, method, path, body string, want int) map[string]any {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "ApiKey "+key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var got map[string]any
	if w.Code != want || json.Unmarshal(w.Body.Bytes(), &got) != nil {
		t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	return got
}

// What the vendor's own documentation sends: two queries of one batch.
const batch = `{"queries": {
  "q1": {"schema": "Person", "properties": {"name": ["Zorvan Testikov"], "birthDate": ["1961-04-02"], "nationality": "ru"}},
  "q2": {"schema": "Company", "properties": {"name": ["Nobody Atall Ltd"]}}}}`

func TestMatch(t *testing.T) {
	t.Parallel()
	h, key, id := open(t)
	for _, dataset := range []string{"default", id} {
		got := call(t, h, key, "POST", "/match/"+dataset+"?algorithm=best&threshold=0.7", batch, 200)
		responses := got["responses"].(map[string]any)
		first := responses["q1"].(map[string]any)["results"].([]any)
		if len(first) != 1 || len(responses["q2"].(map[string]any)["results"].([]any)) != 0 {
			t.Fatalf("%s: %v", dataset, responses)
		}
		one := first[0].(map[string]any)
		properties := one["properties"].(map[string]any)
		if one["match"] != true || one["schema"] != "Person" || one["id"] != id+"/1" || properties["birthDate"].([]any)[0] != "1961-04-02" {
			t.Errorf("%v", one)
		}
		if one["explanations"].(map[string]any)["name_match"] == nil {
			t.Errorf("the score is not explained: %v", one)
		}
	}
	only := `{"queries": {"q": {"schema": "Person", "properties": {"name": "Zorvan Testikov"}}}}`
	for _, parameter := range []string{"exclude_entity_ids=" + id + "/1", "topics=role.pep"} {
		got := call(t, h, key, "POST", "/match/default?"+parameter, only, 200)
		if n := len(got["responses"].(map[string]any)["q"].(map[string]any)["results"].([]any)); n != 0 {
			t.Errorf("%s leaves %d results", parameter, n)
		}
	}
}

// A list that never came was not searched, and no hit on it is no answer. What is there is searched all the same.
func TestNeverLoaded(t *testing.T) {
	t.Parallel()
	h, key, id := open(t)
	for _, path := range []string{"/match/un", "/match/default?include_dataset=un&include_dataset=" + id, "/match/default?exclude_dataset=" + id} {
		if got := call(t, h, key, "POST", path, batch, 409); !strings.Contains(got["detail"].(string), "has not come yet") && !strings.Contains(got["detail"].(string), "has come yet") {
			t.Errorf("%s: %v", path, got)
		}
	}
	call(t, h, key, "POST", "/match/default?exclude_dataset=un", batch, 200)
}

// Topics have yente's words, and choose among all hits, not among the best few.
func TestTopics(t *testing.T) {
	t.Parallel()
	h, key, id := open(t)
	query := `{"queries": {"q": {"schema": "Person", "properties": {"name": "Amira Mithalia"}}}}`
	for parameters, want := range map[string]string{"limit=1": "/4", "limit=1&topics=role.pep": "/3", "limit=1&topics=role.pep&topics=sanction": "/4"} {
		got := call(t, h, key, "POST", "/match/default?"+parameters, query, 200)
		found := got["responses"].(map[string]any)["q"].(map[string]any)["results"].([]any)
		if len(found) != 1 || found[0].(map[string]any)["id"] != id+want {
			t.Fatalf("%s: %v", parameters, found)
		}
		topics := found[0].(map[string]any)["properties"].(map[string]any)["topics"].([]any)
		if word := map[string]string{"/3": "role.pep", "/4": "sanction"}[want]; !slices.Equal(topics, []any{word}) {
			t.Errorf("%s: the topics are %v", parameters, topics)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h, key, _ := open(t)
	call(t, h, "", "POST", "/match/default", batch, 401)
	call(t, h, "wrong", "POST", "/match/default", batch, 401)
	call(t, h, key, "POST", "/match/unknown", batch, 404)
	call(t, h, key, "POST", "/match/default", `{"queries": {}}`, 422)
	call(t, h, key, "POST", "/match/default", `{"queries": {"q": {"schema": "Person", "properties": {"name": [1]}}}}`, 400)
	call(t, h, key, "POST", "/match/default?limit=0", batch, 422)
	call(t, h, key, "POST", "/match/default?threshold=2", batch, 422)
	call(t, h, key, "POST", "/match/default", `{"queries": {"q": {"schema": "Person", "properties": {}}}}`, 422)
	call(t, h, key, "GET", "/search/default", "", 404)
}

func TestReads(t *testing.T) {
	t.Parallel()
	h, key, id := open(t)
	got := call(t, h, key, "GET", "/catalog", "", 200)
	sets := got["datasets"].([]any)
	if here := sets[0].(map[string]any); here["name"] != id || here["updated_at"] == nil || here["version"] == nil {
		t.Errorf("%v", here)
	}
	if missing := sets[1].(map[string]any); missing["name"] != "un" || missing["updated_at"] != nil || slices.Contains(got["current"].([]any), any("un")) {
		t.Errorf("a list that never came is told as %v", missing)
	}
	if got := call(t, h, key, "GET", "/algorithms", "", 200); got["best"] == "" {
		t.Errorf("%v", got)
	}
	call(t, h, "", "GET", "/healthz", "", 200)
}
