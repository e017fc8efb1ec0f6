package incode

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// What the vendor's browser kit is told of captures: after how many seconds a manual shutter appears, and how many tries there are.
const (
	captureTimeout = 20
	captureRetries = 3
)

// start begins an onboarding, or gives a new token for one that was begun before.
func (d *dialect) start(r request) (any, error) {
	if err := r.p.Need(usher.ScopeWrite); err != nil {
		return nil, err
	}
	var body startBody
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if body.InterviewID != "" {
		return d.restart(r, body.InterviewID)
	}
	fields, err := texts("customFields", body.CustomFields)
	if err != nil {
		return nil, err
	}
	f, err := d.flowOf(r, body.ConfigurationID)
	if err != nil {
		return nil, err
	}
	if body.RedirectionURL = cmp.Or(body.RedirectionURL, body.RedirectURL); body.RedirectionURL != "" {
		if err := api.ReturnURL("redirectionUrl", body.RedirectionURL, r.p.Client.ReturnURLs, d.Dev); err != nil {
			return nil, err
		}
	}
	if external := body.external(); external != "" {
		end, err := d.people.Take(r.Context(), r.tenant(), external)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	n, err := d.newSession(r, body, f, fields)
	if err != nil {
		return nil, err
	}
	s, _, err := d.Service.StartSession(r.Context(), r.p.Client, n)
	if err != nil {
		return nil, err
	}
	return d.started(s, false), nil
}

func (b startBody) external() string { return cmp.Or(b.ExternalCustomerID, b.ExternalID) }

// newSession says what to start. The same external id is the same person, as far as anybody can tell before a face was looked at.
func (d *dialect) newSession(r request, body startBody, f usher.Flow, fields map[string]string) (usher.NewSession, error) {
	external := body.external()
	n := usher.NewSession{
		Flow: f.Name, Key: newInterviewID(d.Now()), Reference: external, ReturnURL: body.RedirectionURL,
		Steer: steering(fields["simulate"], f.Purpose), Metadata: map[string]string{keptCode: newInterviewCode()},
	}
	if api.Locale("language", body.Language) == nil {
		n.Locale = body.Language
	}
	for name, value := range fields {
		n.Metadata[keptField+name] = value
	}
	maps.DeleteFunc(n.Metadata, func(_, value string) bool { return value == "" })
	var err error
	if f.Purpose == usher.ForFaceLogin {
		hint := cmp.Or(body.LoginHint, body.UUID, external)
		n.Metadata[keptHint] = hint
		n.ApplicantID, err = d.customer(r, hint)
		return n, err
	}
	if external != "" {
		known, err := d.known(r.Context(), r.tenant(), external)
		if err != nil || known != "" {
			n.ApplicantID = known
			return n, err
		}
	}
	n.Applicant = &usher.NewApplicant{Kind: usher.Person, Reference: external, Details: named(fields["firstName"], fields["lastName"])}
	return n, nil
}

// named gives names that are well formed as details, to be compared with the document.
func named(first, last string) usher.Details {
	if api.Name("firstName", first) != nil || api.Name("lastName", last) != nil {
		return usher.Details{}
	}
	return usher.Details{FirstName: first, LastName: last}
}

// known gives the id of the person with an external id, or "".
func (d *dialect) known(ctx context.Context, tenant, external string) (string, error) {
	page, err := d.Service.ListApplicants(ctx, tenant, usher.ApplicantFilter{Paging: usher.Paging{Limit: 1}, Dialect: Name, Reference: external})
	if err != nil || len(page.Items) == 0 || page.Items[0].Erased {
		return "", err
	}
	return page.Items[0].ID, nil
}

// customer gives the id of the person who wants to log in, by the id that approval gave or by the client's own.
func (d *dialect) customer(r request, hint string) (string, error) {
	if hint == "" {
		return "", api.Malformed("loginHint", "say who wants to log in: by the uuid that approval gave, or by externalCustomerId")
	}
	a, err := d.Service.Applicant(r.Context(), r.tenant(), hint)
	if err == nil && a.Dialect == Name && !a.Erased {
		return a.ID, nil
	}
	if err != nil && !is(err, usher.CodeNotFound) {
		return "", err
	}
	id, err := d.known(r.Context(), r.tenant(), hint)
	if err == nil && id == "" {
		err = custom(codeNoCustomer, "Non existing customer")
	}
	return id, err
}

// flowOf gives the flow with the vendor's id.
func (d *dialect) flowOf(r request, id string) (usher.Flow, error) {
	if id == "" {
		return usher.Flow{}, api.Malformed("configurationId", "name the flow")
	}
	flows, err := d.Service.Flows(r.Context(), r.tenant())
	if err != nil {
		return usher.Flow{}, err
	}
	i := slices.IndexFunc(flows, func(f usher.Flow) bool { return configurationID(r.tenant(), f.Name) == id })
	if i < 0 {
		return usher.Flow{}, api.Malformed("configurationId", "there is no such flow")
	}
	return flows[i], nil
}

// restart gives a new token for a known session, and more time where the applicant still has something to do.
func (d *dialect) restart(r request, id string) (any, error) {
	s, err := d.session(r.Context(), r.tenant(), id)
	if err != nil {
		return nil, err
	}
	if s.CanRetry() && s.State != usher.Expired { // the status never goes back, and expired is one
		if s, _, err = d.Service.IssueLink(r.Context(), r.p.Client, s.ID, usher.NewLink{}); err != nil {
			return nil, err
		}
	}
	return d.started(s, true), nil
}

func (d *dialect) started(s usher.Session, existing bool) startAnswer {
	env := "saas"
	if s.Mode == usher.Sandbox {
		env = "demo"
	}
	return startAnswer{
		Token: sessionToken(d.Stamps, s, d.Now()), InterviewID: interviewID(s), InterviewCode: s.Metadata[keptCode], FlowType: "flow",
		IDCaptureTimeout: captureTimeout, SelfieCaptureTimeout: captureTimeout,
		IDCaptureRetries: captureRetries, SelfieCaptureRetries: captureRetries, CURPValidationRetries: captureRetries,
		ClientID: s.ClientID, Env: env, ExistingSession: existing,
	}
}

// onboardingURL gives the address of the applicant's page, the same each time.
func (d *dialect) onboardingURL(r request) (any, error) {
	s, err := d.find(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	if id := q.Get("clientId"); id != "" && id != s.ClientID {
		return nil, api.Malformed("clientId", "is not that of the client which started the interview")
	}
	if back := cmp.Or(q.Get("redirectionUrl"), q.Get("redirectUrl")); back != "" && back != redirection(s) {
		client, err := d.Front.Credentials.Client(r.Context(), s.TenantID, s.ClientID)
		if err != nil {
			return nil, err
		}
		if err := api.ReturnURL("redirectionUrl", back, client.ReturnURLs, d.Dev); err != nil {
			return nil, err
		}
		if _, err := d.keep(r, s, map[string]string{keptRedirection: back}); err != nil {
			return nil, err
		}
	}
	link, err := d.Service.EntryLink(r.Context(), s.TenantID, s.ID)
	return urlAnswer{URL: link.URL}, err
}

// own finds the session of a call that tells something of it. The applicant's browser says nothing more once the session has ended.
func (d *dialect) own(r request) (usher.Session, error) {
	s, err := d.find(r)
	if err == nil && r.byApplicant() && s.State.Ended() {
		err = usher.Conflict("this interview is over; it is %s", s.State)
	}
	return s, err
}

// person finds the session of a call that changes what is known of the person behind it.
func (d *dialect) person(r request) (usher.Session, error) {
	s, err := d.own(r)
	if err != nil {
		return s, err
	}
	return s, d.stranger(r, s)
}

// stranger refuses who merely holds the token of a session of somebody who is a customer by an earlier one: they have not shown who they are, so that
// what is known of the customer is neither told to them nor changed by them.
func (d *dialect) stranger(r request, s usher.Session) error {
	if !r.byApplicant() {
		return nil
	}
	approved, err := d.Service.ListSessions(r.Context(), s.TenantID, usher.SessionFilter{
		Paging: usher.Paging{Limit: 2}, ApplicantID: s.ApplicantID, State: usher.Approved,
	})
	if err == nil && slices.ContainsFunc(approved.Items, func(other usher.Session) bool { return other.ID != s.ID }) {
		err = usher.Conflict("this person is a customer already; use the token of an executive")
	}
	return err
}

// keep keeps pairs with a session.
func (d *dialect) keep(r request, s usher.Session, pairs map[string]string) (usher.Session, error) {
	return d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdAnnotate, By: r.actor(s), Metadata: pairs})
}

