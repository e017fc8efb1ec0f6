package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/storetest"
)

// onboard is a change that holds one of everything a first commit can hold.
func onboard(n int) store.Change {
	id, now := fmt.Sprintf("%08d", n), time.UnixMilli(1_700_000_000_000).UTC()
	a := store.ApplicantRow{ID: "a" + id, TenantID: "t", Version: 1, Doc: []byte("doc"), CreatedAt: now, UpdatedAt: now}
	s := store.SessionRow{ID: "s" + id, TenantID: "t", ApplicantID: a.ID, Version: 1, Doc: []byte("doc"), CreatedAt: now, UpdatedAt: now}
	d := usher.Delivery{
		ID: "d" + id, TenantID: "t", EndpointID: "e", ApplicantID: a.ID, SessionID: s.ID, EventID: "v" + id, Status: usher.DeliveryPending, DueAt: now, CreatedAt: now,
	}
	return store.Change{
		Keyset: &store.Keyset{TenantID: "t", ApplicantID: a.ID, Wrapped: []byte("keys")}, Applicant: &a, Session: &s,
		Link:       &store.LinkRow{Hash: []byte(id), TenantID: "t", SessionID: s.ID, CreatedAt: now},
		Events:     []store.EventRow{{ID: "v" + id, TenantID: "t", ApplicantID: a.ID, SessionID: s.ID, Type: usher.SessionCreated, Sequence: 1, At: now}},
		Deliveries: []store.DeliveryRow{{Delivery: d}},
		Jobs:       []store.Job{{Kind: "checks", Tenant: "t", Object: s.ID}},
		Audit:      []usher.AuditRecord{{ID: "r" + id, TenantID: "t", At: now, Action: "made", Object: s.ID}},
	}
}

// there tells, for each thing of the change, whether it is stored.
func there(t *testing.T, db storetest.Database, c store.Change, jobsBefore int) map[string]bool {
	t.Helper()
	ctx := context.Background()
	found := map[string]bool{}
	note := func(what string, err error) {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("%s: %v", what, err)
		}
		found[what] = err == nil
	}
	_, err := db.Store.Applicant(ctx, "t", c.Applicant.ID)
	note("applicant", err)
	_, err = db.Store.Session(ctx, "t", c.Session.ID)
	note("session", err)
	_, err = db.Store.Event(ctx, "t", c.Events[0].ID)
	note("event", err)
	_, _, err = db.Store.Delivery(ctx, "t", c.Deliveries[0].ID)
	note("delivery", err)
	_, err = db.Store.Link(ctx, c.Link.Hash)
	note("link", err)
	keys, err := db.Store.Keyset(ctx, "t", c.Applicant.ID)
	note("keys", err)
	found["keys"] = keys != nil
	trail, err := db.Store.ListAudit(ctx, "t", c.Session.ID, usher.Paging{Limit: 1})
	note("trail", err)
	found["trail"] = len(trail) > 0
	jobs, err := db.Jobs.Waiting(ctx)
	note("job", err)
	found["job"] = jobs > jobsBefore
	return found
}

// TestCommitWhenACallFails makes every call of a commit to the driver fail once, in turn: the change must then be there whole or not at all, and
// not at all when the caller was told of the failure, unless what failed was the commit itself, of which nobody can know. The next commit works.
func TestCommitWhenACallFails(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late %v", late), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			var p tap
			raw, err := p.open(t, t.TempDir())
			db := opened(t, raw, err)
			made := 0
			commit := func() (store.Change, int, error) {
				jobs, err := db.Jobs.Waiting(ctx)
				if err != nil {
					t.Fatal(err)
				}
				made++
				c := onboard(made)
				return c, jobs, db.Store.Commit(ctx, c)
			}
			for range 2 { // the second is all prepared
				if _, _, err := commit(); err != nil {
					t.Fatal(err)
				}
				if err := db.Store.Ping(ctx); err != nil { // behind it, everything is prepared that was missed
					t.Fatal(err)
				}
			}
			failed := 0
			for call := 1; ; call++ {
				p.arm(call+1, late) // the first call counts the jobs
				c, jobs, err := commit()
				fired := p.fired()
				p.arm(0, false)
				found := there(t, db, c, jobs)
				for what, is := range found {
					if is != found["session"] {
						t.Fatalf("call %d failed: %s is %v, the session %v", call, what, is, found["session"])
					}
				}
				switch {
				case err == nil && !found["session"]:
					t.Fatalf("call %d failed: acknowledged and not there", call)
				case err != nil && !late && found["session"]:
					t.Fatalf("call %d failed with %v, and the change is there", call, err)
				case err != nil:
					failed++
				}
				if !fired {
					break
				}
			}
			if failed < 10 {
				t.Errorf("only %d calls failed: the tap leaks", failed)
			}
			c, before, err := commit()
			if err != nil {
				t.Fatalf("after the failures: %v", err)
			}
			if !there(t, db, c, before)["session"] {
				t.Fatal("after the failures nothing is written any more")
			}
		})
	}
}

// TestOutboxWhenACallFails makes every call of a round of the outbox fail once, in turn: no delivery may be lost, none sent out of order.
func TestOutboxWhenACallFails(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var p tap
	raw, err := p.open(t, t.TempDir())
	db := opened(t, raw, err)
	now := time.UnixMilli(1_700_000_000_000).UTC()
	var lane []string
	c := onboard(1)
	if err := db.Store.Commit(ctx, c); err != nil {
		t.Fatal(err)
	}
	lane = append(lane, c.Deliveries[0].ID)
	const length = 200
	for i := range length {
		d := c.Deliveries[0]
		d.ID = fmt.Sprintf("more%05d", i)
		if err := db.Store.AddDelivery(ctx, d); err != nil {
			t.Fatal(err)
		}
		lane = append(lane, d.ID)
	}
	var sent []string
	for call := 1; len(sent) < length; call++ {
		p.arm(call%20, call%2 == 0)
		claimed, err := db.Store.ClaimDeliveries(ctx, usher.DeliveryClaim{Now: now, Lease: time.Minute, Limit: 10})
		if err == nil && len(claimed) == 1 {
			d := claimed[0]
			if d.ID != lane[len(sent)] {
				t.Fatalf("call %d: claimed %s, want %s", call, d.ID, lane[len(sent)])
			}
			err = db.Store.SettleDeliveries(ctx, []usher.DeliveryReport{{
				Delivery: d.Delivery, Status: usher.DeliveryDelivered, Attempt: usher.DeliveryAttempt{Number: d.Attempts + 1, At: now},
			}})
			p.arm(0, false)
			got, _, readErr := db.Store.Delivery(ctx, "t", d.ID)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if err == nil && got.Status != usher.DeliveryDelivered {
				t.Fatalf("call %d: settled and still %s", call, got.Status)
			}
			if got.Status == usher.DeliveryDelivered {
				sent = append(sent, d.ID)
			}
		}
		p.arm(0, false)
		now = now.Add(time.Minute) // every lease that was left behind has ended
	}
}
