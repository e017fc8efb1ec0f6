package storetest

import (
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// settings are the tests of what a tenant sets up: itself, its flows, its endpoints, and the accounts it had opened.
func settings() map[string]func(*house) {
	return map[string]func(*house){
		"tenants are written and changed":    tenants,
		"a flow has versions":                flows,
		"a brand is the tenant's own":        brands,
		"words for reasons are the tenant's": reasonTexts,
		"endpoints are the tenant's own":     endpoints,
		"accounts are listed by applicant":   accounts,
		"the newest onboarding is the head":  head,
		"a fresh store holds no keys at all": noKeys,
	}
}

func tenants(h *house) {
	t := usher.Tenant{ID: "third", Name: "Third", Mode: usher.Live, Currency: "SEK", CreatedAt: h.now.Add(time.Hour)}
	h.must(h.PutTenant(ctx(), t))
	t.Name = "Third Bank"
	h.must(h.PutTenant(ctx(), t))
	got, err := h.Tenant(ctx(), t.ID)
	h.must(err)
	same(h, "tenant", got, t)
	h.must(h.SetWebhookHosts(ctx(), t.ID, "*.b.example a.example"))
	h.wants(h.SetWebhookHosts(ctx(), "none", ""), store.ErrNotFound)
	h.must(h.PutTenant(ctx(), t)) // which leaves them as they are
	t.WebhookHosts = []string{"*.b.example", "a.example"}
	list, err := h.Tenants(ctx())
	h.must(err)
	same(h, "tenants", len(list), 3)
	same(h, "the newest is last", list[2], t)
	_, err = h.Tenant(ctx(), "none")
	h.wants(err, store.ErrNotFound)
}

func brands(h *house) {
	got, err := h.Brand(ctx(), ours)
	h.must(err)
	same(h, "before one is set", got, usher.Brand{})
	for _, b := range []usher.Brand{
		{Name: "Ours", Accent: "#1d3f8f", Logo: []byte("picture"), LogoType: "image/png", UpdatedAt: h.now},
		{Accent: "#000000", AccentDark: "#ffffff", UpdatedAt: h.now.Add(time.Hour)},
	} {
		h.must(h.PutBrand(ctx(), ours, b))
		got, err := h.Brand(ctx(), ours)
		h.must(err)
		same(h, "brand", got, b)
	}
	got, err = h.Brand(ctx(), theirs)
	h.must(err)
	same(h, "of another tenant", got, usher.Brand{})
}

func reasonTexts(h *house) {
	first := usher.ReasonText{Reason: usher.DocumentBlurred, Language: "sv", Text: "Suddigt.", UpdatedAt: h.now}
	second := usher.ReasonText{Reason: usher.DocumentBlurred, Language: "en", Text: "Blurred.", UpdatedAt: h.now}
	h.must(h.PutReasonText(ctx(), ours, first))
	h.must(h.PutReasonText(ctx(), ours, second))
	first.Text, first.UpdatedAt = "Bilden är suddig.", h.now.Add(time.Hour)
	h.must(h.PutReasonText(ctx(), ours, first))
	got, err := h.ReasonTexts(ctx(), ours)
	h.must(err)
	same(h, "texts", got, []usher.ReasonText{second, first})
	got, err = h.ReasonTexts(ctx(), theirs)
	h.must(err)
	same(h, "of another tenant", len(got), 0)
	second.Text = ""
	h.must(h.PutReasonText(ctx(), ours, second))
	got, err = h.ReasonTexts(ctx(), ours)
	h.must(err)
	same(h, "after one was taken back", got, []usher.ReasonText{first})
}

func flows(h *house) {
	row := func(tenant, name string, version int) store.FlowRow {
		return store.FlowRow{TenantID: tenant, Name: name, Version: version, Source: "name: " + name, CreatedAt: h.now}
	}
	for _, r := range []store.FlowRow{row(ours, "b", 1), row(ours, "b", 2), row(ours, "a", 1), row(theirs, "b", 7)} {
		h.must(h.AddFlow(ctx(), r))
	}
	h.wants(h.AddFlow(ctx(), row(ours, "b", 2)), store.ErrConflict)
	for version, want := range map[int]int{0: 2, 1: 1, 2: 2} {
		got, err := h.Flow(ctx(), ours, "b", version)
		h.must(err)
		same(h, "flow", got, row(ours, "b", want))
	}
	_, err := h.Flow(ctx(), ours, "b", 3)
	h.wants(err, store.ErrNotFound)
	list, err := h.Flows(ctx(), ours)
	h.must(err)
	same(h, "newest of each", list, []store.FlowRow{row(ours, "a", 1), row(ours, "b", 2)})
}

func endpoints(h *house) {
	r := store.EndpointRow{ID: h.id(), TenantID: ours, Doc: []byte("doc"), CreatedAt: h.now}
	h.must(h.AddEndpoint(ctx(), r))
	h.wants(h.AddEndpoint(ctx(), r), store.ErrConflict)
	other := store.EndpointRow{ID: h.id(), TenantID: theirs, Doc: []byte("doc"), CreatedAt: h.now}
	h.must(h.AddEndpoint(ctx(), other))
	list, err := h.Endpoints(ctx(), ours)
	h.must(err)
	same(h, "of the tenant", list, []store.EndpointRow{r})
	list, err = h.Endpoints(ctx(), "")
	h.must(err)
	same(h, "of all", list, []store.EndpointRow{r, other})
	stolen := other
	stolen.TenantID, stolen.Doc = ours, []byte("stolen")
	h.wants(h.ChangeEndpoint(ctx(), stolen, other.Doc), store.ErrConflict)
	list, err = h.Endpoints(ctx(), theirs)
	h.must(err)
	same(h, "of the other tenant", list, []store.EndpointRow{other})
	h.wants(h.DeleteEndpoint(ctx(), theirs, r.ID), store.ErrNotFound)
	was := r.Doc
	r.Doc = []byte("changed")
	h.must(h.ChangeEndpoint(ctx(), r, was))
	h.wants(h.ChangeEndpoint(ctx(), store.EndpointRow{ID: r.ID, TenantID: ours, Doc: []byte("made from what was before")}, was), store.ErrConflict)
	list, err = h.Endpoints(ctx(), ours)
	h.must(err)
	same(h, "changed", list, []store.EndpointRow{r})
	h.must(h.DeleteEndpoint(ctx(), ours, r.ID))
	h.wants(h.ChangeEndpoint(ctx(), r, r.Doc), store.ErrConflict) // or it would be there again
	list, err = h.Endpoints(ctx(), ours)
	h.must(err)
	same(h, "left", len(list), 0)
}

func accounts(h *house) {
	a, s := h.person(ours)
	var rows []store.AccountRow
	for range 2 {
		rows = append(rows, store.AccountRow{
			ID: h.id(), TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Doc: []byte("account"), CreatedAt: h.now,
		})
	}
	row := next(s)
	h.commit(store.Change{Session: &row, Accounts: rows})
	list, err := h.AccountsOf(ctx(), ours, a.ID)
	h.must(err)
	same(h, "accounts", list, rows)
	got, err := h.Account(ctx(), ours, rows[1].ID)
	h.must(err)
	same(h, "account", got, rows[1])
}

func head(h *house) {
	a, first := h.person(ours)
	second := h.session(a)
	second.State = usher.InReview
	later := h.session(a)
	later.Purpose = usher.ForProofOfAddress
	h.commit(store.Change{Session: &second})
	h.commit(store.Change{Session: &later})
	got, err := h.Applicant(ctx(), ours, a.ID)
	h.must(err)
	if got.Latest == nil || got.Latest.ID != second.ID || got.Latest.State != usher.InReview {
		h.Fatalf("the head is %+v, want session %s (the first was %s)", got.Latest, second.ID, first.ID)
	}
	bare := h.applicant(ours)
	h.commit(store.Change{Applicant: &bare})
	got, err = h.Applicant(ctx(), ours, bare.ID)
	h.must(err)
	same(h, "head of somebody without a session", got.Latest, nil)
}

func noKeys(h *house) {
	held, err := h.HasKeysets(ctx())
	h.must(err)
	same(h, "keysets", held, false)
	h.person(ours)
	held, err = h.HasKeysets(ctx())
	h.must(err)
	same(h, "keysets", held, true)
}
