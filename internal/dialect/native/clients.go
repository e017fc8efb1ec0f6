package native

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Clients keeps the credentials of API clients, the same that the desk shows.
type Clients interface {
	// Clients lists a tenant's clients, oldest first.
	Clients(ctx context.Context, tenant string) ([]KeptClient, error)
	// CreateClient makes one as it is described, but for its id and times, and gives its secret this once.
	CreateClient(ctx context.Context, tenant string, c usher.APIClient, by usher.Actor) (usher.APIClient, string, error)
	// RotateClient gives a client a new secret; the old one is good for the overlap.
	RotateClient(ctx context.Context, tenant, id string, overlap time.Duration, by usher.Actor) (string, error)
	// RevokeClient ends a client for good, AllowClient binds it to networks, ExpireClient says when it ends.
	RevokeClient(ctx context.Context, tenant, id string, by usher.Actor) error
	AllowClient(ctx context.Context, tenant, id string, from []netip.Prefix, by usher.Actor) error
	ExpireClient(ctx context.Context, tenant, id string, at time.Time, by usher.Actor) error
}

// KeptClient is a client with those of its secrets that have not ended, the newest first.
type KeptClient struct {
	usher.APIClient
	RevokedAt time.Time
	Secrets   []KeptSecret
}

// KeptSecret is what is known of a secret.
type KeptSecret struct {
	No                        int64
	Last4                     string
	CreatedAt, EndsAt, UsedAt time.Time
}

const (
	tagClients  = "clients"
	clientPath  = "/v1/clients/{id}"
	aDay        = 24 * 60 * 60 // s: the usual overlap of two secrets
	mostOverlap = 30 * aDay
)

func (s *server) clientRoutes() {
	add := func(method, path, id, summary, about string, may usher.Action) route {
		return route{method: method, path: path, id: id, tag: tagClients, may: may, summary: summary, about: about}
	}
	const within = " Nobody makes more than they are: scopes, networks and end of the client have to lie within those of the token that asks (403)."
	handle(s, add(http.MethodGet, "/v1/clients", "list_clients", "List API clients",
		"Those of every dialect, revoked ones among them. Secrets are not shown; the last four characters tell two apart.", usher.ActManageKeys), s.listClients)
	create := add(http.MethodPost, "/v1/clients", "create_client", "Make an API client",
		"The answer holds its secret, which is shown only now. It speaks the native API; clients of vendors' contracts are made at the desk."+within, usher.ActConnect)
	create.status = http.StatusCreated
	handle(s, create, s.createClient)
	handle(s, add(http.MethodGet, clientPath, "get_client", "Read an API client", "", usher.ActManageKeys), s.getClient)
	handle(s, add(http.MethodPatch, clientPath, "update_client", "Bound an API client", "Members that are left out stay. An end is taken away at the desk alone."+within,
		usher.ActManageKeys), s.updateClient)
	handle(s, add(http.MethodPost, clientPath+"/rotate_secret", "rotate_client_secret", "Make a new secret",
		"The answer holds the new secret, which is shown only now. The one before, and its tokens, are good for the overlap; older ones end at once. A client may rotate itself."+within,
		usher.ActConnect), s.rotateClient)
	remove := add(http.MethodDelete, clientPath, "revoke_client", "End an API client", "Its secrets and tokens are refused from now on, for good.", usher.ActManageKeys)
	remove.status = http.StatusNoContent
	handle(s, remove, s.revokeClient)
}

// Client is an API client.
type Client struct {
	ID          string         `json:"id" doc:"Id, which it signs in with." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e64"`
	Name        string         `json:"name" doc:"What people call it." example:"Back office"`
	Dialect     string         `json:"dialect" doc:"Which API it speaks." example:"native"`
	Scopes      []string       `json:"scopes" nullable:"false" doc:"What it may do: read, write, decide, admin." example:"[\"read\",\"write\"]"`
	DefaultFlow string         `json:"default_flow,omitempty" doc:"Flow of sessions that name none." example:"onboarding"`
	ReturnURLs  []string       `json:"return_urls" nullable:"false" doc:"Beginnings of the addresses that applicants may be sent back to." example:"[\"https://client.example/done\"]"`
	AllowFrom   []string       `json:"allow_from" nullable:"false" doc:"Networks it may call from; none is everywhere." example:"[\"192.0.2.0/24\"]"`
	ExpiresAt   stamp          `json:"expires_at,omitzero" doc:"When it ends."`
	RevokedAt   stamp          `json:"revoked_at,omitzero" doc:"When it was ended for good."`
	CreatedAt   stamp          `json:"created_at" doc:"When it was made."`
	Secrets     []ClientSecret `json:"secrets" nullable:"false" doc:"Its secrets that have not ended, the newest first."`
}

