package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// endpoints gives a tenant's endpoints, from memory for a moment.
func (e *Engine) endpoints(ctx context.Context, tenant string) ([]usher.Endpoint, error) {
	now := time.Now()
	e.cache.mu.Lock()
	had, ok := e.cache.endpoints[tenant]
	e.cache.mu.Unlock()
	age := endpointsAge
	if !e.alone() {
		age = sharedAge
	}
	if ok && now.Sub(had.read) < age {
		return had.what, nil
	}
	list, err := e.Endpoints(ctx, tenant)
	if err != nil {
		return nil, err
	}
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if e.cache.endpoints == nil {
		e.cache.endpoints = map[string]aged[[]usher.Endpoint]{}
	}
	e.cache.endpoints[tenant] = aged[[]usher.Endpoint]{list, now}
	return list, nil
}

// spread waits until no node remembers the endpoints as they were: what happens after the answer is told to an endpoint that was made before it.
func (e *Engine) spread(ctx context.Context) {
	if e.alone() {
		return
	}
	wait := time.NewTimer(sharedAge)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done(): // whoever asked does not hear the answer
	}
}

func (e *Engine) forgetEndpoints(tenant string) {
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	delete(e.cache.endpoints, tenant)
}

// Endpoints gives a tenant's endpoints, oldest first.
func (e *Engine) Endpoints(ctx context.Context, tenant string) ([]usher.Endpoint, error) {
	rows, err := e.c.Store.Endpoints(ctx, tenant)
	if err != nil {
		return nil, err
	}
	list := make([]usher.Endpoint, 0, len(rows))
	for _, r := range rows {
		ep, err := e.openEndpoint(r)
		if err != nil {
			return nil, err
		}
		list = append(list, ep)
	}
	return list, nil
}

func (e *Engine) openEndpoint(r store.EndpointRow) (ep usher.Endpoint, err error) {
	doc, err := e.c.Vault.OpenTenant(r.TenantID, r.Doc, []byte(placeEndpoint+"/"+r.ID))
	if err != nil {
		return ep, fmt.Errorf("open endpoint: %w", err)
	}
	if err := json.Unmarshal(doc, &ep); err != nil {
		return ep, fmt.Errorf("decode endpoint: %w", err)
	}
	ep.Failures, ep.FailingSince = r.Failures, r.FailingSince
	return ep, nil
}

// Endpoint gives a tenant's endpoint.
func (e *Engine) Endpoint(ctx context.Context, tenant, id string) (usher.Endpoint, error) {
	row, err := e.endpointRow(ctx, tenant, id)
	if err != nil {
		return usher.Endpoint{}, err
	}
	return e.openEndpoint(row)
}

func (e *Engine) endpointRow(ctx context.Context, tenant, id string) (row store.EndpointRow, err error) {
	rows, err := e.c.Store.Endpoints(ctx, tenant)
	if err != nil {
		return row, err
	}
	i := slices.IndexFunc(rows, func(r store.EndpointRow) bool { return r.ID == id })
	if i < 0 {
		return row, usher.NotFound("webhook endpoint")
	}
	return rows[i], nil
}

// newWebhookSecret gives 32 random bytes in the form of Standard Webhooks 1.0.0.
func newWebhookSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// mayRegister refuses an endpoint that may not be registered today.
func (e *Engine) mayRegister(ctx context.Context, ep usher.Endpoint) error {
	if e.c.CheckURL != nil {
		if err := e.c.CheckURL(ep.URL); err != nil {
			return err
		}
	}
	if ep.Disabled == "" { // one that may be sent to no more can still be switched off
		if err := e.MaySend(ctx, ep); err != nil {
			return err
		}
	}
	if _, ok := e.renderers[ep.Dialect]; !ok {
		return usher.Invalid("dialect", "this server does not speak that dialect")
	}
	for _, t := range ep.Events {
		if t != "*" && !slices.Contains(usher.EventTypes(), t) {
			return usher.Invalid("events", "unknown event type %q", string(t))
		}
	}
	return nil
}

// changeEndpoint changes an endpoint, and again from the start when another changed it meanwhile: change is given it as it is and as it was, and
// says what the trail calls that; "" changes nothing.
func (e *Engine) changeEndpoint(ctx context.Context, tenant, id string,
	change func(ep *usher.Endpoint, was usher.Endpoint) (action string, err error),
) (usher.Endpoint, error) {
	for range retries {
		row, err := e.endpointRow(ctx, tenant, id)
		if err != nil {
			return usher.Endpoint{}, err
		}
		was, err := e.openEndpoint(row)
		if err != nil {
			return was, err
		}
		ep, err := e.openEndpoint(row) // a second time: change may write into what was shares with no copy
		if err != nil {
			return ep, err
		}
		action, err := change(&ep, was)
		if err != nil || action == "" {
			return ep, err
		}
		ep, err = e.writeEndpoint(ctx, row, was, ep, action)
		if !errors.Is(err, store.ErrConflict) {
			return ep, err
		}
	}
	return usher.Endpoint{}, usher.Conflict("the endpoint is being changed by others; try again")
}

