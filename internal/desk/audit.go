package desk

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// Trail proves the audit trail of a tenant, and hands it out so that others can prove it.
type Trail interface {
	State(ctx context.Context, tenant string) (TrailState, error)
	// Export writes entries from one time up to another, zero times being all of it, as JSON Lines.
	Export(ctx context.Context, w io.Writer, tenant string, from, before time.Time) error
}

// TrailState is where a chain stands.
type TrailState struct {
	Entries int64     // in the chain
	Signed  int64     // place of the newest checkpoint, 0 without one
	At      time.Time // of that checkpoint
	Fits    bool      // the checkpoint is in the chain
}

// auditPage is how many entries a page shows.
const auditPage = 50

type auditRow struct {
	usher.AuditRecord
	Who, What string
	Link      string // to the case, where it is one
}

type auditData struct {
	frame
	Rows     []auditRow
	State    *TrailState
	Actions  []auditAction
	Actor    string
	Action   string
	Object   string
	From, To string
	Next     string // address of the page after this one
	Export   string
}

type auditAction struct{ ID, Name string }

// audited lists the actions that the trail knows, for the form.
func audited() []string {
	return []string{
		"evidence.viewed", "case.viewed", "hit.viewed", "live.viewed", "report.viewed", "report.exported", "audit.viewed", "audit.exported",
		"applicants.searched", "session.approved", "session.rejected", "session.overturned", "session.cancelled", "session.review_requested",
		"session.resubmission_requested", "session.link_issued", "session.simulated", "document.corrected", "applicant.updated", "applicant.restricted", "applicant.erased", "retention.set", "retention.done",
		"case.assigned", "case.dealt", "case.noted", "case.tagged", "case.undone", "case.dropped", "case.held", "hit.cleared", "hit.confirmed", "receipt.issued",
		"receipt.key_rotated", "account.opened", "flow.published", "endpoint.created", "endpoint.changed", "endpoint.disabled", "endpoint.enabled",
		"endpoint.rotated", "endpoint.deleted", "endpoint.tested", "endpoint.replayed", "delivery.resent", "client.created", "client.rotated",
		"client.revoked", "client.expires", "client.allowed_from", "client.refused_address", "client.wrong_secrets", "client.token_reused", "tenant.webhook_hosts", "brand.changed", "reason_text.changed", "staff.signed_in",
		"staff.signed_out", "staff.sign_in_failed", "staff.locked_out", "staff.created", "staff.invited", "staff.role_changed", "staff.password_changed",
		"staff.disabled", "staff.enabled", "staff.passkey_added", "staff.passkey_removed", "staff.totp_added", "staff.totp_removed", "staff.codes_renewed",
		"staff.session_ended", "staff.sessions_ended", "staff.session_elsewhere", "staff.proved", "staff.released", "staff.methods_cleared",
		"staff.rules_changed", "staff.identity_added", "staff.named", "staff.sign_in_begun", "monitor.active", "monitor.suspended", "monitor.ended",
		"tenant.created",
	}
}

// auditRoutes lists the pages of the trail.
func (d *Desk) auditRoutes() {
	d.on("GET /audit", usher.ActSeeAudit, web.Route{}, d.audit)
	d.on("GET /audit/trail.jsonl", usher.ActExportAudit, web.Route{}, d.exportAudit)
}

