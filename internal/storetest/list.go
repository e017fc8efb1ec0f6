package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// lists are the tests of reading: filters, pages in both directions, and the wall between tenants.
func lists() map[string]func(*house) {
	return map[string]func(*house){
		"a tenant does not see another's rows":   otherTenant,
		"sessions are paged both ways":           pagedSessions,
		"applicants are paged both ways":         pagedApplicants,
		"events are paged both ways":             pagedEvents,
		"deliveries are paged both ways":         pagedDeliveries,
		"the trail is paged both ways":           pagedAudit,
		"a cursor of nowhere is not found":       unknownCursor,
		"sessions are filtered":                  filteredSessions,
		"applicants are filtered":                filteredApplicants,
		"events are filtered":                    filteredEvents,
		"deliveries are filtered":                filteredDeliveries,
		"due sessions come in the order of time": dueSessions,
	}
}

func otherTenant(h *house) {
	a, s := h.person(ours)
	h.person(theirs)
	d := h.delivery("endpoint", s)
	account := store.AccountRow{ID: "account", TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Doc: []byte("doc"), CreatedAt: h.now}
	row := next(s)
	h.commit(store.Change{Session: &row, Deliveries: []store.DeliveryRow{d}, Accounts: []store.AccountRow{account}})
	event := h.events(s)[0]
	reads := map[string]func(tenant string) (found bool, err error){
		"applicant": func(t string) (bool, error) { _, err := h.Applicant(ctx(), t, a.ID); return err == nil, err },
		"session":   func(t string) (bool, error) { _, err := h.Session(ctx(), t, s.ID); return err == nil, err },
		"event":     func(t string) (bool, error) { _, err := h.Event(ctx(), t, event.ID); return err == nil, err },
		"delivery":  func(t string) (bool, error) { _, _, err := h.Delivery(ctx(), t, d.ID); return err == nil, err },
		"account":   func(t string) (bool, error) { _, err := h.Account(ctx(), t, account.ID); return err == nil, err },
		"keyset":    func(t string) (bool, error) { k, err := h.Keyset(ctx(), t, a.ID); return k != nil, err },
		"accounts": func(t string) (bool, error) {
			l, err := h.AccountsOf(ctx(), t, a.ID)
			return len(l) > 0, err
		},
		"sent": func(t string) (bool, error) {
			l, err := h.SentTo(ctx(), t, "endpoint", "", time.Time{})
			return len(l) > 0, err
		},
		"sessions of the applicant": func(t string) (bool, error) {
			l, _, err := h.ListSessions(ctx(), t, usher.SessionFilter{Paging: usher.Paging{Limit: 9}, ApplicantID: a.ID}, nil)
			return len(l) > 0, err
		},
		"sessions by reference": func(t string) (bool, error) {
			l, _, err := h.ListSessions(ctx(), t, usher.SessionFilter{Paging: usher.Paging{Limit: 9}}, s.ReferenceIndex)
			return len(l) > 0, err
		},
		"applicants by e-mail": func(t string) (bool, error) {
			l, _, err := h.ListApplicants(ctx(), t, usher.ApplicantFilter{Paging: usher.Paging{Limit: 9}}, store.ApplicantIndexes{Email: a.EmailIndex})
			return len(l) > 0, err
		},
		"events of the session": func(t string) (bool, error) {
			l, err := h.ListEvents(ctx(), t, usher.EventFilter{Paging: usher.Paging{Limit: 9}, SessionID: s.ID})
			return len(l) > 0, err
		},
		"deliveries of the session": func(t string) (bool, error) {
			l, err := h.ListDeliveries(ctx(), t, usher.DeliveryFilter{Paging: usher.Paging{Limit: 9}, SessionID: s.ID})
			return len(l) > 0, err
		},
	}
	for name, read := range reads {
		if found, err := read(ours); !found {
			h.Errorf("%s: the tenant does not find its own: %v", name, err)
		}
		if found, _ := read(theirs); found {
			h.Errorf("%s: another tenant finds it", name)
		}
	}
}

