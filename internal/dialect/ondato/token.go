package ondato

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// The vendor's scopes.
const (
	idvScope     = "idv_api"
	idvReadScope = "idv_api_readonly"
	kycScope     = "kyc_identifications_api"
	kycReadScope = "kyc_identifications_api_readonly"
)

const (
	tokenLife  = time.Hour
	tokenGrace = 30 * time.Second // clients keep a token for all of its life, by clocks of their own
	mostForm   = 64 << 10         // bytes
	// stampToken is the purpose of the stamps that access tokens are. The stamp holds the token of [usher.Credentials], by which it can be revoked, and
	// the vendor's scopes.
	stampToken = "ondato-token"
)

const (
	tokenPath = "/id/connect/token"
	keysPath  = "/id/.well-known/openid-configuration/jwks"
)

// allowed lists the vendor's scopes that a client may have.
func allowed(c usher.APIClient) []string {
	var all []string
	if c.Has(usher.ScopeWrite) {
		all = append(all, idvScope, kycScope)
	}
	if c.Has(usher.ScopeRead) {
		all = append(all, idvReadScope, kycReadScope)
	}
	return all
}

func (d *dialect) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Pragma", "no-cache")
	t, fault, err := d.grant(w, r)
	switch {
	case err != nil && api.Status(err) != http.StatusUnauthorized:
		d.fail(w, r, err)
	case err != nil:
		_, _, basic := r.BasicAuth()
		status := http.StatusBadRequest
		if basic {
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", `Basic realm="usher"`)
		}
		api.WriteJSON(w, status, tokenRefusal{Error: "invalid_client"})
	case fault != "":
		api.WriteJSON(w, http.StatusBadRequest, tokenRefusal{Error: fault})
	default:
		api.WriteJSON(w, http.StatusOK, t)
	}
}

// grant gives a token, or the word for what is wrong with the request. An error of code unauthenticated says that the client is not known.
func (d *dialect) grant(w http.ResponseWriter, r *http.Request) (t token, fault string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/x-www-form-urlencoded") || r.ParseForm() != nil {
		return t, "invalid_request", nil
	}
	form := r.PostForm
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope"} {
		if len(form[name]) > 1 {
			return t, "invalid_request", nil
		}
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return t, "invalid_request", nil
	default:
		return t, "unsupported_grant_type", nil
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if name, password, ok := r.BasicAuth(); ok {
		id, secret = unescaped(name), unescaped(password)
	}
	client, err := d.Front.Credentials.ClientSecret(r.Context(), Name, id, secret)
	if err != nil {
		return t, "", err
	}
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		scopes = allowed(client)
	}
	if slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(allowed(client), s) }) {
		return t, "invalid_scope", nil
	}
	api.WithPrincipal(r.Context(), api.Principal{Client: client})
	issued, err := d.Front.Credentials.Issue(r.Context(), client, nil, tokenLife+tokenGrace, 0)
	if err != nil {
		return t, "", err
	}
	scope := strings.Join(scopes, " ")
	return token{
		AccessToken: d.Stamps.Stamp(stampToken, issued.Access+" "+scope, issued.ExpiresAt),
		ExpiresIn:   int(tokenLife.Seconds()), TokenType: "Bearer", Scope: scope,
	}, "", nil
}

// unescaped gives a part of Basic credentials, which may be percent-encoded (RFC 6749, section 2.3.1).
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// rights gives what the vendor's scopes mean here, of what the client may do: to read, and with one that is not for reading alone, to write.
func rights(c usher.APIClient, words []string) []usher.Scope {
	all := []usher.Scope{usher.ScopeRead}
	if slices.Contains(words, idvScope) || slices.Contains(words, kycScope) {
		all = append(all, usher.ScopeWrite)
	}
	return slices.DeleteFunc(all, func(s usher.Scope) bool { return !c.Has(s) })
}

// who finds the client behind an access token; the principal's words are the vendor's scopes.
func (d *dialect) who(r *http.Request) (api.Principal, error) {
	unknown := &usher.Error{Code: usher.CodeUnauthenticated, Message: "send a valid access token in the header Authorization, behind the word Bearer"}
	said, err := d.Stamps.Stamped(stampToken, api.BearerToken(r))
	if err != nil {
		return api.Principal{}, unknown
	}
	words := strings.Fields(said)
	client, _, err := d.Front.Credentials.Bearer(r.Context(), Name, words[0])
	if api.Status(err) == http.StatusUnauthorized {
		return api.Principal{}, unknown
	}
	return api.Principal{Client: client, Scopes: rights(client, words[1:]), Words: strings.Join(words[1:], " ")}, err
}

func (d *dialect) discover(w http.ResponseWriter, _ *http.Request) {
	api.WriteJSON(w, http.StatusOK, discovery{
		Issuer: d.BaseURL + "/id", TokenEndpoint: d.BaseURL + tokenPath, JWKSURI: d.BaseURL + keysPath,
		GrantTypes: []string{"client_credentials"}, AuthMethods: []string{"client_secret_post", "client_secret_basic"},
		Scopes: []string{idvScope, idvReadScope, kycScope, kycReadScope},
	})
}

// keys lists the keys that a token could be checked with by others: none, since only this server can.
func (d *dialect) keys(w http.ResponseWriter, _ *http.Request) {
	api.WriteJSON(w, http.StatusOK, map[string][]struct{}{"keys": {}})
}
