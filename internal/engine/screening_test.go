package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const screened = `name: screened
steps:
  - details: {ask: [name, date_of_birth]}
  - run: [watchlist]
  - decide: {automatic: approve}
`

// lister is a watchlist check: it finds the hits it is told, and leaves those to a reviewer that nobody has judged.
type lister struct{ hits func() []usher.Hit }

func (lister) Kind() usher.CheckKind { return usher.CheckWatchlist }

func (l lister) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	s := usher.Screening{Algorithm: "test/1", Subject: usher.SubjectHash(usher.SubjectOf(in.Details)), Hits: l.hits()}
	r := usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified, Provider: "test", Screening: &s}
	for i, h := range s.Hits {
		for _, j := range in.Judged {
			if j.Stands(h, s.Subject, in.Now) && j.Verdict == usher.HitCleared {
				s.Hits[i].Judgement = &j
			}
		}
		if s.Hits[i].Open() {
			r.Outcome = usher.Consider
		}
	}
	return r, nil
}

// delta is a change of one list.
type delta struct {
	found   map[string][]usher.Hit // by the name that is screened
	gone    []string
	changed []string
}

func (d delta) Screen(subjects []usher.Subject, _ usher.ScreenOptions) ([]usher.Hit, error) {
	var hits []usher.Hit
	for _, s := range subjects {
		hits = append(hits, d.found[s.Name]...)
	}
	return hits, nil
}
func (d delta) Gone(key string) bool     { return slices.Contains(d.gone, key) }
func (d delta) Changed(key string) bool  { return slices.Contains(d.changed, key) }
func (delta) Algorithm() string          { return "test/1" }
func (delta) Lists() []usher.ListVersion { return []usher.ListVersion{{List: "test"}} }
func hit(key, record string) usher.Hit {
	return usher.Hit{Key: key, Record: record, Score: 0.9, Match: true}
}

func senior() usher.Actor {
	return usher.Actor{Kind: usher.ByStaff, ID: "senior", Role: usher.RoleSenior}
}

func screenedHouse(t *testing.T, hits func() []usher.Hit) *enginetest.House {
	t.Helper()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}, Checkers: []usher.Checker{lister{hits}}})
	h.Publish(h.Tenant.ID, screened)
	if _, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native"}); err != nil {
		t.Fatal(err)
	}
	return h
}

func onboard(t *testing.T, h *enginetest.House, d usher.Details) usher.Session {
	t.Helper()
	s, _ := start(t, h, "screened", d)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit})
	h.Settle()
	return session(t, h, s.ID)
}

