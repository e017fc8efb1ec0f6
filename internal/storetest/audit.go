package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/trace"
)

func trail() map[string]func(*house) {
	return map[string]func(*house){
		"trail is a chain":             chainedTrail,
		"trail of odd entries":         oddTrail,
		"trail of a refused change":    trailOfRefused,
		"trail of many writers":        trailOfMany,
		"trail is searched":            searchedTrail,
		"trail keeps the request's id": trailOfRequest,
		"many read trails slowly":      slowTrails,
		"trail is told of":             toldTrail,
		"signing keys":                 signingKeys,
	}
}

func (h *house) entry(tenant, action, object string) usher.AuditRecord {
	return usher.AuditRecord{
		ID: h.id(), TenantID: tenant, At: h.now, Actor: usher.Actor{Kind: usher.ByStaff, ID: "ann", Role: usher.RoleSenior}, Action: action,
		Object: object, Detail: "detail", Reason: "reason", Before: "00", After: "ff",
	}
}

// chain reads a tenant's trail and holds that every entry follows the one before it.
func (h *house) chain(tenant string) []usher.AuditRecord {
	h.Helper()
	var list []usher.AuditRecord
	var last usher.AuditHash
	var scratch []byte
	for r, err := range h.AuditTrail(ctx(), tenant, 1) {
		h.must(err)
		same(h, "place", r.Seq, int64(len(list)+1))
		if last, scratch = r.Link(last, scratch); last != r.Hash {
			h.Fatalf("entry %d does not follow the one before it", r.Seq)
		}
		list = append(list, r)
	}
	heads, err := h.AuditHeads(ctx())
	h.must(err)
	i := slices.IndexFunc(heads, func(d store.AuditHead) bool { return d.TenantID == tenant })
	if i < 0 {
		same(h, "entries without a head", len(list), 0)
		return nil
	}
	same(h, "head", heads[i], store.AuditHead{TenantID: tenant, Seq: int64(len(list)), Hash: last})
	return list
}

// slowTrails has more readers in the midst of a trail than there are connections: whoever takes entries slowly keeps nobody from reading.
func slowTrails(h *house) {
	h.must(h.AddAudit(ctx(), h.entry(ours, "flow.published", "f")))
	ctx, cancel := context.WithTimeout(ctx(), 10*time.Second)
	defer cancel()
	var read func(readers int)
	read = func(readers int) {
		for _, err := range h.AuditTrail(ctx, ours, 1) {
			h.must(err)
			if readers > 1 {
				read(readers - 1)
			}
		}
	}
	read(30)
}

func chainedTrail(h *house) {
	var want []usher.AuditRecord
	for i := range 40 {
		r := h.entry(ours, "flow.published", fmt.Sprint(i))
		want = append(want, r)
		h.must(h.AddAudit(ctx(), r, h.entry(theirs, "flow.published", "x"), h.entry("", "server.started", "")))
	}
	got := h.chain(ours)
	for i := range got {
		link, err := h.AuditLink(ctx(), ours, got[i].Seq)
		h.must(err)
		same(h, "link", link, got[i].Hash)
		got[i].Seq, got[i].Hash = 0, usher.AuditHash{}
	}
	same(h, "entries", got, want)
	same(h, "entries of another", len(h.chain(theirs)), 40)
	same(h, "entries of the server", len(h.chain("")), 40)
	_, err := h.AuditLink(ctx(), ours, 41)
	h.wants(err, store.ErrNotFound)
	var last []string
	for r, err := range h.AuditTrail(ctx(), ours, 39) {
		h.must(err)
		last = append(last, r.Object)
	}
	same(h, "the end of it", last, []string{"38", "39"})
}

// oddTrail has more entries than are read at once, and some whose text must be read another way than that of the others.
func oddTrail(h *house) {
	const n = 1_200
	want := make([]usher.AuditRecord, n)
	for i := range want {
		want[i] = h.entry(ours, "flow.published", fmt.Sprint(i))
	}
	want[3].Detail, want[700].Reason = "what stands \x1f between members", "\x1f\x1f"
	want[5].Detail, want[5].Reason, want[701].Detail = "", "", "höst – 秋 \n\t\"'$4"
	for part := range slices.Chunk(want, 100) {
		h.must(h.AddAudit(ctx(), part...))
	}
	got := h.chain(ours)
	for i := range got {
		got[i].Seq, got[i].Hash = 0, usher.AuditHash{}
	}
	same(h, "entries", got, want)
	h.must(h.AddAudit(ctx(), h.entry(theirs, "flow.published", "x"), h.entry("", "server.started", "")))
	tenants, err := h.AuditTenants(ctx())
	h.must(err)
	same(h, "tenants", tenants, slices.Sorted(slices.Values([]string{"", ours, theirs})))
}

func trailOfRefused(h *house) {
	_, s := h.person(ours)
	s.Was = 7 // nobody wrote that version
	before := len(h.chain(ours))
	h.wants(h.Commit(ctx(), store.Change{Session: &s, Audit: []usher.AuditRecord{h.entry(ours, "session.approved", s.ID)}}), store.ErrConflict)
	same(h, "entries", len(h.chain(ours)), before)
}

