package store

import (
	"context"
	"errors"
	"strings"
	"time"
)

// OnceRow is an idempotency key as stored. Status is 0 while the call runs; Effect is what it made, written in the transaction that made it.
type OnceRow struct {
	Tenant, Client, Key string
	Fingerprint         []byte
	Effect              string // see Made
	Status              int
	Header              string
	Body                []byte
	StartedAt           time.Time
	Holder              string // node that serves the call
}

// Row names the row among those that a change may not fit.
func (r *OnceRow) Row() string { return r.Client + "\x00" + r.Key }

// Made gives the id of what an operation made for the key, or "".
func (r OnceRow) Made(operation string) string {
	_, rest, _ := strings.Cut(r.Effect, ";"+operation+"=")
	id, _, _ := strings.Cut(rest, ";")
	return id
}

const beginOnce = `INSERT INTO idempotency (tenant_id, client_id, key, fingerprint, effect, status, header, started_at, holder)
    VALUES ($1, $2, $3, $4, '', 0, '', $5, $7) ON CONFLICT (tenant_id, client_id, key) DO UPDATE SET started_at = excluded.started_at,
    holder = excluded.holder WHERE idempotency.status = 0 AND idempotency.started_at < $6 AND idempotency.fingerprint = excluded.fingerprint RETURNING effect`

// takeOnce takes a key that nobody has had.
func (w *writer) takeOnce(r OnceRow) {
	w.mustOne(w.exec(`INSERT INTO idempotency (tenant_id, client_id, key, fingerprint, effect, status, header, body, started_at, holder)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		r.Tenant, r.Client, r.Key, r.Fingerprint, r.Effect, r.Status, r.Header, r.Body, ms(r.StartedAt), r.Holder))
}

// BeginOnce takes a key: mine tells whether the caller holds it now. A key whose holder started before stale and never answered is taken over.
func (s *Store) BeginOnce(ctx context.Context, r OnceRow, stale time.Time) (row OnceRow, mine bool, err error) {
	r.Holder, r.Effect = s.c.Node, ""
	if s.c.Sets != nil {
		// Almost every key is a new one, and is taken together with what others write.
		if err := s.commit(ctx, Change{Take: &r}); err == nil || !errors.Is(err, ErrConflict) {
			return r, err == nil, err
		}
	}
	err = s.together(ctx, func(w *writer) {
		mine = false
		w.rows(beginOnce, []any{r.Tenant, r.Client, r.Key, r.Fingerprint, ms(r.StartedAt), ms(stale), r.Holder}, func(got scanner) error {
			mine = true
			return got.Scan(&r.Effect)
		})
	})
	if err != nil || mine {
		return r, mine, err
	}
	row, err = s.Once(ctx, r.Tenant, r.Client, r.Key)
	return row, false, err
}

// Once gives a key.
func (s *Store) Once(ctx context.Context, tenant, client, key string) (OnceRow, error) {
	r := OnceRow{Tenant: tenant, Client: client, Key: key}
	var started int64
	err := s.row(ctx, `SELECT fingerprint, effect, status, header, body, started_at FROM idempotency
		WHERE tenant_id = $1 AND client_id = $2 AND key = $3`, []any{tenant, client, key},
		&r.Fingerprint, &r.Effect, &r.Status, &r.Header, &r.Body, &started)
	r.StartedAt = at(started)
	return r, err
}

// FinishOnce keeps the answer of a key. Where the key was let go meanwhile, by somebody who took its holder for dead, it counts as started at
// StartedAt: an answer without a time would be forgotten by the next Tidy.
func (s *Store) FinishOnce(ctx context.Context, r OnceRow) error {
	if s.c.Sets != nil {
		return s.commit(ctx, Change{Answer: &r})
	}
	_, err := s.exec(ctx, `UPDATE idempotency SET status = $4, header = $5, body = $6,
		started_at = CASE WHEN started_at = 0 THEN $7 ELSE started_at END WHERE tenant_id = $1 AND client_id = $2 AND key = $3`,
		r.Tenant, r.Client, r.Key, r.Status, r.Header, r.Body, ms(r.StartedAt))
	return err
}

// ReleaseOnce lets go of a key that was taken at StartedAt: forgotten when it had no effect, free to be taken over when it had one. A key that another
// has taken over stays theirs.
func (s *Store) ReleaseOnce(ctx context.Context, r OnceRow) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`DELETE FROM idempotency WHERE tenant_id = $1 AND client_id = $2 AND key = $3 AND status = 0 AND effect = ''
			AND (started_at = $4 OR started_at <= 0)`, r.Tenant, r.Client, r.Key, ms(r.StartedAt))
		w.exec(`UPDATE idempotency SET started_at = 0 WHERE tenant_id = $1 AND client_id = $2 AND key = $3 AND status = 0 AND started_at = $4`,
			r.Tenant, r.Client, r.Key, ms(r.StartedAt))
	})
}

// Tidy forgets what has served: keys started, staff sessions last seen and keys to a second browser that ended before kept; tokens, counters and
// one-time codes that ended before now.
func (s *Store) Tidy(ctx context.Context, now, kept time.Time) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`DELETE FROM idempotency WHERE started_at < $1 AND started_at > 0`, ms(kept))
		// A key that was let go waits to be taken over with a time of 0. Its age counts from the first Tidy that sees it so, below zero.
		w.exec(`DELETE FROM idempotency WHERE started_at > $1 AND started_at < 0`, -ms(kept))
		w.exec(`UPDATE idempotency SET started_at = $1 WHERE started_at = 0 AND status = 0`, -ms(now))
		w.exec(`DELETE FROM tokens WHERE expires_at < $1`, ms(now))
		w.exec(`DELETE FROM counters WHERE ends_at < $1`, ms(now))
		w.exec(`DELETE FROM codes WHERE ends_at < $1`, ms(now))
		w.exec(`DELETE FROM handoffs WHERE ends_at < $1`, ms(kept))
		w.exec(`DELETE FROM staff_sessions WHERE seen_at < $1`, ms(kept))
		w.exec(`DELETE FROM staff_tries WHERE ends_at < $1`, ms(now))
	})
}
