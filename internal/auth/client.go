package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// MostOverlap is how long an old secret can be good beside the one that takes its place.
const MostOverlap = 30 * 24 * time.Hour

// mostNetworks is how many a client can be bound to.
const mostNetworks = 50

// NewClient is what is needed to make an API client. No scopes means all but admin, no end that it has none, no networks that it may call from
// everywhere.
type NewClient struct {
	Dialect        string
	Name           string
	Scopes         []usher.Scope
	DefaultFlow    string
	ReturnURLs     []string
	FrameAncestors []string
	ExpiresAt      time.Time
	AllowFrom      []netip.Prefix
}

// Client is an API client as a list shows it, with those of its secrets that have not ended, the newest first.
type Client struct {
	usher.APIClient
	DisabledAt time.Time // zero when it is not
	Secrets    []Secret
}

// Secret is what is known of one of a client's secrets. Last4 are its last four characters, to tell two apart.
type Secret struct {
	No        int64 // from 1, the newest is the highest
	Last4     string
	CreatedAt time.Time
	EndsAt    time.Time // zero when nothing has taken its place
	UsedAt    time.Time // when it was last signed in with, to a minute; zero is never
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
	if err := errors.Join(goodEnd(n.ExpiresAt, now), goodNetworks(n.AllowFrom)); err != nil {
		return usher.APIClient{}, "", err
	}
	c := usher.APIClient{
		ID: newID(now), TenantID: tenant, Dialect: n.Dialect, Name: strings.TrimSpace(n.Name), Scopes: slices.Clone(n.Scopes),
		DefaultFlow: n.DefaultFlow, ReturnURLs: n.ReturnURLs, FrameAncestors: n.FrameAncestors, CreatedAt: now,
		ExpiresAt: n.ExpiresAt, AllowFrom: n.AllowFrom, SecretNo: 1,
	}
	secret, row, err := a.newSecret(ctx, c)
	if err != nil {
		return usher.APIClient{}, "", err
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return usher.APIClient{}, "", fmt.Errorf("encode client: %w", err)
	}
	err = a.store.AddClient(ctx, store.ClientRow{
		ID: c.ID, TenantID: tenant, Dialect: c.Dialect, Doc: doc, AllowFrom: networkText(c.AllowFrom), CreatedAt: now, ExpiresAt: c.ExpiresAt,
	}, row, a.clientEntry(tenant, by, "client.created", c.ID, n.Dialect))
	if err != nil {
		return usher.APIClient{}, "", fmt.Errorf("write client: %w", err)
	}
	return c, secret, nil
}

// RotateClient gives a client a new secret. The one before it, and every token that was issued with it, is good for the overlap and refused from
// then on; older ones are refused at once.
func (a *Auth) RotateClient(ctx context.Context, tenant, id string, overlap time.Duration, by usher.Actor) (string, error) {
	if overlap < 0 || overlap > MostOverlap {
		return "", usher.Invalid("overlap", "may be at most %d days", int(MostOverlap.Hours()/24))
	}
	c, err := a.Client(ctx, tenant, id)
	if err != nil {
		return "", err
	}
	now := a.now()
	if err := a.open(c, now); err != nil {
		return "", usher.Conflict("this client is disabled or has expired; make another one")
	}
	had, err := a.store.Secrets(ctx, id, now)
	if err != nil {
		return "", fmt.Errorf("read secrets: %w", err)
	}
	if len(had) == 0 {
		return "", usher.Conflict("this client is disabled; make another one")
	}
	c.SecretNo = had[0].Generation + 1
	secret, row, err := a.newSecret(ctx, c)
	if err != nil {
		return "", err
	}
	err = a.store.AddSecret(ctx, row, now.Add(overlap), a.clientEntry(tenant, by, "client.rotated", id, overlap.String()))
	if errors.Is(err, store.ErrConflict) {
		return "", usher.Conflict("somebody else has rotated this client a moment ago")
	}
	if err != nil {
		return "", fmt.Errorf("write secret: %w", err)
	}
	a.memory.forget()
	return secret, nil
}

