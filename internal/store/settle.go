package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// settled is how a try of a delivery ended, as the statements below read it. At is when it was done, or is to be tried again.
type settled struct {
	ID     string               `json:"id"`
	Status usher.DeliveryStatus `json:"status,omitempty"`
	Number int                  `json:"number"`
	At     int64                `json:"at"`
}

// try is one that is kept.
type try struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Doc    string `json:"doc"`
}

// A planner that has not counted lately takes what is pending for little, and walks through all of it where an id is given: hence status || '' and
// due_at + 0 in statements on deliveries that are known by id, place or lane, which no index of what is pending fits.

// settle writes how tries ended, and makes those due that waited behind what is done. That a try failed is of no use any more when another node has the
// delivery in hand by now, by itself or as one of a line: it would take the delivery out of that node's hands. Rows are taken in the same order by
// everybody: deliveries, endpoints, lanes.
func (w *writer) settle(list []usher.DeliveryReport) {
	reports := make([]*usher.DeliveryReport, len(list))
	for i := range list {
		reports[i] = &list[i]
	}
	slices.SortStableFunc(reports, func(a, b *usher.DeliveryReport) int { return strings.Compare(a.Delivery.ID, b.Delivery.ID) })
	for len(reports) > 0 && w.err == nil {
		// One statement writes a row once.
		var round, rest []*usher.DeliveryReport
		for _, r := range reports {
			if n := len(round); n > 0 && round[n-1].Delivery.ID == r.Delivery.ID {
				rest = append(rest, r)
			} else {
				round = append(round, r)
			}
		}
		w.settleOnce(round)
		reports = rest
	}
}

func (w *writer) settleOnce(reports []*usher.DeliveryReport) {
	lanes := map[string]lease{} // in which something was done
	var now time.Time
	written := w.settleDone(reports, func(r *usher.DeliveryReport, by lease) {
		now = later(now, r.Attempt.At)
		lanes[laneOf(r)] = by.longer(lanes[laneOf(r)])
	})
	written = append(written, w.settleFailed(slices.DeleteFunc(reports, func(r *usher.DeliveryReport) bool {
		return r.Status != usher.DeliveryPending || lanes[laneOf(r)].until > ms(r.Attempt.At)
	}))...)
	if len(written) == 0 {
		return // they were settled before
	}
	tries := make([]try, len(written))
	for i, r := range written {
		tries[i] = try{ID: r.Delivery.ID, Number: r.Attempt.Number, Doc: w.encode(r.Attempt)}
	}
	w.exec(`INSERT INTO delivery_attempts (delivery_id, number, doc) SELECT value ->> 'id', CAST(value ->> 'number' AS INTEGER), value ->> 'doc'
		FROM `+w.s.c.Words.each("$1")+` WHERE TRUE ON CONFLICT (delivery_id, number) DO NOTHING`, w.encode(tries))
	w.health(written)
	free := slices.Collect(maps.Keys(lanes))
	w.unblock(slices.DeleteFunc(free, func(lane string) bool { return lanes[lane].until > ms(now) }), now)
	for _, lane := range slices.Sorted(maps.Keys(lanes)) {
		if by := lanes[lane]; by.until > ms(now) {
			w.handOn(lane, by)
		}
	}
}

func laneOf(r *usher.DeliveryReport) string { return DeliveryRow{Delivery: r.Delivery}.Lane() }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lease says which other node has a lane in hand, and until when; the zero value: none.
type lease struct {
	holder string
	until  int64
}

func (l lease) longer(other lease) lease {
	if other.until > l.until {
		return other
	}
	return l
}

