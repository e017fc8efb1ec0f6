package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// mostHeld bounds how many held decisions are carried out in one go.
const mostHeld = 100

// HoldDecision keeps a reviewer's decision for a while. It is a row, so that it outlives the process; it is carried out by a timer of this
// process, or by the sweep, in one transaction with the end of the row: exactly once, or not at all when it was taken back.
func (e *Engine) HoldDecision(ctx context.Context, tenant, session string, c usher.Command, window time.Duration) (usher.HeldDecision, error) {
	var none usher.HeldDecision
	if err := mayReview(c.By); err != nil {
		return none, err
	}
	s, err := e.Session(ctx, tenant, session)
	if err != nil {
		return none, err
	}
	now := e.now()
	if _, _, err := usher.Decide(s, c, now); err != nil {
		return none, err
	}
	c.IfVersion = s.Version
	held := usher.HeldDecision{ID: newID(), By: c.By, Command: c, Until: now.Add(window)}
	sealer, err := e.c.Vault.Sealer(ctx, tenant, s.ApplicantID)
	if err != nil {
		return none, fmt.Errorf("open keys: %w", err)
	}
	row := store.HeldRow{ID: held.ID, SessionID: s.ID, TenantID: tenant, ApplicantID: s.ApplicantID, StaffID: c.By.ID, DueAt: held.Until}
	if row.Doc, err = seal(sealer, placeHeld, row.ID, c); err != nil {
		return none, err
	}
	change := store.Change{Hold: &row}
	if err := e.logCase(ctx, &change, ofHeld(row), usher.CaseHeld, entryDoc{New: string(c.Kind)}, c.By); err != nil {
		return none, err
	}
	err = e.c.Store.Commit(ctx, change)
	if errors.Is(err, store.ErrConflict) {
		return none, usher.Conflict("another decision on this session was made a moment ago and can still be taken back")
	}
	if err != nil {
		return none, fmt.Errorf("hold decision: %w", err)
	}
	e.later(context.WithoutCancel(ctx), window)
	return held, nil
}

func ofHeld(r store.HeldRow) store.CaseRow {
	return store.CaseRow{SessionID: r.SessionID, TenantID: r.TenantID, ApplicantID: r.ApplicantID}
}

func (e *Engine) openHeld(ctx context.Context, r store.HeldRow) (usher.HeldDecision, error) {
	held := usher.HeldDecision{ID: r.ID, By: usher.Actor{Kind: usher.ByStaff, ID: r.StaffID}, Until: r.DueAt}
	err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeHeld, r.ID, r.Doc, &held.Command)
	if err == nil {
		held.By = held.Command.By
	}
	return held, err
}

// UndoDecision takes a held decision back: the one who made it does, until it is carried out.
func (e *Engine) UndoDecision(ctx context.Context, tenant, session, id string, by usher.Actor) error {
	late := usher.Conflict("the decision cannot be taken back any more")
	row, err := e.c.Store.Held(ctx, tenant, session)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.ID != id) {
		return late
	}
	if err != nil {
		return err
	}
	if row.StaffID != by.ID {
		return &usher.Error{Code: usher.CodeForbidden, Message: "a decision is taken back by the one who made it"}
	}
	held, err := e.openHeld(ctx, row)
	if err != nil {
		return err
	}
	change := store.Change{Settle: id}
	if err := e.logCase(ctx, &change, ofHeld(row), usher.CaseUndone, entryDoc{Old: string(held.Command.Kind)}, by); err != nil {
		return err
	}
	err = e.c.Store.Commit(ctx, change)
	if errors.Is(err, store.ErrConflict) {
		return late
	}
	return err
}

// later carries out what is due after a while, unless the engine stops first: then the sweep does after its next start.
func (e *Engine) later(ctx context.Context, window time.Duration) {
	e.late.Add(1)
	go func() {
		defer e.late.Done()
		timer := time.NewTimer(window)
		defer timer.Stop()
		select {
		case <-e.quit:
			return
		case <-timer.C:
		}
		if err := e.settleHeld(ctx); err != nil {
			e.c.Log.WarnContext(ctx, "a held decision was not carried out yet", "error", err)
		}
	}()
}

// settleHeld carries out the decisions whose time has come.
func (e *Engine) settleHeld(ctx context.Context) error {
	rows, err := e.c.Store.DueHeld(ctx, e.now(), mostHeld)
	if err != nil {
		return fmt.Errorf("find held decisions: %w", err)
	}
	var failed error
	for _, r := range rows {
		failed = errors.Join(failed, e.carryOut(ctx, r))
	}
	return failed
}

// carryOut does what was decided, or drops it when the session is not the one any more that was decided on.
func (e *Engine) carryOut(ctx context.Context, r store.HeldRow) error {
	held, err := e.openHeld(ctx, r)
	if erased(err) {
		return nil // the row goes with the applicant
	}
	if err != nil {
		return err
	}
	_, err = e.script(ctx, r.TenantID, r.SessionID, "", true, func(h *hand) error {
		h.change.Settle = r.ID
		return h.decide(ctx, held.Command)
	})
	var told *usher.Error
	if !errors.As(err, &told) {
		return err
	}
	change := store.Change{Settle: r.ID}
	by := usher.Actor{Kind: usher.BySystem, ID: "timer"}
	err = e.logCase(ctx, &change, ofHeld(r), usher.CaseDropped, entryDoc{Old: string(held.Command.Kind), Text: held.Command.Internal}, by)
	if isCode(err, usher.CodeGone) {
		return nil
	}
	if err != nil {
		return err
	}
	// It may have been carried out or undone by another at this very moment; then there is nothing to drop.
	if err := e.c.Store.Commit(ctx, change); !errors.Is(err, store.ErrConflict) {
		return err
	}
	return nil
}

// dealCases deals the cases that nobody had room for before.
func (e *Engine) dealCases(ctx context.Context) error {
	const atOnce = 100
	if _, err := e.c.Store.DealCases(ctx, e.now(), atOnce, newID); err != nil {
		return fmt.Errorf("deal cases: %w", err)
	}
	return nil
}
