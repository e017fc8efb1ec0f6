package celcoin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
)

const (
	accountActive    = "ATIVO"
	entityOfAccounts = "account-create"
)

// opened is an account with whose it is.
type opened struct {
	usher.Account
	session   usher.Session
	applicant usher.Applicant
}

// accountDate writes a time as account/fetch must: to the second, without a zone, or a client of the vendor's fails.
func accountDate(at time.Time) string { return at.In(brasilia).Format("2006-01-02T15:04:05") }

// findAccount gives the account of a number or of a document, of one kind of proposal.
func (d *dialect) findAccount(r request, number, document, kind string, none refusal) (opened, error) {
	ids := []string{}
	if number != "" {
		a, err := d.Service.AccountByNumber(r.Context(), r.tenant(), number)
		if err != nil {
			return opened{}, unknown(err, none)
		}
		ids = append(ids, a.SessionID)
	} else {
		err := d.each(r, usher.SessionFilter{States: []usher.State{usher.Approved}}, document, func(s usher.Session) error {
			ids = append(ids, s.ID)
			return nil
		})
		if err != nil {
			return opened{}, err
		}
	}
	for _, id := range ids {
		s, err := d.Service.Session(r.Context(), r.tenant(), id)
		if err != nil {
			return opened{}, unknown(err, none)
		}
		if s.Dialect != Name || s.Metadata[metaType] != kind || s.Account == nil || !s.Account.Opened || (document != "" && s.Metadata[metaDocument] != document) {
			continue
		}
		o := opened{session: s}
		if o.Account, err = d.Service.Account(r.Context(), r.tenant(), s.Account.ID); err != nil {
			return o, unknown(err, none)
		}
		o.applicant, err = d.Service.Applicant(r.Context(), r.tenant(), s.ApplicantID)
		return o, unknown(err, none)
	}
	return opened{}, none
}

// fetchAccount finds the account that a request asks for, and reads its proposal.
func (d *dialect) fetchAccount(r request, kind string, into any) (opened, error) {
	number, document := r.q["account"], r.q["documentnumber"]
	if number == "" && document == "" {
		return opened{}, refusal("CBE073")
	}
	o, err := d.findAccount(r, number, document, kind, "CBE078")
	if err != nil {
		return o, err
	}
	return o, o.proposal(into)
}

// proposal reads what is kept of the proposal behind an account.
func (o opened) proposal(into any) error {
	if err := json.Unmarshal([]byte(o.session.Metadata[metaRequest]), into); err != nil {
		return fmt.Errorf("read the proposal of session %s: %w", o.session.ID, err)
	}
	return nil
}

func (d *dialect) fetchPerson(r request) (any, error) {
	var p naturalPerson
	o, err := d.fetchAccount(r, typePerson, &p)
	if err != nil {
		return nil, err
	}
	return personAccount{
		StatusAccount: accountActive, DocumentNumber: p.DocumentNumber, PhoneNumber: "+" + o.applicant.Details.Phone, Email: o.applicant.Details.Email,
		ClientCode: p.ClientCode, MotherName: p.MotherName, FullName: p.FullName, SocialName: p.SocialName, BirthDate: p.BirthDate,
		Address: p.Address, Exposed: p.Exposed, Account: branchOf(o.Account), CreateDate: accountDate(o.CreatedAt),
	}, nil
}

func (d *dialect) fetchCompany(r request) (any, error) {
	var c legalPerson
	o, err := d.fetchAccount(r, typeCompany, &c)
	if err != nil {
		return nil, err
	}
	return companyAccount{
		StatusAccount: accountActive, DocumentNumber: c.DocumentNumber, BusinessPhoneNumber: "+" + plainPhone(c.ContactNumber),
		BusinessEmail: c.BusinessEmail, ClientCode: c.ClientCode, BusinessName: c.BusinessName, TradingName: c.TradingName, Owners: c.Owner,
		BusinessAccount: branchOf(o.Account), BusinessAddress: c.BusinessAddress, CreateDate: accountDate(o.CreatedAt),
	}, nil
}

// checkAccount tells how far the opening of an account is.
func (d *dialect) checkAccount(r request) (any, error) {
	if id := r.q["onboardingid"]; id != "" {
		r.q["proposalid"] = id
	}
	if !r.q.named() {
		return nil, refusal("CBE032")
	}
	s, err := d.find(r, "CBE032")
	if err != nil {
		return nil, err
	}
	body := created{OnboardingID: s.ID, ClientCode: codeOf(s), CreateDate: createDate(s.CreatedAt), Entity: entityOfAccounts}
	switch {
	case s.Account == nil && statusOf(s) == reproved:
		return envelope{Status: failed, Body: body, Error: rejectedReason(s)}, nil
	case s.Account == nil:
		return envelope{Status: processing, Body: body}, nil
	case !s.Account.Opened:
		why := accountReason(s)
		return envelope{Status: failed, Body: body, Error: &why}, nil
	}
	a, err := d.Service.Account(r.Context(), r.tenant(), s.Account.ID)
	if err != nil {
		return nil, unknown(err, "CBE032")
	}
	who, err := d.Service.Applicant(r.Context(), r.tenant(), s.ApplicantID)
	if err != nil {
		return nil, unknown(err, "CBE032")
	}
	at := branchOf(a)
	body.CreateDate = createDate(a.CreatedAt)
	body.Account = &openedAccount{
		Branch: at.Branch, Account: at.Account, Name: holder(who.Details), DocumentNumber: documentOf(s, who.Details),
	}
	return envelope{Status: confirmed, Body: body}, nil
}

// updatePerson takes in new data of somebody who has an account: what is known of the person changes at once, and a reviewer is shown it.
func (d *dialect) updatePerson(r request) (any, error) {
	var n naturalPerson
	if err := r.read(&n); err != nil {
		return nil, err
	}
	err := firstBroken([]rule{{upTo(n.ClientCode, longestCode), "OBE007"}}, n.changeableRules(), n.Address.rules("OBE017"))
	if err != nil {
		return nil, err
	}
	ctx, number := r.Context(), r.PathValue("account")
	o, err := d.findAccount(r, number, "", typePerson, "OBE063")
	if err != nil {
		return nil, err
	}
	var p naturalPerson
	if err := o.proposal(&p); err != nil {
		return nil, err
	}
	p.PhoneNumber, p.Email, p.MotherName, p.FullName, p.Address = n.PhoneNumber, n.Email, n.MotherName, n.FullName, n.Address
	if n.SocialName != "" {
		p.SocialName = n.SocialName
	}
	// Its clientCode names the update from now on, and no other proposal.
	s, _, err := d.Service.StartSession(ctx, r.p.Client, usher.NewSession{
		ApplicantID: o.session.ApplicantID, Flow: updateFlow, Key: n.ClientCode, Reference: n.ClientCode,
	})
	if err != nil {
		return nil, taken(err)
	}
	changed := p.details(d.Now())
	if _, err := d.Service.Do(ctx, r.tenant(), s.ID, usher.Command{Kind: usher.CmdSubmit, By: r.p.Actor(), Details: &changed}); err != nil {
		return nil, err
	}
	request, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("keep updated proposal: %w", err)
	}
	_, err = d.Service.Do(ctx, r.tenant(), o.session.ID, usher.Command{
		Kind: usher.CmdAnnotate, By: r.p.Actor(), Metadata: map[string]string{metaRequest: string(request)},
	})
	return envelope{Status: processing, Body: acceptedUpdate{
		UpdateProposalID: s.ID, ClientCode: n.ClientCode, DocumentNumber: p.DocumentNumber, Account: number,
	}}, err
}
