package native

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const tagAudit = "audit"

func (s *server) auditRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/audit", id: "list_audit", tag: tagAudit, may: usher.ActSeeAudit, summary: "Read the audit trail",
		about: "Who saw and did what, newest first: views of evidence, decisions, changes of settings, exports, sign-ins. Entries name nobody but those " +
			"who acted. Each carries its place in the tenant's chain and its hash; how they are computed, and how to verify them, is in docs/audit.md.",
	}, s.listAudit)
}

type listAuditInput struct {
	Paged

	Actor  string    `query:"actor" maxLength:"100" doc:"Only what one member of staff or API client did: their id." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e61"`
	Action string    `query:"action" maxLength:"100" doc:"Only entries of one action." example:"evidence.viewed"`
	Object string    `query:"object" maxLength:"100" doc:"Only what was done to one thing: its id." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	From   time.Time `query:"from" doc:"Only entries from this time on." example:"2026-03-01T00:00:00Z"`
	Before time.Time `query:"before" doc:"Only entries before this time." example:"2026-04-01T00:00:00Z"`
}

// auditEntry is an entry on the wire.
type auditEntry struct {
	ID        string     `json:"id" doc:"Id of the entry." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e70"`
	Sequence  int64      `json:"sequence" doc:"Place in the tenant's chain, from 1 without a gap." example:"42"`
	At        stamp      `json:"at" doc:"When it happened."`
	Actor     auditActor `json:"actor" doc:"Who did it."`
	Action    string     `json:"action" doc:"What was done." example:"evidence.viewed"`
	Object    string     `json:"object" doc:"Id of what it was done to." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Detail    string     `json:"detail,omitempty" doc:"More of it, in words without personal data." example:"session 0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Reason    string     `json:"reason,omitempty" doc:"Why, as a code." example:"manual_review"`
	RequestID string     `json:"request_id,omitempty" doc:"Id of the request that did it." example:"req_3k2v"`
	Before    string     `json:"before,omitempty" doc:"Hash of a setting as it was, in hex." example:"9f86d081"`
	After     string     `json:"after,omitempty" doc:"Hash of the setting as it is since." example:"60303ae2"`
	Hash      string     `json:"hash" doc:"Of this entry and all before it, in hex." example:"2c99bed0"`
}

type auditActor struct {
	Kind string `json:"kind" doc:"client, applicant, staff or system." example:"staff"`
	ID   string `json:"id,omitempty" doc:"Id of the client or member of staff." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e61"`
	Role string `json:"role,omitempty" doc:"Role that the member of staff acted in." example:"reviewer"`
}

func (s *server) listAudit(ctx context.Context, p api.Principal, in *listAuditInput) (*answer[page[auditEntry]], error) {
	if s.Auditor == nil {
		return nil, usher.NotFound("audit trail")
	}
	found, err := s.Auditor.SearchTrail(ctx, p.Tenant(), usher.AuditFilter{
		Paging: in.paging(), Actor: in.Actor, Action: in.Action, Object: in.Object, From: in.From, Before: in.Before,
	})
	if err != nil {
		return nil, api.CursorError(err)
	}
	return &answer[page[auditEntry]]{Body: pageOf(found, func(r usher.AuditRecord) auditEntry {
		return auditEntry{
			ID: r.ID, Sequence: r.Seq, At: stamp{r.At}, Actor: auditActor{string(r.Actor.Kind), r.Actor.ID, string(r.Actor.Role)}, Action: r.Action,
			Object: r.Object, Detail: r.Detail, Reason: r.Reason, RequestID: r.RequestID, Before: r.Before, After: r.After, Hash: hex.EncodeToString(r.Hash[:]),
		}
	})}, nil
}
