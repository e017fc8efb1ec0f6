package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
	"github.com/usher-kyc/usher/internal/vault/cloud"
	"github.com/usher-kyc/usher/internal/vault/transit"
)

// kmsTime bounds a call to a key management service; a server that cannot reach it does not start.
const kmsTime = 15 * time.Second

// keeper gives what seals the master keys, or nil where they stand in the clear.
func (s settings) keeper(ctx context.Context) (vault.Keeper, error) {
	switch {
	case s.KMS == "":
		return nil, nil
	case strings.HasPrefix(s.KMS, "https://"), strings.HasPrefix(s.KMS, "http://"):
		return transit.New(transit.Config{
			URL: s.KMS, Token: s.KMSToken, Namespace: s.KMSNamespace,
			// No redirects: the token would go with them.
			Client: &http.Client{Timeout: kmsTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		})
	}
	return cloud.Open(ctx, s.KMS)
}

func (s settings) ringFile() string { return filepath.Join(s.Data, "master.key") }

// openRing reads the master keys, and makes the first one where there is none.
func (s settings) openRing(ctx context.Context) (*vault.Ring, error) {
	keeper, err := s.keeper(ctx)
	if err != nil {
		return nil, fmt.Errorf("kms: %w", err)
	}
	return vault.OpenRing(ctx, s.ringFile(), s.MasterKey, keeper)
}

// keyCommand changes the master keys. The order of a change is add, use, rewrap, drop, with every server started anew between them: none may meet
// what it cannot open.
func keyCommand(ctx context.Context, c console, args []string) error {
	var asJSON bool
	flags := func(fs *flag.FlagSet) { fs.BoolVar(&asJSON, "json", false, "answer as JSON") }
	return manage(ctx, c, "key", args, flags, map[string]func(*house, []string) error{
		"list":   func(h *house, _ []string) error { return h.listKeys(ctx, c, asJSON) },
		"rewrap": func(h *house, _ []string) error { return h.rewrap(ctx, c, asJSON) },
		"add": func(h *house, _ []string) error {
			return h.changeRing(ctx, c, func(r *vault.Ring, k vault.Keeper) (string, error) {
				id, err := r.Add(ctx, k)
				return "added " + id + ", which opens and does not yet seal; start every server anew, then: usher key use", err
			})
		},
		"use": func(h *house, _ []string) error {
			return h.changeRing(ctx, c, func(r *vault.Ring, _ vault.Keeper) (string, error) {
				id, err := r.Use()
				if err == nil {
					err = h.knownToAll(ctx, id)
				}
				return id + " seals from the next start on; start every server anew, then: usher key rewrap", err
			})
		},
		"seal": func(h *house, _ []string) error {
			return h.changeRing(ctx, c, func(r *vault.Ring, k vault.Keeper) (string, error) {
				if k == nil {
					return "", usageError{errors.New("say which key management service is to seal the keys, with --kms")}
				}
				return "sealed all keys by the key management service", r.Seal(ctx, k)
			})
		},
		"drop": func(h *house, rest []string) error {
			if len(rest) != 1 {
				return usageError{errors.New("name one key; usher key list shows them")}
			}
			return h.dropKey(ctx, c, rest[0])
		},
	})
}

// dropKey takes a master key out of the ring. First the database is told, so that nobody seals with it any more; then what it has sealed is counted, and
// cannot become more.
func (h *house) dropKey(ctx context.Context, c console, id string) error {
	if id == h.ring.Master().ID() {
		return fmt.Errorf("%s is the key that seals; add another and use it first", id)
	}
	using, err := h.db.DropKey(ctx, id, time.Now())
	if err != nil {
		return err
	}
	if len(using) > 0 {
		return fmt.Errorf("key %s seals on %s: start every server anew with the keys that usher key use has written", id, nodesOf(using))
	}
	err = h.dropUnused(ctx, c, id)
	if err != nil {
		err = errors.Join(err, h.db.KeepKey(context.WithoutCancel(ctx), id))
	}
	return err
}

// knownToAll refuses to seal with a key that a server does not have yet.
func (h *house) knownToAll(ctx context.Context, id string) error {
	rings, err := h.db.Rings(ctx)
	if err != nil {
		return err
	}
	lacking := slices.DeleteFunc(rings, func(r store.Ring) bool { return r.Keys == nil || slices.Contains(r.Keys, id) })
	if len(lacking) > 0 {
		return fmt.Errorf("key %s is not known to %s: start every server anew first", id, nodesOf(lacking))
	}
	return nil
}

func (h *house) dropUnused(ctx context.Context, c console, id string) error {
	counts, err := ops.WrappedBy(ctx, h.db.Store)
	if err != nil {
		return err
	}
	if n := counts[id]; n > 0 {
		return fmt.Errorf("key %s still wraps the keys of %d applicants and tenants; run usher key rewrap first", id, n)
	}
	return h.changeRing(ctx, c, func(r *vault.Ring, _ vault.Keeper) (string, error) {
		return "dropped " + id + "; back-ups from before the rewrap need it, so destroy it when they are gone", r.Drop(id)
	})
}

// nodesOf names servers.
func nodesOf(rings []store.Ring) string {
	names := make([]string, len(rings))
	for i, r := range rings {
		names[i] = cmp.Or(r.Node, "the server of this data folder")
		if r.Keys == nil {
			names[i] += " (an older version, which does not say)"
		}
	}
	return strings.Join(names, ", ")
}

// maySeal refuses to go on with a master key that was dropped.
func (h *house) maySeal(ctx context.Context, id string) error {
	gone, err := h.db.KeyDropped(ctx, id)
	if err == nil && gone {
		err = fmt.Errorf("the master key %s was dropped, and what it seals could be opened by nobody: put the keys here that the other servers have", id)
	}
	return err
}

func (h *house) listKeys(ctx context.Context, c console, asJSON bool) error {
	counts, err := ops.WrappedBy(ctx, h.db.Store)
	if err != nil {
		return err
	}
	type line struct {
		ID     string `json:"id"`
		State  string `json:"state"` // old, sealing or next
		Sealed bool   `json:"sealed_by_kms"`
		Wraps  int    `json:"wraps"`
	}
	list := []line{}
	for _, k := range h.ring.Keys() {
		state := "old"
		if k.Next {
			state = "next"
		} else if k.ID == h.ring.Master().ID() {
			state = "sealing"
		}
		list = append(list, line{k.ID, state, k.Sealed, counts[k.ID]})
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(list)
	}
	t := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "key\tstate\tsealed by KMS\twraps")
	for _, l := range list {
		fmt.Fprintf(t, "%s\t%s\t%t\t%d\n", l.ID, l.State, l.Sealed, l.Wraps)
	}
	return t.Flush()
}

