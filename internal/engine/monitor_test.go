package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const screenedByHand = `name: by_hand
steps:
  - details: {ask: [name, date_of_birth]}
  - run: [watchlist]
  - decide: {}
`

// world is a watchlist that changes: by the name of a person, the edition of the record that resembles them; 0 is none.
type world struct{ records map[string]int }

func (w *world) hits(name string) []usher.Hit {
	if edition := w.records[name]; edition > 0 {
		return []usher.Hit{hit("test/"+name, fmt.Sprint("v", edition))}
	}
	return nil
}

func (w *world) Screen(_ context.Context, _ string, subjects []usher.Subject, _ usher.ScreenOptions) (usher.ScreenResult, error) {
	r := usher.ScreenResult{Algorithm: "test/1", Lists: []usher.ListVersion{{List: "test", Loaded: time.Unix(1, 0)}}}
	for _, s := range subjects {
		r.Hits = append(r.Hits, w.hits(s.Name))
	}
	return r, nil
}
func (*world) Watchlists(context.Context) ([]usher.ListVersion, error) { return nil, nil }
func (*world) Kind() usher.CheckKind                                   { return usher.CheckWatchlist }

func (w *world) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	subjects := usher.SubjectOf(in.Details)
	s := usher.Screening{Algorithm: "test/1", Subjects: subjects, Subject: usher.SubjectHash(subjects), Hits: w.hits(subjects[0].Name)}
	return usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified, Provider: "test", Screening: &s}, nil
}

// history is what happens to a few applicants and a list, in any order.
type history struct {
	*testing.T
	*enginetest.House
	*world
	*rand.Rand
	first    []string // names of this history alone
	sessions []usher.Session
	coming   []usher.WatchlistDelta // that nobody has been held against yet
}

func (h *history) details() usher.Details {
	d := person
	d.FirstName, d.LastName = h.first[h.IntN(len(h.first))], "Ek"
	return d
}

func (h *history) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *history) check() {
	s, _ := start(h.T, h.House, "by_hand", h.details())
	do(h.T, h.House, s.ID, usher.Command{Kind: usher.CmdSubmit})
	h.Settle()
	h.sessions = append(h.sessions, s)
}

func (h *history) list() {
	name, edition := h.details().FirstName+" Ek", h.IntN(4)
	d := delta{found: map[string][]usher.Hit{}}
	h.records[name] = edition
	if edition == 0 {
		d.gone = []string{"test/" + name}
	} else {
		d.changed, d.found[name] = []string{"test/" + name}, h.hits(name)
	}
	h.coming = append(h.coming, d)
}

func (h *history) approve(s usher.Session) {
	if session(h.T, h.House, s.ID).State == usher.InReview {
		do(h.T, h.House, s.ID, usher.Command{Kind: usher.CmdApprove, By: senior(), Reasons: []usher.Reason{{Code: usher.Policy}}})
	}
}

func (h *history) set(s usher.Session, to usher.MonitorState) {
	_, err := h.SetMonitor(h.Context(), h.Tenant.ID, s.ApplicantID, to, senior())
	if session(h.T, h.House, s.ID).State == usher.Approved {
		h.must(err)
	}
}

// change has the applicant say another name, in a session that is not checked.
func (h *history) change(s usher.Session) {
	next, _, err := h.StartSession(h.Context(), h.Client(h.Tenant, "native"), usher.NewSession{ApplicantID: s.ApplicantID, Flow: "by_hand"})
	h.must(err)
	d := h.details()
	do(h.T, h.House, next.ID, usher.Command{Kind: usher.CmdCompleteStep, Step: "details", Details: &d})
}

func (h *history) catchUp() {
	for _, d := range h.coming {
		_, _, err := h.Rescreen(h.Context(), d)
		h.must(err)
	}
	h.coming = nil
	_, _, err := h.Hold(h.Context(), h.world)
	h.must(err)
}

