package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// Deliveries of one lane (a session, or an applicant, at one endpoint) are sent in the order in which they were written. Only the oldest
// that is not done has a time at which it is due; those behind it are "blocked" until it is done. So a claim reads nothing but what can be
// sent, however long the line behind a dead endpoint grows. Who has claimed the oldest has the lane: it may be given those behind it as well, which stay
// as they are, since nobody else can claim them until the oldest is done or its lease has ended.
const blocked = math.MaxInt64

const deliveryColumns = `d.id, d.tenant_id, d.endpoint_id, d.applicant_id, d.session_id, d.event_id, d.event_type, d.name, d.content_type, d.body,
    d.status, d.attempts, d.due_at, d.created_at, d.done_at`

func scanDelivery(row scanner) (DeliveryRow, error) {
	var r DeliveryRow
	var due, created, done int64
	err := row.Scan(&r.ID, &r.TenantID, &r.EndpointID, &r.ApplicantID, &r.SessionID, &r.EventID, &r.EventType, &r.Message.Event,
		&r.Message.ContentType, &r.Message.Body, &r.Status, &r.Attempts, &due, &created, &done)
	if due != blocked && r.Status == usher.DeliveryPending {
		r.DueAt = at(due)
	}
	r.CreatedAt, r.DoneAt = at(created), at(done)
	return r, err
}

// dueDeliveries finds what can be sent; of several nodes that look at once, each finds others.
func (s *Store) dueDeliveries() string {
	return `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE d.status = 'pending' AND d.due_at <= $1
    AND d.endpoint_id NOT IN (` + s.c.Words.list("$3") + `) ORDER BY d.due_at LIMIT $2` + s.c.Words.Claim
}

// mostBehind is how many of those that wait behind a delivery are given with it.
const mostBehind = 127

// Run is what is claimed of one lane: the delivery that is leased, and those behind it, in their order.
type Run []DeliveryRow

// ClaimDeliveries gives deliveries that are due and puts them off until the lease ends: should the sender die, they are due again.
func (s *Store) ClaimDeliveries(ctx context.Context, c usher.DeliveryClaim) ([]DeliveryRow, error) {
	c.Ahead = 0
	runs, err := s.ExchangeDeliveries(ctx, nil, c)
	var heads []DeliveryRow
	for _, r := range runs {
		heads = append(heads, r[0])
	}
	return heads, err
}

// ExchangeDeliveries writes how tries ended and claims what is due, the next in line included, in one transaction.
func (s *Store) ExchangeDeliveries(ctx context.Context, reports []usher.DeliveryReport, c usher.DeliveryClaim) ([]Run, error) {
	var claimed []Run
	err := s.together(ctx, func(w *writer) {
		w.settle(reports)
		claimed = w.claim(c)
	})
	if err != nil {
		return nil, fmt.Errorf("settle and claim deliveries: %w", err)
	}
	return claimed, nil
}

func (w *writer) claim(c usher.DeliveryClaim) (claimed []Run) {
	if c.Limit == 0 {
		return nil
	}
	// Never nil: as JSON that is null, which makes the condition true for no row at all.
	except := append([]string{}, c.Except...)
	w.rows(w.s.dueDeliveries(), []any{ms(c.Now), c.Limit, w.encode(except)}, func(row scanner) error {
		r, err := scanDelivery(row)
		claimed = append(claimed, Run{r})
		return err
	})
	ids := make([]string, len(claimed))
	for i, r := range claimed {
		ids[i] = r[0].ID
	}
	w.putOff(ids, c.Now.Add(c.Lease), w.s.holder())
	if each := min(c.Ahead/max(1, len(ids)), mostBehind); each > 0 && len(ids) > 0 {
		w.behind(claimed, ids, each)
	}
	return claimed
}

// behind adds those that wait behind claimed deliveries, so many each at most.
func (w *writer) behind(claimed []Run, heads []string, each int) {
	type waiting struct {
		DeliveryRow
		pos, due int64
	}
	byLane := map[string][]waiting{}
	w.rows(`SELECT `+deliveryColumns+`, d.pos, d.due_at`+w.s.c.Words.Behind, []any{w.encode(heads), each}, func(row scanner) (err error) {
		var r waiting
		r.DeliveryRow, err = scanDelivery(more{row, []any{&r.pos, &r.due}})
		byLane[r.Lane()] = append(byLane[r.Lane()], r)
		return err
	})
	for i, run := range claimed {
		list := byLane[run[0].Lane()]
		slices.SortFunc(list, func(a, b waiting) int { return cmp.Compare(a.pos, b.pos) })
		for _, r := range list {
			if r.due != blocked {
				break // it waits for somebody by itself, and those behind it for it
			}
			claimed[i] = append(claimed[i], r.DeliveryRow)
		}
	}
}

// more is a row with columns behind those that are asked for.
type more struct {
	scanner
	into []any
}

// Scan reads all of them.
func (m more) Scan(into ...any) error { return m.scanner.Scan(append(into, m.into...)...) }

// holder is who has what this process claims.
func (s *Store) holder() string { return holderOf(s.c.Node) }

func holderOf(node string) string { return cmp.Or(node, onlyNode) }

// onlyNode is the holder of what the only process of a database has claimed: it has no id, and what it has is not to be mistaken for what waits.
const onlyNode = "-"

// putOff makes deliveries due at a time, until when they are in somebody's hands, or in nobody's.
func (w *writer) putOff(ids []string, until time.Time, holder string) {
	if len(ids) > 0 {
		w.exec(`UPDATE deliveries SET due_at = $2, holder = $3 WHERE status || '' = 'pending' AND id IN (`+w.s.c.Words.list("$1")+`)`,
			w.encode(ids), ms(until), holder)
	}
}

