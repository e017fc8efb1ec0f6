package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher"
)

// retentionCommand shows, changes and tries the rules of how long a tenant's applicants are kept.
func retentionCommand(ctx context.Context, c console, args []string) error {
	var tenant, by string
	var asJSON bool
	wished := map[string]string{}
	flags := func(fs *flag.FlagSet) {
		fs.StringVar(&tenant, "tenant", "", "id of the tenant")
		fs.StringVar(&by, "by", "", "plan: the day by which, YYYY-MM-DD; empty is today")
		fs.BoolVar(&asJSON, "json", false, "answer as JSON")
		for name, about := range map[string]string{
			"abandoned": "days that those are kept who did not finish, 0 for ever",
			"rejected":  "days that rejected applicants are kept; 1826,law where they may not be erased before",
			"approved":  "the same for approved ones; with ,law the days run from the end of the relationship",
			"bodies":    "days that the bodies of webhooks are kept",
		} {
			fs.Func(name, about, func(v string) error { wished[name] = v; return nil })
		}
	}
	rules := func(h *house) (usher.KeepRules, error) {
		r, err := h.KeepRules(ctx, tenant)
		if err != nil {
			return r, err
		}
		return withWishes(r, wished)
	}
	return manage(ctx, c, "retention", args, flags, map[string]func(*house, []string) error{
		"show": func(h *house, _ []string) error {
			r, err := h.KeepRules(ctx, tenant)
			if err != nil {
				return err
			}
			return showRules(c, r, asJSON)
		},
		"set": func(h *house, _ []string) error {
			r, err := rules(h)
			if err == nil {
				err = h.SetKeepRules(ctx, tenant, r, operator)
			}
			if err != nil {
				return err
			}
			return showRules(c, r, asJSON)
		},
		"plan": func(h *house, _ []string) error {
			r, err := rules(h)
			if err != nil {
				return err
			}
			return h.planRetention(ctx, c, tenant, r, by, asJSON)
		},
	})
}

// withWishes changes the rules by what was said on the command line.
func withWishes(r usher.KeepRules, wished map[string]string) (usher.KeepRules, error) {
	for name, value := range wished {
		days, law := strings.CutSuffix(value, ",law")
		n, err := strconv.Atoi(days)
		if err != nil {
			return r, usageError{fmt.Errorf("--%s: write days, such as 30, or 1826,law", name)}
		}
		rule := usher.KeepRule{Days: n, Duty: law}
		switch name {
		case "abandoned":
			r.Abandoned = rule
		case "rejected":
			r.Rejected = rule
		case "approved":
			r.Approved = rule
		default:
			r.Bodies = n
		}
	}
	if err := r.Check(); err != nil {
		return r, usageError{err}
	}
	return r, nil
}

func showRules(c console, r usher.KeepRules, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(r)
	}
	t := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, one := range []struct {
		name string
		rule usher.KeepRule
	}{{"abandoned", r.Abandoned}, {"rejected", r.Rejected}, {"approved", r.Approved}, {"bodies of webhooks", usher.KeepRule{Days: r.Bodies}}} {
		days, law := fmt.Sprintf("%d days", one.rule.Days), ""
		if one.rule.Days == 0 {
			days = "for ever"
		}
		if one.rule.Duty {
			law = "not to be erased before, by law"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", one.name, days, law)
	}
	return t.Flush()
}

// planRetention tells what would be erased, and erases nothing.
func (h *house) planRetention(ctx context.Context, c console, tenant string, r usher.KeepRules, by string, asJSON bool) error {
	day := time.Now()
	if by != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, by); err != nil {
			return usageError{errors.New("--by: write a day as YYYY-MM-DD")}
		}
	}
	const first = 20
	plan, ids, err := h.KeepPlan(ctx, tenant, r, day, first)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(map[string]any{"by": day.UTC().Format(time.RFC3339), "erase": plan, "applicants": ids})
	}
	if len(plan) == 0 {
		fmt.Fprintln(c.out, "nobody would be erased")
	}
	for _, basis := range slices.Sorted(maps.Keys(plan)) {
		fmt.Fprintf(c.out, "%d would be erased as %s\n", plan[basis], basis)
	}
	for _, id := range ids {
		fmt.Fprintln(c.out, "  "+id)
	}
	return nil
}

// eraseCommand erases one applicant, or restricts them where the law has them kept.
func eraseCommand(ctx context.Context, c console, args []string) error {
	var w exportWish
	s, rest, err := readSettings(c, "erase", args, func(fs *flag.FlagSet) {
		fs.StringVar(&w.applicant, "applicant", "", "id of the applicant")
		fs.StringVar(&w.tenant, "tenant", "", "id of the tenant; empty looks in all of them")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 || w.applicant == "" {
		return usageError{errors.New("needs --applicant, and nothing else")}
	}
	h, err := open(ctx, s, newLog(c, s, slog.LevelWarn))
	if err != nil {
		return err
	}
	tenant, err := h.tenantOf(ctx, w)
	if err != nil {
		return errors.Join(err, h.close())
	}
	a, err := h.EraseApplicant(ctx, tenant, w.applicant, operator)
	switch {
	case err != nil:
	case a.Restricted():
		k, errKept := h.Kept(ctx, tenant, w.applicant)
		until := "nobody knows when yet"
		if !k.Until.IsZero() {
			until = k.Until.Format(time.DateOnly)
		}
		err = errKept
		fmt.Fprintf(c.out, "not erased but restricted: the law or a hold has them kept (%s); to be erased: %s\n", k.Basis, until)
	default:
		fmt.Fprintln(c.out, "erased: the key of everything that was kept of them is destroyed")
	}
	return errors.Join(err, h.close())
}
