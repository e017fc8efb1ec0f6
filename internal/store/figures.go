package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// longestLook bounds what is counted as time in front of a screen, in ms: who is away longer did not look at it.
const longestLook = 30 * 60 * 1000

// sawScreen counts a screen, and the time in front of the one before it.
func (w *writer) sawScreen(r PageViewRow) {
	w.lock("screens/" + r.SessionID)
	w.exec(`UPDATE screens_seen SET here = FALSE, spent = spent + CASE WHEN $2 - last_at < $3 THEN $2 - last_at ELSE 0 END
		WHERE session_id = $1 AND here`, r.SessionID, ms(r.At), longestLook)
	w.exec(`INSERT INTO screens_seen (session_id, screen, tenant_id, flow, views, spent, first_at, last_at, here) VALUES ($1, $2, $3, $4, 1, 0, $5, $5, TRUE)
		ON CONFLICT (session_id, screen) DO UPDATE SET views = screens_seen.views + 1, last_at = excluded.last_at, here = TRUE`,
		r.SessionID, r.Screen, r.TenantID, r.Flow, ms(r.At))
}

// ScreenSum is what a screen of a flow came to.
type ScreenSum struct {
	Flow, Screen               string
	Sessions, Views, Left, Pos int64 // Pos orders the screens of a flow: ms behind the session's beginning, in the mean
	Spent                      int64 // ms, of all
}

// ScreenSums counts the screens first seen from a time on, the newest of them up to most; left are those where somebody was last seen before quiet.
func (s *Store) ScreenSums(ctx context.Context, tenant string, from, quiet time.Time, most int) ([]ScreenSum, error) {
	return all(ctx, s, func(row scanner) (ScreenSum, error) {
		var r ScreenSum
		err := row.Scan(&r.Flow, &r.Screen, &r.Sessions, &r.Views, &r.Left, &r.Spent, &r.Pos)
		return r, err
	}, `SELECT flow, screen, count(*), sum(views), sum(CASE WHEN here AND last_at < $3 THEN 1 ELSE 0 END), sum(spent),
		CAST(avg(first_at - (SELECT min(o.first_at) FROM screens_seen o WHERE o.session_id = bounded.session_id)) AS BIGINT)
		FROM (SELECT session_id, flow, screen, views, spent, first_at, last_at, here FROM screens_seen
			WHERE tenant_id = $1 AND first_at >= $2 ORDER BY first_at DESC LIMIT $4) bounded
		GROUP BY flow, screen ORDER BY 1, 7`, tenant, ms(from), ms(quiet), most)
}

// DaySum is how many events of a type a day (UTC, since 1970) has.
type DaySum struct {
	Day  int64
	Type usher.EventType
	N    int
}

// figured are the events that are counted, as the index names them.
const figured = `('session.approved', 'session.rejected', 'session.overturned', 'watchlist.hits_changed')`

// DaySums counts decisions and news of monitoring by day.
func (s *Store) DaySums(ctx context.Context, tenant string, from time.Time) ([]DaySum, error) {
	return all(ctx, s, func(row scanner) (DaySum, error) {
		var r DaySum
		err := row.Scan(&r.Day, &r.Type, &r.N)
		return r, err
	}, `SELECT at / 86400000, type, count(*) FROM events WHERE tenant_id = $1 AND at >= $2 AND type IN `+figured+` GROUP BY 1, 2 ORDER BY 1`,
		tenant, ms(from))
}

// DecisionTimes gives how long the newest decisions took from the first sending on, newest first.
func (s *Store) DecisionTimes(ctx context.Context, tenant string, from time.Time, most int) ([]time.Duration, error) {
	return all(ctx, s, func(row scanner) (time.Duration, error) {
		var took int64
		err := row.Scan(&took)
		return time.Duration(took) * time.Millisecond, err
	}, `SELECT e.at - s.submitted_at FROM events e JOIN sessions s ON s.id = e.session_id
		WHERE e.tenant_id = $1 AND e.at >= $2 AND e.type IN `+figured+` AND e.type IN ('session.approved', 'session.rejected')
		AND s.submitted_at > 0 ORDER BY e.at DESC LIMIT $3`, tenant, ms(from), most)
}

// WaitingSince gives when each case in review last changed, oldest first.
func (s *Store) WaitingSince(ctx context.Context, tenant string, most int) ([]time.Time, error) {
	return all(ctx, s, func(row scanner) (time.Time, error) {
		var since int64
		err := row.Scan(&since)
		return at(since), err
	}, `SELECT updated_at FROM sessions WHERE tenant_id = $1 AND state = 'in_review' ORDER BY id LIMIT $2`, tenant, most)
}

// NewestDeliveries counts the newest deliveries of a tenant by status.
func (s *Store) NewestDeliveries(ctx context.Context, tenant string, most int) (usher.DeliveryFigures, error) {
	var f usher.DeliveryFigures
	tries := 0
	err := s.rows(ctx, `SELECT status, count(*), sum(attempts) FROM (SELECT status, attempts FROM deliveries WHERE tenant_id = $1
		ORDER BY pos DESC LIMIT $2) AS newest GROUP BY status`, []any{tenant, most}, func(row scanner) error {
		var status usher.DeliveryStatus
		var n, attempts int
		if err := row.Scan(&status, &n, &attempts); err != nil {
			return err
		}
		f.Looked, tries = f.Looked+n, tries+attempts
		switch status {
		case usher.DeliveryDelivered:
			f.Delivered += n
		case usher.DeliveryDead:
			f.Dead += n
		default:
			f.Pending += n
		}
		return nil
	})
	if f.Looked > 0 {
		f.Tries = float64(tries) / float64(f.Looked)
	}
	return f, err
}

// OpenPeople counts the monitored applicants with hits that nobody has judged.
func (s *Store) OpenPeople(ctx context.Context, tenant string) (n int, err error) {
	err = s.row(ctx, `SELECT count(*) FROM monitors WHERE tenant_id = $1 AND open_hits > 0`, []any{tenant}, &n)
	return n, err
}
