package desk

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

const (
	rowsPerPage = 25
	mostFound   = 25
	// mostCounted is up to where the cases of a queue are counted: "99+" is enough to know.
	mostCounted = 100
)

// queueName is a queue of cases. The empty one lists sessions by their state, cases or not.
type queueName string

const (
	mine    queueName = "mine"
	free    queueName = "action"
	overdue queueName = "overdue"
	every   queueName = "all"
	byState queueName = ""
)

func queueNames() []queueName { return []queueName{mine, free, overdue, every} }

// tabs are the states in the order of a reviewer's interest; the last shows all.
func tabs() []usher.State {
	return []usher.State{
		usher.InReview, usher.Submitted, usher.AwaitingApplicant, usher.InProgress, usher.Created, usher.Approved, usher.Rejected,
		usher.Expired, usher.Cancelled, "all",
	}
}

// row is a case in a list.
type row struct {
	ID        string
	Name      string
	Reference string
	State     usher.State
	Flow      string
	Reasons   []reason
	Waits     string
	Since     time.Time
	Due       *due
	With      string // who has it
	Tags      []string
	Held      bool // somebody has decided, and can still take it back
	Here      bool // it is the case on this page
}

// due is until when a case is to be decided.
type due struct {
	At   time.Time
	Text string
	Late bool
	Soon bool // less than a quarter of its time is left
}

type queueData struct {
	frame
	Queues []queueTab
	Queue  queueName
	Tabs   []usher.State
	Tab    usher.State
	Query  string
	Filter filterForm
	Rows   []row
	Next   string // query of the following page
	Takes  bool   // cases
	None   bool   // there was no case to take
}

// queueTab is one queue with how much waits in it.
type queueTab struct {
	Name  queueName
	Count int
	More  bool // and more
}

func (d *Desk) queue(w http.ResponseWriter, r *http.Request, v visit) error {
	q := r.URL.Query()
	data := queueData{
		frame: v.frame(), Tabs: tabs(), Query: strings.TrimSpace(q.Get("q")), Queue: every, Takes: v.staff.Role.May(usher.ActTakeCase),
		None: q.Has("none"),
	}
	var err error
	switch {
	case data.Query != "":
		data.Queue = byState
		found, err := d.config.Service.FindSessions(r.Context(), v.tenant.ID, data.Query, mostFound)
		if err != nil {
			return err
		}
		if len(found) == 1 {
			return d.See(w, r, "/cases/"+found[0].SessionID)
		}
		data.Rows = d.caseRows(r.Context(), v, found)
	case q.Has("state") && !q.Has("queue"):
		data.Queue = byState
		err = d.listSessions(r.Context(), v, q, &data)
	default:
		err = d.listCases(r.Context(), v, q, &data)
	}
	if err == nil {
		data.Queues, err = d.counted(r.Context(), v)
	}
	if err != nil {
		return err
	}
	return d.Render(w, r, v.page("queue", data))
}

// counted gives the queues with what waits in each.
func (d *Desk) counted(ctx context.Context, v visit) ([]queueTab, error) {
	n, err := d.config.Service.CountCases(ctx, v.tenant.ID, v.staff.ID, d.config.Now(), mostCounted)
	if err != nil {
		return nil, err
	}
	list := make([]queueTab, 0, len(queueNames()))
	for _, name := range queueNames() {
		c := map[queueName]int{mine: n.Mine, free: n.Free, overdue: n.Overdue, every: n.All}[name]
		list = append(list, queueTab{Name: name, Count: min(c, mostCounted-1), More: c >= mostCounted})
	}
	return list, nil
}

// listCases reads a page of a queue.
func (d *Desk) listCases(ctx context.Context, v visit, q url.Values, data *queueData) error {
	for _, name := range queueNames() {
		if q.Get("queue") == string(name) {
			data.Queue = name
		}
	}
	f, err := d.filter(ctx, v, q, data)
	if err != nil {
		return err
	}
	page, err := d.config.Service.ListCases(ctx, v.tenant.ID, f)
	if err != nil {
		return err
	}
	data.Rows = d.caseRows(ctx, v, page.Items)
	if page.Next != "" {
		data.Next = data.Filter.query(data.Queue, page.Next)
	}
	return nil
}

