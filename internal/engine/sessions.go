package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/trace"
	"github.com/usher-kyc/usher/internal/vault"
)

// retries bounds how often a change is tried again because another writer was faster. Each round one writer wins, so this many need as many
// writers at one session at once.
const retries = 16

// Session gives a tenant's session; CodeGone when its applicant was erased.
func (e *Engine) Session(ctx context.Context, tenant, id string) (usher.Session, error) {
	row, err := e.c.Store.Session(ctx, tenant, id)
	return e.readSession(ctx, row, err)
}

// SessionByKey gives the session of a dialect with a second name.
func (e *Engine) SessionByKey(ctx context.Context, tenant, dialect, key string) (usher.Session, error) {
	hash, err := e.sessionKey(dialect, key)
	if err != nil {
		return usher.Session{}, err
	}
	row, err := e.c.Store.SessionOfKey(ctx, tenant, hash)
	return e.readSession(ctx, row, err)
}

// sessionKey hashes a session's second name. The tenant is not part of it: a page may be asked for by a key alone.
func (e *Engine) sessionKey(dialect, key string) ([]byte, error) {
	if key == "" {
		return nil, usher.NotFound("session")
	}
	return e.index("server", "session-key", dialect+"/"+key)
}

func (e *Engine) readSession(ctx context.Context, row store.SessionRow, err error) (usher.Session, error) {
	if err != nil {
		return usher.Session{}, found(err, "session")
	}
	s, err := e.openSession(ctx, row)
	if errors.Is(err, vault.ErrErased) {
		return s, &usher.Error{Code: usher.CodeGone, Message: "the applicant of this session was erased"}
	}
	return s, err
}

// ListSessions gives a page of a tenant's sessions; of erased applicants only ids, state and times.
func (e *Engine) ListSessions(ctx context.Context, tenant string, f usher.SessionFilter) (usher.Page[usher.Session], error) {
	f.Limit = limited(f.Limit)
	reference, err := e.index(tenant, "reference", f.Reference)
	if err != nil {
		return usher.Page[usher.Session]{}, err
	}
	rows, total, err := e.c.Store.ListSessions(ctx, tenant, f, reference)
	if err != nil {
		return usher.Page[usher.Session]{}, err
	}
	return paged(rows, total, f.Paging, func(r store.SessionRow) (usher.Session, error) {
		s, err := e.openSession(ctx, r)
		if errors.Is(err, vault.ErrErased) {
			err = nil
		}
		return s, err
	}, func(s usher.Session) string { return s.ID })
}

// StartSession starts a session of a known or a new applicant, and gives its link.
func (e *Engine) StartSession(ctx context.Context, c usher.APIClient, n usher.NewSession) (usher.Session, usher.Link, error) {
	const operation = "session"
	if id, err := e.done(ctx, operation); err != nil || id != "" {
		if err != nil {
			return usher.Session{}, usher.Link{}, err
		}
		// The link of the first call went out with an answer that nobody heard; only its hash is known.
		return e.IssueLink(ctx, c, id, usher.NewLink{})
	}
	if err := e.checkReturn(c, n.ReturnURL); err != nil {
		return usher.Session{}, usher.Link{}, err
	}
	if n.Flow == "" {
		n.Flow = c.DefaultFlow
	}
	flow, err := e.Flow(ctx, c.TenantID, n.Flow)
	if err != nil {
		return usher.Session{}, usher.Link{}, asField(err, "flow")
	}
	h, err := e.applicantInHand(ctx, c, n)
	if err != nil {
		return usher.Session{}, usher.Link{}, err
	}
	now := e.now()
	s := usher.Session{
		ID: newID(), TenantID: c.TenantID, ApplicantID: h.applicant.ID, ClientID: c.ID, Dialect: h.applicant.Dialect, Mode: h.tenant.Mode,
		Flow: flow, ReturnURL: n.ReturnURL, Locale: n.Locale, Reference: n.Reference, Key: n.Key, Metadata: n.Metadata,
	}
	if h.tenant.Mode == usher.Sandbox {
		s.Steer = n.Steer
	}
	if n.Key != "" {
		hash, err := e.sessionKey(s.Dialect, n.Key)
		if err != nil {
			return usher.Session{}, usher.Link{}, err
		}
		h.change.Key = &store.KeyRow{Hash: hash, TenantID: s.TenantID, SessionID: s.ID}
	}
	if n.Expires > 0 {
		s.ExpiresAt = now.Add(n.Expires)
	}
	s, events := usher.Start(s, clientActor(c), now)
	if err := h.took(ctx, flow, events, now); err != nil {
		return s, usher.Link{}, err
	}
	link := e.newLink(h, now)
	h.link = link
	if err := h.commit(ctx, operation, s.ID); err != nil {
		if errors.Is(err, store.ErrConflict) && n.Key != "" {
			return s, usher.Link{}, &usher.Error{Code: usher.CodeConflict, Detail: "key_taken", Message: "a session was started with this key before"}
		}
		return s, usher.Link{}, fmt.Errorf("start session: %w", err)
	}
	return s, link, nil
}

