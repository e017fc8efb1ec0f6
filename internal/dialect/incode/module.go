package incode

import (
	"regexp"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// share gives 1 for yes and 0 for no, as the vendor writes confidence.
func share(yes bool) *float64 {
	n := 0.0
	if yes {
		n = 1
	}
	return &n
}

// process ends the applicant's step of a kind and waits for the checks that go out then. What was processed before stays as it is.
func (d *dialect) process(kind usher.StepKind) func(request) (any, error) {
	return func(r request) (any, error) {
		_, err := d.processed(r, kind)
		return successAnswer{Success: true}, err
	}
}

func (d *dialect) processed(r request, kind usher.StepKind) (usher.Session, error) {
	s, err := d.find(r)
	if err != nil {
		return s, err
	}
	i := slices.IndexFunc(s.Steps, func(st usher.StepStatus) bool { return st.Kind == kind })
	if i < 0 {
		return s, usher.Conflict("this flow has no step for it")
	}
	if s.Steps[i].State == usher.StepDone {
		return d.settled(r.Context(), s)
	}
	if s, err = d.consented(r, s); err != nil {
		return s, err
	}
	if s, err = d.settled(r.Context(), s); err != nil {
		return s, err
	}
	if d.checking(s) {
		return s, custom(codeProcessing, "Processing error")
	}
	s, err = d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdCompleteStep, By: r.actor(s), Step: s.Steps[i].ID})
	if err != nil {
		return s, err
	}
	return d.settled(r.Context(), s)
}

// processFace tells whether the face was found to be that on the document, where something compared the two.
func (d *dialect) processFace(r request) (any, error) {
	s, err := d.processed(r, usher.StepSelfie)
	if err != nil {
		return nil, err
	}
	a := faceAnswer{}
	if result, ok := resultIn(s.Checks(), usher.CheckFace); ok && !hasReason(result, usher.FaceNotCompared) {
		a.Confidence = share(result.Outcome == usher.Clear)
	}
	a.ExistingUser = existing(s)
	return a, nil
}

// existing tells whether the search for duplicates found somebody; nil when nobody searched.
func existing(s usher.Session) *bool {
	result, ok := resultIn(s.Checks(), usher.CheckDuplicate)
	if !ok || (result.Outcome != usher.Clear && result.Outcome != usher.Consider && result.Outcome != usher.Refuse) {
		return nil
	}
	found := result.Outcome != usher.Clear
	return &found
}

var curpShape = regexp.MustCompile(`^[A-Z0-9]{18}$`)

// trigger answers the calls by which the vendor's clients ask for one search. The flow says when it is made; a flow without it makes none.
func (d *dialect) trigger(kind usher.CheckKind, what string) func(request) (any, error) {
	return func(r request) (any, error) {
		s, err := d.person(r)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(s.Flow.Steps, func(st usher.Step) bool { return slices.Contains(st.Checks, kind) }) {
			return nil, usher.Conflict("this flow has no %s", what)
		}
		var body struct {
			CURP string `json:"curp"`
		}
		if err := r.body(&body); err != nil {
			return nil, err
		}
		if body.CURP == "" {
			return successAnswer{Success: true}, nil
		}
		if !curpShape.MatchString(body.CURP) {
			return nil, api.Malformed("curp", "must be a CURP of 18 letters and digits")
		}
		// It is the person's number at home: what the provider of the search is shown of a person holds it.
		_, err = d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{
			Kind: usher.CmdAnnotate, By: r.actor(s), Metadata: map[string]string{keptCURP: body.CURP}, Details: &usher.Details{NationalID: body.CURP},
		})
		return successAnswer{Success: true}, err
	}
}
