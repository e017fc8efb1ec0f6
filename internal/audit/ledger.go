package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Ledger is the trail of a whole server as the store has it.
type Ledger struct{ Store *store.Store }

var _ Book = Ledger{}

// Ends gives where every chain ends.
func (l Ledger) Ends(ctx context.Context) ([]Checkpoint, error) {
	heads, err := l.Store.AuditHeads(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Checkpoint, len(heads))
	for i, h := range heads {
		list[i] = Checkpoint{Tenant: h.TenantID, Seq: h.Seq, Hash: h.Hash}
	}
	return list, nil
}

// Link gives the hash at a place of a chain.
func (l Ledger) Link(ctx context.Context, tenant string, seq int64) (usher.AuditHash, bool, error) {
	hash, err := l.Store.AuditLink(ctx, tenant, seq)
	if errors.Is(err, store.ErrNotFound) {
		return hash, false, nil
	}
	return hash, err == nil, err
}

// Trails gives the entries of tenants, one chain behind the other.
func (l Ledger) Trails(ctx context.Context, tenants []string) iter.Seq2[usher.AuditRecord, error] {
	return func(yield func(usher.AuditRecord, error) bool) {
		for _, tenant := range tenants {
			for r, err := range l.Store.AuditTrail(ctx, tenant, 1) {
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}

// Verify walks through every chain of a server while it is in use, and compares with checkpoints and with what the database says of itself.
func (l Ledger) Verify(ctx context.Context, checkpoints []Checkpoint) (Report, error) {
	ends, err := l.Ends(ctx) // before the entries: what is written meanwhile stands behind them
	if err != nil {
		return Report{}, fmt.Errorf("read the ends of the trail: %w", err)
	}
	tenants, err := l.Store.AuditTenants(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("read whose trails there are: %w", err)
	}
	report, err := Verify(ctx, l.Trails(ctx, tenants), slices.Concat(checkpoints, ends))
	if err != nil {
		return report, err
	}
	after, err := l.Ends(ctx)
	if err != nil {
		return report, fmt.Errorf("read the ends of the trail: %w", err)
	}
	for _, tenant := range tenants {
		if !slices.ContainsFunc(after, func(c Checkpoint) bool { return c.Tenant == tenant }) {
			report.Add(Fault{Kind: Missing, Tenant: tenant, Message: "the database does not say where this trail ends"})
		}
	}
	strays, err := l.Store.AuditStrays(ctx)
	if err != nil {
		return report, fmt.Errorf("look for entries outside of the chains: %w", err)
	}
	if strays > 0 {
		report.Add(Fault{Kind: OutOfOrder, Message: fmt.Sprintf("%d entries stand in no chain", strays)})
	}
	return report, nil
}
