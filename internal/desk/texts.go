package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// textsData lists every reason with what applicants are told of it.
type textsData struct {
	frame
	Languages []web.Language
	Reasons   []reasonWords
	Longest   int
	Open      usher.ReasonCode // the reason whose words were just saved or refused
	Done      bool
}

// reasonWords is a reason, as the desk calls it, and its words for applicants in each language.
type reasonWords struct {
	reason

	Words []toldWords
	Own   int // languages with words of the tenant's
}

// toldWords is what applicants are told in one language: Ours, or Own in its place.
type toldWords struct {
	Language  web.Language
	Ours, Own string
	Field     string
}

// textsPage lists the reasons.
func (d *Desk) textsPage(w http.ResponseWriter, r *http.Request, v visit) error {
	data, err := d.textsData(r, v)
	if err != nil {
		return err
	}
	data.Open = usher.ReasonCode(r.URL.Query().Get("reason"))
	data.Done = r.URL.Query().Get("done") != ""
	return d.Render(w, r, v.page("texts", data))
}

func (d *Desk) textsData(r *http.Request, v visit) (textsData, error) {
	own, err := d.config.Texts.ReasonTexts(r.Context(), v.tenant.ID)
	if err != nil {
		return textsData{}, err
	}
	data := textsData{frame: v.frame(), Languages: d.spoken.Languages(), Longest: usher.LongestReasonText}
	for _, code := range usher.ReasonCodes() {
		one := reasonWords{reason: v.say.reason(usher.Reason{Code: code})}
		for _, lang := range data.Languages {
			told := toldWords{Language: lang, Ours: d.spoken.Text(lang.Tag, "reason."+string(code)), Field: string(code) + "." + lang.Tag}
			i := slices.IndexFunc(own, func(t usher.ReasonText) bool { return t.Reason == code && t.Language == lang.Tag })
			if i >= 0 {
				told.Own = own[i].Text
				one.Own++
			}
			one.Words = append(one.Words, told)
		}
		data.Reasons = append(data.Reasons, one)
	}
	return data, nil
}

// takeTexts takes the words of one reason, in all languages; those that did not change are left alone.
func (d *Desk) takeTexts(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data, err := d.textsData(r, v)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(data.Reasons, func(one reasonWords) bool { return string(one.Code) == r.PathValue("reason") })
	if i < 0 {
		return usher.NotFound("reason")
	}
	one := data.Reasons[i]
	var problems web.Errors
	var changed []usher.ReasonText
	for n, told := range one.Words {
		given, ok := r.PostForm[told.Field]
		if !ok || strings.TrimSpace(given[0]) == told.Own {
			continue
		}
		one.Words[n].Own = given[0]
		text, err := usher.CheckReasonText(usher.ReasonText{Reason: one.Code, Language: told.Language.Tag, Text: given[0]})
		if err != nil {
			problems.Add(told.Field, "desk.texts.wrong", "language", told.Language.Name, "n", usher.LongestReasonText)
		}
		changed = append(changed, text)
	}
	if len(problems) > 0 {
		data.Open = one.Code
		page := v.page("texts", data)
		page.Status, page.Errors = http.StatusUnprocessableEntity, problems
		return d.Render(w, r, page)
	}
	var failed error
	for _, text := range changed {
		failed = errors.Join(failed, d.config.Texts.PutReasonText(r.Context(), v.tenant.ID, text, v.staff.Actor()))
	}
	if failed != nil {
		return failed
	}
	return d.See(w, r, "/settings/texts?done=1&reason="+string(one.Code)+"#"+string(one.Code))
}
