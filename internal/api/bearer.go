package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// Principal is who calls: an API client, with the scopes of the token it showed.
type Principal struct {
	Client usher.APIClient
	Scopes []usher.Scope
	// SessionID is that of the session whose applicant calls, for vendors whose APIs an applicant's browser calls with a token of its own.
	SessionID string
	Words     string // the vendor's own scopes, where it has some
}

// Tenant gives the id of the tenant that everything the principal may see belongs to.
func (p Principal) Tenant() string { return p.Client.TenantID }

// Actor gives the principal as the author of a command.
func (p Principal) Actor() usher.Actor { return usher.Actor{Kind: usher.ByClient, ID: p.Client.ID} }

// Caller gives the principal as one who asks, for [usher.Can].
func (p Principal) Caller() usher.Caller {
	who := usher.Caller{Actor: p.Actor(), TenantID: p.Tenant(), Scopes: p.Scopes, SessionID: p.SessionID}
	if p.SessionID != "" {
		who.Actor = usher.Actor{Kind: usher.ByApplicant}
	}
	return who
}

// Need gives an error of code forbidden that names the scope, unless the token has it.
func (p Principal) Need(s usher.Scope) error {
	if slices.Contains(p.Scopes, s) {
		return nil
	}
	return ScopeMissing(s)
}

// ScopeMissing is the error of a caller whose token lacks a scope.
func ScopeMissing(s usher.Scope) *usher.Error {
	return &usher.Error{
		Code: usher.CodeForbidden, Detail: DetailScope,
		Message: "this needs the scope " + string(s) + ", which the token does not have",
	}
}

type principalKey struct{}

// WithPrincipal puts a principal into a context. [Front] does it for every request with a token; a sign-in route that finds its client by
// other means does it for the access log and the limits behind it.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	rec := recordOf(ctx)
	rec.tenant, rec.client = p.Client.TenantID, p.Client.ID
	return context.WithValue(usher.Acting(ctx, p.Caller().Actor), principalKey{}, p)
}

// PrincipalFrom gives the principal of a request, and whether there is one.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// BearerToken gives the token of the Authorization header (RFC 6750, section 2.1), or "". A token in the address or in a form is not looked
// for: addresses end up in logs.
func BearerToken(r *http.Request) string {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// bearer finds the client behind each request's token and refuses a request without one.
func bearer(f Front, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.Open != nil && f.Open(r) {
			next.ServeHTTP(w, r)
			return
		}
		p, err := f.principal(r)
		if err != nil {
			if Status(err) == http.StatusUnauthorized && f.Who == nil {
				w.Header().Set("WWW-Authenticate", `Bearer realm="usher"`)
			}
			f.Fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithPrincipal(r.Context(), p)))
	})
}

func (f Front) principal(r *http.Request) (Principal, error) {
	if f.Who != nil {
		return f.Who(r)
	}
	token := BearerToken(r)
	if token == "" {
		return Principal{}, &usher.Error{
			Code: usher.CodeUnauthenticated, Message: "send an access token in the header Authorization: Bearer <token>",
		}
	}
	client, scopes, err := f.Credentials.Bearer(r.Context(), f.Dialect, token)
	return Principal{Client: client, Scopes: scopes}, err
}
