package engine_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const window = 10 * time.Second

func hold(t *testing.T, h *enginetest.House, id string, by usher.Actor) usher.HeldDecision {
	t.Helper()
	held, err := h.HoldDecision(context.Background(), h.Tenant.ID, id, usher.Command{Kind: usher.CmdApprove, By: by, Internal: "seen"}, window)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func TestHeldDecisionIsCarriedOut(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	all := reviewers(t, h, usher.RoleReviewer, usher.RoleReviewer, usher.RoleViewer)
	s := review(t, h, "")
	ctx, tenant := context.Background(), h.Tenant.ID
	_, err := h.HoldDecision(ctx, tenant, s.ID, usher.Command{Kind: usher.CmdApprove, By: all[2]}, window)
	wantCode(t, "a viewer decides", err, usher.CodeForbidden)
	_, err = h.HoldDecision(ctx, tenant, s.ID, usher.Command{Kind: usher.CmdReject, By: all[0]}, window)
	wantCode(t, "a rejection without reasons", err, usher.CodeInvalid)
	held := hold(t, h, s.ID, all[0])
	_, err = h.HoldDecision(ctx, tenant, s.ID, usher.Command{Kind: usher.CmdApprove, By: all[1]}, window)
	wantCode(t, "a second decision", err, usher.CodeConflict)
	wantCode(t, "taken back by another", h.UndoDecision(ctx, tenant, s.ID, held.ID, all[1]), usher.CodeForbidden)
	if c := caseOf(t, h, s.ID); c.Held == nil || c.Held.By != all[0] || c.Held.Command.Kind != usher.CmdApprove || session(t, h, s.ID).Version != s.Version {
		t.Fatalf("held: %+v", c.Held)
	}
	h.Settle()
	if got := session(t, h, s.ID); got.State != usher.InReview {
		t.Fatalf("before its time it is %s", got.State)
	}
	h.Advance(window)
	if got := session(t, h, s.ID); got.State != usher.Approved || got.Decision.By != all[0] || got.Decision.Internal != "seen" {
		t.Fatalf("after its time it is %s", got.State)
	}
	wantCode(t, "taken back too late", h.UndoDecision(ctx, tenant, s.ID, held.ID, all[0]), usher.CodeConflict)
	if c := caseOf(t, h, s.ID); c.Held != nil || c.State != usher.Approved {
		t.Errorf("it is still held: %+v", c.Held)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	by := reviewers(t, h, usher.RoleReviewer)[0]
	s := review(t, h, "")
	held := hold(t, h, s.ID, by)
	if err := h.UndoDecision(context.Background(), h.Tenant.ID, s.ID, held.ID, by); err != nil {
		t.Fatal(err)
	}
	h.Advance(time.Hour)
	if got := session(t, h, s.ID); got.State != usher.InReview || got.Version != s.Version {
		t.Errorf("it is %s", got.State)
	}
	if diff := cmp.Diff([]string{"held >approve", "undone approve>"}, logged(t, h, s.ID)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	hold(t, h, s.ID, by) // and may decide again
}

// A client's decision is not held back, and what a reviewer decided on the state before it falls away.
func TestClientDecidesWhileHeld(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	by := reviewers(t, h, usher.RoleReviewer)[0]
	s := review(t, h, "")
	hold(t, h, s.ID, by)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdReject, By: usher.Actor{Kind: usher.ByClient, ID: "c"}, Reasons: []usher.Reason{{Code: usher.Policy}}})
	h.Advance(window)
	if got := session(t, h, s.ID); got.State != usher.Rejected || got.Version != s.Version+1 {
		t.Errorf("it is %s", got.State)
	}
	if diff := cmp.Diff([]string{"held >approve", "dropped approve> seen"}, logged(t, h, s.ID)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestHeldDecisionOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var id, tenant string
	t.Run("before", func(t *testing.T) {
		h := enginetest.Open(t, enginetest.Config{Dir: dir})
		id, tenant = review(t, h, "").ID, h.Tenant.ID
		hold(t, h, id, reviewers(t, h, usher.RoleReviewer)[0])
	})
	h := enginetest.Open(t, enginetest.Config{Dir: dir})
	h.Advance(2 * window)
	if s, err := h.Session(context.Background(), tenant, id); err != nil || s.State != usher.Approved {
		t.Errorf("after a restart it is %s, %v", s.State, err)
	}
}

// Undo and the timer at once: one of them wins, and what the other is told is true.
func TestUndoAgainstTheTimer(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	by := reviewers(t, h, usher.RoleReviewer)[0]
	for range 8 {
		s := review(t, h, "")
		held, err := h.HoldDecision(context.Background(), h.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdApprove, By: by}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var undone error
		wg.Go(func() { undone = h.UndoDecision(context.Background(), h.Tenant.ID, s.ID, held.ID, by) })
		wg.Go(h.Settle)
		wg.Wait()
		h.Settle()
		want := usher.Approved
		if undone == nil {
			want = usher.InReview
		}
		if got := session(t, h, s.ID); got.State != want {
			t.Errorf("undo answers %v and it is %s", undone, got.State)
		}
	}
}

// Of reviewers who approve at once under four eyes, two different ones count, whatever the timers do.
func TestFourEyesHeldAtOnce(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	h.Publish(h.Tenant.ID, quick)
	all := reviewers(t, h, usher.RoleReviewer, usher.RoleReviewer, usher.RoleSenior)
	s := review(t, h, "quick")
	var wg sync.WaitGroup
	for _, by := range append(all, all...) {
		wg.Go(func() {
			_, _ = h.HoldDecision(context.Background(), h.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdApprove, By: by}, 0)
		})
	}
	wg.Wait()
	h.Settle()
	got := session(t, h, s.ID)
	if got.State == usher.Approved {
		// The timer was so fast that somebody else could still be the second.
		page, err := h.ListEvents(t.Context(), h.Tenant.ID, usher.EventFilter{SessionID: s.ID, Types: []usher.EventType{usher.SessionReviewRequested}})
		if err != nil {
			t.Fatal(err)
		}
		if votes := page.Items[0].Data.Votes; len(votes) != 1 || votes[0].ID == got.Decision.By.ID {
			t.Errorf("approved by %s after the votes %v", got.Decision.By.ID, votes)
		}
		return
	}
	if got.State != usher.InReview || len(got.Votes) != 1 {
		t.Fatalf("after one round it is %s with %d votes", got.State, len(got.Votes))
	}
	_, err := h.HoldDecision(context.Background(), h.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdApprove, By: got.Votes[0]}, 0)
	wantCode(t, "the same reviewer again", err, usher.CodeConflict)
}