// settleDone writes what is delivered or dead, and gives the reports that it wrote. What became of a delivery that is done stays in its row: who had it
// in hand, and for how long. done is told of each, and of the other node that has its lane in hand.
func (w *writer) settleDone(reports []*usher.DeliveryReport, done func(*usher.DeliveryReport, lease)) (written []*usher.DeliveryReport) {
	byID := make(map[string]*usher.DeliveryReport, len(reports))
	list := make([]settled, 0, len(reports))
	for _, r := range reports {
		if r.Status != usher.DeliveryPending {
			byID[r.Delivery.ID] = r
			list = append(list, settled{ID: r.Delivery.ID, Status: r.Status, Number: r.Attempt.Number, At: ms(r.Attempt.At)})
		}
	}
	if len(list) == 0 {
		return nil
	}
	if w.s.c.Sets == nil {
		return w.settleEach(list, byID, done)
	}
	w.rows(`UPDATE deliveries SET status = r.status, attempts = r.number, done_at = r.at
		FROM (SELECT value ->> 'id' AS id, value ->> 'status' AS status, CAST(value ->> 'number' AS INTEGER) AS number,
			CAST(value ->> 'at' AS BIGINT) AS at FROM `+w.s.c.Words.each("$1")+`) r
		WHERE deliveries.id = r.id AND deliveries.status || '' = 'pending' AND deliveries.attempts < r.number
		RETURNING deliveries.id, deliveries.holder, deliveries.due_at`, []any{w.encode(list)}, func(row scanner) error {
		var id string
		var by lease
		if err := row.Scan(&id, &by.holder, &by.until); err != nil {
			return err
		}
		if by.holder == "" || by.holder == w.s.holder() || by.until == blocked {
			by = lease{}
		}
		written = append(written, byID[id])
		done(byID[id], by)
		return nil
	})
	return written
}

// settleEach is settleDone where there is one writer, and a statement costs no way to a server and back: one for each row costs half of one for all.
func (w *writer) settleEach(list []settled, byID map[string]*usher.DeliveryReport, done func(*usher.DeliveryReport, lease)) (written []*usher.DeliveryReport) {
	for _, r := range list {
		var by lease
		if w.s.c.Node != "" {
			w.rows(`SELECT holder, due_at FROM deliveries WHERE id = $1 AND holder <> '' AND holder <> $2 AND due_at + 0 < 9223372036854775807`,
				[]any{r.ID, w.s.holder()}, func(row scanner) error { return row.Scan(&by.holder, &by.until) })
		}
		if w.exec(`UPDATE deliveries SET status = $2, attempts = $3, done_at = $4 WHERE id = $1 AND status || '' = 'pending' AND attempts < $3`,
			r.ID, r.Status, r.Number, r.At) > 0 {
			written = append(written, byID[r.ID])
			done(byID[r.ID], by)
		}
	}
	return written
}

// settleFailed writes when what failed is tried again, and gives the reports that it wrote.
func (w *writer) settleFailed(reports []*usher.DeliveryReport) (written []*usher.DeliveryReport) {
	if len(reports) == 0 {
		return nil
	}
	byID := make(map[string]*usher.DeliveryReport, len(reports))
	list := make([]settled, len(reports))
	for i, r := range reports {
		byID[r.Delivery.ID] = r
		list[i] = settled{ID: r.Delivery.ID, Number: r.Attempt.Number, At: ms(r.RetryAt)}
	}
	w.rows(`UPDATE deliveries SET attempts = r.number, due_at = r.at, holder = ''
		FROM (SELECT value ->> 'id' AS id, CAST(value ->> 'number' AS INTEGER) AS number, CAST(value ->> 'at' AS BIGINT) AS at
			FROM `+w.s.c.Words.each("$1")+`) r
		WHERE deliveries.id = r.id AND deliveries.status || '' = 'pending' AND deliveries.attempts < r.number
			AND (deliveries.holder = '' OR deliveries.holder = $2) RETURNING deliveries.id`, []any{w.encode(list), w.s.holder()}, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		written = append(written, byID[id])
		return err
	})
	return written
}

