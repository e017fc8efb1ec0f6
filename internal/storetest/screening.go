package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// later is what came with the vendors' dialects and with screening.
func later() map[string]func(*house) {
	return map[string]func(*house){
		"a key starts one session of a tenant":             takenKey,
		"a national number finds its applicants":           nationalNumber,
		"a list can be counted and entered in the middle":  countedList,
		"an account is found by its number until erased":   accountNumber,
		"screens are kept in order, a bounded number":      pageViews,
		"the newest screening is the one that is given":    newestScreening,
		"a judgement, its trail and the count go together": judgement,
		"monitors are walked by those who screen again":    activeMonitors,
		"monitors are behind until they are held":          monitorsBehind,
		"an ended monitor stays ended":                     endedMonitor,
		"news are written to the monitor they are of":      monitorNews,
		"erasing forgets what screening knew":              erasedScreening,
	}
}

func takenKey(h *house) {
	_, first := h.person(ours)
	_, second := h.person(ours)
	key := func(s store.SessionRow, tenant string) *store.KeyRow {
		return &store.KeyRow{Hash: []byte("key"), TenantID: tenant, SessionID: s.ID}
	}
	a, b := next(first), next(second)
	h.commit(store.Change{Session: &a, Key: key(first, ours)})
	h.wants(h.Commit(ctx(), store.Change{Session: &b, Key: key(second, ours)}), store.ErrConflict)
	same(h, "version of the one who came second", h.stored(second).Version, 1)
	got, err := h.SessionOfKey(ctx(), ours, []byte("key"))
	h.must(err)
	same(h, "session", got.ID, first.ID)
	for name, miss := range map[string]func() error{
		"another tenant": func() error { _, err := h.SessionOfKey(ctx(), theirs, []byte("key")); return err },
		"another key":    func() error { _, err := h.SessionOfKey(ctx(), ours, []byte("other")); return err },
	} {
		if err := miss(); err == nil {
			h.Errorf("%s finds the session", name)
		}
	}
	got, err = h.SessionOfKey(ctx(), "", []byte("key"))
	h.must(err)
	same(h, "session for no tenant", got.ID, first.ID)
	_, third := h.person(theirs)
	c := next(third)
	h.commit(store.Change{Session: &c, Key: key(third, theirs)})
	_, err = h.SessionOfKey(ctx(), "", []byte("key"))
	h.wants(err, store.ErrNotFound)
}

func nationalNumber(h *house) {
	a, _ := h.person(ours)
	h.person(ours)
	a.Was, a.Version, a.NationalIndex = 1, 2, []byte("number")
	h.commit(store.Change{Applicant: &a})
	find := func() int {
		list, _, err := h.ListApplicants(ctx(), ours, usher.ApplicantFilter{Paging: usher.Paging{Limit: 9}}, store.ApplicantIndexes{National: []byte("number")})
		h.must(err)
		return len(list)
	}
	same(h, "applicants found by number", find(), 1)
	a.Was, a.Version, a.Erased, a.Doc = 2, 3, true, nil
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	same(h, "erased applicants found by number", find(), 0)
}

func countedList(h *house) {
	var ids []string
	for range 5 {
		_, s := h.person(ours)
		ids = append(ids, s.ID)
	}
	h.person(theirs)
	p := usher.Paging{Limit: 2, Skip: 2, Count: true, Oldest: true}
	list, total, err := h.ListSessions(ctx(), ours, usher.SessionFilter{Paging: p}, nil)
	h.must(err)
	same(h, "total", total, 5)
	same(h, "the third", list[0].ID, ids[2])
	people, total, err := h.ListApplicants(ctx(), ours, usher.ApplicantFilter{Paging: p}, store.ApplicantIndexes{})
	h.must(err)
	same(h, "total of applicants", total, 5)
	same(h, "applicants on the page, and one more that says there is a next", len(people), 3)
	list, _, err = h.ListSessions(ctx(), ours, usher.SessionFilter{Paging: usher.Paging{Limit: 9}, States: []usher.State{usher.Approved}}, nil)
	h.must(err)
	same(h, "approved sessions", len(list), 0)
	list, _, err = h.ListSessions(ctx(), ours, usher.SessionFilter{Paging: usher.Paging{Limit: 9}, CreatedFrom: h.now.Add(time.Hour)}, nil)
	h.must(err)
	same(h, "sessions of the future", len(list), 0)
}

