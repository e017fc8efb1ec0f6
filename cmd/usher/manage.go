package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
)

// operator is who the audit trail names for what is done on the command line.
var operator = usher.Actor{Kind: usher.BySystem, ID: "command line"}

// manage reads the settings and the word after the command, opens the house and lets the word's function do its work.
func manage(ctx context.Context, c console, name string, args []string, more func(*flag.FlagSet), words map[string]func(*house, []string) error) error {
	if len(args) == 0 {
		return usageError{errors.New("say what to do")}
	}
	do, ok := words[args[0]]
	if !ok {
		return usageError{fmt.Errorf("does not know %q", args[0])}
	}
	s, rest, err := readSettings(c, name+" "+args[0], args[1:], more)
	if err != nil {
		return err
	}
	h, err := open(ctx, s, newLog(c, s, slog.LevelWarn))
	if err != nil {
		return err
	}
	return errors.Join(do(h, rest), h.close())
}

func tenantCommand(ctx context.Context, c console, args []string) error {
	var name, mode, currency, tenant, hosts string
	flags := func(fs *flag.FlagSet) {
		fs.StringVar(&tenant, "tenant", "", "egress: id of the tenant")
		fs.StringVar(&hosts, "hosts", "", "egress: where webhooks may go, such as hooks.example.com,*.example.net; empty is everywhere")
		fs.StringVar(&name, "name", "", "name shown to applicants")
		fs.StringVar(&mode, "mode", string(usher.Live), "live, or sandbox for trying things out")
		fs.StringVar(&currency, "currency", "EUR", "of accounts, ISO 4217")
	}
	return manage(ctx, c, "tenant", args, flags, map[string]func(*house, []string) error{
		"create": func(h *house, _ []string) error {
			if name == "" || (mode != string(usher.Live) && mode != string(usher.Sandbox)) {
				return usageError{errors.New("needs --name, and --mode live or sandbox")}
			}
			t, err := h.CreateTenant(ctx, name, usher.Mode(mode), currency)
			if err == nil {
				err = h.publishFlows(ctx, t.ID)
			}
			if err == nil {
				fmt.Fprintf(c.out, "tenant %s\n", t.ID)
			}
			return err
		},
		"egress": func(h *house, _ []string) error {
			kept, err := h.SetWebhookHosts(ctx, tenant, words(hosts))
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "webhooks may go to %s\n", cmp.Or(strings.Join(kept, ", "), "every public host"))
			return h.unlisted(ctx, c, tenant)
		},
		"list": func(h *house, _ []string) error {
			all, err := h.db.Tenants(ctx)
			for _, t := range all {
				fmt.Fprintf(c.out, "%s  %-7s  %s\n", t.ID, t.Mode, t.Name)
			}
			return err
		},
	})
}

// unlisted names the endpoints that are no longer sent to.
func (h *house) unlisted(ctx context.Context, c console, tenant string) error {
	list, err := h.Endpoints(ctx, tenant)
	for _, e := range list {
		if err := h.MaySend(ctx, e); err != nil {
			fmt.Fprintf(c.out, "not sent to any more: endpoint %s\n", e.ID)
		}
	}
	return err
}

// words gives the words of a flag that holds a list.
func words(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return s == "" })
}

// checkClient refuses what a new client could not use: a flow that is not there, and addresses that no applicant is ever sent to or framed by.
func (h *house) checkClient(ctx context.Context, tenant string, n auth.NewClient) error {
	if n.DefaultFlow != "" {
		if _, err := h.FlowSource(ctx, tenant, n.DefaultFlow); err != nil {
			return usageError{fmt.Errorf("--flow: the tenant has no flow %q", n.DefaultFlow)}
		}
	}
	for _, u := range n.ReturnURLs {
		if api.ReturnURL("", u, n.ReturnURLs, false) != nil {
			return usageError{fmt.Errorf("--return-url: %q is not the beginning of an address such as https://bank.example/", u)}
		}
	}
	for _, origin := range n.FrameAncestors {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" || u.Scheme+"://"+u.Host != origin || strings.ContainsAny(u.Host, "*;, ") {
			return usageError{fmt.Errorf("--frame-ancestors: %q is not an origin such as https://bank.example, without a path", origin)}
		}
	}
	return nil
}

// createVendorClient makes the credentials of a vendor's dialect and prints what the client's developers must be told.
func (h *house) createVendorClient(ctx context.Context, c console, tenant string, n auth.NewClient) error {
	d, ok := h.dialect(n.Dialect)
	if !ok {
		return usageError{fmt.Errorf("--dialect is one of %s, not %q", strings.Join(h.dialectNames(), ", "), n.Dialect)}
	}
	logins, err := h.makeLogins(ctx, tenant, d, d.Offers[0], n, operator)
	if err != nil {
		return err
	}
	told := d.Tell(logins)
	for _, key := range slices.Sorted(maps.Keys(told)) {
		fmt.Fprintf(c.out, "%-20s %s\n", key, told[key])
	}
	if h.settings.URL == "" {
		fmt.Fprintln(c.out, "(addresses begin with that of the server; say --url to have them whole)")
	}
	fmt.Fprintln(c.out, "(secrets are shown this once)")
	return nil
}

func flowCommand(ctx context.Context, c console, args []string) error {
	var tenant string
	read := func(h *house, rest []string) (usher.Flow, string, error) {
		if len(rest) != 1 {
			return usher.Flow{}, "", usageError{errors.New("name one file")}
		}
		raw, err := os.ReadFile(rest[0])
		if err != nil {
			return usher.Flow{}, "", err
		}
		f, problems, err := h.parseFlow(string(raw))
		for _, p := range problems {
			fmt.Fprintf(c.err, "%s: %s\n", rest[0], p)
		}
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("%d problems", len(problems))
		}
		return f, string(raw), err
	}
	flags := func(fs *flag.FlagSet) { fs.StringVar(&tenant, "tenant", "", "id of the tenant") }
	return manage(ctx, c, "flow", args, flags, map[string]func(*house, []string) error{
		"check": func(h *house, rest []string) error {
			f, _, err := read(h, rest)
			if err == nil {
				fmt.Fprintf(c.out, "%s: %d steps, nothing wrong\n", f.Name, len(f.Steps))
			}
			return err
		},
		"publish": func(h *house, rest []string) error {
			f, source, err := read(h, rest)
			if err != nil {
				return err
			}
			if _, err := h.Tenant(ctx, tenant); err != nil {
				return err
			}
			if f, err = h.PublishFlow(ctx, tenant, f, source); err == nil {
				fmt.Fprintf(c.out, "%s is at version %d\n", f.Name, f.Version)
			}
			return err
		},
		"show": func(h *house, rest []string) error {
			if len(rest) != 1 {
				return usageError{errors.New("name one flow")}
			}
			source, err := h.FlowSource(ctx, tenant, rest[0])
			fmt.Fprint(c.out, source)
			return err
		},
	})
}
