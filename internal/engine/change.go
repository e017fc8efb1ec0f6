package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/trace"
	"github.com/usher-kyc/usher/internal/vault"
)

// work in hand: what one command (or a script of several) makes, gathered until it is committed as one change.
type hand struct {
	e         *Engine
	tenant    usher.Tenant
	sealer    *vault.Sealer
	applicant usher.Applicant
	wasA      int64 // stored version of the applicant; touched only when it differs
	newA      bool
	session   usher.Session
	wasS      int64
	wasState  usher.State
	wasCalled string // the applicant's names as stored
	change    store.Change
	told      []usher.Event  // of the change
	account   *usher.Account // that was just opened
	made      string         // id that is kept for the call's idempotency key
	link      usher.Link     // of a session that was just started
}

// tell takes in events: each is given its id, sealed, and rendered for every endpoint that wants it. views gives the session as it was after
// each event, or nil for events of the applicant.
func (h *hand) tell(ctx context.Context, events []usher.Event, views []*usher.Session) error {
	h.trail(ctx, events)
	endpoints, err := h.e.endpoints(ctx, h.tenant.ID)
	if err != nil {
		return err
	}
	for i := range events {
		ev := &events[i]
		ev.ID = newID()
		row := store.EventRow{
			ID: ev.ID, TenantID: ev.TenantID, ApplicantID: ev.ApplicantID, SessionID: ev.SessionID, Dialect: h.applicant.Dialect,
			Type: ev.Type, Sequence: ev.Sequence, At: ev.At,
		}
		if views[i] != nil {
			row.Purpose = views[i].Purpose
		}
		if ev.Type != usher.ApplicantErased {
			if row.Doc, err = seal(h.sealer, placeEvent, ev.ID, ev.Data); err != nil {
				return err
			}
		}
		h.change.Events = append(h.change.Events, row)
		h.told = append(h.told, *ev)
		view := usher.View{Tenant: h.tenant, Applicant: h.applicant, Session: views[i]}
		if view.Session != nil && h.e.c.Stamps != nil {
			view.Link = h.e.entry(*view.Session).URL
		}
		if ev.Type == usher.AccountOpened {
			view.Account = h.account
		}
		for _, ep := range endpoints {
			if ep.Wants(row.Dialect, ev.Type) {
				if err := h.render(ep, view, *ev); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// render fixes the bytes that an endpoint will be sent for an event.
func (h *hand) render(ep usher.Endpoint, view usher.View, ev usher.Event) error {
	r, ok := h.e.renderers[ep.Dialect]
	if !ok {
		return nil
	}
	messages, err := r.Render(view, ev)
	if err != nil {
		return fmt.Errorf("render %s for %s: %w", ev.Type, ep.Dialect, err)
	}
	for _, m := range messages {
		if !ep.WantsMessage(m) {
			continue
		}
		d := usher.Delivery{
			ID: newID(), TenantID: ep.TenantID, EndpointID: ep.ID, ApplicantID: ev.ApplicantID, SessionID: ev.SessionID, EventID: ev.ID,
			EventType: ev.Type, Message: m, DueAt: ev.At, CreatedAt: ev.At,
		}
		sealer := h.sealer
		if ev.Type == usher.ApplicantErased {
			sealer = nil
		}
		if d.Message.Body, err = h.e.sealBody(sealer, ep.TenantID, d.ID, m.Body); err != nil {
			return fmt.Errorf("seal delivery: %w", err)
		}
		h.change.Deliveries = append(h.change.Deliveries, store.DeliveryRow{Delivery: d})
	}
	return nil
}

// decide runs one command on the session in hand and takes in what happened.
func (h *hand) decide(ctx context.Context, c usher.Command) error {
	now := h.e.now()
	if c.Details != nil {
		told, events := h.applicant.Tell(*c.Details, c.By, now)
		h.applicant = told
		for _, ev := range events {
			c.Changed = append(c.Changed, ev.Data.Fields...)
		}
		if err := h.tell(ctx, events, make([]*usher.Session, len(events))); err != nil {
			return err
		}
	}
	c.Given = h.applicant.Details.Given()
	at := now
	if c.Kind == usher.CmdTick && c.Expires.After(now) {
		at = c.Expires // a simulation asks what is true then
	}
	_, events, err := usher.Decide(h.session, c, at)
	if err != nil {
		return err
	}
	return h.took(ctx, h.session.Flow, events, now)
}

// took takes in what happened to the session in hand. It is folded from its events, which also gives it as it was after each of them.
func (h *hand) took(ctx context.Context, flow usher.Flow, events []usher.Event, now time.Time) error {
	views := make([]*usher.Session, len(events))
	for i := range events {
		events[i].At = now // it happens now, whatever a simulation asked: webhooks are due by it
		h.session = usher.Apply(h.session, flow, events[i])
		view := h.session
		views[i] = &view
	}
	if err := h.tell(ctx, events, views); err != nil {
		return err
	}
	h.enqueue(events)
	if err := h.numbered(events); err != nil {
		return err
	}
	return h.keepScreenings(ctx, events)
}

// enqueue puts the work that events ask for beside them.
func (h *hand) enqueue(events []usher.Event) {
	sent := map[string]bool{}
	for _, ev := range events {
		switch ev.Type {
		case usher.CheckStarted:
			if !sent[ev.Data.Step] {
				sent[ev.Data.Step] = true
				h.change.Jobs = append(h.change.Jobs, store.Job{
					Kind: jobChecks, Tenant: h.tenant.ID, Object: h.session.ID, Step: ev.Data.Step, Round: ev.Data.Round,
				})
			}
		case usher.SessionApproved, usher.SessionOverturned:
			if _, ok := h.session.Flow.First(usher.StepAccount); ok && h.session.State == usher.Approved {
				h.change.Jobs = append(h.change.Jobs, store.Job{Kind: jobAccount, Tenant: h.tenant.ID, Object: h.session.ID, Round: 1})
			}
		default:
		}
	}
}

// commit seals the rows and writes the change. made names the operation and id for the idempotency key, if the call has one.
func (h *hand) commit(ctx context.Context, made, id string) error {
	if len(h.change.Events) == 0 && len(h.change.Accounts) == 0 {
		return nil
	}
	var err error
	if a := h.applicant; h.newA || a.Version != h.wasA {
		row := store.ApplicantRow{
			ID: a.ID, TenantID: a.TenantID, ClientID: a.ClientID, Dialect: a.Dialect, Version: a.Version, Was: h.wasA, Erased: a.Erased,
			CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
		}
		if !a.Erased {
			if row.Doc, err = seal(h.sealer, placeApplicant, a.ID, a); err != nil {
				return err
			}
			if row.ReferenceIndex, err = h.e.index(a.TenantID, "reference", a.Reference); err != nil {
				return err
			}
			if row.NationalIndex, err = h.e.index(a.TenantID, "national_id", a.Details.NationalID); err != nil {
				return err
			}
			if row.EmailIndex, err = h.e.index(a.TenantID, "email", strings.ToLower(a.Details.Email)); err != nil {
				return err
			}
		}
		h.change.Applicant = &row
		if name := called(a); !a.Erased && name != h.wasCalled {
			if err := h.findable("name", nameWords(name)...); err != nil {
				return err
			}
		}
	}
	if s := h.session; s.Version != h.wasS {
		row := store.SessionRow{
			ID: s.ID, TenantID: s.TenantID, ApplicantID: s.ApplicantID, ClientID: s.ClientID, Dialect: s.Dialect, Purpose: s.Purpose,
			State: s.State, Flow: s.FlowName, FlowVersion: s.FlowVersion, Version: s.Version, Was: h.wasS,
			SubmittedAt: s.SubmittedAt, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, ExpiresAt: s.ExpiresAt, DueAt: s.DueAt(),
		}
		if row.Doc, err = seal(h.sealer, placeSession, s.ID, s); err != nil {
			return err
		}
		if row.ReferenceIndex, err = h.e.index(s.TenantID, "reference", s.Reference); err != nil {
			return err
		}
		h.change.Session = &row
		if err := h.followCase(); err != nil {
			return err
		}
	}
	once, ok := api.OnceFrom(ctx)
	if !ok || made == "" {
		return h.e.write(ctx, h.change, h.told)
	}
	effect := store.Once{Tenant: once.Tenant, Client: once.Client, Key: once.Key, Made: made, ID: id}
	if once.Whole != nil && !once.Whole.Written {
		return h.commitWhole(ctx, once.Whole, effect)
	}
	h.change.Once = &effect
	return h.e.write(ctx, h.change, h.told)
}

// write commits a change, and tells of it what others wait for.
func (e *Engine) write(ctx context.Context, c store.Change, told []usher.Event) error {
	ctx, span := trace.Start(ctx, "commit")
	err := e.c.Store.Commit(ctx, c)
	span.End(err)
	if err != nil {
		return err
	}
	if len(c.Deliveries) > 0 {
		e.c.Wake()
	}
	e.c.Told(told)
	for _, d := range c.Deliveries {
		trace.Handoff(ctx, "delivery queued", d.ID, "delivery", d.ID, "event", d.EventID, "session", d.SessionID)
	}
	for _, j := range c.Jobs {
		trace.Handoff(ctx, "job queued", jobName(j), "job", j.Kind, "object", j.Object, "step", j.Step)
	}
	return nil
}

// jobName is what the trace of a job is found by.
func jobName(j store.Job) string {
	return strings.Join([]string{"job", j.Kind, j.Tenant, j.Object, j.Step, strconv.Itoa(j.Round)}, "/")
}

// index gives the keyed hash of a value, or nil when there is none.
func (e *Engine) index(tenant, field, value string) ([]byte, error) {
	if value == "" {
		return nil, nil
	}
	return e.c.Vault.Index(tenant, field, value)
}

// done gives the id of what an earlier call with the same idempotency key made, or "".
func (e *Engine) done(ctx context.Context, operation string) (string, error) {
	once, ok := api.OnceFrom(ctx)
	if !ok || once.New {
		return "", nil // should a holder that was taken for dead make something meanwhile, the change that is the effect conflicts
	}
	row, err := e.c.Store.Once(ctx, once.Tenant, once.Client, once.Key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return row.Made(operation), err
}
