package desk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

const longestNote = 2000 // characters

// act is something a reviewer can do with a case. Each has a page that asks once more, with what it needs to know.
type act struct {
	path    string
	command usher.CommandKind
	may     usher.Action
	states  []usher.State
	reasons need
	steps   bool // asks which steps
	note    bool // takes a note for the applicant
	key     string
}

// need says whether reasons are asked for.
type need int

const (
	notAsked need = iota
	optional
	required
)

// acts lists them in the order of the buttons.
func acts() []act {
	waiting := []usher.State{usher.InReview, usher.Submitted}
	return []act{
		{path: "approve", command: usher.CmdApprove, may: usher.ActDecide, states: waiting, note: true, key: "a"},
		{path: "reject", command: usher.CmdReject, may: usher.ActDecide, states: waiting, reasons: required, note: true, key: "r"},
		{path: "ask-again", command: usher.CmdAskAgain, may: usher.ActDecide, states: waiting, reasons: required, steps: true, note: true, key: "i"},
		{path: "review", command: usher.CmdReview, may: usher.ActDecide, states: []usher.State{usher.Submitted}, reasons: optional},
		{
			path: "overturn", command: usher.CmdOverturn, may: usher.ActOverturn, states: []usher.State{usher.Approved, usher.Rejected},
			reasons: required, note: true,
		},
	}
}

// Path is its place below the case, Key its key on the keyboard.
func (a act) Path() string { return a.path }

// Key is the letter that opens its form, or "".
func (a act) Key() string { return a.key }

// possible gives what a member of staff can do with a case now, or the key of why there is nothing.
func possible(s usher.Session, v visit) ([]act, string) {
	who := v.staff
	var list []act
	fits := 0
	for _, a := range acts() {
		if !slices.Contains(a.states, s.State) {
			continue
		}
		fits++
		if a.command == usher.CmdAskAgain && (s.Attempt >= s.Flow.Attempts || len(askable(s)) == 0) {
			continue
		}
		if a.command == usher.CmdApprove && slices.ContainsFunc(s.Votes, func(v usher.Actor) bool { return v.ID == who.ID }) {
			continue
		}
		if v.mayAct(a, s).Allowed {
			list = append(list, a)
		}
	}
	switch {
	case len(list) > 0:
		return list, ""
	case s.State.Decided():
		return nil, "desk.why.senior"
	case fits > 0 && who.Role.May(usher.ActDecide):
		return nil, "desk.why.second"
	case fits > 0:
		return nil, "desk.why.role"
	}
	return nil, "desk.why.state"
}

// askable are the steps that the applicant can be asked to do again.
func askable(s usher.Session) []usher.StepStatus {
	return slices.DeleteFunc(slices.Clone(s.Steps), func(st usher.StepStatus) bool {
		return !st.Kind.ByApplicant() || st.Kind == usher.StepConsent
	})
}

// decideData is what a form of decision shows.
type decideData struct {
	frame
	S        usher.Session
	Name     string
	Act      string
	TakeNote bool
	Steps    []choice
	Groups   []group
	Note     string
	Internal string
	Undo     int64 // s in which it can be taken back
	Second   bool  // a second reviewer must agree after this approval
	To       usher.State
	Version  int64
}

// choice is a box to tick.
type choice struct {
	Value, Text string
	Found       bool // a check has said so
	Ticked      bool
}

// group is a class of reasons.
type group struct {
	Class usher.ReasonClass
	Items []choice
}

// sent is a filled form.
type sent struct {
	version        int64
	steps, reasons []string
	note, internal string
	opened         bool // it was not sent yet: what the checks found may be suggested
}

func (d *Desk) decisionPage(a act) handler {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
		if err != nil {
			return err
		}
		kept, err := d.config.Service.Case(r.Context(), v.tenant.ID, s.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(a.states, s.State) || kept.Held != nil {
			return d.changed(w, r, v, s, s.Version)
		}
		if !v.mayAct(a, s).Allowed {
			return notConfirmed()
		}
		if err := d.note(r.Context(), v, "case.viewed", s.ID, ""); err != nil {
			return err
		}
		return d.form(w, r, v, a, s, sent{version: s.Version, opened: true}, nil)
	}
}

