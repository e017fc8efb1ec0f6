package desk

import (
	"context"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// Keys makes the credentials of API clients. The composition root gives it, since it knows every dialect.
type Keys interface {
	// Offers are the ways in which a client can be set up.
	Offers() []Offer
	// Clients lists a tenant's clients, oldest first.
	Clients(ctx context.Context, tenant string) ([]Client, error)
	// Ending counts a tenant's clients that end before a time.
	Ending(ctx context.Context, tenant string, before time.Time) (int, error)
	// CreateClient makes one, and gives what its developers must be told, by name; secrets are among it and given this once.
	CreateClient(ctx context.Context, tenant string, n NewClient, by usher.Actor) (map[string]string, error)
	// RotateClient gives a client a new secret; the old one is good for the overlap.
	RotateClient(ctx context.Context, tenant, id string, overlap time.Duration, by usher.Actor) (map[string]string, error)
	// RevokeClient ends a client for good, AllowClient binds it to networks, ExpireClient says when it ends.
	RevokeClient(ctx context.Context, tenant, id string, by usher.Actor) error
	AllowClient(ctx context.Context, tenant, id string, from []netip.Prefix, by usher.Actor) error
	ExpireClient(ctx context.Context, tenant, id string, at time.Time, by usher.Actor) error
}

// Offer is one way in which a client can be set up. Messages are the names of what its webhooks tell; none for a dialect without webhooks.
// Signature: the vendor has one of its own.
type Offer struct {
	Name, Dialect string
	Messages      []string
	Signature     bool
}

// NewClient is what an administrator says of a new one.
type NewClient struct {
	Offer, Name, Flow          string
	ReturnURLs, FrameAncestors []string
}

func (d *Desk) settingsRoutes() {
	if d.config.Keys == nil {
		return
	}
	plain := web.Route{}
	d.on("GET /settings", usher.ActSeeSettings, plain, d.settings)
	d.on("GET /settings/clients/new", usher.ActConnect, plain, func(w http.ResponseWriter, r *http.Request, v visit) error {
		return d.clientForm(w, r, v, NewClient{}, nil)
	})
	d.on("POST /settings/clients", usher.ActConnect, plain, d.createClient)
	d.on("GET /settings/clients/{id}", usher.ActSeeSettings, plain, d.showClient)
	d.on("POST /settings/clients/{id}", usher.ActManageKeys, plain, d.changeClient)
	d.on("POST /settings/clients/{id}/rotate", usher.ActConnect, plain, d.rotateClient)
	d.on("POST /settings/clients/{id}/revoke", usher.ActManageKeys, plain, d.revokeClient)
	d.on("GET /settings/endpoints/new", usher.ActConnect, plain, d.newEndpoint)
	d.on("POST /settings/endpoints", usher.ActConnect, plain, d.createEndpoint)
	d.on("GET /settings/endpoints/{id}", usher.ActSeeSettings, plain, d.showEndpoint)
	for _, act := range []string{"test", "resend"} {
		d.on("POST /settings/endpoints/{id}/"+act, usher.ActSendAgain, plain, d.changeEndpoint(act))
	}
	for _, act := range []string{"rotate", "disable", "enable", "delete"} {
		d.on("POST /settings/endpoints/{id}/"+act, usher.ActManageEndpoints, plain, d.changeEndpoint(act))
	}
	if d.config.ReadFlow != nil {
		d.on("GET /settings/flows/new", usher.ActManageFlows, plain, d.newFlow)
		d.on("POST /settings/flows/new", usher.ActManageFlows, plain, d.takeFlow)
		d.on("GET /settings/flows/{name}", usher.ActSeeSettings, plain, d.flowPage)
		d.on("POST /settings/flows/{name}", usher.ActManageFlows, plain, d.takeFlow)
	}
	d.teamRoutes()
	if d.config.Brands != nil {
		d.on("GET /settings/brand", usher.ActManagePages, plain, d.brandPage)
		d.on("POST /settings/brand", usher.ActManagePages, web.Route{MaxBody: largestBrand}, d.takeBrand)
		d.on("GET /settings/brand/logo", usher.ActManagePages, plain, d.logo)
	}
	if d.config.Texts != nil {
		d.on("GET /settings/texts", usher.ActManagePages, plain, d.textsPage)
		d.on("POST /settings/texts/{reason}", usher.ActManagePages, plain, d.takeTexts)
	}
}

type settingsData struct {
	frame
	Clients   []clientRow
	Endpoints []usher.Endpoint
	Flows     []usher.Flow
	Hosts     string // that webhooks may go to alone, or ""
	Editor    bool   // flows can be edited here
	Staff     bool   // and members of staff
	Look      bool   // and how the pages look
	Texts     bool   // and the words for reasons
	Done      string // key of what was just done
}

func (d *Desk) settings(w http.ResponseWriter, r *http.Request, v visit) error {
	data := settingsData{frame: v.frame(), Hosts: strings.Join(v.tenant.WebhookHosts, ", ")}
	clients, err := d.config.Keys.Clients(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	data.Clients = clientRows(clients, d.config.Now())
	if data.Endpoints, err = d.config.Service.Endpoints(r.Context(), v.tenant.ID); err != nil {
		return err
	}
	if data.Flows, err = d.config.Service.Flows(r.Context(), v.tenant.ID); err != nil {
		return err
	}
	pages := v.staff.Role.May(usher.ActManagePages)
	data.Editor, data.Staff = d.config.ReadFlow != nil, d.config.Team != nil && v.staff.Role.May(usher.ActManageStaff)
	data.Look, data.Texts = d.config.Brands != nil && pages, d.config.Texts != nil && pages
	if done := "desk.settings.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done = done
	}
	return d.Render(w, r, v.page("settings", data))
}

type clientData struct {
	frame
	Given  NewClient
	Offers []Offer
	Flows  []usher.Flow
}

// Returns gives the return addresses, one a line.
func (c clientData) Returns() string { return strings.Join(c.Given.ReturnURLs, "\n") }

// Frames gives the origins that may frame the hosted page, one a line.
func (c clientData) Frames() string { return strings.Join(c.Given.FrameAncestors, "\n") }

// clientForm shows the form of a new client, empty or as it was sent.
func (d *Desk) clientForm(w http.ResponseWriter, r *http.Request, v visit, given NewClient, problems web.Errors) error {
	flows, err := d.config.Service.Flows(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	page := v.page("client", clientData{v.frame(), given, d.config.Keys.Offers(), flows})
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// toldData is a page that shows credentials once.
type toldData struct {
	frame
	Title string // key
	Pairs []pair
}

// tell shows what is told once. Nothing of it is in an address or kept by the browser.
func (d *Desk) tell(w http.ResponseWriter, r *http.Request, v visit, title string, told map[string]string) error {
	data := toldData{frame: v.frame(), Title: title}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		data.Pairs = append(data.Pairs, pair{Label: name, Given: told[name]})
	}
	return d.Render(w, r, v.page("told", data))
}

// lines gives the entries of a field that takes one a line.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Fields(text), func(s string) bool { return s == "" })
}

func (d *Desk) createClient(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	n := NewClient{
		Offer: r.PostForm.Get("offer"), Name: strings.TrimSpace(r.PostForm.Get("name")), Flow: r.PostForm.Get("flow"),
		ReturnURLs: lines(r.PostForm.Get("return_urls")), FrameAncestors: lines(r.PostForm.Get("frame_ancestors")),
	}
	var problems web.Errors
	if !slices.ContainsFunc(d.config.Keys.Offers(), func(o Offer) bool { return o.Name == n.Offer }) {
		problems.Add("offer", "desk.problem.offer")
	}
	if n.Name == "" || len(n.Name) > longestName {
		problems.Add("name", "desk.problem.name")
	}
	if slices.ContainsFunc(n.ReturnURLs, func(s string) bool { return !isAddress(s) }) {
		problems.Add("return_urls", "desk.problem.return_urls")
	}
	if slices.ContainsFunc(n.FrameAncestors, func(s string) bool { return !isOrigin(s) }) {
		problems.Add("frame_ancestors", "desk.problem.frame_ancestors")
	}
	if len(problems) > 0 {
		return d.clientForm(w, r, v, n, problems)
	}
	told, err := d.config.Keys.CreateClient(r.Context(), v.tenant.ID, n, v.staff.Actor())
	if err != nil {
		return err
	}
	return d.tell(w, r, v, "desk.client.made", told)
}

const longestName = 100

// isAddress tells whether a line is an https address, or, of this machine, an http one.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	loopback := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	return u.Scheme == "https" || (u.Scheme == "http" && loopback)
}

// isOrigin tells whether an address is an origin and nothing else: the hosted page is framed by no site that is written in another way.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isAddress(s) && u.Scheme+"://"+u.Host == s && !strings.ContainsAny(s, "*;,'\"")
}
