package store

import (
	"context"
	"errors"
	"time"

	"github.com/usher-kyc/usher"
)

// ScreeningRow is the result of one screening as stored.
type ScreeningRow struct {
	ID, TenantID, ApplicantID, SessionID string
	Doc                                  []byte
	At                                   time.Time
}

// JudgementRow is a reviewer's word on a hit as stored.
type JudgementRow struct {
	TenantID, ApplicantID string
	Doc                   []byte
	At                    time.Time
}

// MonitorRow is a monitor as stored. Doc is the applicant's document, for those who screen; it is read and not written.
type MonitorRow struct {
	usher.Monitor
	Flow        string // of the session
	FlowVersion int
	Hits        int
	Doc         []byte
}

func (w *writer) screening(r ScreeningRow) {
	w.exec(`INSERT INTO screenings (id, tenant_id, applicant_id, session_id, doc, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.TenantID, r.ApplicantID, r.SessionID, r.Doc, ms(r.At))
}

func (w *writer) judgement(r JudgementRow) {
	w.exec(`INSERT INTO hit_judgements (tenant_id, applicant_id, doc, at) VALUES ($1, $2, $3, $4)`, r.TenantID, r.ApplicantID, r.Doc, ms(r.At))
}

// monitor writes a monitor, new or changed. One that has ended stays ended.
func (w *writer) monitor(r MonitorRow) {
	w.exec(`INSERT INTO monitors (applicant_id, tenant_id, session_id, state, hits, open_hits, screening_id, since, updated_at, flow,
			flow_version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (applicant_id) DO UPDATE SET session_id = excluded.session_id, flow = excluded.flow, flow_version = excluded.flow_version, state = excluded.state, hits = excluded.hits,
			open_hits = excluded.open_hits, screening_id = excluded.screening_id, updated_at = excluded.updated_at
		WHERE monitors.tenant_id = excluded.tenant_id AND monitors.state <> 'ended'`,
		r.ApplicantID, r.TenantID, r.SessionID, r.State, r.Hits, r.OpenHits, r.Screening, ms(r.Since), ms(r.UpdatedAt), r.Flow, r.FlowVersion)
}

func scanScreening(row scanner) (ScreeningRow, error) {
	var r ScreeningRow
	var when int64
	err := row.Scan(&r.ID, &r.TenantID, &r.ApplicantID, &r.SessionID, &r.Doc, &when)
	r.At = at(when)
	return r, err
}

const screeningColumns = `id, tenant_id, applicant_id, session_id, doc, at`

// Screening gives a tenant's screening.
func (s *Store) Screening(ctx context.Context, tenant, id string) (ScreeningRow, error) {
	return one(ctx, s, scanScreening, `SELECT `+screeningColumns+` FROM screenings WHERE id = $1 AND tenant_id = $2`, id, tenant)
}

// LatestScreening gives the newest screening of a tenant's applicant.
func (s *Store) LatestScreening(ctx context.Context, tenant, applicant string) (ScreeningRow, error) {
	return one(ctx, s, scanScreening, `SELECT `+screeningColumns+` FROM screenings WHERE applicant_id = $1 AND tenant_id = $2
		ORDER BY pos DESC LIMIT 1`, applicant, tenant)
}

// Judgements gives what reviewers said of the hits of a tenant's applicant, newest first.
func (s *Store) Judgements(ctx context.Context, tenant, applicant string) ([]JudgementRow, error) {
	return all(ctx, s, func(row scanner) (JudgementRow, error) {
		var r JudgementRow
		var when int64
		err := row.Scan(&r.TenantID, &r.ApplicantID, &r.Doc, &when)
		r.At = at(when)
		return r, err
	}, `SELECT tenant_id, applicant_id, doc, at FROM hit_judgements WHERE applicant_id = $1 AND tenant_id = $2 ORDER BY pos DESC`, applicant, tenant)
}

const monitorColumns = `m.applicant_id, m.tenant_id, m.session_id, m.state, m.hits, m.open_hits, m.screening_id, m.since, m.updated_at, m.flow,
    m.flow_version`

func scanMonitor(row scanner, more ...any) (MonitorRow, error) {
	var r MonitorRow
	var since, updated int64
	into := []any{&r.ApplicantID, &r.TenantID, &r.SessionID, &r.State, &r.Hits, &r.OpenHits, &r.Screening, &since, &updated, &r.Flow, &r.FlowVersion}
	err := row.Scan(append(into, more...)...)
	r.Since, r.UpdatedAt = at(since), at(updated)
	return r, err
}

func scanOnlyMonitor(row scanner) (MonitorRow, error) { return scanMonitor(row) }

// Monitor gives the monitor of a tenant's applicant.
func (s *Store) Monitor(ctx context.Context, tenant, applicant string) (MonitorRow, error) {
	return one(ctx, s, scanOnlyMonitor, `SELECT `+monitorColumns+` FROM monitors m WHERE m.applicant_id = $1 AND m.tenant_id = $2`, applicant, tenant)
}

// ListMonitors gives a tenant's monitors by applicant, those with open hits only if asked.
func (s *Store) ListMonitors(ctx context.Context, tenant string, openOnly bool, p usher.Paging) ([]MonitorRow, error) {
	q := query{text: `SELECT ` + monitorColumns + ` FROM monitors m WHERE m.tenant_id = $1`, args: []any{tenant}}
	q.when(openOnly, `m.open_hits > 0`)
	q.page(p, "m.applicant_id")
	return all(ctx, s, scanOnlyMonitor, q.text, q.args...)
}

// ActiveMonitors gives active monitors of all tenants behind an applicant's id, by id, with the applicants' documents; those of erased applicants
// are left out.
func (s *Store) ActiveMonitors(ctx context.Context, after string, limit int) ([]MonitorRow, error) {
	return all(ctx, s, func(row scanner) (MonitorRow, error) {
		var doc []byte
		r, err := scanMonitor(row, &doc)
		r.Doc = doc
		return r, err
	}, `SELECT `+monitorColumns+`, a.doc FROM monitors m JOIN applicants a ON a.id = m.applicant_id
		WHERE m.state = 'active' AND m.applicant_id > $1 AND a.doc IS NOT NULL ORDER BY m.applicant_id LIMIT $2`, after, limit)
}

// PutMonitor writes a monitor by itself.
func (s *Store) PutMonitor(ctx context.Context, r MonitorRow) error {
	return s.together(ctx, func(w *writer) { w.monitor(r) })
}

// KeepJudgement writes a reviewer's word, the entry of the trail that goes with it, and the monitor's new count, if there is a monitor.
func (s *Store) KeepJudgement(ctx context.Context, r JudgementRow, audit usher.AuditRecord, openHits int, now time.Time) error {
	err := s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`UPDATE keysets SET tenant_id = tenant_id WHERE applicant_id = $1 AND tenant_id = $2`, r.ApplicantID, r.TenantID))
		w.judgement(r)
		w.exec(`UPDATE monitors SET open_hits = $3, updated_at = $4 WHERE applicant_id = $1 AND tenant_id = $2`,
			r.ApplicantID, r.TenantID, openHits, ms(now))
		w.audit(audit)
	})
	if errors.Is(err, ErrConflict) {
		return ErrNotFound // erased meanwhile
	}
	return err
}
