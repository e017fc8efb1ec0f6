package store

import (
	"context"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// PutTenant writes a tenant, new or changed.
func (s *Store) PutTenant(ctx context.Context, t usher.Tenant, audit ...usher.AuditRecord) error {
	_, err := s.noted(ctx, audit, `INSERT INTO tenants (id, name, mode, currency, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency`, t.ID, t.Name, t.Mode, t.Currency, ms(t.CreatedAt))
	return err
}

// SetWebhookHosts writes where a tenant's webhooks may go, hosts with blanks between them; ErrNotFound when there is no such tenant.
func (s *Store) SetWebhookHosts(ctx context.Context, tenant, hosts string, audit ...usher.AuditRecord) error {
	n, err := s.noted(ctx, audit, `UPDATE tenants SET webhook_hosts = $2 WHERE id = $1`, tenant, hosts)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// Tenant gives a tenant.
func (s *Store) Tenant(ctx context.Context, id string) (usher.Tenant, error) {
	return one(ctx, s, scanTenant, `SELECT id, name, mode, currency, created_at, webhook_hosts FROM tenants WHERE id = $1`, id)
}

// Tenants gives all tenants, oldest first.
func (s *Store) Tenants(ctx context.Context) ([]usher.Tenant, error) {
	return all(ctx, s, scanTenant, `SELECT id, name, mode, currency, created_at, webhook_hosts FROM tenants ORDER BY created_at, id`)
}

func scanTenant(row scanner) (usher.Tenant, error) {
	var t usher.Tenant
	var created int64
	var hosts string
	err := row.Scan(&t.ID, &t.Name, &t.Mode, &t.Currency, &created, &hosts)
	t.CreatedAt = at(created)
	if hosts != "" {
		t.WebhookHosts = strings.Fields(hosts)
	}
	return t, err
}

// FlowRow is one version of a flow: the text it was read from.
type FlowRow struct {
	TenantID, Name string
	Version        int
	Source         string
	CreatedAt      time.Time
}

func scanFlow(row scanner) (FlowRow, error) {
	var r FlowRow
	var created int64
	err := row.Scan(&r.TenantID, &r.Name, &r.Version, &r.Source, &created)
	r.CreatedAt = at(created)
	return r, err
}

const flowColumns = `tenant_id, name, version, source, created_at`

// AddFlow writes a new version of a flow; ErrConflict when that version exists.
func (s *Store) AddFlow(ctx context.Context, r FlowRow, audit ...usher.AuditRecord) error {
	n, err := s.noted(ctx, audit, `INSERT INTO flows (`+flowColumns+`) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, name, version) DO NOTHING`,
		r.TenantID, r.Name, r.Version, r.Source, ms(r.CreatedAt))
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

// Flow gives one version of a flow, the newest when version is 0.
func (s *Store) Flow(ctx context.Context, tenant, name string, version int) (FlowRow, error) {
	return one(ctx, s, scanFlow, `SELECT `+flowColumns+` FROM flows WHERE tenant_id = $1 AND name = $2 AND (version = $3 OR $3 = 0)
		ORDER BY version DESC LIMIT 1`, tenant, name, version)
}

// Flows gives the newest version of each of a tenant's flows, by name.
func (s *Store) Flows(ctx context.Context, tenant string) ([]FlowRow, error) {
	return all(ctx, s, scanFlow, `SELECT `+flowColumns+` FROM flows f WHERE tenant_id = $1
		AND version = (SELECT max(version) FROM flows n WHERE n.tenant_id = f.tenant_id AND n.name = f.name) ORDER BY name`, tenant)
}

// FlowVersions gives every version of a flow, newest first.
func (s *Store) FlowVersions(ctx context.Context, tenant, name string) ([]FlowRow, error) {
	return all(ctx, s, scanFlow, `SELECT `+flowColumns+` FROM flows WHERE tenant_id = $1 AND name = $2 ORDER BY version DESC`, tenant, name)
}

// EndpointRow is an endpoint as stored: its settings hold secrets and come sealed with the tenant's key.
type EndpointRow struct {
	ID, TenantID string
	Doc          []byte
	Failures     int // in a row
	FailingSince time.Time
	CreatedAt    time.Time
}

func scanEndpoint(row scanner) (EndpointRow, error) {
	var r EndpointRow
	var since, created int64
	err := row.Scan(&r.ID, &r.TenantID, &r.Doc, &r.Failures, &since, &created)
	r.FailingSince, r.CreatedAt = at(since), at(created)
	return r, err
}

// AddEndpoint writes a new endpoint; ErrConflict when there is one with its id.
func (s *Store) AddEndpoint(ctx context.Context, r EndpointRow, audit ...usher.AuditRecord) error {
	n, err := s.noted(ctx, audit, `INSERT INTO endpoints (id, tenant_id, doc, failures, failing_since, created_at)
		VALUES ($1, $2, $3, 0, 0, $4) ON CONFLICT (id) DO NOTHING`, r.ID, r.TenantID, r.Doc, ms(r.CreatedAt))
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

// ChangeEndpoint writes the settings of an endpoint that are made from those in was; ErrConflict when it has others by now, or was deleted. Sealing
// makes no two documents alike, so that what is stored is its own version.
func (s *Store) ChangeEndpoint(ctx context.Context, r EndpointRow, was []byte, audit ...usher.AuditRecord) error {
	n, err := s.noted(ctx, audit, `UPDATE endpoints SET doc = $3 WHERE id = $1 AND tenant_id = $2 AND doc = $4`, r.ID, r.TenantID, r.Doc, was)
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

const endpointColumns = `id, tenant_id, doc, failures, failing_since, created_at`

// Endpoints gives a tenant's endpoints, oldest first; every tenant's when tenant is "".
func (s *Store) Endpoints(ctx context.Context, tenant string) ([]EndpointRow, error) {
	if tenant == "" {
		return all(ctx, s, scanEndpoint, `SELECT `+endpointColumns+` FROM endpoints ORDER BY id`)
	}
	return all(ctx, s, scanEndpoint, `SELECT `+endpointColumns+` FROM endpoints WHERE tenant_id = $1 ORDER BY id`, tenant)
}

// DeleteEndpoint forgets an endpoint; ErrNotFound when the tenant has no such one.
func (s *Store) DeleteEndpoint(ctx context.Context, tenant, id string, audit ...usher.AuditRecord) error {
	n, err := s.noted(ctx, audit, `DELETE FROM endpoints WHERE id = $1 AND tenant_id = $2`, id, tenant)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}
