package storetest

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// shared are the tests of what the nodes of one server share.
func shared() map[string]func(*house) {
	return map[string]func(*house){
		"a node is known while it lives":            beats,
		"a dead node's deliveries are due again":    buried,
		"one at a time has a turn":                  turns,
		"the database has a clock or none":          clock,
		"a sweep goes on where it has stopped":      sweeps,
		"a bucket drains and overflows for all":     drips,
		"one edition of a list is in use":           editions,
		"a buried node's idempotency keys are free": freedKeys,
	}
}

func beats(h *house) {
	known, err := h.Beat(ctx(), h.now)
	h.must(err)
	same(h, "known before its first beat", known, false)
	known, err = h.Beat(ctx(), h.now)
	h.must(err)
	same(h, "known", known, true)
	list, err := h.Nodes(ctx())
	h.must(err)
	same(h, "nodes", list, []store.NodeRow{{ID: h.Node(), Beat: 2}})
	h.must(h.Bury(ctx(), h.Node(), h.now))
	list, err = h.Nodes(ctx())
	h.must(err)
	same(h, "nodes left", len(list), 0)
}

func buried(h *house) {
	_, s := h.person(ours)
	h.queue("e1", s, 1)
	same(h, "claimed", len(h.claim(10)), 1)
	same(h, "claimed twice", len(h.claim(10)), 0)
	h.must(h.Bury(ctx(), "another", h.now))
	same(h, "claimed from one that lives", len(h.claim(10)), 0)
	h.must(h.Bury(ctx(), h.Node(), h.now))
	again := h.claim(10)
	same(h, "claimed from the dead", len(again), 1)
	same(h, "tries that were counted", again[0].Attempts, 0)
}

func freedKeys(h *house) {
	row := store.OnceRow{Tenant: ours, Client: "c", Key: "k", Fingerprint: []byte("f"), StartedAt: h.now}
	_, mine, err := h.BeginOnce(ctx(), row, h.now.Add(-time.Minute))
	h.must(err)
	same(h, "first", mine, true)
	_, mine, err = h.BeginOnce(ctx(), row, h.now.Add(-time.Minute))
	h.must(err)
	same(h, "while it is served", mine, false)
	h.must(h.Bury(ctx(), h.Node(), h.now))
	_, mine, err = h.BeginOnce(ctx(), row, h.now.Add(-time.Minute))
	h.must(err)
	same(h, "after its node died", mine, true)
}

func clock(h *house) {
	before := time.Now().Add(-time.Minute)
	got, err := h.Clock(ctx())
	h.must(err)
	if !got.IsZero() && (got.Before(before) || got.After(before.Add(2*time.Minute))) {
		h.Errorf("the database, which runs beside this test, says %s", got)
	}
}

func sweeps(h *house) {
	begin, err := h.Sweep(ctx(), "s3://bucket")
	h.must(err)
	same(h, "at the start", begin, store.SweepRow{Store: "s3://bucket"})
	on := store.SweepRow{Store: "s3://bucket", Position: "tenant/applicant"}
	h.must(h.MoveSweep(ctx(), begin, on))
	h.must(h.MoveSweep(ctx(), begin, store.SweepRow{Store: "s3://bucket", Position: "tenant/before"})) // by one who began there as well
	got, err := h.Sweep(ctx(), "s3://bucket")
	h.must(err)
	same(h, "where it goes on", got, on)
	other, err := h.Sweep(ctx(), "folder")
	h.must(err)
	same(h, "another store", other, store.SweepRow{Store: "folder"})
	end := store.SweepRow{Store: "s3://bucket", Due: h.now.Add(time.Hour)}
	h.must(h.MoveSweep(ctx(), on, end))
	got, err = h.Sweep(ctx(), "s3://bucket")
	h.must(err)
	same(h, "at the end", got, end)
}

