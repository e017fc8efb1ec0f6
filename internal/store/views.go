package store

import (
	"context"
	"time"
)

// PageViewRow is a screen that an applicant saw; Doc is sealed.
type PageViewRow struct {
	TenantID, ApplicantID, SessionID string
	Doc                              []byte
	At                               time.Time
	Screen, Flow                     string // of a write: what is counted beside it; nothing when Screen is ""
}

// AddPageView writes one more screen, unless its session has most of them already or its applicant was erased, and counts it.
func (s *Store) AddPageView(ctx context.Context, r PageViewRow, most int) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`INSERT INTO page_views (tenant_id, applicant_id, session_id, doc, at) SELECT $1, $2, $3, $4, $5
			WHERE (SELECT count(*) FROM page_views WHERE session_id = $3) < $6 AND EXISTS (SELECT 1 FROM keysets WHERE applicant_id = $2`+w.s.c.Words.Keep+`)`,
			r.TenantID, r.ApplicantID, r.SessionID, r.Doc, ms(r.At), most)
		if r.Screen != "" {
			w.sawScreen(r)
		}
	})
}

// PageViews gives the screens of a session, oldest first.
func (s *Store) PageViews(ctx context.Context, tenant, session string) ([]PageViewRow, error) {
	return all(ctx, s, func(row scanner) (PageViewRow, error) {
		var r PageViewRow
		var when int64
		err := row.Scan(&r.TenantID, &r.ApplicantID, &r.SessionID, &r.Doc, &when)
		r.At = at(when)
		return r, err
	}, `SELECT tenant_id, applicant_id, session_id, doc, at FROM page_views WHERE session_id = $1 AND tenant_id = $2 ORDER BY pos`, session, tenant)
}
