package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
	"github.com/usher-kyc/usher/internal/webhook"
)

// trail is what keeps the audit trail honest: the notary, and the keys that it signs and signed with, newest first.
type trail struct {
	audit.Ledger
	notary *audit.Notary
	keys   []ed25519.PublicKey
	path   string // of the checkpoints
}

// keysOf keeps signing keys in the store.
type keysOf struct{ *store.Store }

func (k keysOf) SigningKeys(ctx context.Context, purpose string) ([]vault.SealedKey, error) {
	rows, err := k.Store.SigningKeys(ctx, purpose)
	list := make([]vault.SealedKey, len(rows))
	for i, r := range rows {
		list[i] = vault.SealedKey(r)
	}
	return list, err
}

func (k keysOf) AddSigningKey(ctx context.Context, key vault.SealedKey) error {
	err := k.Store.AddSigningKey(ctx, store.SigningKeyRow(key))
	if errors.Is(err, store.ErrConflict) {
		return nil // another node made one
	}
	return err
}

// openTrail readies the notary, and writes its public keys beside the checkpoints for whoever is to verify them.
func (h *house) openTrail(ctx context.Context, c console) (*trail, error) {
	keys, err := h.vault.OpenSigningKeys(ctx, keysOf{h.db.Store}, "audit", vault.Ed25519, time.Now())
	if err != nil {
		return nil, err
	}
	t := &trail{Ledger: audit.Ledger{Store: h.db.Store}, path: h.settings.AuditCheckpoints}
	if t.path == "" {
		t.path = filepath.Join(h.settings.Data, "audit-checkpoints.jsonl")
	}
	for _, k := range keys {
		public, ok := k.Signer.Public().(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%s is not an Ed25519 key", k)
		}
		t.keys = append(t.keys, public)
	}
	private, ok := keys[0].Signer.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not an Ed25519 key", keys[0])
	}
	if err := t.publish(filepath.Join(h.settings.Data, "audit-public.pem")); err != nil {
		return nil, fmt.Errorf("write the public keys of the audit trail: %w", err)
	}
	config := audit.NotaryConfig{Book: t.Ledger, Key: private, Path: t.path, Webhook: h.settings.AuditWebhook, Log: h.log}
	if h.settings.AuditLine {
		config.Line = c.out
	}
	if config.Webhook != "" {
		allow, err := prefixes(h.settings.Allow)
		if err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
		outward := webhook.ClientConfig{Dev: h.settings.Dev, Allow: allow}
		if err := outward.CheckURL(config.Webhook); err != nil {
			return nil, fmt.Errorf("audit-webhook: %w", err)
		}
		config.Client = webhook.NewClient(outward)
	}
	t.notary, err = audit.NewNotary(config)
	return t, err
}

// publish writes the public keys to a file, unless they stand there already.
func (t *trail) publish(path string) error {
	all, err := t.pem()
	if err != nil {
		return err
	}
	if had, err := os.ReadFile(path); err == nil && bytes.Equal(had, all) {
		return nil
	}
	return os.WriteFile(path, all, 0o644) // to be given away
}

func (t *trail) pem() ([]byte, error) {
	var all []byte
	for _, key := range t.keys {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			return nil, err
		}
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})...)
	}
	return all, nil
}

// readKeys reads Ed25519 keys from a file of PEM blocks.
func readKeys(path string) ([]ed25519.PublicKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var keys []ed25519.PublicKey
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		any, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := any.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s holds something else than Ed25519 public keys", path)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no public key", path)
	}
	return keys, nil
}

// checkpoints reads the checkpoints of a file: that of this node when the name is empty, where none yet is not an error.
func (t *trail) checkpoints(path string, keys []ed25519.PublicKey) ([]audit.Checkpoint, []audit.Fault, error) {
	own := path == ""
	if own {
		path = t.path
	}
	f, err := os.Open(path)
	if own && errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open checkpoints: %w", err)
	}
	defer f.Close() // only read
	return audit.ReadCheckpoints(f, keys)
}

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
		"key": on(func(_ *house, t *trail) error {
			all, err := t.pem()
			fmt.Fprintf(c.out, "%s", all)
			return err
		}),
	})
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// verify walks through the database's trails.
func (t *trail) verify(ctx context.Context, c console, a auditFlags) error {
	keys := t.keys
	if a.key != "" {
		var err error
		if keys, err = readKeys(a.key); err != nil {
			return err
		}
	}
	marks, bad, err := t.checkpoints(a.checkpoints, keys)
	if err != nil {
		return err
	}
	began := time.Now()
	r, err := t.Ledger.Verify(ctx, marks)
	if err != nil {
		return err
	}
	r.Add(bad...)
	return c.report(r, time.Since(began), a.json)
}

