package store

import (
	"context"
	"errors"

	"github.com/usher-kyc/usher"
)

// PutBrand writes how a tenant's pages look.
func (s *Store) PutBrand(ctx context.Context, tenant string, b usher.Brand, audit ...usher.AuditRecord) error {
	_, err := s.noted(ctx, audit, `INSERT INTO brands (tenant_id, name, accent, accent_dark, logo, logo_type, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, accent = excluded.accent, accent_dark = excluded.accent_dark,
		logo = excluded.logo, logo_type = excluded.logo_type, updated_at = excluded.updated_at`,
		tenant, b.Name, b.Accent, b.AccentDark, b.Logo, b.LogoType, ms(b.UpdatedAt))
	return err
}

// Brand gives how a tenant's pages look, empty where nothing was said.
func (s *Store) Brand(ctx context.Context, tenant string) (usher.Brand, error) {
	b, err := one(ctx, s, func(row scanner) (usher.Brand, error) {
		var b usher.Brand
		var updated int64
		err := row.Scan(&b.Name, &b.Accent, &b.AccentDark, &b.Logo, &b.LogoType, &updated)
		b.UpdatedAt = at(updated)
		return b, err
	}, `SELECT name, accent, accent_dark, logo, logo_type, updated_at FROM brands WHERE tenant_id = $1`, tenant)
	if errors.Is(err, ErrNotFound) {
		return usher.Brand{}, nil
	}
	return b, err
}