// ClientSecret is what is known of a client's secret.
type ClientSecret struct {
	Last4     string `json:"last4" doc:"Its last four characters." example:"x7Qa"`
	CreatedAt stamp  `json:"created_at" doc:"When it was made."`
	EndsAt    stamp  `json:"ends_at,omitzero" doc:"When it ends, another having taken its place."`
	UsedAt    stamp  `json:"used_at,omitzero" doc:"When it was last signed in with, to a minute."`
}

// secretClient is a client with the secret that is shown once.
type secretClient struct {
	Client

	Secret string `json:"secret" doc:"Its secret. Shown only now." example:"ush_sk_live_…"`
}

func clientOf(c KeptClient) Client {
	return Client{
		ID: c.ID, Name: c.Name, Dialect: c.Dialect, Scopes: text(c.Scopes), DefaultFlow: c.DefaultFlow, ReturnURLs: text(c.ReturnURLs),
		AllowFrom: each(c.AllowFrom, netip.Prefix.String), ExpiresAt: stamp{c.ExpiresAt}, RevokedAt: stamp{c.RevokedAt}, CreatedAt: stamp{c.CreatedAt},
		Secrets: each(c.Secrets, func(k KeptSecret) ClientSecret {
			return ClientSecret{Last4: k.Last4, CreatedAt: stamp{k.CreatedAt}, EndsAt: stamp{k.EndsAt}, UsedAt: stamp{k.UsedAt}}
		}),
	}
}

// withinOwn refuses what would give who asks, or whoever they hand the secret to, more than they have by their token.
func withinOwn(p api.Principal, c usher.APIClient) error {
	beyond := func(field, message string) error {
		return &usher.Error{Code: usher.CodeForbidden, Detail: api.DetailScope, Field: field, Message: message}
	}
	for _, s := range c.Scopes {
		if !slices.Contains(p.Scopes, s) {
			return beyond("scopes", "this needs the scope "+string(s)+", which the token does not have")
		}
	}
	mine := p.Client
	inside := func(n netip.Prefix) bool {
		return slices.ContainsFunc(mine.AllowFrom, func(m netip.Prefix) bool { return m.Bits() <= n.Bits() && m.Contains(n.Addr()) })
	}
	outside := len(c.AllowFrom) == 0 || slices.ContainsFunc(c.AllowFrom, func(n netip.Prefix) bool { return !inside(n) })
	switch {
	case len(mine.AllowFrom) > 0 && outside:
		return beyond("allow_from", "name networks within those that you may call from yourself")
	case !mine.ExpiresAt.IsZero() && (c.ExpiresAt.IsZero() || c.ExpiresAt.After(mine.ExpiresAt)):
		return beyond("expires_at", "may not be later than your own end")
	}
	return nil
}

// readNetworks reads networks as they are written in JSON.
func readNetworks(words []string) ([]netip.Prefix, error) {
	list := make([]netip.Prefix, len(words))
	for i, w := range words {
		var err error
		if list[i], err = netip.ParsePrefix(w); err != nil {
			return nil, usher.Invalid("allow_from", "write networks as 192.0.2.0/24 or 2001:db8::/48, with nothing behind the mask")
		}
	}
	return list, nil
}

func (s *server) findClient(ctx context.Context, p api.Principal, id string) (KeptClient, error) {
	all, err := s.Clients.Clients(ctx, p.Tenant())
	if err != nil {
		return KeptClient{}, err
	}
	i := slices.IndexFunc(all, func(c KeptClient) bool { return c.ID == id })
	if i < 0 {
		return KeptClient{}, usher.NotFound("API client")
	}
	return all[i], nil
}

func (s *server) listClients(ctx context.Context, p api.Principal, _ *struct{}) (*answer[page[Client]], error) {
	all, err := s.Clients.Clients(ctx, p.Tenant())
	if err != nil {
		return nil, err
	}
	return &answer[page[Client]]{Body: page[Client]{Data: each(all, clientOf)}}, nil
}

