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
	case by.Kind == usher.ByStaff && !by.Role.May(usher.ActJudgeHit):
		return usher.Screening{}, &usher.Error{Code: usher.CodeForbidden, Message: "your role may look at cases but not change them"}
	}
	var s usher.Screening
	err := error(store.ErrConflict)
	for i := 0; i < retries && errors.Is(err, store.ErrConflict); i++ {
		s, err = e.judge(ctx, tenant, applicant, usher.HitJudgement{Verdict: v, Why: why, By: by, Until: until, Key: key})
	}
	if errors.Is(err, store.ErrConflict) {
		err = usher.Conflict("the hits of this applicant are being judged by others; try again")
	}
	return s, err
}

// judge keeps one judgement; store.ErrConflict when another one, or a newer screening, came before it.
func (e *Engine) judge(ctx context.Context, tenant, applicant string, j usher.HitJudgement) (usher.Screening, error) {
	judged, err := e.c.Store.Judgements(ctx, tenant, applicant)
	if err != nil {
		return usher.Screening{}, err
	}
	s, err := e.LatestScreening(ctx, tenant, applicant)
	if err != nil {
		return s, err
	}
	i := slices.IndexFunc(s.Hits, func(h usher.Hit) bool { return h.Key == j.Key })
	if i < 0 {
		return s, usher.NotFound("hit")
	}
	j.At, j.Record, j.Subject = e.now(), s.Hits[i].Record, s.Subject
	s.Hits[i].Judgement = &j
	sealer, err := e.c.Vault.Sealer(ctx, tenant, applicant)
	if err != nil {
		return s, fmt.Errorf("open keys: %w", err)
	}
	doc, err := seal(sealer, placeJudgement, applicant, j)
	if err != nil {
		return s, err
	}
	entry := usher.AuditRecord{ID: newID(), TenantID: tenant, At: j.At, Actor: j.By, Action: "hit." + string(j.Verdict), Object: applicant, Detail: s.ID}
	err = e.c.Store.KeepJudgement(ctx, store.JudgementRow{TenantID: tenant, ApplicantID: applicant, Doc: doc, At: j.At}, entry,
		store.Counted{Open: s.OpenHits(), Screening: s.ID, Judgements: len(judged)})
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
	row.State, row.UpdatedAt = to, e.now()
	err = e.c.Store.SetMonitor(ctx, row.Monitor, e.record(tenant, by, "monitor."+string(to), applicant, ""))
	if errors.Is(err, store.ErrConflict) {
		return row.Monitor, usher.Conflict("the monitor was changed by somebody else a moment ago: read it again")
	}
	if err != nil {
		return row.Monitor, fmt.Errorf("write monitor: %w", err)
	}
	return row.Monitor, nil
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
func (h *hand) keepScreenings(ctx context.Context, events []usher.Event) error {
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
			if err := h.monitor(ctx, ev.At); err != nil {
				return err
			}
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

// monitor begins to monitor the applicant of the session in hand once it is approved, where it was screened, and suspends it when the approval is
// taken back.
func (h *hand) monitor(ctx context.Context, now time.Time) error {
	if h.session.Purpose != usher.ForOnboarding {
		return nil
	}
	last, judged, err := h.screened(ctx)
	if err != nil || last == nil {
		return err
	}
	// Lists may have changed since the check, so the new monitor is behind until it was held against them.
	row := store.MonitorRow{Flow: h.session.FlowName, FlowVersion: h.session.FlowVersion, Hits: len(last.Hits), Judged: judged, Behind: 1, Monitor: usher.Monitor{
		ApplicantID: h.applicant.ID, TenantID: h.tenant.ID, SessionID: h.session.ID, State: usher.MonitorActive, OpenHits: last.OpenHits(),
		Screening: last.ID, Since: now, UpdatedAt: now,
	}}
	if h.session.State != usher.Approved {
		row.State = usher.MonitorSuspended // a second overturn takes it up again
	}
	h.change.Monitor = &row
	return nil
}

// screened gives the newest screening for the session in hand, that of a check or of monitoring since, with what reviewers have said of its hits
// by now, and how many judgements there are; nil when nobody was screened.
func (h *hand) screened(ctx context.Context) (last *usher.Screening, judged int, err error) {
	for _, r := range h.session.Checks() {
		if r.Screening != nil {
			last = r.Screening
		}
	}
	if last == nil {
		return nil, 0, nil
	}
	said, err := h.e.judgements(ctx, h.tenant.ID, h.applicant.ID)
	if err != nil {
		return nil, 0, err
	}
	stored, err := h.e.LatestScreening(ctx, h.tenant.ID, h.applicant.ID)
	if err != nil && !isCode(err, usher.CodeNotFound) {
		return nil, 0, err
	}
	if err == nil && stored.Monitoring && stored.SessionID == h.session.ID && stored.At.After(last.At) {
		last = &stored
	}
	now := *last
	now.Hits = slices.Clone(last.Hits)
	for i := range now.Hits {
		now.Hits[i].Judgement = standing(said, now.Hits[i], now.Subject, h.e.now())
	}
	return &now, len(said), nil
}
