package auth_test

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
)

// keyring is two nodes of one server.
type keyring struct {
	*door
	a, b *auth.Auth
}

func openKeyring(t *testing.T) keyring {
	t.Helper()
	d := open(t)
	return keyring{d, d.Auth, d.node()}
}

func (d *door) node() *auth.Auth { return auth.New(d.config(slog.New(slog.DiscardHandler))) }

func (k keyring) make(t *testing.T, n auth.NewClient) (usher.APIClient, string) {
	t.Helper()
	if n.Dialect == "" {
		n.Dialect = "native"
	}
	c, secret, err := k.a.CreateClient(t.Context(), tenant, n, system)
	if err != nil {
		t.Fatal(err)
	}
	return c, secret
}

// secrets gives what the list says of the only client's.
func (k keyring) secrets(t *testing.T) []auth.Secret {
	t.Helper()
	list, err := k.b.Clients(t.Context(), tenant)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d clients, %v", len(list), err)
	}
	return list[0].Secrets
}

func TestSecretsOverlap(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	ctx := t.Context()
	c, first := k.make(t, auth.NewClient{})
	token, err := k.a.Issue(ctx, c, nil, 48*time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := k.a.RotateClient(ctx, tenant, c.ID, 24*time.Hour, system)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"old": first, "new": second} {
		if _, err := k.b.ClientSecret(ctx, "native", c.ID, secret); err != nil {
			t.Errorf("the %s secret within the overlap: %v", name, err)
		}
		if _, err := k.b.APIKey(ctx, "native", secret); err != nil {
			t.Errorf("the %s key within the overlap: %v", name, err)
		}
	}
	if _, _, err := k.b.Bearer(ctx, "native", token.Access); err != nil {
		t.Errorf("a token of the old secret within the overlap: %v", err)
	}
	if s := k.secrets(t); len(s) != 2 || s[0].No != 2 || s[0].Last4 != second[len(second)-4:] || !s[0].EndsAt.IsZero() || !s[1].EndsAt.Equal(k.now().Add(24*time.Hour)) {
		t.Errorf("the list says %+v", s)
	}
	k.wait(24 * time.Hour)
	_, err = k.b.ClientSecret(ctx, "native", c.ID, first)
	wantCode(t, err, usher.CodeUnauthenticated)
	_, err = k.b.APIKey(ctx, "native", first)
	wantCode(t, err, usher.CodeUnauthenticated)
	if _, _, err := k.node().Bearer(ctx, "native", token.Access); codeOf(err) != usher.CodeUnauthenticated {
		t.Errorf("a token of a secret that has ended: %v", err)
	}
	if _, err := k.b.ClientSecret(ctx, "native", c.ID, second); err != nil {
		t.Error(err)
	}
	_, err = k.a.RotateClient(ctx, tenant, c.ID, auth.MostOverlap+time.Second, system)
	wantCode(t, err, usher.CodeInvalid)
}

// Each secret has its own last use, written once a minute at most.
func TestLastUse(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	ctx := t.Context()
	c, first := k.make(t, auth.NewClient{})
	if s := k.secrets(t); !s[0].UsedAt.IsZero() {
		t.Errorf("a secret that nobody used was used at %v", s[0].UsedAt)
	}
	second, err := k.a.RotateClient(ctx, tenant, c.ID, time.Hour, system)
	if err != nil {
		t.Fatal(err)
	}
	use := func(secret string) {
		t.Helper()
		if _, err := k.a.ClientSecret(ctx, "native", c.ID, secret); err != nil {
			t.Fatal(err)
		}
	}
	use(first)
	began := k.now()
	k.wait(59 * time.Second)
	use(first)
	use(second)
	s := k.secrets(t)
	if !s[0].UsedAt.Equal(k.now()) || !s[1].UsedAt.Equal(began) {
		t.Errorf("uses at %v and %v, want %v and %v", s[0].UsedAt, s[1].UsedAt, k.now(), began)
	}
	k.wait(time.Second)
	use(first)
	if s := k.secrets(t); !s[1].UsedAt.Equal(k.now()) {
		t.Errorf("a minute later: %v", s[1].UsedAt)
	}
}

func TestRevokedClient(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	ctx := t.Context()
	c, secret := k.make(t, auth.NewClient{})
	token, err := k.a.Issue(ctx, c, nil, time.Hour, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, k.a.RevokeClient(ctx, other, c.ID, system), usher.CodeNotFound)
	if err := k.a.RevokeClient(ctx, tenant, c.ID, system); err != nil {
		t.Fatal(err)
	}
	for name, node := range map[string]*auth.Auth{"this node": k.a, "another node": k.b} {
		_, errSecret := node.ClientSecret(ctx, "native", c.ID, secret)
		_, errKey := node.APIKey(ctx, "native", secret)
		_, _, errToken := node.Bearer(ctx, "native", token.Access)
		_, errRefresh := node.Refresh(ctx, "native", token.Refresh, time.Hour)
		_, errIssue := node.Issue(ctx, c, nil, time.Hour, 0)
		for what, err := range map[string]error{"secret": errSecret, "key": errKey, "token": errToken, "refresh": errRefresh, "issue": errIssue} {
			if codeOf(err) != usher.CodeUnauthenticated {
				t.Errorf("%s on %s: %v", what, name, err)
			}
		}
	}
	if _, err := k.a.RotateClient(ctx, tenant, c.ID, 0, system); codeOf(err) != usher.CodeConflict {
		t.Errorf("a revoked client is given a new secret: %v", err)
	}
	if _, err := k.a.Client(ctx, tenant, c.ID); err != nil {
		t.Errorf("what a revoked client did has lost its name: %v", err)
	}
}