func turns(h *house) {
	take := func(holder string, at time.Time) bool {
		h.Helper()
		mine, err := h.TakeTurn(ctx(), "thing", holder, at, at.Add(10*time.Second))
		h.must(err)
		return mine
	}
	same(h, "free", take("a", h.now), true)
	same(h, "taken", take("b", h.now), false)
	same(h, "taken again by the same", take("a", h.now), true)
	same(h, "over its time", take("b", h.now.Add(11*time.Second)), true)
	h.must(h.EndTurn(ctx(), "thing", "a")) // late: it is another's
	same(h, "still another's", take("a", h.now.Add(12*time.Second)), false)
	h.must(h.EndTurn(ctx(), "thing", "b"))
	same(h, "given back", take("a", h.now), true)
	h.must(h.Leave(ctx()))
	same(h, "of a node that has left", take("b", h.now), true)
	won := 0
	for _, err := range atOnce(crowd, func(i int) error {
		mine, err := h.TakeTurn(ctx(), "crowd", fmt.Sprint(i), h.now, h.now.Add(time.Minute))
		if err == nil && !mine {
			err = store.ErrConflict
		}
		return err
	}) {
		if err == nil {
			won++
		}
	}
	same(h, "of a crowd", won, 1)
}

func drips(h *house) {
	drip := func(count int64, after time.Duration) float64 {
		h.Helper()
		levels, err := h.AddDrips(ctx(), []store.Drip{
			{Name: "z", Count: 1, Rate: 1, Full: time.Second}, {Name: "a", Count: count, Rate: 0.5, Full: 10 * time.Second},
		}, h.now.Add(after))
		h.must(err)
		same(h, "buckets", len(levels), 2)
		return levels[1]
	}
	for _, step := range []struct {
		count int64
		after time.Duration
		want  float64
	}{{4, 0, 4}, {2, 0, 6}, {0, 2 * time.Second, 5}, {1, time.Second, 6}, {1, 4 * time.Second, 6}, {3, time.Hour, 3}} {
		if got := drip(step.count, step.after); math.Abs(got-step.want) > 0.01 {
			h.Errorf("%d more after %s: %.2f, want %.2f", step.count, step.after, got, step.want)
		}
	}
	slow := []store.Drip{{Name: "slow", Count: 45, Rate: 0.0125, Full: time.Hour}, {Name: "slower", Count: 1, Rate: 0.0003, Full: time.Hour}}
	var levels []float64
	var err error
	for step := range 51 { // of a minute, in small steps
		levels, err = h.AddDrips(ctx(), slow, h.now.Add(time.Duration(step)*time.Minute))
		h.must(err)
		slow[0].Count, slow[1].Count = 0, 0
	}
	if math.Abs(levels[0]-7.5) > 0.001 || math.Abs(levels[1]-0.1) > 0.001 {
		h.Errorf("after 50 minutes the slow ones hold %.4f and %.4f, want 7.5 and 0.1", levels[0], levels[1])
	}
	h.must(errors.Join(atOnce(crowd, func(int) error {
		_, err := h.AddDrips(ctx(), []store.Drip{{Name: "crowd", Count: 1, Rate: 0.001, Full: time.Hour}}, h.now)
		return err
	})...))
	levels, err = h.AddDrips(ctx(), []store.Drip{{Name: "crowd", Rate: 0.001, Full: time.Hour}}, h.now)
	h.must(err)
	same(h, "drips of a crowd", math.Round(levels[0]), float64(crowd))
}

func editions(h *house) {
	row := store.ListRow{List: "own", Edition: "1", Manifest: "{}", CheckedAt: h.now}
	for part, body := range []string{"a", "b"} {
		h.must(h.PutListPart(ctx(), "own", "1", "own.csv", part, []byte(body)))
	}
	h.must(h.UseList(ctx(), row, ""))
	h.wants(h.UseList(ctx(), row, "0"), store.ErrConflict)
	h.must(h.HoldList(ctx(), "own", "1"))
	for _, edition := range []string{"2", "3"} {
		h.must(h.PutListPart(ctx(), "own", edition, "own.csv", 0, []byte(edition)))
		was := row.Edition
		row.Edition = edition
		h.must(h.UseList(ctx(), row, was))
	}
	h.must(h.CheckList(ctx(), "own", h.now.Add(time.Hour)))
	h.must(h.CheckList(ctx(), "own", h.now))
	lists, err := h.Lists(ctx())
	h.must(err)
	row.Held, row.CheckedAt = "1", h.now.Add(time.Hour)
	same(h, "lists", lists, []store.ListRow{row})
	body, err := h.ListPart(ctx(), "own", "2", "own.csv", 0)
	h.must(err)
	same(h, "part", string(body), "2")
	_, err = h.ListPart(ctx(), "own", "2", "own.csv", 1)
	h.wants(err, store.ErrNotFound)
	_, err = h.ListPart(ctx(), "own", "1", "own.csv", 0)
	h.wants(err, store.ErrNotFound)
}
