package main

import (
	"context"
	"flag"
	"fmt"
	"time"
)

// auditFlags are the flags of usher audit.
type auditFlags struct {
	tenant, checkpoints, file, key, out string
	from, to                            string
	json                                bool
}

func (a *auditFlags) add(fs *flag.FlagSet) {
	fs.StringVar(&a.tenant, "tenant", "", "id of the tenant; empty is all, and what belongs to none")
	fs.StringVar(&a.checkpoints, "checkpoints", "", "file of checkpoints, such as an auditor kept; empty is that of this node")
	fs.StringVar(&a.file, "file", "", "verify this export instead of the database; needs --key")
	fs.StringVar(&a.key, "key", "", "file of the public keys that checkpoints are signed with; empty is the server's own")
	fs.StringVar(&a.out, "out", "", "file to be written; it must not be there yet")
	fs.StringVar(&a.from, "from", "", "day or time of the first entry, such as 2026-03-01")
	fs.StringVar(&a.to, "to", "", "day or time before which entries end, such as 2026-04-01")
	fs.BoolVar(&a.json, "json", false, "answer as JSON")
}

func auditCommand(ctx context.Context, c console, args []string) error {
	var a auditFlags
	if len(args) > 0 && args[0] == "verify" {
		if _, _, err := readSettings(c, "audit verify", args[1:], a.add); err != nil {
			return err
		}
		if a.file != "" {
			return verifyFile(ctx, c, a)
		}
	}
	on := func(do func(*house, *trail) error) func(*house, []string) error {
		return func(h *house, rest []string) error {
			if len(rest) > 0 {
				return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
			}
			t, err := h.openTrail(ctx, c)
			if err != nil {
				return err
			}
			return do(h, t)
		}
	}
	return manage(ctx, c, "audit", args, a.add, map[string]func(*house, []string) error{
		"verify": on(func(_ *house, t *trail) error { return t.verify(ctx, c, a) }),
		"export": on(func(h *house, t *trail) error { return h.exportTrail(ctx, c, t, a) }),
		"checkpoint": on(func(_ *house, t *trail) error {
			made, err := t.notary.Write(ctx)
			for _, one := range made {
				fmt.Fprintf(c.out, "%-36s  entry %d  %x\n", or(one.Tenant, "(the server)"), one.Seq, one.Hash[:8])
			}
			if err == nil && len(made) == 0 {
				fmt.Fprintln(c.out, "nothing has been added since the last checkpoint")
			}
			return err
		}),
		"key": func(h *house, rest []string) error { return h.auditKey(ctx, c, rest) },
	})
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// when reads a day or a time, UTC where it does not say; "" is the zero time.
func when(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not like 2026-03-01 or 2026-03-01T12:00:00Z", text)
}