// ReleaseDeliveries makes deliveries that this node has claimed due again at once; those that another has in hand by now it leaves there.
func (s *Store) ReleaseDeliveries(ctx context.Context, now time.Time, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE deliveries SET due_at = $2, holder = '' WHERE status || '' = 'pending' AND holder = $3 AND id IN (`+w.s.c.Words.list("$1")+`)`,
			w.encode(ids), ms(now), s.holder())
	})
}

// hurry makes it due, whatever time it waited for. One that somebody has in hand is being sent, and stays there.
const hurry = `UPDATE deliveries SET due_at = $2 WHERE pos = (SELECT min(pos) FROM deliveries WHERE lane = $1 AND status = 'pending')
    AND due_at > $2 AND holder = ''`

// SettleDeliveries writes how tries ended, in one transaction.
func (s *Store) SettleDeliveries(ctx context.Context, reports []usher.DeliveryReport) error {
	_, err := s.ExchangeDeliveries(ctx, reports, usher.DeliveryClaim{})
	return err
}

// NextDelivery tells when the next delivery is due, or the zero time when none waits.
func (s *Store) NextDelivery(ctx context.Context) (time.Time, error) {
	var due sql.NullInt64
	if err := s.row(ctx, `SELECT min(due_at) FROM deliveries WHERE status = 'pending'`, nil, &due); err != nil {
		return time.Time{}, err
	}
	if !due.Valid || due.Int64 == blocked {
		return time.Time{}, nil
	}
	return at(due.Int64), nil
}

// AbandonDeliveries gives up what an endpoint has not been sent yet: it was disabled or deleted. Its lanes are those that begin with its id
// and "/"; "0" is the character behind "/".
func (s *Store) AbandonDeliveries(ctx context.Context, endpoint string, now time.Time) error {
	_, err := s.exec(ctx, `UPDATE deliveries SET status = 'dead', done_at = $3 WHERE status = 'pending' AND lane > $1 AND lane < $2`,
		endpoint+"/", endpoint+"0", ms(now))
	return err
}

// HurryDelivery makes the line that a delivery waits in move now: the oldest of its lane that is not done becomes due. It is false when the
// delivery itself no longer waits.
func (s *Store) HurryDelivery(ctx context.Context, d DeliveryRow, now time.Time, audit ...usher.AuditRecord) (bool, error) {
	var waits bool
	err := s.together(ctx, func(w *writer) {
		waits = false
		w.rows(`SELECT 1 FROM deliveries WHERE id = $1 AND status = 'pending'`, []any{d.ID}, func(row scanner) error {
			var one int
			waits = true
			return row.Scan(&one)
		})
		if waits {
			w.audit(requested(ctx, audit)...)
			w.exec(hurry, d.Lane(), ms(now))
		}
	})
	return waits, err
}

// AddDelivery queues a delivery outside of a session's commit: a ping, or one sent again.
func (s *Store) AddDelivery(ctx context.Context, d DeliveryRow, audit ...usher.AuditRecord) error {
	return s.Commit(ctx, Change{Deliveries: []DeliveryRow{d}, Audit: audit})
}

// Delivery gives a tenant's delivery and its tries.
func (s *Store) Delivery(ctx context.Context, tenant, id string) (DeliveryRow, []usher.DeliveryAttempt, error) {
	d, err := one(ctx, s, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id = $1 AND d.tenant_id = $2`, id, tenant)
	if err != nil {
		return d, nil, err
	}
	tries, err := all(ctx, s, func(r scanner) (usher.DeliveryAttempt, error) {
		var doc string
		var a usher.DeliveryAttempt
		if err := r.Scan(&doc); err != nil {
			return a, err
		}
		return a, json.Unmarshal([]byte(doc), &a)
	}, `SELECT doc FROM delivery_attempts WHERE delivery_id = $1 ORDER BY number`, id)
	return d, tries, err
}

// ListDeliveries gives a tenant's deliveries in the order in which they were queued, or the reverse.
func (s *Store) ListDeliveries(ctx context.Context, tenant string, f usher.DeliveryFilter) ([]DeliveryRow, error) {
	q := query{text: `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE d.tenant_id = $1`, args: []any{tenant}}
	q.when(f.EndpointID != "", `d.endpoint_id = ?`, f.EndpointID)
	q.when(f.Status != "", `d.status = ?`, f.Status)
	q.when(f.SessionID != "", `d.session_id = ?`, f.SessionID)
	q.when(f.Name != "", `d.name = ?`, f.Name)
	q.when(!f.From.IsZero(), `d.created_at >= ?`, ms(f.From))
	q.when(!f.Before.IsZero(), `d.created_at < ?`, ms(f.Before))
	if err := s.between(ctx, &q, "deliveries", "d.pos", tenant, f.Paging); err != nil {
		return nil, err
	}
	return inOrder(ctx, s, q, "deliveries", "d.pos", tenant, f.Paging, scanDelivery)
}

// SentTo gives what an endpoint was sent since a time, or of one event, oldest first, each event once: the delivery that still waits if there
// is one, else the first.
func (s *Store) SentTo(ctx context.Context, tenant, endpoint, event string, since time.Time) ([]DeliveryRow, error) {
	q := query{
		text: `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.created_at >= $3
		AND d.pos = (SELECT o.pos FROM deliveries o WHERE o.endpoint_id = d.endpoint_id AND o.event_id = d.event_id AND o.name = d.name
		ORDER BY CASE o.status WHEN 'pending' THEN 0 ELSE 1 END, o.pos LIMIT 1)`,
		args: []any{tenant, endpoint, ms(since)},
	}
	q.when(event != "", `d.event_id = ?`, event)
	q.text += ` ORDER BY d.pos LIMIT 10000`
	return all(ctx, s, scanDelivery, q.text, q.args...)
}
