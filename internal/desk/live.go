package desk

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
)

// mostLive is how many events one look at the live view brings.
const mostLive = 50

// liveEvent is an event without anything of a person: what happened, when, and to which session.
type liveEvent struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Type    string    `json:"type"`
	Words   string    `json:"words"`
	Session string    `json:"session,omitempty"`
	Link    string    `json:"link,omitempty"`
}

type liveData struct {
	frame
	Events []liveEvent // newest first
	Cursor string
	Since  string // address to ask for what is newer
}

// live shows the newest events, and what comes after them while it is open.
func (d *Desk) live(w http.ResponseWriter, r *http.Request, v visit) error {
	page, err := d.config.Service.ListEvents(r.Context(), v.tenant.ID, usher.EventFilter{Paging: usher.Paging{Limit: mostLive}})
	if err != nil {
		return err
	}
	if err := d.note(r.Context(), v, "live.viewed", "", ""); err != nil {
		return err
	}
	data := liveData{frame: v.frame(), Since: d.URL("/live/since")}
	for _, e := range page.Items {
		data.Events = append(data.Events, d.liveEvent(e, v))
	}
	if len(page.Items) > 0 {
		data.Cursor = page.Items[0].ID
	}
	return d.Render(w, r, v.page("live", data))
}

func (d *Desk) liveEvent(e usher.Event, v visit) liveEvent {
	out := liveEvent{ID: e.ID, At: e.At.UTC().Truncate(time.Second), Type: string(e.Type), Words: v.say.name("desk.event.", string(e.Type)), Session: e.SessionID}
	if e.SessionID != "" {
		out.Link = d.URL("/cases/" + e.SessionID)
	}
	return out
}

// since gives what happened after an event, oldest first.
func (d *Desk) since(w http.ResponseWriter, r *http.Request, v visit) error {
	page, err := d.config.Service.ListEvents(r.Context(), v.tenant.ID, usher.EventFilter{
		Paging: usher.Paging{Limit: mostLive, After: r.URL.Query().Get("after"), Oldest: true},
	})
	if err != nil {
		return err
	}
	list := make([]liveEvent, 0, len(page.Items))
	for _, e := range page.Items {
		list = append(list, d.liveEvent(e, v))
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(list)
}