// status is asked every second or two: it reads one session and writes nothing.
func (d *dialect) status(r request) (any, error) {
	s, err := d.find(r)
	return statusAnswer{OnboardingStatus: statusOf(s)}, err
}

// isFinished tells whether the document was processed.
func (d *dialect) isFinished(r request) (any, error) {
	s, err := d.find(r)
	_, read := resultIn(s.Checks(), usher.CheckDocument)
	return finishedAnswer{Finished: read || s.State.Ended() || s.State == usher.InReview}, err
}

// finish sends the session and waits for what its checks say. A second call finds that done and says the same.
func (d *dialect) finish(r request) (any, error) {
	s, err := d.find(r)
	if err != nil {
		return nil, err
	}
	for range s.Flow.Steps {
		if s, err = d.settled(r.Context(), s); err != nil {
			return nil, err
		}
		if !s.CanRetry() || s.State == usher.Expired {
			break
		}
		if s, err = d.submit(r, s); err != nil {
			// Another call may have sent it meanwhile: that is no fault of this one.
			sent, again := d.session(r.Context(), s.TenantID, interviewID(s))
			if again != nil || sent.CanRetry() {
				return nil, err
			}
			s = sent
		}
	}
	if s, err = d.settled(r.Context(), s); err != nil {
		return nil, err
	}
	return finishAnswer{RedirectionURL: orNull(redirection(s)), Action: actionOf(s)}, nil
}

