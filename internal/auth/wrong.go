package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
)

// How many wrong secrets one network may show within wrongWindow: for one client's id, and in keys that name no client. The counters are in the
// database: a restart does not reset them, and all nodes count together.
const (
	wrongSecrets = 10
	wrongKeys    = 30
)

// guess is a secret that somebody shows: for a client's id, or "" where the key names no client.
type guess struct {
	dialect, id string
	tries       int64 // wrong ones before this
	ends        time.Time
}

// name is the counter's, of this client from this network: a network that guesses keeps nobody else out.
func (g guess) name(ctx context.Context) string {
	from := ""
	if addr := api.CallerFrom(ctx); addr.IsValid() {
		from = api.Network(addr)
	}
	sum := sha256.Sum256([]byte(g.dialect + "\n" + g.id + "\n" + from))
	return "client/wrong/" + hex.EncodeToString(sum[:16])
}

func (g guess) most() int64 {
	if g.id == "" {
		return wrongKeys
	}
	return wrongSecrets
}

// guesses gives how many wrong secrets came before, or CodeLimited when no other may.
func (a *Auth) guesses(ctx context.Context, dialect, id string) (g guess, err error) {
	g = guess{dialect: dialect, id: id}
	now := a.now()
	if g.tries, g.ends, err = a.store.Counter(ctx, g.name(ctx), now); err != nil {
		return g, fmt.Errorf("read counter: %w", err)
	}
	if g.tries >= g.most() {
		api.RetryAfter(ctx, g.ends.Sub(now))
		return g, waitUntil(g.ends, now)
	}
	return g, nil
}

// guessed counts a wrong secret, in one transaction, and gives the answer to it. The one that uses the tries up is noted on the trail of the client
// whose id was given, once an hour.
func (a *Auth) guessed(ctx context.Context, g guess) error {
	var entry *usher.AuditRecord
	if g.id != "" && g.tries+1 >= g.most() {
		if row, err := a.store.Client(ctx, g.id); err == nil && row.Dialect == g.dialect {
			r := a.clientEntry(row.TenantID, usher.Actor{Kind: usher.BySystem}, "client.wrong_secrets", g.id, "")
			entry = &r
		}
	}
	told := store.Told{Name: "client/wrong_told/" + g.id, Window: time.Hour, Entry: entry}
	if err := a.store.CountTold(ctx, g.name(ctx), a.now(), wrongWindow, told); err != nil {
		return fmt.Errorf("raise counter: %w", err)
	}
	return unauthenticated("")
}

// right takes the count back: who mistyped begins anew.
func (a *Auth) right(ctx context.Context, g guess) error {
	if g.tries == 0 {
		return nil
	}
	if err := a.store.ResetCounter(ctx, g.name(ctx)); err != nil {
		return fmt.Errorf("reset counter: %w", err)
	}
	return nil
}
