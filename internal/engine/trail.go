package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/usher-kyc/usher"
)

// record makes an entry of the audit trail.
func (e *Engine) record(tenant string, by usher.Actor, action, object, detail string) usher.AuditRecord {
	return usher.AuditRecord{ID: newID(), TenantID: tenant, At: e.now(), Actor: by, Action: action, Object: object, Detail: detail}
}

// setting makes an entry that says that somebody changed a setting.
func (e *Engine) setting(ctx context.Context, tenant, action, object, detail string) usher.AuditRecord {
	return e.record(tenant, usher.ActorFrom(ctx), action, object, detail)
}

// hashedText gives SHA-256 of a text, in hex, for settings that are no secret: whoever has the text can compare it.
func hashedText(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// hashedSecret gives a keyed hash of a setting that is one, in hex.
func (e *Engine) hashedSecret(tenant string, doc []byte) (string, error) {
	sum, err := e.c.Vault.Index(tenant, "audit", string(doc))
	if err != nil {
		return "", fmt.Errorf("hash setting: %w", err)
	}
	return hex.EncodeToString(sum), nil
}

// onTrail tells which events of a session or applicant go on the trail: what was decided, and what somebody changed. What begins, and
// what applicants do and checks find, is in the session's own history.
func onTrail(t usher.EventType) bool {
	switch t {
	case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned, usher.SessionCancelled, usher.SessionReviewRequested,
		usher.SessionResubmissionRequested, usher.SessionLinkIssued, usher.DocumentCorrected, usher.ApplicantUpdated, usher.ApplicantRestricted,
		usher.ApplicantErased:
		return true
	default:
		return false
	}
}

// trail puts the entries of what happened beside it.
func (h *hand) trail(ctx context.Context, events []usher.Event) {
	for _, ev := range events {
		by := usher.ActorFrom(ctx)
		if ev.Data.By != nil {
			by = *ev.Data.By
		}
		if !onTrail(ev.Type) || by.Kind == usher.ByApplicant {
			continue
		}
		r := h.e.record(h.tenant.ID, by, string(ev.Type), cmp.Or(ev.SessionID, ev.ApplicantID), fmt.Sprintf("version %d", ev.Version))
		if len(ev.Data.Fields) > 0 {
			r.Detail += ": " + strings.Join(ev.Data.Fields, ", ")
		}
		if len(ev.Data.Reasons) > 0 {
			r.Reason = string(ev.Data.Reasons[0].Code)
		}
		h.change.Audit = append(h.change.Audit, r)
	}
}

// searched notes that somebody looked for people by what is known of them: by which fields and who was found, never what they looked for.
func (e *Engine) searched(ctx context.Context, tenant, by string, found []string) error {
	r := e.setting(ctx, tenant, "applicants.searched", "", fmt.Sprintf("by %s: %d found", by, len(found)))
	if len(found) == 1 {
		r.Object = found[0]
	}
	return e.Record(ctx, r)
}

// Record writes an entry of the audit trail; its id and time are set when they are not.
func (e *Engine) Record(ctx context.Context, r usher.AuditRecord) error {
	r.ID = cmp.Or(r.ID, newID())
	if r.At.IsZero() {
		r.At = e.now()
	}
	if err := e.c.Store.AddAudit(ctx, r); err != nil {
		return fmt.Errorf("write audit trail: %w", err)
	}
	return nil
}

// Records gives a page of a tenant's audit trail, newest first.
func (e *Engine) Records(ctx context.Context, tenant, object string, p usher.Paging) (usher.Page[usher.AuditRecord], error) {
	return e.SearchTrail(ctx, tenant, usher.AuditFilter{Paging: p, Object: object})
}

// SearchTrail gives a page of what a filter leaves of a tenant's audit trail, newest first.
func (e *Engine) SearchTrail(ctx context.Context, tenant string, f usher.AuditFilter) (usher.Page[usher.AuditRecord], error) {
	f.Limit = limited(f.Limit)
	rows, err := e.c.Store.SearchAudit(ctx, tenant, f)
	if err != nil {
		return usher.Page[usher.AuditRecord]{}, cursorErr(err)
	}
	return paged(rows, 0, f.Paging, func(r usher.AuditRecord) (usher.AuditRecord, error) { return r, nil },
		func(r usher.AuditRecord) string { return r.ID })
}
