package desk

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

const longestField = 200 // characters of a corrected field

var countryShape = regexp.MustCompile(`^[A-Z]{2}$`)

// correctable are the fields of a document that a reviewer may set right, with the hint that each needs.
func correctable() []string {
	return []string{"last_name", "first_name", "date_of_birth", "nationality", "number", "issuing_country", "expiry", "sex"}
}

// correctData is what the form of a correction shows.
type correctData struct {
	frame
	S       usher.Session
	Name    string
	Fields  []correctField
	Version int64

	Pictures []evidence // of the document
}

type correctField struct {
	Name, Label, Hint, Was, Value string
}

// canCorrect tells whether there is something read that may be set right now.
func canCorrect(s usher.Session, who usher.Staff) bool {
	states := []usher.State{usher.InReview, usher.Submitted, usher.Approved, usher.Rejected}
	return who.Role.May(usher.ActWorkOnCase) && slices.Contains(states, s.State) && len(readFields(s)) > 0
}

// inForce gives what is known of a document: what was read, or what a reviewer made of it.
func inForce(s usher.Session) map[string]string {
	known := readFields(s)
	for _, c := range s.Facts {
		known[c.Field] = c.New
	}
	return known
}

func (d *Desk) correctPage(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !canCorrect(s, v.staff) {
		return d.changed(w, r, v, s, s.Version)
	}
	if err := d.note(r.Context(), v, "case.viewed", s.ID, ""); err != nil {
		return err
	}
	return d.correctForm(w, r, v, s, s.Version, inForce(s), nil)
}

func (d *Desk) correctForm(w http.ResponseWriter, r *http.Request, v visit, s usher.Session, version int64, values map[string]string, problems web.Errors) error {
	a, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return err
	}
	data := correctData{frame: v.frame(), S: s, Name: v.say.person(a), Version: version}
	for _, e := range s.InForce() {
		shown := v.say.evidence(e)
		if shown.IsPicture() && (e.Kind == usher.DocumentFront || e.Kind == usher.DocumentBack) {
			data.Pictures = append(data.Pictures, shown)
		}
	}
	known := inForce(s)
	for _, name := range correctable() {
		f := correctField{Name: name, Label: v.say.name("desk.field.", name), Was: known[name], Value: values[name]}
		if hint := "desk.correct.hint." + name; d.Catalog().Has(hint) {
			f.Hint = v.say.text(hint)
		}
		data.Fields = append(data.Fields, f)
	}
	page := v.page("correct", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// correct takes corrections. They are told to the client, so a form without a change tells nothing.
func (d *Desk) correct(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	if err != nil || version < 1 {
		return usher.Invalid("version", "open the form again")
	}
	if version != s.Version || !canCorrect(s, v.staff) {
		return d.changed(w, r, v, s, version)
	}
	known, values := inForce(s), map[string]string{}
	var facts []usher.Correction
	var problems web.Errors
	for _, name := range correctable() {
		value := strings.TrimSpace(r.PostForm.Get(name))
		values[name] = value
		if value == known[name] || (value == "" && !r.PostForm.Has(name)) {
			continue
		}
		if key := wrongField(name, value); key != "" {
			problems.Add(name, key, "n", longestField)
		}
		facts = append(facts, usher.Correction{Field: name, Old: known[name], New: value})
	}
	if len(facts) == 0 {
		problems.Add(correctable()[0], "desk.problem.unchanged")
	}
	if len(problems) > 0 {
		return d.correctForm(w, r, v, s, version, values, problems)
	}
	cmd := usher.Command{Kind: usher.CmdCorrect, By: v.staff.Actor(), IfVersion: version, Facts: facts}
	_, err = d.config.Service.Do(r.Context(), v.tenant.ID, s.ID, cmd)
	if code, _ := told(err); code == usher.CodeConflict {
		if s, err = d.config.Service.Session(r.Context(), v.tenant.ID, s.ID); err != nil {
			return err
		}
		return d.changed(w, r, v, s, version)
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/cases/"+s.ID+"?done=correct#facts")
}

// wrongField gives the key of what is wrong with a field, or "". A field may be emptied: what was read may not be there at all.
func wrongField(name, value string) string {
	if utf8.RuneCountInString(value) > longestField {
		return "desk.problem.long"
	}
	if value == "" {
		return ""
	}
	switch name {
	case "date_of_birth", "expiry":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "desk.problem.date"
		}
	case "nationality", "issuing_country":
		if !countryShape.MatchString(value) {
			return "desk.problem.country"
		}
	case "sex":
		if !slices.Contains([]string{"M", "F", "X"}, value) {
			return "desk.problem.sex"
		}
	}
	return ""
}