// verify compares what active monitors know with a search of now, and ends them: the next history has applicants of its own.
func (h *history) verify() (active int) {
	for _, s := range h.sessions {
		m, err := h.Monitor(h.Context(), h.Tenant.ID, s.ApplicantID)
		if err != nil || m.State != usher.MonitorActive {
			continue
		}
		active++
		a, err := h.Applicant(h.Context(), h.Tenant.ID, s.ApplicantID)
		h.must(err)
		known, err := h.LatestScreening(h.Context(), h.Tenant.ID, s.ApplicantID)
		h.must(err)
		want := h.hits(a.Details.FirstName + " " + a.Details.LastName)
		same := func(a, b usher.Hit) bool { return a.Key == b.Key && a.Record == b.Record }
		if !slices.EqualFunc(known.Hits, want, same) || m.OpenHits != len(want) {
			h.Errorf("the monitor knows %v with %d open, a search finds %v", known.Hits, m.OpenHits, want)
		}
		h.set(s, usher.MonitorEnded)
	}
	return active
}

// Whatever happened between the check and now, a monitored applicant's hits are those of a search of today.
func TestMonitorsKnowWhatASearchFinds(t *testing.T) {
	t.Parallel()
	w := &world{records: map[string]int{}}
	house := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}, Checkers: []usher.Checker{w}})
	house.Publish(house.Tenant.ID, screenedByHand)
	active := 0
	for seed := range uint64(20) {
		h := &history{T: t, House: house, world: w, Rand: rand.New(rand.NewPCG(seed, 0))}
		for _, name := range []string{"Ada", "Bo"} {
			h.first = append(h.first, fmt.Sprintf("%s%c", name, 'a'+rune(seed)))
		}
		h.check()
		for range 15 {
			s := h.sessions[h.IntN(len(h.sessions))]
			switch h.IntN(9) {
			case 0:
				h.check()
			case 1, 2, 3:
				h.list()
			case 4, 5:
				h.approve(s)
			case 6:
				h.set(s, usher.MonitorSuspended)
				h.list()
				h.catchUp()
				h.set(s, usher.MonitorActive)
			case 7:
				h.change(s)
			case 8:
				h.catchUp()
			}
		}
		h.catchUp()
		if active += h.verify(); t.Failed() {
			t.Fatalf("history %d", seed)
		}
	}
	if active < 10 {
		t.Errorf("only %d monitors were compared", active)
	}
}

// missing is a screener whose only list is named by a feed and is not there.
type missing struct{ *world }

func (missing) Screen(_ context.Context, _ string, subjects []usher.Subject, _ usher.ScreenOptions) (usher.ScreenResult, error) {
	return usher.ScreenResult{Lists: []usher.ListVersion{{List: "test", Stale: true}}, Hits: make([][]usher.Hit, len(subjects))}, nil
}

// A list that is not there does not say that somebody is listed no more.
func TestMissingListTakesNoHitBack(t *testing.T) {
	t.Parallel()
	w := &world{records: map[string]int{person.FirstName + " " + person.LastName: 1}}
	house := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}, Checkers: []usher.Checker{w}})
	house.Publish(house.Tenant.ID, screenedByHand)
	s, _ := start(t, house, "by_hand", person)
	do(t, house, s.ID, usher.Command{Kind: usher.CmdSubmit})
	house.Settle()
	do(t, house, s.ID, usher.Command{Kind: usher.CmdApprove, By: senior(), Reasons: []usher.Reason{{Code: usher.Policy}}})
	if _, news, err := house.Hold(t.Context(), missing{w}); err != nil || news != 0 {
		t.Fatalf("%d news, %v", news, err)
	}
	known, err := house.LatestScreening(t.Context(), house.Tenant.ID, s.ApplicantID)
	if err != nil || len(known.Hits) != 1 {
		t.Errorf("%d hits are known, %v", len(known.Hits), err)
	}
}
