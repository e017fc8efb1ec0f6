package storetest

import (
	"bytes"

	"github.com/usher-kyc/usher/internal/store"
)

// keysets are the wrapped keys of applicants and tenants.
func keysets() map[string]func(*house) {
	return map[string]func(*house){
		"a tenant's first keys stay":               firstTenantKeys,
		"wraps change and erased keys stay erased": rewraps,
	}
}

func firstTenantKeys(h *house) {
	got, err := h.TenantKeys(ctx(), ours)
	h.must(err)
	same(h, "before there are any", got, []byte(nil))
	for range 2 {
		got, err = h.AddTenantKeys(ctx(), ours, []byte("first"))
		h.must(err)
		same(h, "stored", got, []byte("first"))
	}
	got, err = h.AddTenantKeys(ctx(), ours, []byte("second"))
	h.must(err)
	same(h, "another node's", got, []byte("first"))
	h.must(h.RewrapTenant(ctx(), ours, []byte("second"), []byte("third")))
	got, err = h.TenantKeys(ctx(), ours)
	h.must(err)
	same(h, "after a change of what is not there", got, []byte("first"))
	h.must(h.RewrapTenant(ctx(), ours, []byte("first"), []byte("third")))
	list, err := h.AllTenantKeys(ctx())
	h.must(err)
	same(h, "all", list, []store.Keyset{{TenantID: ours, Wrapped: []byte("third")}})
}

// rewraps goes through more keysets than one statement takes, one of which is destroyed between being read and being written.
func rewraps(h *house) {
	const people = 150
	for range people {
		h.person(ours)
	}
	count, err := h.CountKeysets(ctx())
	h.must(err)
	same(h, "keysets", count, people)
	first, err := h.KeysetsAfter(ctx(), "", 100)
	h.must(err)
	rest, err := h.KeysetsAfter(ctx(), first[99].ApplicantID, 100)
	h.must(err)
	same(h, "in two pages", []int{len(first), len(rest)}, []int{100, 50})
	var list []store.Rewrap
	for _, k := range append(first, rest...) {
		same(h, "tenant", k.TenantID, ours)
		list = append(list, store.Rewrap{Applicant: k.ApplicantID, Was: k.Wrapped, Wrapped: append([]byte("new "), k.Wrapped...)})
	}
	gone, other := list[7].Applicant, list[140].Applicant
	h.must(h.Commit(ctx(), store.Change{Erase: gone}))
	list[140].Was = []byte("what another has changed already")
	h.must(h.RewrapKeysets(ctx(), list))
	for _, r := range list {
		got, err := h.Keyset(ctx(), ours, r.Applicant)
		h.must(err)
		switch r.Applicant {
		case gone:
			same(h, "of the erased", got, []byte(nil))
		case other:
			same(h, "of one that was changed meanwhile", bytes.HasPrefix(got, []byte("new ")), false)
		default:
			same(h, "wrap", got, r.Wrapped)
		}
	}
}
