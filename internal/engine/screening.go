package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Screening gives one result with the judgements of now.
func (e *Engine) Screening(ctx context.Context, tenant, id string) (usher.Screening, error) {
	row, err := e.c.Store.Screening(ctx, tenant, id)
	return e.readScreening(ctx, row, err)
}

// LatestScreening gives the newest result of an applicant.
func (e *Engine) LatestScreening(ctx context.Context, tenant, applicant string) (usher.Screening, error) {
	row, err := e.c.Store.LatestScreening(ctx, tenant, applicant)
	return e.readScreening(ctx, row, err)
}

func (e *Engine) readScreening(ctx context.Context, row store.ScreeningRow, err error) (usher.Screening, error) {
	var s usher.Screening
	if err != nil {
		return s, found(err, "screening")
	}
	err = e.unseal(ctx, row.TenantID, row.ApplicantID, placeScreening, row.ID, row.Doc, &s)
	if erased(err) {
		return s, &usher.Error{Code: usher.CodeGone, Message: "the applicant of this screening was erased"}
	}
	if err != nil {
		return s, err
	}
	judged, err := e.judgements(ctx, row.TenantID, row.ApplicantID)
	if err != nil {
		return s, err
	}
	s.Hits = slices.Clone(s.Hits)
	for i := range s.Hits {
		s.Hits[i].Judgement = standing(judged, s.Hits[i], s.Subject, e.now())
	}
	return s, nil
}

