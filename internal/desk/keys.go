package desk

import "net/http"

// keysOff is what the form says. Whether single-letter keys are on is a matter of the person (WCAG 2.2, 2.1.4: it must be possible to switch
// them off).
const keysOff = "off"

// key is a key and what it does.
type key struct{ Press, Does string }

type keysData struct {
	frame
	List []key
	Done bool
}

func (d *Desk) keysPage(w http.ResponseWriter, r *http.Request, v visit) error {
	list := []key{
		{"j", "desk.keys.next"},
		{"k", "desk.keys.prev"},
		{"Enter", "desk.keys.open"},
		{"e", "desk.keys.take"},
		{"a", "desk.act.approve"},
		{"r", "desk.act.reject"},
		{"i", "desk.act.ask-again"},
		{"u", "desk.undo"},
		{"c", "desk.correct"},
		{"n", "desk.keys.note"},
		{"t", "desk.keys.tag"},
		{"z", "desk.keys.zoom"},
		{"h", "desk.keys.hit"},
		{"f", "desk.keys.filter"},
		{"/", "desk.keys.search"},
		{"q", "desk.keys.queue"},
		{"?", "desk.keys.help"},
		{"Ctrl K", "desk.keys.commands"},
	}
	return d.Render(w, r, v.page("keys", keysData{v.frame(), list, r.URL.Query().Has("done")}))
}

func (d *Desk) setKeys(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := d.config.Door.SetKeys(r.Context(), v.staff.ID, r.PostForm.Get("keys") == keysOff); err != nil {
		return err
	}
	return d.See(w, r, "/keys?done")
}
