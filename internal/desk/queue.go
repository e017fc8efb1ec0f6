package desk

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

const (
	rowsPerPage = 25
	mostFound   = 5 // applicants whose sessions a search shows
)

var idShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

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
	Here      bool // it is the case on this page
}

type queueData struct {
	frame
	Tabs  []usher.State
	Tab   usher.State
	Query string
	Rows  []row
	Next  string
	After string
}

func (d *Desk) queue(w http.ResponseWriter, r *http.Request, v visit) error {
	q := r.URL.Query()
	data := queueData{frame: v.frame(), Tabs: tabs(), Tab: tab(q.Get("state")), After: q.Get("after"), Query: strings.TrimSpace(q.Get("q"))}
	if data.Query != "" {
		found, err := d.search(r.Context(), v.tenant.ID, data.Query)
		if err != nil {
			return err
		}
		if len(found) == 1 {
			return d.See(w, r, "/cases/"+found[0].ID)
		}
		data.Tab = ""
		data.Rows, err = d.rows(r.Context(), v, found)
		if err != nil {
			return err
		}
		return d.Render(w, r, v.page("queue", data))
	}
	f := usher.SessionFilter{State: data.Tab, Paging: usher.Paging{Limit: rowsPerPage, After: data.After}}
	if data.Tab == "all" {
		f.State = ""
	}
	// Who waits longest is first in what needs a decision; elsewhere the newest is what one looks for.
	f.Oldest = data.Tab == usher.InReview
	page, err := d.config.Service.ListSessions(r.Context(), v.tenant.ID, f)
	if err != nil {
		return err
	}
	data.Next = page.Next
	if data.Rows, err = d.rows(r.Context(), v, page.Items); err != nil {
		return err
	}
	return d.Render(w, r, v.page("queue", data))
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
func (q queueData) Mixed() bool { return q.Tab == "" || q.Tab == "all" }

// NextURL is the query of the following page.
func (q queueData) NextURL() string {
	return "?" + url.Values{"state": {string(q.Tab)}, "after": {q.Next}}.Encode()
}

// search finds sessions by their id or reference, or by the id, reference or e-mail address of their applicant.
func (d *Desk) search(ctx context.Context, tenant, query string) ([]usher.Session, error) {
	service := d.config.Service
	var who []string
	switch {
	case idShape.MatchString(query):
		s, err := service.Session(ctx, tenant, query)
		if err == nil {
			return []usher.Session{s}, nil
		}
		if code, _ := told(err); code != usher.CodeNotFound {
			return nil, err
		}
		who = []string{query}
	default:
		page, err := service.ListSessions(ctx, tenant, usher.SessionFilter{Reference: query, Paging: usher.Paging{Limit: rowsPerPage}})
		if err != nil || len(page.Items) > 0 {
			return page.Items, err
		}
		f := usher.ApplicantFilter{Reference: query, Paging: usher.Paging{Limit: mostFound}}
		if strings.Contains(query, "@") {
			f = usher.ApplicantFilter{Email: query, Paging: f.Paging}
		}
		people, err := service.ListApplicants(ctx, tenant, f)
		if err != nil {
			return nil, err
		}
		for _, a := range people.Items {
			who = append(who, a.ID)
		}
	}
	var found []usher.Session
	for _, id := range who {
		page, err := service.ListSessions(ctx, tenant, usher.SessionFilter{ApplicantID: id, Paging: usher.Paging{Limit: rowsPerPage}})
		if err != nil {
			return nil, err
		}
		found = append(found, page.Items...)
	}
	return found, nil
}

// rows puts sessions into words.
func (d *Desk) rows(ctx context.Context, v visit, sessions []usher.Session) ([]row, error) {
	names := map[string]string{}
	list := make([]row, len(sessions))
	for i, s := range sessions {
		name, ok := names[s.ApplicantID]
		if !ok {
			a, err := d.config.Service.Applicant(ctx, v.tenant.ID, s.ApplicantID)
			if code, _ := told(err); err != nil && code != usher.CodeGone {
				return nil, err
			}
			name = v.say.person(a)
			names[s.ApplicantID] = name
		}
		since := waitingSince(s)
		list[i] = row{
			ID: s.ID, Name: name, Reference: s.Reference, State: s.State, Flow: s.FlowName, Reasons: v.say.reasons(s.Reasons),
			Since: since, Waits: v.say.span(d.config.Now().Sub(since)),
		}
	}
	return list, nil
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