func accountNumber(h *house) {
	a, s := h.person(ours)
	row := next(s)
	h.commit(store.Change{Session: &row, Accounts: []store.AccountRow{{
		ID: "account", TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Doc: []byte("doc"), NumberIndex: []byte("number"), CreatedAt: h.now,
	}}})
	got, err := h.AccountByNumber(ctx(), ours, []byte("number"))
	h.must(err)
	same(h, "account", got.ID, "account")
	_, err = h.AccountByNumber(ctx(), theirs, []byte("number"))
	h.wants(err, store.ErrNotFound)
	a.Was, a.Version, a.Erased, a.Doc = 1, 2, true, nil
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	_, err = h.AccountByNumber(ctx(), ours, []byte("number"))
	h.wants(err, store.ErrNotFound)
}

func pageViews(h *house) {
	a, s := h.person(ours)
	view := func(i int) store.PageViewRow {
		return store.PageViewRow{TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Doc: []byte(fmt.Sprint(i)), At: h.now}
	}
	const most = 3
	for i := range 5 {
		h.must(h.AddPageView(ctx(), view(i), most))
	}
	got, err := h.PageViews(ctx(), ours, s.ID)
	h.must(err)
	same(h, "screens", len(got), most)
	for i, v := range got {
		same(h, "screen", string(v.Doc), fmt.Sprint(i))
	}
	other, err := h.PageViews(ctx(), theirs, s.ID)
	h.must(err)
	same(h, "screens for another tenant", len(other), 0)
	a.Was, a.Version, a.Erased, a.Doc = 1, 2, true, nil
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	h.must(h.AddPageView(ctx(), view(9), most)) // a page that was open when its applicant was erased
	got, err = h.PageViews(ctx(), ours, s.ID)
	h.must(err)
	same(h, "screens of an erased applicant", len(got), 0)
}

// screened gives a person with screenings of the given ids, and a monitor that names the last.
func (h *house) screened(tenant string, ids ...string) (store.ApplicantRow, store.SessionRow) {
	h.Helper()
	a, s := h.person(tenant)
	for _, id := range ids {
		s = next(s)
		m := h.monitor(a, s)
		m.Screening = id
		h.commit(store.Change{
			Session: &s, Monitor: &m,
			Screenings: []store.ScreeningRow{{ID: id, TenantID: tenant, ApplicantID: a.ID, SessionID: s.ID, Doc: []byte(id), At: h.now}},
		})
		s.Was = s.Version
	}
	return a, s
}

func (h *house) monitor(a store.ApplicantRow, s store.SessionRow) store.MonitorRow {
	return store.MonitorRow{Flow: s.Flow, FlowVersion: s.FlowVersion, Hits: 2, Monitor: usher.Monitor{
		ApplicantID: a.ID, TenantID: a.TenantID, SessionID: s.ID, State: usher.MonitorActive, OpenHits: 2, Since: h.now, UpdatedAt: h.now,
	}}
}

func newestScreening(h *house) {
	a, _ := h.screened(ours, "one", "two")
	got, err := h.LatestScreening(ctx(), ours, a.ID)
	h.must(err)
	same(h, "newest", got.ID, "two")
	got, err = h.Screening(ctx(), ours, "one")
	h.must(err)
	same(h, "by id", string(got.Doc), "one")
	_, err = h.Screening(ctx(), theirs, "one")
	h.wants(err, store.ErrNotFound)
	_, err = h.LatestScreening(ctx(), theirs, a.ID)
	h.wants(err, store.ErrNotFound)
}

