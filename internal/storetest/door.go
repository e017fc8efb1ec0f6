package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// doors are the tests of who may come in: links and browsers, API clients and tokens, staff.
func doors() map[string]func(*house) {
	return map[string]func(*house){
		"a session has one browser":                oneBrowser,
		"browsers that race leave one":             racingBrowsers,
		"clients are found by id, key and tenant":  clients,
		"a client has two secrets for a while":     rotatedSecrets,
		"a disabled client has no tokens":          disabledClient,
		"tokens are exchanged once":                tokens,
		"a login ends with all its tokens":         revoked,
		"old tokens and counters are forgotten":    tidyTokens,
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
