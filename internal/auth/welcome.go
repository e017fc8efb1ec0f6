package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
)

// noteEvery is how often it is written down that a secret was used.
const noteEvery = time.Minute

// client gives an API client that may be used now, from wherever it is called.
func (a *Auth) client(ctx context.Context, id string) (usher.APIClient, error) {
	row, err := a.store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return usher.APIClient{}, unauthenticated("")
	}
	if err != nil {
		return usher.APIClient{}, fmt.Errorf("read client: %w", err)
	}
	c, err := decodeClient(row)
	if err != nil {
		return c, err
	}
	if !row.DisabledAt.IsZero() {
		return usher.APIClient{}, unauthenticated("")
	}
	return c, a.open(c, a.now())
}

// open refuses a client that has expired.
func (a *Auth) open(c usher.APIClient, now time.Time) error {
	if !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) {
		return unauthenticated("")
	}
	return nil
}

// welcome refuses a client that has expired, and one that calls from a network it is not bound to. The right secret at the wrong place is worth
// an entry of the trail: it may have been stolen.
func (a *Auth) welcome(ctx context.Context, c usher.APIClient) error {
	if err := a.open(c, a.now()); err != nil || len(c.AllowFrom) == 0 {
		return err
	}
	from := api.CallerFrom(ctx)
	for _, p := range c.AllowFrom {
		if from.IsValid() && p.Contains(from) {
			return nil
		}
	}
	n, _, err := a.store.Count(ctx, "client/elsewhere/"+c.ID, a.now(), time.Hour)
	if err != nil {
		return fmt.Errorf("count refused calls: %w", err)
	}
	if n == 1 {
		by := usher.Actor{Kind: usher.ByClient, ID: c.ID}
		if err := a.store.AddAudit(ctx, a.clientEntry(c.TenantID, by, "client.refused_address", c.ID, "")); err != nil {
			return fmt.Errorf("write audit entry: %w", err)
		}
	}
	return &usher.Error{Code: usher.CodeForbidden, Detail: "address", Message: "these credentials are not for calls from this address"}
}

// used notes that a client signed in with one of its secrets, about once a minute.
func (a *Auth) used(ctx context.Context, c usher.APIClient) error {
	now := a.now()
	if !a.memory.noted.due(c.ID, c.SecretNo, now) {
		return nil
	}
	if err := a.store.UseSecret(ctx, c.ID, c.SecretNo, now, now.Add(-noteEvery)); err != nil {
		return fmt.Errorf("note the use of a secret: %w", err)
	}
	return nil
}

// notes keeps when the use of each secret was last written, so that most uses write nothing.
type notes struct {
	mu   sync.Mutex
	last map[note]time.Time
}

type note struct {
	client string
	no     int64
}

func (n *notes) due(client string, no int64, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := note{client, no}
	if at, ok := n.last[k]; ok && now.Sub(at) < noteEvery && !now.Before(at) {
		return false
	}
	if n.last == nil || len(n.last) >= mostRemembered {
		n.last = map[note]time.Time{}
	}
	n.last[k] = now
	return true
}

// alive tells whether a client's secret of a number has not ended.
func (a *Auth) alive(ctx context.Context, client string, no int64) (bool, error) {
	secrets, err := a.store.Secrets(ctx, client, a.now())
	if err != nil {
		return false, fmt.Errorf("read secrets: %w", err)
	}
	return slices.ContainsFunc(secrets, func(s store.SecretRow) bool { return s.Generation == no }), nil
}