// form shows the form of an act, empty or as it was sent.
func (d *Desk) form(w http.ResponseWriter, r *http.Request, v visit, a act, s usher.Session, was sent, problems web.Errors) error {
	applicant, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return err
	}
	data := decideData{
		frame: v.frame(), S: s, Name: v.say.person(applicant), Act: a.path, TakeNote: a.note, Note: was.note, Internal: was.internal,
		Version: was.version, To: usher.Approved,
	}
	if d.config.Undo > 0 && a.command != usher.CmdReview {
		data.Undo = int64(d.config.Undo.Seconds())
	}
	if s.State == usher.Approved {
		data.To = usher.Rejected
	}
	if def, ok := s.Flow.First(usher.StepDecide); ok {
		data.Second = a.command == usher.CmdApprove && len(s.Votes)+1 < def.Reviewers
	}
	found := map[usher.ReasonCode]bool{}
	for _, res := range s.Checks() {
		for _, why := range res.Reasons {
			found[why.Code] = true
		}
	}
	if a.reasons != notAsked {
		data.Groups = v.say.groups(a, was, found)
	}
	if a.steps {
		data.Steps = v.say.steps(s, was, found)
	}
	page := v.page("decide", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// groups lists every reason by class, what a check has found first. To ask again, there is only what can be mended, ticked where a check has
// found it; a rejection is never ticked beforehand: its grounds are the reviewer's to name.
func (w words) groups(a act, was sent, found map[usher.ReasonCode]bool) []group {
	classes := []usher.ReasonClass{usher.Final, usher.Mismatch, usher.Retry, usher.Notice}
	if a.steps {
		classes = []usher.ReasonClass{usher.Retry, usher.Mismatch, usher.Notice}
	}
	var list []group
	for _, class := range classes {
		g := group{Class: class}
		for _, code := range usher.ReasonCodes() {
			if c, _ := code.Class(); c != class || notForReviewers(code) {
				continue
			}
			ticked := slices.Contains(was.reasons, string(code))
			if was.opened && a.steps {
				ticked = found[code] && (class == usher.Retry || class == usher.Mismatch)
			}
			g.Items = append(g.Items, choice{Value: string(code), Text: w.name("desk.reason.", string(code)), Found: found[code], Ticked: ticked})
		}
		slices.SortStableFunc(g.Items, func(a, b choice) int {
			switch {
			case a.Found && !b.Found:
				return -1
			case b.Found && !a.Found:
				return 1
			}
			return strings.Compare(a.Text, b.Text)
		})
		list = append(list, g)
	}
	return list
}

// notForReviewers are the reasons that only the server itself can have.
func notForReviewers(c usher.ReasonCode) bool {
	switch c {
	case usher.ConsentDeclined, usher.CancelledByClient, usher.AccountOpenerRefused, usher.AccountOpenerNoAnswer, usher.SimulatedOutcome:
		return true
	default:
		return false
	}
}

// steps lists what can be asked again, with those ticked that a reason found by a check is about.
func (w words) steps(s usher.Session, was sent, found map[usher.ReasonCode]bool) []choice {
	var list []choice
	for _, st := range askable(s) {
		c := choice{Value: st.ID, Text: w.step(s, st.ID), Ticked: slices.Contains(was.steps, st.ID)}
		for code := range found {
			if class, _ := code.Class(); was.opened && class == usher.Retry && about(code) == st.Kind {
				c.Ticked = true
			}
		}
		list = append(list, c)
	}
	return list
}

// about gives the kind of step that a reason is about, or "" when it may be any.
func about(code usher.ReasonCode) usher.StepKind {
	switch {
	case strings.HasPrefix(string(code), "document_"):
		return usher.StepDocument
	case strings.HasPrefix(string(code), "face_"), strings.HasPrefix(string(code), "liveness_"):
		return usher.StepSelfie
	case code == usher.AddressUnproven:
		return usher.StepProofOfAddress
	}
	return ""
}

// decide takes a filled form.
func (d *Desk) decide(a act) handler {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if err := r.ParseForm(); err != nil {
			return badForm(err)
		}
		s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
		if err != nil {
			return err
		}
		was := sent{
			steps: r.PostForm["steps"], reasons: r.PostForm["reasons"], note: strings.TrimSpace(r.PostForm.Get("note")),
			internal: strings.TrimSpace(r.PostForm.Get("internal")),
		}
		// A form without its version must not pass for one that looked at the newest.
		if was.version, err = strconv.ParseInt(r.PostForm.Get("version"), 10, 64); err != nil || was.version < 1 {
			return usher.Invalid("version", "open the form again")
		}
		if was.version != s.Version {
			return d.changed(w, r, v, s, was.version)
		}
		access := v.mayAct(a, s)
		if !access.Allowed {
			return notConfirmed()
		}
		if access.Fresh && !v.session.Fresh(d.config.Now()) {
			return d.askProof(w, r, v) // the second approval is the last word
		}
		if problems := a.problems(was); len(problems) > 0 {
			return d.form(w, r, v, a, s, was, problems)
		}
		cmd := usher.Command{
			Kind: a.command, By: v.staff.Actor(), IfVersion: was.version, Steps: was.steps, Reasons: a.grounds(s, was), Note: was.note,
			Internal: was.internal,
		}
		done, err := d.carry(r.Context(), v, s.ID, a, cmd)
		switch code, _ := told(err); {
		case err == nil:
			return d.See(w, r, "/cases/"+s.ID+"?done="+done)
		case code == usher.CodeConflict:
			if s, err = d.config.Service.Session(r.Context(), v.tenant.ID, s.ID); err != nil {
				return err
			}
			return d.changed(w, r, v, s, was.version)
		}
		return err
	}
}

