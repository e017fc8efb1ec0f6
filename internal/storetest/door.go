package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// doors are the tests of who may come in: links and browsers, API clients and tokens, staff.
func doors() map[string]func(*house) {
	return map[string]func(*house){
		"a session has one browser":                oneBrowser,
		"browsers that race leave one":             racingBrowsers,
		"clients are found by id, key and tenant":  clients,
		"tokens are exchanged once":                tokens,
		"a login ends with all its tokens":         revoked,
		"old tokens and counters are forgotten":    tidyTokens,
		"staff are found by e-mail and id":         staff,
		"a staff session is seen and ends":         staffSessions,
		"counters start over when the window ends": counters,
	}
}

func oneBrowser(h *house) {
	_, s := h.person(ours)
	first, err := h.AddVisit(ctx(), store.VisitRow{Hash: []byte("first"), TenantID: ours, SessionID: s.ID, CreatedAt: h.now})
	h.must(err)
	same(h, "first took over", first.Took, false)
	second, err := h.AddVisit(ctx(), store.VisitRow{Hash: []byte("second"), TenantID: ours, SessionID: s.ID, CreatedAt: h.now})
	h.must(err)
	same(h, "second took over", second.Took, true)
	got, err := h.Visit(ctx(), []byte("first"))
	h.must(err)
	first.Replaced = true
	same(h, "first", got, first)
	got, err = h.Visit(ctx(), []byte("second"))
	h.must(err)
	same(h, "second", got, second)
	_, err = h.Visit(ctx(), []byte("third"))
	h.wants(err, store.ErrNotFound)
}

func racingBrowsers(h *house) {
	_, s := h.person(ours)
	hash := func(i int) []byte { return []byte{byte(i), 'x'} }
	h.must(errors.Join(atOnce(crowd, func(i int) error {
		_, err := h.AddVisit(ctx(), store.VisitRow{Hash: hash(i), TenantID: ours, SessionID: s.ID, CreatedAt: h.now})
		return err
	})...))
	inForce := 0
	for i := range crowd {
		v, err := h.Visit(ctx(), hash(i))
		h.must(err)
		if !v.Replaced {
			inForce++
		}
	}
	same(h, "browsers in force", inForce, 1)
}

func clients(h *house) {
	r := store.ClientRow{ID: h.id(), TenantID: ours, Dialect: "native", SecretHash: []byte("secret"), Doc: []byte("doc"), CreatedAt: h.now}
	h.must(h.PutClient(ctx(), r))
	other := store.ClientRow{ID: h.id(), TenantID: theirs, Dialect: "native", SecretHash: []byte("other"), Doc: []byte("doc"), CreatedAt: h.now}
	h.must(h.PutClient(ctx(), other))
	r.Doc = []byte("changed")
	h.must(h.PutClient(ctx(), r))
	got, err := h.Client(ctx(), r.ID)
	h.must(err)
	same(h, "by id", got, r)
	got, err = h.ClientBySecret(ctx(), "native", r.SecretHash)
	h.must(err)
	same(h, "by key", got, r)
	_, err = h.ClientBySecret(ctx(), "intergiro", r.SecretHash)
	h.wants(err, store.ErrNotFound)
	list, err := h.Clients(ctx(), ours)
	h.must(err)
	same(h, "of the tenant", list, []store.ClientRow{r})
}

func (h *house) token(hash, kind string) store.TokenRow {
	return store.TokenRow{
		Hash: []byte(hash), Kind: kind, Login: "login", ClientID: "client", Dialect: "native", Scopes: "read write",
		ExpiresAt: h.now.Add(time.Hour), AccessAt: h.now.Add(time.Minute),
	}
}

func tokens(h *house) {
	h.must(h.AddTokens(ctx(), []store.TokenRow{h.token("access", "access"), h.token("refresh", "refresh")}, nil, h.now))
	got, err := h.Token(ctx(), []byte("access"))
	h.must(err)
	same(h, "token", got, h.token("access", "access"))
	var won atomic.Int32
	for _, err := range atOnce(8, func(i int) error {
		err := h.AddTokens(ctx(), []store.TokenRow{h.token(string(rune('a'+i)), "access")}, []byte("refresh"), h.now)
		if err == nil {
			won.Add(1)
		}
		return err
	}) {
		if err != nil {
			h.wants(err, store.ErrConflict)
		}
	}
	same(h, "exchanges", won.Load(), 1)
	left := 0
	for i := range 8 {
		if _, err := h.Token(ctx(), []byte{byte('a' + i)}); err == nil {
			left++
		}
	}
	same(h, "tokens issued", left, 1)
	got, err = h.Token(ctx(), []byte("refresh"))
	h.must(err)
	same(h, "used", got.UsedAt, h.now)
}

