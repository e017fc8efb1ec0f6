package intergiro

import (
	"context"

	"github.com/usher-kyc/usher"
)

// told is what an event says on the wire: its name, and the pending action it is about or "".
type told struct {
	name   string
	action string
}

// history is what a session's events say on the wire.
type history struct {
	told  map[string]told        // by event id
	asked map[string]usher.Event // the events that created a pending action, by its id
	open  string                 // the pending action that the applicant still has to do, or ""
}

// toldTypes are the types of event that can have a name on the wire.
func toldTypes() []usher.EventType {
	return []usher.EventType{
		usher.SessionCreated, usher.SessionSubmitted, usher.SessionReviewRequested, usher.SessionResubmissionRequested,
		usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned,
	}
}

// typesNamed gives the types that can have a name; none for a name that does not exist.
func typesNamed(name string) []usher.EventType {
	switch name {
	case dataProvided, pendingActionCompleted:
		return []usher.EventType{usher.SessionSubmitted, usher.SessionReviewRequested}
	case individualActivated:
		return []usher.EventType{usher.SessionApproved, usher.SessionOverturned}
	case individualBlocked:
		return []usher.EventType{usher.SessionRejected, usher.SessionOverturned}
	case pendingActionCreated:
		return []usher.EventType{usher.SessionCreated, usher.SessionResubmissionRequested}
	}
	return nil
}

// historyOf reads the events of a session, of [toldTypes] and oldest first. An applicant is asked once by the session itself and once more by
// each resubmission; what is told first after being asked ends that part, everything later until the next asking is the reviewers'.
func historyOf(purpose usher.Purpose, events []usher.Event) history {
	h := history{told: map[string]told{}, asked: map[string]usher.Event{}}
	action, sent := "", false
	ask := func(e usher.Event) {
		action, sent = e.ID, false
		h.asked[action], h.told[action] = e, told{pendingActionCreated, action}
	}
	for _, e := range events {
		switch e.Type {
		case usher.SessionCreated:
			if purpose != usher.ForOnboarding {
				ask(e)
			}
		case usher.SessionResubmissionRequested:
			ask(e)
		case usher.SessionSubmitted, usher.SessionReviewRequested:
			switch {
			case sent:
			case action == "":
				h.told[e.ID] = told{dataProvided, ""}
			default:
				h.told[e.ID] = told{pendingActionCompleted, action}
			}
			sent = true
		case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned:
			sent = true
			if purpose == usher.ForOnboarding {
				h.told[e.ID] = told{verdictName(e), ""}
			}
		default:
		}
	}
	if !sent {
		h.open = action
	}
	return h
}

// reader reads sessions and their histories for one request, each once.
type reader struct {
	d      *Dialect
	tenant string
	seen   map[string]read
}

type read struct {
	session usher.Session
	history
}

func (d *Dialect) reader(tenant string) reader {
	return reader{d: d, tenant: tenant, seen: map[string]read{}}
}

func (r reader) read(ctx context.Context, session string) (read, error) {
	if one, ok := r.seen[session]; ok {
		return one, nil
	}
	s, err := r.d.Service.Session(ctx, r.tenant, session)
	if hasCode(err, usher.CodeGone) {
		// The applicant was erased: nothing is told of them any more, and the rest of a list goes on.
		r.seen[session] = read{}
		return read{}, nil
	}
	if err != nil {
		return read{}, err
	}
	var events []usher.Event
	filter := usher.EventFilter{SessionID: session, Types: toldTypes(), Paging: usher.Paging{Limit: mostLimit, Oldest: true}}
	for {
		page, err := r.d.Service.ListEvents(ctx, r.tenant, filter)
		if err != nil {
			return read{}, err
		}
		events = append(events, page.Items...)
		if page.Next == "" {
			break
		}
		filter.After = page.Next
	}
	one := read{session: s, history: historyOf(s.Purpose, events)}
	r.seen[session] = one
	return one, nil
}
