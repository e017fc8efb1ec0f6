package watchman_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/watchman"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/screening"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

const list = `id,name,aliases,kind,birth_date,countries,ids,programs
1,Zorvan Testikov,Zorwan Testikoff,person,1961-04-02,RU,passport:RU:A1234567,SANDBOX
2,Exempel Holding AB,,organization,,SE,,SANDBOX
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
	d, err := watchman.Open(api.Backend{Service: h.Service, Front: api.Front{Credentials: door}, Screener: lists, Now: h.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := door.CreateClient(t.Context(), h.Tenant.ID, auth.NewClient{Dialect: watchman.Name, Scopes: d.Offers[0].Parts[0].Scopes}, usher.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Handler, key, taken[0].Edition.Info.List
}

func call(t *testing.T, h http.Handler, key, method, path string, want int) map[string]any {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	if key != "" {
		r.SetBasicAuth(key, "") // what clients make of https://key@host/
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var got map[string]any
	if w.Code != want || json.Unmarshal(w.Body.Bytes(), &got) != nil {
		t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	return got
}

func TestSearch(t *testing.T) {
	t.Parallel()
	h, key, id := open(t)
	name := url.QueryEscape("Zorwan Testikov")
	for _, path := range []string{
		"/v2/search?name=" + name + "&type=person&limit=10&minMatch=0.8", "/v2/search?name=" + name + "&source=" + id + "&birthDate=1961-04-02",
	} {
		for _, method := range []string{"GET", "POST"} {
			got := call(t, h, key, method, path, 200)["entities"].([]any)
			if len(got) != 1 {
				t.Fatalf("%s: %v", path, got)
			}
			one := got[0].(map[string]any)
			person := one["person"].(map[string]any)
			if one["sourceID"] != "1" || one["sourceList"] != id || person["birthDate"] != "1961-04-02T00:00:00Z" || one["match"].(float64) < 0.8 {
				t.Errorf("%v", one)
			}
			number := person["governmentIDs"].([]any)[0].(map[string]any)
			if number["country"] != "RU" || number["identifier"] != "A1234567" || number["type"] != "passport" {
				t.Errorf("%v", number)
			}
		}
	}
	firm := call(t, h, key, "GET", "/v2/search?name=Exempel+Holding&type=business&minMatch=0.5", 200)["entities"].([]any)
	if len(firm) != 1 || firm[0].(map[string]any)["business"] == nil || firm[0].(map[string]any)["person"] != nil {
		t.Errorf("%v", firm)
	}
	if got := call(t, h, key, "GET", "/v2/search?name=Nobody+Atall", 200)["entities"].([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := call(t, h, key, "GET", "/v2/listinfo", 200)["lists"].(map[string]any); got[id] != 2.0 {
		t.Errorf("%v", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h, key, _ := open(t)
	call(t, h, "", "GET", "/v2/search?name=A+B", 401)
	call(t, h, key+"x", "GET", "/v2/search?name=A+B", 401)
	call(t, h, key, "GET", "/v2/search", 400)
	call(t, h, key, "GET", "/v2/search?name=A+B&type=robot", 400)
	call(t, h, key, "GET", "/v2/search?name=A+B&limit=none", 400)
	call(t, h, key, "GET", "/v2/search?name=A+B&minMatch=7", 400)
	call(t, h, key, "GET", "/v2/search?name=A+B&source=other", 400)
	call(t, h, key, "GET", "/v2/search?name=A+B&source=un", 409) // which never came, so that nobody was looked for on it
	call(t, h, key, "GET", "/v1/ofac/search", 404)
}
