package usher

import (
	"context"
	"time"
)

// HandoffState is what became of a key to a second browser.
type HandoffState string

// The states of a hand-off.
const (
	HandoffOpen  HandoffState = "open"
	HandoffTaken HandoffState = "taken" // the second browser has the session, the first follows
	HandoffBack  HandoffState = "back"  // and gave it back
	HandoffWrong HandoffState = "wrong" // another number was named: the key is of no use any more
	HandoffEnded HandoffState = "ended" // refused, too old, or a newer one was made
)

// Handoff is a key with which an applicant goes on in a second browser, usually a phone's. It can be used once, within its time, by whoever
// names the number that the first browser shows: somebody who was only sent the link does not see it.
type Handoff struct {
	Redacted
	Token, URL string // given when it is made, and stored as a hash
	Number     int    // two digits; told to the first browser only
	Choices    []int  // the number and two others, told to the second
	Device     string // what the first browser is, in words such as "Chrome, Windows"
	State      HandoffState
	CreatedAt  time.Time
	EndsAt     time.Time
}

// Handoffs let an applicant go on in a second browser while the first follows.
type Handoffs interface {
	// BeginHandoff makes a key for the browser of a cookie, in place of an earlier one. CodeLimited after too many.
	BeginHandoff(ctx context.Context, cookie, device string) (Handoff, error)
	// Handoff gives the newest key of the browser of a cookie, without token and choices; CodeNotFound when it made none.
	Handoff(ctx context.Context, cookie string) (Handoff, error)
	// LookHandoff tells what a key is for, without using it; CodeGone, with the visit still given, when it can not be used any more.
	LookHandoff(ctx context.Context, token string) (Visit, Handoff, error)
	// TakeHandoff opens the session in the browser that names the right number. CodeForbidden when it was another one: the key is of no use then.
	TakeHandoff(ctx context.Context, token string, number int) (Visit, error)
	// RefuseHandoff ends a key that somebody got who did not ask for it.
	RefuseHandoff(ctx context.Context, token string) error
	// HandBack gives the session back to the first browser, at the wish of either.
	HandBack(ctx context.Context, cookie string) error
}
