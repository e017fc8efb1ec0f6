package storetest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// cases is what came with the reviewers' daily work.
func cases() map[string]func(*house) {
	return map[string]func(*house){
		"cases come by the time they are due":              queue,
		"cases are filtered, alone and together":           filteredCases,
		"of two edits of a case one counts":                editedCase,
		"a held decision ends once":                        heldOnce,
		"cases are dealt to who has room, in turn":         dealt,
		"cases that nobody may have do not hold up others": dealtPast,
		"an applicant is found by all of some words":       words,
		"erasing forgets what reviewers kept and held":     erasedCase,
		"a case follows its session and another's is not":  followed,
		"keys of the desk are off for a person":            staffKeys,
	}
}

// opened brings a session to the reviewers, due some minutes from now.
func (h *house) opened(tenant string, minutes int, change ...func(*store.CaseState)) store.SessionRow {
	h.Helper()
	_, s := h.person(tenant)
	s = next(s)
	s.State = usher.InReview
	c := store.CaseState{
		SessionID: s.ID, TenantID: tenant, ApplicantID: s.ApplicantID, State: s.State, Flow: s.Flow, Now: h.now,
		DueAt: h.now.Add(time.Duration(minutes) * time.Minute), Entry: h.id(),
	}
	for _, fn := range change {
		fn(&c)
	}
	h.commit(store.Change{Session: &s, Case: &c})
	return s
}

// edit has a case assigned and tagged.
func (h *house) edit(s store.SessionRow, assignee string, tags ...string) error {
	row, err := h.Case(ctx(), s.TenantID, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		row, err = store.CaseRow{SessionID: s.ID, TenantID: s.TenantID, ApplicantID: s.ApplicantID}, nil
	}
	h.must(err)
	row.Was, row.Assignee, row.Doc = row.Version, assignee, []byte("tags")
	row.Version++
	e := store.CaseEdit{Case: row, Tags: [][]byte{}}
	for _, t := range tags {
		e.Tags, e.Names = append(e.Tags, []byte(t)), append(e.Names, []byte("sealed "+t))
	}
	return h.Commit(ctx(), store.Change{CaseEdit: &e})
}

func (h *house) list(tenant string, f usher.CaseFilter, marks ...string) string {
	h.Helper()
	if f.Limit == 0 {
		f.Limit = 10
	}
	hashes := make([][]byte, len(marks))
	for i, m := range marks {
		hashes[i] = []byte(m)
	}
	rows, err := h.ListCases(ctx(), tenant, f, hashes)
	h.must(err)
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.Case.SessionID
		if r.Session.ID != r.Case.SessionID || r.Applicant.ID != r.Case.ApplicantID || r.Session.Doc == nil || r.Applicant.Doc == nil {
			h.Errorf("the row of %s is not whole: %+v", r.Case.SessionID, r)
		}
	}
	return strings.Join(ids, " ")
}

func marked(marks ...string) func(*store.CaseState) {
	return func(c *store.CaseState) {
		for _, m := range marks {
			c.Marks = append(c.Marks, []byte(m))
		}
	}
}

func queue(h *house) {
	late, soon, other := h.opened(ours, 30), h.opened(ours, 10), h.opened(theirs, 20)
	twin := h.opened(ours, 10)
	same(h, "the queue", h.list(ours, usher.CaseFilter{State: usher.InReview}), soon.ID+" "+twin.ID+" "+late.ID)
	same(h, "turned around", h.list(ours, usher.CaseFilter{Newest: true}), late.ID+" "+twin.ID+" "+soon.ID)
	same(h, "another tenant's", h.list(theirs, usher.CaseFilter{}), other.ID)
	for _, newest := range []bool{false, true} {
		var seen []string
		f := usher.CaseFilter{State: usher.InReview, Limit: 1, Newest: newest}
		for range 3 {
			rows, err := h.ListCases(ctx(), ours, f, nil)
			h.must(err)
			seen = append(seen, rows[0].Case.SessionID)
			f.After = rows[0].Case.Cursor(false)
		}
		want := []string{soon.ID, twin.ID, late.ID}
		if newest {
			slices.Reverse(want)
		}
		same(h, "page by page", seen, want)
		same(h, "behind the last", h.list(ours, f), "")
	}
	_, err := h.ListCases(ctx(), ours, usher.CaseFilter{Limit: 1, After: "nowhere"}, nil)
	h.wants(err, store.ErrNotFound)
	h.must(h.edit(late, "vera"))
	n, err := h.CountCases(ctx(), ours, "vera", h.now.Add(10*time.Minute), 2)
	h.must(err)
	same(h, "counts", n, usher.CaseCounts{Mine: 1, Free: 2, Overdue: 2, All: 2})
}

