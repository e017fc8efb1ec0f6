package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// NewClient is what is needed to make an API client. No scopes means all but admin.
type NewClient struct {
	Dialect        string
	Name           string
	Scopes         []usher.Scope
	DefaultFlow    string
	ReturnURLs     []string
	FrameAncestors []string
}

// Client is an API client as a list shows it. Last4 are the last four characters of its secret, to tell two apart.
type Client struct {
	usher.APIClient
	Last4 string `json:"last4"`
	// Generation rises when the secret is rotated. Sign-ins carry that of their time and are worth nothing in a later one.
	Generation int `json:"generation"`
}

// CreateClient makes an API client and its secret, which is given out this once. In dialects whose vendor hands out a single key the
// secret is that key.
func (a *Auth) CreateClient(ctx context.Context, tenant string, n NewClient, by usher.Actor) (usher.APIClient, string, error) {
	if strings.TrimSpace(n.Dialect) == "" {
		return usher.APIClient{}, "", usher.Invalid("dialect", "say which dialect the client speaks")
	}
	known := []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin}
	if len(n.Scopes) == 0 {
		n.Scopes = known[:3]
	}
	for _, s := range n.Scopes {
		if !slices.Contains(known, s) {
			return usher.APIClient{}, "", usher.Invalid("scopes", "use read, write, decide and admin")
		}
	}
	now := a.now()
	c := Client{APIClient: usher.APIClient{
		ID: newID(now), TenantID: tenant, Dialect: n.Dialect, Name: strings.TrimSpace(n.Name), Scopes: slices.Clone(n.Scopes),
		DefaultFlow: n.DefaultFlow, ReturnURLs: n.ReturnURLs, FrameAncestors: n.FrameAncestors, CreatedAt: now,
	}}
	secret, err := a.giveSecret(ctx, &c)
	if err != nil {
		return usher.APIClient{}, "", err
	}
	return c.APIClient, secret, a.audit(ctx, tenant, by, "client.created", c.ID, n.Dialect)
}

// RotateClient gives a client a new secret. The old one, and every token that was issued with it, is refused from now on.
func (a *Auth) RotateClient(ctx context.Context, tenant, id string, by usher.Actor) (string, error) {
	row, err := a.store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.TenantID != tenant) {
		return "", usher.NotFound("API client")
	}
	if err != nil {
		return "", fmt.Errorf("read client: %w", err)
	}
	c, err := decodeClient(row)
	if err != nil {
		return "", err
	}
	c.Generation++
	secret, err := a.giveSecret(ctx, &c)
	if err != nil {
		return "", err
	}
	return secret, a.audit(ctx, tenant, by, "client.rotated", id, "")
}

// giveSecret draws a secret for a client and writes both.
func (a *Auth) giveSecret(ctx context.Context, c *Client) (string, error) {
	t, err := a.tenant(ctx, c.TenantID)
	if err != nil {
		return "", err
	}
	secret := newClientSecret(t.Mode)
	if a.uuidKey(c.Dialect) {
		secret = newUUID()
	}
	c.Last4 = secret[len(secret)-4:]
	doc, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode client: %w", err)
	}
	row := store.ClientRow{
		ID: c.ID, TenantID: c.TenantID, Dialect: c.Dialect, SecretHash: digest(secret), Doc: doc, CreatedAt: c.CreatedAt,
	}
	if err := a.store.PutClient(ctx, row); err != nil {
		return "", fmt.Errorf("write client: %w", err)
	}
	a.memory.forget()
	return secret, nil
}

// Clients lists a tenant's API clients, oldest first.
func (a *Auth) Clients(ctx context.Context, tenant string) ([]Client, error) {
	rows, err := a.store.Clients(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	list := make([]Client, len(rows))
	for i, row := range rows {
		if list[i], err = decodeClient(row); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ClientSecret gives the client for an id and secret; see [usher.Credentials].
func (a *Auth) ClientSecret(ctx context.Context, dialect, id, secret string) (usher.APIClient, error) {
	if id == "" || !a.wellFormedKey(dialect, secret) {
		return usher.APIClient{}, unauthenticated("")
	}
	row, err := a.store.Client(ctx, id)
	return knownClient(row, err, dialect, secret)
}

// APIKey gives the client for a key that is id and secret in one; see [usher.Credentials].
func (a *Auth) APIKey(ctx context.Context, dialect, key string) (usher.APIClient, error) {
	if !a.wellFormedKey(dialect, key) {
		return usher.APIClient{}, unauthenticated("")
	}
	hash := digest(key)
	if k, ok := a.memory.find(hash); ok && k.dialect == dialect && k.ends.IsZero() {
		return k.client, nil
	}
	row, err := a.store.ClientBySecret(ctx, dialect, hash)
	c, err := knownClient(row, err, dialect, key)
	if err == nil {
		a.memory.keep(hash, known{dialect: dialect, client: c})
	}
	return c, err
}

// Client gives a tenant's API client; see [usher.Credentials].
func (a *Auth) Client(ctx context.Context, tenant, id string) (usher.APIClient, error) {
	row, err := a.store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.TenantID != tenant) {
		return usher.APIClient{}, usher.NotFound("API client")
	}
	if err != nil {
		return usher.APIClient{}, fmt.Errorf("read client: %w", err)
	}
	c, err := decodeClient(row)
	return c.APIClient, err
}

func knownClient(row store.ClientRow, err error, dialect, secret string) (usher.APIClient, error) {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return usher.APIClient{}, fmt.Errorf("read client: %w", err)
	}
	// An unknown id is compared as well, with nothing, so that it takes as long as a wrong secret.
	same := subtle.ConstantTimeCompare(row.SecretHash, digest(secret)) == 1
	if err != nil || !same || row.Dialect != dialect {
		return usher.APIClient{}, unauthenticated("")
	}
	c, err := decodeClient(row)
	return c.APIClient, err
}

func (a *Auth) tenant(ctx context.Context, id string) (usher.Tenant, error) {
	t, err := a.store.Tenant(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return t, usher.NotFound("tenant")
	}
	if err != nil {
		return t, fmt.Errorf("read tenant: %w", err)
	}
	return t, nil
}

func decodeClient(row store.ClientRow) (Client, error) {
	var c Client
	if err := json.Unmarshal(row.Doc, &c); err != nil {
		return Client{}, fmt.Errorf("decode client: %w", err)
	}
	return c, nil
}
