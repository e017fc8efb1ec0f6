package native

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const (
	tokenPath       = "/oauth/token"
	tokenOperation  = "create_token"
	tokenLife       = time.Hour
	revokePath      = "/oauth/revoke"
	revokeOperation = "revoke_token"
)

// scopes lists the scopes with what they allow.
func scopes() map[string]string {
	return map[string]string{
		string(usher.ScopeRead):   "Read anything of the tenant.",
		string(usher.ScopeWrite):  "Create applicants and sessions and go on with them.",
		string(usher.ScopeDecide): "Decide on sessions.",
		string(usher.ScopeAdmin):  "Erase applicants, administer webhook endpoints and flows.",
	}
}

type tokenRequest struct {
	GrantType    string `json:"grant_type" maxLength:"100" doc:"Always client_credentials." example:"client_credentials"`
	ClientID     string `json:"client_id,omitempty" maxLength:"200" doc:"Id of the API client, unless it is in the Authorization header (Basic)." example:"cli_test_4kq2"`
	ClientSecret string `json:"client_secret,omitempty" maxLength:"200" doc:"Secret of the API client, unless it is in the Authorization header (Basic)." example:"ush_sk_test_4kq2"`
	Scope        string `json:"scope,omitempty" maxLength:"200" doc:"Scopes wanted, with spaces between them; left out, all that the client has." example:"read write"`
}

type tokenInput struct {
	Authorization string `header:"Authorization" hidden:"true"`
	Body          tokenRequest
}

type token struct {
	AccessToken string `json:"access_token" doc:"Send it in the header Authorization: Bearer <token>." example:"ush_at_test_4kq2"`
	TokenType   string `json:"token_type" enum:"Bearer" doc:"How it is sent." example:"Bearer"`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds until it ends." example:"3600"`
	Scope       string `json:"scope" doc:"Scopes it has, with spaces between them." example:"read write"`
}

func (s *server) tokenRoutes() {
	handle(s, route{
		method: http.MethodPost, path: tokenPath, id: tokenOperation, tag: "token", summary: "Get an access token",
		about: "OAuth 2.0 client credentials (RFC 6749, section 4.4). Id and secret come in the header `Authorization: Basic` or in the body, " +
			"which is a form or JSON. Errors are problems that also carry the `error` member OAuth libraries look for.",
	}, s.createToken)
	handle(s, route{
		method: http.MethodPost, path: revokePath, id: revokeOperation, tag: "token", summary: "Revoke a token",
		about: "Ends an access token at once (RFC 7009). Id and secret of the client come as for getting one. A token that is unknown, or another " +
			"client's, is answered in the same way.",
	}, s.revokeToken)
	// A form means the same as the object, so it has the same shape.
	for _, path := range []string{tokenPath, revokePath} {
		body := s.api.OpenAPI().Paths[path].Post.RequestBody
		body.Content[formType] = &huma.MediaType{Schema: body.Content[jsonType].Schema}
	}
}

type revokeRequest struct {
	Token        string `json:"token" minLength:"1" maxLength:"200" doc:"The token to end." example:"ush_at_test_4kq2"`
	Hint         string `json:"token_type_hint,omitempty" maxLength:"100" doc:"What it is; not needed." example:"access_token"`
	ClientID     string `json:"client_id,omitempty" maxLength:"200" doc:"Id of the API client, unless it is in the Authorization header (Basic)." example:"cli_test_4kq2"`
	ClientSecret string `json:"client_secret,omitempty" maxLength:"200" doc:"Secret of the API client, unless it is in the Authorization header (Basic)." example:"ush_sk_test_4kq2"`
}

type revokeInput struct {
	Authorization string `header:"Authorization" hidden:"true"`
	Body          revokeRequest
}

type revoked struct{}

func (s *server) revokeToken(ctx context.Context, _ api.Principal, in *revokeInput) (*answer[revoked], error) {
	client, err := s.signIn(ctx, in.Authorization, in.Body.ClientID, in.Body.ClientSecret)
	if err != nil {
		return nil, err
	}
	return &answer[revoked]{}, s.Credentials.Revoke(ctx, client, in.Body.Token)
}