// applicantInHand takes the applicant a new session is for in hand: a known one, or one created with it.
func (e *Engine) applicantInHand(ctx context.Context, c usher.APIClient, n usher.NewSession) (*hand, error) {
	if n.Applicant != nil {
		return e.begin(ctx, c, *n.Applicant)
	}
	a, err := e.Applicant(ctx, c.TenantID, n.ApplicantID)
	if err != nil {
		return nil, asField(err, "applicant_id")
	}
	if a.Erased {
		return nil, &usher.Error{Code: usher.CodeGone, Field: "applicant_id", Message: "this applicant was erased"}
	}
	if err := restricted(a); err != nil {
		return nil, asField(err, "applicant_id")
	}
	h := &hand{e: e, applicant: a, wasA: a.Version, wasCalled: called(a)}
	if h.tenant, err = e.Tenant(ctx, c.TenantID); err != nil {
		return nil, err
	}
	if h.sealer, err = e.c.Vault.Sealer(ctx, a.TenantID, a.ID); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return h, nil
}

// asField says which field of the request a thing that was not found was named in.
func asField(err error, field string) error {
	var ue *usher.Error
	if errors.As(err, &ue) && ue.Code == usher.CodeNotFound {
		named := *ue
		named.Field = field
		return &named
	}
	return err
}

// Do carries out one command.
func (e *Engine) Do(ctx context.Context, tenant, id string, c usher.Command) (usher.Session, error) {
	operation := "do-" + string(c.Kind)
	if had, err := e.done(ctx, operation); err != nil || had != "" {
		if err != nil {
			return usher.Session{}, err
		}
		return e.Session(ctx, tenant, id)
	}
	return e.script(ctx, tenant, id, operation, c.IfVersion != 0, func(h *hand) error {
		if c.Kind == usher.CmdSubmit && h.steer() == usher.SteerExpire {
			return h.decide(ctx, usher.Command{Kind: usher.CmdTick, By: c.By, Expires: h.session.ExpiresAt.Add(time.Millisecond)})
		}
		return h.decide(ctx, c)
	})
}

// script loads a session, lets fn decide any number of commands on it in hand, and commits them as one change. Unless once, another writer's
// change makes it start over.
func (e *Engine) script(ctx context.Context, tenant, id, operation string, once bool, fn func(*hand) error) (s usher.Session, err error) {
	ctx, span := trace.Start(ctx, "command "+operation, "session", id)
	defer func() { span.End(err) }()
	for range retries {
		h, err := e.sessionInHand(ctx, tenant, id)
		if err != nil {
			return usher.Session{}, err
		}
		h.made = id
		if err := fn(h); err != nil {
			return h.session, err
		}
		err = h.commit(ctx, operation, h.made)
		if errors.Is(err, store.ErrConflict) && !once {
			continue
		}
		if errors.Is(err, store.ErrConflict) {
			return h.session, usher.Conflict("the session was changed by somebody else a moment ago: read it again and decide on that")
		}
		return h.session, err
	}
	return usher.Session{}, usher.Conflict("the session is being changed by others; try again")
}

func (e *Engine) sessionInHand(ctx context.Context, tenant, id string) (*hand, error) {
	s, err := e.Session(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	h := &hand{e: e, session: s, wasS: s.Version, wasState: s.State}
	if h.applicant, err = e.Applicant(ctx, tenant, s.ApplicantID); err != nil {
		return nil, err
	}
	h.wasA, h.wasCalled = h.applicant.Version, called(h.applicant)
	if h.tenant, err = e.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	h.sealer, err = e.c.Vault.Sealer(ctx, tenant, s.ApplicantID)
	if errors.Is(err, vault.ErrErased) {
		return nil, &usher.Error{Code: usher.CodeGone, Message: "the applicant of this session was erased"}
	}
	return h, err
}
