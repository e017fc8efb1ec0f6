package hosted

import (
	"net/http"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// redoItem is something that is asked again: a step, or one file of it.
type redoItem struct {
	Title string // key
	Why   []usher.ReasonCode
}

// redoItems gives what is asked again of a step.
func redoItems(st usher.StepStatus) []redoItem {
	var files []redoItem
	for _, kind := range usher.EvidenceKinds() {
		if st.Again(kind) && slices.ContainsFunc(st.Redo, func(r usher.Reason) bool { return r.Evidence == kind }) {
			files = append(files, redoItem{"redo." + string(kind), why(st, kind)})
		}
	}
	// Where a reason is about no file, all of the step is asked again.
	if len(files) == 0 || slices.ContainsFunc(st.Redo, func(r usher.Reason) bool { return r.Evidence == "" }) {
		return []redoItem{{"redo." + string(st.Kind), codes(st.Redo)}}
	}
	return files
}

// showRedo lists what is asked again, and why.
func (t *turn) showRedo() error {
	var items []redoItem
	for _, st := range t.s.Asked() {
		items = append(items, redoItems(st)...)
	}
	return t.render("redo", map[string]any{
		"Items": items, "Note": t.s.Note, "Deadline": t.h.kit.Catalog().Time(t.lang(), t.s.ExpiresAt), "Attempt": t.s.Attempt, "Attempts": t.s.Flow.Attempts,
	}, nil)
}

// beginRedo takes the session up again. Choices of the last go do not hold for this one.
func (t *turn) beginRedo() error {
	if err := t.do(usher.Command{Kind: usher.CmdOpen}); err != nil {
		return err
	}
	t.note.Document, t.note.From, t.note.Failed, t.note.Told, t.note.Typed = "", 0, 0, nil, nil
	t.remember()
	return t.goHome()
}

func (t *turn) showWaiting() error {
	key := "wait"
	if between(t.s) {
		key = "wait.between"
	}
	return t.render("waiting", map[string]any{"Key": key, "State": t.url("state"), "Lost": t.lost(), "Out": t.out(momentOf(t.s))}, nil)
}

// tellState tells the waiting page's script where the applicant belongs now.
func (t *turn) tellState() error {
	return t.json(map[string]string{"page": t.url(home(t.s, t.note))})
}

func (t *turn) showDone() error {
	next := t.word("done.next.decided")
	if !t.s.State.Decided() {
		next = "done.next.review"
	}
	receipt := ""
	if t.hasReceipt() {
		receipt = t.url(atReceipt)
	}
	return t.render("done", map[string]any{
		"Receipt":   receipt,
		"Reference": t.s.ID, "Next": next, "Again": t.s.State == usher.InReview, "Out": t.out(momentOf(t.s)),
	}, nil)
}

// showEnded shows that a session is over without a decision.
func (t *turn) showEnded() error {
	key := "ended.expired"
	if t.s.State == usher.Cancelled {
		key = "ended.cancelled"
		if declined(t.s) {
			key = "ended.declined"
		}
	}
	return t.notice(http.StatusOK, key, key+".way", momentOf(t.s))
}

// showHelp shows the ways for who cannot go on. It needs no turn of its own.
func (t *turn) showHelp() error {
	t.at = "help"
	if t.pickLanguage() {
		return nil
	}
	t.saw(screenHelp)
	return t.display(web.Page{Name: "help", Here: t.url(t.at)})
}
