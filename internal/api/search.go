package api

import (
	"net/http"
	"slices"

	"github.com/usher-kyc/usher"
)

// Search gives a dialect that does nothing but search watchlists: every request but one for the open path, which says that the server is up, carries
// the client's one key, and nothing is kept of any.
func Search(b Backend, name, open string, routes *Mux, fail func(http.ResponseWriter, *http.Request, error)) Dialect {
	f := b.Front
	f.Dialect, f.Fail, f.Who = name, fail, ByKey(b.Front.Credentials, name)
	f.Open = func(r *http.Request) bool { return r.URL.Path == open }
	f.Idempotency = nil
	return Dialect{
		Name: name, Handler: f.Handler(routes), Routes: routes.Routes(),
		Offers: []Offer{{Name: name, Parts: []Part{{Scopes: []usher.Scope{usher.ScopeRead}}}}},
		Tell: func(logins []Login) map[string]string {
			return map[string]string{"base_url": b.BaseURL, "api_key": logins[0].Secret}
		},
	}
}

// Searched refuses a result that would say that nobody was found where nobody was looked for: none of its lists has ever come, or one has not that
// the client named. It is for APIs whose answers have no place to tell of lists that are missing.
func Searched(found usher.ScreenResult, named bool) error {
	came := func(v usher.ListVersion) bool { return !v.Loaded.IsZero() }
	if named {
		if i := slices.IndexFunc(found.Lists, func(v usher.ListVersion) bool { return !came(v) }); i >= 0 {
			return usher.Conflict("the list %s has not come yet, so nobody can be looked for on it", found.Lists[i].List)
		}
	}
	if !slices.ContainsFunc(found.Lists, came) {
		return usher.Conflict("none of the lists to search has come yet, so nobody can be looked for")
	}
	return nil
}
