package desk

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// soonEnds is how long before the end of a client its page and the settings say so.
const soonEnds = 14 * 24 * time.Hour

// Client is an API client with those of its secrets that have not ended, the newest first.
type Client struct {
	usher.APIClient
	DisabledAt time.Time
	Secrets    []Secret
}

// Secret is what is known of a secret: how it ends, when another takes its place, and when it was last used, to a minute.
type Secret struct {
	No                        int64
	Last4                     string
	CreatedAt, EndsAt, UsedAt time.Time
}

// clientRow is a client as a list shows it.
type clientRow struct {
	Client
	Status string // key of what is the matter with it, or ""
	Days   int    // until it ends, where that is soon
	Last4  string
	UsedAt time.Time
}

func clientRows(list []Client, now time.Time) []clientRow {
	rows := make([]clientRow, len(list))
	for i, c := range list {
		r := clientRow{Client: c}
		if len(c.Secrets) > 0 {
			r.Last4 = c.Secrets[0].Last4
		}
		for _, s := range c.Secrets {
			if s.UsedAt.After(r.UsedAt) {
				r.UsedAt = s.UsedAt
			}
		}
		switch left := c.ExpiresAt.Sub(now); {
		case !c.DisabledAt.IsZero():
			r.Status = "desk.client.revoked"
		case c.ExpiresAt.IsZero():
		case left <= 0:
			r.Status = "desk.client.expired"
		case left <= soonEnds:
			r.Status, r.Days = "desk.client.soon", int(left.Hours()/24)
		}
		rows[i] = r
	}
	return rows
}

type clientPage struct {
	frame
	C        clientRow
	Networks string // one a line, as it was sent
	Ends     string // date, as it was sent
	Overlaps []int  // hours
	Overlap  int    // the usual one of them
	Rotates  bool   // the reader may be told another secret
	Done     string
}

// overlaps are how long an old secret can be kept beside the new one, in hours.
func overlaps() []int { return []int{0, 1, usualOverlap, 7 * 24, 30 * 24} }

// usualOverlap is what is offered first, and taken where nothing is said: a day is time to bring the new secret everywhere, and none of it would shut
// out whatever still has the old one.
const usualOverlap = 24

// findClient gives a tenant's API client.
func (d *Desk) findClient(ctx context.Context, v visit, id string) (Client, error) {
	all, err := d.config.Keys.Clients(ctx, v.tenant.ID)
	if err != nil {
		return Client{}, err
	}
	i := slices.IndexFunc(all, func(c Client) bool { return c.ID == id })
	if i < 0 {
		return Client{}, usher.NotFound("API client")
	}
	return all[i], nil
}

func (d *Desk) showClient(w http.ResponseWriter, r *http.Request, v visit) error {
	c, err := d.findClient(r.Context(), v, r.PathValue("id"))
	if err != nil {
		return err
	}
	return d.clientPage(w, r, v, c, clientPage{Networks: networkLines(c.AllowFrom), Ends: day(c.ExpiresAt)}, nil)
}

func (d *Desk) clientPage(w http.ResponseWriter, r *http.Request, v visit, c Client, data clientPage, problems web.Errors) error {
	data.frame, data.C = v.frame(), clientRows([]Client{c}, d.config.Now())[0]
	data.Overlaps, data.Overlap = overlaps(), usualOverlap
	data.Rotates = mayHold(v.staff.Role, c)
	if done := "desk.settings.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done = done
	}
	page := v.page("client-one", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

func networkLines(list []netip.Prefix) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.String()
	}
	return strings.Join(words, "\n")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// mayHold tells whether a role may be told a secret of a client: one that erases and reads the trail is for who may do so at the desk, too.
func mayHold(role usher.Role, c Client) bool {
	return !c.Has(usher.ScopeAdmin) || role.May(usher.ActErase)
}

func (d *Desk) rotateClient(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	c, err := d.findClient(r.Context(), v, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !mayHold(v.staff.Role, c) {
		return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_role", Message: "ask an administrator for the secret of a client that administers"}
	}
	hours, err := strconv.Atoi(r.PostForm.Get("overlap"))
	if err != nil || !slices.Contains(overlaps(), hours) {
		hours = usualOverlap
	}
	told, err := d.config.Keys.RotateClient(r.Context(), v.tenant.ID, c.ID, time.Duration(hours)*time.Hour, v.staff.Actor())
	if err != nil {
		return err
	}
	return d.tell(w, r, v, "desk.client.rotated", told)
}

func (d *Desk) revokeClient(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := d.config.Keys.RevokeClient(r.Context(), v.tenant.ID, r.PathValue("id"), v.staff.Actor()); err != nil {
		return err
	}
	return d.See(w, r, "/settings?done=revoked")
}

// changeClient takes when a client ends and where it may call from.
func (d *Desk) changeClient(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	c, err := d.findClient(r.Context(), v, r.PathValue("id"))
	if err != nil {
		return err
	}
	data := clientPage{Networks: r.PostForm.Get("networks"), Ends: strings.TrimSpace(r.PostForm.Get("ends"))}
	var problems web.Errors
	networks, ok := readNetworks(data.Networks)
	if !ok {
		problems.Add("networks", "desk.problem.networks")
	}
	ends, err := time.Parse(time.DateOnly, data.Ends)
	if data.Ends != "" && (err != nil || !ends.After(d.config.Now())) {
		problems.Add("ends", "desk.problem.until")
	}
	if len(problems) > 0 {
		return d.clientPage(w, r, v, c, data, problems)
	}
	if networkLines(networks) != networkLines(c.AllowFrom) {
		if err := d.config.Keys.AllowClient(r.Context(), v.tenant.ID, c.ID, networks, v.staff.Actor()); err != nil {
			return err
		}
	}
	if data.Ends != day(c.ExpiresAt) {
		if err := d.config.Keys.ExpireClient(r.Context(), v.tenant.ID, c.ID, ends, v.staff.Actor()); err != nil {
			return err
		}
	}
	return d.See(w, r, "/settings/clients/"+c.ID+"?done=client")
}

// readNetworks reads networks and single addresses, one a line.
func readNetworks(text string) ([]netip.Prefix, bool) {
	const most = 50
	var list []netip.Prefix
	for word := range strings.FieldsSeq(text) {
		p, err := netip.ParsePrefix(word)
		if a, addrErr := netip.ParseAddr(word); err != nil && addrErr == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil || p != p.Masked() || len(list) == most {
			return nil, false
		}
		list = append(list, p)
	}
	return list, true
}