// verifyFile verifies an export, with nothing but the file and the keys.
func verifyFile(ctx context.Context, c console, a auditFlags) error {
	if a.key == "" {
		return usageError{errors.New("needs --key, the public keys of the server that the export is from")}
	}
	keys, err := readKeys(a.key)
	if err != nil {
		return err
	}
	var more []audit.Checkpoint
	var bad []audit.Fault
	if a.checkpoints != "" {
		if more, bad, err = (&trail{}).checkpoints(a.checkpoints, keys); err != nil {
			return err
		}
	}
	f, err := os.Open(a.file)
	if err != nil {
		return fmt.Errorf("open export: %w", err)
	}
	defer f.Close() // only read
	began := time.Now()
	r, err := audit.VerifyExport(ctx, f, keys, more)
	if err != nil {
		return err
	}
	r.Add(bad...)
	return c.report(r, time.Since(began), a.json)
}

// report prints what a verification found; its error is a foundError when something is wrong.
func (c console) report(r audit.Report, took time.Duration, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(c.out).Encode(struct {
			OK bool `json:"ok"`
			audit.Report
		}{r.OK(), r}); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	} else {
		for _, f := range r.Faults {
			fmt.Fprintf(c.out, "FAULT  %-14s %s: %s\n", f.Kind, or(f.Tenant, "(the server)"), f.Message)
		}
		fmt.Fprintf(c.out, "%d entries in %d chains read in %d ms; %d checkpoints fit; %d entries are newer than the last checkpoint of their chain\n",
			r.Records, r.Chains, took.Milliseconds(), r.Checkpoints, r.Unsigned)
	}
	if !r.OK() {
		return foundError{fmt.Errorf("the audit trail is not as it was written: %d faults", len(r.Faults)+r.More)}
	}
	return nil
}

// exportTrail writes entries and checkpoints to a file that only its owner may read, and notes that it did.
func (h *house) exportTrail(ctx context.Context, c console, t *trail, a auditFlags) error {
	if a.out == "" {
		return usageError{errors.New("needs --out")}
	}
	var part audit.Part
	var err error
	if part.From, err = when(a.from); err != nil {
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	if part.Before, err = when(a.to); err != nil {
		return usageError{fmt.Errorf("--to: %w", err)}
	}
	tenants, err := h.db.AuditTenants(ctx)
	if err != nil {
		return err
	}
	if a.tenant != "" {
		tenants = slices.DeleteFunc(tenants, func(t string) bool { return t != a.tenant })
	}
	if err := h.Record(ctx, usher.AuditRecord{TenantID: a.tenant, Actor: operator, Action: "audit.exported", Object: a.tenant}); err != nil {
		return err
	}
	if _, err := t.notary.Write(ctx); err != nil && !errors.Is(err, audit.ErrUnsent) {
		return err
	}
	marks, _, err := t.checkpoints("", t.keys)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(a.out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	n, err := audit.Export(f, t.Trails(ctx, tenants), marks, part)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(a.out))
	}
	fmt.Fprintf(c.out, "%d entries written to %s; verify them anywhere with: usher audit verify --file %s --key audit-public.pem\n", n, a.out, a.out)
	return nil
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

var _ desk.Trail = (*trail)(nil)

// proof gives what proves the trail; nothing where only a command line was opened.
func (h *house) proof() desk.Trail {
	if h.trail == nil {
		return nil
	}
	return h.trail
}

// State tells where a tenant's chain stands: how long it is, and whether this node's newest checkpoint of it is in it.
func (t *trail) State(ctx context.Context, tenant string) (desk.TrailState, error) {
	var s desk.TrailState
	ends, err := t.Ends(ctx)
	if err != nil {
		return s, err
	}
	if i := slices.IndexFunc(ends, func(c audit.Checkpoint) bool { return c.Tenant == tenant }); i >= 0 {
		s.Entries = ends[i].Seq
	}
	c, ok := t.notary.Newest(tenant)
	if !ok {
		return s, nil
	}
	s.Signed, s.At = c.Seq, c.At
	hash, found, err := t.Link(ctx, tenant, c.Seq)
	s.Fits = found && hash == c.Hash
	return s, err
}

// Export writes a tenant's entries of a span of time, with a checkpoint of their end.
func (t *trail) Export(ctx context.Context, w io.Writer, tenant string, from, before time.Time) error {
	if _, err := t.notary.Write(ctx); err != nil && !errors.Is(err, audit.ErrUnsent) {
		return err
	}
	marks, _, err := t.checkpoints("", t.keys)
	if err != nil {
		return err
	}
	_, err = audit.Export(w, t.Trails(ctx, []string{tenant}), marks, audit.Part{From: from, Before: before})
	return err
}

// lookAtTrail is the readiness probe of the trail, and doctor's.
func (h *house) lookAtTrail(ctx context.Context) error {
	t := h.trail
	if t == nil {
		var err error
		if t, err = h.openTrail(ctx, console{out: io.Discard}); err != nil {
			return err
		}
	}
	return t.notary.Check(ctx)
}
