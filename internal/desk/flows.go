package desk

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/flow"
	"github.com/usher-kyc/usher/internal/web"
)

// flowData is the page of one flow: its text, what is wrong with it, and how it came about.
type flowData struct {
	frame
	Name     string // "" for a new one
	Text     string
	Checked  bool // the text was looked at
	Problems []flow.Problem
	Steps    []usher.Step // of the text, when nothing is wrong with it
	Versions []usher.FlowVersion
	Shown    int // version whose text is shown
	Than     int // version it is compared with, or 0
	Diff     []diffLine
	Done     bool
}

// flowPage shows the newest version, or the one that is asked for, beside what it changed.
func (d *Desk) flowPage(w http.ResponseWriter, r *http.Request, v visit) error {
	data := flowData{frame: v.frame(), Name: r.PathValue("name"), Done: r.URL.Query().Get("done") != ""}
	var err error
	if data.Versions, err = d.config.Service.FlowVersions(r.Context(), v.tenant.ID, data.Name); err != nil {
		return err
	}
	if len(data.Versions) == 0 {
		return usher.NotFound("flow")
	}
	data.Shown = data.Versions[0].Version
	if n, err := strconv.Atoi(r.URL.Query().Get("version")); err == nil {
		data.Shown = n
	}
	if data.Text, err = d.config.Service.FlowText(r.Context(), v.tenant.ID, data.Name, data.Shown); err != nil {
		return err
	}
	if data.Than = data.Shown - 1; data.Than > 0 {
		before, err := d.config.Service.FlowText(r.Context(), v.tenant.ID, data.Name, data.Than)
		if err != nil {
			return err
		}
		data.Diff = diff(before, data.Text)
	}
	return d.Render(w, r, v.page("flow", data))
}

// newFlow shows an empty text, or one to begin with.
func (d *Desk) newFlow(w http.ResponseWriter, r *http.Request, v visit) error {
	data := flowData{frame: v.frame(), Text: "name: \nsteps:\n  - consent: {text: identity-check}\n  - details: {ask: [name, date_of_birth]}\n  - document\n" +
		"  - selfie\n  - run: [document, face]\n  - decide: {automatic: approve}\n"}
	if like := r.URL.Query().Get("like"); like != "" {
		text, err := d.config.Service.FlowText(r.Context(), v.tenant.ID, like, 0)
		if err != nil {
			return err
		}
		data.Text = strings.Replace(text, "name: "+like, "name: "+like+"-2", 1)
	}
	return d.Render(w, r, v.page("flow", data))
}

// takeFlow checks a text, and publishes it where that was asked for and nothing is wrong with it.
func (d *Desk) takeFlow(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data := flowData{frame: v.frame(), Name: r.PathValue("name"), Checked: true}
	data.Text = strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")
	f, problems := d.config.ReadFlow(data.Text)
	if len(problems) == 0 && data.Name != "" && f.Name != data.Name {
		problems = []flow.Problem{{Line: 1, Message: v.say.text("desk.flow.other_name", "name", f.Name), Cure: v.say.text("desk.flow.other_name.cure", "name", data.Name)}}
	}
	if len(problems) == 0 && data.Name == "" {
		taken, err := d.config.Service.FlowVersions(r.Context(), v.tenant.ID, f.Name)
		if err != nil {
			return err
		}
		problems = wrongName(f.Name, len(taken) > 0, v)
	}
	data.Problems = problems
	if len(problems) == 0 {
		data.Steps = f.Steps
		if r.PostForm.Get("do") == "publish" {
			return d.publish(w, r, v, f, data.Text)
		}
	}
	var err error
	if data.Versions, err = d.config.Service.FlowVersions(r.Context(), v.tenant.ID, data.Name); err != nil {
		return err
	}
	if len(data.Versions) > 0 {
		data.Than = data.Versions[0].Version
		before, err := d.config.Service.FlowText(r.Context(), v.tenant.ID, data.Name, data.Than)
		if err != nil {
			return err
		}
		data.Diff = diff(before, data.Text)
	}
	page := v.page("flow", data)
	if len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
		page.Errors = web.Errors{{Field: "text", Key: "desk.flow.wrong"}}
	}
	return d.Render(w, r, page)
}

// wrongName says why a new flow may not have a name: its page needs an address, and who makes a new flow does not mean to change another.
func wrongName(name string, taken bool, v visit) []flow.Problem {
	key := "desk.flow.bad_name"
	switch {
	case url.PathEscape(name) != name || name == "new" || strings.Trim(name, ".") == "":
	case taken:
		key = "desk.flow.taken"
	default:
		return nil
	}
	return []flow.Problem{{Line: 1, Message: v.say.text(key, "name", name), Cure: v.say.text(key + ".cure")}}
}

func (d *Desk) publish(w http.ResponseWriter, r *http.Request, v visit, f usher.Flow, text string) error {
	made, err := d.config.Service.PublishFlow(r.Context(), v.tenant.ID, f, text)
	if err != nil {
		return err
	}
	return d.See(w, r, "/settings/flows/"+url.PathEscape(made.Name)+"?done=1")
}
