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
	"github.com/usher-kyc/usher/internal/vault"
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

// TestEndpoint queues a ping.
func (e *Engine) TestEndpoint(ctx context.Context, tenant, id string) (usher.Delivery, error) {
	ep, err := e.Endpoint(ctx, tenant, id)
	if err != nil {
		return usher.Delivery{}, err
	}
	now := e.now()
	d := usher.Delivery{
		ID: newID(), TenantID: tenant, EndpointID: ep.ID, EventID: newID(), EventType: "ping", Status: usher.DeliveryPending, DueAt: now, CreatedAt: now,
	}
	body, err := json.Marshal(map[string]any{"id": d.EventID, "type": "ping", "created_at": now.Format("2006-01-02T15:04:05.000Z")})
	if err != nil {
		return d, fmt.Errorf("encode ping: %w", err)
	}
	d.Message = usher.Message{Event: "ping", ContentType: "application/json", Body: body}
	return d, e.queue(ctx, d, e.setting(ctx, tenant, "endpoint.tested", id, ""))
}

// queue seals and queues a delivery outside of a session's commit.
func (e *Engine) queue(ctx context.Context, d usher.Delivery, audit ...usher.AuditRecord) error {
	row := store.DeliveryRow{Delivery: d}
	var err error
	if d.ApplicantID == "" || d.EventType == usher.ApplicantErased {
		row.Message.Body, err = e.sealBody(nil, d.TenantID, d.ID, d.Message.Body)
	} else {
		s, openErr := e.c.Vault.Sealer(ctx, d.TenantID, d.ApplicantID)
		if openErr != nil {
			return &usher.Error{Code: usher.CodeGone, Message: "the applicant of this delivery was erased", Err: openErr}
		}
		row.Message.Body, err = e.sealBody(s, d.TenantID, d.ID, d.Message.Body)
	}
	if err != nil {
		return fmt.Errorf("seal delivery: %w", err)
	}
	if err := e.c.Store.AddDelivery(ctx, row, audit...); err != nil {
		return fmt.Errorf("queue delivery: %w", err)
	}
	e.c.Wake()
	return nil
}

// again sends a delivery's bytes once more. One that still waits for its next try gets it now, and nothing is queued behind it; one that is
// done is queued as a delivery of its own, so that the log shows both.
func (e *Engine) again(ctx context.Context, d usher.Delivery, audit ...usher.AuditRecord) (usher.Delivery, error) {
	if d.Status == usher.DeliveryPending {
		waits, err := e.c.Store.HurryDelivery(ctx, store.DeliveryRow{Delivery: d}, e.now(), audit...)
		if err != nil {
			return d, fmt.Errorf("send delivery now: %w", err)
		}
		if waits {
			d.DueAt = e.now()
			e.c.Wake()
			return d, nil
		}
	}
	body, err := e.openBody(ctx, d)
	if err != nil {
		return d, &usher.Error{Code: usher.CodeGone, Message: "the applicant of this delivery was erased", Err: err}
	}
	d.Message.Body = body
	d.ID, d.Status, d.Attempts, d.CreatedAt, d.DueAt, d.DoneAt = newID(), usher.DeliveryPending, 0, e.now(), e.now(), time.Time{}
	return d, e.queue(ctx, d, audit...)
}

// Resend sends a delivery's bytes once more; see again.
func (e *Engine) Resend(ctx context.Context, tenant, id string) (usher.Delivery, error) {
	row, _, err := e.c.Store.Delivery(ctx, tenant, id)
	if err != nil {
		return row.Delivery, found(err, "delivery")
	}
	if _, err := e.Endpoint(ctx, tenant, row.EndpointID); err != nil {
		return row.Delivery, &usher.Error{Code: usher.CodeGone, Message: "the endpoint of this delivery was deleted"}
	}
	return e.again(ctx, row.Delivery, e.setting(ctx, tenant, "delivery.resent", id, "session "+row.SessionID))
}

