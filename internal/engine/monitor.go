package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// monitorPage is how many monitors a re-screening reads at a time.
const monitorPage = 500

// Rescreen looks at every monitored applicant against what changed in a list.
func (e *Engine) Rescreen(ctx context.Context, d usher.WatchlistDelta) (seen, news int, err error) {
	look := func(w watched) (bool, error) {
		hits, err := d.Screen(w.subjects, w.profile)
		if err != nil || (len(hits) == 0 && w.row.Hits == 0) {
			return false, err
		}
		return e.tell(ctx, w, hits, d)
	}
	return e.monitored(ctx, e.c.Store.ActiveMonitors, look, func([]store.MonitorRow) error { return nil })
}

// Hold looks at every monitored applicant whom no re-screening has seen as they are.
func (e *Engine) Hold(ctx context.Context, lists usher.Screener) (seen, news int, err error) {
	look := func(w watched) (bool, error) {
		now := whole{}
		var hits []usher.Hit
		for _, s := range w.subjects {
			found, err := lists.Screen(ctx, w.row.TenantID, []usher.Subject{s}, w.profile)
			if isCode(err, usher.CodeInvalid) {
				continue // it could not be searched when it was checked either, and a reviewer was told
			}
			if err != nil {
				return false, err
			}
			now.algorithm, now.lists = found.Algorithm, found.Lists
			hits = append(hits, found.Hits[0]...)
		}
		if len(now.lists) == 0 {
			return false, nil // nothing was searched, so nothing is known; the next edition of a list speaks for all its records
		}
		return e.tell(ctx, w, usher.BestHits(hits), now)
	}
	return e.monitored(ctx, e.c.Store.MonitorsBehind, look, func(rows []store.MonitorRow) error { return e.c.Store.MonitorsHeld(ctx, rows) })
}

// watched is an applicant under watch: who is looked for, and by which thresholds and lists.
type watched struct {
	row      store.MonitorRow
	subjects []usher.Subject
	profile  usher.ScreenOptions
}

// monitored looks at monitors page by page, and has each page kept that was looked at.
func (e *Engine) monitored(ctx context.Context, read func(ctx context.Context, after string, limit int) ([]store.MonitorRow, error),
	look func(watched) (bool, error), keep func([]store.MonitorRow) error,
) (seen, news int, err error) {
	for after := ""; ; {
		rows, err := read(ctx, after, monitorPage)
		if err != nil {
			return seen, news, fmt.Errorf("read monitors: %w", err)
		}
		var looked []store.MonitorRow
		for _, r := range rows {
			after = r.ApplicantID
			told, err := false, error(nil)
			w, err := e.watched(ctx, r)
			if err == nil {
				told, err = look(w)
			}
			if isCode(err, usher.CodeGone) || isCode(err, usher.CodeNotFound) || isCode(err, usher.CodeConflict) || erased(err) {
				continue // erased, or the approval was taken back, since the page was read
			}
			if err != nil {
				return seen, news, fmt.Errorf("re-screen an applicant: %w", err)
			}
			looked = append(looked, r)
			seen++
			if told {
				news++
			}
		}
		if err := keep(looked); err != nil {
			return seen, news, fmt.Errorf("note who was re-screened: %w", err)
		}
		if len(rows) < monitorPage {
			return seen, news, nil
		}
	}
}

// watched opens a monitor: those the applicant speaks of now, and whom the check read of a document.
func (e *Engine) watched(ctx context.Context, r store.MonitorRow) (watched, error) {
	w := watched{row: r}
	var a usher.Applicant
	if err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeApplicant, r.ApplicantID, r.Applicant, &a); err != nil {
		return w, err
	}
	var last usher.Screening
	if len(r.Last) > 0 {
		if err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeScreening, r.Screening, r.Last, &last); err != nil {
			return w, err
		}
	}
	w.subjects = usher.SubjectOf(a.Details)
	for _, s := range last.Subjects {
		if s.Read {
			w.subjects = append(w.subjects, s)
		}
	}
	flow, err := e.flowVersion(ctx, r.TenantID, r.Flow, r.FlowVersion)
	if err != nil {
		return w, err
	}
	w.profile, err = flow.Profile()
	return w, err
}

// spoken is what a search speaks for: of which records it knows the truth, by which rules and editions.
type spoken interface {
	Gone(key string) bool
	Changed(key string) bool
	Algorithm() string
	Lists() []usher.ListVersion
}

