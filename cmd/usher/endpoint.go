package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/webhook"
)

// endpointFlags are the words of a new endpoint.
type endpointFlags struct {
	tenant, dialect, url, names, events, auth string
	anyOrigin                                 bool
}

func (f *endpointFlags) add(fs *flag.FlagSet) {
	fs.StringVar(&f.tenant, "tenant", "", "id of the tenant")
	fs.StringVar(&f.dialect, "dialect", native.Name, "whose messages it is sent: native, or a vendor such as celcoin")
	fs.StringVar(&f.url, "url", "", "where the messages are posted to")
	fs.StringVar(&f.names, "names", "", "names of messages in the words of the dialect, separated by commas; empty is all")
	fs.StringVar(&f.events, "events", "", "types of event, such as session.approved,session.rejected; empty is all")
	fs.StringVar(&f.auth, "auth", "none", "none, basic:USER, header:NAME, oauth2:CLIENT_ID@TOKEN_URL or hmac; the secret is USHER_ENDPOINT_SECRET")
	fs.BoolVar(&f.anyOrigin, "any-origin", false, "also sessions that came in through another dialect")
}

func endpointCommand(ctx context.Context, c console, args []string) error {
	var f endpointFlags
	one := func(do func(h *house, id string) error) func(*house, []string) error {
		return func(h *house, rest []string) error {
			if len(rest) != 1 {
				return usageError{errors.New("name one endpoint by its id; endpoint list shows them")}
			}
			if _, err := h.Tenant(ctx, f.tenant); err != nil {
				return err
			}
			return do(h, rest[0])
		}
	}
	return manage(ctx, c, "endpoint", args, f.add, map[string]func(*house, []string) error{
		"create": func(h *house, rest []string) error {
			if len(rest) > 0 {
				return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
			}
			return h.createEndpoint(ctx, c, f)
		},
		"list": func(h *house, _ []string) error { return h.listEndpoints(ctx, c, f.tenant) },
		"delete": one(func(h *house, id string) error {
			return h.DeleteEndpoint(ctx, f.tenant, id)
		}),
		"test": one(func(h *house, id string) error {
			d, err := h.TestEndpoint(ctx, f.tenant, id)
			if err == nil {
				fmt.Fprintf(c.out, "delivery %s is queued; the running server sends it, and GET /v1/deliveries/%s or the desk tell how it went\n", d.ID, d.ID)
			}
			return err
		}),
		"rotate": one(func(h *house, id string) error {
			e, err := h.RotateSecret(ctx, f.tenant, id)
			if err == nil {
				fmt.Fprintf(c.out, "secret %s\n(shown this once; the one before signs as well until the next rotation)\n", e.Secrets[0])
			}
			return err
		}),
	})
}

func (h *house) createEndpoint(ctx context.Context, c console, f endpointFlags) error {
	if _, err := h.Tenant(ctx, f.tenant); err != nil {
		return err
	}
	known, ok := h.webhookDialects()[f.dialect]
	if !ok {
		return usageError{fmt.Errorf("no webhooks are sent in the dialect %q", f.dialect)}
	}
	e := usher.Endpoint{URL: f.url, Dialect: f.dialect, Names: words(f.names), AnyOrigin: f.anyOrigin}
	for _, name := range e.Names {
		// The names of the native dialect are the types of event.
		if !slices.Contains(known.Names, name) && !(len(known.Names) == 0 && slices.Contains(usher.EventTypes(), usher.EventType(name))) {
			return usageError{fmt.Errorf("--names: %s knows %s, not %q", f.dialect, strings.Join(known.Names, ", "), name)}
		}
	}
	for _, t := range words(f.events) {
		e.Events = append(e.Events, usher.EventType(t))
	}
	var err error
	if e.Auth, err = endpointAuth(f.auth, c.env("USHER_ENDPOINT_SECRET")); err != nil {
		return usageError{err}
	}
	if e.Auth.Type == webhook.AuthHMAC && !known.Signature {
		return usageError{fmt.Errorf("the dialect %s has no signature of its own; every message has that of Standard Webhooks", f.dialect)}
	}
	if err := webhook.CheckAuth(e.Auth, h.settings.Dev); err != nil {
		return err
	}
	if e, err = h.CreateEndpoint(ctx, f.tenant, e); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "endpoint %s\nsecret   %s\n(the secret is shown this once)\n", e.ID, e.Secrets[0])
	return nil
}

// endpointAuth reads the flag of authentication; what must be kept secret comes from the environment.
func endpointAuth(text, secret string) (usher.EndpointAuth, error) {
	way, rest, _ := strings.Cut(text, ":")
	a := usher.EndpointAuth{Type: way}
	if way != webhook.AuthNone && secret == "" {
		return a, errors.New("put the password, value or secret into the environment variable USHER_ENDPOINT_SECRET")
	}
	switch way {
	case webhook.AuthNone:
	case webhook.AuthBasic:
		a.Username, a.Password = rest, secret
	case webhook.AuthHeader:
		a.Name, a.Value = rest, secret
	case webhook.AuthOAuth2:
		a.ClientID, a.TokenURL, _ = strings.Cut(rest, "@")
		a.ClientSecret = secret
	case webhook.AuthHMAC:
		a.Secret = secret
	default:
		return a, errors.New("--auth is none, basic:USER, header:NAME, oauth2:CLIENT_ID@TOKEN_URL or hmac")
	}
	return a, nil
}

func (h *house) listEndpoints(ctx context.Context, c console, tenant string) error {
	if _, err := h.Tenant(ctx, tenant); err != nil {
		return err
	}
	all, err := h.Endpoints(ctx, tenant)
	for _, e := range all {
		wants := make([]string, len(e.Events))
		for i, t := range e.Events {
			wants[i] = string(t)
		}
		wants = append(wants, e.Names...)
		if e.AnyOrigin {
			wants = append(wants, "of any dialect")
		}
		if e.Disabled != "" {
			wants = append(wants, "DISABLED: "+e.Disabled)
		}
		fmt.Fprintf(c.out, "%s  %-9s  %-6s  %s  %s\n", e.ID, e.Dialect, cmp.Or(e.Auth.Type, webhook.AuthNone), e.URL, cmp.Or(strings.Join(wants, ", "), "everything"))
	}
	return err
}
