package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

const (
	kindAccess  = "access"
	kindRefresh = "refresh"
)

// Issue makes an access token, and a session that renews it when refresh is over 0; see [usher.Credentials]. No scopes means all of the
// client's; one it does not have is refused.
func (a *Auth) Issue(ctx context.Context, c usher.APIClient, scopes []usher.Scope, access, refresh time.Duration) (usher.Token, error) {
	if len(scopes) == 0 {
		scopes = c.Scopes
	}
	for _, s := range scopes {
		if !c.Has(s) {
			return usher.Token{}, &usher.Error{
				Code: usher.CodeInvalid, Field: "scope", Detail: "invalid_scope", Message: "the client may ask for its own scopes only",
			}
		}
	}
	current, err := a.client(ctx, c.ID)
	if err != nil {
		return usher.Token{}, err
	}
	now := a.now()
	secrets, err := a.store.Secrets(ctx, c.ID, now)
	if err != nil {
		return usher.Token{}, fmt.Errorf("read secrets: %w", err)
	}
	if c.SecretNo == 0 && len(secrets) > 0 {
		c.SecretNo = secrets[0].Generation
	}
	if !slices.ContainsFunc(secrets, func(s store.SecretRow) bool { return s.Generation == c.SecretNo }) {
		return usher.Token{}, unauthenticated("")
	}
	p := pair{login: newLogin(c.SecretNo), client: current, scopes: scopes}
	if refresh > 0 {
		p.ends = now.Add(refresh)
	}
	return a.write(ctx, p, now, access, nil)
}

// Refresh gives the next pair for a refresh token; see [usher.Credentials]. CodeConflict means too early: the access token has not ended;
// CodeUnauthenticated that the token is unknown, was used before or its session is over. A token that comes a second time may have been
// stolen, so everything issued from its sign-in ends.
func (a *Auth) Refresh(ctx context.Context, dialect, refresh string, access time.Duration) (usher.Token, error) {
	if !wellFormed(refresh, refreshPrefix) {
		return usher.Token{}, unauthenticated("")
	}
	row, err := a.store.Token(ctx, digest(refresh))
	if errors.Is(err, store.ErrNotFound) {
		return usher.Token{}, unauthenticated("")
	}
	if err != nil {
		return usher.Token{}, fmt.Errorf("read token: %w", err)
	}
	now := a.now()
	if row.Kind != kindRefresh || row.Dialect != dialect || !now.Before(row.ExpiresAt) {
		return usher.Token{}, unauthenticated("")
	}
	if !row.UsedAt.IsZero() {
		return usher.Token{}, a.stolen(ctx, row)
	}
	c, err := a.signedIn(ctx, row)
	if err != nil {
		return usher.Token{}, err
	}
	if now.Before(row.AccessAt) {
		return usher.Token{}, usher.Conflict("the access token has not ended yet; use it until then")
	}
	p := pair{login: row.Login, client: c, scopes: splitScopes(row.Scopes), ends: row.ExpiresAt}
	t, err := a.write(ctx, p, now, access, row.Hash)
	if errors.Is(err, store.ErrConflict) {
		return usher.Token{}, a.stolen(ctx, row)
	}
	return t, err
}

// stolen ends a sign-in whose refresh token came twice, and says so on the trail.
func (a *Auth) stolen(ctx context.Context, row store.TokenRow) error {
	c, err := a.store.Client(ctx, row.ClientID)
	if err != nil {
		return fmt.Errorf("read client: %w", err)
	}
	entry := a.clientEntry(c.TenantID, usher.Actor{Kind: usher.BySystem}, "client.token_reused", c.ID, "")
	if err := a.store.RevokeLogin(ctx, row.Login, entry); err != nil {
		return fmt.Errorf("revoke login: %w", err)
	}
	a.memory.forget()
	a.config.Log.WarnContext(ctx, "a used refresh token came again; its sign-in was ended", "client", c.ID)
	return unauthenticated("")
}