func trailOfMany(h *house) {
	entries := make([]usher.AuditRecord, 120)
	for i := range entries {
		entries[i] = h.entry([]string{ours, theirs, ""}[i%3], "evidence.viewed", "x")
	}
	errs := make([]error, len(entries))
	var all sync.WaitGroup
	for i, r := range entries {
		all.Go(func() { errs[i] = h.AddAudit(ctx(), r) })
	}
	all.Wait()
	for _, err := range errs {
		h.must(err)
	}
	for _, tenant := range []string{ours, theirs, ""} {
		same(h, "entries", len(h.chain(tenant)), 40)
	}
}

func searchedTrail(h *house) {
	began := h.now
	var ids []string
	for i := range 12 {
		r := h.entry(ours, []string{"evidence.viewed", "session.approved"}[i%2], fmt.Sprint("object ", i%3))
		r.At, r.Actor.ID = began.Add(time.Duration(i)*time.Minute), fmt.Sprint("member ", i%4)
		h.must(h.AddAudit(ctx(), r))
		ids = append(ids, r.ID)
	}
	find := func(f usher.AuditFilter) []string {
		h.Helper()
		f.Limit, f.Oldest = 20, true
		list, err := h.SearchAudit(ctx(), ours, f)
		h.must(err)
		found, err := idsOf(list, err, func(r usher.AuditRecord) string { return r.ID })
		h.must(err)
		return found
	}
	pick := func(at ...int) (list []string) {
		for _, i := range at {
			list = append(list, ids[i])
		}
		return list
	}
	same(h, "by action", find(usher.AuditFilter{Action: "session.approved"}), pick(1, 3, 5, 7, 9, 11))
	same(h, "by actor", find(usher.AuditFilter{Actor: "member 3"}), pick(3, 7, 11))
	same(h, "by object", find(usher.AuditFilter{Object: "object 2"}), pick(2, 5, 8, 11))
	same(h, "by time", find(usher.AuditFilter{From: began.Add(3 * time.Minute), Before: began.Add(5 * time.Minute)}), pick(3, 4))
	same(h, "by all", find(usher.AuditFilter{Action: "session.approved", Actor: "member 3", Object: "object 1", From: began}), pick(7))
	walk(h, pick(1, 3, 5, 7, 9, 11), func(p usher.Paging) ([]string, error) {
		list, err := h.SearchAudit(ctx(), ours, usher.AuditFilter{Paging: p, Action: "session.approved"})
		return idsOf(list, err, func(r usher.AuditRecord) string { return r.ID })
	})
}

func trailOfRequest(h *house) {
	r := h.entry(ours, "evidence.viewed", "x")
	called := trace.WithRequest(ctx(), &trace.Request{ID: "req_1"})
	h.must(h.AddAudit(called, r))
	r.ID, r.RequestID = h.id(), "req_0"
	h.must(h.AddAudit(called, r))
	list := h.chain(ours)
	same(h, "ids", []string{list[0].RequestID, list[1].RequestID}, []string{"req_1", "req_0"})
}

func toldTrail(h *house) {
	const target = "tls://siem.example.com"
	lag := func(entries int64, oldest time.Time) {
		h.Helper()
		n, at, err := h.AuditLag(ctx(), target)
		h.must(err)
		same(h, "entries", n, entries)
		same(h, "oldest", at, oldest)
	}
	untaken := func(want ...store.AuditPlace) {
		h.Helper()
		got, err := h.AuditUntaken(ctx(), target)
		h.must(err)
		same(h, "untaken", got, want)
	}
	lag(0, time.Time{})
	for i := range 3 {
		r := h.entry(ours, "flow.published", "f")
		r.At = h.now.Add(time.Duration(i) * time.Second)
		h.must(h.AddAudit(ctx(), r, h.entry("", "server.started", "")))
	}
	untaken(store.AuditPlace{}, store.AuditPlace{TenantID: ours})
	lag(6, h.now)
	h.must(h.AuditTaken(ctx(), target, []store.AuditPlace{{Seq: 3}, {TenantID: ours, Seq: 2}}))
	h.must(h.AuditTaken(ctx(), target, []store.AuditPlace{{TenantID: ours, Seq: 1}})) // what another node took before
	h.must(h.AuditTaken(ctx(), "tls://another.example.com", []store.AuditPlace{{TenantID: ours, Seq: 3}}))
	untaken(store.AuditPlace{TenantID: ours, Seq: 2})
	lag(1, h.now.Add(2*time.Second))
}

func signingKeys(h *house) {
	row := store.SigningKeyRow{Purpose: "receipts", Generation: 1, KID: "one", Public: []byte("public"), Sealed: []byte("sealed"), CreatedAt: h.now}
	h.must(h.AddSigningKey(ctx(), row))
	other := row
	other.KID = "another node's"
	h.wants(h.AddSigningKey(ctx(), other), store.ErrConflict)
	next := row
	next.Generation, next.KID = 2, "two"
	before := len(h.chain(""))
	h.must(h.AddSigningKey(ctx(), next, h.entry("", "receipt.key_rotated", "two")))
	h.wants(h.AddSigningKey(ctx(), next, h.entry("", "receipt.key_rotated", "two")), store.ErrConflict)
	same(h, "entries of one key", len(h.chain(""))-before, 1)
	list, err := h.SigningKeys(ctx(), "receipts")
	h.must(err)
	same(h, "keys, newest first", list, []store.SigningKeyRow{next, row})
}
