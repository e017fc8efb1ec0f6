package native

import (
	"context"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func (s *server) retentionRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/applicants/{id}/retention", id: "get_retention", tag: tagApplicants, may: usher.ActSeeCases,
		summary: "Tell for how long an applicant is kept",
		about:   "By the rules of your tenant, which an administrator sets at the desk.",
	}, s.getRetention)
	handle(s, route{
		method: http.MethodPut, path: "/v1/applicants/{id}/relationship", id: "set_relationship", tag: tagApplicants, may: usher.ActWritePeople,
		summary: "Report the end of the relationship", command: true,
		about: "The law has what is known of a customer kept for years after the relationship ended. The time runs from the end that you report here; without one an approved applicant is kept.",
	}, s.setRelationship)
	handle(s, route{
		method: http.MethodPut, path: "/v1/applicants/{id}/legal_hold", id: "set_legal_hold", tag: tagApplicants, may: usher.ActErase,
		summary: "Stop or allow removal", command: true,
		about: "While a hold stands nothing of the applicant is removed, neither by time nor when it is asked for.",
	}, s.setLegalHold)
}

// retention says why somebody is kept.
type retention struct {
	Basis         string `json:"basis" enum:"hold,open,approved,rejected,abandoned" doc:"Why the data is kept." example:"approved"`
	Until         *stamp `json:"until,omitempty" doc:"When it will be erased; left out where nobody knows yet."`
	RequiredByLaw bool   `json:"required_by_law" doc:"Whether it may not be erased before, even when the person asks." example:"true"`
	EndedAt       *stamp `json:"relationship_ended_at,omitempty" doc:"When the relationship ended, as you reported it."`
	LegalHold     string `json:"legal_hold,omitempty" doc:"Why nothing may be removed." example:"Court order 12/2026"`
	RestrictedAt  *stamp `json:"restricted_at,omitempty" doc:"When erasure was asked for and could not be done yet. Since then nothing is done with the data but keeping it."`
}

func (s *server) getRetention(ctx context.Context, p api.Principal, in *ByID) (*answer[retention], error) {
	a, err := s.Service.Applicant(ctx, p.Tenant(), in.ID)
	return s.retentionAnswer(ctx, a, err)
}

func (s *server) retentionAnswer(ctx context.Context, a usher.Applicant, err error) (*answer[retention], error) {
	if err != nil {
		return nil, err
	}
	if a.Erased {
		return nil, &usher.Error{Code: usher.CodeGone, Message: "this applicant was erased"}
	}
	k, err := s.Service.Kept(ctx, a.TenantID, a.ID)
	if err != nil {
		return nil, err
	}
	out := retention{Basis: string(k.Basis), RequiredByLaw: k.Duty, Until: stampOf(k.Until), EndedAt: stampOf(a.Keeping.EndedAt)}
	if a.Keeping.Hold != nil {
		out.LegalHold = a.Keeping.Hold.Reason
	}
	if a.Keeping.Asked != nil {
		out.RestrictedAt = stampOf(a.Keeping.Asked.At)
	}
	return &answer[retention]{Body: out}, nil
}

func stampOf(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	return &stamp{t}
}

type relationshipInput struct {
	ByID

	Body struct {
		EndedAt *stamp `json:"ended_at" nullable:"true" doc:"When it ended; null says that it goes on."`
	}
}

func (s *server) setRelationship(ctx context.Context, p api.Principal, in *relationshipInput) (*answer[retention], error) {
	var at time.Time
	if in.Body.EndedAt != nil {
		at = in.Body.EndedAt.Time
	}
	a, err := s.Service.EndRelationship(ctx, p.Tenant(), in.ID, at, p.Actor())
	return s.retentionAnswer(ctx, a, err)
}

type legalHoldInput struct {
	ByID

	Body struct {
		Reason *string `json:"reason" nullable:"true" minLength:"1" maxLength:"500" doc:"Why nothing may be removed; null allows it again." example:"Court order 12/2026"`
	}
}

func (s *server) setLegalHold(ctx context.Context, p api.Principal, in *legalHoldInput) (*answer[retention], error) {
	a, err := s.Service.HoldApplicant(ctx, p.Tenant(), in.ID, given(in.Body.Reason), p.Actor())
	return s.retentionAnswer(ctx, a, err)
}