// RevokeClient disables a client for good: its secrets and tokens are refused from now on, on other nodes after two seconds at most.
func (a *Auth) RevokeClient(ctx context.Context, tenant, id string, by usher.Actor) error {
	err := a.store.DisableClient(ctx, tenant, id, a.now(), a.clientEntry(tenant, by, "client.revoked", id, ""))
	return a.clientChanged(err)
}

// AllowClient binds a client to networks; none lets it call from everywhere.
func (a *Auth) AllowClient(ctx context.Context, tenant, id string, from []netip.Prefix, by usher.Actor) error {
	if err := goodNetworks(from); err != nil {
		return err
	}
	text := networkText(from)
	return a.clientChanged(a.store.ChangeClient(ctx, tenant, id, store.ClientChange{AllowFrom: &text},
		a.clientEntry(tenant, by, "client.allowed_from", id, text)))
}

// ExpireClient says when a client ends; the zero time is never.
func (a *Auth) ExpireClient(ctx context.Context, tenant, id string, at time.Time, by usher.Actor) error {
	if err := goodEnd(at, a.now()); err != nil {
		return err
	}
	detail := "never"
	if !at.IsZero() {
		detail = at.UTC().Format(time.RFC3339)
	}
	return a.clientChanged(a.store.ChangeClient(ctx, tenant, id, store.ClientChange{ExpiresAt: &at}, a.clientEntry(tenant, by, "client.expires", id, detail)))
}

// clientChanged is the end of a change of a client: this node knows of it at once.
func (a *Auth) clientChanged(err error) error {
	a.memory.forget()
	if errors.Is(err, store.ErrNotFound) {
		return usher.NotFound("API client")
	}
	if err != nil {
		return fmt.Errorf("change client: %w", err)
	}
	return nil
}

func (a *Auth) clientEntry(tenant string, by usher.Actor, action, client, detail string) usher.AuditRecord {
	now := a.now()
	return usher.AuditRecord{ID: newID(now), TenantID: tenant, At: now, Actor: by, Action: action, Object: client, Detail: detail}
}

func goodEnd(at, now time.Time) error {
	if !at.IsZero() && !at.After(now) {
		return usher.Invalid("expires_at", "must lie in the future")
	}
	return nil
}

func goodNetworks(list []netip.Prefix) error {
	if len(list) > mostNetworks {
		return usher.Invalid("allow_from", "may name at most %d networks", mostNetworks)
	}
	if slices.ContainsFunc(list, func(p netip.Prefix) bool { return !p.IsValid() || p != p.Masked() }) {
		return usher.Invalid("allow_from", "write networks as 192.0.2.0/24 or 2001:db8::/48, with nothing behind the mask")
	}
	return nil
}

// newSecret draws the secret of a client's SecretNo.
func (a *Auth) newSecret(ctx context.Context, c usher.APIClient) (string, store.SecretRow, error) {
	t, err := a.tenant(ctx, c.TenantID)
	if err != nil {
		return "", store.SecretRow{}, err
	}
	secret := newClientSecret(t.Mode)
	if a.uuidKey(c.Dialect) {
		secret = newUUID()
	}
	return secret, store.SecretRow{
		ClientID: c.ID, Dialect: c.Dialect, Generation: c.SecretNo, Hash: digest(secret), Last4: secret[len(secret)-4:], CreatedAt: a.now(),
	}, nil
}

