package usher

import (
	"context"
	"time"
)

// Receipts writes the statements that approved applicants may keep.
type Receipts interface {
	// Receipt gives a receipt of a session that ended approved: CodeConflict when it did not, CodeGone when the applicant was erased. Each call
	// gives another text that says the same.
	Receipt(ctx context.Context, tenant, session string) (Receipt, error)
}

// Receipt is a signed statement that somebody was checked and approved.
type Receipt struct {
	Redacted
	Text       string // SD-JWT VC, to be saved and shown
	JSON       []byte // what it says, for reading alone
	ID, Issuer string
	IssuedAt   time.Time
	ValidUntil time.Time
}