// health counts the failures in a row of endpoints.
func (w *writer) health(reports []*usher.DeliveryReport) {
	type sum struct {
		well   bool // something arrived
		failed int  // in a row, behind that
		since  time.Time
	}
	slices.SortStableFunc(reports, func(a, b *usher.DeliveryReport) int { return a.Attempt.At.Compare(b.Attempt.At) })
	sums := map[string]*sum{}
	var names []string
	for _, r := range reports {
		name := r.Delivery.EndpointID
		if sums[name] == nil {
			sums[name], names = &sum{}, append(names, name)
		}
		switch s := sums[name]; {
		case r.Status == usher.DeliveryDelivered:
			*s = sum{well: true}
		case s.failed == 0:
			s.since = r.Attempt.At
			fallthrough
		default:
			s.failed++
		}
	}
	slices.Sort(names)
	var well []string
	for _, name := range names {
		if s := sums[name]; s.failed > 0 {
			w.exec(`UPDATE endpoints SET failures = $2 + CASE WHEN $4 THEN 0 ELSE failures END,
				failing_since = CASE WHEN $4 OR failures = 0 THEN $3 ELSE failing_since END WHERE id = $1`, name, s.failed, ms(s.since), s.well)
		} else {
			well = append(well, name)
		}
	}
	if len(well) > 0 {
		w.exec(`UPDATE endpoints SET failures = 0, failing_since = 0 WHERE failures > 0 AND id IN (`+w.s.c.Words.list("$1")+`)`, w.encode(well))
	}
}

// unblock makes the oldest waiting delivery of each of some lanes due. With several writers, one may put a delivery behind another that a second
// writer settles at the same moment, and neither sees what the other does: so whoever settles one, and whoever has put one behind another, looks
// again here, and only one of them at a time.
func (w *writer) unblock(lanes []string, now time.Time) {
	if len(lanes) == 0 {
		return
	}
	w.lock(lanes...)
	w.exec(`UPDATE deliveries SET due_at = $2 WHERE pos IN (SELECT (SELECT min(pos) FROM deliveries o WHERE o.lane = l.value AND o.status = 'pending')
		FROM `+w.s.c.Words.texts("$1")+` l) AND due_at + 0 = 9223372036854775807`, w.encode(lanes), ms(now))
}

// handOn leaves a lane in the hands of the node that has it, though somebody else, who had it before, was told that its first is done.
func (w *writer) handOn(lane string, by lease) {
	w.exec(`UPDATE deliveries SET due_at = $2, holder = $3 WHERE pos = (SELECT min(pos) FROM deliveries WHERE lane = $1 AND status = 'pending')
		AND due_at + 0 = 9223372036854775807`, lane, by.until, by.holder)
}

// unblockLanes looks again at lanes in which a delivery was put behind another, where there are other writers.
func (w *writer) unblockLanes() {
	if w.s.c.Words.Lock == "" || len(w.lanes) == 0 {
		return
	}
	var waiting []string
	var now int64
	w.rows(`SELECT lane, max(created_at) FROM deliveries WHERE status = 'pending' AND due_at + 0 = 9223372036854775807
		AND lane IN (`+w.s.c.Words.list("$1")+`) GROUP BY lane`, []any{w.encode(w.lanes)}, func(row scanner) error {
		var lane string
		var created int64
		err := row.Scan(&lane, &created)
		waiting, now = append(waiting, lane), max(now, created)
		return err
	})
	w.unblock(waiting, at(now))
}

// FreeLanes makes deliveries due that wait behind nothing: their endpoint was disabled at the moment at which they were queued, and is in use again. It
// gives how many lanes it looked at.
func (s *Store) FreeLanes(ctx context.Context, now time.Time) (int, error) {
	lanes, err := all(ctx, s, func(row scanner) (lane string, err error) { return lane, row.Scan(&lane) },
		`SELECT d.lane FROM deliveries d WHERE d.status = 'pending' AND d.due_at = 9223372036854775807
		AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.lane = d.lane AND o.status = 'pending' AND o.pos < d.pos) LIMIT 1000`)
	if err == nil && len(lanes) > 0 {
		err = s.together(ctx, func(w *writer) { w.unblock(lanes, now) })
	}
	if err != nil {
		return 0, fmt.Errorf("free lanes: %w", err)
	}
	return len(lanes), nil
}
