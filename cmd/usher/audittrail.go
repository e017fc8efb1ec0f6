package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/webhook"
)

// trail is what keeps the audit trail honest: the notary, and what it signs with.
type trail struct {
	audit.Ledger
	notary *audit.Notary
	stream *audit.Stream                                  // nil tells nobody
	keys   func(ctx context.Context) ([]audit.Key, error) // all there are, newest first
	path   string                                         // of the checkpoints
}

// openTrail readies the notary, and writes its public keys beside the checkpoints for whoever is to verify them: now, and when they have changed.
func (h *house) openTrail(ctx context.Context, c console) (*trail, error) {
	t := &trail{Ledger: audit.Ledger{Store: h.db.Store}, path: h.settings.AuditCheckpoints, keys: h.auditKeys}
	if t.path == "" {
		t.path = filepath.Join(h.settings.Data, "audit-checkpoints.jsonl")
	}
	published := func(ctx context.Context) ([]audit.Key, error) {
		keys, err := t.keys(ctx)
		if err != nil {
			return nil, err
		}
		if err := publish(filepath.Join(h.settings.Data, "audit-public.pem"), keys); err != nil {
			return nil, fmt.Errorf("write the public keys of the audit trail: %w", err)
		}
		return keys, nil
	}
	if _, err := published(ctx); err != nil {
		return nil, err
	}
	config := audit.NotaryConfig{Book: t.Ledger, Keys: published, Path: t.path, Webhook: h.settings.AuditWebhook, Log: h.log}
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
	var err error
	if t.stream, err = h.openStream(); err != nil {
		return nil, fmt.Errorf("audit-stream: %w", err)
	}
	t.notary, err = audit.NewNotary(config)
	return t, err
}

// run signs where the trail ends, and tells the stream's receiver of it, until ctx ends.
func (t *trail) run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { t.notary.Run(ctx) })
	if t.stream != nil {
		both.Go(func() { t.stream.Run(ctx) })
	}
	both.Wait()
}

// public gives the keys that checkpoints are verified with.
func (t *trail) public(ctx context.Context) ([]ed25519.PublicKey, error) {
	keys, err := t.keys(ctx)
	return audit.Public(keys), err
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

// own gives the checkpoints of this node.
func (t *trail) own(ctx context.Context) ([]audit.Checkpoint, error) {
	keys, err := t.public(ctx)
	if err != nil {
		return nil, err
	}
	marks, _, err := t.checkpoints("", keys)
	return marks, err
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