// Bearer gives the client and scopes of an access token; see [usher.Credentials].
func (a *Auth) Bearer(ctx context.Context, dialect, access string) (usher.APIClient, []usher.Scope, error) {
	if !wellFormed(access, accessPrefix) {
		return usher.APIClient{}, nil, unauthenticated("")
	}
	hash := digest(access)
	if k, ok := a.memory.find(hash); ok && k.dialect == dialect && a.now().Before(k.ends) {
		return k.client, k.scopes, a.welcome(ctx, k.client)
	}
	row, err := a.store.Token(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return usher.APIClient{}, nil, unauthenticated("")
	}
	if err != nil {
		return usher.APIClient{}, nil, fmt.Errorf("read token: %w", err)
	}
	if row.Kind != kindAccess || row.Dialect != dialect || !a.now().Before(row.ExpiresAt) {
		return usher.APIClient{}, nil, unauthenticated("")
	}
	c, err := a.signedIn(ctx, row)
	if err != nil {
		return c, nil, err
	}
	scopes := splitScopes(row.Scopes)
	a.memory.keep(hash, known{dialect: dialect, client: c, scopes: scopes, ends: row.ExpiresAt})
	return c, scopes, nil
}

// signedIn gives the client of a token, unless the secret it was issued for has ended.
func (a *Auth) signedIn(ctx context.Context, row store.TokenRow) (usher.APIClient, error) {
	c, err := a.client(ctx, row.ClientID)
	if err != nil {
		return usher.APIClient{}, err
	}
	number, _, _ := strings.Cut(row.Login, ".")
	if c.SecretNo, err = strconv.ParseInt(number, 10, 64); err != nil {
		return usher.APIClient{}, unauthenticated("")
	}
	alive, err := a.alive(ctx, c.ID, c.SecretNo)
	if err == nil && !alive {
		err = unauthenticated("")
	}
	if err != nil {
		return usher.APIClient{}, err
	}
	return c, a.welcome(ctx, c)
}

// newLogin names a sign-in: the number of the secret it was made with, and what tells it from others.
func newLogin(secret int64) string {
	return strconv.FormatInt(secret, 10) + "." + randomText(randomLength)
}

// Revoke ends a sign-in by one of its tokens; see [usher.Credentials].
func (a *Auth) Revoke(ctx context.Context, c usher.APIClient, token string) error {
	if !wellFormed(token, accessPrefix) && !wellFormed(token, refreshPrefix) {
		return nil
	}
	row, err := a.store.Token(ctx, digest(token))
	if errors.Is(err, store.ErrNotFound) || (err == nil && (row.ClientID != c.ID || row.Dialect != c.Dialect)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	if err := a.store.RevokeLogin(ctx, row.Login); err != nil {
		return fmt.Errorf("revoke login: %w", err)
	}
	a.memory.forget()
	return nil
}

// pair is what the tokens of one issue have in common. ends is when the session does, or zero when there is no refresh token.
type pair struct {
	login  string
	client usher.APIClient
	scopes []usher.Scope
	ends   time.Time
}

// write makes an access token, and the refresh token beside it, and marks the one they are exchanged for as used.
func (a *Auth) write(ctx context.Context, p pair, now time.Time, access time.Duration, exchanged []byte) (usher.Token, error) {
	t := usher.Token{Access: newSecret(accessPrefix), Scopes: slices.Clone(p.scopes), ExpiresAt: now.Add(access)}
	if !p.ends.IsZero() && p.ends.Before(t.ExpiresAt) {
		t.ExpiresAt = p.ends
	}
	row := store.TokenRow{
		Hash: digest(t.Access), Kind: kindAccess, Login: p.login, ClientID: p.client.ID, Dialect: p.client.Dialect,
		Scopes: joinScopes(p.scopes), ExpiresAt: t.ExpiresAt,
	}
	rows := []store.TokenRow{row}
	if !p.ends.IsZero() {
		t.Refresh = newSecret(refreshPrefix)
		row.Hash, row.Kind, row.ExpiresAt, row.AccessAt = digest(t.Refresh), kindRefresh, p.ends, t.ExpiresAt
		rows = append(rows, row)
	}
	if err := a.store.AddTokens(ctx, rows, exchanged, now); err != nil {
		return usher.Token{}, fmt.Errorf("write tokens: %w", err)
	}
	return t, nil
}

func joinScopes(scopes []usher.Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

func splitScopes(text string) []usher.Scope {
	words := strings.Fields(text)
	scopes := make([]usher.Scope, len(words))
	for i, w := range words {
		scopes[i] = usher.Scope(w)
	}
	return scopes
}
