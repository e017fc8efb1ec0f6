package webhook

import (
	"context"
	"net/http"
	"slices"
	"strings"

	usher "github.com/usher-kyc/usher"
)

// The types of usher.EndpointAuth. The empty type is none.
const (
	AuthNone   = "none"
	AuthBasic  = "basic"
	AuthHeader = "header"
	AuthOAuth2 = "oauth2"
	AuthHMAC   = "hmac" // the signature of the dialect's vendor
)

// CheckAuth tells whether an endpoint's authentication may be registered, with the rules of production or of dev mode for its token
// address. The error is an *usher.Error for the field at fault, below auth.
func CheckAuth(a usher.EndpointAuth, dev bool) error {
	switch a.Type {
	case "", AuthNone:
		return nil
	case AuthBasic:
		if a.Username == "" || strings.Contains(a.Username, ":") {
			return usher.Invalid("auth.username", "give a user name without a colon")
		}
		return nil
	case AuthHeader:
		if why := headerObjection(a.Name); why != "" {
			return usher.Invalid("auth.name", "%s", why)
		}
		if !isHeaderValue(a.Value) {
			return usher.Invalid("auth.value", "give a value of visible ASCII characters and inner spaces")
		}
		return nil
	case AuthOAuth2:
		if why := (ClientConfig{Dev: dev}).objection(a.TokenURL); why != "" {
			return usher.Invalid("auth.token_url", "%s", why)
		}
		if a.ClientID == "" {
			return usher.Invalid("auth.client_id", "give the client id that the token address knows")
		}
		if a.ClientSecret == "" {
			return usher.Invalid("auth.client_secret", "give the client secret that the token address knows")
		}
		return nil
	case AuthHMAC:
		if len(a.Secret) < minSecretBytes {
			return usher.Invalid("auth.secret", "give a secret of at least %d characters", minSecretBytes)
		}
		return nil
	}
	return usher.Invalid("auth.type", "use none, basic, header, oauth2, or hmac where the dialect knows a signature of its own")
}

// headerObjection says why a header may not be set for an endpoint, or "".
func headerObjection(name string) string {
	if name == "" || strings.Trim(name, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		return "give a header name of letters, digits and hyphens"
	}
	lower := strings.ToLower(name)
	// The first row belongs to a connection and not to a message (RFC 9110 section 7.6.1); the second is ours to set.
	taken := []string{
		"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
		"host", "content-length", "content-type", "content-encoding", "accept-encoding", "expect", "user-agent",
	}
	if slices.Contains(taken, lower) || strings.HasPrefix(lower, "webhook-") {
		return "use another header, such as Authorization or X-Api-Key; this one is set by the sender"
	}
	return ""
}

func isHeaderValue(v string) bool {
	if v == "" || v != strings.TrimSpace(v) {
		return false
	}
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// authenticate sets what proves usher to an endpoint. Stored settings are looked at again, so that a row that came in past CheckAuth cannot
// overwrite the signature.
func authenticate(ctx context.Context, h http.Header, e usher.Endpoint, t *tokens, p Policy) error {
	for name, value := range e.Headers {
		if headerObjection(name) != "" || !isHeaderValue(value) {
			return fault("a header set for this endpoint may not be sent")
		}
		h.Set(name, value)
	}
	switch e.Auth.Type {
	case "", AuthNone:
		return nil
	case AuthBasic:
		r := http.Request{Header: h}
		r.SetBasicAuth(e.Auth.Username, e.Auth.Password)
		return nil
	case AuthHeader:
		if headerObjection(e.Auth.Name) != "" || !isHeaderValue(e.Auth.Value) {
			return fault("the header set for authentication may not be sent")
		}
		h.Set(e.Auth.Name, e.Auth.Value)
		return nil
	case AuthOAuth2:
		token, err := t.get(ctx, e, p.TokenForm)
		if err != nil {
			return err
		}
		h.Set("Authorization", "Bearer "+token)
		return nil
	case AuthHMAC:
		if p.Sign == nil {
			return fault("the dialect of this endpoint has no signature of its own")
		}
		return nil // set beside our own, when the headers are complete
	}
	return fault("the type of authentication is not known")
}
