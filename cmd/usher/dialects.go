package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/celcoin"
	"github.com/usher-kyc/usher/internal/dialect/incode"
	"github.com/usher-kyc/usher/internal/dialect/intergiro"
	"github.com/usher-kyc/usher/internal/dialect/mobbscan"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/dialect/ondato"
	"github.com/usher-kyc/usher/internal/dialect/watchman"
	"github.com/usher-kyc/usher/internal/dialect/yente"
	"github.com/usher-kyc/usher/internal/webhook"
)

// vendor is a vendor whose API this server speaks.
type vendor struct {
	name string
	open func(api.Backend) (api.Dialect, error)
}

// vendors lists them. A new one is a folder and a line here.
func vendors() []vendor {
	return []vendor{
		{intergiro.Name, intergiro.Open},
		{yente.Name, yente.Open},
		{watchman.Name, watchman.Open},
		{celcoin.Name, celcoin.Open},
		{incode.Name, incode.Open},
		{mobbscan.Name, mobbscan.Open},
		{ondato.Name, ondato.Open},
	}
}

const compatBase = "/compat/"

// openDialects builds every vendor's dialect on the engine.
func (h *house) openDialects(checks []usher.Checker, fetch *http.Client) error {
	front, err := h.newFront("dialects")
	if err != nil {
		return err
	}
	for _, v := range vendors() {
		d, err := v.open(api.Backend{
			Service: h.Engine, Front: front, Stamps: h.stamps, Fetch: fetch, Dev: h.settings.Dev, Now: time.Now, Log: h.log,
			Report: h.report, Intake: h.pictures.look, Look: lookAt(checks), Portrait: portraits(checks), Screener: h.lists,
			BaseURL: h.settings.URL + compatBase + v.name, Turn: h.turn(), Sharing: h.sharing,
		})
		if err != nil {
			return fmt.Errorf("build dialect %s: %w", v.name, err)
		}
		if d.Renderer != nil {
			h.Speak(d.Renderer)
		}
		h.dialects = append(h.dialects, d)
	}
	return nil
}

// dialectNames lists every dialect, the native one first.
func (h *house) dialectNames() []string {
	names := []string{native.Name}
	for _, d := range h.dialects {
		names = append(names, d.Name)
	}
	return names
}

// webhookDialects gives the dialects that can tell of events.
func (h *house) webhookDialects() map[string]native.Words {
	all := map[string]native.Words{native.Name: {}}
	for _, d := range h.dialects {
		if d.Renderer != nil {
			all[d.Name] = native.Words{Names: d.Events, Signature: d.Delivery.Sign != nil}
		}
	}
	return all
}

func (h *house) dialect(name string) (api.Dialect, bool) {
	i := slices.IndexFunc(h.dialects, func(d api.Dialect) bool { return d.Name == name })
	if i < 0 {
		return api.Dialect{}, false
	}
	return h.dialects[i], true
}

func (h *house) policies() map[string]webhook.Policy {
	policies := map[string]webhook.Policy{}
	for _, d := range h.dialects {
		policies[d.Name] = webhook.Policy(d.Delivery)
	}
	return policies
}

func (h *house) pageRules() map[string]usher.PageRules {
	rules := map[string]usher.PageRules{}
	for _, d := range h.dialects {
		rules[d.Name] = d.Pages
	}
	return rules
}

// makeLogins makes the credentials of one offer of a dialect.
func (h *house) makeLogins(ctx context.Context, tenant string, d api.Dialect, o api.Offer, n auth.NewClient, by usher.Actor) ([]api.Login, error) {
	parts := o.Parts
	if len(parts) == 0 {
		parts = []api.Part{{Scopes: []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide}}}
	}
	var logins []api.Login
	for _, p := range parts {
		n.Dialect, n.Scopes = d.Name, p.Scopes
		if n.DefaultFlow == "" {
			n.DefaultFlow = o.Flow
		}
		client, secret, err := h.auth.CreateClient(ctx, tenant, n, by)
		if err != nil {
			return nil, err
		}
		logins = append(logins, api.Login{Part: p.Name, Client: client, Secret: secret})
	}
	return logins, nil
}