// walk reads pages of two over five items in every direction; page gives the ids of a page of at most limit+1 items, as the store does.
func walk(h *house, ids []string, page func(usher.Paging) ([]string, error)) {
	h.Helper()
	newest := slices.Clone(ids)
	slices.Reverse(newest)
	for _, order := range []struct {
		name   string
		oldest bool
		want   []string
	}{{"newest first", false, newest}, {"oldest first", true, ids}} {
		var got []string
		for p := (usher.Paging{Limit: 2, Oldest: order.oldest}); ; {
			list, err := page(p)
			h.must(err)
			got = append(got, list[:min(len(list), 2)]...)
			if len(list) <= 2 {
				break
			}
			p.After = list[1]
		}
		same(h, order.name, got, order.want)
		// The page before the fourth item is read backwards from it: the third, the second, and one more to show that there is one.
		list, err := page(usher.Paging{Limit: 2, Oldest: order.oldest, Before: order.want[3]})
		h.must(err)
		same(h, order.name+", before the fourth", list, []string{order.want[2], order.want[1], order.want[0]})
	}
}

func idsOf[T any](list []T, err error, id func(T) string) ([]string, error) {
	var ids []string
	for _, v := range list {
		ids = append(ids, id(v))
	}
	return ids, err
}

func pagedSessions(h *house) {
	var ids []string
	for range 5 {
		_, s := h.person(ours)
		h.person(theirs)
		ids = append(ids, s.ID)
	}
	walk(h, ids, func(p usher.Paging) ([]string, error) {
		list, _, err := h.ListSessions(ctx(), ours, usher.SessionFilter{Paging: p}, nil)
		return idsOf(list, err, func(r store.SessionRow) string { return r.ID })
	})
}

func pagedApplicants(h *house) {
	var ids []string
	for range 5 {
		a, _ := h.person(ours)
		h.person(theirs)
		ids = append(ids, a.ID)
	}
	walk(h, ids, func(p usher.Paging) ([]string, error) {
		list, _, err := h.ListApplicants(ctx(), ours, usher.ApplicantFilter{Paging: p}, store.ApplicantIndexes{})
		return idsOf(list, err, func(r store.ApplicantRow) string { return r.ID })
	})
}

func pagedEvents(h *house) {
	var ids []string
	for range 5 {
		_, s := h.person(ours)
		h.person(theirs)
		ids = append(ids, h.events(s)[0].ID)
	}
	walk(h, ids, func(p usher.Paging) ([]string, error) {
		list, err := h.ListEvents(ctx(), ours, usher.EventFilter{Paging: p})
		return idsOf(list, err, func(r store.EventRow) string { return r.ID })
	})
}

func pagedDeliveries(h *house) {
	_, mine := h.person(ours)
	_, other := h.person(theirs)
	var ids []string
	for range 5 {
		d := h.delivery("endpoint", mine)
		h.must(h.AddDelivery(ctx(), d))
		h.must(h.AddDelivery(ctx(), h.delivery("endpoint", other)))
		ids = append(ids, d.ID)
	}
	walk(h, ids, func(p usher.Paging) ([]string, error) {
		list, err := h.ListDeliveries(ctx(), ours, usher.DeliveryFilter{Paging: p})
		return idsOf(list, err, func(r store.DeliveryRow) string { return r.ID })
	})
}