// changeRing changes the master keys in their file, or tells what the variable is to hold from now on.
func (h *house) changeRing(ctx context.Context, c console, change func(*vault.Ring, vault.Keeper) (string, error)) error {
	keeper, err := h.settings.keeper(ctx)
	if err != nil {
		return fmt.Errorf("kms: %w", err)
	}
	told, err := change(h.ring, keeper)
	if err != nil {
		return err
	}
	// What cannot be read back must not take the place of what can.
	if _, err := vault.ReadRing(ctx, h.ring.Text(), keeper); err != nil {
		return fmt.Errorf("read the new keys back: %w", err)
	}
	if h.settings.MasterKey != "" {
		fmt.Fprintf(c.out, "%s\nput this into %s on every server:\n%s", told, variable("master-key"), h.ring.Text())
		return nil
	}
	if err := vault.WriteRing(h.settings.ringFile(), h.ring); err != nil {
		return err
	}
	fmt.Fprintln(c.out, told)
	return nil
}

func (h *house) rewrap(ctx context.Context, c console, asJSON bool) error {
	total, err := h.db.CountKeysets(ctx)
	if err != nil {
		return err
	}
	tenants, err := h.db.Tenants(ctx)
	if err != nil {
		return err
	}
	ids := []string{serverTenant}
	for _, t := range tenants {
		ids = append(ids, t.ID)
	}
	b := newBar(c, "rewrapping", total)
	done, err := ops.Rewrapper{Store: h.db.Store, Vault: h.vault, Told: b.set}.Run(ctx, ids)
	b.done()
	if err != nil {
		return fmt.Errorf("stopped after %d of %d applicants, and goes on from there when run again: %w", done.Seen, total, err)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(done)
	}
	fmt.Fprintf(c.out, "%d applicants and %d tenants are in the wrap of key %s; %d and %d were put there now\n",
		done.Seen, len(ids), h.ring.Master().ID(), done.Changed, done.Tenants)
	return nil
}