func TestExpiringClient(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	ctx := t.Context()
	c, secret := k.make(t, auth.NewClient{ExpiresAt: k.now().Add(time.Hour)})
	token, err := k.a.Issue(ctx, c, nil, 24*time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	bearer := func() error { _, _, err := k.a.Bearer(ctx, "native", token.Access); return err }
	key := func() error { _, err := k.a.APIKey(ctx, "native", secret); return err }
	if err := bearer(); err != nil {
		t.Error(err)
	}
	if err := key(); err != nil {
		t.Error(err)
	}
	k.wait(time.Hour)
	wantCode(t, bearer(), usher.CodeUnauthenticated) // from memory
	wantCode(t, key(), usher.CodeUnauthenticated)
	wantCode(t, k.a.ExpireClient(ctx, tenant, c.ID, k.now(), system), usher.CodeInvalid)
	if err := k.a.ExpireClient(ctx, tenant, c.ID, time.Time{}, system); err != nil {
		t.Fatal(err)
	}
	if err := key(); err != nil {
		t.Errorf("without an end: %v", err)
	}
}

func TestClientIsBoundToNetworks(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	c, secret := k.make(t, auth.NewClient{AllowFrom: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:7::/48")}})
	from := func(address string) context.Context { return api.WithCaller(t.Context(), netip.MustParseAddr(address)) }
	home := from("192.0.2.7")
	token, err := k.a.Issue(home, c, nil, time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		ctx context.Context
		ok  bool
	}{
		"home": {home, true}, "home by IPv6": {from("2001:db8:7::1"), true}, "elsewhere": {from("192.0.3.7"), false},
		"elsewhere by IPv6": {from("2001:db8:8::1"), false}, "nowhere": {t.Context(), false},
	} {
		_, errSecret := k.a.ClientSecret(tt.ctx, "native", c.ID, secret)
		_, errKey := k.a.APIKey(tt.ctx, "native", secret)
		_, _, errToken := k.a.Bearer(tt.ctx, "native", token.Access)
		for what, err := range map[string]error{"secret": errSecret, "key": errKey, "token": errToken} {
			if (err == nil) != tt.ok || (err != nil && codeOf(err) != usher.CodeForbidden) {
				t.Errorf("%s from %s: %v", what, name, err)
			}
		}
	}
	records, err := k.store.ListAudit(t.Context(), tenant, c.ID, usher.Paging{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, r := range records {
		if r.Action == "client.refused_address" {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d entries of refused addresses, want one an hour", refused)
	}
	wantCode(t, k.a.AllowClient(t.Context(), tenant, c.ID, []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24")}, system), usher.CodeInvalid)
	if err := k.a.AllowClient(t.Context(), tenant, c.ID, nil, system); err != nil {
		t.Fatal(err)
	}
	if _, err := k.a.APIKey(t.Context(), "native", secret); err != nil {
		t.Errorf("bound to nothing: %v", err)
	}
}

func TestRevokedToken(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	ctx := t.Context()
	c, _ := k.make(t, auth.NewClient{})
	foreign, _ := k.make(t, auth.NewClient{})
	issue := func() usher.Token {
		t.Helper()
		token, err := k.a.Issue(ctx, c, nil, time.Hour, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first, second := issue(), issue()
	bearer := func(token usher.Token) error { _, _, err := k.b.Bearer(ctx, "native", token.Access); return err }
	for name, call := range map[string]func() error{
		"another client's": func() error { return k.a.Revoke(ctx, foreign, first.Access) },
		"unknown":          func() error { return k.a.Revoke(ctx, c, "ush_at_nothing") },
		"nothing":          func() error { return k.a.Revoke(ctx, c, "") },
	} {
		if err := call(); err != nil || bearer(first) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := k.a.Revoke(ctx, c, first.Refresh); err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.a.Bearer(ctx, "native", first.Access); codeOf(err) != usher.CodeUnauthenticated {
		t.Errorf("the access token beside a revoked refresh token: %v", err)
	}
	if err := bearer(second); err != nil {
		t.Errorf("another sign-in of the same client: %v", err)
	}
}

// Of many who rotate at once one wins, and there are never more than two secrets.
func TestRotationsAtOnce(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	c, _ := k.make(t, auth.NewClient{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			node := []*auth.Auth{k.a, k.b}[i%2]
			if _, err := node.RotateClient(t.Context(), tenant, c.ID, time.Hour, system); err != nil && codeOf(err) != usher.CodeConflict {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s := k.secrets(t); len(s) > 2 {
		t.Errorf("%d secrets are good", len(s))
	}
}
