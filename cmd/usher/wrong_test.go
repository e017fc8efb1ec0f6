package main

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
)

// Who shows wrong secrets one after the other is told to wait, in every API that signs clients in, and by the header that says for how long.
func TestWrongSecretsMustWait(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	grant := func(id string) []byte {
		return []byte(url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"a guess"}}.Encode())
	}
	const asJSON = "application/json"
	incode := http.Header{"Api-Version": {"1.0"}}
	_, key, err := w.h.auth.CreateClient(t.Context(), w.own.tenant.ID, auth.NewClient{Dialect: "incode"}, usher.Actor{Kind: usher.BySystem})
	w.must(err)
	incode.Set("X-Api-Key", key)
	for _, c := range []struct {
		dialect, path, kind string
		body                func(id string) []byte
		header              http.Header
	}{
		{"native", "/oauth/token", formKind, grant, nil},
		{"celcoin", compatBase + "celcoin/v5/token", formKind, grant, nil},
		{"ondato", compatBase + "ondato/id/connect/token", formKind, grant, nil},
		{"mobbscan", compatBase + "mobbscan/auth/token", asJSON, func(id string) []byte { return []byte(`{"api_key":"` + id + `","api_secret":"a guess"}`) }, nil},
		{"intergiro", compatBase + "intergiro/v3/auth/login", asJSON, func(string) []byte { return []byte(`{"api_key":"a guess"}`) }, nil},
		{"incode", compatBase + "incode/executive/log-in", asJSON, func(id string) []byte {
			return []byte(`{"email":"` + id + `@incode.usher","password":"a guess"}`)
		}, incode},
		{"yente", compatBase + "yente/match/default", asJSON, func(string) []byte { return []byte(`{}`) }, http.Header{"Authorization": {"ApiKey a-guess"}}},
	} {
		client, _, err := w.h.auth.CreateClient(t.Context(), w.own.tenant.ID, auth.NewClient{Dialect: c.dialect, Scopes: everyScope}, usher.Actor{Kind: usher.BySystem})
		w.must(err)
		var statuses []int
		for range 31 {
			status, header, text := w.ask(plainly, http.MethodPost, c.path, c.kind, c.body(client.ID), c.header)
			statuses = append(statuses, status)
			if status != http.StatusTooManyRequests {
				continue
			}
			if seconds, err := strconv.Atoi(header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 15*60+1 {
				t.Errorf("%s: Retry-After %q beside %s", c.dialect, header.Get("Retry-After"), text)
			}
			break
		}
		if n := len(statuses); n < 2 || statuses[0] < 400 || statuses[n-1] != http.StatusTooManyRequests {
			t.Errorf("%s: wrong secrets answer %v", c.dialect, statuses)
		}
	}
}
