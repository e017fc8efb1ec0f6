package store

import (
	"context"
	"errors"
	"time"

	"github.com/usher-kyc/usher"
)

// Link gives the link with a token's hash.
func (s *Store) Link(ctx context.Context, hash []byte) (LinkRow, error) {
	var r LinkRow
	var created int64
	err := s.row(ctx, `SELECT hash, tenant_id, session_id, dead, created_at FROM links WHERE hash = $1`, []any{hash},
		&r.Hash, &r.TenantID, &r.SessionID, &r.Dead, &created)
	r.CreatedAt = at(created)
	return r, err
}

// VisitRow is a browser that a link was opened in. Hash is SHA-256 of its cookie.
type VisitRow struct {
	Hash                []byte
	TenantID, SessionID string
	Took                bool // from another browser
	Replaced            bool // by another browser
	CreatedAt           time.Time
}

// browsers is the lock of the browsers of a session.
func browsers(session string) string { return "browsers/" + session }

// AddVisit binds a session to one browser: every earlier one is replaced, and the row says whether there was one.
func (s *Store) AddVisit(ctx context.Context, r VisitRow) (VisitRow, error) {
	err := s.together(ctx, func(w *writer) {
		w.lock(browsers(r.SessionID))
		r.Took = w.exec(`UPDATE visits SET replaced = TRUE WHERE session_id = $1`, r.SessionID) > 0
		w.exec(`INSERT INTO visits (hash, tenant_id, session_id, took, replaced, created_at) VALUES ($1, $2, $3, $4, FALSE, $5)`,
			r.Hash, r.TenantID, r.SessionID, r.Took, ms(r.CreatedAt))
	})
	return r, err
}

// Visit gives the browser with a cookie's hash.
func (s *Store) Visit(ctx context.Context, hash []byte) (VisitRow, error) {
	var r VisitRow
	var created int64
	err := s.row(ctx, `SELECT hash, tenant_id, session_id, took, replaced, created_at FROM visits WHERE hash = $1`, []any{hash},
		&r.Hash, &r.TenantID, &r.SessionID, &r.Took, &r.Replaced, &created)
	r.CreatedAt = at(created)
	return r, err
}

// TokenRow is an access or refresh token as stored. Hash is SHA-256 of it.
type TokenRow struct {
	Hash      []byte
	Kind      string // access or refresh
	Login     string // what was issued from one sign-in
	ClientID  string
	Dialect   string
	Scopes    string // separated by spaces
	ExpiresAt time.Time
	AccessAt  time.Time // refresh: when the access token of the pair ends
	UsedAt    time.Time // refresh: when it was exchanged
}

// loginLock is the lock of what was issued from one sign-in: what is exchanged for while it ends must end as well.
func loginLock(login string) string { return "login/" + login }

// AddTokens writes the tokens of one issue in one transaction, and marks the refresh token they were exchanged for as used; ErrConflict when
// it was used before.
func (s *Store) AddTokens(ctx context.Context, tokens []TokenRow, exchanged []byte, now time.Time) error {
	return s.together(ctx, func(w *writer) {
		if exchanged != nil {
			w.lock(loginLock(tokens[0].Login))
			w.mustOne(w.exec(`UPDATE tokens SET used_at = $2 WHERE hash = $1 AND used_at = 0`, exchanged, ms(now)))
		}
		for _, t := range tokens {
			w.exec(`INSERT INTO tokens (hash, kind, login, client_id, dialect, scopes, expires_at, access_at, used_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`, t.Hash, t.Kind, t.Login, t.ClientID, t.Dialect, t.Scopes, ms(t.ExpiresAt), ms(t.AccessAt))
		}
	})
}

// Token gives the token with a hash.
func (s *Store) Token(ctx context.Context, hash []byte) (TokenRow, error) {
	var r TokenRow
	var expires, access, used int64
	err := s.row(ctx, `SELECT hash, kind, login, client_id, dialect, scopes, expires_at, access_at, used_at FROM tokens WHERE hash = $1`,
		[]any{hash}, &r.Hash, &r.Kind, &r.Login, &r.ClientID, &r.Dialect, &r.Scopes, &expires, &access, &used)
	r.ExpiresAt, r.AccessAt, r.UsedAt = at(expires), at(access), at(used)
	return r, err
}

// RevokeLogin ends everything that was issued from one sign-in, with an entry of the trail unless it had ended before.
func (s *Store) RevokeLogin(ctx context.Context, login string, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.lock(loginLock(login))
		if w.exec(`DELETE FROM tokens WHERE login = $1`, login) > 0 {
			w.audit(requested(ctx, audit)...)
		}
	})
}

// Count raises a counter that starts over when its window ends, and gives its value and end: of many callers at once each has a number of its
// own. It outlives a restart.
func (s *Store) Count(ctx context.Context, name string, now time.Time, window time.Duration) (n int64, end time.Time, err error) {
	err = s.together(ctx, func(w *writer) {
		w.rows(`INSERT INTO counters (name, count, ends_at) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE SET
			count = CASE WHEN counters.ends_at <= $3 THEN 1 ELSE counters.count + 1 END,
			ends_at = CASE WHEN counters.ends_at <= $3 THEN $2 ELSE counters.ends_at END RETURNING count, ends_at`,
			[]any{name, ms(now.Add(window)), ms(now)}, func(row scanner) error {
				var ends int64
				err := row.Scan(&n, &ends)
				end = at(ends)
				return err
			})
	})
	return n, end, err
}

// Told is an entry of the trail that is written at most once within a window.
type Told struct {
	Name   string // of the counter that says that it was written
	Window time.Duration
	Entry  *usher.AuditRecord // nil writes none
}

// CountTold raises a counter as Count does and writes an entry unless one was written within its window, in one transaction.
func (s *Store) CountTold(ctx context.Context, name string, now time.Time, window time.Duration, t Told) error {
	return s.together(ctx, func(w *writer) {
		w.count(name, now, window)
		if t.Entry == nil {
			return
		}
		first := false
		w.rows(`INSERT INTO counters (name, count, ends_at) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE SET count = 1, ends_at = $2
			WHERE counters.ends_at <= $3 RETURNING count`, []any{t.Name, ms(now.Add(t.Window)), ms(now)}, func(scanner) error {
			first = true
			return nil
		})
		if first && w.err == nil {
			w.audit(*t.Entry)
		}
	})
}

// Counter gives a counter's value and end; 0 when its window has ended.
func (s *Store) Counter(ctx context.Context, name string, now time.Time) (int64, time.Time, error) {
	var n, ends int64
	err := s.row(ctx, `SELECT count, ends_at FROM counters WHERE name = $1 AND ends_at > $2`, []any{name, ms(now)}, &n, &ends)
	if errors.Is(err, ErrNotFound) {
		return 0, time.Time{}, nil
	}
	return n, at(ends), err
}

// ResetCounter forgets a counter.
func (s *Store) ResetCounter(ctx context.Context, name string) error {
	_, err := s.exec(ctx, `DELETE FROM counters WHERE name = $1`, name)
	return err
}
