package desk

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// endpointData is the form of a new webhook endpoint.
type endpointData struct {
	frame
	Offers []Offer // one for each dialect that has webhooks
	Of     Offer   // the dialect that was chosen
	Given  usher.Endpoint
}

// ways are the ways to authenticate at an endpoint, in the order of the form.
func ways() []string { return []string{"none", "basic", "header", "oauth2", "hmac"} }

// Ways gives those that the dialect knows.
func (e endpointData) Ways() []string {
	return slices.DeleteFunc(ways(), func(s string) bool { return s == "hmac" && !e.Of.Signature })
}

// Wants tells whether a message's box is ticked: all are when none was chosen.
func (e endpointData) Wants(name string) bool {
	return len(e.Given.Names) == 0 || slices.Contains(e.Given.Names, name)
}

// webhookOffers gives the first offer of each dialect that has webhooks.
func (d *Desk) webhookOffers() []Offer {
	var list []Offer
	for _, o := range d.config.Keys.Offers() {
		if len(o.Messages) > 0 && !slices.ContainsFunc(list, func(had Offer) bool { return had.Dialect == o.Dialect }) {
			list = append(list, o)
		}
	}
	return list
}

func (d *Desk) newEndpoint(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.endpointForm(w, r, v, usher.Endpoint{Dialect: r.URL.Query().Get("dialect")}, nil)
}

