package store

import (
	"context"
	"fmt"
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

// MonitorRow is a monitor as stored. Applicant and Last are the documents of the applicant and of the monitor's screening, for those who screen;
// they are read and not written.
type MonitorRow struct {
	usher.Monitor
	Flow        string // of the session
	FlowVersion int
	Hits        int
	Judged      int // how many judgements OpenHits was counted with, of a write; when there are others by then, it is a conflict
	Behind      int // what a write adds, and a read gives: how often something happened that no re-screening has seen; 0: held
	Applicant   []byte
	Last        []byte
}

func (w *writer) screening(r ScreeningRow) {
	w.exec(`INSERT INTO screenings (id, tenant_id, applicant_id, session_id, doc, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.TenantID, r.ApplicantID, r.SessionID, r.Doc, ms(r.At))
}

// lockKeys lets one at a time count or judge the hits of an applicant.
const lockKeys = `UPDATE keysets SET tenant_id = tenant_id WHERE applicant_id = $1 AND tenant_id = $2`

// counted refuses a count of open hits that a judgement has come after.
func (w *writer) counted(r MonitorRow) {
	w.exec(lockKeys, r.ApplicantID, r.TenantID) // whoever judges holds them
	w.rows(`SELECT count(*) FROM hit_judgements WHERE applicant_id = $1`, []any{r.ApplicantID}, func(row scanner) error {
		var n int
		if err := row.Scan(&n); err != nil {
			return fmt.Errorf("count judgements: %w", err)
		}
		if n != r.Judged {
			return ErrConflict
		}
		return nil
	})
}

// monitor writes a monitor, new or changed. One that has ended stays ended until another session begins it anew.
func (w *writer) monitor(r MonitorRow) {
	w.exec(`INSERT INTO monitors (applicant_id, tenant_id, session_id, state, hits, open_hits, screening_id, since, updated_at, flow,
			flow_version, behind)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (applicant_id) DO UPDATE SET session_id = excluded.session_id, flow = excluded.flow, flow_version = excluded.flow_version,
			state = excluded.state, hits = excluded.hits, open_hits = excluded.open_hits, screening_id = excluded.screening_id,
			since = CASE WHEN monitors.session_id = excluded.session_id THEN monitors.since ELSE excluded.since END,
			updated_at = excluded.updated_at, behind = monitors.behind + excluded.behind
		WHERE monitors.tenant_id = excluded.tenant_id AND (monitors.state <> 'ended' OR monitors.session_id <> excluded.session_id)`,
		r.ApplicantID, r.TenantID, r.SessionID, r.State, r.Hits, r.OpenHits, r.Screening, ms(r.Since), ms(r.UpdatedAt), r.Flow, r.FlowVersion,
		r.Behind)
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
    m.flow_version, m.behind`

func scanMonitor(row scanner, more ...any) (MonitorRow, error) {
	var r MonitorRow
	var since, updated int64
	into := []any{
		&r.ApplicantID, &r.TenantID, &r.SessionID, &r.State, &r.Hits, &r.OpenHits, &r.Screening, &since, &updated, &r.Flow, &r.FlowVersion, &r.Behind,
	}
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

func scanScreenedMonitor(row scanner) (MonitorRow, error) {
	var applicant, last []byte
	r, err := scanMonitor(row, &applicant, &last)
	r.Applicant, r.Last = applicant, last
	return r, err
}

const (
	activeMonitors = `SELECT ` + monitorColumns + `, a.doc, s.doc FROM monitors m JOIN applicants a ON a.id = m.applicant_id
    LEFT JOIN screenings s ON s.id = m.screening_id WHERE m.state = 'active' AND `
	pageOfMonitors = `m.applicant_id > $1 AND a.doc IS NOT NULL ORDER BY m.applicant_id LIMIT $2`
)

// ActiveMonitors gives active monitors of all tenants behind an applicant's id, by id, with what those who screen need; those of erased
// applicants are left out.
func (s *Store) ActiveMonitors(ctx context.Context, after string, limit int) ([]MonitorRow, error) {
	return all(ctx, s, scanScreenedMonitor, activeMonitors+pageOfMonitors, after, limit)
}

// MonitorsBehind gives those of ActiveMonitors that no re-screening has seen.
func (s *Store) MonitorsBehind(ctx context.Context, after string, limit int) ([]MonitorRow, error) {
	return all(ctx, s, scanScreenedMonitor, activeMonitors+`m.behind > 0 AND `+pageOfMonitors, after, limit)
}

// MonitorsHeld notes that monitors were held against the lists as they were read; what happened to one of them since keeps it behind.
func (s *Store) MonitorsHeld(ctx context.Context, rows []MonitorRow) error {
	return s.together(ctx, func(w *writer) {
		for _, r := range rows {
			w.exec(`UPDATE monitors SET behind = 0 WHERE applicant_id = $1 AND behind = $2`, r.ApplicantID, r.Behind)
		}
	})
}

// SetMonitor suspends, resumes or ends a monitor, and leaves it behind, since lists may have changed while it was suspended. It is a conflict when the
// monitor has ended or serves another session by then.
func (s *Store) SetMonitor(ctx context.Context, m usher.Monitor, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`UPDATE monitors SET state = $4, updated_at = $5, behind = behind + 1
			WHERE applicant_id = $1 AND tenant_id = $2 AND session_id = $3 AND state <> 'ended'`,
			m.ApplicantID, m.TenantID, m.SessionID, m.State, ms(m.UpdatedAt)))
		w.audit(requested(ctx, audit)...)
	})
}

// Counted is a number of open hits, and what it was counted from: a screening and a number of judgements.
type Counted struct {
	Open       int
	Screening  string
	Judgements int
}

// KeepJudgement writes a reviewer's word, the entry of the trail that goes with it, and the monitor's new count, if there is a monitor. It is
// ErrConflict when the count was made from something else than there is by now, and ErrNotFound when the applicant was erased.
func (s *Store) KeepJudgement(ctx context.Context, r JudgementRow, audit usher.AuditRecord, c Counted) error {
	return s.together(ctx, func(w *writer) {
		if w.exec(lockKeys, r.ApplicantID, r.TenantID) == 0 && w.err == nil {
			w.err = ErrNotFound
		}
		w.mustOne(w.exec(`INSERT INTO hit_judgements (tenant_id, applicant_id, doc, at) SELECT $1, $2, $3, $4
			WHERE (SELECT count(*) FROM hit_judgements WHERE applicant_id = $2) = $5
			AND (SELECT id FROM screenings WHERE applicant_id = $2 ORDER BY pos DESC LIMIT 1) = $6`,
			r.TenantID, r.ApplicantID, r.Doc, ms(r.At), c.Judgements, c.Screening))
		w.exec(`UPDATE monitors SET open_hits = $3, updated_at = $4 WHERE applicant_id = $1 AND tenant_id = $2`,
			r.ApplicantID, r.TenantID, c.Open, ms(r.At))
		w.audit(requested(ctx, []usher.AuditRecord{audit})...)
	})
}
