package intergiro

import (
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// find gives an individual of the request's tenant. A company and an erased person are not individuals here.
func (d *Dialect) find(r request, id string) (usher.Applicant, error) {
	a, err := d.Service.Applicant(r.Context(), r.tenant(), id)
	if err == nil && !isIndividual(a) {
		err = usher.NotFound("individual")
	}
	return a, named(err, "individual")
}

func isIndividual(a usher.Applicant) bool { return !a.Erased && a.Kind != usher.Company }

// allowed gives an individual whose status is one of some, or the vendor's refusal.
func (d *Dialect) allowed(r request, id string, statuses ...string) (usher.Applicant, error) {
	a, err := d.find(r, id)
	if err == nil && !slices.Contains(statuses, statusOf(a.Latest)) {
		// The vendor's words: clients may match on them.
		err = usher.Conflict("The individual should have one of the following statuses: %s", strings.Join(statuses, ", "))
	}
	return a, err
}

// again reads an individual after something was done to its session.
func (d *Dialect) again(r request, id string) (any, error) {
	a, err := d.find(r, id)
	return individualOf(a), err
}

func (d *Dialect) createIndividual(r request) (any, error) {
	details := r.body.person(d.Now())
	if err := r.body.err(); err != nil {
		return nil, err
	}
	a, err := d.Service.CreateApplicant(r.Context(), r.p.Client, usher.NewApplicant{Kind: usher.Person, Details: details})
	if err != nil {
		return nil, err
	}
	return individualOf(a), nil
}

func (d *Dialect) getIndividual(r request) (any, error) { return d.again(r, r.id()) }

func (d *Dialect) listIndividuals(r request) (any, error) {
	q := readQuery(r.Request)
	f := usher.ApplicantFilter{
		Paging: q.paging(), Email: q.values.Get("email"), CreatedFrom: q.moment("created_from"), CreatedBefore: q.moment("created_to"),
	}
	wanted := q.word("status", pendingActivation, onboardingRequested, onboardingDataProvided, activated, blocked)
	if err := q.err(); err != nil {
		return nil, err
	}
	f.NoSession, f.States = wanted == pendingActivation, statesOf(wanted)
	return gather(f.Paging,
		func(p usher.Paging) (usher.Page[usher.Applicant], error) {
			f.Paging = p
			return d.Service.ListApplicants(r.Context(), r.tenant(), f)
		},
		func(a usher.Applicant) (individual, bool, error) {
			i := individualOf(a)
			return i, isIndividual(a) && (wanted == "" || i.Status == wanted), nil
		})
}

// patchIndividual changes e-mail and phone number and nothing else: anything else must be checked anew, so it goes through the firm's staff.
func (d *Dialect) patchIndividual(r request) (any, error) {
	patch := usher.ApplicantPatch{Email: r.body.change("email", api.Email), Phone: r.body.change("phone_number", api.Phone)}
	r.body.only("email", "phone_number")
	if err := r.body.err(); err != nil {
		return nil, err
	}
	if _, err := d.allowed(r, r.id(), pendingActivation, onboardingRequested, onboardingDataProvided, activated); err != nil {
		return nil, err
	}
	if _, err := d.Service.UpdateApplicant(r.Context(), r.tenant(), r.id(), patch, r.p.Actor()); err != nil {
		return nil, err
	}
	return d.again(r, r.id())
}

// onboard gives the link to the form: the first time in a new session, later in the same one, so that a user who dropped off goes on where
// they left. A session that is over is followed by a new one.
func (d *Dialect) onboard(r request) (any, error) {
	back := r.body.text("return_url", false, anything)
	if err := r.body.err(); err != nil {
		return nil, err
	}
	a, err := d.allowed(r, r.id(), pendingActivation, onboardingRequested)
	if err != nil {
		return nil, err
	}
	if a.Latest != nil {
		s, err := d.Service.Session(r.Context(), r.tenant(), a.Latest.ID)
		if err != nil {
			return nil, err
		}
		// A resubmission that ran out is not taken up again: its deadline was the reviewer's.
		if s.CanRetry() && (s.State != usher.Expired || s.Attempt == 1) {
			_, l, err := d.Service.IssueLink(r.Context(), r.p.Client, s.ID, usher.NewLink{Expires: d.LinkLife, ReturnURL: back})
			return methodOf(l), err
		}
	}
	_, l, err := d.Service.StartSession(r.Context(), r.p.Client, usher.NewSession{ApplicantID: a.ID, ReturnURL: back, Expires: d.LinkLife})
	return methodOf(l), err
}
