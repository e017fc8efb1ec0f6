package main

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/dialect/native"
)

// deskKeys lets administrators make credentials at the desk.
type deskKeys struct{ *house }

var _ desk.Keys = deskKeys{}

// Offers gives every way in which a client can be set up.
func (k deskKeys) Offers() []desk.Offer {
	var events []string
	for _, t := range usher.EventTypes() {
		events = append(events, string(t))
	}
	list := []desk.Offer{{Name: native.Name, Dialect: native.Name, Messages: events}}
	for _, d := range k.dialects {
		for _, o := range d.Offers {
			list = append(list, desk.Offer{Name: o.Name, Dialect: d.Name, Messages: d.Events, Signature: d.Delivery.Sign != nil})
		}
	}
	return list
}

// Clients lists a tenant's API clients.
func (k deskKeys) Clients(ctx context.Context, tenant string) ([]desk.Client, error) {
	all, err := k.auth.Clients(ctx, tenant)
	list := make([]desk.Client, len(all))
	for i, c := range all {
		list[i] = desk.Client{APIClient: c.APIClient, DisabledAt: c.DisabledAt}
		for _, s := range c.Secrets {
			list[i].Secrets = append(list[i].Secrets, desk.Secret(s))
		}
	}
	return list, err
}

// Ending counts a tenant's API clients that end before a time.
func (k deskKeys) Ending(ctx context.Context, tenant string, before time.Time) (int, error) {
	return k.auth.Ending(ctx, tenant, before)
}

// CreateClient makes an API client and tells its credentials.
func (k deskKeys) CreateClient(ctx context.Context, tenant string, n desk.NewClient, by usher.Actor) (map[string]string, error) {
	given := auth.NewClient{Name: n.Name, DefaultFlow: n.Flow, ReturnURLs: n.ReturnURLs, FrameAncestors: n.FrameAncestors}
	if n.Offer == native.Name {
		given.Dialect = native.Name
		if given.DefaultFlow == "" {
			given.DefaultFlow = flowOnboarding
		}
		c, secret, err := k.auth.CreateClient(ctx, tenant, given, by)
		return map[string]string{"token_url": k.settings.URL + "/oauth/token", "client_id": c.ID, "client_secret": secret}, err
	}
	for _, d := range k.dialects {
		i := slices.IndexFunc(d.Offers, func(o api.Offer) bool { return o.Name == n.Offer })
		if i < 0 {
			continue
		}
		logins, err := k.makeLogins(ctx, tenant, d, d.Offers[i], given, by)
		if err != nil {
			return nil, err
		}
		return d.Tell(logins), nil
	}
	return nil, usher.NotFound("offer")
}

// RotateClient gives an API client a new secret.
func (k deskKeys) RotateClient(ctx context.Context, tenant, id string, overlap time.Duration, by usher.Actor) (map[string]string, error) {
	secret, err := k.auth.RotateClient(ctx, tenant, id, overlap, by)
	return map[string]string{"client_id": id, "secret": secret}, err
}

// RevokeClient ends an API client for good.
func (k deskKeys) RevokeClient(ctx context.Context, tenant, id string, by usher.Actor) error {
	return k.auth.RevokeClient(ctx, tenant, id, by)
}

// AllowClient binds an API client to networks.
func (k deskKeys) AllowClient(ctx context.Context, tenant, id string, from []netip.Prefix, by usher.Actor) error {
	return k.auth.AllowClient(ctx, tenant, id, from, by)
}

// ExpireClient says when an API client ends.
func (k deskKeys) ExpireClient(ctx context.Context, tenant, id string, at time.Time, by usher.Actor) error {
	return k.auth.ExpireClient(ctx, tenant, id, at, by)
}

// apiKeys lets clients that administer make credentials by the native API.
type apiKeys struct{ *auth.Auth }

var _ native.Clients = apiKeys{}

// Clients lists a tenant's API clients.
func (k apiKeys) Clients(ctx context.Context, tenant string) ([]native.KeptClient, error) {
	all, err := k.Auth.Clients(ctx, tenant)
	list := make([]native.KeptClient, len(all))
	for i, c := range all {
		list[i] = native.KeptClient{APIClient: c.APIClient, RevokedAt: c.DisabledAt}
		for _, s := range c.Secrets {
			list[i].Secrets = append(list[i].Secrets, native.KeptSecret(s))
		}
	}
	return list, err
}

// CreateClient makes an API client.
func (k apiKeys) CreateClient(ctx context.Context, tenant string, c usher.APIClient, by usher.Actor) (usher.APIClient, string, error) {
	return k.Auth.CreateClient(ctx, tenant, auth.NewClient{
		Dialect: c.Dialect, Name: c.Name, Scopes: c.Scopes, DefaultFlow: c.DefaultFlow, ReturnURLs: c.ReturnURLs, AllowFrom: c.AllowFrom, ExpiresAt: c.ExpiresAt,
	}, by)
}
