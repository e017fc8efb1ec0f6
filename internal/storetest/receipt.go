package storetest

import (
	"fmt"
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

func placedReceipts(h *house) {
	give := func(s store.SessionRow) int64 {
		h.Helper()
		n, err := h.ReceiptPlace(ctx(), s.TenantID, s.ID, h.now, h.entry(s.TenantID, "receipt.issued", s.ID))
		h.must(err)
		return n
	}
	first, second, third := h.approvedSession(ours), h.approvedSession(theirs), h.approvedSession(ours)
	same(h, "places", []int64{give(first), give(second), give(first), give(third), give(second)}, []int64{0, 1, 0, 2, 1})
	same(h, "entries", len(h.chain(ours))+len(h.chain(theirs)), 3)
	given, err := h.Receipts(ctx())
	h.must(err)
	same(h, "count", given, int64(3))
	revoked := func(from, to int64, want ...int64) {
		h.Helper()
		list, err := h.RevokedReceipts(ctx(), from, to)
		h.must(err)
		same(h, "revoked", fmt.Sprint(list), fmt.Sprint(want))
	}
	revoked(0, 10)
	overturned := next(second)
	overturned.State = usher.Rejected
	h.commit(store.Change{Session: &overturned})
	revoked(0, 10, 1)
	row, err := h.Applicant(ctx(), ours, third.ApplicantID)
	h.must(err)
	row.Was, row.Version, row.Erased = row.Version, row.Version+1, true
	h.commit(store.Change{Applicant: &row, Erase: row.ID})
	revoked(0, 10, 1, 2)
	revoked(0, 2, 1)
	revoked(2, 10, 2)
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
		all.Go(func() { places[i], errs[i] = h.ReceiptPlace(ctx(), ours, s.ID, h.now) })
	}
	all.Wait()
	seen := map[int64]bool{}
	for i := range n {
		h.must(errs[i])
		seen[places[i]] = true
	}
	same(h, "different places", len(seen), n)
}