func TestClearedHitStaysCleared(t *testing.T) {
	t.Parallel()
	record := "v1"
	h := screenedHouse(t, func() []usher.Hit { return []usher.Hit{hit("test/1", record)} })
	s := onboard(t, h, person)
	if s.State != usher.InReview {
		t.Fatalf("with an open hit the session is %s", s.State)
	}
	got, err := h.LatestScreening(t.Context(), h.Tenant.ID, s.ApplicantID)
	if err != nil || got.OpenHits() != 1 || got.ID == "" || got.SessionID != s.ID {
		t.Fatalf("screening %+v, %v", got.ID, err)
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"an unknown hit": func() error {
			_, err := h.JudgeHit(ctx, h.Tenant.ID, s.ApplicantID, "test/2", usher.HitCleared, "another birth date", time.Time{}, senior())
			return err
		},
		"no reason": func() error {
			_, err := h.JudgeHit(ctx, h.Tenant.ID, s.ApplicantID, "test/1", usher.HitCleared, "", time.Time{}, senior())
			return err
		},
		"a past end": func() error {
			_, err := h.JudgeHit(ctx, h.Tenant.ID, s.ApplicantID, "test/1", usher.HitCleared, "x", h.Now().Add(-time.Hour), senior())
			return err
		},
		"another tenant": func() error {
			_, err := h.JudgeHit(ctx, h.Other.ID, s.ApplicantID, "test/1", usher.HitCleared, "x", time.Time{}, senior())
			return err
		},
		"a viewer": func() error {
			by := usher.Actor{Kind: usher.ByStaff, ID: "v", Role: usher.RoleViewer}
			_, err := h.JudgeHit(ctx, h.Tenant.ID, s.ApplicantID, "test/1", usher.HitCleared, "x", time.Time{}, by)
			return err
		},
	} {
		if call() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	got, err = h.JudgeHit(ctx, h.Tenant.ID, s.ApplicantID, "test/1", usher.HitCleared, "another birth date", time.Time{}, senior())
	if err != nil || got.OpenHits() != 0 {
		t.Fatalf("judging: %v, %d open", err, got.OpenHits())
	}
	again := func(d usher.Details) usher.State {
		next, _, err := h.StartSession(ctx, h.Client(h.Tenant, "native"), usher.NewSession{ApplicantID: s.ApplicantID, Flow: "screened"})
		if err != nil {
			t.Fatal(err)
		}
		do(t, h, next.ID, usher.Command{Kind: usher.CmdCompleteStep, Step: "details", Details: &d})
		do(t, h, next.ID, usher.Command{Kind: usher.CmdSubmit})
		h.Settle()
		return session(t, h, next.ID).State
	}
	if got := again(person); got != usher.Approved {
		t.Errorf("with a cleared hit the next session is %s", got)
	}
	record = "v2"
	if got := again(person); got != usher.InReview {
		t.Errorf("when the record says something else the next session is %s", got)
	}
	record = "v1"
	other := person
	other.DateOfBirth = "1961-01-01"
	if got := again(other); got != usher.InReview {
		t.Errorf("when the applicant says something else the next session is %s", got)
	}
}

func TestMonitorTellsWhatIsNewOnce(t *testing.T) {
	t.Parallel()
	h := screenedHouse(t, func() []usher.Hit { return nil })
	ctx := t.Context()
	watched, suspended, ended := person, person, person
	suspended.FirstName, ended.FirstName = "Berta", "Carla"
	s := onboard(t, h, watched)
	for d, state := range map[*usher.Details]usher.MonitorState{&suspended: usher.MonitorSuspended, &ended: usher.MonitorEnded} {
		other := onboard(t, h, *d)
		if _, err := h.SetMonitor(ctx, h.Tenant.ID, other.ApplicantID, state, senior()); err != nil {
			t.Fatal(err)
		}
		if state == usher.MonitorEnded {
			if _, err := h.SetMonitor(ctx, h.Tenant.ID, other.ApplicantID, usher.MonitorActive, senior()); err == nil {
				t.Error("an ended monitor was taken up again")
			}
		}
	}
	name := func(d usher.Details) string { return d.FirstName + " " + d.LastName }
	found := map[string][]usher.Hit{}
	for _, d := range []usher.Details{watched, suspended, ended} {
		found[name(d)] = []usher.Hit{hit("test/1", "v1")}
	}
	rescreen := func(d delta, wantNews int) {
		t.Helper()
		seen, news, err := h.Rescreen(ctx, d)
		if err != nil || seen != 1 || news != wantNews {
			t.Fatalf("re-screening saw %d, %d with news, %v; want 1 and %d", seen, news, err, wantNews)
		}
	}
	rescreen(delta{found: found}, 1)
	rescreen(delta{found: found}, 0) // broken off and begun again: told once
	m, err := h.Monitor(ctx, h.Tenant.ID, s.ApplicantID)
	if err != nil || m.OpenHits != 1 || m.State != usher.MonitorActive {
		t.Fatalf("monitor %+v, %v", m, err)
	}
	if _, err := h.JudgeHit(ctx, h.Tenant.ID, s.ApplicantID, "test/1", usher.HitCleared, "another person", time.Time{}, senior()); err != nil {
		t.Fatal(err)
	}
	found[name(watched)] = []usher.Hit{hit("test/1", "v2")}
	rescreen(delta{found: found, changed: []string{"test/1"}}, 1)
	rescreen(delta{gone: []string{"test/1"}}, 1)
	page, err := h.ListEvents(ctx, h.Tenant.ID, usher.EventFilter{SessionID: s.ID, Types: []usher.EventType{usher.HitsChanged}, Paging: usher.Paging{Oldest: true}})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range page.Items {
		told = append(told, strings.Join([]string{
			"new " + strings.Join(e.Data.Hits.New, " "), "changed " + strings.Join(e.Data.Hits.Changed, " "),
			"removed " + strings.Join(e.Data.Hits.Removed, " "),
		}, ", "))
	}
	want := []string{"new test/1, changed , removed ", "new , changed test/1, removed ", "new , changed , removed test/1"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	open, err := h.ListMonitors(ctx, h.Tenant.ID, true, usher.Paging{})
	if err != nil || len(open.Items) != 0 {
		t.Errorf("%d monitors have open hits, %v", len(open.Items), err)
	}
	if _, err := h.EraseApplicant(ctx, h.Tenant.ID, s.ApplicantID, senior()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Monitor(ctx, h.Tenant.ID, s.ApplicantID); err == nil {
		t.Error("an erased applicant is still monitored")
	}
	if seen, _, err := h.Rescreen(ctx, delta{found: found}); err != nil || seen != 0 {
		t.Errorf("re-screening saw %d erased applicants, %v", seen, err)
	}
}

// An approval that is taken back ends the watch, and one that is given back takes it up.
func TestMonitorFollowsTheApproval(t *testing.T) {
	t.Parallel()
	h := screenedHouse(t, func() []usher.Hit { return nil })
	s := onboard(t, h, person)
	overturn := usher.Command{Kind: usher.CmdOverturn, By: senior(), Reasons: []usher.Reason{{Code: usher.Policy}}}
	for _, want := range []usher.MonitorState{usher.MonitorSuspended, usher.MonitorActive} {
		do(t, h, s.ID, overturn)
		if m, err := h.Monitor(t.Context(), h.Tenant.ID, s.ApplicantID); err != nil || m.State != want {
			t.Errorf("monitor %s, %v; want %s", m.State, err, want)
		}
	}
	if _, err := h.Simulate(t.Context(), h.Client(h.Tenant, "native"), s.ID, "watchlist_hit"); err != nil {
		t.Fatal(err)
	}
	if got := types(t, h, s.ID); got[len(got)-1] != usher.HitsChanged {
		t.Errorf("a simulated hit told %s", got[len(got)-1])
	}
}