func filteredCases(h *house) {
	a := h.opened(ours, 1, marked("blur", "doc"))
	b := h.opened(ours, 2, marked("blur"), func(c *store.CaseState) { c.Flow, c.Now = "quick", h.now.Add(-time.Hour) })
	c := h.opened(ours, 3)
	h.must(h.edit(b, "vera", "vip"))
	in := usher.InReview
	for _, tt := range []struct {
		want  string
		f     usher.CaseFilter
		marks []string
	}{
		{b.ID, usher.CaseFilter{State: in, Of: "vera"}, nil},
		{a.ID + " " + c.ID, usher.CaseFilter{State: in, Free: true}, nil},
		{b.ID, usher.CaseFilter{State: in, Flow: "quick"}, nil},
		{b.ID, usher.CaseFilter{Flow: "quick", Of: "vera"}, nil},
		{a.ID + " " + b.ID, usher.CaseFilter{State: in, Overdue: h.now.Add(2 * time.Minute)}, nil},
		{b.ID, usher.CaseFilter{State: in, Since: h.now.Add(-time.Minute)}, nil},
		{b.ID + " " + a.ID + " " + c.ID, usher.CaseFilter{State: in, Since: h.now}, nil}, // who waits longest is first
		{a.ID + " " + b.ID, usher.CaseFilter{State: in}, []string{"blur"}},
		{a.ID, usher.CaseFilter{State: in, Free: true}, []string{"blur"}},
		{a.ID, usher.CaseFilter{State: in}, []string{"blur", "doc"}},
		{b.ID, usher.CaseFilter{State: in, Of: "vera"}, []string{"vip", "blur"}},
		{b.ID, usher.CaseFilter{Flow: "quick"}, []string{"blur"}},
		{b.ID, usher.CaseFilter{State: in, Overdue: h.now.Add(2 * time.Minute), Since: h.now.Add(-time.Minute)}, []string{"blur"}},
		{"", usher.CaseFilter{State: in}, []string{"vip", "doc"}},
		{"", usher.CaseFilter{State: usher.Approved}, nil},
	} {
		same(h, "list", h.list(ours, tt.f, tt.marks...), tt.want)
	}
	names, err := h.CaseTags(ctx(), ours)
	h.must(err)
	same(h, "tags", names, [][]byte{[]byte("sealed vip")})
	h.must(h.edit(b, ""))
	same(h, "without the tag", h.list(ours, usher.CaseFilter{}, "vip"), "")
}

func editedCase(h *house) {
	_, s := h.person(ours) // not a case yet
	row := store.CaseRow{SessionID: s.ID, TenantID: ours, Version: 1, Assignee: "vera"}
	h.commit(store.Change{CaseEdit: &store.CaseEdit{Case: row}})
	row.Assignee = "ulla"
	h.wants(h.Commit(ctx(), store.Change{CaseEdit: &store.CaseEdit{Case: row}}), store.ErrConflict)
	got, err := h.Case(ctx(), ours, s.ID)
	h.must(err)
	same(h, "who has it", got.Assignee, "vera")
	same(h, "state", got.State, usher.Created)
	_, err = h.Case(ctx(), theirs, s.ID)
	h.wants(err, store.ErrNotFound)
	row.SessionID, row.TenantID = s.ID, theirs
	h.wants(h.Commit(ctx(), store.Change{CaseEdit: &store.CaseEdit{Case: row}}), store.ErrConflict)
	h.commit(store.Change{CaseLog: []store.CaseLogRow{
		{ID: "one", TenantID: ours, SessionID: s.ID, Kind: usher.CaseNoted, At: h.now}, {ID: "two", TenantID: ours, SessionID: s.ID, At: h.now},
	}})
	log, err := h.CaseLog(ctx(), ours, s.ID, 10)
	h.must(err)
	same(h, "entries", []string{log[0].ID, log[1].ID}, []string{"two", "one"})
}

