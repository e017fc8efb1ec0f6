package auth_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
)

// Wrong secrets are counted for a client's id and a network, by all nodes together: elsewhere the right one still works.
func TestWrongSecretsAreCounted(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	from := func(address string) context.Context { return api.WithCaller(t.Context(), netip.MustParseAddr(address)) }
	home, neighbour, elsewhere := from("2001:db8:7::1"), from("2001:db8:7::2"), from("192.0.2.1")
	c, secret := k.make(t, auth.NewClient{})
	other, foreign := k.make(t, auth.NewClient{})
	shows := func(a *auth.Auth, ctx context.Context, id, secret string) error {
		_, err := a.ClientSecret(ctx, "native", id, secret)
		return err
	}
	guess := func(n int) {
		t.Helper()
		for i := range n {
			wrong := []string{foreign, "no secret at all", strings.ToUpper(secret)}[i%3]
			wantCode(t, shows([]*auth.Auth{k.a, k.b}[i%2], home, c.ID, wrong), usher.CodeUnauthenticated)
		}
	}
	guess(9)
	if err := shows(k.a, home, c.ID, secret); err != nil {
		t.Fatalf("the right secret after nine wrong ones: %v", err)
	}
	guess(10)
	for name, a := range map[string]*auth.Auth{"the node": k.a, "another node": k.b} {
		if told := wantCode(t, shows(a, neighbour, c.ID, secret), usher.CodeLimited); !strings.Contains(told.Message, "15 min") {
			t.Errorf("%s says %q", name, told.Message)
		}
	}
	if err := shows(k.b, elsewhere, c.ID, secret); err != nil {
		t.Errorf("the right secret from another network: %v", err)
	}
	if err := shows(k.b, home, other.ID, foreign); err != nil {
		t.Errorf("another client from the same network: %v", err)
	}
	k.wait(16 * time.Minute)
	guess(10)
	if got := k.entries(t, c.ID, "client.wrong_secrets"); got != 1 {
		t.Errorf("%d entries of the trail, want one an hour", got)
	}
	k.wait(time.Hour)
	guess(10)
	if got := k.entries(t, c.ID, "client.wrong_secrets"); got != 2 {
		t.Errorf("%d entries of the trail after another hour, want 2", got)
	}
	if got := k.entries(t, other.ID, "client.wrong_secrets"); got != 0 {
		t.Errorf("%d entries for the other client", got)
	}
}

// Wrong keys name nobody, so they are counted by network; whoever shares it with a right one is let in. A secret that a rotation has ended is no guess.
func TestWrongKeysAreCounted(t *testing.T) {
	t.Parallel()
	k := openKeyring(t)
	ctx := api.WithCaller(t.Context(), netip.MustParseAddr("192.0.2.1"))
	c, old := k.make(t, auth.NewClient{})
	secret, err := k.a.RotateClient(t.Context(), tenant, c.ID, 0, system)
	if err != nil {
		t.Fatal(err)
	}
	key := func(key string) error { _, err := k.a.APIKey(ctx, "native", key); return err }
	for range 30 {
		_, err := k.a.ClientSecret(ctx, "native", c.ID, old)
		wantCode(t, err, usher.CodeUnauthenticated)
		wantCode(t, key("a guess"), usher.CodeUnauthenticated)
	}
	wantCode(t, key("a guess"), usher.CodeLimited)
	if err := key(secret); err != nil {
		t.Errorf("the right key: %v", err)
	}
	if _, err := k.a.ClientSecret(ctx, "native", c.ID, secret); err != nil {
		t.Errorf("the new secret beside the old one: %v", err)
	}
	k.wait(16 * time.Minute)
	wantCode(t, key("a guess"), usher.CodeUnauthenticated)
}

// entries counts those of an action about an object.
func (k keyring) entries(t *testing.T, object, action string) (n int) {
	t.Helper()
	records, err := k.store.ListAudit(t.Context(), tenant, object, usher.Paging{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Action == action {
			n++
		}
	}
	return n
}
