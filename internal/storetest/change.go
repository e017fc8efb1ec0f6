package storetest

import (
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// changes are the tests of one change: whole or not at all, and only at the version it was made for.
func changes() map[string]func(*house) {
	return map[string]func(*house){
		"a new applicant and session are read as they were written":    writtenAndRead,
		"a session at another version is not touched":                  staleSession,
		"an applicant at another version is not touched":               staleApplicant,
		"a new row whose id is taken is refused":                       takenID,
		"another tenant's row is refused":                              othersRow,
		"a stale session keeps the applicant of its change back":       staleSessionKeepsApplicant,
		"a stale applicant keeps the session of its change back":       staleApplicantKeepsSession,
		"a used idempotency key keeps the session of its change back":  usedKeyKeepsSession,
		"a taken idempotency key keeps the session of its change back": takenKeyKeepsSession,
		"an event twice fails whole":                                   eventTwice,
		"a gap-filling sequence number is taken once":                  sequenceTwice,
		"erasing destroys keys and hashes":                             erasing,
		"a new link kills the old one":                                 newLink,
		"jobs are there when the change is, and not otherwise":         jobsWithChange,
	}
}

func writtenAndRead(h *house) {
	a, s := h.person(ours)
	got, err := h.Applicant(ctx(), ours, a.ID)
	h.must(err)
	want := a
	want.Was, want.ReferenceIndex, want.EmailIndex = 1, nil, nil // hashes are for searching only
	want.Latest = &usher.SessionHead{ID: s.ID, State: s.State, Flow: s.Flow, UpdatedAt: s.UpdatedAt, ExpiresAt: s.ExpiresAt}
	same(h, "applicant", got, want)
	wantS := s
	wantS.Was, wantS.ReferenceIndex = 1, nil
	same(h, "session", h.stored(s), wantS)
	keys, err := h.Keyset(ctx(), ours, a.ID)
	h.must(err)
	same(h, "keyset", string(keys), "keys of "+a.ID)
}

func staleSession(h *house) {
	_, s := h.person(ours)
	first, second := next(s), next(s)
	h.commit(store.Change{Session: &first, Events: []store.EventRow{h.event(s, 2)}})
	second.State = usher.Approved
	h.wants(h.Commit(ctx(), store.Change{Session: &second, Events: []store.EventRow{h.event(s, 3)}}), store.ErrConflict)
	same(h, "state", h.stored(s).State, usher.Created)
	same(h, "events", len(h.events(s)), 2)
}

func staleApplicant(h *house) {
	a, s := h.person(ours)
	a.Version, a.Was, a.Doc = 8, 7, []byte("from nowhere")
	h.wants(h.Commit(ctx(), store.Change{Applicant: &a, Events: []store.EventRow{h.event(s, 2)}}), store.ErrConflict)
	got, err := h.Applicant(ctx(), ours, a.ID)
	h.must(err)
	same(h, "version", got.Version, 1)
	same(h, "events", len(h.events(s)), 1)
}

func takenID(h *house) {
	a, s := h.person(ours)
	again := h.session(a)
	again.ID = s.ID
	h.wants(h.Commit(ctx(), store.Change{Session: &again}), store.ErrConflict)
}

func othersRow(h *house) {
	_, s := h.person(ours)
	stolen := next(s)
	stolen.TenantID = theirs
	h.wants(h.Commit(ctx(), store.Change{Session: &stolen}), store.ErrConflict)
	same(h, "version", h.stored(s).Version, 1)
}

func staleSessionKeepsApplicant(h *house) {
	a, s := h.person(ours)
	a.Was, a.Version, a.Doc = 1, 2, []byte("new")
	stale := next(s)
	stale.Was = 5
	h.wants(h.Commit(ctx(), store.Change{Applicant: &a, Session: &stale}), store.ErrConflict)
	got, err := h.Applicant(ctx(), ours, a.ID)
	h.must(err)
	same(h, "version", got.Version, 1)
}

func staleApplicantKeepsSession(h *house) {
	a, s := h.person(ours)
	a.Was, a.Version = 5, 6
	fine := next(s)
	h.wants(h.Commit(ctx(), store.Change{Applicant: &a, Session: &fine}), store.ErrConflict)
	same(h, "version", h.stored(s).Version, 1)
}

func usedKeyKeepsSession(h *house) {
	_, s := h.person(ours)
	key := store.OnceRow{Tenant: ours, Client: "client", Key: "key", Fingerprint: []byte("f"), StartedAt: h.now}
	_, _, err := h.BeginOnce(ctx(), key, h.now.Add(-time.Minute))
	h.must(err)
	once := &store.Once{Tenant: ours, Client: "client", Key: "key", Made: "do-open", ID: s.ID}
	first := next(s)
	h.commit(store.Change{Session: &first, Once: once})
	second := next(first)
	h.wants(h.Commit(ctx(), store.Change{Session: &second, Once: once, Events: []store.EventRow{h.event(s, 2)}}), store.ErrConflict)
	same(h, "version", h.stored(s).Version, 2)
}

// takenKeyKeepsSession: a change that takes its key is written with the answer, and not at all where somebody has had the key.
func takenKeyKeepsSession(h *house) {
	_, s := h.person(ours)
	key := store.OnceRow{
		Tenant: ours, Client: "client", Key: "key", Fingerprint: []byte("f"), Effect: ";do-open=" + s.ID, Status: 201, Header: "{}", Body: []byte("answer"), StartedAt: h.now,
	}
	first := next(s)
	h.commit(store.Change{Session: &first, Take: &key})
	got, err := h.Once(ctx(), ours, "client", "key")
	h.must(err)
	same(h, "kept", got, key)
	second, again := next(first), key
	h.wants(h.Commit(ctx(), store.Change{Session: &second, Take: &again, Events: []store.EventRow{h.event(s, 2)}}), store.ErrConflict)
	same(h, "version", h.stored(s).Version, 2)
}

func eventTwice(h *house) {
	_, s := h.person(ours)
	e := h.event(s, 2)
	row := next(s)
	h.commit(store.Change{Session: &row, Events: []store.EventRow{e}})
	after := next(row)
	e.Sequence = 3
	if err := h.Commit(ctx(), store.Change{Session: &after, Events: []store.EventRow{e}}); err == nil {
		h.Fatal("an event was written twice")
	}
	same(h, "version", h.stored(s).Version, 2)
}

func sequenceTwice(h *house) {
	a, s := h.person(ours)
	row := next(s)
	if err := h.Commit(ctx(), store.Change{Session: &row, Events: []store.EventRow{h.event(s, 1)}}); err == nil {
		h.Fatal("a session has two events with one number")
	}
	same(h, "version", h.stored(s).Version, 1)
	// Numbers of the applicant's own events are counted apart from those of the session.
	own := h.event(s, 1)
	own.SessionID, own.Purpose = "", ""
	a.Was, a.Version = 1, 2
	h.commit(store.Change{Applicant: &a, Events: []store.EventRow{own}})
}

func erasing(h *house) {
	a, s := h.person(ours)
	_, other := h.person(ours)
	link := store.LinkRow{Hash: []byte("link"), TenantID: ours, SessionID: s.ID, CreatedAt: h.now}
	row := next(s)
	h.commit(store.Change{Session: &row, Link: &link})
	reference, email := a.ReferenceIndex, a.EmailIndex
	a.Was, a.Version, a.Erased, a.Doc, a.ReferenceIndex, a.EmailIndex = 1, 2, true, nil, nil, nil
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	keys, err := h.Keyset(ctx(), ours, a.ID)
	h.must(err)
	if keys != nil {
		h.Fatal("the keys of an erased applicant are still there")
	}
	for name, hashes := range map[string][2][]byte{"reference": {reference, nil}, "email": {nil, email}} {
		list, _, err := h.ListApplicants(ctx(), ours, usher.ApplicantFilter{Paging: usher.Paging{Limit: 10}},
			store.ApplicantIndexes{Reference: hashes[0], Email: hashes[1]})
		h.must(err)
		same(h, "applicants found by "+name, len(list), 0)
	}
	sessions, _, err := h.ListSessions(ctx(), ours, usher.SessionFilter{Paging: usher.Paging{Limit: 10}}, s.ReferenceIndex)
	h.must(err)
	same(h, "sessions found by reference", len(sessions), 0)
	l, err := h.Link(ctx(), link.Hash)
	h.must(err)
	same(h, "dead", l.Dead, true)
	due, err := h.DueSessions(ctx(), h.now.Add(1000*time.Hour), 10)
	h.must(err)
	same(h, "sessions that a timer looks at", len(due), 1)
	same(h, "session of somebody else", due[0].ID, other.ID)
	held, err := h.HasKeysets(ctx())
	h.must(err)
	same(h, "keysets of others", held, true)
}

func newLink(h *house) {
	_, s := h.person(ours)
	for i, hash := range []string{"first", "second"} {
		s = next(s)
		h.commit(store.Change{Session: &s, Link: &store.LinkRow{Hash: []byte(hash), TenantID: ours, SessionID: s.ID, CreatedAt: h.now}})
		l, err := h.Link(ctx(), []byte(hash))
		h.must(err)
		same(h, "new link", l, store.LinkRow{Hash: []byte(hash), TenantID: ours, SessionID: s.ID, CreatedAt: h.now})
		old, err := h.Link(ctx(), []byte("first"))
		h.must(err)
		same(h, "first link is dead", old.Dead, i == 1)
	}
	_, err := h.Link(ctx(), []byte("third"))
	h.wants(err, store.ErrNotFound)
}

func jobsWithChange(h *house) {
	_, s := h.person(ours)
	job := store.Job{Kind: "checks", Tenant: ours, Object: s.ID, Step: "run", Round: 2}
	row := next(s)
	h.commit(store.Change{Session: &row, Jobs: []store.Job{job}})
	refused := job
	refused.Object = "refused"
	stale := next(s)
	h.wants(h.Commit(ctx(), store.Change{Session: &stale, Jobs: []store.Job{refused}}), store.ErrConflict)
	waiting, err := h.jobs.Waiting(ctx())
	h.must(err)
	same(h, "jobs waiting", waiting, 1)
	got := h.works(1)
	job.Attempt = 1
	same(h, "job", got, []store.Job{job})
}