func heldOnce(h *house) {
	s := h.opened(ours, 10)
	held := store.HeldRow{ID: "held", SessionID: s.ID, TenantID: ours, ApplicantID: s.ApplicantID, StaffID: "vera", Doc: []byte("approve"), DueAt: h.now}
	h.commit(store.Change{Hold: &held})
	second := held
	second.ID = "second"
	h.wants(h.Commit(ctx(), store.Change{Hold: &second, CaseLog: []store.CaseLogRow{{ID: "x", TenantID: ours, SessionID: s.ID}}}), store.ErrConflict)
	due, err := h.DueHeld(ctx(), h.now.Add(-time.Millisecond), 10)
	h.must(err)
	same(h, "before its time", len(due), 0)
	due, err = h.DueHeld(ctx(), h.now, 10)
	h.must(err)
	same(h, "due", due, []store.HeldRow{held})
	got, err := h.Held(ctx(), ours, s.ID)
	h.must(err)
	same(h, "held", got, held)
	row, err := h.Case(ctx(), ours, s.ID)
	h.must(err)
	same(h, "held in its case", *row.Held, held)
	// Carried out and undone at once: one of them is written, with all that goes with it.
	after := next(s)
	results := make([]error, 2)
	var wg sync.WaitGroup
	for i, c := range []store.Change{{Settle: held.ID, Session: &after}, {Settle: held.ID}} {
		wg.Go(func() { results[i] = h.Commit(ctx(), c) })
	}
	wg.Wait()
	if (results[0] == nil) == (results[1] == nil) {
		h.Fatalf("the two answer %v", results)
	}
	want := s.Version
	if results[0] == nil {
		want++
	}
	same(h, "version", h.stored(s).Version, want)
}

func dealt(h *house) {
	for _, m := range []store.StaffRow{
		{ID: "a", TenantID: ours, Role: usher.RoleReviewer},
		{ID: "b", TenantID: ours, Role: usher.RoleSenior},
		{ID: "v", TenantID: ours, Role: usher.RoleViewer},
		{ID: "gone", TenantID: ours, Role: usher.RoleReviewer, Disabled: true},
		{ID: "t", TenantID: theirs, Role: usher.RoleReviewer},
	} {
		m.Email = m.ID
		h.must(h.AddStaff(ctx(), m))
	}
	in := func(c *store.CaseState) { c.Most = 1 }
	first, second, third := h.opened(ours, 1, in), h.opened(ours, 2, in), h.opened(ours, 3, in)
	with := func(s store.SessionRow) string {
		row, err := h.Case(ctx(), ours, s.ID)
		h.must(err)
		return row.Assignee
	}
	same(h, "dealt", []string{with(first), with(second), with(third)}, []string{"a", "b", ""})
	n, err := h.DealCases(ctx(), h.now, 10, h.id)
	h.must(err)
	same(h, "dealt while all have one", n, 0)
	decided := next(first)
	decided.State = usher.Approved
	h.commit(store.Change{Session: &decided, Case: &store.CaseState{SessionID: first.ID, State: usher.Approved}})
	n, err = h.DealCases(ctx(), h.now, 10, h.id)
	h.must(err)
	same(h, "dealt with room", n, 1)
	same(h, "the third is with", with(third), "a")
	// Who gives a case back is not dealt it again, whatever happens to its session while it waits.
	row, err := h.Case(ctx(), ours, third.ID)
	h.must(err)
	row.Was, row.Assignee = row.Version, ""
	row.Version++
	h.commit(store.Change{CaseEdit: &store.CaseEdit{Case: row, Free: true}})
	changed := next(third)
	c := store.CaseState{
		SessionID: third.ID, TenantID: ours, ApplicantID: third.ApplicantID, State: usher.InReview, Flow: third.Flow, Now: h.now, DueAt: h.now, Entry: h.id(),
		Most: 1,
	}
	h.commit(store.Change{Session: &changed, Case: &c})
	same(h, "given back, it is with", with(third), "")
	// Another review of it is another matter.
	changed = next(changed)
	changed.State = usher.AwaitingApplicant
	h.commit(store.Change{Session: &changed, Case: &store.CaseState{SessionID: third.ID, State: usher.AwaitingApplicant}})
	changed, c.Entry = next(changed), h.id()
	changed.State = usher.InReview
	h.commit(store.Change{Session: &changed, Case: &c})
	same(h, "in review again, it is with", with(third), "a")
}

