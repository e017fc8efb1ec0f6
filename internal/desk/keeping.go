package desk

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// keepingRoutes lists the pages of how long applicants are kept: a tenant's rules, and one applicant.
func (d *Desk) keepingRoutes() {
	plain := web.Route{}
	d.on("GET /settings/retention", usher.ActSetRetention, plain, d.rulesPage)
	d.on("POST /settings/retention", usher.ActSetRetention, plain, d.takeKeepRules)
	d.on("GET /cases/{id}/keeping", usher.ActErase, plain, d.keepingPage)
	d.on("POST /cases/{id}/keeping/{act}", usher.ActErase, plain, d.changeKeeping)
}

// rulesData is the form of a tenant's rules, and what they would do when that was asked.
type rulesData struct {
	frame
	Rows    []ruleRow
	Bodies  string
	Tried   bool
	Plan    []planned
	Nothing bool
	Done    bool
}

type ruleRow struct {
	Name string // abandoned, rejected or approved
	Days string // as given
	Duty bool
}

type planned struct {
	Basis usher.KeepBasis
	N     int
}

func ruleRows(r usher.KeepRules) []ruleRow {
	var rows []ruleRow
	for _, one := range []struct {
		name string
		rule usher.KeepRule
	}{{"abandoned", r.Abandoned}, {"rejected", r.Rejected}, {"approved", r.Approved}} {
		rows = append(rows, ruleRow{Name: one.name, Days: strconv.Itoa(one.rule.Days), Duty: one.rule.Duty})
	}
	return rows
}

func (d *Desk) rulesPage(w http.ResponseWriter, r *http.Request, v visit) error {
	rules, err := d.config.Service.KeepRules(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	data := rulesData{frame: v.frame(), Rows: ruleRows(rules), Bodies: strconv.Itoa(rules.Bodies), Done: r.URL.Query().Get("done") != ""}
	return d.Render(w, r, v.page("retention", data))
}

// takeKeepRules saves the rules, or tells only whom they would erase today.
func (d *Desk) takeKeepRules(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	var problems web.Errors
	days := func(field string) int {
		n, err := strconv.Atoi(strings.TrimSpace(r.PostForm.Get(field)))
		if err != nil || n < 0 || n > usher.MostKeepDays {
			problems.Add(field, "desk.problem.days")
			return 0
		}
		return n
	}
	rule := func(field string) usher.KeepRule {
		return usher.KeepRule{Days: days(field), Duty: r.PostForm.Get(field+"_duty") != ""}
	}
	rules := usher.KeepRules{Abandoned: rule("abandoned"), Rejected: rule("rejected"), Approved: rule("approved"), Bodies: days("bodies")}
	data := rulesData{frame: v.frame(), Rows: ruleRows(rules), Bodies: r.PostForm.Get("bodies")}
	for i := range data.Rows {
		data.Rows[i].Days = r.PostForm.Get(data.Rows[i].Name)
	}
	page := v.page("retention", data)
	if len(problems) > 0 {
		page.Status, page.Errors = http.StatusUnprocessableEntity, problems
		return d.Render(w, r, page)
	}
	if r.PostForm.Get("try") == "" {
		if err := d.config.Service.SetKeepRules(r.Context(), v.tenant.ID, rules, v.staff.Actor()); err != nil {
			return err
		}
		return d.See(w, r, "/settings/retention?done=1")
	}
	plan, _, err := d.config.Service.KeepPlan(r.Context(), v.tenant.ID, rules, d.config.Now(), 0)
	if err != nil {
		return err
	}
	data.Tried, data.Nothing = true, len(plan) == 0
	for _, basis := range []usher.KeepBasis{usher.KeptAbandoned, usher.KeptRejected, usher.KeptApproved} {
		if plan[basis] > 0 {
			data.Plan = append(data.Plan, planned{basis, plan[basis]})
		}
	}
	page.Data = data
	return d.Render(w, r, page)
}

// keepingData is one applicant: why they are kept, until when, and what can be done about it.
type keepingData struct {
	frame
	Case    string
	Name    string
	Kept    usher.Kept
	Keeping usher.Keeping
	Ended   string // day of the relationship's end, YYYY-MM-DD
	Asked   bool
	Done    string // key of what was just done
}

func (d *Desk) keepingPage(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.keepingWith(w, r, v, nil)
}

func (d *Desk) keepingWith(w http.ResponseWriter, r *http.Request, v visit, problems web.Errors) error {
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	a, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return err
	}
	if err := d.note(r.Context(), v, "case.viewed", s.ID, ""); err != nil {
		return err
	}
	data := keepingData{frame: v.frame(), Case: s.ID, Name: v.say.person(a), Keeping: a.Keeping, Asked: a.Restricted()}
	if data.Kept, err = d.config.Service.Kept(r.Context(), v.tenant.ID, a.ID); err != nil {
		return err
	}
	if !a.Keeping.EndedAt.IsZero() {
		data.Ended = a.Keeping.EndedAt.Format(time.DateOnly)
	}
	if done := "desk.keeping.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done = done
	}
	page := v.page("keeping", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// changeKeeping puts an applicant on hold, lifts that, takes in the end of the relationship, or erases them.
func (d *Desk) changeKeeping(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	act, by := r.PathValue("act"), v.staff.Actor()
	var problems web.Errors
	var a usher.Applicant
	switch act {
	case "hold":
		reason := strings.TrimSpace(r.PostForm.Get("reason"))
		if reason == "" || len(reason) > usher.LongestHoldReason {
			problems.Add("reason", "desk.problem.hold")
			break
		}
		a, err = d.config.Service.HoldApplicant(r.Context(), v.tenant.ID, s.ApplicantID, reason, by)
	case "lift":
		a, err = d.config.Service.HoldApplicant(r.Context(), v.tenant.ID, s.ApplicantID, "", by)
	case "ended":
		var at time.Time
		if day := strings.TrimSpace(r.PostForm.Get("day")); day != "" {
			if at, err = time.Parse(time.DateOnly, day); err != nil || at.After(d.config.Now()) {
				problems.Add("day", "desk.problem.ended")
				err = nil
				break
			}
		}
		a, err = d.config.Service.EndRelationship(r.Context(), v.tenant.ID, s.ApplicantID, at, by)
	case "erase":
		if r.PostForm.Get("sure") == "" {
			problems.Add("sure", "desk.problem.sure")
			break
		}
		a, err = d.config.Service.EraseApplicant(r.Context(), v.tenant.ID, s.ApplicantID, by)
		if err == nil && a.Erased {
			return d.See(w, r, "/cases/"+s.ID) // which says so
		}
	default:
		return usher.NotFound("page")
	}
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return d.keepingWith(w, r, v, problems)
	}
	return d.See(w, r, "/cases/"+s.ID+"/keeping?done="+act)
}