func judgement(h *house) {
	a, _ := h.screened(ours, "one")
	row := store.JudgementRow{TenantID: ours, ApplicantID: a.ID, Doc: []byte("first"), At: h.now}
	trail := func(id string) usher.AuditRecord {
		return usher.AuditRecord{ID: id, TenantID: ours, At: h.now, Actor: usher.Actor{Kind: usher.ByStaff, ID: "s"}, Action: "hit.cleared", Object: a.ID}
	}
	h.must(h.KeepJudgement(ctx(), row, trail("1"), store.Counted{Open: 1, Screening: "one"}))
	row.Doc = []byte("second")
	for _, late := range []store.Counted{{Screening: "one"}, {Screening: "two", Judgements: 1}} {
		h.wants(h.KeepJudgement(ctx(), row, trail("late"), late), store.ErrConflict)
	}
	h.must(h.KeepJudgement(ctx(), row, trail("2"), store.Counted{Screening: "one", Judgements: 1}))
	list, err := h.Judgements(ctx(), ours, a.ID)
	h.must(err)
	same(h, "judgements", len(list), 2)
	same(h, "newest", string(list[0].Doc), "second")
	m, err := h.Monitor(ctx(), ours, a.ID)
	h.must(err)
	same(h, "open hits", m.OpenHits, 0)
	entries, err := h.ListAudit(ctx(), ours, a.ID, usher.Paging{Limit: 9})
	h.must(err)
	same(h, "entries of the trail", len(entries), 2)
	row.TenantID = theirs
	h.wants(h.KeepJudgement(ctx(), row, trail("3"), store.Counted{Screening: "one", Judgements: 2}), store.ErrNotFound)
	list, err = h.Judgements(ctx(), theirs, a.ID)
	h.must(err)
	same(h, "judgements for another tenant", len(list), 0)
}

func activeMonitors(h *house) {
	var active []string
	for i, state := range []usher.MonitorState{usher.MonitorActive, usher.MonitorSuspended, usher.MonitorActive, usher.MonitorEnded, usher.MonitorActive} {
		tenant := []string{ours, theirs}[i%2]
		a, s := h.screened(tenant, fmt.Sprint("screening ", i))
		m := h.monitor(a, s)
		m.State, m.Screening = state, fmt.Sprint("screening ", i)
		h.commit(store.Change{Monitor: &m})
		if state == usher.MonitorActive {
			active = append(active, a.ID)
		}
	}
	var got []string
	for after := ""; ; {
		page, err := h.ActiveMonitors(ctx(), after, 2)
		h.must(err)
		for _, m := range page {
			if len(m.Applicant) == 0 || !strings.HasPrefix(string(m.Last), "screening ") || m.Flow == "" {
				h.Errorf("the monitor of %s comes without document or flow", m.ApplicantID)
			}
			got, after = append(got, m.ApplicantID), m.ApplicantID
		}
		if len(page) < 2 {
			break
		}
	}
	same(h, "active monitors", fmt.Sprint(got), fmt.Sprint(active))
	open, err := h.ListMonitors(ctx(), ours, true, usher.Paging{Limit: 9})
	h.must(err)
	all, err := h.ListMonitors(ctx(), ours, false, usher.Paging{Limit: 9, Oldest: true})
	h.must(err)
	same(h, "our monitors with open hits", len(open), 3)
	same(h, "our monitors", len(all), 3)
}

func endedMonitor(h *house) {
	a, s := h.screened(ours, "one")
	m := h.monitor(a, s)
	for _, state := range []usher.MonitorState{usher.MonitorSuspended, usher.MonitorActive, usher.MonitorEnded, usher.MonitorActive} {
		m.State = state
		h.commit(store.Change{Monitor: &m})
	}
	got, err := h.Monitor(ctx(), ours, a.ID)
	h.must(err)
	same(h, "state", got.State, usher.MonitorEnded)
	m.SessionID, m.Since = "another session", h.now.Add(time.Hour)
	h.commit(store.Change{Monitor: &m})
	got, err = h.Monitor(ctx(), ours, a.ID)
	h.must(err)
	same(h, "state after another session", got.State, usher.MonitorActive)
	same(h, "since", got.Since, m.Since)
	_, err = h.Monitor(ctx(), theirs, a.ID)
	h.wants(err, store.ErrNotFound)
}

