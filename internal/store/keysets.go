package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Keyset gives an applicant's wrapped keys, or nil when they were destroyed.
func (s *Store) Keyset(ctx context.Context, tenant, applicant string) ([]byte, error) {
	var wrapped []byte
	err := s.row(ctx, `SELECT wrapped FROM keysets WHERE applicant_id = $1 AND tenant_id = $2`, []any{applicant, tenant}, &wrapped)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return wrapped, err
}

// HasKeysets tells whether any keys are stored: a fresh master key beside them means that the old one was lost.
func (s *Store) HasKeysets(ctx context.Context) (bool, error) {
	var n int
	err := s.row(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM keysets LIMIT 1) k) + (SELECT count(*) FROM tenant_keys)`, nil, &n)
	return n > 0, err
}

// TenantKeys gives a tenant's wrapped keys, or nil when there are none.
func (s *Store) TenantKeys(ctx context.Context, tenant string) ([]byte, error) {
	var wrapped []byte
	err := s.row(ctx, `SELECT wrapped FROM tenant_keys WHERE tenant_id = $1`, []any{tenant}, &wrapped)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return wrapped, err
}

// AddTenantKeys keeps a tenant's wrapped keys, unless there are some already, and gives those that are there.
func (s *Store) AddTenantKeys(ctx context.Context, tenant string, wrapped []byte) ([]byte, error) {
	if _, err := s.exec(ctx, `INSERT INTO tenant_keys (tenant_id, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING`, tenant, wrapped); err != nil {
		return nil, err
	}
	return s.TenantKeys(ctx, tenant)
}

// AllTenantKeys gives the wrapped keys of every tenant; Applicant is empty.
func (s *Store) AllTenantKeys(ctx context.Context) ([]Keyset, error) {
	return all(ctx, s, func(row scanner) (k Keyset, err error) {
		err = row.Scan(&k.TenantID, &k.Wrapped)
		return k, err
	}, `SELECT tenant_id, wrapped FROM tenant_keys ORDER BY tenant_id`)
}

// RewrapTenant puts a tenant's keys in another wrap, if they are in the given one still.
func (s *Store) RewrapTenant(ctx context.Context, tenant string, was, wrapped []byte) error {
	_, err := s.exec(ctx, `UPDATE tenant_keys SET wrapped = $3 WHERE tenant_id = $1 AND wrapped = $2`, tenant, was, wrapped)
	return err
}

// KeysetsAfter gives the keysets behind an applicant's, in the order of their ids.
func (s *Store) KeysetsAfter(ctx context.Context, applicant string, limit int) ([]Keyset, error) {
	return all(ctx, s, func(row scanner) (k Keyset, err error) {
		err = row.Scan(&k.ApplicantID, &k.TenantID, &k.Wrapped)
		return k, err
	}, `SELECT applicant_id, tenant_id, wrapped FROM keysets WHERE applicant_id > $1 ORDER BY applicant_id LIMIT $2`, applicant, limit)
}

// CountKeysets gives how many applicants have keys.
func (s *Store) CountKeysets(ctx context.Context) (n int, err error) {
	err = s.row(ctx, `SELECT count(*) FROM keysets`, nil, &n)
	return n, err
}

// Rewrap is a keyset that changes its wrap.
type Rewrap struct {
	Applicant    string
	Was, Wrapped []byte
}

// rewrapAtOnce is how many keysets one statement changes: each costs it a comparison with all of them.
const rewrapAtOnce = 32

// RewrapKeysets changes the wraps of keysets, of those that are as they were read: one that was destroyed meanwhile stays destroyed. All of it is one
// transaction.
func (s *Store) RewrapKeysets(ctx context.Context, list []Rewrap) error {
	return s.together(ctx, func(w *writer) {
		for len(list) > 0 {
			n := min(len(list), rewrapAtOnce)
			query, args := rewrapText(list[:n])
			w.exec(query, args...)
			list = list[n:]
		}
	})
}

// rewrapText writes one statement for many keysets. ELSE gives the database the type of the column, which it would take for text otherwise.
func rewrapText(list []Rewrap) (string, []any) {
	var set, in strings.Builder
	args := make([]any, 0, 3*len(list))
	for i, r := range list {
		n := 3 * i
		fmt.Fprintf(&set, " WHEN applicant_id = $%d AND wrapped = $%d THEN $%d", n+1, n+2, n+3)
		if i > 0 {
			in.WriteString(", ")
		}
		fmt.Fprintf(&in, "$%d", n+1)
		args = append(args, r.Applicant, r.Was, r.Wrapped)
	}
	return `UPDATE keysets SET wrapped = CASE` + set.String() + ` ELSE wrapped END WHERE applicant_id IN (` + in.String() + `)`, args
}
