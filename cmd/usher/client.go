package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
)

func clientCommand(ctx context.Context, c console, args []string) error {
	var tenant, dialect, name, flowName, urls, scopes, parents, expires, from string
	var overlap time.Duration
	flags := func(fs *flag.FlagSet) {
		fs.StringVar(&tenant, "tenant", "", "id of the tenant")
		fs.StringVar(&dialect, "dialect", native.Name, "API the client speaks: native, or a vendor such as intergiro")
		fs.StringVar(&name, "name", "client", "name for people")
		fs.StringVar(&flowName, "flow", "", "flow of its sessions; empty is the usual one of the dialect")
		fs.StringVar(&urls, "return-url", "", "where applicants may be sent back to: beginnings of URLs, separated by commas")
		fs.StringVar(&scopes, "scopes", "read,write,decide", "rights of a native client: read, write, decide, admin")
		fs.StringVar(&expires, "expires", "", "day on which the client ends, such as 2027-06-30; empty is never")
		fs.StringVar(&from, "from", "", "networks the client may call from, separated by commas; empty is everywhere")
		fs.DurationVar(&overlap, "overlap", 24*time.Hour, "how long rotate keeps the old secret good beside the new one")
		fs.StringVar(&parents, "frame-ancestors", "", "origins that may frame the hosted page, separated by commas, where the dialect knows framing")
	}
	return manage(ctx, c, "client", args, flags, map[string]func(*house, []string) error{
		"create": func(h *house, _ []string) error {
			if _, err := h.Tenant(ctx, tenant); err != nil {
				return err
			}
			n := auth.NewClient{Dialect: dialect, Name: name, DefaultFlow: flowName, ReturnURLs: words(urls), FrameAncestors: words(parents)}
			if err := bounds(&n, expires, from); err != nil {
				return err
			}
			if err := h.checkClient(ctx, tenant, n); err != nil {
				return err
			}
			if dialect != native.Name {
				return h.createVendorClient(ctx, c, tenant, n)
			}
			n.DefaultFlow = cmp.Or(flowName, flowOnboarding)
			for _, s := range words(scopes) {
				n.Scopes = append(n.Scopes, usher.Scope(s))
			}
			client, secret, err := h.auth.CreateClient(ctx, tenant, n, operator)
			if err == nil {
				fmt.Fprintf(c.out, "client_id     %s\nclient_secret %s\n(the secret is shown this once)\n", client.ID, secret)
			}
			return err
		},
		"list": func(h *house, _ []string) error { return h.listClients(ctx, c, tenant) },
		"rotate": func(h *house, rest []string) error {
			id, err := one(rest)
			if err != nil {
				return err
			}
			secret, err := h.auth.RotateClient(ctx, tenant, id, overlap, operator)
			if err == nil {
				fmt.Fprintf(c.out, "secret %s\n(it is shown this once; the old one is good for %s)\n", secret, overlap)
			}
			return err
		},
		"revoke": func(h *house, rest []string) error {
			id, err := one(rest)
			if err != nil {
				return err
			}
			return h.auth.RevokeClient(ctx, tenant, id, operator)
		},
		"allow": func(h *house, rest []string) error {
			from, errSaid := wordFor("from", from, "any")
			id, n, err := bounded(rest, expires, from)
			if err = errors.Join(errSaid, err); err != nil {
				return err
			}
			return h.auth.AllowClient(ctx, tenant, id, n.AllowFrom, operator)
		},
		"expire": func(h *house, rest []string) error {
			expires, errSaid := wordFor("expires", expires, "never")
			id, n, err := bounded(rest, expires, from)
			if err = errors.Join(errSaid, err); err != nil {
				return err
			}
			return h.auth.ExpireClient(ctx, tenant, id, n.ExpiresAt, operator)
		},
	})
}

// wordFor refuses a bound that was left out, since nobody means to take one away by forgetting a word: that has a word of its own.
func wordFor(flag, value, none string) (string, error) {
	switch value {
	case "":
		return "", usageError{fmt.Errorf("say it with --%s, or --%s %s to take the bound away", flag, flag, none)}
	case none:
		return "", nil
	}
	return value, nil
}

// bounded gives the only word that is left, and the bounds for the client it names.
func bounded(rest []string, expires, from string) (id string, n auth.NewClient, err error) {
	if id, err = one(rest); err == nil {
		err = bounds(&n, expires, from)
	}
	return id, n, err
}

// one gives the only word that is left.
func one(rest []string) (string, error) {
	if len(rest) != 1 {
		return "", usageError{errors.New("name one client by its id")}
	}
	return rest[0], nil
}

// bounds reads when a client ends and where it may call from.
func bounds(n *auth.NewClient, expires, from string) error {
	var err error
	if expires != "" {
		if n.ExpiresAt, err = time.Parse(time.DateOnly, expires); err != nil {
			return usageError{fmt.Errorf("--expires: %q is not a day such as 2027-06-30", expires)}
		}
	}
	if n.AllowFrom, err = prefixes(from); err != nil {
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	return nil
}

// listClients prints a tenant's API clients, and below each its secrets.
func (h *house) listClients(ctx context.Context, c console, tenant string) error {
	all, err := h.auth.Clients(ctx, tenant)
	for _, k := range all {
		fmt.Fprintf(c.out, "%s  %-9s  %s", k.ID, k.Dialect, k.Name)
		if !k.ExpiresAt.IsZero() {
			fmt.Fprintf(c.out, "  ends %s", k.ExpiresAt.Format(time.DateOnly))
		}
		for _, p := range k.AllowFrom {
			fmt.Fprintf(c.out, "  from %s", p)
		}
		if !k.DisabledAt.IsZero() {
			fmt.Fprintf(c.out, "  revoked %s", k.DisabledAt.Format(time.DateOnly))
		}
		fmt.Fprintln(c.out)
		for _, s := range k.Secrets {
			used, until := "never", ""
			if !s.UsedAt.IsZero() {
				used = s.UsedAt.Format(time.RFC3339)
			}
			if !s.EndsAt.IsZero() {
				until = ", good until " + s.EndsAt.Format(time.RFC3339)
			}
			fmt.Fprintf(c.out, "    secret …%s, last used %s%s\n", s.Last4, used, until)
		}
	}
	return err
}
