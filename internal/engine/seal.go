package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// The places a sealed document can stand in. They are bound into the seal, so that a row copied to another column does not open.
const (
	placeApplicant = "applicants.doc"
	placeSession   = "sessions.doc"
	placeEvent     = "events.doc"
	placeBody      = "deliveries.body"
	placeAccount   = "accounts.doc"
	placeEndpoint  = "endpoints.doc"
	placeAnswer    = "idempotency.body"
	placePageView  = "page_views.doc"
	placeScreening = "screenings.doc"
	placeJudgement = "hit_judgements.doc"
	placeTrait     = "traits.doc"
	placeCase      = "cases.doc"
	placeEntry     = "case_log.doc"
	placeHeld      = "held_decisions.doc"
	placeTag       = "tags.name"
	placeTry       = "delivery_attempts.answer"
)

func seal(s *vault.Sealer, place, id string, v any) ([]byte, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", place, err)
	}
	sealed, err := s.Seal(doc, []byte(place+"/"+id))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	return sealed, nil
}

// unseal opens a document of an applicant into v. It gives vault.ErrErased when the applicant's keys are gone.
func (e *Engine) unseal(ctx context.Context, tenant, applicant, place, id string, sealed []byte, v any) error {
	s, err := e.c.Vault.Sealer(ctx, tenant, applicant)
	if err != nil {
		return fmt.Errorf("open %s: %w", place, err)
	}
	doc, err := s.Open(sealed, []byte(place+"/"+id))
	if err != nil {
		return fmt.Errorf("open %s: %w", place, err)
	}
	if err := json.Unmarshal(doc, v); err != nil {
		return fmt.Errorf("decode %s: %w", place, err)
	}
	return nil
}

// headOf gives what the row itself says of a session.
func headOf(r store.SessionRow) usher.Session {
	return usher.Session{
		ID: r.ID, TenantID: r.TenantID, ApplicantID: r.ApplicantID, ClientID: r.ClientID, Dialect: r.Dialect, Purpose: r.Purpose,
		State: r.State, FlowName: r.Flow, FlowVersion: r.FlowVersion, Version: r.Version,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, SubmittedAt: r.SubmittedAt, ExpiresAt: r.ExpiresAt,
	}
}

// openSession gives the session of a row, with its flow. Of an erased applicant only what the row itself says is left.
func (e *Engine) openSession(ctx context.Context, r store.SessionRow) (usher.Session, error) {
	head := headOf(r)
	var s usher.Session
	if err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeSession, r.ID, r.Doc, &s); err != nil {
		return head, err
	}
	flow, err := e.flowVersion(ctx, r.TenantID, r.Flow, r.FlowVersion)
	s.Flow = flow
	return s, err
}

// openApplicant gives the applicant of a row. One without a key is erased, though the row does not say so: it was restored from a back-up that is older
// than the keys, or is being erased at this moment.
func (e *Engine) openApplicant(ctx context.Context, r store.ApplicantRow) (usher.Applicant, error) {
	a := usher.Applicant{
		ID: r.ID, TenantID: r.TenantID, ClientID: r.ClientID, Dialect: r.Dialect, Version: r.Version, Erased: r.Erased,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if !r.Erased {
		err := e.unseal(ctx, r.TenantID, r.ID, placeApplicant, r.ID, r.Doc, &a)
		if a.Erased = erased(err); err != nil && !a.Erased {
			return a, err
		}
	}
	a.Latest = r.Latest
	return a, nil
}

func (e *Engine) openEvent(ctx context.Context, r store.EventRow) (usher.Event, error) {
	ev := usher.Event{
		ID: r.ID, Type: r.Type, TenantID: r.TenantID, ApplicantID: r.ApplicantID, SessionID: r.SessionID,
		Sequence: r.Sequence, Version: r.Sequence, At: r.At,
	}
	if r.Doc == nil {
		return ev, nil
	}
	err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeEvent, r.ID, r.Doc, &ev.Data)
	if errors.Is(err, vault.ErrErased) {
		return ev, nil
	}
	return ev, err
}

// sealBody seals a webhook body: with the applicant's keys, so that erasure reaches it, or with the tenant's where there is no applicant to
// speak of any more.
func (e *Engine) sealBody(s *vault.Sealer, tenant, id string, body []byte) ([]byte, error) {
	if s == nil {
		return e.c.Vault.SealTenant(tenant, body, []byte(placeBody+"/"+id))
	}
	return s.Seal(body, []byte(placeBody+"/"+id))
}

func (e *Engine) openBody(ctx context.Context, d usher.Delivery) ([]byte, error) {
	return e.openSent(ctx, d, d.Message.Body, placeBody+"/"+d.ID)
}

// openSent opens what is sealed beside a delivery, as sealBody chose the keys.
func (e *Engine) openSent(ctx context.Context, d usher.Delivery, sealed []byte, place string) ([]byte, error) {
	if ofTenant(d) {
		return e.c.Vault.OpenTenant(d.TenantID, sealed, []byte(place))
	}
	s, err := e.c.Vault.Sealer(ctx, d.TenantID, d.ApplicantID)
	if err != nil {
		return nil, err
	}
	return s.Open(sealed, []byte(place))
}

// ofTenant tells whether what a delivery says is sealed with the tenant's keys.
func ofTenant(d usher.Delivery) bool {
	return d.ApplicantID == "" || d.EventType == usher.ApplicantErased
}
