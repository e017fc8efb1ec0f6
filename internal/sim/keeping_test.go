package sim_test

import (
	"context"
	"fmt"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/engine"
)

// person is somebody whom the bank wants to keep and who wants to be forgotten. There is no session of theirs.
type person struct {
	tenant, id string
	holds      []*hold
	asked      bool // to be erased, which was acknowledged: it is done, or will be when nothing stands against it
	erased     bool // which was acknowledged as done
}

// hold is one call to put somebody on hold, or to lift that.
type hold struct {
	on   bool
	told string
}

// keeps tells whether a world has somebody to keep: one in four, so that the others stay what they are.
func (w *world) keeps() bool { return uint64(w.dice)%4 == 3 }

// foundPerson makes the person, before anything can fail.
func (w *world) foundPerson(ctx context.Context, e *engine.Engine) {
	g := goal{tenant: w.tenants[0]}
	a, err := e.CreateApplicant(ctx, g.client(), usher.NewApplicant{Reference: "p1", Details: usher.Details{LastName: "Test"}})
	w.must(err)
	w.person = &person{tenant: a.TenantID, id: a.ID}
}

// officer puts the person on hold, and lifts that, again and again.
func (a *actor) officer() {
	p := a.w.person
	for range 8 + a.rng.IntN(12) {
		if a.rng.IntN(3) == 0 {
			a.rest(20)
		}
		if a.w.over {
			return
		}
		h := &hold{on: a.rng.IntN(2) == 0, told: "unknown"}
		reason := ""
		if h.on {
			reason = "a case at court"
		}
		p.holds = append(p.holds, h)
		h.told, _ = a.try(fmt.Sprintf("holds %t", h.on), func(ctx context.Context, e *engine.Engine) error {
			_, err := e.HoldApplicant(ctx, p.tenant, p.id, reason, usher.Actor{Kind: usher.ByStaff, ID: a.name})
			return err
		})
		a.w.note("holds " + h.told)
	}
}

// clerk changes what is known of the person, and in the end asks for their erasure.
func (a *actor) clerk() {
	p := a.w.person
	for n := 4 + a.rng.IntN(8); n > 0 && !a.w.over; n-- {
		if a.rng.IntN(3) == 0 {
			a.rest(20)
		}
		by := usher.Actor{Kind: usher.ByClient, ID: fmt.Sprintf("%s.%d", a.name, n)}
		if n > 2 {
			_, _ = a.try("patches", func(ctx context.Context, e *engine.Engine) error {
				mail := by.ID + "@example.test"
				_, err := e.UpdateApplicant(ctx, p.tenant, p.id, usher.ApplicantPatch{Email: &mail}, by)
				return err
			})
			continue
		}
		var got usher.Applicant
		told, _ := a.try("erases", func(ctx context.Context, e *engine.Engine) error {
			var err error
			got, err = e.EraseApplicant(ctx, p.tenant, p.id, by)
			return err
		})
		a.w.note("erases " + told)
		if told == "ok" {
			p.asked, p.erased = true, p.erased || got.Erased
		}
	}
}

// certain tells whether the person is known to be on hold, or known not to be: sure is false where a call was not answered, which may still be at work.
func (p *person) certain() (on, sure bool) {
	for _, h := range p.holds {
		switch h.told {
		case "unknown":
			return false, false
		case "ok":
			on = h.on
		}
	}
	return on, true
}

// waits tells whether the person is still to be erased: they asked for it and nothing stands against it.
func (w *world) waits() bool {
	if w.person == nil || !w.person.asked {
		return false
	}
	on, sure := w.person.certain()
	return sure && !on && !w.gone()
}

// gone tells whether the person is erased.
func (w *world) gone() bool {
	var erased bool
	w.must(w.raw.db.QueryRowContext(context.Background(), `SELECT erased FROM applicants WHERE id = ?`, w.person.id).Scan(&erased))
	return erased
}

// heldPerson sees that nobody was erased who was on hold, and that whoever was erased has no keys left (I11).
func (w *world) heldPerson(ctx context.Context, e *engine.Engine) {
	p := w.person
	if p == nil {
		return
	}
	gone := w.gone()
	// A hold that was acknowledged found the person there: an erasure came later, and nobody had lifted the hold.
	if on, sure := p.certain(); sure && on && gone {
		w.broke("I11: the person was erased while on hold")
	}
	if p.erased && !gone {
		w.broke("lost: the person was told to be erased, and is there")
	}
	var keys int
	w.must(w.raw.db.QueryRowContext(ctx, `SELECT count(*) FROM keysets WHERE applicant_id = ?`, p.id).Scan(&keys))
	if gone != (keys == 0) {
		w.broke("I11: the person is erased: %t; of their keys there are %d", gone, keys)
	}
	a, err := e.Applicant(ctx, p.tenant, p.id)
	w.must(err)
	page, err := e.ListEvents(ctx, p.tenant, usher.EventFilter{Paging: usher.Paging{Limit: 200, Oldest: true}, ApplicantID: p.id})
	w.must(err)
	for i, ev := range page.Items {
		if ev.Sequence != int64(i)+1 {
			w.broke("I4: event %d of the person has the number %d", i+1, ev.Sequence)
		}
	}
	if a.Version != int64(len(page.Items)) || a.Erased != gone {
		w.broke("I4: the person has version %d after %d events, and is erased: %t", a.Version, len(page.Items), a.Erased)
	}
	if on, sure := p.certain(); sure && !gone && (a.Keeping.Hold != nil) != on {
		w.broke("lost: whether the person is on hold was acknowledged as %t, and is not", on)
	}
	w.note(fmt.Sprintf("person erased %t", gone))
}
