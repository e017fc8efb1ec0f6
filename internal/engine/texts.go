package engine

import (
	"context"

	"github.com/usher-kyc/usher"
)

var _ usher.Texts = (*Engine)(nil)

// ReasonTexts lists what a tenant says to applicants of reasons.
func (e *Engine) ReasonTexts(ctx context.Context, tenant string) ([]usher.ReasonText, error) {
	return e.c.Store.ReasonTexts(ctx, tenant)
}

// PutReasonText replaces one text, and notes on the trail who did.
func (e *Engine) PutReasonText(ctx context.Context, tenant string, t usher.ReasonText, by usher.Actor) error {
	t, err := usher.CheckReasonText(t)
	if err != nil {
		return err
	}
	t.UpdatedAt = e.now()
	done := "replaced"
	if t.Text == "" {
		done = "taken back"
	}
	entry := e.record(tenant, by, "reason_text.changed", string(t.Reason), t.Language+" "+done)
	entry.After = hashedText(t.Text)
	return e.c.Store.PutReasonText(ctx, tenant, t, entry)
}
