package auth_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// What is kept in memory is refused as soon as it is worth nothing: by its end, by a new secret, in another dialect.
func TestMemoryForgetsWhatIsWorthNothing(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	a := auth.New(auth.Config{Store: h.Store, Now: h.Now})
	ctx := t.Context()
	c, key, err := a.CreateClient(ctx, h.Tenant.ID, auth.NewClient{Dialect: "native"}, usher.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Issue(ctx, c, c.Scopes, time.Minute, 0)
	if err != nil {
		t.Fatal(err)
	}
	bearer := func(dialect string) error { _, _, err := a.Bearer(ctx, dialect, token.Access); return err }
	byKey := func(dialect string) error { _, err := a.APIKey(ctx, dialect, key); return err }
	for range 2 { // looked up, and from memory
		if bearer("native") != nil || byKey("native") != nil {
			t.Fatal("a good token or key is refused")
		}
		if bearer("other") == nil || byKey("other") == nil {
			t.Error("another dialect takes the token or key")
		}
		if _, _, err := a.Bearer(ctx, "native", key); err == nil {
			t.Error("a key was taken for a token")
		}
		if _, err := a.APIKey(ctx, "native", token.Access); err == nil {
			t.Error("a token was taken for a key")
		}
	}
	h.Advance(time.Minute)
	if bearer("native") == nil {
		t.Error("a token whose time is over was taken from memory")
	}
	if _, err := a.RotateClient(ctx, h.Tenant.ID, c.ID, 0, usher.Actor{}); err != nil {
		t.Fatal(err)
	}
	if byKey("native") == nil {
		t.Error("a key that was replaced was taken from memory")
	}
}