// submit does what is left of the applicant's part, and sends it. Of a session whose outcome is made up, what is missing is made up, too.
func (d *dialect) submit(r request, s usher.Session) (usher.Session, error) {
	if steered(s) {
		return d.Service.Simulate(r.Context(), usher.APIClient{ID: s.ClientID, TenantID: s.TenantID, Dialect: Name}, s.ID, "submit")
	}
	return d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdSubmit, By: r.actor(s), Consent: consentOf(s)})
}

// flow tells of a flow what the vendor's clients look at: that it is there.
func (d *dialect) flow(r request) (any, error) {
	f, err := d.flowOf(r, r.PathValue("flow"))
	if is(err, usher.CodeInvalid) {
		err = usher.NotFound("flow")
	}
	if err != nil {
		return nil, err
	}
	return flowAnswer{ID: r.PathValue("flow"), Name: f.Name, Modules: []any{}}, nil
}

// reading answers a small read with what a session holds.
func (d *dialect) reading(answer func(usher.Session) any) func(request) (any, error) {
	return func(r request) (any, error) {
		s, err := d.find(r)
		if err != nil {
			return nil, err
		}
		return answer(s), nil
	}
}

func fieldsAnswer(s usher.Session) any { return fieldsBody{CustomFields: customFields(s)} }

func customFields(s usher.Session) map[string]string {
	fields := map[string]string{}
	for name, value := range s.Metadata {
		if field, ok := strings.CutPrefix(name, keptField); ok {
			fields[field] = value
		}
	}
	return fields
}

// consentAnswer tells of the consent that the client took, or of the one given on the page.
func consentAnswer(s usher.Session) any {
	c := consentBody{Title: orNull(s.Metadata[keptTitle]), Content: orNull(s.Metadata[keptContent])}
	for _, st := range s.Steps {
		if st.Consent != nil {
			given := true
			c.Status = &given
			c.Title = orNull(cmp.Or(s.Metadata[keptTitle], st.Consent.Text))
		}
	}
	return c
}

func factsAnswer(s usher.Session) any {
	return sessionFacts{
		InterviewID: interviewID(s), ClientID: s.ClientID, FlowID: configurationID(s.TenantID, s.FlowName), ExternalID: orNull(s.Reference),
		OnboardingStatus: statusOf(s), RedirectionURL: orNull(redirection(s)), CustomFields: customFields(s),
	}
}

// contact answers with what is known of the person.
func (d *dialect) contact(answer func(usher.Details) any) func(request) (any, error) {
	return func(r request) (any, error) {
		s, err := d.find(r)
		if err != nil {
			return nil, err
		}
		if err := d.stranger(r, s); err != nil {
			return nil, err
		}
		a, err := d.Service.Applicant(r.Context(), s.TenantID, s.ApplicantID)
		if err != nil {
			return nil, err
		}
		return answer(a.Details), nil
	}
}
