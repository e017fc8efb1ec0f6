package usher

import (
	"slices"
	"time"
)

// linkPatience is how long a wish for a new link is not told again.
const linkPatience = time.Hour

// mostReminders bounds how often one silence is told.
const mostReminders = 5

// silent are the events that do not end an applicant's silence. It is never written to.
var silent = []EventType{SessionAbandoned, SessionReminder, SessionLinkRequested}

// hush notes since when the applicant has been silent, and how often that was told.
func (s *Session) hush(e Event) {
	if slices.Contains(silent, e.Type) {
		if e.Type == SessionReminder {
			s.Reminded++
		}
		return
	}
	s.QuietSince = e.At
	if !slices.Contains(unmoved, e.Type) {
		s.Reminded = 0
	}
}

// quiet gives since when the applicant has been silent.
func (s Session) quiet() time.Time {
	if s.QuietSince.IsZero() {
		return s.UpdatedAt
	}
	return s.QuietSince
}

// remindAt gives when the silence is to be told next, or the zero time.
func (s Session) remindAt() time.Time {
	if s.Reminded >= len(s.Flow.Remind) || !slices.Contains(collecting, s.State) {
		return time.Time{}
	}
	return s.quiet().Add(s.Flow.Remind[s.Reminded])
}

// askLink tells the client that the applicant wants a new link, where one can be given.
func (d *decider) askLink() error {
	if (d.s.State == Expired || d.overdue()) && !d.s.Flow.Reissue {
		return Conflict("this flow gives no new link to an expired session")
	}
	if !d.s.LinkAskedAt.IsZero() && d.now.Before(d.s.LinkAskedAt.Add(linkPatience)) {
		return nil
	}
	d.emit(SessionLinkRequested, EventData{})
	return nil
}

// reminders refuses times of silence that make no sense.
func (c *flowCheck) reminders() {
	last := time.Duration(0)
	for _, after := range c.flow.Remind {
		c.must(after >= time.Minute && after > last, -1, `give rising times of silence, such as "remind: [24h, 72h]"`, "remind holds %s", after)
		last = after
	}
	c.must(len(c.flow.Remind) <= mostReminders, -1, "give at most 5 times", "remind holds %d times", len(c.flow.Remind))
}

// Again tells whether a kind of evidence is asked again: all that the step takes, or, where every reason names a file of the step, those alone.
func (st StepStatus) Again(kind EvidenceKind) bool {
	if len(st.Redo) == 0 {
		return false
	}
	return !st.partly() || slices.ContainsFunc(st.Redo, func(r Reason) bool { return r.Evidence == kind })
}

// partly tells whether only some files of a step are asked again.
func (st StepStatus) partly() bool {
	return len(st.Redo) > 0 && !slices.ContainsFunc(st.Redo, func(r Reason) bool { return takenBy[r.Evidence] != st.Kind })
}
