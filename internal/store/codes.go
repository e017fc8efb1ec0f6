package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// CodeRow is a one-time code that was sent, as stored. Hash is keyed; the code itself is kept nowhere.
type CodeRow struct {
	TenantID, SessionID string
	Channel             usher.Channel
	Hash                []byte
	Tries               int // that are left
	SentAt, EndsAt      time.Time
}

// PutCode keeps a code in place of an earlier one of the same session and channel.
func (s *Store) PutCode(ctx context.Context, r CodeRow) error {
	_, err := s.exec(ctx, `INSERT INTO codes (session_id, channel, tenant_id, hash, tries, sent_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (session_id, channel) DO UPDATE SET hash = excluded.hash, tries = excluded.tries, sent_at = excluded.sent_at, ends_at = excluded.ends_at`,
		r.SessionID, r.Channel, r.TenantID, r.Hash, r.Tries, ms(r.SentAt), ms(r.EndsAt))
	return err
}

const codeColumns = `tenant_id, session_id, channel, hash, tries, sent_at, ends_at`

func scanCode(row scanner) (CodeRow, error) {
	var r CodeRow
	var sent, ends int64
	err := row.Scan(&r.TenantID, &r.SessionID, &r.Channel, &r.Hash, &r.Tries, &sent, &ends)
	r.SentAt, r.EndsAt = at(sent), at(ends)
	return r, err
}

// Code gives the code that was sent last, ended or not; ErrNotFound when there is none.
func (s *Store) Code(ctx context.Context, tenant, session string, c usher.Channel) (CodeRow, error) {
	return one(ctx, s, scanCode, `SELECT `+codeColumns+` FROM codes WHERE session_id = $1 AND channel = $2 AND tenant_id = $3`, session, c, tenant)
}

// TryCode takes one of the tries of a code and gives it: of many callers at once no more get it than there were tries. ErrNotFound when none is
// left, or the code has ended.
func (s *Store) TryCode(ctx context.Context, tenant, session string, c usher.Channel, now time.Time) (r CodeRow, err error) {
	found := false
	err = s.together(ctx, func(w *writer) {
		w.rows(`UPDATE codes SET tries = tries - 1 WHERE session_id = $1 AND channel = $2 AND tenant_id = $3 AND tries > 0 AND ends_at > $4
			RETURNING `+codeColumns, []any{session, c, tenant, ms(now)}, func(row scanner) error {
			var err error
			r, err = scanCode(row)
			found = err == nil
			return err
		})
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return r, err
}

// DropCode forgets a code that has served, unless a newer one took its place.
func (s *Store) DropCode(ctx context.Context, r CodeRow) error {
	_, err := s.exec(ctx, `DELETE FROM codes WHERE session_id = $1 AND channel = $2 AND hash = $3`, r.SessionID, r.Channel, r.Hash)
	return err
}
