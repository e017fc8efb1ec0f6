package engine_test

import (
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// A hit that was cleared before the approval is not open afterwards.
func TestMonitorBeginsWithWhatWasJudged(t *testing.T) {
	t.Parallel()
	h := screenedHouse(t, func() []usher.Hit { return []usher.Hit{hit("test/1", "v1"), hit("test/2", "v1")} })
	s := onboard(t, h, person)
	clearHit(t, h, s, "test/1")
	do(t, h, s.ID, usher.Command{Kind: usher.CmdApprove, By: senior(), Reasons: []usher.Reason{{Code: usher.Policy}}})
	wantOpen(t, h, s, 1)
}

// An approval that is taken back and given again forgets nothing that monitoring found meanwhile.
func TestMonitorKeepsNewsOverAnOverturn(t *testing.T) {
	t.Parallel()
	h := screenedHouse(t, func() []usher.Hit { return nil })
	s := onboard(t, h, person)
	d := delta{found: map[string][]usher.Hit{person.FirstName + " " + person.LastName: {hit("test/1", "v1")}}}
	if _, news, err := h.Rescreen(t.Context(), d); err != nil || news != 1 {
		t.Fatalf("%d news, %v", news, err)
	}
	for range 2 {
		do(t, h, s.ID, usher.Command{Kind: usher.CmdOverturn, By: senior(), Reasons: []usher.Reason{{Code: usher.Policy}}})
	}
	wantOpen(t, h, s, 1)
}

// When reviewers judge hits of an applicant at once, and a list brings another one, the count is that of the hits left open.
func TestJudgementsAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	keys := []string{"test/1", "test/2", "test/3", "test/4", "test/5", "test/6"}
	h := screenedHouse(t, func() []usher.Hit { return nil })
	s := onboard(t, h, person)
	d := delta{found: map[string][]usher.Hit{}}
	name := person.FirstName + " " + person.LastName
	for _, k := range keys {
		d.found[name] = append(d.found[name], hit(k, "v1"))
	}
	if _, _, err := h.Rescreen(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, k := range keys {
		wg.Go(func() { clearHit(t, h, s, k) })
	}
	more := delta{found: map[string][]usher.Hit{name: {hit("test/new", "v1")}}}
	wg.Go(func() {
		if _, _, err := h.Rescreen(t.Context(), more); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	wantOpen(t, h, s, 1)
}

// interrupted is a delta during whose search something else happens.
type interrupted struct {
	delta
	by func()
}

func (d interrupted) Screen(subjects []usher.Subject, o usher.ScreenOptions) ([]usher.Hit, error) {
	d.by()
	return d.delta.Screen(subjects, o)
}

// A monitor that is suspended while its applicant is looked at stays suspended.
func TestSuspendedDuringASearch(t *testing.T) {
	t.Parallel()
	h := screenedHouse(t, func() []usher.Hit { return nil })
	s := onboard(t, h, person)
	d := delta{found: map[string][]usher.Hit{person.FirstName + " " + person.LastName: {hit("test/1", "v1")}}}
	_, news, err := h.Rescreen(t.Context(), interrupted{d, func() {
		if _, err := h.SetMonitor(t.Context(), h.Tenant.ID, s.ApplicantID, usher.MonitorSuspended, senior()); err != nil {
			t.Error(err)
		}
	}})
	m, errM := h.Monitor(t.Context(), h.Tenant.ID, s.ApplicantID)
	if err != nil || errM != nil || m.State != usher.MonitorSuspended || news != 0 {
		t.Errorf("the monitor is %s with %d news: %v, %v", m.State, news, err, errM)
	}
}

func clearHit(t *testing.T, h *enginetest.House, s usher.Session, key string) {
	t.Helper()
	if _, err := h.JudgeHit(t.Context(), h.Tenant.ID, s.ApplicantID, key, usher.HitCleared, "another person", time.Time{}, senior()); err != nil {
		t.Error(err)
	}
}

// wantOpen compares the count that lists of open hits go by with the newest screening, and both with a number.
func wantOpen(t *testing.T, h *enginetest.House, s usher.Session, want int) {
	t.Helper()
	m, err := h.Monitor(t.Context(), h.Tenant.ID, s.ApplicantID)
	if err != nil {
		t.Fatal(err)
	}
	known, err := h.LatestScreening(t.Context(), h.Tenant.ID, s.ApplicantID)
	if err != nil || m.OpenHits != want || known.OpenHits() != want {
		t.Errorf("the monitor counts %d open hits, the screening has %d, want %d: %v", m.OpenHits, known.OpenHits(), want, err)
	}
}
