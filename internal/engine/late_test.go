package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/vault"
)

// What the simulation found, each by itself.

// brittle are rows of keys that cannot be read while the database is away.
type brittle struct {
	vault.Keysets
	away atomic.Bool
}

func (b *brittle) Keyset(ctx context.Context, tenant, subject string) ([]byte, error) {
	if b.away.Load() {
		return nil, errors.New("the database is away")
	}
	return b.Keysets.Keyset(ctx, tenant, subject)
}

func (b *brittle) TenantKeys(ctx context.Context, tenant string) ([]byte, error) {
	if b.away.Load() {
		return nil, errors.New("the database is away")
	}
	return b.Keysets.TenantKeys(ctx, tenant)
}

// secondNode is another process on the database of a house, with a memory of its own. It sends webhooks and does nothing else.
func secondNode(t *testing.T, h *enginetest.House) (*engine.Engine, *brittle) {
	t.Helper()
	master, err := vault.OpenMaster(filepath.Join(h.Dir, "master.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	rows := &brittle{Keysets: h.Store}
	keys, err := vault.New(vault.Config{Master: master, Keysets: rows, Now: h.Now})
	if err != nil {
		t.Fatal(err)
	}
	return engine.New(engine.Config{Store: h.Store, Vault: keys, Blobs: h.Blobs, Now: h.Now}), rows
}

func claim(t *testing.T, h *enginetest.House, node usher.Outbox) []usher.ClaimedDelivery {
	t.Helper()
	got, err := node.Exchange(t.Context(), nil, usher.DeliveryClaim{Now: h.Now(), Lease: time.Minute, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantNoneGivenUp(t *testing.T, h *enginetest.House) {
	t.Helper()
	dead, err := h.ListDeliveries(t.Context(), h.Tenant.ID, usher.DeliveryFilter{Status: usher.DeliveryDead})
	if err != nil || len(dead.Items) != 0 {
		t.Errorf("%d deliveries were given up, %v", len(dead.Items), err)
	}
}

func makeEndpoint(t *testing.T, h *enginetest.House, url string) usher.Endpoint {
	t.Helper()
	ep, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{
		URL: url, Dialect: "native", Events: []usher.EventType{usher.SessionCreated},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ep
}

// A delivery whose keys or endpoint cannot be read when it is claimed is sent later, without a try being counted.
func TestDeliveryThatCannotBeReadIsSentLater(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	makeEndpoint(t, h, "https://client.example/hook")
	start(t, h, "", person)
	node, rows := secondNode(t, h)
	rows.away.Store(true)
	if got := claim(t, h, node); len(got) != 0 {
		t.Fatalf("%d deliveries were read without their keys", len(got))
	}
	wantNoneGivenUp(t, h)
	rows.away.Store(false)
	h.Advance(2 * time.Minute) // past the lease
	if got := claim(t, h, node); len(got) != 1 || got[0].Delivery.Attempts != 0 || string(got[0].Delivery.Message.Body) != string(usher.SessionCreated) {
		t.Errorf("when the database is back, %d are sent: %+v", len(got), got)
	}
}

// A node that remembers the endpoints of a tenant as they were sends to one that another node has made since.
func TestEndpointOfAnotherNodeIsSentTo(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	first := makeEndpoint(t, h, "https://client.example/first")
	start(t, h, "", person)
	node, _ := secondNode(t, h)
	if got := claim(t, h, node); len(got) != 1 || got[0].Endpoint.ID != first.ID {
		t.Fatalf("the node sends %+v", got)
	}
	second := makeEndpoint(t, h, "https://client.example/second")
	start(t, h, "", person)
	got := map[string]int{}
	for _, d := range claim(t, h, node) {
		got[d.Endpoint.ID]++
	}
	if got[first.ID] != 1 || got[second.ID] != 1 || len(got) != 2 {
		t.Errorf("the next event goes to %v, want %s and %s once each", got, first.ID, second.ID)
	}
	wantNoneGivenUp(t, h)
}

// slowBank does what it is told to while it opens its first account.
type slowBank struct {
	enginetest.Opener
	during func(session string)
	asked  atomic.Int32
}

func (b *slowBank) Open(ctx context.Context, r usher.AccountRequest) (usher.Account, error) {
	if b.asked.Add(1) == 1 {
		b.during(r.SessionID)
	}
	return b.Opener.Open(ctx, r)
}

// An account that the bank tells of after the approval was overturned is not kept: no event would tell of it. When the approval comes back it is
// kept, once, and told once.
func TestAccountAfterAnOverturnIsKeptOnce(t *testing.T) {
	t.Parallel()
	var h *enginetest.House
	overturn := func(session string) {
		c := usher.Command{Kind: usher.CmdOverturn, By: senior(), Reasons: []usher.Reason{{Code: usher.Policy}}}
		if _, err := h.Do(context.Background(), h.Tenant.ID, session, c); err != nil {
			t.Errorf("overturn: %v", err)
		}
	}
	bank := &slowBank{during: overturn}
	h = enginetest.Open(t, enginetest.Config{Openers: []usher.AccountOpener{bank}})
	s, _ := start(t, h, "", person)
	upload(t, h, s.ID, usher.DocumentFront, usher.Selfie)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{Face: true}})
	h.Settle()
	if s = session(t, h, s.ID); s.State != usher.Rejected || s.Account != nil && s.Account.Opened || bank.asked.Load() != 1 {
		t.Fatalf("the bank was asked %d times; the session is %s with the account %+v", bank.asked.Load(), s.State, s.Account)
	}
	wantAccounts(t, h, s, 0)
	overturn(s.ID)
	h.Settle()
	if s = session(t, h, s.ID); s.State != usher.Approved || s.Account == nil || !s.Account.Opened {
		t.Fatalf("approved again, the session is %s with the account %+v", s.State, s.Account)
	}
	wantAccounts(t, h, s, 1)
}

// wantAccounts compares the accounts that are kept with those that were told of, and both with a number.
func wantAccounts(t *testing.T, h *enginetest.House, s usher.Session, want int) {
	t.Helper()
	kept, err := h.AccountsOf(t.Context(), h.Tenant.ID, s.ApplicantID)
	if err != nil || len(kept) != want {
		t.Errorf("%d accounts are kept, want %d: %v", len(kept), want, err)
	}
	if want > 0 && len(kept) > 0 && s.Account != nil && kept[0].ID != s.Account.ID {
		t.Errorf("the account %s is kept, and %s was told", kept[0].ID, s.Account.ID)
	}
	told := 0
	for _, e := range types(t, h, s.ID) {
		if e == usher.AccountOpened {
			told++
		}
	}
	if told != want {
		t.Errorf("%d accounts were told, want %d", told, want)
	}
}

// What a receiver answers may repeat what it was sent: it is kept sealed, can be read, and goes with the applicant.
func TestAnswersOfReceiversAreSealed(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	makeEndpoint(t, h, "https://client.example/hook")
	s, _ := start(t, h, "", person)
	due := claim(t, h, h)
	if len(due) != 1 {
		t.Fatalf("%d deliveries are due", len(due))
	}
	const echo = "cannot read {last_name: Eriksson}"
	reports := []usher.DeliveryReport{{
		Delivery: due[0].Delivery, Status: usher.DeliveryDead, Attempt: usher.DeliveryAttempt{Number: 1, At: h.Now(), Status: 500, Answer: echo},
	}}
	if _, err := h.Exchange(t.Context(), reports, usher.DeliveryClaim{Now: h.Now(), Lease: time.Minute, Limit: 1}); err != nil || reports[0].Attempt.Answer != echo {
		t.Fatalf("the report is %q afterwards, %v", reports[0].Attempt.Answer, err)
	}
	if _, stored, err := h.Store.Delivery(t.Context(), h.Tenant.ID, due[0].Delivery.ID); err != nil || len(stored) != 1 || stored[0].Answer == "" || strings.Contains(stored[0].Answer, "Eriksson") {
		t.Errorf("stored are %+v, %v", stored, err)
	}
	for _, want := range []string{echo, ""} {
		_, tries, err := h.Delivery(t.Context(), h.Tenant.ID, due[0].Delivery.ID)
		if err != nil || len(tries) != 1 || tries[0].Answer != want || tries[0].Status != 500 {
			t.Errorf("it reads %+v, %v, want the answer %q", tries, err, want)
		}
		if want == "" {
			break
		}
		if _, err := h.EraseApplicant(t.Context(), h.Tenant.ID, s.ApplicantID, usher.Actor{Kind: usher.ByClient}); err != nil {
			t.Fatal(err)
		}
	}
}

// Of many who approve at once behind a first approval, one is the second: the approval stands once, and is not that of the first one.
func TestSecondApprovalIsGivenOnce(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	h.Publish(h.Tenant.ID, quick)
	staff := reviewers(t, h, usher.RoleReviewer, usher.RoleSenior, usher.RoleSenior, usher.RoleSenior)
	for range 3 {
		s := review(t, h, "quick")
		s = do(t, h, s.ID, usher.Command{Kind: usher.CmdApprove, By: staff[0]})
		if s.State != usher.InReview || len(s.Votes) != 1 {
			t.Fatalf("after the first approval it is %s with %d votes", s.State, len(s.Votes))
		}
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for i, by := range append(staff, staff...) {
			wg.Go(func() {
				c := usher.Command{Kind: usher.CmdApprove, By: by}
				if i%2 == 0 { // as the desk does; it must not rest on that alone
					c.IfVersion = s.Version
				}
				_, err := h.Do(context.Background(), h.Tenant.ID, s.ID, c)
				var refused *usher.Error
				switch {
				case err == nil && by.ID != staff[0].ID:
					won.Add(1)
				case errors.As(err, &refused) && refused.Code == usher.CodeConflict:
					lost.Add(1)
				default:
					t.Errorf("%s: %v", by.ID, err)
				}
			})
		}
		wg.Wait()
		s = session(t, h, s.ID)
		if won.Load() != 1 || lost.Load() != 7 || s.State != usher.Approved || s.Decision.By.ID == staff[0].ID {
			t.Errorf("%d of 8 approved it and %d were refused; it is %s by %+v", won.Load(), lost.Load(), s.State, s.Decision)
		}
		approvals := 0
		for _, e := range types(t, h, s.ID) {
			if e == usher.SessionApproved {
				approvals++
			}
		}
		if approvals != 1 {
			t.Errorf("%d approvals were told", approvals)
		}
	}
}
