package storetest

import (
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// codes are what proves that an applicant can be reached.
func codes() map[string]func(*house) {
	return map[string]func(*house){
		"a code has so many tries and no more": codeTries,
		"a newer code takes the place":         newerCode,
		"erasing forgets codes and keys":       erasedCode,
	}
}

func (h *house) code(text string) store.CodeRow {
	return store.CodeRow{
		TenantID: ours, SessionID: "session", Channel: usher.ByEmail, Hash: []byte(text), Tries: 2, SentAt: h.now, EndsAt: h.now.Add(time.Minute),
	}
}

func codeTries(h *house) {
	h.must(h.PutCode(ctx(), h.code("one")))
	_, err := h.TryCode(ctx(), theirs, "session", usher.ByEmail, h.now)
	h.wants(err, store.ErrNotFound)
	_, err = h.TryCode(ctx(), ours, "session", usher.ByPhone, h.now)
	h.wants(err, store.ErrNotFound)
	for left := 1; left >= 0; left-- {
		got, err := h.TryCode(ctx(), ours, "session", usher.ByEmail, h.now)
		h.must(err)
		same(h, "tries left", got.Tries, left)
		same(h, "hash", string(got.Hash), "one")
	}
	_, err = h.TryCode(ctx(), ours, "session", usher.ByEmail, h.now)
	h.wants(err, store.ErrNotFound)
	got, err := h.Code(ctx(), ours, "session", usher.ByEmail)
	h.must(err)
	same(h, "sent", got.SentAt, h.now)
	h.must(h.DropCode(ctx(), got))
	_, err = h.Code(ctx(), ours, "session", usher.ByEmail)
	h.wants(err, store.ErrNotFound)
}

func newerCode(h *house) {
	old := h.code("old")
	h.must(h.PutCode(ctx(), old))
	h.must(h.PutCode(ctx(), h.code("new")))
	h.must(h.DropCode(ctx(), old)) // it is another one by now
	_, err := h.TryCode(ctx(), ours, "session", usher.ByEmail, h.now.Add(time.Minute))
	h.wants(err, store.ErrNotFound) // ended
	got, err := h.TryCode(ctx(), ours, "session", usher.ByEmail, h.now)
	h.must(err)
	same(h, "hash", string(got.Hash), "new")
	h.must(h.Tidy(ctx(), h.now.Add(time.Hour), h.now))
	_, err = h.Code(ctx(), ours, "session", usher.ByEmail)
	h.wants(err, store.ErrNotFound)
}

func erasedCode(h *house) {
	_, s := h.person(ours)
	_, other := h.person(ours)
	for _, id := range []string{s.ID, other.ID} {
		r := h.code(id)
		r.SessionID = id
		h.must(h.PutCode(ctx(), r))
		_, err := h.AddVisit(ctx(), store.VisitRow{Hash: []byte("visit " + id), TenantID: ours, SessionID: id, CreatedAt: h.now})
		h.must(err)
		h.must(h.PutHandoff(ctx(), store.HandoffRow{
			Hash: []byte("key " + id), TenantID: ours, SessionID: id, Visit: []byte("visit " + id), Device: "Chrome", CreatedAt: h.now, EndsAt: h.now.Add(time.Minute),
		}))
	}
	h.commit(store.Change{Erase: s.ApplicantID})
	_, err := h.Code(ctx(), ours, s.ID, usher.ByEmail)
	h.wants(err, store.ErrNotFound)
	_, err = h.Handoff(ctx(), []byte("key "+s.ID))
	h.wants(err, store.ErrNotFound)
	_, err = h.Code(ctx(), ours, other.ID, usher.ByEmail)
	h.must(err)
	_, err = h.Handoff(ctx(), []byte("key "+other.ID))
	h.must(err)
}