func dealtPast(h *house) {
	in := func(c *store.CaseState) { c.Most = 1 }
	for range 3 {
		h.opened(theirs, 1, in) // they have no reviewers
	}
	s := h.opened(ours, 2, in)
	h.must(h.AddStaff(ctx(), store.StaffRow{ID: "a", TenantID: ours, Email: "a", Role: usher.RoleReviewer}))
	n, err := h.DealCases(ctx(), h.now, 2, h.id)
	h.must(err)
	row, err := h.Case(ctx(), ours, s.ID)
	h.must(err)
	same(h, "dealt", []any{n, row.Assignee}, []any{1, "a"})
}

func words(h *house) {
	a, s := h.person(ours)
	b, _ := h.person(ours)
	find := func(tenant string, words ...string) int {
		hashes := make([][]byte, len(words))
		for i, w := range words {
			hashes[i] = []byte(w)
		}
		rows, err := h.SessionsByWord(ctx(), tenant, hashes, 10)
		h.must(err)
		return len(rows)
	}
	h.commit(store.Change{Words: &store.WordsRow{TenantID: ours, ApplicantID: a.ID, Words: [][]byte{[]byte("ada"), []byte("berg")}}})
	h.commit(store.Change{Words: &store.WordsRow{TenantID: ours, ApplicantID: b.ID, Words: [][]byte{[]byte("bo"), []byte("berg")}}})
	h.commit(store.Change{Words: &store.WordsRow{TenantID: ours, ApplicantID: "erased", Words: [][]byte{[]byte("berg")}}})
	same(h, "berg", find(ours, "berg"), 2)
	same(h, "ada berg", find(ours, "ada", "berg"), 1)
	same(h, "ada bo", find(ours, "ada", "bo"), 0)
	same(h, "nothing", find(ours), 0)
	same(h, "another tenant's", find(theirs, "berg"), 0)
	for _, by := range []store.ApplicantIndexes{{Reference: a.ReferenceIndex}, {Email: a.EmailIndex}} {
		rows, err := h.SessionsBy(ctx(), ours, "", nil, by, 10)
		h.must(err)
		same(h, "found", []string{rows[0].Session.ID}, []string{s.ID})
	}
	for _, id := range []string{a.ID, s.ID} {
		rows, err := h.SessionsBy(ctx(), ours, id, nil, store.ApplicantIndexes{}, 10)
		h.must(err)
		same(h, "found by id", len(rows), 1)
		rows, err = h.SessionsBy(ctx(), theirs, id, s.ReferenceIndex, store.ApplicantIndexes{}, 10)
		h.must(err)
		same(h, "found by another tenant", len(rows), 0)
	}
}