// Clients lists a tenant's API clients, oldest first.
func (a *Auth) Clients(ctx context.Context, tenant string) ([]Client, error) {
	rows, err := a.store.Clients(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	list := make([]Client, len(rows))
	for i, row := range rows {
		list[i].DisabledAt = row.DisabledAt
		if list[i].APIClient, err = decodeClient(row); err != nil {
			return nil, err
		}
		secrets, err := a.store.Secrets(ctx, row.ID, a.now())
		if err != nil {
			return nil, fmt.Errorf("list secrets: %w", err)
		}
		for _, s := range secrets {
			list[i].Secrets = append(list[i].Secrets, Secret{No: s.Generation, Last4: s.Last4, CreatedAt: s.CreatedAt, EndsAt: s.EndsAt, UsedAt: s.UsedAt})
		}
	}
	return list, nil
}

// Ending counts a tenant's API clients that end before a time.
func (a *Auth) Ending(ctx context.Context, tenant string, before time.Time) (int, error) {
	n, err := a.store.CountEndingClients(ctx, tenant, a.now(), before)
	if err != nil {
		return 0, fmt.Errorf("count clients that end: %w", err)
	}
	return n, nil
}

// ClientSecret gives the client for an id and secret; see [usher.Credentials]. After too many wrong ones from a network even the right one is
// refused there, with CodeLimited, for a while.
func (a *Auth) ClientSecret(ctx context.Context, dialect, id, secret string) (usher.APIClient, error) {
	if id == "" {
		return usher.APIClient{}, unauthenticated("")
	}
	g, err := a.guesses(ctx, dialect, id)
	if err != nil {
		return usher.APIClient{}, err
	}
	if !a.wellFormedKey(dialect, secret) {
		return usher.APIClient{}, a.guessed(ctx, g)
	}
	shown := digest(secret)
	found, err := a.store.SecretByHash(ctx, dialect, shown)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return usher.APIClient{}, fmt.Errorf("read secret: %w", err)
	}
	// Compared once more, and in constant time: the index of a database compares as it likes. An unknown one is compared as well, with nothing.
	same := subtle.ConstantTimeCompare(found.Hash, shown)&subtle.ConstantTimeCompare([]byte(found.ClientID), []byte(id)) == 1
	if err != nil || !same {
		return usher.APIClient{}, a.guessed(ctx, g)
	}
	// One that has ended is refused, too, but nobody guessed it: a system left behind by a rotation must not keep the others out.
	c, _, err := a.signIn(ctx, found)
	if err != nil {
		return c, err
	}
	return c, a.right(ctx, g)
}

// APIKey gives the client for a key that is id and secret in one; see [usher.Credentials]. Wrong ones are counted by network alone, so a right one
// is let in whatever was tried before: others may share the network.
func (a *Auth) APIKey(ctx context.Context, dialect, key string) (usher.APIClient, error) {
	hash := digest(key)
	var found store.SecretRow
	err := store.ErrNotFound
	if a.wellFormedKey(dialect, key) { // before anything is remembered by it: memory holds tokens, too, which may do less than a key
		if k, ok := a.memory.find(hash); ok && k.dialect == dialect && (k.ends.IsZero() || a.now().Before(k.ends)) {
			return k.client, a.welcome(ctx, k.client)
		}
		found, err = a.store.SecretByHash(ctx, dialect, hash)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return usher.APIClient{}, fmt.Errorf("read secret: %w", err)
	}
	if err != nil || subtle.ConstantTimeCompare(found.Hash, hash) != 1 {
		g, err := a.guesses(ctx, dialect, "")
		if err != nil {
			return usher.APIClient{}, err
		}
		return usher.APIClient{}, a.guessed(ctx, g)
	}
	c, ends, err := a.signIn(ctx, found)
	if err == nil {
		a.memory.keep(hash, known{dialect: dialect, client: c, ends: ends})
	}
	return c, err
}

// signIn gives the client of a secret that was shown, and when the secret ends, if that is known.
func (a *Auth) signIn(ctx context.Context, s store.SecretRow) (usher.APIClient, time.Time, error) {
	now := a.now()
	if !s.EndsAt.IsZero() && !now.Before(s.EndsAt) {
		return usher.APIClient{}, time.Time{}, unauthenticated("")
	}
	c, err := a.client(ctx, s.ClientID)
	if err != nil {
		return usher.APIClient{}, time.Time{}, err
	}
	c.SecretNo = s.Generation
	if err := a.welcome(ctx, c); err != nil {
		return usher.APIClient{}, time.Time{}, err
	}
	return c, s.EndsAt, a.used(ctx, c)
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
	return decodeClient(row)
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

func decodeClient(row store.ClientRow) (usher.APIClient, error) {
	var c usher.APIClient
	if err := json.Unmarshal(row.Doc, &c); err != nil {
		return c, fmt.Errorf("decode client: %w", err)
	}
	c.ExpiresAt = row.ExpiresAt
	for word := range strings.FieldsSeq(row.AllowFrom) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return c, fmt.Errorf("decode networks of client: %w", err)
		}
		c.AllowFrom = append(c.AllowFrom, p)
	}
	return c, nil
}

func networkText(list []netip.Prefix) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.String()
	}
	return strings.Join(words, " ")
}
