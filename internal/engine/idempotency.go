package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
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
	case mine && row.Effect == "":
		return api.Begun{Standing: api.Fresh, Since: now}, nil
	case mine:
		return api.Begun{Standing: api.Taken, Since: now}, nil
	case row.Status == 0:
		return api.Begun{Standing: api.InProgress}, nil
	}
	return a.replay(row)
}

// Look tells what is known of a key.
func (a answers) Look(ctx context.Context, o api.Once, fingerprint [sha256.Size]byte) (api.Begun, error) {
	row, err := a.e.c.Store.Once(ctx, o.Tenant, o.Client, o.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return api.Begun{Standing: api.Fresh}, nil
	case err != nil:
		return api.Begun{}, fmt.Errorf("look for idempotency key: %w", err)
	case string(row.Fingerprint) != string(fingerprint[:]):
		return api.Begun{Standing: api.Mismatch}, nil
	case row.Status == 0:
		return api.Begun{Standing: api.Taken}, nil
	}
	return a.replay(row)
}

// replay opens the answer of a key.
func (a answers) replay(row store.OnceRow) (api.Begun, error) {
	kept := api.Answer{Status: row.Status, Header: http.Header{}}
	if err := json.Unmarshal([]byte(row.Header), &kept.Header); err != nil {
		return api.Begun{}, fmt.Errorf("read kept answer: %w", err)
	}
	var err error
	kept.Body, err = a.e.c.Vault.OpenTenant(row.Tenant, row.Body, []byte(placeAnswer+"/"+row.Client+"/"+row.Key))
	return api.Begun{Standing: api.Replay, Answer: kept}, err
}

// Finish keeps the answer of a key.
func (a answers) Finish(ctx context.Context, o api.Once, given api.Answer) error {
	row := store.OnceRow{Tenant: o.Tenant, Client: o.Client, Key: o.Key, StartedAt: a.e.now()}
	if err := a.e.putAnswer(&row, given); err != nil {
		return err
	}
	return a.e.c.Store.FinishOnce(ctx, row)
}

// putAnswer puts an answer into the row of its key.
func (e *Engine) putAnswer(row *store.OnceRow, given api.Answer) error {
	header, err := json.Marshal(given.Header)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	row.Status, row.Header = given.Status, string(header)
	if row.Body, err = e.c.Vault.SealTenant(row.Tenant, given.Body, []byte(placeAnswer+"/"+row.Client+"/"+row.Key)); err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// commitWhole writes the change in hand together with its idempotency key and the answer that tells of it.
func (h *hand) commitWhole(ctx context.Context, w *api.Whole, effect store.Once) error {
	row := store.OnceRow{
		Tenant: effect.Tenant, Client: effect.Client, Key: effect.Key, Fingerprint: w.Fingerprint[:], Effect: effect.Mark(), StartedAt: h.e.now(),
	}
	var kept *api.Answer
	if w.Render != nil {
		answer, err := w.Render(api.Made{Applicant: h.applicant, Session: h.session, Link: h.link})
		if err != nil {
			return fmt.Errorf("render answer: %w", err)
		}
		if err := h.e.putAnswer(&row, answer); err != nil {
			return err
		}
		kept = &answer
	}
	h.change.Take = &row
	err := h.e.write(ctx, h.change, h.told)
	w.Lost = errors.Is(err, store.ErrConflict)
	if err == nil {
		w.Written, w.Kept = true, kept
	}
	return err
}

// Release lets go of a key whose request had no effect.
func (a answers) Release(ctx context.Context, o api.Once, since time.Time) error {
	return a.e.c.Store.ReleaseOnce(ctx, store.OnceRow{Tenant: o.Tenant, Client: o.Client, Key: o.Key, StartedAt: since})
}

func onceOf(ctx context.Context) (string, bool) {
	o, ok := api.OnceFrom(ctx)
	return o.Key, ok
}
