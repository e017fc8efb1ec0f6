package engine

import (
	"context"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

var _ usher.Brands = (*Engine)(nil)

// Brand gives how a tenant's pages look.
func (e *Engine) Brand(ctx context.Context, tenant string) (usher.Brand, error) {
	return e.c.Store.Brand(ctx, tenant)
}

// PutBrand replaces it, and notes on the trail who did.
func (e *Engine) PutBrand(ctx context.Context, tenant string, b usher.Brand, by usher.Actor) error {
	b, err := web.CheckBrand(b)
	if err != nil {
		return err
	}
	b.UpdatedAt = e.now()
	return e.c.Store.PutBrand(ctx, tenant, b, e.record(tenant, by, "brand.changed", tenant, ""))
}
