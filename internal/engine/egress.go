package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/usher-kyc/usher"
)

// MaySend tells whether a tenant's list of webhook hosts has those that an endpoint is sent to by. Another node learns of a change within two seconds.
func (e *Engine) MaySend(ctx context.Context, ep usher.Endpoint) error {
	t, err := e.Tenant(ctx, ep.TenantID)
	if err != nil {
		return err
	}
	if err := t.MaySend(ep.URL); err != nil || ep.Auth.TokenURL == "" {
		return err
	}
	if err := t.MaySend(ep.Auth.TokenURL); err != nil {
		return usher.Invalid("auth.token_url", "this host is not on the tenant's list of webhook hosts")
	}
	return nil
}

// SetWebhookHosts says where a tenant's webhooks may go, now and from the outbox; no hosts let them go everywhere.
func (e *Engine) SetWebhookHosts(ctx context.Context, tenant string, hosts []string) ([]string, error) {
	hosts, err := usher.GoodHosts(hosts)
	if err != nil {
		return nil, err
	}
	text := strings.Join(hosts, " ")
	if err := e.c.Store.SetWebhookHosts(ctx, tenant, text, e.setting(ctx, tenant, "tenant.webhook_hosts", tenant, text)); err != nil {
		return nil, fmt.Errorf("set webhook hosts: %w", found(err, "tenant"))
	}
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	delete(e.cache.tenants, tenant)
	return hosts, nil
}
