package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
)

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
	marks, err := t.own(ctx)
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

// Export writes a tenant's entries of a span of time, with a checkpoint of their end.
func (t *trail) Export(ctx context.Context, w io.Writer, tenant string, from, before time.Time) error {
	if _, err := t.notary.Write(ctx); err != nil && !errors.Is(err, audit.ErrUnsent) {
		return err
	}
	marks, err := t.own(ctx)
	if err != nil {
		return err
	}
	_, err = audit.Export(w, t.Trails(ctx, []string{tenant}), marks, audit.Part{From: from, Before: before})
	return err
}