// audit shows the trail, newest first, as far as the form narrows it.
func (d *Desk) audit(w http.ResponseWriter, r *http.Request, v visit) error {
	ctx, q := r.Context(), r.URL.Query()
	data := auditData{
		frame: v.frame(), Actor: strings.TrimSpace(q.Get("actor")), Action: q.Get("action"), Object: strings.TrimSpace(q.Get("object")), From: q.Get("from"), To: q.Get("to"),
	}
	f := usher.AuditFilter{Paging: usher.Paging{Limit: auditPage, After: q.Get("after")}, Action: data.Action, Object: data.Object}
	var problems web.Errors
	if f.From, f.Before = d.days(data.From, data.To, &problems); len(problems) == 0 && data.Actor != "" {
		f.Actor = d.memberOf(ctx, v, data.Actor)
	}
	for _, id := range audited() {
		data.Actions = append(data.Actions, auditAction{id, v.say.name("desk.audit.", id)})
	}
	page := v.page("audit", nil)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	} else if err := d.entries(ctx, v, f, &data); err != nil {
		return err
	}
	if d.config.Trail != nil {
		state, err := d.config.Trail.State(ctx, v.tenant.ID)
		if err != nil {
			return err
		}
		data.State = &state
		data.Export = d.URL("/audit/trail.jsonl") + "?" + url.Values{"from": {data.From}, "to": {data.To}}.Encode()
	}
	if data.Next != "" {
		q.Set("after", data.Next)
		data.Next = d.URL("/audit") + "?" + q.Encode()
	}
	page.Data = data
	return d.Render(w, r, page)
}

// entries reads a page of the trail, and notes that it was looked at when that begins.
func (d *Desk) entries(ctx context.Context, v visit, f usher.AuditFilter, data *auditData) error {
	if f.After == "" {
		if err := d.note(ctx, v, "audit.viewed", "", ""); err != nil {
			return err
		}
	}
	found, err := d.config.Auditor.SearchTrail(ctx, v.tenant.ID, f)
	if err != nil {
		return err
	}
	who := d.people(v)
	for _, e := range found.Items {
		row := auditRow{AuditRecord: e, Who: who.actor(ctx, v.say, e.Actor), What: v.say.name("desk.audit.", e.Action)}
		if e.Actor.Kind != usher.ByStaff && e.Actor.ID != "" {
			row.Who += " " + e.Actor.ID
		}
		if v.staff.Role.May(usher.ActSeeCases) && e.Object != "" && (strings.HasPrefix(e.Action, "session.") || strings.HasPrefix(e.Action, "case.") || strings.HasPrefix(e.Action, "report.")) {
			row.Link = d.URL("/cases/" + url.PathEscape(e.Object))
		}
		data.Rows = append(data.Rows, row)
	}
	data.Next = found.Next
	return nil
}

// memberOf gives the id of a member of staff whose e-mail was typed; anything else is taken for an id.
func (d *Desk) memberOf(ctx context.Context, v visit, typed string) string {
	if v.staff.Email == typed {
		return v.staff.ID
	}
	if d.config.Team == nil || !strings.Contains(typed, "@") {
		return typed
	}
	all, err := d.config.Team.Members(ctx, v.tenant.ID)
	if err != nil {
		return typed
	}
	for _, m := range all {
		if strings.EqualFold(m.Email, typed) {
			return m.ID
		}
	}
	return typed
}

// days reads the first and the last day of a span, both of which are in it.
func (d *Desk) days(from, to string, problems *web.Errors) (first, end time.Time) {
	for _, day := range []struct {
		field, text string
		into        *time.Time
		more        int
	}{{"from", from, &first, 0}, {"to", to, &end, 1}} {
		if day.text == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, day.text)
		if err != nil {
			problems.Add(day.field, "desk.audit.bad_day")
			continue
		}
		*day.into = at.AddDate(0, 0, day.more)
	}
	return first, end
}

// exportAudit hands out the trail as a file. That it was taken is an entry in it.
func (d *Desk) exportAudit(w http.ResponseWriter, r *http.Request, v visit) error {
	if d.config.Trail == nil {
		return usher.NotFound("audit trail")
	}
	var problems web.Errors
	q := r.URL.Query()
	from, before := d.days(q.Get("from"), q.Get("to"), &problems)
	if len(problems) > 0 {
		return usher.Invalid("from", "write days like 2026-03-01")
	}
	if err := d.note(r.Context(), v, "audit.exported", v.tenant.ID, ""); err != nil {
		return err
	}
	out := &download{ResponseWriter: w, contentType: "application/jsonl", name: "audit-trail.jsonl"}
	err := d.config.Trail.Export(r.Context(), out, v.tenant.ID, from, before)
	if err != nil && out.begun {
		panic(http.ErrAbortHandler) // the head is out, so the only honest end is a broken one
	}
	return err
}
