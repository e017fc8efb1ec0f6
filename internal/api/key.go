package api

import (
	"net/http"
	"strings"

	"github.com/usher-kyc/usher"
)

// ByKey gives a [Front.Who] for APIs whose clients send one key with every request: as "Authorization: ApiKey <key>" or "Bearer <key>", as the user
// name or password of Basic (what a client makes of https://key@host/), or as X-Api-Key.
func ByKey(credentials usher.Credentials, dialect string) func(*http.Request) (Principal, error) {
	return func(r *http.Request) (Principal, error) {
		key := keyOf(r)
		if key == "" {
			return Principal{}, &usher.Error{Code: usher.CodeUnauthenticated, Message: "send the key in the header Authorization: ApiKey <key>"}
		}
		client, err := credentials.APIKey(r.Context(), dialect, key)
		return Principal{Client: client, Scopes: client.Scopes}, err
	}
}

func keyOf(r *http.Request) string {
	if user, password, ok := r.BasicAuth(); ok {
		if password != "" {
			return password
		}
		return user
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "ApiKey") || strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(key)
	}
	return r.Header.Get("X-Api-Key")
}
