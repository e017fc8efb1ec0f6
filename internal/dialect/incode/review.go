package incode

import (
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// approve makes a customer of the person. A session that waits for a reviewer is approved by it; one that rules approved is only named. Whoever
// holds the token of a session may do it only if the client that started it was given the scope decide: that token lives in the applicant's browser.
func (d *dialect) approve(r request) (any, error) {
	s, err := d.decidable(r)
	if err != nil {
		return nil, err
	}
	switch s.State {
	case usher.Approved:
	case usher.InReview:
		if s, err = d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdApprove, By: r.actor(s)}); err != nil {
			return nil, err
		}
	default:
		return nil, usher.Conflict("an interview that is %s cannot be approved", s.State)
	}
	existed, err := d.existed(r, s)
	if err != nil {
		return nil, err
	}
	return approveAnswer{
		Success: true, UUID: s.ApplicantID, Token: d.Stamps.Stamp(stampCustomer, s.TenantID+"/"+s.ApplicantID, d.Now().Add(customerLife)),
		TotalScore: overallOf(s, d.Now()), ExistingCustomer: existed,
	}, nil
}

// decidable finds the session that an approval or a rejection is about, for who may decide.
func (d *dialect) decidable(r request) (usher.Session, error) {
	if !r.byApplicant() {
		if err := r.executive(); err != nil {
			return usher.Session{}, err
		}
		return d.results(r)
	}
	s, err := d.results(r)
	if err != nil {
		return s, err
	}
	client, err := d.Front.Credentials.Client(r.Context(), s.TenantID, s.ClientID)
	if err != nil {
		return s, err
	}
	if !client.Has(usher.ScopeDecide) {
		return s, r.executive()
	}
	return s, nil
}

// existed tells whether the person was a customer before, and writes down that they are one now.
func (d *dialect) existed(r request, s usher.Session) (bool, error) {
	if s.Metadata[keptIdentity] != "" {
		return true, nil
	}
	if _, err := d.keep(r, s, map[string]string{keptIdentity: "true"}); err != nil {
		return false, err
	}
	page, err := d.Service.ListSessions(r.Context(), s.TenantID, usher.SessionFilter{
		Paging: usher.Paging{Limit: api.MostLimit}, ApplicantID: s.ApplicantID, State: usher.Approved,
	})
	return slices.ContainsFunc(page.Items, func(other usher.Session) bool { return other.ID != s.ID && other.Purpose == usher.ForOnboarding }), err
}

// reject is a call of our own: the vendor has it in its dashboard only.
func (d *dialect) reject(r request) (any, error) {
	if err := r.executive(); err != nil {
		return nil, err
	}
	var body struct {
		Reason string `json:"reason"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	s, err := d.decidable(r)
	if err != nil {
		return nil, err
	}
	if s.State == usher.Rejected {
		return successAnswer{Success: true}, nil
	}
	why := usher.Reason{Code: usher.Policy}
	if _, known := usher.ReasonCode(body.Reason).Class(); known {
		why.Code = usher.ReasonCode(body.Reason)
	}
	_, err = d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{
		Kind: usher.CmdReject, By: r.actor(s), Reasons: []usher.Reason{why}, Internal: body.Reason,
	})
	return successAnswer{Success: true}, err
}

// closeSession ends an interview that has not ended by itself. Nothing is deleted by it, whatever the action says: the token
// of a session does not erase anybody.
func (d *dialect) closeSession(r request) (any, error) {
	action := r.URL.Query().Get("action")
	if action != "Closed" && action != "Deleted" {
		return nil, api.Malformed("action", "use Closed")
	}
	s, err := d.find(r)
	if err != nil {
		return nil, err
	}
	if !s.State.Ended() {
		if s, err = d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdCancel, By: r.actor(s)}); err != nil {
			return nil, err
		}
	}
	return closedAnswer{
		ID: interviewID(s), CreatedAt: s.CreatedAt.UnixMilli(), UpdatedAt: s.UpdatedAt.UnixMilli(), ClosedAt: s.UpdatedAt.UnixMilli(), SessionStatus: action,
	}, nil
}

// deleteInterview erases the person behind an interview, and with them everything that was kept of it.
func (d *dialect) deleteInterview(r request) (any, error) {
	if err := r.executive(); err != nil {
		return nil, err
	}
	if strings.EqualFold(r.URL.Query().Get("keepCustomer"), "true") {
		return nil, api.Malformed("keepCustomer", "must be false: a person is erased as a whole here")
	}
	s, err := d.find(r)
	if err != nil {
		return nil, err
	}
	return successAnswer{Success: true}, d.erase(r, s)
}

// erase erases the person of an interview; a conflict says that the law or a hold has them kept for now.
func (d *dialect) erase(r request, s usher.Session) error {
	a, err := d.Service.EraseApplicant(r.Context(), s.TenantID, s.ApplicantID, r.actor(s))
	if err != nil {
		return err
	}
	return a.KeptByLaw()
}

// deleteInterviews does the same for several. Those that are not there, or not any more, are passed over.
func (d *dialect) deleteInterviews(r request) (any, error) {
	if err := r.executive(); err != nil {
		return nil, err
	}
	var body struct {
		Filter struct {
			IDs []string `json:"ids"`
		} `json:"filter"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if len(body.Filter.IDs) == 0 || len(body.Filter.IDs) > api.MostLimit {
		return nil, api.Malformed("filter.ids", "name 1 to 100 interviews")
	}
	for _, id := range body.Filter.IDs {
		s, err := d.session(r.Context(), r.tenant(), id)
		if err == nil {
			err = d.erase(r, s)
		}
		if err != nil && !is(err, usher.CodeNotFound) && !is(err, usher.CodeGone) {
			return nil, err
		}
	}
	return successAnswer{Success: true}, nil
}

// verify tells a back end whether a face login that a browser reports was one: by the token of its session. It lets somebody in, so a face that is the
// right one is not enough where the flow asks for more.
func (d *dialect) verify(r request) (any, error) {
	var body struct {
		TransactionID  string `json:"transactionId"`
		InterviewID    string `json:"interviewId"`
		InterviewToken string `json:"interviewToken"`
		Token          string `json:"token"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	for _, token := range []string{body.InterviewToken, body.Token} {
		p, err := d.bearer(r.Context(), token)
		if err != nil || p.Tenant() != r.tenant() || !slices.Contains(p.Scopes, scopeSession) {
			continue
		}
		for _, id := range []string{body.TransactionID, body.InterviewID} {
			if id != "" && id != p.Client.ID {
				return verifiedAnswer{}, nil
			}
		}
		s, err := d.session(r.Context(), p.Tenant(), p.Client.ID)
		if is(err, usher.CodeNotFound) {
			return verifiedAnswer{}, nil
		}
		if err == nil {
			s, err = d.settled(r.Context(), s)
		}
		result, ok := resultIn(s.Checks(), usher.CheckFaceLogin)
		return verifiedAnswer{Verified: ok && result.Outcome == usher.Clear && overallOf(s, d.Now()) == scoreOK}, err
	}
	return verifiedAnswer{}, nil
}