// carry carries a decision out, or keeps it until it cannot be taken back any more. It gives the word for what was done.
func (d *Desk) carry(ctx context.Context, v visit, session string, a act, cmd usher.Command) (string, error) {
	if d.config.Undo > 0 && a.command != usher.CmdReview {
		_, err := d.config.Service.HoldDecision(ctx, v.tenant.ID, session, cmd, d.config.Undo)
		return "held", err
	}
	after, err := d.config.Service.Do(ctx, v.tenant.ID, session, cmd)
	return doneKey(a, after), err
}

// doneKey names what was done: an approval that a second one must follow is not an approval yet.
func doneKey(a act, s usher.Session) string {
	if a.command == usher.CmdApprove && s.State == usher.InReview {
		return "vote"
	}
	return a.path
}

// problems tells what is wrong with a form.
func (a act) problems(was sent) web.Errors {
	var list web.Errors
	if a.steps && len(was.steps) == 0 {
		list.Add("steps", "desk.problem.steps")
	}
	if a.reasons == required && len(was.reasons) == 0 {
		list.Add("reasons", "desk.problem.reasons")
	}
	for _, text := range [][2]string{{"note", was.note}, {"internal", was.internal}} {
		if utf8.RuneCountInString(text[1]) > longestNote {
			list.Add(text[0], "desk.problem.long", "n", longestNote)
		}
	}
	return list
}

// grounds gives the reasons of a form. When steps are asked again, a reason that is about one of them names it, so that the applicant reads
// it there and not beside the others.
func (a act) grounds(s usher.Session, was sent) []usher.Reason {
	var list []usher.Reason
	for _, code := range was.reasons {
		why := usher.Reason{Code: usher.ReasonCode(code)}
		for _, id := range was.steps {
			if st, ok := s.Step(id); a.steps && ok && st.Kind == about(why.Code) {
				why.Step = id
			}
		}
		list = append(list, why)
	}
	return list
}

// changedData is what is shown to a reviewer whose decision was not taken: another was faster, or the state does not allow it.
type changedData struct {
	frame
	Key      string // below which the words are
	S        usher.Session
	Name     string
	Decision *decision
	Reasons  []reason
	Held     *held // another decision waits to be carried out
}

// changed tells that nothing was decided, and why: the case has moved on since the reviewer looked at it, or does not take the decision.
func (d *Desk) changed(w http.ResponseWriter, r *http.Request, v visit, s usher.Session, looked int64) error {
	a, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return err
	}
	key := "desk.changed"
	if looked == s.Version {
		key = "desk.not_now"
	}
	who := d.people(v)
	kept, err := d.held(r.Context(), v, s, who)
	if err != nil {
		return err
	}
	page := v.page("changed", changedData{
		v.frame(), key, s, v.say.person(a), decided(r.Context(), s, v.say, who), v.say.reasons(s.Reasons), kept,
	})
	page.Status = http.StatusConflict
	return d.Render(w, r, page)
}