// listSessions reads a page of all sessions of a state, newest first but for those that wait for a decision.
func (d *Desk) listSessions(ctx context.Context, v visit, q url.Values, data *queueData) error {
	data.Tab = tab(q.Get("state"))
	f := usher.SessionFilter{State: data.Tab, Paging: usher.Paging{Limit: rowsPerPage, After: q.Get("after")}}
	if data.Tab == "all" {
		f.State = ""
	}
	f.Oldest = data.Tab == usher.InReview
	page, err := d.config.Service.ListSessions(ctx, v.tenant.ID, f)
	if err != nil {
		return err
	}
	if page.Next != "" {
		data.Next = "?" + url.Values{"state": {string(data.Tab)}, "after": {page.Next}}.Encode()
	}
	data.Rows, err = d.rows(ctx, v, page.Items)
	return err
}

func tab(state string) usher.State {
	for _, t := range tabs() {
		if string(t) == state {
			return t
		}
	}
	return usher.InReview
}

// Mixed tells whether the cases listed are in different states.
func (q queueData) Mixed() bool {
	return q.Query != "" || q.Tab == "all" || (q.Queue == every && q.Filter.State != string(usher.InReview))
}

// Cases tells whether what is listed are cases: with a time they are due and somebody who has them.
func (q queueData) Cases() bool { return q.Queue != byState }

// caseRows puts cases into words.
func (d *Desk) caseRows(ctx context.Context, v visit, items []usher.CaseItem) []row {
	who, now := d.people(v), d.config.Now()
	list := make([]row, len(items))
	for i, it := range items {
		s := it.Session
		list[i] = v.say.row(s, it.Applicant, now)
		list[i].Due, list[i].Tags, list[i].Held = v.say.due(it.Case, now), it.Tags, it.Held != nil
		if it.Assignee != "" {
			list[i].With = who.member(ctx, it.Assignee)
		}
	}
	return list
}

// rows puts sessions into words.
func (d *Desk) rows(ctx context.Context, v visit, sessions []usher.Session) ([]row, error) {
	known, now := map[string]usher.Applicant{}, d.config.Now()
	list := make([]row, len(sessions))
	for i, s := range sessions {
		a, ok := known[s.ApplicantID]
		if !ok {
			var err error
			a, err = d.config.Service.Applicant(ctx, v.tenant.ID, s.ApplicantID)
			if code, _ := told(err); err != nil && code != usher.CodeGone {
				return nil, err
			}
			known[s.ApplicantID] = a
		}
		list[i] = v.say.row(s, a, now)
	}
	return list, nil
}

func (w words) row(s usher.Session, a usher.Applicant, now time.Time) row {
	since := waitingSince(s)
	return row{
		ID: s.ID, Name: w.person(a), Reference: s.Reference, State: s.State, Flow: s.FlowName, Reasons: w.reasons(s.Reasons),
		Since: since, Waits: w.span(now.Sub(since)),
	}
}

// due says how much time is left for a case, or how long it is overdue; nil when nobody waits for a decision.
func (w words) due(c usher.Case, now time.Time) *due {
	if c.State != usher.InReview || c.DueAt.IsZero() {
		return nil
	}
	left := c.DueAt.Sub(now)
	if c.Overdue(now) {
		return &due{At: c.DueAt, Late: true, Text: w.text("desk.due.late", "span", w.span(-left))}
	}
	const quarter = 4
	return &due{At: c.DueAt, Soon: left < c.DueAt.Sub(c.OpenedAt)/quarter, Text: w.text("desk.due.left", "span", w.span(left))}
}

// person gives a name to call an applicant by.
func (w words) person(a usher.Applicant) string {
	name := strings.TrimSpace(a.Details.FirstName + " " + a.Details.LastName)
	switch {
	case name != "":
		return name
	case a.Erased || a.ID == "":
		return w.text("desk.person.erased")
	}
	return w.text("desk.person.unnamed")
}

// waitingSince is when the state began that somebody waits in, as near as the session tells.
func waitingSince(s usher.Session) time.Time {
	switch s.State {
	case usher.Submitted, usher.InReview:
		if !s.SubmittedAt.IsZero() {
			return s.SubmittedAt
		}
	case usher.Approved, usher.Rejected:
		if !s.DecidedAt.IsZero() {
			return s.DecidedAt
		}
	case usher.Created:
		return s.CreatedAt
	case usher.InProgress, usher.AwaitingApplicant, usher.Expired, usher.Cancelled:
	}
	return s.UpdatedAt
}