func revoked(h *house) {
	other := h.token("other", "access")
	other.Login = "another"
	h.must(h.AddTokens(ctx(), []store.TokenRow{h.token("access", "access"), h.token("refresh", "refresh"), other}, nil, h.now))
	h.must(h.RevokeLogin(ctx(), "login"))
	for _, hash := range []string{"access", "refresh"} {
		_, err := h.Token(ctx(), []byte(hash))
		h.wants(err, store.ErrNotFound)
	}
	_, err := h.Token(ctx(), []byte("other"))
	h.must(err)
}

func tidyTokens(h *house) {
	h.must(h.AddTokens(ctx(), []store.TokenRow{h.token("access", "access")}, nil, h.now))
	_, _, err := h.Count(ctx(), "counter", h.now, time.Minute)
	h.must(err)
	h.must(h.Tidy(ctx(), h.now.Add(time.Minute), h.now))
	_, err = h.Token(ctx(), []byte("access"))
	h.must(err)
	h.must(h.Tidy(ctx(), h.now.Add(time.Hour+time.Millisecond), h.now))
	_, err = h.Token(ctx(), []byte("access"))
	h.wants(err, store.ErrNotFound)
}

func staff(h *house) {
	r := store.StaffRow{ID: h.id(), TenantID: ours, Email: "ann@example.test", PasswordHash: "hash", Role: usher.RoleReviewer, CreatedAt: h.now}
	h.must(h.AddStaff(ctx(), r))
	h.must(h.AddStaff(ctx(), store.StaffRow{ID: h.id(), TenantID: theirs, Email: "bo@example.test", CreatedAt: h.now}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{}))
	r.Disabled, r.Role, r.PasswordHash = true, usher.RoleSenior, "new"
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{Disabled: &r.Disabled}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{Role: &r.Role}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{PasswordHash: &r.PasswordHash}))
	got, err := h.StaffByEmail(ctx(), r.Email)
	h.must(err)
	same(h, "by e-mail", got, r)
	got, err = h.Staff(ctx(), r.ID)
	h.must(err)
	same(h, "by id", got, r)
	list, err := h.ListStaff(ctx(), ours)
	h.must(err)
	same(h, "of the tenant", list, []store.StaffRow{r})
	r.ID = h.id()
	if err := h.AddStaff(ctx(), r); err == nil {
		h.Fatal("two members of staff have one address")
	}
}

func staffSessions(h *house) {
	h.must(h.AddStaff(ctx(), store.StaffRow{ID: "ann", TenantID: ours, Email: "ann@example.test", CreatedAt: h.now}))
	r := store.StaffSessionRow{Hash: []byte("cookie"), StaffID: "ann", CreatedAt: h.now, SeenAt: h.now}
	h.must(h.PutStaffSession(ctx(), r))
	r.SeenAt = h.now.Add(time.Minute)
	h.must(h.PutStaffSession(ctx(), r))
	got, err := h.StaffSession(ctx(), r.Hash)
	h.must(err)
	same(h, "session", got, r)
	h.must(h.DeleteStaffSession(ctx(), r.Hash))
	_, err = h.StaffSession(ctx(), r.Hash)
	h.wants(err, store.ErrNotFound)
}

func counters(h *house) {
	ends := h.now.Add(time.Minute)
	for want := int64(1); want <= 3; want++ {
		n, at, err := h.Count(ctx(), "name", h.now, time.Minute)
		h.must(err)
		same(h, "count", n, want)
		same(h, "end", at, ends)
		h.now = h.now.Add(time.Second)
	}
	h.now = ends
	n, _, err := h.Counter(ctx(), "name", h.now)
	h.must(err)
	same(h, "after the window", n, 0)
	n, at, err := h.Count(ctx(), "name", h.now, time.Minute)
	h.must(err)
	same(h, "of the next window", n, 1)
	same(h, "its end", at, h.now.Add(time.Minute))
	numbers := make([]bool, crowd+1)
	var mu sync.Mutex
	h.must(errors.Join(atOnce(crowd, func(int) error {
		n, _, err := h.Count(ctx(), "crowd", h.now, time.Minute)
		mu.Lock()
		defer mu.Unlock()
		numbers[n] = true
		return err
	})...))
	same(h, "numbers given to a crowd", slices.Contains(numbers[1:], false), false)
	h.must(h.ResetCounter(ctx(), "name"))
	n, _, err = h.Counter(ctx(), "name", h.now)
	h.must(err)
	same(h, "after a reset", n, 0)
	same(h, "ping", h.Ping(ctx()), nil)
}
