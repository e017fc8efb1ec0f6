package storetest

import (
	"fmt"

	"github.com/usher-kyc/usher/internal/store"
)

// traits are what applicants are known again by.
func traits() map[string]func(*house) {
	return map[string]func(*house){
		"a trait finds the others of the tenant":        sameTrait,
		"what is alike is found by its bands":           alikeTraits,
		"erasing forgets what an applicant is known by": erasedTraits,
	}
}

func (h *house) trait(a store.ApplicantRow, s store.SessionRow, evidence string, bands ...string) store.TraitRow {
	r := store.TraitRow{TenantID: a.TenantID, ApplicantID: a.ID, SessionID: s.ID, Evidence: evidence, Hash: []byte("hash"), At: h.now}
	for _, b := range bands {
		r.Bands = append(r.Bands, []byte(b))
	}
	return r
}

// seen gives who is found, by applicant and picture.
func seen(h *house, rows []store.TraitRow, err error) string {
	h.Helper()
	h.must(err)
	text := ""
	for _, r := range rows {
		text += fmt.Sprintf("%s/%s ", r.ApplicantID, r.Evidence)
	}
	return text
}

func sameTrait(h *house) {
	first, firstSession := h.person(ours)
	second, secondSession := h.person(ours)
	foreign, foreignSession := h.person(theirs)
	rows := []store.TraitRow{
		h.trait(first, firstSession, "a"), h.trait(first, firstSession, "b"), h.trait(first, firstSession, "a"),
		h.trait(second, secondSession, ""), h.trait(foreign, foreignSession, ""),
	}
	h.must(h.KeepTraits(ctx(), rows))
	h.must(h.KeepTraits(ctx(), rows)) // a job that ran twice
	same := func(what, tenant, applicant, hash string, want string) {
		h.Helper()
		got, err := h.SameTrait(ctx(), tenant, applicant, []byte(hash), 9)
		if found := seen(h, got, err); found != want {
			h.Errorf("%s: found %q, want %q", what, found, want)
		}
	}
	same("the second", ours, second.ID, "hash", first.ID+"/b ")
	same("the first", ours, first.ID, "hash", second.ID+"/ ")
	same("another hash", ours, first.ID, "other", "")
	same("the other tenant", theirs, foreign.ID, "hash", "")
	third, _ := h.person(ours)
	same("a third", ours, third.ID, "hash", second.ID+"/ "+first.ID+"/b ")
	got, err := h.SameTrait(ctx(), ours, third.ID, []byte("hash"), 1)
	if found := seen(h, got, err); found != second.ID+"/ " {
		h.Errorf("one at most: found %q", found)
	}
}

func alikeTraits(h *house) {
	first, firstSession := h.person(ours)
	second, secondSession := h.person(ours)
	foreign, foreignSession := h.person(theirs)
	near, far := h.trait(first, firstSession, "near", "1", "2", "3"), h.trait(first, firstSession, "far", "3", "4", "5")
	near.Doc = []byte("sealed")
	h.must(h.KeepTraits(ctx(), []store.TraitRow{
		far, near, h.trait(first, firstSession, "none", "6"), h.trait(second, secondSession, "own", "1", "2", "3"),
		h.trait(foreign, foreignSession, "foreign", "1", "2", "3"),
	}))
	got, err := h.AlikeTraits(ctx(), ours, second.ID, [][]byte{[]byte("1"), []byte("2"), []byte("3")}, 9)
	if found := seen(h, got, err); found != first.ID+"/near "+first.ID+"/far " {
		h.Fatalf("found %q", found)
	}
	same(h, "document", string(got[0].Doc), "sealed")
	same(h, "time", got[0].At, h.now)
}

func erasedTraits(h *house) {
	a, s := h.person(ours)
	other, _ := h.person(ours)
	row := h.trait(a, s, "e", "1")
	find := func() string {
		exact, err := h.SameTrait(ctx(), ours, other.ID, []byte("hash"), 9)
		alike, err2 := h.AlikeTraits(ctx(), ours, other.ID, [][]byte{[]byte("1")}, 9)
		return seen(h, exact, err) + seen(h, alike, err2)
	}
	h.must(h.KeepTraits(ctx(), []store.TraitRow{row}))
	same(h, "before", find(), a.ID+"/e "+a.ID+"/e ")
	a.Was, a.Version, a.Erased, a.Doc = 1, 2, true, nil
	h.commit(store.Change{Applicant: &a, Erase: a.ID})
	same(h, "after", find(), "")
	h.must(h.KeepTraits(ctx(), []store.TraitRow{row})) // a check that was out when its applicant was erased
	same(h, "written after", find(), "")
}