func erasedCase(h *house) {
	s := h.opened(ours, 1, marked("blur"))
	h.must(h.edit(s, "vera", "vip"))
	h.commit(store.Change{
		Hold:    &store.HeldRow{ID: "held", SessionID: s.ID, TenantID: ours, ApplicantID: s.ApplicantID, Doc: []byte("x"), DueAt: h.now},
		CaseLog: []store.CaseLogRow{{ID: "note", TenantID: ours, ApplicantID: s.ApplicantID, SessionID: s.ID, Doc: []byte("note")}},
		Words:   &store.WordsRow{TenantID: ours, ApplicantID: s.ApplicantID, Words: [][]byte{[]byte("ada")}},
	})
	h.commit(store.Change{Erase: s.ApplicantID})
	row, err := h.Case(ctx(), ours, s.ID)
	h.must(err)
	if row.Doc != nil || row.Assignee != "" || row.Held != nil {
		h.Errorf("the case keeps %+v", row)
	}
	log, err := h.CaseLog(ctx(), ours, s.ID, 10)
	h.must(err)
	same(h, "entries", len(log), 0)
	same(h, "found by a reason", h.list(ours, usher.CaseFilter{}, "blur"), "")
	found, err := h.SessionsByWord(ctx(), ours, [][]byte{[]byte("ada")}, 10)
	h.must(err)
	same(h, "found by name", len(found), 0)
	// A decision that was being written meanwhile does not come behind it: nobody could open it, and it would be due for ever.
	late := store.HeldRow{ID: "late", SessionID: s.ID, TenantID: ours, ApplicantID: s.ApplicantID, Doc: []byte("x"), DueAt: h.now}
	h.wants(h.Commit(ctx(), store.Change{Hold: &late}), store.ErrConflict)
}

func staffKeys(h *house) {
	row := store.StaffRow{ID: "vera", TenantID: ours, Email: "vera", Role: usher.RoleReviewer}
	h.must(h.AddStaff(ctx(), row))
	off := func() bool {
		got, err := h.Staff(ctx(), "vera")
		h.must(err)
		return got.KeysOff
	}
	same(h, "at first", off(), false)
	h.must(h.SetStaffKeys(ctx(), "vera", true))
	row.Role = usher.RoleSenior
	h.must(h.ChangeStaff(ctx(), row.ID, store.StaffChange{Role: &row.Role})) // keeps it
	same(h, "switched off", off(), true)
	h.must(h.SetStaffKeys(ctx(), "vera", false))
	same(h, "switched on", off(), false)
}

func followed(h *house) {
	s := h.opened(ours, 10, marked("blur"))
	h.must(h.edit(s, "vera", "vip"))
	approved := next(s)
	approved.State = usher.Approved
	h.commit(store.Change{Session: &approved, Case: &store.CaseState{SessionID: s.ID, State: usher.Approved}})
	same(h, "waiting", h.list(ours, usher.CaseFilter{State: usher.InReview}, "blur"), "")
	same(h, "approved", h.list(ours, usher.CaseFilter{State: usher.Approved}, "vip"), s.ID)
	again := next(approved)
	again.State = usher.InReview
	h.commit(store.Change{Session: &again, Case: &store.CaseState{
		SessionID: s.ID, TenantID: ours, ApplicantID: s.ApplicantID, State: usher.InReview, Flow: s.Flow, Voters: []string{"ulla", "vera"},
		Now: h.now, DueAt: h.now.Add(time.Hour), Marks: [][]byte{[]byte("glare")},
	}})
	row, err := h.Case(ctx(), ours, s.ID)
	h.must(err)
	same(h, "who has it", row.Assignee, "")
	same(h, "due", row.DueAt, h.now.Add(time.Hour))
	same(h, "by the old reason", h.list(ours, usher.CaseFilter{}, "blur"), "")
	same(h, "by the new reason and the tag", h.list(ours, usher.CaseFilter{Free: true}, "glare", "vip"), s.ID)
	// A session that never was a case does not become one by ending.
	_, other := h.person(ours)
	h.commit(store.Change{Case: &store.CaseState{SessionID: other.ID, State: usher.Cancelled}})
	_, err = h.Case(ctx(), ours, other.ID)
	h.wants(err, store.ErrNotFound)
}
