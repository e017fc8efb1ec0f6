package celcoin

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// switchedOff is why an endpoint gets nothing: its client said so.
const switchedOff = "switched off by the client"

// subscriptionsOf gives the tenant's subscriptions: the endpoints of this dialect that take one entity each. An endpoint made by other means
// that takes several is none.
func (d *dialect) subscriptionsOf(r request) ([]usher.Endpoint, error) {
	all, err := d.Service.Endpoints(r.Context(), r.tenant())
	return slices.DeleteFunc(all, func(e usher.Endpoint) bool { return e.Dialect != Name || len(e.Names) != 1 }), err
}

// gets tells whether an event needs no subscription any more: it has one, or an endpoint made by other means is sent it, and a second would be as well.
func gets(e usher.Endpoint, entity string) bool {
	if e.Dialect != Name {
		return false
	}
	if len(e.Names) == 1 {
		return e.Names[0] == entity
	}
	everything := len(e.Events) == 0 || slices.Contains(e.Events, "*")
	return e.Disabled == "" && everything && e.WantsMessage(usher.Message{Event: entity})
}

// subscriptionOf gives the subscription of the entity in the path, or "CBE217".
func (d *dialect) subscriptionOf(r request, id string) (usher.Endpoint, error) {
	entity := r.PathValue("entity")
	if !slices.Contains(entityNames(), entity) {
		return usher.Endpoint{}, refusal("CBE208")
	}
	list, err := d.subscriptionsOf(r)
	if err != nil {
		return usher.Endpoint{}, err
	}
	i := slices.IndexFunc(list, func(e usher.Endpoint) bool {
		return e.Names[0] == entity && (id == "" || strings.EqualFold(id, subscriptionIDOf(e)))
	})
	if i < 0 {
		return usher.Endpoint{}, refusal("CBE217")
	}
	return list[i], nil
}

func subscriptionIDOf(e usher.Endpoint) string { return shortID("subscription", e.ID) }

func isHookURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// rules are those of a subscription's authentication; none at all is fine.
func (a *subscriptionAuth) rules() []rule {
	if a == nil {
		return nil
	}
	return []rule{{a.Type != "", "CBE216"}, {strings.EqualFold(a.Type, "basic"), "CBE209"}, {a.Login != "", "CBE212"}, {a.Pwd != "", "CBE213"}}
}

func (a *subscriptionAuth) endpointAuth() usher.EndpointAuth {
	if a == nil {
		return usher.EndpointAuth{Type: "none"}
	}
	return usher.EndpointAuth{Type: "basic", Username: a.Login, Password: a.Pwd}
}

func (d *dialect) subscribe(r request) (any, error) {
	var n subscriptionRequest
	if err := r.read(&n); err != nil {
		return nil, err
	}
	err := firstBroken([]rule{
		{n.Entity != "", "CBE206"},
		{slices.Contains(entityNames(), n.Entity), "CBE208"},
		{n.WebhookURL != nil && isHookURL(*n.WebhookURL), "CBE207"},
	}, n.Auth.rules())
	if err != nil {
		return nil, err
	}
	end, err := d.turns.Take(r.Context(), r.tenant(), n.Entity)
	if err != nil {
		return nil, err
	}
	defer end()
	list, err := d.Service.Endpoints(r.Context(), r.tenant())
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list, func(e usher.Endpoint) bool { return gets(e, n.Entity) }) {
		return nil, refusal("CBE205")
	}
	e, err := d.Service.CreateEndpoint(r.Context(), r.tenant(), usher.Endpoint{
		URL: *n.WebhookURL, Dialect: Name, Names: []string{n.Entity}, Auth: n.Auth.endpointAuth(),
	})
	if err != nil {
		return nil, instead(err, "CBE207", usher.CodeInvalid) // an address that this server does not call
	}
	return subscriptionID{SubscriptionID: subscriptionIDOf(e)}, nil
}

func (d *dialect) readSubscriptions(r request) (any, error) {
	list, err := d.subscriptionsOf(r)
	if err != nil {
		return nil, err
	}
	said := subscriptions{}
	for _, e := range list {
		s := subscription{
			SubscriptionID: subscriptionIDOf(e), Entity: e.Names[0], WebhookURL: e.URL, Active: e.Disabled == "", CreateDate: timestamp(e.CreatedAt),
		}
		// Making an endpoint writes it, a moment after its creation is dated.
		if e.UpdatedAt.Sub(e.CreatedAt) > time.Second {
			changed := timestamp(e.UpdatedAt)
			s.LastUpdateDate = &changed
		}
		active := strings.ToLower(r.q["active"])
		if cmp.Or(r.q["entity"], s.Entity) == s.Entity && cmp.Or(active, strconv.FormatBool(s.Active)) == strconv.FormatBool(s.Active) {
			said.Subscriptions = append(said.Subscriptions, s)
		}
	}
	if len(said.Subscriptions) == 0 {
		return nil, refusal("CBE217")
	}
	return said, nil
}

// changeSubscription changes what is given and leaves the rest.
func (d *dialect) changeSubscription(r request) (any, error) {
	var n subscriptionRequest
	if err := r.read(&n); err != nil {
		return nil, err
	}
	e, err := d.subscriptionOf(r, n.SubscriptionID)
	if err != nil {
		return nil, err
	}
	if err := firstBroken([]rule{{n.WebhookURL == nil || isHookURL(*n.WebhookURL), "CBE207"}}, n.Auth.rules()); err != nil {
		return nil, err
	}
	_, err = d.Service.UpdateEndpoint(r.Context(), r.tenant(), e.ID, func(e *usher.Endpoint) {
		if n.WebhookURL != nil {
			e.URL = *n.WebhookURL
		}
		if n.Auth != nil {
			e.Auth = n.Auth.endpointAuth()
		}
		if n.Active != nil {
			e.Disabled = ""
			if !*n.Active {
				e.Disabled = switchedOff
			}
		}
	})
	return nil, instead(err, "CBE207", usher.CodeInvalid)
}

func (d *dialect) unsubscribe(r request) (any, error) {
	e, err := d.subscriptionOf(r, r.q["subscriptionid"])
	if err != nil {
		return nil, err
	}
	return nil, unknown(d.Service.DeleteEndpoint(r.Context(), r.tenant(), e.ID), "CBE217")
}

func (d *dialect) readEntities(request) (any, error) { return entities{Entities: entityNames()}, nil }