// News are a conflict, and nothing of their change is written, when the monitor or what its hits were counted with is not as it was read.
func monitorNews(h *house) {
	a, s := h.screened(ours, "one")
	news := func(to store.MonitorRow) error {
		s := next(s)
		to.Hits, to.OpenHits, to.Screening = 3, 3, "two"
		return h.Commit(ctx(), store.Change{Session: &s, News: &to, Screenings: []store.ScreeningRow{
			{ID: "two", TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Doc: []byte("two"), At: h.now},
		}})
	}
	stored, err := h.Monitor(ctx(), ours, a.ID)
	h.must(err)
	judged, elsewhere, foreign, suspended := stored, stored, stored, stored.Monitor
	judged.Judged = 1
	elsewhere.SessionID = "another session"
	foreign.TenantID = theirs
	for _, r := range []store.MonitorRow{judged, elsewhere, foreign} {
		h.wants(news(r), store.ErrConflict)
	}
	suspended.State = usher.MonitorSuspended
	h.must(h.SetMonitor(ctx(), suspended))
	h.wants(news(stored), store.ErrConflict)
	h.must(h.SetMonitor(ctx(), stored.Monitor))
	newest, err := h.LatestScreening(ctx(), ours, a.ID)
	h.must(err)
	same(h, "newest screening after conflicts", newest.ID, "one")
	same(h, "version after conflicts", h.stored(s).Version, s.Version)
	h.must(news(stored))
	got, err := h.Monitor(ctx(), ours, a.ID)
	h.must(err)
	same(h, "open hits", got.OpenHits, 3)
	same(h, "screening", got.Screening, "two")
	same(h, "flow", got.Flow, stored.Flow)
	suspended.TenantID = theirs
	h.wants(h.SetMonitor(ctx(), suspended), store.ErrConflict)
}

// A monitor is behind from its beginning, and whenever it is resumed or the applicant changes, until it was held as it was read.
func monitorsBehind(h *house) {
	a, s := h.screened(ours, "one")
	m := h.monitor(a, s)
	m.Behind = 1
	h.commit(store.Change{Monitor: &m})
	other, otherSession := h.screened(theirs, "two")
	never := h.monitor(other, otherSession)
	h.commit(store.Change{Monitor: &never})

	behind := func(what string, want ...string) []store.MonitorRow {
		h.Helper()
		rows, err := h.MonitorsBehind(ctx(), "", 9)
		got, err := idsOf(rows, err, func(r store.MonitorRow) string { return r.ApplicantID })
		h.must(err)
		same(h, what, got, want)
		return rows
	}
	rows := behind("a new one", a.ID)
	a.Was, a.Version = 1, 2
	h.commit(store.Change{Applicant: &a})
	h.must(h.MonitorsHeld(ctx(), rows))
	rows = behind("the applicant changed meanwhile", a.ID)
	h.must(h.MonitorsHeld(ctx(), rows))
	behind("held")
	m.State = usher.MonitorSuspended
	h.must(h.SetMonitor(ctx(), m.Monitor))
	behind("suspended")
	m.State = usher.MonitorActive
	h.must(h.SetMonitor(ctx(), m.Monitor))
	behind("resumed", a.ID)
}

func erasedScreening(h *house) {
	a, _ := h.screened(ours, "one")
	h.must(h.KeepJudgement(ctx(), store.JudgementRow{TenantID: ours, ApplicantID: a.ID, Doc: []byte("why"), At: h.now},
		usher.AuditRecord{ID: "1", TenantID: ours, At: h.now, Action: "hit.cleared", Object: a.ID}, store.Counted{Open: 1, Screening: "one"}))
	a.Was, a.Version, a.Erased, a.Doc = 1, 2, true, nil
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	got, err := h.LatestScreening(ctx(), ours, a.ID)
	h.must(err)
	same(h, "bytes of the screening", len(got.Doc), 0)
	list, err := h.Judgements(ctx(), ours, a.ID)
	h.must(err)
	same(h, "judgements", len(list), 0)
	_, err = h.Monitor(ctx(), ours, a.ID)
	h.wants(err, store.ErrNotFound)
	active, err := h.ActiveMonitors(ctx(), "", 9)
	h.must(err)
	same(h, "active monitors", len(active), 0)
}
