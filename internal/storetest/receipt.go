package storetest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

func receipts() map[string]func(*house) {
	return map[string]func(*house){"receipts": placedReceipts, "receipts of many": receiptsOfMany}
}

// approvedSession is one whose applicant can have a receipt.
func (h *house) approvedSession(tenant string) store.SessionRow {
	_, s := h.person(tenant)
	s = next(s)
	s.State = usher.Approved
	h.commit(store.Change{Session: &s})
	return s
}

const placesInList = 1 << 17

func placedReceipts(h *house) {
	give := func(s store.SessionRow) int64 {
		h.Helper()
		n, err := h.ReceiptPlace(ctx(), s.TenantID, s.ID, placesInList, h.now, h.entry(s.TenantID, "receipt.issued", s.ID))
		h.must(err)
		return n
	}
	first, second, third := h.approvedSession(ours), h.approvedSession(theirs), h.approvedSession(ours)
	a, b, c := give(first), give(second), give(third)
	same(h, "places", []int64{give(first), give(second)}, []int64{a, b})
	if a == b || b == c || a == c || min(a, b, c) < 0 || max(a, b, c) >= placesInList {
		h.Errorf("the places are %d, %d and %d", a, b, c)
	}
	same(h, "entries", len(h.chain(ours))+len(h.chain(theirs)), 3)
	given, err := h.Receipts(ctx())
	h.must(err)
	same(h, "end", given, max(a, b, c)+1)
	revoked := func(from, to int64, want ...int64) {
		h.Helper()
		list, err := h.RevokedReceipts(ctx(), from, to)
		h.must(err)
		same(h, "revoked", fmt.Sprint(list), fmt.Sprint(want))
	}
	revoked(0, placesInList)
	overturned := next(second)
	overturned.State = usher.Rejected
	h.commit(store.Change{Session: &overturned})
	revoked(0, placesInList, b)
	row, err := h.Applicant(ctx(), ours, third.ApplicantID)
	h.must(err)
	row.Was, row.Version, row.Erased = row.Version, row.Version+1, true
	h.commit(store.Change{Applicant: &row, Erase: row.ID})
	revoked(0, placesInList, min(b, c), max(b, c))
	revoked(0, max(b, c), min(b, c))
	revoked(max(b, c), placesInList, max(b, c))
}

func receiptsOfMany(h *house) {
	const n = 12
	places := make([]int64, n)
	errs := make([]error, n)
	var sessions []store.SessionRow
	for range n {
		sessions = append(sessions, h.approvedSession(ours))
	}
	var all sync.WaitGroup
	for i, s := range sessions {
		all.Go(func() { places[i], errs[i] = h.ReceiptPlace(ctx(), ours, s.ID, 16, h.now) })
	}
	all.Wait()
	seen := map[int64]bool{}
	for i := range n {
		h.must(errs[i])
		seen[places[i]] = true
	}
	same(h, "different places", len(seen), n)
	if slices.IsSorted(places) {
		h.Errorf("the places tell the order: %v", places)
	}
	for range n { // one list does not hold them all
		s := h.approvedSession(ours)
		place, err := h.ReceiptPlace(ctx(), ours, s.ID, 16, h.now)
		h.must(err)
		seen[place] = true
	}
	same(h, "different places in two lists", len(seen), 2*n)
	end, err := h.Receipts(ctx())
	h.must(err)
	if end <= 16 || end > 16*4 {
		h.Errorf("the places end at %d", end)
	}
}
