package intergiro

import (
	"slices"

	"github.com/usher-kyc/usher"
)

// sandbox hides a call from live tenants: there it does not exist.
func (d *Dialect) sandbox(answer func(request) (any, error)) func(request) (any, error) {
	return func(r request) (any, error) {
		t, err := d.Service.Tenant(r.Context(), r.tenant())
		if err == nil && t.Mode != usher.Sandbox {
			err = usher.NotFound("address")
		}
		if err != nil {
			return nil, err
		}
		return answer(r)
	}
}

// simulateKYC does what the user does on the form: the session is sent with made-up evidence. It then waits for a decision, since the vendor's
// test path goes on with simulateStatus from onboarding_data_provided.
func (d *Dialect) simulateKYC(r request) (any, error) {
	id := r.body.text("individual_id", true, anything)
	if err := r.body.err(); err != nil {
		return nil, err
	}
	a, err := d.allowed(r, id, onboardingRequested)
	if err != nil {
		return nil, err
	}
	if _, err := d.Service.Simulate(r.Context(), r.p.Client, a.Latest.ID, "submit_review"); err != nil {
		return nil, err
	}
	return d.again(r, id)
}

// simulateStatus decides. An individual who was asked for something more counts as having sent it.
func (d *Dialect) simulateStatus(r request) (any, error) {
	id := r.body.text("individual_id", true, anything)
	status := r.body.text("status", true, isOneOf(activated, blocked))
	if err := r.body.err(); err != nil {
		return nil, err
	}
	a, err := d.allowed(r, id, onboardingDataProvided)
	if err != nil {
		return nil, err
	}
	action := "approve"
	if status == blocked {
		action = "reject"
	}
	if _, err := d.Service.Simulate(r.Context(), r.p.Client, a.Latest.ID, action); err != nil {
		return nil, err
	}
	return d.again(r, id)
}

// simulateAction asks a known individual for one thing more, as the vendor's staff would: by a session of the tenant's flow for it.
func (d *Dialect) simulateAction(purpose usher.Purpose) func(request) (any, error) {
	return func(r request) (any, error) {
		a, err := d.allowed(r, r.id(), onboardingDataProvided, activated, blocked)
		if err != nil {
			return nil, err
		}
		flows, err := d.Service.Flows(r.Context(), r.tenant())
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(flows, func(f usher.Flow) bool { return f.Purpose == purpose })
		if i < 0 {
			return nil, usher.Conflict("The tenant has no flow for the purpose %s; publish one first", purpose)
		}
		s, _, err := d.Service.StartSession(r.Context(), r.p.Client, usher.NewSession{
			ApplicantID: a.ID, Flow: flows[i].Name, Expires: pendingActionLife,
		})
		if err != nil {
			return nil, err
		}
		of, err := d.reader(r.tenant()).read(r.Context(), s.ID)
		return actionOf(of.session, of.asked[of.open]), err
	}
}