// judgements gives what reviewers said of an applicant's hits, newest first.
func (e *Engine) judgements(ctx context.Context, tenant, applicant string) ([]usher.HitJudgement, error) {
	rows, err := e.c.Store.Judgements(ctx, tenant, applicant)
	if err != nil {
		return nil, err
	}
	list := make([]usher.HitJudgement, len(rows))
	for i, r := range rows {
		if err := e.unseal(ctx, tenant, applicant, placeJudgement, applicant, r.Doc, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// standing gives the newest judgement that holds for a hit, or nil.
func standing(judged []usher.HitJudgement, h usher.Hit, subject string, now time.Time) *usher.HitJudgement {
	i := slices.IndexFunc(judged, func(j usher.HitJudgement) bool { return j.Stands(h, subject, now) })
	if i < 0 {
		return nil
	}
	return &judged[i]
}

// longestWhy bounds a reviewer's words on a hit, in bytes.
const longestWhy = 2000

// JudgeHit keeps a reviewer's word on a hit.
func (e *Engine) JudgeHit(ctx context.Context, tenant, applicant, key string, v usher.HitVerdict, why string, until time.Time, by usher.Actor) (
	usher.Screening, error,
) {
	switch {
	case v != usher.HitCleared && v != usher.HitConfirmed:
		return usher.Screening{}, usher.Invalid("verdict", "use cleared or confirmed")
	case why == "" || len(why) > longestWhy:
		return usher.Screening{}, usher.Invalid("why", "say why, in at most %d bytes", longestWhy)
	case !until.IsZero() && !until.After(e.now()):
		return usher.Screening{}, usher.Invalid("until", "must lie in the future")
	case by.Kind == usher.ByStaff && !by.Role.AtLeast(usher.RoleReviewer):
		return usher.Screening{}, &usher.Error{Code: usher.CodeForbidden, Message: "your role may look at cases but not change them"}
	}
	s, err := e.LatestScreening(ctx, tenant, applicant)
	if err != nil {
		return s, err
	}
	i := slices.IndexFunc(s.Hits, func(h usher.Hit) bool { return h.Key == key })
	if i < 0 {
		return s, usher.NotFound("hit")
	}
	now := e.now()
	j := usher.HitJudgement{
		Verdict: v, Why: why, By: by, At: now, Until: until, Key: key, Record: s.Hits[i].Record, Subject: s.Subject,
	}
	s.Hits[i].Judgement = &j
	sealer, err := e.c.Vault.Sealer(ctx, tenant, applicant)
	if err != nil {
		return s, fmt.Errorf("open keys: %w", err)
	}
	doc, err := seal(sealer, placeJudgement, applicant, j)
	if err != nil {
		return s, err
	}
	entry := usher.AuditRecord{ID: newID(), TenantID: tenant, At: now, Actor: by, Action: "hit." + string(v), Object: applicant, Detail: s.ID}
	err = e.c.Store.KeepJudgement(ctx, store.JudgementRow{TenantID: tenant, ApplicantID: applicant, Doc: doc, At: now}, entry, s.OpenHits(), now)
	if errors.Is(err, store.ErrNotFound) {
		return s, &usher.Error{Code: usher.CodeGone, Message: "the applicant of this screening was erased"}
	}
	return s, err
}

// Monitor gives the monitor of an applicant.
func (e *Engine) Monitor(ctx context.Context, tenant, applicant string) (usher.Monitor, error) {
	row, err := e.c.Store.Monitor(ctx, tenant, applicant)
	return row.Monitor, found(err, "monitor")
}

// SetMonitor suspends, resumes or ends a monitor.
func (e *Engine) SetMonitor(ctx context.Context, tenant, applicant string, to usher.MonitorState, by usher.Actor) (usher.Monitor, error) {
	if !slices.Contains([]usher.MonitorState{usher.MonitorActive, usher.MonitorSuspended, usher.MonitorEnded}, to) {
		return usher.Monitor{}, usher.Invalid("state", "use active, suspended or ended")
	}
	row, err := e.c.Store.Monitor(ctx, tenant, applicant)
	if err != nil {
		return row.Monitor, found(err, "monitor")
	}
	if row.State == usher.MonitorEnded && to != usher.MonitorEnded {
		return row.Monitor, usher.Conflict("this monitor has ended; a new onboarding begins a new one")
	}
	if row.State == to {
		return row.Monitor, nil
	}
	row.State, row.UpdatedAt, row.Behind = to, e.now(), 1 // lists may have changed while it was suspended
	if err := e.c.Store.PutMonitor(ctx, row); err != nil {
		return row.Monitor, fmt.Errorf("write monitor: %w", err)
	}
	return row.Monitor, e.Record(ctx, usher.AuditRecord{TenantID: tenant, Actor: by, Action: "monitor." + string(to), Object: applicant})
}

// ListMonitors gives a page of a tenant's monitors.
func (e *Engine) ListMonitors(ctx context.Context, tenant string, openOnly bool, p usher.Paging) (usher.Page[usher.Monitor], error) {
	p.Limit = limited(p.Limit)
	rows, err := e.c.Store.ListMonitors(ctx, tenant, openOnly, p)
	if err != nil {
		return usher.Page[usher.Monitor]{}, err
	}
	return paged(rows, 0, p, func(r store.MonitorRow) (usher.Monitor, error) { return r.Monitor, nil },
		func(m usher.Monitor) string { return m.ApplicantID })
}

// keepScreenings puts the results of watchlist checks beside the events that tell of them, and begins to monitor an applicant who is approved.
func (h *hand) keepScreenings(events []usher.Event) error {
	for _, ev := range events {
		switch r := ev.Data.Result; ev.Type {
		case usher.CheckCompleted:
			if r == nil || r.Screening == nil {
				continue
			}
			if err := h.keepScreening(*r.Screening); err != nil {
				return err
			}
		case usher.SessionApproved, usher.SessionOverturned:
			h.monitor(ev.At)
		default:
		}
	}
	return nil
}

func (h *hand) keepScreening(s usher.Screening) error {
	doc, err := seal(h.sealer, placeScreening, s.ID, s)
	if err != nil {
		return err
	}
	h.change.Screenings = append(h.change.Screenings, store.ScreeningRow{
		ID: s.ID, TenantID: h.tenant.ID, ApplicantID: h.applicant.ID, SessionID: h.session.ID, Doc: doc, At: s.At,
	})
	return nil
}

// monitor begins to monitor the applicant of the session in hand once it is approved, where it was screened, and ends it when the approval is
// taken back.
func (h *hand) monitor(now time.Time) {
	if h.session.Purpose != usher.ForOnboarding {
		return
	}
	var last *usher.Screening
	for _, r := range h.session.Checks() {
		if r.Screening != nil {
			last = r.Screening
		}
	}
	if last == nil {
		return
	}
	// Lists may have changed since the check, so the new monitor is behind until it was held against them.
	row := store.MonitorRow{Flow: h.session.FlowName, FlowVersion: h.session.FlowVersion, Hits: len(last.Hits), Behind: 1, Monitor: usher.Monitor{
		ApplicantID: h.applicant.ID, TenantID: h.tenant.ID, SessionID: h.session.ID, State: usher.MonitorActive, OpenHits: last.OpenHits(),
		Screening: last.ID, Since: now, UpdatedAt: now,
	}}
	if h.session.State != usher.Approved {
		row.State = usher.MonitorSuspended // a second overturn takes it up again
	}
	h.change.Monitor = &row
}