func pagedAudit(h *house) {
	var ids []string
	for i := range 5 {
		r := usher.AuditRecord{
			ID: h.id(), TenantID: ours, At: h.now, Actor: usher.Actor{Kind: usher.ByStaff, ID: "ann"}, Action: "evidence.viewed",
			Object: fmt.Sprint("object ", i%2), Detail: "session",
		}
		h.must(h.AddAudit(ctx(), r))
		ids = append(ids, r.ID)
		r.ID, r.TenantID = h.id(), theirs
		h.must(h.AddAudit(ctx(), r))
	}
	walk(h, ids, func(p usher.Paging) ([]string, error) {
		list, err := h.ListAudit(ctx(), ours, "", p)
		return idsOf(list, err, func(r usher.AuditRecord) string { return r.ID })
	})
	list, err := h.ListAudit(ctx(), ours, "object 1", usher.Paging{Limit: 10})
	h.must(err)
	same(h, "records of one object", len(list), 2)
	list[0].Seq, list[0].Hash = 0, usher.AuditHash{} // see chainedTrail
	same(h, "newest record", list[0], usher.AuditRecord{
		ID: ids[3], TenantID: ours, At: h.now, Actor: usher.Actor{Kind: usher.ByStaff, ID: "ann"}, Action: "evidence.viewed",
		Object: "object 1", Detail: "session",
	})
}

func unknownCursor(h *house) {
	_, s := h.person(theirs)
	for _, id := range []string{"nowhere", h.events(s)[0].ID} {
		_, err := h.ListEvents(ctx(), ours, usher.EventFilter{Paging: usher.Paging{Limit: 2, After: id}})
		h.wants(err, store.ErrNotFound)
	}
}

func filteredSessions(h *house) {
	a, s := h.person(ours)
	h.person(ours)
	second := h.session(a)
	second.Purpose, second.State, second.Dialect = usher.ForIdentity, usher.InReview, "intergiro"
	h.commit(store.Change{Session: &second})
	find := func(f usher.SessionFilter, reference []byte) []string {
		f.Limit, f.Oldest = 10, true
		list, _, err := h.ListSessions(ctx(), ours, f, reference)
		ids, err := idsOf(list, err, func(r store.SessionRow) string { return r.ID })
		h.must(err)
		return ids
	}
	same(h, "of the applicant", find(usher.SessionFilter{ApplicantID: a.ID}, nil), []string{s.ID, second.ID})
	same(h, "of the applicant for a purpose", find(usher.SessionFilter{ApplicantID: a.ID, Purpose: usher.ForOnboarding}, nil), []string{s.ID})
	same(h, "in review", find(usher.SessionFilter{State: usher.InReview}, nil), []string{second.ID})
	same(h, "of a dialect", find(usher.SessionFilter{Dialect: "intergiro"}, nil), []string{second.ID})
	same(h, "by reference", find(usher.SessionFilter{}, s.ReferenceIndex), []string{s.ID})
}

func filteredApplicants(h *house) {
	a, s := h.person(ours)
	done := next(s)
	done.State, done.SubmittedAt = usher.Approved, h.now.Add(time.Minute)
	h.commit(store.Change{Session: &done})
	h.person(ours)
	bare := h.applicant(ours)
	bare.CreatedAt = h.now.Add(time.Hour)
	bare.Dialect = "intergiro"
	h.commit(store.Change{Applicant: &bare})
	find := func(f usher.ApplicantFilter, reference, email []byte) []string {
		f.Limit = 10
		list, _, err := h.ListApplicants(ctx(), ours, f, store.ApplicantIndexes{Reference: reference, Email: email})
		ids, err := idsOf(list, err, func(r store.ApplicantRow) string { return r.ID })
		h.must(err)
		return ids
	}
	same(h, "approved", find(usher.ApplicantFilter{States: []usher.State{usher.Approved, usher.Rejected}}, nil, nil), []string{a.ID})
	same(h, "without a session", find(usher.ApplicantFilter{NoSession: true}, nil, nil), []string{bare.ID})
	same(h, "by reference", find(usher.ApplicantFilter{}, a.ReferenceIndex, nil), []string{a.ID})
	same(h, "by e-mail", find(usher.ApplicantFilter{}, nil, a.EmailIndex), []string{a.ID})
	same(h, "of a dialect", find(usher.ApplicantFilter{Dialect: "intergiro"}, nil, nil), []string{bare.ID})
	same(h, "created later", find(usher.ApplicantFilter{CreatedFrom: bare.CreatedAt}, nil, nil), []string{bare.ID})
	same(h, "created before", len(find(usher.ApplicantFilter{CreatedBefore: bare.CreatedAt}, nil, nil)), 2)
}