// signIn gives the client whose id and secret a request shows, by Basic or in its body.
func (s *server) signIn(ctx context.Context, authorization, id, secret string) (usher.APIClient, error) {
	if authorization != "" {
		var ok bool
		if id, secret, ok = basic(authorization); !ok {
			return usher.APIClient{}, &usher.Error{Code: usher.CodeUnauthenticated, Message: "the header Authorization is not a readable Basic one"}
		}
	}
	if id == "" || secret == "" {
		return usher.APIClient{}, &usher.Error{
			Code: usher.CodeUnauthenticated, Message: "send client_id and client_secret in the body or by Basic authentication",
		}
	}
	client, err := s.Credentials.ClientSecret(ctx, Name, id, secret)
	if err == nil {
		api.WithPrincipal(ctx, api.Principal{Client: client})
	}
	return client, err
}

func (s *server) createToken(ctx context.Context, _ api.Principal, in *tokenInput) (*answer[token], error) {
	if in.Body.GrantType != "client_credentials" {
		e := api.Malformed("grant_type", "must be client_credentials")
		e.Detail = detailGrant
		return nil, e
	}
	client, err := s.signIn(ctx, in.Authorization, in.Body.ClientID, in.Body.ClientSecret)
	if err != nil {
		return nil, err
	}
	granted, err := grant(client, in.Body.Scope)
	if err != nil {
		return nil, err
	}
	t, err := s.Credentials.Issue(ctx, client, granted, tokenLife, 0)
	if err != nil {
		return nil, err
	}
	return &answer[token]{Body: token{
		AccessToken: t.Access, TokenType: "Bearer", ExpiresIn: int(tokenLife.Seconds()), Scope: strings.Join(text(granted), " "),
	}}, nil
}

// grant gives the scopes asked for, or all of the client's when none were.
func grant(c usher.APIClient, asked string) ([]usher.Scope, error) {
	if strings.TrimSpace(asked) == "" {
		return c.Scopes, nil
	}
	var granted []usher.Scope
	for word := range strings.FieldsSeq(asked) {
		if !c.Has(usher.Scope(word)) {
			e := api.Malformed("scope", "asks for a scope that this client does not have; it has: "+strings.Join(text(c.Scopes), " "))
			e.Detail = detailScope
			return nil, e
		}
		granted = append(granted, usher.Scope(word))
	}
	return granted, nil
}

// basic reads an Authorization header; id and secret may be percent-encoded (RFC 6749, section 2.3.1).
func basic(header string) (id, secret string, ok bool) {
	r := http.Request{Header: http.Header{"Authorization": []string{header}}}
	id, secret, ok = r.BasicAuth()
	if plain, err := url.QueryUnescape(id); err == nil {
		id = plain
	}
	if plain, err := url.QueryUnescape(secret); err == nil {
		secret = plain
	}
	return id, secret, ok
}

// tokenProblem is a problem with the members that an OAuth library looks for (RFC 6749, section 5.2).
type tokenProblem struct {
	api.Problem

	Error       string `json:"error"`
	Description string `json:"error_description"`
}

const (
	detailGrant = "unsupported_grant_type"
	detailScope = "invalid_scope"
)

func oauthProblem(p api.Problem) tokenProblem {
	// The RFC knows 400 and 401 alone for what is wrong with a request.
	if p.Status == http.StatusUnprocessableEntity {
		p.Status, p.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
	}
	out := tokenProblem{Problem: p, Error: "invalid_request", Description: p.Detail}
	switch {
	case p.Status == http.StatusUnauthorized:
		out.Error = "invalid_client"
	case p.Status >= http.StatusInternalServerError:
		out.Error = "server_error"
	case len(p.Errors) > 0 && (p.Errors[0].Code == detailGrant || p.Errors[0].Code == detailScope):
		out.Error = p.Errors[0].Code
	}
	return out
}
