package usher_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

func TestSilence(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, run("first", false, usher.CheckAge), usher.Step{ID: "more", Kind: usher.StepDetails}, decide)
	p.must(t, done("details"))
	p.now = p.now.Add(2 * time.Hour)
	p.must(t, tick)
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	if p.s.Phase() != usher.PhaseAbandoned {
		t.Errorf("checks that end are not the applicant coming back: %s", p.s.Phase())
	}
	p.must(t, open)
	if last := p.events[len(p.events)-1]; p.s.Phase() != usher.PhaseInProgress || last.Type != usher.SessionStarted || !last.Data.Resumed {
		t.Errorf("back again: %s, told %s", p.s.Phase(), last.Type)
	}
}

func TestReminders(t *testing.T) {
	t.Parallel()
	f := usher.Flow{Name: "test", Remind: []time.Duration{10 * time.Minute, 2 * time.Hour}, Steps: []usher.Step{{Kind: usher.StepDetails}, decide}}
	p := begin(f.WithDefaults(), usher.Live)
	told := func() (n int) {
		for _, e := range p.events {
			if e.Type == usher.SessionReminder {
				n++
			}
		}
		return n
	}
	wait := func(d time.Duration, want int) {
		t.Helper()
		for end := p.now.Add(d); !p.now.After(end); p.now = p.now.Add(time.Minute) {
			p.must(t, tick)
		}
		if got := told(); got != want {
			t.Errorf("told %d times, want %d", got, want)
		}
	}
	wait(9*time.Minute-time.Second, 0)
	wait(5*time.Minute, 1) // the link was never opened
	p.must(t, open)
	wait(30*time.Minute, 2) // began, and went quiet again
	wait(time.Hour, 2)
	if p.s.Phase() != usher.PhaseAbandoned {
		t.Errorf("after more than an hour the session is %s", p.s.Phase())
	}
	wait(time.Hour, 3)
	wait(24*time.Hour, 3)
	p.must(t, done("details"))
	p.must(t, usher.Command{Kind: usher.CmdSubmit, By: applicant})
	wait(24*time.Hour, 3) // nothing is asked of them any more
}

func TestAskLink(t *testing.T) {
	t.Parallel()
	ask := usher.Command{Kind: usher.CmdAskLink, By: applicant}
	p := reach(t, usher.Expired, true, false)
	for _, want := range []int{1, 0, 1} {
		before := len(p.events)
		p.must(t, ask)
		if got := len(p.events) - before; got != want {
			t.Errorf("told %d times, want %d", got, want)
		}
		if want == 0 {
			p.now = p.now.Add(time.Hour)
		}
	}
	p.is(t, usher.Expired)
	p.must(t, usher.Command{Kind: usher.CmdReissueLink, By: client})
	before := len(p.events)
	p.must(t, ask)
	if len(p.events) != before+1 {
		t.Error("after a new link the wish for the next is not told")
	}
	reach(t, usher.Expired, false, false).refuses(t, ask, usher.CodeConflict)
}