func (d *Desk) endpointForm(w http.ResponseWriter, r *http.Request, v visit, given usher.Endpoint, problems web.Errors) error {
	data := endpointData{frame: v.frame(), Offers: d.webhookOffers(), Given: given}
	data.Given.Auth.Type = cmp.Or(given.Auth.Type, "none")
	for _, o := range data.Offers {
		if o.Dialect == given.Dialect {
			data.Of = o
		}
	}
	page := v.page("endpoint-new", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

func (d *Desk) createEndpoint(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	e := usher.Endpoint{
		URL: get("url"), Dialect: get("dialect"), Names: r.PostForm["names"], AnyOrigin: get("any_origin") != "",
		Auth: usher.EndpointAuth{
			Type: get("auth"), Username: get("username"), Password: get("password"), Name: get("header"), Value: get("value"),
			TokenURL: get("token_url"), ClientID: get("client_id"), ClientSecret: get("client_secret"), Secret: get("secret"),
		},
	}
	i := slices.IndexFunc(d.webhookOffers(), func(o Offer) bool { return o.Dialect == e.Dialect })
	if i < 0 {
		return usher.Invalid("dialect", "open the form again")
	}
	offer := d.webhookOffers()[i]
	problems := endpointProblems(e, offer)
	if d.config.CheckEndpoint != nil && len(problems) == 0 {
		if err := d.config.CheckEndpoint(e); err != nil {
			problems.Add("url", "desk.problem.endpoint")
		}
	}
	if len(problems) > 0 {
		return d.endpointForm(w, r, v, e, problems)
	}
	if len(e.Names) == len(offer.Messages) {
		e.Names = nil // all, and what a later version adds as well
	}
	made, err := d.config.Service.CreateEndpoint(r.Context(), v.tenant.ID, e)
	if code, _ := told(err); code == usher.CodeInvalid {
		if e, ok := errors.AsType[*usher.Error](err); ok && e.Field == "auth" {
			problems.Add("auth", "desk.problem.auth")
		} else {
			problems.Add("url", "desk.problem.endpoint")
		}
		return d.endpointForm(w, r, v, e, problems)
	}
	if err != nil {
		return err
	}
	return d.tell(w, r, v, "desk.endpoint.made", map[string]string{"url": made.URL, "secret": made.Secrets[0], "id": made.ID})
}

// endpointProblems tells what is wrong with a form.
func endpointProblems(e usher.Endpoint, offer Offer) web.Errors {
	var list web.Errors
	if !isAddress(e.URL) {
		list.Add("url", "desk.problem.url")
	}
	if len(e.Names) == 0 {
		list.Add("names", "desk.problem.names")
	}
	for _, n := range e.Names {
		if !slices.Contains(offer.Messages, n) {
			list.Add("names", "desk.problem.names")
			break
		}
	}
	const shortest = 24
	a := e.Auth
	needs := map[string][][2]string{
		"basic": {{"username", a.Username}, {"password", a.Password}}, "header": {{"header", a.Name}, {"value", a.Value}},
		"oauth2": {{"token_url", a.TokenURL}, {"client_id", a.ClientID}, {"client_secret", a.ClientSecret}}, "hmac": {{"secret", a.Secret}},
	}
	if !slices.Contains(ways(), a.Type) || (a.Type == "hmac" && !offer.Signature) {
		list.Add("auth", "desk.problem.auth")
	}
	for _, need := range needs[a.Type] {
		if need[1] == "" {
			list.Add(need[0], "desk.problem.needed")
		}
	}
	if a.Type == "hmac" && len(a.Secret) < shortest {
		list.Add("secret", "desk.problem.secret", "n", shortest)
	}
	return list
}

// note puts on the trail what somebody looked at. What they change, the service notes with the change.
func (d *Desk) note(ctx context.Context, v visit, action, object, detail string) error {
	return d.config.Auditor.Record(ctx, usher.AuditRecord{TenantID: v.tenant.ID, Actor: v.staff.Actor(), Action: action, Object: object, Detail: detail})
}

// endpointLog is the page of an endpoint with what was sent to it.
type endpointLog struct {
	frame
	E    usher.Endpoint
	Sent []usher.Delivery
	Next string
	Done string
}

func (d *Desk) showEndpoint(w http.ResponseWriter, r *http.Request, v visit) error {
	e, err := d.config.Service.Endpoint(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	page, err := d.config.Service.ListDeliveries(r.Context(), v.tenant.ID, usher.DeliveryFilter{
		EndpointID: e.ID, Paging: usher.Paging{Limit: mostDeliveries, After: r.URL.Query().Get("after")},
	})
	if err != nil {
		return err
	}
	data := endpointLog{frame: v.frame(), E: e, Sent: page.Items, Next: page.Next}
	if done := "desk.settings.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done = done
	}
	return d.Render(w, r, v.page("endpoint", data))
}

// byDesk is why an endpoint is disabled that an administrator switched off.
const byDesk = "disabled at the desk"

// changeEndpoint carries out one act on an endpoint.
func (d *Desk) changeEndpoint(act string) handler {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		e, err := d.config.Service.Endpoint(r.Context(), v.tenant.ID, r.PathValue("id"))
		if err != nil {
			return err
		}
		if act == "rotate" {
			return d.rotateEndpoint(w, r, v, e)
		}
		if err := d.actOnEndpoint(r, v, e, act); err != nil {
			return err
		}
		if act == "delete" {
			return d.See(w, r, "/settings?done=deleted")
		}
		return d.See(w, r, "/settings/endpoints/"+e.ID+"?done="+act)
	}
}

// rotateEndpoint gives an endpoint another secret, and tells it once.
func (d *Desk) rotateEndpoint(w http.ResponseWriter, r *http.Request, v visit, e usher.Endpoint) error {
	e, err := d.config.Service.RotateSecret(r.Context(), v.tenant.ID, e.ID)
	if err != nil {
		return err
	}
	return d.tell(w, r, v, "desk.endpoint.rotated", map[string]string{"url": e.URL, "secret": e.Secrets[0]})
}

func (d *Desk) actOnEndpoint(r *http.Request, v visit, e usher.Endpoint, act string) error {
	ctx, service := r.Context(), d.config.Service
	switch act {
	case "test":
		_, err := service.TestEndpoint(ctx, v.tenant.ID, e.ID)
		return err
	case "delete":
		return service.DeleteEndpoint(ctx, v.tenant.ID, e.ID)
	case "disable", "enable":
		why := ""
		if act == "disable" {
			why = byDesk
		}
		_, err := service.UpdateEndpoint(ctx, v.tenant.ID, e.ID, func(e *usher.Endpoint) { e.Disabled = why })
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	sent, _, err := service.Delivery(ctx, v.tenant.ID, r.PostForm.Get("delivery"))
	if err != nil || sent.EndpointID != e.ID {
		return cmp.Or(err, error(usher.NotFound("delivery")))
	}
	_, err = service.Resend(ctx, v.tenant.ID, sent.ID)
	return err
}
