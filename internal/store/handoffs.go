package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// HandoffRow is a key to a second browser, as stored.
type HandoffRow struct {
	Hash                []byte
	TenantID, SessionID string
	Visit               []byte // hash of the first browser's cookie
	TakenBy             []byte // of the second's, or nil
	Number              int
	Device              string
	State               usher.HandoffState
	CreatedAt, EndsAt   time.Time
}

const handoffColumns = `hash, tenant_id, session_id, visit, taken_by, number, device, state, created_at, ends_at`

func scanHandoff(row scanner) (HandoffRow, error) {
	var r HandoffRow
	var created, ends int64
	err := row.Scan(&r.Hash, &r.TenantID, &r.SessionID, &r.Visit, &r.TakenBy, &r.Number, &r.Device, &r.State, &created, &ends)
	r.CreatedAt, r.EndsAt = at(created), at(ends)
	return r, err
}

// PutHandoff keeps a key; earlier ones of the session that nobody used are ended. ErrNotFound when the first browser is not the session's (any more).
func (s *Store) PutHandoff(ctx context.Context, r HandoffRow) error {
	made := int64(0)
	err := s.together(ctx, func(w *writer) {
		w.lock(browsers(r.SessionID))
		w.exec(`UPDATE handoffs SET state = $2 WHERE session_id = $1 AND state = $3`, r.SessionID, usher.HandoffEnded, usher.HandoffOpen)
		made = w.exec(`INSERT INTO handoffs (hash, tenant_id, session_id, visit, number, device, state, created_at, ends_at)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE EXISTS (SELECT 1 FROM visits WHERE hash = $4 AND session_id = $3 AND NOT replaced)`,
			r.Hash, r.TenantID, r.SessionID, r.Visit, r.Number, r.Device, usher.HandoffOpen, ms(r.CreatedAt), ms(r.EndsAt))
	})
	if err == nil && made == 0 {
		err = ErrNotFound
	}
	return err
}

// Handoff gives the key with a hash.
func (s *Store) Handoff(ctx context.Context, hash []byte) (HandoffRow, error) {
	return one(ctx, s, scanHandoff, `SELECT `+handoffColumns+` FROM handoffs WHERE hash = $1`, hash)
}

// HandoffOf gives the newest key that a browser made.
func (s *Store) HandoffOf(ctx context.Context, visit []byte) (HandoffRow, error) {
	return one(ctx, s, scanHandoff, `SELECT `+handoffColumns+` FROM handoffs WHERE visit = $1 ORDER BY created_at DESC LIMIT 1`, visit)
}

// TakeHandoff uses a key up: with the right number the second browser becomes the session's, and the first is replaced; with a wrong one the key is
// of no use any more. It gives the key as it is then; ErrNotFound when it is not open (any more).
func (s *Store) TakeHandoff(ctx context.Context, hash []byte, number int, v VisitRow, now time.Time) (r HandoffRow, err error) {
	found := false
	err = s.together(ctx, func(w *writer) {
		w.lockSessions(`SELECT session_id FROM handoffs WHERE hash = $1`, hash)
		w.rows(`UPDATE handoffs SET state = CASE WHEN number = $2 THEN $3 ELSE $4 END
			WHERE hash = $1 AND state = $5 AND ends_at > $6 RETURNING `+handoffColumns,
			[]any{hash, number, usher.HandoffTaken, usher.HandoffWrong, usher.HandoffOpen, ms(now)}, func(row scanner) error {
				var err error
				r, err = scanHandoff(row)
				found = err == nil
				return err
			})
		if found && r.State == usher.HandoffTaken {
			r.TakenBy = v.Hash
			w.exec(`UPDATE handoffs SET taken_by = $2 WHERE hash = $1`, hash, v.Hash)
			w.exec(`UPDATE visits SET replaced = TRUE WHERE session_id = $1`, r.SessionID)
			w.exec(`INSERT INTO visits (hash, tenant_id, session_id, took, replaced, created_at) VALUES ($1, $2, $3, TRUE, FALSE, $4)`,
				v.Hash, r.TenantID, r.SessionID, ms(now))
		}
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return r, err
}

// lockSessions locks the browsers of the sessions that a query finds.
func (w *writer) lockSessions(query string, hash []byte) {
	var names []string
	w.rows(query, []any{hash}, func(row scanner) error {
		var session string
		err := row.Scan(&session)
		names = append(names, browsers(session))
		return err
	})
	w.lock(names...)
}

// EndHandoff ends a key that nobody used.
func (s *Store) EndHandoff(ctx context.Context, hash []byte) error {
	_, err := s.exec(ctx, `UPDATE handoffs SET state = $2 WHERE hash = $1 AND state = $3`, hash, usher.HandoffEnded, usher.HandoffOpen)
	return err
}

// Followed gives the key by which the session went from a browser to the one that has it now; ErrNotFound when it did not, or went on to a third.
func (s *Store) Followed(ctx context.Context, visit []byte) (HandoffRow, error) {
	return one(ctx, s, scanHandoff, `SELECT `+handoffColumns+` FROM handoffs WHERE visit = $1 AND state = $2
		AND EXISTS (SELECT 1 FROM visits v WHERE v.hash = handoffs.taken_by AND NOT v.replaced) ORDER BY created_at DESC LIMIT 1`, visit, usher.HandoffTaken)
}

// Returned gives the key by which a second browser got the session that went back.
func (s *Store) Returned(ctx context.Context, visit []byte) (HandoffRow, error) {
	return one(ctx, s, scanHandoff, `SELECT `+handoffColumns+` FROM handoffs WHERE taken_by = $1 AND state = $2`, visit, usher.HandoffBack)
}

// HandBack makes the first browser the session's again, at the wish of either. ErrNotFound when the second does not have it.
func (s *Store) HandBack(ctx context.Context, visit []byte) error {
	found := false
	err := s.together(ctx, func(w *writer) {
		var r HandoffRow
		w.lockSessions(`SELECT session_id FROM visits WHERE hash = $1`, visit)
		w.rows(`UPDATE handoffs SET state = $2 WHERE (visit = $1 OR taken_by = $1) AND state = $3
			AND EXISTS (SELECT 1 FROM visits v WHERE v.hash = handoffs.taken_by AND NOT v.replaced) RETURNING `+handoffColumns,
			[]any{visit, usher.HandoffBack, usher.HandoffTaken}, func(row scanner) error {
				var err error
				r, err = scanHandoff(row)
				found = err == nil
				return err
			})
		if found {
			w.exec(`UPDATE visits SET replaced = (hash <> $2) WHERE session_id = $1`, r.SessionID, r.Visit)
		}
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}