// writeEndpoint writes an endpoint, with the entry of the trail that says what was done to it. Of one that is changed, row is what is stored and was
// what that says.
func (e *Engine) writeEndpoint(ctx context.Context, row store.EndpointRow, was, ep usher.Endpoint, action string) (usher.Endpoint, error) {
	ep.UpdatedAt = e.now()
	doc, err := json.Marshal(ep)
	if err != nil {
		return ep, fmt.Errorf("encode endpoint: %w", err)
	}
	entry := e.setting(ctx, ep.TenantID, action, ep.ID, ep.Dialect)
	if entry.After, err = e.hashedSecret(ep.TenantID, doc); err != nil {
		return ep, err
	}
	sealed, err := e.c.Vault.SealTenant(ep.TenantID, doc, []byte(placeEndpoint+"/"+ep.ID))
	if err != nil {
		return ep, fmt.Errorf("seal endpoint: %w", err)
	}
	next := store.EndpointRow{ID: ep.ID, TenantID: ep.TenantID, Doc: sealed, CreatedAt: ep.CreatedAt}
	defer e.forgetEndpoints(ep.TenantID)
	if row.ID == "" {
		return ep, e.c.Store.AddEndpoint(ctx, next, entry)
	}
	old, err := json.Marshal(was)
	if err != nil {
		return ep, fmt.Errorf("encode endpoint: %w", err)
	}
	if entry.Before, err = e.hashedSecret(ep.TenantID, old); err != nil {
		return ep, err
	}
	return ep, e.c.Store.ChangeEndpoint(ctx, next, row.Doc, entry)
}

// CreateEndpoint makes an endpoint with a secret of its own.
func (e *Engine) CreateEndpoint(ctx context.Context, tenant string, ep usher.Endpoint) (usher.Endpoint, error) {
	ep.ID, ep.TenantID, ep.CreatedAt = newID(), tenant, e.now()
	if ep.Auth.Type == "" {
		ep.Auth.Type = "none"
	}
	ep.Secrets = []string{newWebhookSecret()}
	if err := errors.Join(e.authenticated(ctx, ep), e.mayRegister(ctx, ep)); err != nil {
		return ep, err
	}
	defer e.spread(ctx)
	return e.writeEndpoint(ctx, store.EndpointRow{}, usher.Endpoint{}, ep, "endpoint.created")
}

// authenticated refuses an endpoint of a live tenant that does without the authentication its dialect asks for.
func (e *Engine) authenticated(ctx context.Context, ep usher.Endpoint) error {
	if e.c.NeedsAuth == nil || ep.Auth.Type != "none" || !e.c.NeedsAuth(ep.Dialect) {
		return nil
	}
	t, err := e.Tenant(ctx, ep.TenantID)
	if err != nil {
		return err
	}
	if t.Mode == usher.Live {
		return usher.Invalid("auth", "in a live tenant an endpoint of this dialect needs authentication: give basic, header, oauth2 or hmac")
	}
	return nil
}

// UpdateEndpoint changes an endpoint; its secrets stay. change is called again when another changed it meanwhile.
func (e *Engine) UpdateEndpoint(ctx context.Context, tenant, id string, change func(*usher.Endpoint)) (usher.Endpoint, error) {
	defer e.spread(ctx)
	return e.changeEndpoint(ctx, tenant, id, func(ep *usher.Endpoint, was usher.Endpoint) (action string, err error) {
		change(ep)
		ep.ID, ep.TenantID, ep.CreatedAt, ep.Secrets = was.ID, was.TenantID, was.CreatedAt, was.Secrets
		if was.Auth.Type != "none" { // one that was there before its dialect asked for authentication goes on as it is
			err = e.authenticated(ctx, *ep)
		}
		switch {
		case ep.Disabled != "" && was.Disabled == "":
			action = "endpoint.disabled"
		case ep.Disabled == "" && was.Disabled != "":
			action = "endpoint.enabled"
		default:
			action = "endpoint.changed"
		}
		return action, errors.Join(err, e.mayRegister(ctx, *ep))
	})
}

// DeleteEndpoint forgets an endpoint; what it was not sent yet is given up.
func (e *Engine) DeleteEndpoint(ctx context.Context, tenant, id string) error {
	if err := e.c.Store.DeleteEndpoint(ctx, tenant, id, e.setting(ctx, tenant, "endpoint.deleted", id, "")); err != nil {
		return found(err, "webhook endpoint")
	}
	e.forgetEndpoints(tenant)
	e.spread(ctx) // until then nodes queue for it
	return e.c.Store.AbandonDeliveries(ctx, id, e.now())
}

// RotateSecret gives an endpoint a new secret. The one before keeps signing beside it until the next rotation, so that a receiver can change
// over without missing anything.
func (e *Engine) RotateSecret(ctx context.Context, tenant, id string) (usher.Endpoint, error) {
	defer e.spread(ctx)
	var known []string
	return e.changeEndpoint(ctx, tenant, id, func(ep *usher.Endpoint, was usher.Endpoint) (string, error) {
		if known != nil && !slices.Equal(known, was.Secrets) { // twice at once would leave no secret that the receiver knows
			return "", usher.Conflict("the secret was rotated by another at the same time")
		}
		known = was.Secrets
		ep.Secrets = append([]string{newWebhookSecret()}, known[:min(1, len(known))]...)
		return "endpoint.rotated", e.mayRegister(ctx, *ep)
	})
}
