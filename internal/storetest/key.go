package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// keys are the tests of idempotency keys.
func keys() map[string]func(*house) {
	return map[string]func(*house){
		"a key is one caller's":                         oneCaller,
		"a finished key gives its answer":               finishedKey,
		"a key that was let go is free":                 freedKey,
		"a key that had an effect keeps it when let go": freedWithEffect,
		"the answer of who was taken for dead is kept":  freedAndAnswered,
		"a stale key is taken over":                     staleKey,
		"a key is let go by who has it":                 othersKey,
		"a key that nobody comes back for is forgotten": leftKey,
		"an effect is kept for each operation":          effects,
		"old keys are forgotten":                        tidyKeys,
	}
}

func (h *house) key(name string) store.OnceRow {
	return store.OnceRow{Tenant: ours, Client: "client", Key: name, Fingerprint: []byte("print"), StartedAt: h.now}
}

func (h *house) begin(r store.OnceRow) (store.OnceRow, bool) {
	h.Helper()
	row, mine, err := h.BeginOnce(ctx(), r, h.now.Add(-time.Minute))
	h.must(err)
	return row, mine
}

func oneCaller(h *house) {
	var won atomic.Int32
	r := h.key("key")
	h.must(errors.Join(atOnce(crowd, func(int) error {
		_, mine, err := h.BeginOnce(ctx(), r, h.now.Add(-time.Minute))
		if mine {
			won.Add(1)
		}
		return err
	})...))
	same(h, "holders", won.Load(), 1)
	other := r
	other.Tenant = theirs
	_, mine := h.begin(other)
	same(h, "the same key of another tenant is free", mine, true)
	other = r
	other.Client = "another client"
	_, mine = h.begin(other)
	same(h, "the same key of another client is free", mine, true)
}

func finishedKey(h *house) {
	r := h.key("key")
	h.begin(r)
	r.Status, r.Header, r.Body = 201, `{"Location":["/x"]}`, []byte("answer")
	h.must(h.FinishOnce(ctx(), r))
	h.now = h.now.Add(time.Hour)
	again := h.key("key")
	again.Fingerprint = []byte("of another request")
	got, mine := h.begin(again)
	same(h, "mine", mine, false)
	same(h, "row", got, r)
}

func freedKey(h *house) {
	h.begin(h.key("key"))
	h.must(h.ReleaseOnce(ctx(), h.key("key")))
	_, err := h.Once(ctx(), ours, "client", "key")
	h.wants(err, store.ErrNotFound)
	corrected := h.key("key")
	corrected.Fingerprint = []byte("of the corrected request")
	_, mine := h.begin(corrected)
	same(h, "mine", mine, true)
}

func freedWithEffect(h *house) {
	_, s := h.person(ours)
	h.begin(h.key("key"))
	row := next(s)
	h.commit(store.Change{Session: &row, Once: &store.Once{Tenant: ours, Client: "client", Key: "key", Made: "do-open", ID: s.ID}})
	h.must(h.ReleaseOnce(ctx(), h.key("key")))
	got, mine := h.begin(h.key("key"))
	same(h, "mine", mine, true)
	same(h, "effect", got.Made("do-open"), s.ID)
}

// A holder that was slow, and was taken for dead, answers after all: its answer is kept as long as any other.
func freedAndAnswered(h *house) {
	_, s := h.person(ours)
	slow := h.key("key")
	h.begin(slow)
	row := next(s)
	h.commit(store.Change{Session: &row, Once: &store.Once{Tenant: ours, Client: "client", Key: "key", Made: "do-open", ID: s.ID}})
	h.must(h.ReleaseOnce(ctx(), h.key("key")))
	slow.Status = 200
	h.must(h.FinishOnce(ctx(), slow))
	h.must(h.Tidy(ctx(), h.now, h.now.Add(-time.Hour)))
	got, err := h.Once(ctx(), ours, "client", "key")
	h.must(err)
	same(h, "status", got.Status, 200)
}

func staleKey(h *house) {
	first := h.key("key")
	h.begin(first)
	h.now = h.now.Add(time.Minute)
	_, mine := h.begin(h.key("key"))
	same(h, "within a minute", mine, false)
	h.now = h.now.Add(time.Millisecond)
	stranger := h.key("key")
	stranger.Fingerprint = []byte("other")
	_, mine = h.begin(stranger)
	same(h, "by another request", mine, false)
	got, mine := h.begin(h.key("key"))
	same(h, "afterwards", mine, true)
	same(h, "started", got.StartedAt, h.now)
}

// A holder that was slow lets go of a key after another has taken it over: the other has it still.
func othersKey(h *house) {
	slow := h.key("key")
	h.begin(slow)
	h.now = h.now.Add(time.Minute + time.Millisecond)
	_, mine := h.begin(h.key("key"))
	same(h, "taken over", mine, true)
	h.must(h.ReleaseOnce(ctx(), slow))
	_, mine = h.begin(h.key("key"))
	same(h, "mine, when a third asks", mine, false)
}

func leftKey(h *house) {
	_, s := h.person(ours)
	h.begin(h.key("key"))
	row := next(s)
	h.commit(store.Change{Session: &row, Once: &store.Once{Tenant: ours, Client: "client", Key: "key", Made: "do-open", ID: s.ID}})
	h.must(h.ReleaseOnce(ctx(), h.key("key")))
	tidy := func() { h.must(h.Tidy(ctx(), h.now, h.now.Add(-24*time.Hour))) }
	tidy()
	h.now = h.now.Add(24 * time.Hour)
	tidy()
	row2, err := h.Once(ctx(), ours, "client", "key")
	h.must(err)
	same(h, "effect, a day later", row2.Made("do-open"), s.ID)
	h.now = h.now.Add(time.Millisecond)
	tidy()
	_, err = h.Once(ctx(), ours, "client", "key")
	h.wants(err, store.ErrNotFound)
}

func effects(h *house) {
	_, s := h.person(ours)
	h.begin(h.key("key"))
	for _, made := range []string{"applicant", "session", "do-session"} {
		s = next(s)
		h.commit(store.Change{Session: &s, Once: &store.Once{Tenant: ours, Client: "client", Key: "key", Made: made, ID: "id of " + made}})
	}
	row, err := h.Once(ctx(), ours, "client", "key")
	h.must(err)
	for _, made := range []string{"applicant", "session", "do-session"} {
		same(h, made, row.Made(made), "id of "+made)
	}
	same(h, "something else", row.Made("do"), "")
	s = next(s)
	h.wants(h.Commit(ctx(), store.Change{Session: &s, Once: &store.Once{Tenant: ours, Client: "client", Key: "no such key", Made: "x", ID: "y"}}),
		store.ErrConflict)
}

func tidyKeys(h *house) {
	for _, name := range []string{"answered", "running"} {
		h.begin(h.key(name))
	}
	answered := h.key("answered")
	answered.Status = 200
	h.must(h.FinishOnce(ctx(), answered))
	began := h.now
	h.now = h.now.Add(time.Hour)
	young := h.key("young")
	h.begin(young)
	young.Status = 200
	h.must(h.FinishOnce(ctx(), young))
	h.must(h.Tidy(ctx(), h.now, began.Add(time.Minute)))
	_, err := h.Once(ctx(), ours, "client", "answered")
	h.wants(err, store.ErrNotFound)
	_, err = h.Once(ctx(), ours, "client", "young")
	h.must(err)
}
