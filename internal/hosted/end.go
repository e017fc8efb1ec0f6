package hosted

import (
	"net/http"

	"github.com/usher-kyc/usher"
)

// showRedo lists what is asked again, and why.
func (t *turn) showRedo() error {
	type step struct {
		Kind usher.StepKind
		Why  []usher.ReasonCode
	}
	var steps []step
	for _, st := range t.s.Asked() {
		steps = append(steps, step{st.Kind, codes(st.Redo)})
	}
	return t.render("redo", map[string]any{
		"Steps": steps, "Note": t.s.Note, "Deadline": t.h.kit.Catalog().Time(t.lang(), t.s.ExpiresAt),
	}, nil)
}

// beginRedo takes the session up again. Choices of the last go do not hold for this one.
func (t *turn) beginRedo() error {
	if err := t.do(usher.Command{Kind: usher.CmdOpen}); err != nil {
		return err
	}
	t.note.Document, t.note.From = "", 0
	t.remember()
	return t.goHome()
}

func (t *turn) showWaiting() error {
	key := "wait"
	if between(t.s) {
		key = "wait.between"
	}
	return t.render("waiting", map[string]string{"Key": key, "State": t.url("state")}, nil)
}

// tellState tells the waiting page's script where the applicant belongs now.
func (t *turn) tellState() error {
	return t.json(map[string]string{"page": t.url(home(t.s, t.note))})
}

func (t *turn) showDone() error {
	next := "done.next.decided"
	if !t.s.State.Decided() {
		next = "done.next.review"
	}
	return t.render("done", map[string]any{
		"Reference": t.s.ID, "Next": next, "Again": t.s.State == usher.InReview, "Return": returnLink(t.s), "Client": t.visit.Tenant.Name,
	}, nil)
}

func (t *turn) showEnded() error {
	v := t.visit
	v.Session = t.s
	return t.h.ended(t.w, t.r, v)
}

// ended shows that a session is over without a decision.
func (h *Hosted) ended(w http.ResponseWriter, r *http.Request, v usher.Visit) error {
	key := "ended.expired"
	if v.Session.State == usher.Cancelled {
		key = "ended.cancelled"
		for _, why := range v.Session.Reasons {
			if why.Code == usher.ConsentDeclined {
				key = "ended.declined"
			}
		}
	}
	return h.notice(w, r, v, http.StatusOK, key, key+".way")
}