func filteredEvents(h *house) {
	a, s := h.person(ours)
	h.person(ours)
	asked := h.event(s, 2)
	asked.Type, asked.At = usher.SessionResubmissionRequested, h.now.Add(time.Hour)
	row := next(s)
	h.commit(store.Change{Session: &row, Events: []store.EventRow{asked}})
	again := h.session(a)
	again.Purpose = usher.ForProofOfAddress
	begun := h.event(again, 1)
	begun.Type, begun.Dialect = usher.SessionCreated, "intergiro"
	h.commit(store.Change{Session: &again, Events: []store.EventRow{begun}})
	count := func(f usher.EventFilter) int {
		f.Limit = 10
		list, err := h.ListEvents(ctx(), ours, f)
		h.must(err)
		return len(list)
	}
	same(h, "all", count(usher.EventFilter{}), 4)
	same(h, "of the session", count(usher.EventFilter{SessionID: s.ID}), 2)
	same(h, "of the applicant", count(usher.EventFilter{ApplicantID: a.ID}), 3)
	same(h, "of a dialect", count(usher.EventFilter{Dialect: "intergiro"}), 1)
	same(h, "of types", count(usher.EventFilter{Types: []usher.EventType{usher.SessionCreated, usher.SessionResubmissionRequested}}), 2)
	same(h, "of a purpose", count(usher.EventFilter{Purposes: []usher.Purpose{usher.ForProofOfAddress}}), 1)
	same(h, "that ask for more", count(usher.EventFilter{AskedAgain: true}), 2)
	same(h, "since a time", count(usher.EventFilter{From: asked.At}), 1)
	same(h, "before a time", count(usher.EventFilter{Before: asked.At}), 3)
	same(h, "behind one and before another", count(usher.EventFilter{Paging: usher.Paging{Oldest: true, After: h.events(s)[0].ID, Before: begun.ID}}), 2)
}

func filteredDeliveries(h *house) {
	_, s := h.person(ours)
	_, other := h.person(ours)
	first, second, third := h.delivery("one", s), h.delivery("two", s), h.delivery("one", other)
	for _, d := range []store.DeliveryRow{first, second, third} {
		h.must(h.AddDelivery(ctx(), d))
	}
	h.settle(h.claim(1)[0], usher.DeliveryDelivered)
	find := func(f usher.DeliveryFilter) []string {
		f.Limit, f.Oldest = 10, true
		list, err := h.ListDeliveries(ctx(), ours, f)
		ids, err := idsOf(list, err, func(r store.DeliveryRow) string { return r.ID })
		h.must(err)
		return ids
	}
	same(h, "of an endpoint", find(usher.DeliveryFilter{EndpointID: "one"}), []string{first.ID, third.ID})
	same(h, "of a session", find(usher.DeliveryFilter{SessionID: s.ID}), []string{first.ID, second.ID})
	same(h, "delivered", find(usher.DeliveryFilter{Status: usher.DeliveryDelivered}), []string{first.ID})
}

func dueSessions(h *house) {
	a := h.applicant(ours)
	var want []string
	for i := range 3 {
		s := h.session(a)
		s.DueAt = h.now.Add(-time.Duration(i) * time.Minute)
		h.commit(store.Change{Session: &s})
		want = append([]string{s.ID}, want...)
	}
	for _, at := range []time.Time{{}, h.now.Add(time.Minute)} {
		s := h.session(a)
		s.DueAt = at
		h.commit(store.Change{Session: &s})
	}
	list, err := h.DueSessions(ctx(), h.now, 10)
	got, err := idsOf(list, err, func(r store.SessionRow) string { return r.ID })
	h.must(err)
	same(h, "due", got, want)
	list, err = h.DueSessions(ctx(), h.now, 2)
	h.must(err)
	same(h, "due, at most two", len(list), 2)
}