func (s *server) getClient(ctx context.Context, p api.Principal, in *ByID) (*answer[Client], error) {
	c, err := s.findClient(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[Client]{Body: clientOf(c)}, nil
}

type newClient struct {
	Name        string   `json:"name" minLength:"1" maxLength:"100" doc:"What people call it." example:"Back office"`
	Scopes      []string `json:"scopes" nullable:"false" minItems:"1" maxItems:"4" doc:"What it may do: read, write, decide, admin." example:"[\"read\"]"`
	DefaultFlow string   `json:"default_flow,omitempty" maxLength:"100" doc:"Flow of sessions that name none; left out, yours." example:"onboarding"`
	ReturnURLs  []string `json:"return_urls,omitempty" nullable:"false" maxItems:"50" doc:"Beginnings of the addresses that applicants may be sent back to." example:"[\"https://client.example/done\"]"`
	AllowFrom   []string `json:"allow_from,omitempty" nullable:"false" maxItems:"50" doc:"Networks it may call from; left out, everywhere." example:"[\"127.0.0.0/8\"]"`
	ExpiresAt   stamp    `json:"expires_at,omitzero" doc:"When it ends; left out, never."`
}

func (s *server) createClient(ctx context.Context, p api.Principal, in *struct{ Body newClient }) (*made[secretClient], error) {
	b := in.Body
	networks, err := readNetworks(b.AllowFrom)
	if err != nil {
		return nil, err
	}
	c := usher.APIClient{
		Dialect: Name, Name: b.Name, DefaultFlow: b.DefaultFlow, ReturnURLs: b.ReturnURLs, AllowFrom: networks, ExpiresAt: b.ExpiresAt.Time,
		Scopes: each(b.Scopes, func(w string) usher.Scope { return usher.Scope(w) }),
	}
	for _, u := range b.ReturnURLs {
		if err := target("return_urls", u, s.PlainHTTP); err != nil {
			return nil, err
		}
	}
	if c.DefaultFlow == "" {
		c.DefaultFlow = p.Client.DefaultFlow
	} else if _, err := s.Service.Flow(ctx, p.Tenant(), c.DefaultFlow); err != nil {
		return nil, usher.Invalid("default_flow", "names no flow of yours")
	}
	if err := withinOwn(p, c); err != nil {
		return nil, err
	}
	c, secret, err := s.Clients.CreateClient(ctx, p.Tenant(), c, p.Actor())
	if err != nil {
		return nil, err
	}
	kept, err := s.findClient(ctx, p, c.ID)
	return &made[secretClient]{Location: "/v1/clients/" + c.ID, Body: secretClient{Client: clientOf(kept), Secret: secret}}, err
}

type clientPatch struct {
	AllowFrom *[]string `json:"allow_from,omitempty" nullable:"false" maxItems:"50" doc:"Networks it may call from; [] is everywhere." example:"[\"127.0.0.0/8\"]"`
	ExpiresAt stamp     `json:"expires_at,omitzero" doc:"When it ends."`
}

type updateClientInput struct {
	ByID

	Body clientPatch
}

func (s *server) updateClient(ctx context.Context, p api.Principal, in *updateClientInput) (*answer[Client], error) {
	c, err := s.findClient(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	b, after := in.Body, c.APIClient
	if b.AllowFrom != nil {
		if after.AllowFrom, err = readNetworks(*b.AllowFrom); err != nil {
			return nil, err
		}
	}
	if !b.ExpiresAt.IsZero() {
		after.ExpiresAt = b.ExpiresAt.Time
	}
	if err := withinOwn(p, after); err != nil {
		return nil, err
	}
	if b.AllowFrom != nil {
		if err := s.Clients.AllowClient(ctx, p.Tenant(), c.ID, after.AllowFrom, p.Actor()); err != nil {
			return nil, err
		}
	}
	if !b.ExpiresAt.IsZero() {
		if err := s.Clients.ExpireClient(ctx, p.Tenant(), c.ID, after.ExpiresAt, p.Actor()); err != nil {
			return nil, err
		}
	}
	return s.getClient(ctx, p, &in.ByID)
}

type rotateBody struct {
	Overlap *int64 `json:"overlap,omitempty" minimum:"0" maximum:"2592000" doc:"Seconds that the secret before is still good; left out, a day; 0 ends it at once." example:"86400"`
}

type rotateClientInput struct {
	ByID

	Body *rotateBody
}

func (s *server) rotateClient(ctx context.Context, p api.Principal, in *rotateClientInput) (*answer[secretClient], error) {
	c, err := s.findClient(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	if err := withinOwn(p, c.APIClient); err != nil {
		return nil, err
	}
	overlap := int64(aDay)
	if in.Body != nil && in.Body.Overlap != nil {
		overlap = min(*in.Body.Overlap, mostOverlap)
	}
	secret, err := s.Clients.RotateClient(ctx, p.Tenant(), c.ID, time.Duration(overlap)*time.Second, p.Actor())
	if err != nil {
		return nil, err
	}
	c, err = s.findClient(ctx, p, in.ID)
	return &answer[secretClient]{Body: secretClient{Client: clientOf(c), Secret: secret}}, err
}

func (s *server) revokeClient(ctx context.Context, p api.Principal, in *ByID) (*struct{}, error) {
	return nil, s.Clients.RevokeClient(ctx, p.Tenant(), in.ID, p.Actor())
}
