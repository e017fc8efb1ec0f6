package intergiro

import (
	"context"
	"errors"

	"github.com/usher-kyc/usher"
)

// eventOf gives an event as it is on the wire, or false when it is not.
func (r reader) eventOf(ctx context.Context, e usher.Event) (event, bool, error) {
	if e.SessionID == "" {
		return event{}, false, nil
	}
	of, err := r.read(ctx, e.SessionID)
	if err != nil {
		return event{}, false, err
	}
	t, ok := of.told[e.ID]
	return event{
		ID: e.ID, Name: t.name, Payload: eventPayload{IndividualID: e.ApplicantID, PendingActionID: t.action}, CreatedAt: timestamp(e.At),
	}, ok, nil
}

func (d *Dialect) getEvent(r request) (any, error) {
	e, err := d.Service.Event(r.Context(), r.tenant(), r.id())
	if err != nil {
		return nil, err
	}
	w, ok, err := d.reader(r.tenant()).eventOf(r.Context(), e)
	if err == nil && !ok {
		err = usher.NotFound("event")
	}
	return w, err
}

func (d *Dialect) listEvents(r request) (any, error) {
	q := readQuery(r.Request)
	f := usher.EventFilter{
		Paging: q.paging(), ApplicantID: q.id("individual_id"), From: q.moment("created_from"), Before: q.moment("created_to"), Types: toldTypes(),
	}
	name := q.word("name", dataProvided, individualActivated, individualBlocked, pendingActionCreated, pendingActionCompleted)
	if err := q.err(); err != nil {
		return nil, err
	}
	if name != "" {
		f.Types = typesNamed(name)
	}
	sessions := d.reader(r.tenant())
	return gather(f.Paging, d.events(r, f), func(e usher.Event) (event, bool, error) {
		w, ok, err := sessions.eventOf(r.Context(), e)
		return w, ok && (name == "" || w.Name == name), err
	})
}

// events gives a reader of pages of events.
func (d *Dialect) events(r request, f usher.EventFilter) func(usher.Paging) (usher.Page[usher.Event], error) {
	return func(p usher.Paging) (usher.Page[usher.Event], error) {
		f.Paging = p
		return d.Service.ListEvents(r.Context(), r.tenant(), f)
	}
}

// actionOf gives the pending action that an event created, and whether it is done; ok is false when the event created none.
func (r reader) actionOf(ctx context.Context, e usher.Event) (a pendingAction, done, ok bool, err error) {
	if e.SessionID == "" {
		return a, false, false, nil
	}
	of, err := r.read(ctx, e.SessionID)
	if _, ok = of.asked[e.ID]; err != nil || !ok {
		return a, false, false, err
	}
	return actionOf(of.session, e), of.open != e.ID, true, nil
}

func (d *Dialect) getAction(r request) (any, error) {
	e, err := d.Service.Event(r.Context(), r.tenant(), r.id())
	if err != nil {
		return nil, named(err, "pending action")
	}
	a, _, ok, err := d.reader(r.tenant()).actionOf(r.Context(), e)
	if err == nil && !ok {
		err = usher.NotFound("pending action")
	}
	return a, err
}

// named calls what was not found by the name the caller knows it by.
func named(err error, kind string) error {
	if hasCode(err, usher.CodeNotFound) {
		return usher.NotFound(kind)
	}
	return err
}

func hasCode(err error, code usher.Code) bool {
	e, ok := errors.AsType[*usher.Error](err)
	return ok && e.Code == code
}

func (d *Dialect) listActions(r request) (any, error) {
	q := readQuery(r.Request)
	f := usher.EventFilter{Paging: q.paging(), ApplicantID: q.id("individual_id"), AskedAgain: true}
	announced := q.id("event_id")
	completed := q.word("completed", "true", "false")
	if err := q.err(); err != nil {
		return nil, err
	}
	sessions := d.reader(r.tenant())
	pages := d.events(r, f)
	if announced != "" {
		pages = func(usher.Paging) (usher.Page[usher.Event], error) { return sessions.announced(r.Context(), announced) }
	}
	return gather(f.Paging, pages, func(e usher.Event) (pendingAction, bool, error) {
		a, done, ok, err := sessions.actionOf(r.Context(), e)
		wanted := (completed == "" || (completed == "true") == done) && (f.ApplicantID == "" || f.ApplicantID == e.ApplicantID)
		return a, ok && wanted, err
	})
}

// announced gives, as a page of at most one, the event that created the pending action which an event of the wire is about: itself, or, for
// its completion, an earlier one. An event nobody knows announces nothing.
func (r reader) announced(ctx context.Context, id string) (usher.Page[usher.Event], error) {
	var page usher.Page[usher.Event]
	e, err := r.d.Service.Event(ctx, r.tenant, id)
	if hasCode(err, usher.CodeNotFound) {
		return page, nil
	}
	if err != nil || e.SessionID == "" {
		return page, err
	}
	of, err := r.read(ctx, e.SessionID)
	if asked, ok := of.asked[of.told[id].action]; ok {
		page.Items = append(page.Items, asked)
	}
	return page, err
}

// consent gives a fresh link to the page of a pending action. It ends when the action does.
func (d *Dialect) consent(r request) (any, error) {
	s, err := d.Service.Session(r.Context(), r.tenant(), r.id())
	if err == nil && s.Purpose == usher.ForOnboarding && s.Attempt == 1 {
		err = usher.NotFound("consent")
	}
	if err != nil {
		return nil, named(err, "consent")
	}
	back := r.body.text("return_url", false, anything)
	if err := r.body.err(); err != nil {
		return nil, err
	}
	left := s.ExpiresAt.Sub(d.Now())
	switch s.State {
	case usher.Created, usher.InProgress, usher.AwaitingApplicant:
		if left <= 0 {
			return nil, usher.Conflict("The consent has expired")
		}
	case usher.Expired, usher.Cancelled:
		return nil, usher.Conflict("The consent has expired")
	case usher.Submitted, usher.InReview, usher.Approved, usher.Rejected:
		return nil, usher.Conflict("The consent is already completed")
	}
	_, l, err := d.Service.IssueLink(r.Context(), r.p.Client, s.ID, usher.NewLink{Expires: left, ReturnURL: back})
	return consent{Method: methodOf(l)}, err
}