// whole is a search of all that is listed. It says nothing of a list that is not there.
type whole struct {
	algorithm string
	lists     []usher.ListVersion
}

// Gone tells of a hit that was not found whether its list was searched: then it is listed no more, or resembles nobody here.
func (w whole) Gone(key string) bool {
	list, _, _ := strings.Cut(key, "/")
	return slices.ContainsFunc(w.lists, func(v usher.ListVersion) bool { return v.List == list && !v.Loaded.IsZero() })
}

func (w whole) Changed(key string) bool    { return w.Gone(key) }
func (w whole) Algorithm() string          { return w.algorithm }
func (w whole) Lists() []usher.ListVersion { return w.lists }

// errTold ends a change that another search made before.
var errTold = errors.New("told meanwhile")

// tell keeps what a search found of an applicant, and tells what is new. The newest screening is read within the change, so that of two searches
// at a time none speaks over the other.
func (e *Engine) tell(ctx context.Context, w watched, hits []usher.Hit, d spoken) (bool, error) {
	r := w.row
	before, err := e.LatestScreening(ctx, r.TenantID, r.ApplicantID)
	if err != nil {
		return false, err
	}
	if _, change := merge(before.Hits, hits, d); len(change.New)+len(change.Changed)+len(change.Removed) == 0 {
		return false, nil
	}
	_, err = e.script(ctx, r.TenantID, r.SessionID, "", false, func(h *hand) error {
		m, err := e.c.Store.Monitor(ctx, r.TenantID, r.ApplicantID)
		if err != nil {
			return found(err, "monitor")
		}
		if m.State != usher.MonitorActive || m.SessionID != r.SessionID {
			return usher.Conflict("suspended, or begun anew, meanwhile")
		}
		before, err := e.LatestScreening(ctx, r.TenantID, r.ApplicantID)
		if err != nil {
			return err
		}
		now := e.now()
		after := usher.Screening{
			ID: newID(), TenantID: r.TenantID, ApplicantID: r.ApplicantID, SessionID: r.SessionID, At: now, Monitoring: true,
			Algorithm: d.Algorithm(), Lists: d.Lists(), Subjects: w.subjects, Subject: usher.SubjectHash(w.subjects),
		}
		var change usher.HitChange
		if after.Hits, change = merge(before.Hits, hits, d); len(change.New)+len(change.Changed)+len(change.Removed) == 0 {
			return errTold
		}
		judged, err := e.judgements(ctx, r.TenantID, r.ApplicantID)
		if err != nil {
			return err
		}
		for i := range after.Hits {
			after.Hits[i].Judgement = standing(judged, after.Hits[i], after.Subject, now)
		}
		change.Screening, change.Open = after.ID, after.OpenHits()
		if err := h.keepScreening(after); err != nil {
			return err
		}
		m.Hits, m.OpenHits, m.Screening, m.UpdatedAt, m.Judged = len(after.Hits), change.Open, after.ID, now, len(judged)
		h.change.News = &m
		return h.decide(ctx, usher.Command{Kind: usher.CmdHits, By: usher.Actor{Kind: usher.BySystem, ID: "monitor"}, Hits: &change})
	})
	if errors.Is(err, errTold) {
		return false, nil
	}
	return err == nil, err
}

// merge gives the hits after a search, and what is new of them. What the search speaks for takes the place of what was known before.
func merge(before, found []usher.Hit, d spoken) ([]usher.Hit, usher.HitChange) {
	var change usher.HitChange
	after := slices.Clone(found)
	key := func(k string) func(usher.Hit) bool { return func(h usher.Hit) bool { return h.Key == k } }
	for _, h := range before {
		switch {
		case slices.ContainsFunc(found, key(h.Key)):
		case d.Gone(h.Key) || d.Changed(h.Key):
			change.Removed = append(change.Removed, h.Key)
		default:
			h.Judgement = nil
			after = append(after, h)
		}
	}
	for _, h := range found {
		i := slices.IndexFunc(before, key(h.Key))
		switch {
		case i < 0:
			change.New = append(change.New, h.Key)
		case before[i].Record != h.Record:
			change.Changed = append(change.Changed, h.Key)
		}
	}
	return usher.BestHits(after), change
}
