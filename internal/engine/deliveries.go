package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

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
