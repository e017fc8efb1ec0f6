package hosted

import (
	"errors"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// detailsPage asks for one topic of a person's details.
type detailsPage struct {
	progress
	Topic     usher.DetailField
	Title     string // key
	Why       []usher.ReasonCode
	Hidden    bool // something typed elsewhere is not shown
	Filled    bool // the client filled something in
	Countries []country

	values map[string]string
}

// Value gives what a field of the form shows.
func (p detailsPage) Value(field string) string { return p.values[field] }

// Mark gives the words beside a field that the client filled in, and "" beside any other.
func (p detailsPage) Mark(field, words string) string {
	if p.Filled && p.values[field] != "" {
		return words
	}
	return ""
}

// titles are the keys of the headings. It is never written to.
var titles = map[usher.DetailField]string{
	usher.AskName: "details.name", usher.AskDateOfBirth: "details.birth", usher.AskNationality: "details.nationality",
	usher.AskAddress: "details.address", usher.AskContact: "details.contact",
}

func (t *turn) detailsPage() (detailsPage, usher.StepStatus) {
	st, _ := stepOf(t.s, usher.StepDetails)
	topic := topicAt(t.at)
	return detailsPage{
		progress: t.progress(), Topic: topic, Title: titles[topic], Why: t.whyTopic(st, topic), Countries: t.h.countries[t.lang()], values: map[string]string{},
	}, st
}

// whyTopic gives why a topic is asked again: the reasons that name one of its fields, or no field at all.
func (t *turn) whyTopic(st usher.StepStatus, topic usher.DetailField) []usher.ReasonCode {
	own := slices.DeleteFunc(slices.Clone(st.Redo), func(r usher.Reason) bool {
		return r.Field != "" && fieldTopic(r.Field) != "" && fieldTopic(r.Field) != topic
	})
	return codes(own)
}

// fieldTopic gives the topic that a detail belongs to, by the name that reasons give it.
func fieldTopic(field string) usher.DetailField {
	switch field[strings.LastIndexByte(field, '.')+1:] {
	case "first_name", "last_name", "name":
		return usher.AskName
	case "date_of_birth", "birth_date":
		return usher.AskDateOfBirth
	case "nationality":
		return usher.AskNationality
	case "address", "street", "city", "postal_code", "region", "country":
		return usher.AskAddress
	case "email", "phone":
		return usher.AskContact
	}
	return ""
}

// showDetails shows what is known, so that nothing is asked twice: what the client gave is marked; what was typed in a browser that this one
// took over from is left out.
func (t *turn) showDetails() error {
	p, st := t.detailsPage()
	a, err := t.h.config.Service.Applicant(t.ctx(), t.s.TenantID, t.s.ApplicantID)
	if err != nil {
		return err
	}
	if p.Hidden = t.hides(p.Topic); !p.Hidden {
		p.values = formOf(a.Details)
	}
	// What stands there before anybody was asked came from the client.
	if !p.Hidden && st.State != usher.StepDone && len(st.Redo) == 0 && !t.note.typed(p.Topic) {
		p.Filled = slices.ContainsFunc(inputsOf[p.Topic], func(field string) bool { return p.values[field] != "" })
	}
	return t.render("details", p, nil)
}

// hides tells whether a topic may have been given by somebody at another browser.
func (t *turn) hides(topic usher.DetailField) bool { return t.visit.Took && !t.note.typed(topic) }

// details takes the form of one topic. What was given is kept at once, so that it is there when the person comes back; with the last topic the
// step is done.
func (t *turn) details() error {
	p, st := t.detailsPage()
	a, err := t.h.config.Service.Applicant(t.ctx(), t.s.TenantID, t.s.ApplicantID)
	if err != nil {
		return err
	}
	for _, field := range inputsOf[p.Topic] {
		p.values[field] = strings.TrimSpace(t.r.PostFormValue(field))
	}
	d, errs := readDetails(a.Details, p.values, []usher.DetailField{p.Topic}, t.h.kit.Catalog(), t.h.config.now())
	if len(errs) > 0 {
		return t.render("details", p, errs)
	}
	c := usher.Command{Kind: usher.CmdOpen, Details: &d}
	if st.State == usher.StepDone || !slices.ContainsFunc(asked(t.s, st), func(f usher.DetailField) bool { return f != p.Topic && !t.note.typed(f) }) {
		c.Kind, c.Step = usher.CmdCompleteStep, st.ID
	}
	if err := t.do(c); err != nil {
		if field := refused(err, p.Topic); field != "" {
			return t.render("details", p, web.Errors{{Field: field, Key: "wrong." + wrongKey(field)}})
		}
		return err
	}
	if !t.note.typed(p.Topic) {
		t.note.Typed = append(t.note.Typed, p.Topic)
	}
	t.remember()
	return t.goHome()
}

// refused names the field of the form that the domain refused, or "".
func refused(err error, topic usher.DetailField) string {
	if !isCode(err, usher.CodeInvalid) {
		return ""
	}
	var e *usher.Error
	if !errors.As(err, &e) {
		return ""
	}
	field := e.Field[strings.LastIndexByte(e.Field, '.')+1:]
	if field == "date_of_birth" {
		field = "birth_day"
	}
	if slices.Contains(inputsOf[topic], field) {
		return field
	}
	return ""
}

func wrongKey(field string) string {
	switch field {
	case "birth_day", "birth_month", "birth_year":
		return "birth.real"
	case "region", "postal_code":
		return "street"
	}
	return field
}