// Replay sends again what an endpoint was sent: one event, or all since a time. What still waits is sent now.
func (e *Engine) Replay(ctx context.Context, tenant, endpoint, event string, since time.Time) (int, error) {
	if _, err := e.Endpoint(ctx, tenant, endpoint); err != nil {
		return 0, err
	}
	rows, err := e.c.Store.SentTo(ctx, tenant, endpoint, event, since)
	if err != nil {
		return 0, err
	}
	if err := e.Record(ctx, e.setting(ctx, tenant, "endpoint.replayed", endpoint, fmt.Sprintf("%d deliveries", len(rows)))); err != nil {
		return 0, err
	}
	n := 0
	for _, r := range rows {
		if _, err := e.again(ctx, r.Delivery); isCode(err, usher.CodeGone) {
			continue // erased since; there is nothing left to send
		} else if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// ListDeliveries gives a page of a tenant's deliveries, newest first, without their bodies.
func (e *Engine) ListDeliveries(ctx context.Context, tenant string, f usher.DeliveryFilter) (usher.Page[usher.Delivery], error) {
	f.Limit = limited(f.Limit)
	rows, err := e.c.Store.ListDeliveries(ctx, tenant, f)
	if err != nil {
		return usher.Page[usher.Delivery]{}, cursorErr(err)
	}
	return paged(rows, 0, f.Paging, func(r store.DeliveryRow) (usher.Delivery, error) {
		r.Message.Body = nil
		return r.Delivery, nil
	}, func(d usher.Delivery) string { return d.ID })
}

// Delivery gives a delivery with its body and tries. The body of an erased applicant's delivery is gone.
func (e *Engine) Delivery(ctx context.Context, tenant, id string) (usher.Delivery, []usher.DeliveryAttempt, error) {
	row, tries, err := e.c.Store.Delivery(ctx, tenant, id)
	if err != nil {
		return usher.Delivery{}, nil, found(err, "delivery")
	}
	body, err := e.openBody(ctx, row.Delivery)
	if err != nil && !erased(err) {
		return usher.Delivery{}, nil, err
	}
	row.Message.Body = body
	for i := range tries {
		if err := e.openAnswer(ctx, row.Delivery, &tries[i]); err != nil {
			return usher.Delivery{}, nil, err
		}
	}
	return row.Delivery, tries, nil
}

// Exchange writes how tries ended, disables the endpoints that asked for it, and leases what is due; see usher.Outbox. What cannot be sent any
// more, since its applicant was erased or its endpoint is gone, is settled here as dead.
func (e *Engine) Exchange(ctx context.Context, reports []usher.DeliveryReport, c usher.DeliveryClaim) ([]usher.ClaimedDelivery, error) {
	reports, err := e.sealAnswers(ctx, reports)
	if err != nil {
		return nil, err
	}
	rows, err := e.c.Store.ExchangeDeliveries(ctx, reports, c)
	if err != nil {
		return nil, err
	}
	if err := e.disable(ctx, reports); err != nil {
		// What was claimed is not lost: its lease ends. The reports are offered again, which changes nothing but asks for this once more.
		return nil, err
	}
	var claimed []usher.ClaimedDelivery
	var dead []usher.DeliveryReport
	for _, run := range rows {
		d := run[0].Delivery
		ep, err := e.sendable(ctx, &d)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err() // the caller stopped, which says nothing of the delivery: its lease ends
		case err == nil:
			claimed = append(claimed, usher.ClaimedDelivery{Delivery: d, Endpoint: ep, Behind: e.behind(ctx, run[1:])})
		case errors.Is(err, vault.ErrErased), errors.Is(err, vault.ErrTampered), isCode(err, usher.CodeNotFound), isCode(err, usher.CodeGone):
			dead = append(dead, usher.DeliveryReport{Delivery: d, Status: usher.DeliveryDead, Attempt: usher.DeliveryAttempt{
				Number: d.Attempts + 1, At: c.Now, Error: "not sent: the applicant was erased, or the endpoint is gone or disabled",
			}})
		default:
			// The store failed, which says nothing of the delivery either: it is due again when its lease ends.
			e.c.Log.WarnContext(ctx, "a delivery could not be read; it is sent later", "delivery", d.ID, "error", err)
		}
	}
	if len(dead) > 0 {
		return claimed, e.c.Store.SettleDeliveries(ctx, dead)
	}
	return claimed, nil
}

// behind gives those that wait behind a delivery up to the first that cannot be read. What becomes of that one is seen when it is the oldest.
func (e *Engine) behind(ctx context.Context, rows []store.DeliveryRow) []usher.Delivery {
	list := make([]usher.Delivery, 0, len(rows))
	for _, r := range rows {
		body, err := e.openBody(ctx, r.Delivery)
		if err != nil {
			break
		}
		r.Message.Body = body
		list = append(list, r.Delivery)
	}
	return list
}

// sendable opens the body of a delivery and gives the endpoint it goes to. CodeGone says that the endpoint is disabled.
func (e *Engine) sendable(ctx context.Context, d *usher.Delivery) (ep usher.Endpoint, err error) {
	if d.Message.Body, err = e.openBody(ctx, *d); err != nil {
		return ep, fmt.Errorf("open delivery: %w", err)
	}
	if ep, err = e.cachedEndpoint(ctx, d.TenantID, d.EndpointID); err != nil {
		return ep, err
	}
	if ep.Disabled != "" {
		return ep, &usher.Error{Code: usher.CodeGone, Message: "the endpoint is disabled: " + ep.Disabled}
	}
	return ep, nil
}

// cachedEndpoint gives an endpoint, from memory for a moment. One that is not remembered may have been made on another node just now.
func (e *Engine) cachedEndpoint(ctx context.Context, tenant, id string) (usher.Endpoint, error) {
	list, err := e.endpoints(ctx, tenant)
	if err != nil {
		return usher.Endpoint{}, err
	}
	for _, ep := range list {
		if ep.ID == id {
			return ep, nil
		}
	}
	e.forgetEndpoints(tenant)
	return e.Endpoint(ctx, tenant, id)
}

// disable disables the endpoints that answers asked to be left alone by.
func (e *Engine) disable(ctx context.Context, reports []usher.DeliveryReport) error {
	for _, r := range reports {
		if r.Disable == "" {
			continue
		}
		_, err := e.changeEndpoint(ctx, r.Delivery.TenantID, r.Delivery.EndpointID, func(ep *usher.Endpoint, was usher.Endpoint) (action string, err error) {
			if ep.Disabled = r.Disable; was.Disabled == "" {
				action = "endpoint.disabled"
			}
			return action, nil
		})
		if isCode(err, usher.CodeNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("disable endpoint: %w", err)
		}
		if err := e.c.Store.AbandonDeliveries(ctx, r.Delivery.EndpointID, e.now()); err != nil {
			return fmt.Errorf("give up deliveries: %w", err)
		}
	}
	return nil
}

// Release gives leases back without counting a try.
func (e *Engine) Release(ctx context.Context, ids []string) error {
	return e.c.Store.ReleaseDeliveries(ctx, e.now(), ids)
}

// NextDue tells when the next delivery is due.
func (e *Engine) NextDue(ctx context.Context) (time.Time, error) { return e.c.Store.NextDelivery(ctx) }
