package hosted

import (
	"errors"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// detailsPage is the form of the details step.
type detailsPage struct {
	progress
	Why       []usher.ReasonCode
	Hidden    bool // something typed elsewhere is not shown
	Filled    bool // the client filled something in
	Countries []country

	ask    []usher.DetailField
	values map[string]string
	filled map[string]bool // what came from the client
}

// Asks tells whether the flow asks for a field.
func (p detailsPage) Asks(f string) bool { return slices.Contains(p.ask, usher.DetailField(f)) }

// Value gives what a field of the form shows.
func (p detailsPage) Value(field string) string { return p.values[field] }

// Mark gives the words beside a field that the client filled in, and "" beside any other.
func (p detailsPage) Mark(field, words string) string {
	if p.filled[field] {
		return words
	}
	return ""
}

func (t *turn) detailsPage() (detailsPage, usher.StepStatus) {
	st, _ := stepOf(t.s, usher.StepDetails)
	def, _, _ := t.s.Flow.Step(st.ID)
	return detailsPage{
		progress: t.progress(), ask: def.Ask, Why: codes(st.Redo), Countries: t.h.countries[t.lang()],
		values: map[string]string{}, filled: map[string]bool{},
	}, st
}

// showDetails shows what is known, so that nothing is asked twice: what the client gave is marked; what was typed in a browser that this one
// took over from is left out.
func (t *turn) showDetails() error {
	p, st := t.detailsPage()
	a, err := t.h.config.Service.Applicant(t.ctx(), t.s.TenantID, t.s.ApplicantID)
	if err != nil {
		return err
	}
	p.Hidden = t.hidesDetails()
	if !p.Hidden {
		p.values = formOf(a.Details)
	}
	// What stands there before the step was ever done came from the client.
	if !p.Hidden && st.State != usher.StepDone && len(st.Redo) == 0 {
		for field, value := range p.values {
			p.filled[field] = value != ""
			p.Filled = p.Filled || value != ""
		}
	}
	return t.render("details", p, nil)
}

// hidesDetails tells whether the details may have been typed by somebody at another browser.
func (t *turn) hidesDetails() bool { return t.visit.Took && !t.note.Typed }

// details takes the form.
func (t *turn) details() error {
	p, st := t.detailsPage()
	a, err := t.h.config.Service.Applicant(t.ctx(), t.s.TenantID, t.s.ApplicantID)
	if err != nil {
		return err
	}
	for _, field := range detailInputs {
		p.values[field] = strings.TrimSpace(t.r.PostFormValue(field))
	}
	d, errs := readDetails(a.Details, p.values, p.ask, t.h.kit.Catalog(), t.h.config.now())
	if len(errs) > 0 {
		return t.render("details", p, errs)
	}
	if err := t.do(usher.Command{Kind: usher.CmdCompleteStep, Step: st.ID, Details: &d}); err != nil {
		if field := refused(err); field != "" {
			return t.render("details", p, web.Errors{{Field: field, Key: "wrong." + wrongKey(field)}})
		}
		return err
	}
	t.note.Typed = true
	t.remember()
	return t.goHome()
}

// refused names the field of the form that the domain refused, or "".
func refused(err error) string {
	if !isCode(err, usher.CodeInvalid) {
		return ""
	}
	var e *usher.Error
	if !errors.As(err, &e) {
		return ""
	}
	field := e.Field[strings.LastIndexByte(e.Field, '.')+1:]
	if field == "date_of_birth" {
		return "birth_day"
	}
	if slices.Contains(detailInputs, field) {
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
