package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// NodeRow is one of the processes that serve this database at once.
type NodeRow struct {
	ID   string
	Beat int64 // rises while it lives
}

// Beat raises the beat of this store's node. It is not known when it is new, or when the others have taken it for dead and its work over; from now
// on it is.
func (s *Store) Beat(ctx context.Context, now time.Time) (known bool, err error) {
	err = s.together(ctx, func(w *writer) {
		known = w.exec(`UPDATE nodes SET beat = beat + 1 WHERE id = $1`, s.c.Node) > 0
		if !known {
			w.exec(`INSERT INTO nodes (id, beat, started_at) VALUES ($1, 1, $2) ON CONFLICT (id) DO NOTHING`, s.c.Node, ms(now))
		}
	})
	return known, err
}

// Clock gives the database's own time, which is the same for all nodes; the zero time where it has none but that of its only process.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	if s.c.Words.Now == "" {
		return time.Time{}, nil
	}
	var now int64
	err := s.row(ctx, `SELECT `+s.c.Words.Now, nil, &now)
	return at(now), err
}

// Nodes gives the nodes that are known, dead ones included until they are buried.
func (s *Store) Nodes(ctx context.Context) ([]NodeRow, error) {
	return all(ctx, s, func(row scanner) (r NodeRow, err error) { return r, row.Scan(&r.ID, &r.Beat) }, `SELECT id, beat FROM nodes ORDER BY id`)
}

// longestLease is how long a sender may hold a delivery that it claimed.
const longestLease = time.Minute

// Bury frees what a node had in hand, and forgets the node: its deliveries are due, its idempotency keys and turns free. Two that bury the same one do
// no more than one.
func (s *Store) Bury(ctx context.Context, node string, now time.Time) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE deliveries SET due_at = $2, holder = '' WHERE status = 'pending' AND due_at > $2 AND due_at <= $3 AND holder = $1`,
			holderOf(node), ms(now), ms(now.Add(longestLease)))
		// Older ones are free already.
		w.exec(`UPDATE idempotency SET started_at = 0, holder = '' WHERE status = 0 AND started_at > $2 AND holder = $1`, node, ms(now.Add(-time.Hour)))
		w.exec(`DELETE FROM turns WHERE node = $1`, node)
		w.exec(`DELETE FROM rings WHERE node = $1`, node)
		w.exec(`DELETE FROM nodes WHERE id = $1`, node)
	})
}

// TakeTurn takes the turn at something that one at a time does, until a time or [Store.EndTurn]. It is false while another has it. The same holder may
// take it again, for longer.
func (s *Store) TakeTurn(ctx context.Context, name, holder string, now, until time.Time) (mine bool, err error) {
	n, err := s.exec(ctx, `INSERT INTO turns (name, holder, node, ends_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET
		holder = excluded.holder, node = excluded.node, ends_at = excluded.ends_at WHERE turns.ends_at <= $5 OR turns.holder = excluded.holder`,
		name, holder, s.c.Node, ms(until), ms(now))
	return n > 0, err
}

// EndTurn gives a turn back.
func (s *Store) EndTurn(ctx context.Context, name, holder string) error {
	_, err := s.exec(ctx, `DELETE FROM turns WHERE name = $1 AND holder = $2`, name, holder)
	return err
}

// Drip is what a node adds to a bucket that all nodes share and that drains with time.
type Drip struct {
	Name  string
	Count int64
	Rate  float64       // of draining, a second
	Full  time.Duration // in which the fullest bucket has drained
}

// Buckets are kept in the counters with the time at which the last drip will certainly have drained. They are counted by the billionth: what drains in a
// millisecond is a whole number of those, so that nothing is lost however small the steps.
const (
	whole = 1_000_000_000
	// byBillionth stands behind the names, since older versions count others by the millionth.
	byBillionth = "/n"

	addDrip = `INSERT INTO counters (name, count, ends_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET
		count = excluded.count + CASE WHEN excluded.ends_at <= counters.ends_at THEN counters.count
			WHEN excluded.ends_at - counters.ends_at >= $5 THEN 0
			WHEN (excluded.ends_at - counters.ends_at) * $4 >= counters.count THEN 0
			ELSE counters.count - (excluded.ends_at - counters.ends_at) * $4 END,
		ends_at = CASE WHEN excluded.ends_at > counters.ends_at THEN excluded.ends_at ELSE counters.ends_at END
		RETURNING count`
)

// AddDrips adds to buckets and gives how full each is then.
func (s *Store) AddDrips(ctx context.Context, drips []Drip, now time.Time) (levels []float64, err error) {
	order := make([]int, len(drips)) // two nodes lock the buckets in the same order
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(drips[a].Name, drips[b].Name) })
	err = s.together(ctx, func(w *writer) {
		levels = make([]float64, len(drips))
		for _, i := range order {
			d := drips[i]
			perMS := int64(math.Round(d.Rate * whole / 1000))
			w.rows(addDrip, []any{d.Name + byBillionth, d.Count * whole, ms(now.Add(d.Full)), perMS, d.Full.Milliseconds()}, func(row scanner) error {
				var level int64
				err := row.Scan(&level)
				levels[i] = float64(level) / whole
				return err
			})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("add to buckets: %w", err)
	}
	return levels, nil
}

// Node gives the id of this process among those that serve the database at once, or "" when it is the only one.
func (s *Store) Node() string { return s.c.Node }
