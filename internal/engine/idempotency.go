package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
)

// answers is the engine as the memory of idempotency keys.
type answers struct{ e *Engine }

// Answers gives the memory of idempotency keys.
func (e *Engine) Answers() api.Idempotency { return answers{e} }

// takeOver is after how long a key whose holder never answered is free: longer than any request may take.
const takeOver = time.Minute

// Begin takes an idempotency key, or tells what is known of it.
func (a answers) Begin(ctx context.Context, o api.Once, fingerprint [sha256.Size]byte) (api.Begun, error) {
	now := a.e.now()
	row, mine, err := a.e.c.Store.BeginOnce(ctx, store.OnceRow{
		Tenant: o.Tenant, Client: o.Client, Key: o.Key, Fingerprint: fingerprint[:], StartedAt: now,
	}, now.Add(-takeOver))
	switch {
	case err != nil:
		return api.Begun{}, fmt.Errorf("take idempotency key: %w", err)
	case string(row.Fingerprint) != string(fingerprint[:]):
		return api.Begun{Standing: api.Mismatch}, nil
	case mine:
		return api.Begun{Standing: api.Fresh, Since: now}, nil
	case row.Status == 0:
		return api.Begun{Standing: api.InProgress}, nil
	}
	kept := api.Answer{Status: row.Status, Header: http.Header{}}
	if err := json.Unmarshal([]byte(row.Header), &kept.Header); err != nil {
		return api.Begun{}, fmt.Errorf("read kept answer: %w", err)
	}
	kept.Body, err = a.e.c.Vault.OpenTenant(o.Tenant, row.Body, []byte(placeAnswer+"/"+o.Client+"/"+o.Key))
	return api.Begun{Standing: api.Replay, Answer: kept}, err
}

// Finish keeps the answer of a key.
func (a answers) Finish(ctx context.Context, o api.Once, given api.Answer) error {
	header, err := json.Marshal(given.Header)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	body, err := a.e.c.Vault.SealTenant(o.Tenant, given.Body, []byte(placeAnswer+"/"+o.Client+"/"+o.Key))
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return a.e.c.Store.FinishOnce(ctx, store.OnceRow{
		Tenant: o.Tenant, Client: o.Client, Key: o.Key, Status: given.Status, Header: string(header), Body: body, StartedAt: a.e.now(),
	})
}

// Release lets go of a key whose request had no effect.
func (a answers) Release(ctx context.Context, o api.Once, since time.Time) error {
	return a.e.c.Store.ReleaseOnce(ctx, store.OnceRow{Tenant: o.Tenant, Client: o.Client, Key: o.Key, StartedAt: since})
}

func onceOf(ctx context.Context) (string, bool) {
	o, ok := api.OnceFrom(ctx)
	return o.Key, ok
}
