package native

import (
	"context"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const tagApplicants = "applicants"

func (s *server) applicantRoutes() {
	handle(s, route{
		method: http.MethodPost, path: "/v1/applicants", id: "create_applicant", tag: tagApplicants, may: usher.ActWritePeople,
		status: http.StatusCreated, summary: "Create an applicant",
		about: "Every member is optional: what you leave out the applicant is asked, where the flow asks for it.",
	}, s.createApplicant)
	handle(s, route{
		method: http.MethodGet, path: "/v1/applicants", id: "list_applicants", tag: tagApplicants, may: usher.ActSeeCases,
		summary: "List applicants", about: "Newest first.",
	}, s.listApplicants)
	handle(s, route{
		method: http.MethodGet, path: "/v1/applicants/{id}", id: "get_applicant", tag: tagApplicants, may: usher.ActSeeCases,
		summary: "Read an applicant",
	}, s.getApplicant)
	handle(s, route{
		method: http.MethodPatch, path: "/v1/applicants/{id}", id: "update_applicant", tag: tagApplicants, may: usher.ActWritePeople,
		summary: "Change contact data", command: true,
		about: "Only contact data can be changed; a name or date of birth that was checked stays what it was when it was checked.",
	}, s.updateApplicant)
	handle(s, route{
		method: http.MethodDelete, path: "/v1/applicants/{id}", id: "erase_applicant", tag: tagApplicants, may: usher.ActErase,
		summary: "Erase an applicant", command: true,
		about: "Destroys the key that all personal data and files of the applicant are sealed with. It cannot be undone. Ids, dates and states stay. " +
			"Where the law or a hold has them kept the answer says restricted instead of erased, and they are erased when that has passed.",
	}, s.eraseApplicant)
}

func (s *server) createApplicant(ctx context.Context, p api.Principal, in *struct{ Body newApplicant }) (*made[applicant], error) {
	n, err := in.Body.domain("")
	if err != nil {
		return nil, err
	}
	answer := func(of usher.Applicant) *made[applicant] {
		return &made[applicant]{Location: "/v1/applicants/" + of.ID, Body: applicantOf(of)}
	}
	rendered(ctx, s, func(m api.Made) *made[applicant] { return answer(m.Applicant) })
	a, err := s.Service.CreateApplicant(ctx, p.Client, n)
	if err != nil {
		return nil, err
	}
	return answer(a), nil
}

type listApplicantsInput struct {
	Paged

	Status    string `query:"status" enum:"none,created,in_progress,submitted,in_review,awaiting_applicant,approved,rejected,expired,cancelled" doc:"State of the newest onboarding session; none for applicants without one." example:"approved"`
	Reference string `query:"reference" maxLength:"200" doc:"Your own key, exactly." example:"customer-4711"`
	Email     string `query:"email" maxLength:"254" doc:"E-mail address, exactly." example:"astrid@example.com"`
}

func (s *server) listApplicants(ctx context.Context, p api.Principal, in *listApplicantsInput) (*answer[page[applicant]], error) {
	f := usher.ApplicantFilter{Paging: in.paging(), Reference: in.Reference, Email: in.Email}
	switch in.Status {
	case "":
	case noSession:
		f.NoSession = true
	default:
		f.States = []usher.State{usher.State(in.Status)}
	}
	found, err := s.Service.ListApplicants(ctx, p.Tenant(), f)
	if err != nil {
		return nil, api.CursorError(err)
	}
	return &answer[page[applicant]]{Body: pageOf(found, applicantOf)}, nil
}

func (s *server) getApplicant(ctx context.Context, p api.Principal, in *ByID) (*answer[applicant], error) {
	return applicantAnswer(s.Service.Applicant(ctx, p.Tenant(), in.ID))
}

type updateApplicantInput struct {
	ByID

	Body applicantPatch
}

func (s *server) updateApplicant(ctx context.Context, p api.Principal, in *updateApplicantInput) (*answer[applicant], error) {
	patch, err := in.Body.domain()
	if err != nil {
		return nil, err
	}
	return applicantAnswer(s.Service.UpdateApplicant(ctx, p.Tenant(), in.ID, patch, p.Actor()))
}

func (s *server) eraseApplicant(ctx context.Context, p api.Principal, in *ByID) (*answer[applicant], error) {
	return applicantAnswer(s.Service.EraseApplicant(ctx, p.Tenant(), in.ID, p.Actor()))
}

func applicantAnswer(a usher.Applicant, err error) (*answer[applicant], error) {
	if err != nil {
		return nil, err
	}
	return &answer[applicant]{Body: applicantOf(a)}, nil
}
