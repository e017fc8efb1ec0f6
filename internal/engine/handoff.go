package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// The bounds of keys to a second browser.
const (
	handoffLife    = 15 * time.Minute
	handoffsHourly = 20 // of one session
	longestDevice  = 60 // bytes
)

// BeginHandoff makes a key for the browser of a cookie.
func (e *Engine) BeginHandoff(ctx context.Context, cookie, device string) (usher.Handoff, error) {
	v, err := e.Visit(ctx, cookie)
	if err != nil {
		return usher.Handoff{}, err
	}
	if v.Replaced || !slices.Contains(collecting(), v.Session.State) {
		return usher.Handoff{}, usher.Conflict("this browser does not have the session (any more)")
	}
	now := e.now()
	n, _, err := e.c.Store.Count(ctx, "handoff:"+v.Session.ID, now, time.Hour)
	if err != nil {
		return usher.Handoff{}, err
	}
	if n > handoffsHourly {
		return usher.Handoff{}, &usher.Error{Code: usher.CodeLimited, Message: "too many keys to another browser; try again within an hour"}
	}
	token := newSecret()
	number, err := drawNumber()
	if err != nil {
		return usher.Handoff{}, err
	}
	row := store.HandoffRow{
		Hash: hashed(token), TenantID: v.Tenant.ID, SessionID: v.Session.ID, Visit: hashed(cookie), Number: number,
		Device: device[:min(len(device), longestDevice)], CreatedAt: now, EndsAt: now.Add(handoffLife),
	}
	if err := e.c.Store.PutHandoff(ctx, row); err != nil {
		return usher.Handoff{}, found(err, "visit")
	}
	h := handoffOf(row, now)
	h.State, h.Token, h.URL = usher.HandoffOpen, token, e.c.HandoffURL(token)
	return h, nil
}

func handoffOf(r store.HandoffRow, now time.Time) usher.Handoff {
	h := usher.Handoff{Number: r.Number, Device: r.Device, State: r.State, CreatedAt: r.CreatedAt, EndsAt: r.EndsAt}
	if h.State == usher.HandoffOpen && !now.Before(r.EndsAt) {
		h.State = usher.HandoffEnded
	}
	return h
}

// drawNumber gives a number of two digits.
func drawNumber() (int, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(90))
	if err != nil {
		return 0, fmt.Errorf("draw number: %w", err)
	}
	return 10 + int(n.Int64()), nil
}

// choicesOf gives the number of a key among two others, the same each time the page is loaded: they come from the key.
func choicesOf(r store.HandoffRow) []int {
	step := 7 + int(r.Hash[0])%23 // below a third of 90, so that three steps never meet
	if r.Hash[1]%2 == 0 {
		step = 90 - step
	}
	choices := []int{r.Number, 10 + (r.Number-10+step)%90, 10 + (r.Number-10+2*step)%90}
	if r.Hash[2]%3 == 0 { // the number is not always the first of a row
		choices[2] = 10 + (r.Number-10+90-step)%90
	}
	slices.Sort(choices)
	return choices
}

// Handoff gives the newest key of a browser.
func (e *Engine) Handoff(ctx context.Context, cookie string) (usher.Handoff, error) {
	r, err := e.c.Store.HandoffOf(ctx, hashed(cookie))
	return handoffOf(r, e.now()), found(err, "key to another browser")
}

// LookHandoff tells what a key is for, without using it: mail scanners and previews open links.
func (e *Engine) LookHandoff(ctx context.Context, token string) (usher.Visit, usher.Handoff, error) {
	r, err := e.c.Store.Handoff(ctx, hashed(token))
	if err != nil {
		return usher.Visit{}, usher.Handoff{}, found(err, "link")
	}
	v, err := e.visit(ctx, r.TenantID, r.SessionID)
	if err != nil {
		return v, usher.Handoff{}, err
	}
	h := handoffOf(r, e.now())
	if h.State != usher.HandoffOpen || !slices.Contains(collecting(), v.Session.State) {
		return v, h, &usher.Error{Code: usher.CodeGone, Detail: "handoff_" + string(h.State), Message: "this link was used, or has ended"}
	}
	h.Choices = choicesOf(r)
	return v, h, nil
}

// TakeHandoff opens the session in the browser that names the right number.
func (e *Engine) TakeHandoff(ctx context.Context, token string, number int) (usher.Visit, error) {
	v, _, err := e.LookHandoff(ctx, token)
	if err != nil {
		return v, err
	}
	cookie := newSecret()
	r, err := e.c.Store.TakeHandoff(ctx, hashed(token), number, store.VisitRow{Hash: hashed(cookie)}, e.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return v, &usher.Error{Code: usher.CodeGone, Detail: "handoff_ended", Message: "this link was used, or has ended"}
	case err != nil:
		return v, err
	case r.State != usher.HandoffTaken:
		return v, &usher.Error{Code: usher.CodeForbidden, Detail: "handoff_wrong", Message: "that is not the number on the other screen"}
	}
	v.Token, v.Took = cookie, true
	return v, nil
}

// RefuseHandoff ends a key.
func (e *Engine) RefuseHandoff(ctx context.Context, token string) error {
	return e.c.Store.EndHandoff(ctx, hashed(token))
}

// handedOver tells, of a browser that was replaced, whether the session went from it by a hand-off, or back from it.
func (e *Engine) handedOver(ctx context.Context, visit []byte) (follows, returned bool, err error) {
	_, err = e.c.Store.Followed(ctx, visit)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return err == nil, false, err
	}
	_, err = e.c.Store.Returned(ctx, visit)
	if errors.Is(err, store.ErrNotFound) {
		return false, false, nil
	}
	return false, err == nil, err
}

// HandBack gives the session back to the first browser.
func (e *Engine) HandBack(ctx context.Context, cookie string) error {
	return found(e.c.Store.HandBack(ctx, hashed(cookie)), "key to another browser")
}
