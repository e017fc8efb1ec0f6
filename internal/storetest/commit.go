package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// commits are the tests of many changes at once.
func commits() map[string]func(*house) {
	return map[string]func(*house){
		"many callers write many sessions":                                  manyCallers,
		"many callers of one session take turns":                            oneSession,
		"a bad change fails alone":                                          badChange,
		"events stay gapless when writers race":                             gapless,
		"a closed store takes nothing":                                      closedStore,
		"a change whose caller has gone may be refused":                     goneCaller,
		"jobs of a batch are all there":                                     jobsOfBatch,
		"a job that fails is tried again, and told when it is its last try": jobTries,
		"a job may wait":                                                    jobWaits,
	}
}

// atOnce runs fn n times at once and gives the errors by number.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	return errs
}

const crowd = 64

func manyCallers(h *house) {
	rows := make([]store.SessionRow, crowd)
	events := make([]store.EventRow, crowd)
	for i := range rows {
		rows[i] = h.session(h.applicant(ours))
		events[i] = h.event(rows[i], 1)
	}
	h.must(errors.Join(atOnce(crowd, func(i int) error {
		return h.Commit(ctx(), store.Change{Session: &rows[i], Events: events[i : i+1]})
	})...))
	for _, r := range rows {
		same(h, "version", h.stored(r).Version, 1)
		same(h, "events", len(h.events(r)), 1)
	}
}

func oneSession(h *house) {
	_, s := h.person(ours)
	rows := make([]store.SessionRow, crowd)
	for i := range rows {
		rows[i] = next(s)
	}
	won := 0
	for _, err := range atOnce(crowd, func(i int) error { return h.Commit(ctx(), store.Change{Session: &rows[i]}) }) {
		if err == nil {
			won++
		} else {
			h.wants(err, store.ErrConflict)
		}
	}
	same(h, "winners", won, 1)
	same(h, "version", h.stored(s).Version, 2)
}

func badChange(h *house) {
	_, s := h.person(ours)
	taken := h.events(s)[0]
	changes := make([]store.Change, crowd)
	for i := range changes {
		row := h.session(h.applicant(ours))
		changes[i] = store.Change{Session: &row, Events: []store.EventRow{h.event(row, 1)}}
		if i == crowd/2 {
			changes[i].Events[0].ID = taken.ID // an id that exists: the database refuses
		}
	}
	for i, err := range atOnce(crowd, func(i int) error { return h.Commit(ctx(), changes[i]) }) {
		_, found := h.Session(ctx(), ours, changes[i].Session.ID)
		if i == crowd/2 {
			if err == nil || errors.Is(err, store.ErrConflict) {
				h.Fatalf("the bad change gave %v", err)
			}
			h.wants(found, store.ErrNotFound)
			continue
		}
		h.must(err)
		h.must(found)
	}
}

func gapless(h *house) {
	_, s := h.person(ours)
	const writers, each = 8, 10
	var mu sync.Mutex // of the maker of ids
	h.must(errors.Join(atOnce(writers, func(int) error {
		for done := 0; done < each; {
			was, err := h.Session(ctx(), ours, s.ID)
			if err != nil {
				return err
			}
			row := next(was)
			mu.Lock()
			events := []store.EventRow{h.event(row, row.Version)}
			mu.Unlock()
			err = h.Commit(ctx(), store.Change{Session: &row, Events: events})
			if err == nil {
				done++
			} else if !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		return nil
	})...))
	events := h.events(s)
	same(h, "events", len(events), 1+writers*each)
	for i, e := range events {
		same(h, "sequence", e.Sequence, int64(i+1))
	}
}

func closedStore(h *house) {
	_, s := h.person(ours)
	h.must(h.Close())
	row := next(s)
	h.wants(h.Commit(ctx(), store.Change{Session: &row}), store.ErrClosed)
}

func goneCaller(h *house) {
	_, s := h.person(ours)
	gone, cancel := context.WithCancel(ctx())
	cancel()
	row := next(s)
	err := h.Commit(gone, store.Change{Session: &row})
	// Either it came too late or it was written; what it may not do is lie.
	want := int64(2)
	if err != nil {
		h.wants(err, context.Canceled)
		want = 1
	}
	same(h, "version", h.stored(s).Version, want)
}

func jobsOfBatch(h *house) {
	changes := make([]store.Change, crowd)
	for i := range changes {
		row := h.session(h.applicant(ours))
		changes[i] = store.Change{Session: &row, Jobs: []store.Job{{Kind: "checks", Tenant: ours, Object: row.ID}}}
	}
	h.must(errors.Join(atOnce(crowd, func(i int) error { return h.Commit(ctx(), changes[i]) })...))
	var want, got []string
	for _, c := range changes {
		want = append(want, c.Session.ID)
	}
	for _, j := range h.works(crowd) {
		got = append(got, j.Object)
	}
	slices.Sort(got)
	same(h, "objects of jobs", got, want)
}

// works runs the queue until it has done n jobs, and gives them.
func (h *house) works(n int) []store.Job {
	h.Helper()
	done := make(chan store.Job, n)
	h.must(h.jobs.Start(ctx(), func(_ context.Context, j store.Job) error {
		done <- j
		return nil
	}, nil))
	defer func() { h.must(h.jobs.Stop(ctx())) }()
	var jobs []store.Job
	for range n {
		jobs = append(jobs, h.receive(done))
	}
	return jobs
}

// receive gives up after a time that is far beyond what any queue takes.
func (h *house) receive(from <-chan store.Job) store.Job {
	h.Helper()
	select {
	case j := <-from:
		return j
	case <-time.After(time.Minute):
		h.Fatal("the job never ran")
		return store.Job{}
	}
}

func jobTries(h *house) {
	h.commit(store.Change{Jobs: []store.Job{{Kind: "checks", Tenant: ours, Object: "object"}}})
	tries := make(chan store.Job, 100)
	h.must(h.jobs.Start(ctx(), func(_ context.Context, j store.Job) error {
		tries <- j
		if j.Last {
			return nil
		}
		return errors.New("not yet")
	}, nil))
	defer func() { h.must(h.jobs.Stop(ctx())) }()
	for number := 1; ; number++ {
		j := h.receive(tries)
		same(h, "try", j.Attempt, number)
		if j.Last {
			return
		}
	}
}

func jobWaits(h *house) {
	h.commit(store.Change{Jobs: []store.Job{
		{Kind: "account", Tenant: ours, Object: "later", After: time.Hour},
		{Kind: "account", Tenant: ours, Object: "now"},
	}})
	n, err := h.jobs.Waiting(ctx())
	h.must(err)
	same(h, "jobs that are due", n, 1)
	same(h, "job", h.works(1)[0].Object, "now")
}
