package desk

import "net/http"

// Whether single-letter keys are on is a matter of the person at this browser (WCAG 2.2, 2.1.4: it must be possible to switch them off).
const (
	keysCookie = "desk-keys"
	keysOff    = "off"
	keysAge    = 365 * 24 * 3600 // seconds
)

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
		{"a", "desk.act.approve"},
		{"r", "desk.act.reject"},
		{"i", "desk.act.ask-again"},
		{"h", "desk.keys.hit"},
		{"/", "desk.keys.search"},
		{"q", "desk.keys.queue"},
		{"?", "desk.keys.help"},
	}
	return d.Render(w, r, v.page("keys", keysData{v.frame(), list, r.URL.Query().Has("done")}))
}

func (d *Desk) setKeys(w http.ResponseWriter, r *http.Request, _ visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if r.PostForm.Get("keys") == keysOff {
		d.SetCookie(w, keysCookie, keysOff, keysAge)
	} else {
		d.ClearCookie(w, keysCookie)
	}
	return d.See(w, r, "/keys?done")
}
