package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// client writes an API client with its first secret.
func (h *house) client(tenant, secret string) (store.ClientRow, store.SecretRow) {
	r := store.ClientRow{ID: h.id(), TenantID: tenant, Dialect: "native", Doc: []byte("doc"), CreatedAt: h.now}
	s := h.secret(r.ID, 1, secret)
	h.must(h.AddClient(ctx(), r, s, usher.AuditRecord{ID: h.id(), TenantID: tenant, At: h.now, Action: "client.created", Object: r.ID}))
	return r, s
}

func (h *house) secret(client string, generation int64, secret string) store.SecretRow {
	return store.SecretRow{ClientID: client, Dialect: "native", Generation: generation, Hash: []byte(secret), Last4: "last", CreatedAt: h.now}
}

func clients(h *house) {
	r, s := h.client(ours, "secret")
	h.client(theirs, "other")
	got, err := h.Client(ctx(), r.ID)
	h.must(err)
	same(h, "by id", got, r)
	found, err := h.SecretByHash(ctx(), "native", s.Hash)
	h.must(err)
	same(h, "by key", found, s)
	_, err = h.SecretByHash(ctx(), "intergiro", s.Hash)
	h.wants(err, store.ErrNotFound)
	list, err := h.Clients(ctx(), ours)
	h.must(err)
	same(h, "of the tenant", list, []store.ClientRow{r})

	networks, ends := "10.0.0.0/8", h.now.Add(time.Hour)
	h.wants(h.ChangeClient(ctx(), theirs, r.ID, store.ClientChange{AllowFrom: &networks}), store.ErrNotFound)
	h.must(h.ChangeClient(ctx(), ours, r.ID, store.ClientChange{AllowFrom: &networks}))
	h.must(h.ChangeClient(ctx(), ours, r.ID, store.ClientChange{ExpiresAt: &ends}))
	r.AllowFrom, r.ExpiresAt = networks, ends
	got, err = h.Client(ctx(), r.ID)
	h.must(err)
	same(h, "changed", got, r)

	next := func(what string, now, want time.Time) {
		got, err := h.NextClientEnd(ctx(), now)
		h.must(err)
		same(h, what, got, want)
	}
	ending := func(what string, from, to time.Time, want int) {
		h.Helper()
		list, err := h.EndingClients(ctx(), from, to, 10)
		h.must(err)
		same(h, what, len(list), want)
		mine, err := h.CountEndingClients(ctx(), ours, from, to)
		h.must(err)
		same(h, what+", of the tenant", mine, want)
		others, err := h.CountEndingClients(ctx(), theirs, from, to)
		h.must(err)
		same(h, what+", of another tenant", others, 0)
	}
	ending("ends at the time", h.now, ends, 1)
	ending("ends later", h.now, ends.Add(-time.Millisecond), 0)
	ending("has ended", ends, ends.Add(time.Hour), 0)
	next("next end", h.now, ends)
	next("at the end", ends, time.Time{})
	h.must(h.DisableClient(ctx(), ours, r.ID, h.now))
	next("next end without the disabled", h.now, time.Time{})
	ending("is disabled", h.now, ends, 0)
}

func rotatedSecrets(h *house) {
	r, first := h.client(ours, "1")
	until := h.now.Add(time.Hour)
	h.must(h.AddSecret(ctx(), h.secret(r.ID, 2, "2"), until))
	first.EndsAt = until
	list, err := h.Secrets(ctx(), r.ID, h.now)
	h.must(err)
	same(h, "two secrets", list, []store.SecretRow{h.secret(r.ID, 2, "2"), first})
	h.must(h.UseSecret(ctx(), r.ID, 2, h.now, h.now.Add(-time.Minute)))
	h.must(h.UseSecret(ctx(), r.ID, 2, h.now.Add(time.Second), h.now.Add(-time.Minute)))
	list, err = h.Secrets(ctx(), r.ID, until)
	h.must(err)
	used := h.secret(r.ID, 2, "2")
	used.UsedAt = h.now
	same(h, "one secret, used", list, []store.SecretRow{used})
	h.must(h.AddSecret(ctx(), h.secret(r.ID, 3, "3"), until.Add(time.Hour)))
	list, err = h.Secrets(ctx(), r.ID, h.now)
	h.must(err)
	same(h, "never three", len(list), 2)

	var won atomic.Int32
	for _, err := range atOnce(8, func(i int) error {
		err := h.AddSecret(ctx(), h.secret(r.ID, 4, string(rune('a'+i))), until)
		if err == nil {
			won.Add(1)
		}
		return err
	}) {
		if err != nil {
			h.wants(err, store.ErrConflict)
		}
	}
	same(h, "rotations at once", won.Load(), 1)
}

func disabledClient(h *house) {
	r, _ := h.client(ours, "secret")
	kept := h.token("kept", "access")
	gone := h.token("gone", "access")
	gone.ClientID = r.ID
	h.must(h.AddTokens(ctx(), []store.TokenRow{kept, gone}, nil, h.now))
	h.wants(h.DisableClient(ctx(), theirs, r.ID, h.now), store.ErrNotFound)
	h.must(h.DisableClient(ctx(), ours, r.ID, h.now))
	_, err := h.Token(ctx(), []byte("gone"))
	h.wants(err, store.ErrNotFound)
	_, err = h.Token(ctx(), []byte("kept"))
	list, listErr := h.Secrets(ctx(), r.ID, h.now)
	h.must(errors.Join(err, listErr))
	same(h, "secrets of one that is disabled", len(list), 0)
	none := ""
	h.wants(h.DisableClient(ctx(), ours, r.ID, h.now), store.ErrNotFound)
	h.wants(h.ChangeClient(ctx(), ours, r.ID, store.ClientChange{AllowFrom: &none}), store.ErrNotFound)
}
