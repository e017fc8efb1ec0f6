package desk

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

const (
	longestCaseNote = 4000 // characters
	mostMembers     = 100  // that a senior can choose from
)

// work is what reviewers keep of a case, on its page.
type work struct {
	usher.Case
	Due     *due
	With    string // who has it
	Mine    bool
	Take    bool // the reader may take it, or give it back when it is theirs
	Give    []usher.Staff
	May     bool     // write notes and tags
	TagText string   // separated by commas
	Known   []string // tags in use
	Notes   []entry
	Log     []usher.CaseEntry
	Held    *held
	Note    string // as it was sent, when something was wrong with it
}

// entry is a note with who wrote it.
type entry struct {
	At        time.Time
	Who, Text string
}

// held is a decision that can still be taken back, in words.
type held struct {
	usher.HeldDecision
	Who  string
	Mine bool
	Act  string // the path of what was decided
	Left int64  // ms until it is carried out; 0 when it is about to be
	Why  []reason
}

// draft is what was typed into a case's own forms.
type draft struct {
	note, tags string
	hasTags    bool
}

// loadWork reads what is kept of a case.
func (d *Desk) loadWork(ctx context.Context, v visit, who people, data *caseData) error {
	c, err := d.config.Service.Case(ctx, v.tenant.ID, data.S.ID)
	if err != nil {
		return err
	}
	w := work{
		Case: c, Due: v.say.due(c, d.config.Now()), Mine: c.Assignee == v.staff.ID, May: v.staff.Role.May(usher.ActWorkOnCase),
		TagText: strings.Join(c.Tags, ", "), Note: data.draft.note,
	}
	if data.draft.hasTags {
		w.TagText = data.draft.tags
	}
	if c.Assignee != "" {
		w.With = who.member(ctx, c.Assignee)
	}
	w.Take = w.May && !c.State.Ended() && (c.Assignee == "" || w.Mine || v.staff.Role.May(usher.ActGiveCase))
	if w.Known, err = d.config.Service.CaseTags(ctx, v.tenant.ID); err != nil {
		return err
	}
	if v.staff.Role.May(usher.ActGiveCase) && d.config.Members != nil && !c.State.Ended() {
		if w.Give, err = d.config.Members(ctx, v.tenant.ID, mostMembers); err != nil {
			return err
		}
	}
	if w.Log, err = d.config.Service.CaseLog(ctx, v.tenant.ID, data.S.ID); err != nil {
		return err
	}
	for _, e := range w.Log {
		if e.Kind == usher.CaseNoted {
			w.Notes = append(w.Notes, entry{e.At, who.actor(ctx, v.say, e.By), e.Text})
		}
	}
	w.Held = d.heldOf(ctx, v, c, who)
	data.Work = w
	return nil
}

// heldOf puts a decision that can still be taken back into words; nil when there is none.
func (d *Desk) heldOf(ctx context.Context, v visit, c usher.Case, who people) *held {
	if c.Held == nil {
		return nil
	}
	h := &held{
		HeldDecision: *c.Held, Who: who.actor(ctx, v.say, c.Held.By), Mine: c.Held.By.ID == v.staff.ID,
		Left: max(c.Held.Until.Sub(d.config.Now()).Milliseconds(), 0), Why: v.say.reasons(c.Held.Command.Reasons),
	}
	for _, a := range acts() {
		if a.command == c.Held.Command.Kind {
			h.Act = a.path
		}
	}
	return h
}

// held reads the decision that is held for a session, or nil.
func (d *Desk) held(ctx context.Context, v visit, s usher.Session, who people) (*held, error) {
	c, err := d.config.Service.Case(ctx, v.tenant.ID, s.ID)
	if err != nil {
		return nil, err
	}
	return d.heldOf(ctx, v, c, who), nil
}

// assign takes a case, gives it back or gives it to somebody.
func (d *Desk) assign(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id, to := r.PathValue("id"), r.PostForm.Get("to")
	_, err := d.config.Service.AssignCase(r.Context(), v.tenant.ID, id, to, r.PostForm.Get("was"), v.staff.Actor())
	done := "given"
	switch code, _ := told(err); {
	case code == usher.CodeConflict:
		done = "late"
	case err != nil:
		return err
	case to == "":
		done = "freed"
	case to == v.staff.ID:
		done = "taken"
	}
	return d.See(w, r, "/cases/"+id+"?done="+done)
}

// next takes the case that is due first of those that nobody has.
func (d *Desk) next(w http.ResponseWriter, r *http.Request, v visit) error {
	c, err := d.config.Service.NextCase(r.Context(), v.tenant.ID, v.staff.Actor())
	if code, _ := told(err); code == usher.CodeNotFound {
		return d.See(w, r, "/?queue="+string(free)+"&none")
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/cases/"+c.SessionID+"?done=taken")
}

// takeNote adds a note for colleagues.
func (d *Desk) takeNote(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	text := strings.TrimSpace(r.PostForm.Get("note"))
	var problems web.Errors
	switch {
	case text == "":
		problems.Add("note", "desk.problem.note")
	case utf8.RuneCountInString(text) > longestCaseNote:
		problems.Add("note", "desk.problem.long", "n", longestCaseNote)
	}
	if len(problems) > 0 {
		return d.caseWith(w, r, v, draft{note: text}, problems)
	}
	if err := d.config.Service.NoteCase(r.Context(), v.tenant.ID, r.PathValue("id"), text, v.staff.Actor()); err != nil {
		return err
	}
	return d.See(w, r, "/cases/"+r.PathValue("id")+"?done=noted#notes")
}

// takeTags sets the tags of a case.
func (d *Desk) takeTags(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	text := r.PostForm.Get("tags")
	_, err := d.config.Service.TagCase(r.Context(), v.tenant.ID, r.PathValue("id"), strings.Split(text, ","), v.staff.Actor())
	if code, _ := told(err); code == usher.CodeInvalid {
		var problems web.Errors
		problems.Add("tags", "desk.problem.tags")
		return d.caseWith(w, r, v, draft{tags: text, hasTags: true}, problems)
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/cases/"+r.PathValue("id")+"?done=tagged")
}

// undo takes a held decision back.
func (d *Desk) undo(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id := r.PathValue("id")
	err := d.config.Service.UndoDecision(r.Context(), v.tenant.ID, id, r.PostForm.Get("held"), v.staff.Actor())
	if code, _ := told(err); code == usher.CodeConflict {
		return d.See(w, r, "/cases/"+id+"?done=too-late")
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/cases/"+id+"?done=undone")
}
