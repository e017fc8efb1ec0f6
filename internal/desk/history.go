package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

const (
	recentEvents = 6 // shown without asking for more
	looksPerFile = 20
)

// line is one event in words.
type line struct {
	At      time.Time
	What    string
	Who     string
	About   string // the step, check or file it is about
	Reasons []reason
	Note    string
	Changes []change
}

// change is what something was and what it is now.
type change struct{ Label, Old, New string }

// glance is one look at a file.
type glance struct {
	At   time.Time
	Who  string
	File string
}

// loadHistory reads what happened, newest first: the last thing is what a reviewer asks for.
func (d *Desk) loadHistory(ctx context.Context, v visit, who people, data *caseData) error {
	f := usher.EventFilter{SessionID: data.S.ID, Paging: usher.Paging{Limit: mostEvents}}
	page, err := d.config.Service.ListEvents(ctx, v.tenant.ID, f)
	if err != nil {
		return err
	}
	lines := d.caseLines(ctx, v, who, data.Work.Log)
	for _, e := range page.Items {
		l := line{At: e.At, What: v.say.name("desk.event.", string(e.Type)), About: v.say.about(e, data.S), Note: e.Data.Note}
		if e.Data.By != nil {
			l.Who = who.actor(ctx, v.say, *e.Data.By)
		}
		if e.Data.Decision != nil {
			l.Note = e.Data.Decision.Note
			if e.Data.Decision.Overturn {
				l.About = v.say.name("desk.state.", string(e.Data.Decision.Verdict))
			}
		}
		l.Reasons = v.say.reasons(e.Data.Reasons)
		for _, f := range e.Data.Facts {
			l.Changes = append(l.Changes, change{v.say.name("desk.field.", f.Field), f.Old, f.New})
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b line) int { return b.At.Compare(a.At) })
	for _, l := range lines {
		if len(data.Recent) < recentEvents {
			data.Recent = append(data.Recent, l)
		} else {
			data.Earlier = append(data.Earlier, l)
		}
	}
	return nil
}

// caseLines puts what reviewers did with the case into lines. Notes stand by themselves.
func (d *Desk) caseLines(ctx context.Context, v visit, who people, log []usher.CaseEntry) []line {
	var lines []line
	for _, e := range log {
		l := line{At: e.At, What: v.say.name("desk.log.", string(e.Kind)), Who: who.actor(ctx, v.say, e.By)}
		switch e.Kind {
		case usher.CaseNoted:
			continue
		case usher.CaseAssigned, usher.CaseDealt:
			c := change{Label: v.say.text("desk.with")}
			if e.Old != "" {
				c.Old = who.member(ctx, e.Old)
			}
			if e.New != "" {
				c.New = who.member(ctx, e.New)
			}
			l.Changes = []change{c}
		case usher.CaseTagged:
			l.Changes = []change{{v.say.text("desk.tags"), e.Old, e.New}}
		case usher.CaseHeld, usher.CaseUndone, usher.CaseDropped:
			l.About, l.Note = v.say.command(e.Old+e.New), e.Text
		}
		lines = append(lines, l)
	}
	return lines
}

// command names what was decided.
func (w words) command(kind string) string {
	for _, a := range acts() {
		if string(a.command) == kind {
			return w.text("desk.act." + a.path)
		}
	}
	return kind
}

// about says what an event is about, in a few words.
func (w words) about(e usher.Event, s usher.Session) string {
	d := e.Data
	switch {
	case d.Result != nil:
		return w.name("desk.check.", string(d.Check)) + ": " + w.name("desk.outcome.", string(d.Result.Outcome))
	case d.Check != "":
		return w.name("desk.check.", string(d.Check))
	case d.Evidence != nil:
		return w.name("desk.evidence.", string(d.Evidence.Kind)) + ", " + w.name("desk.source.", string(d.Evidence.Source))
	case d.Step != "":
		return w.step(s, d.Step)
	case len(d.Steps) > 0:
		steps := make([]string, len(d.Steps))
		for i, id := range d.Steps {
			steps[i] = w.step(s, id)
		}
		return strings.Join(steps, ", ")
	case d.Resumed:
		return w.text("desk.event.resumed")
	}
	return ""
}

// step names a step by its kind; its id only where it has another one.
func (w words) step(s usher.Session, id string) string {
	st, ok := s.Step(id)
	if !ok {
		return id
	}
	name := w.name("desk.step.", string(st.Kind))
	if st.ID != string(st.Kind) {
		name += " (" + st.ID + ")"
	}
	return name
}

// loadLooks reads who has looked at the pictures and files, newest first.
func (d *Desk) loadLooks(ctx context.Context, v visit, who people, data *caseData) error {
	for _, e := range data.S.Evidence {
		page, err := d.config.Auditor.Records(ctx, v.tenant.ID, e.ID, usher.Paging{Limit: looksPerFile})
		if err != nil {
			return err
		}
		for _, r := range page.Items {
			if r.Actor.Kind == usher.ByApplicant {
				continue // what they sent, shown to them: on the trail, and no look of anybody else
			}
			name := v.say.name("desk.evidence.", string(e.Kind))
			data.Looks = append(data.Looks, glance{At: r.At, Who: who.actor(ctx, v.say, r.Actor), File: name})
		}
	}
	slices.SortStableFunc(data.Looks, func(a, b glance) int { return cmp.Compare(b.At.UnixMilli(), a.At.UnixMilli()) })
	return nil
}
