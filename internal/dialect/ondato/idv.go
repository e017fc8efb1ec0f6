package ondato

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const (
	phoneField  = "registration.phoneNumber"
	longestText = 200 // characters of a reference or a name
)

// text refuses what is too long or holds control characters. The vendor says nothing of what a name may hold.
func text(field, s string) error {
	if utf8.RuneCountInString(s) > longestText || strings.ContainsFunc(s, unicode.IsControl) {
		return usher.Invalid(field, "must be at most %d characters of plain text", longestText)
	}
	return nil
}

// createIDV starts a session of the flow that a setup stands for.
func (d *dialect) createIDV(c call) (any, error) {
	var in newIDV
	if err := c.read(&in); err != nil {
		return nil, err
	}
	f := d.check(in)
	flow, err := d.flowOf(c.Context(), c.tenant(), in.SetupID)
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Code == usher.CodeInvalid {
		f.note(err)
	} else if err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	n := usher.NewSession{
		Flow: flow.Name, Reference: in.ExternalReferenceID, Key: uuid.NewString(), Metadata: map[string]string{},
		Applicant: &usher.NewApplicant{Kind: usher.Person, Reference: in.ExternalReferenceID},
	}
	if in.RepresentativeID != "" {
		n.Metadata[keptRepresentative] = in.RepresentativeID
	}
	if in.Registration != nil {
		n.Applicant.Details = in.Registration.details()
		raw, err := json.Marshal(in.Registration)
		if err != nil {
			return nil, err
		}
		n.Metadata[keptRegistration] = string(raw)
	}
	t, err := d.Service.Tenant(c.Context(), c.tenant())
	if err != nil {
		return nil, err
	}
	if t.Mode == usher.Sandbox && in.Registration != nil {
		bewitch(&n, in.Registration.LastName)
	}
	s, _, err := d.Service.StartSession(c.Context(), c.p.Client, n)
	return created{ID: s.Key}, err
}

// check looks at the members of a new identity verification.
func (d *dialect) check(in newIDV) faults {
	var f faults
	f.note(text("externalReferenceId", in.ExternalReferenceID))
	f.note(text("representativeId", in.RepresentativeID))
	if raw := string(in.FaceAuthentication); raw != "" && raw != "null" {
		f.note(usher.Invalid("faceAuthentication", "is not supported by this server"))
	}
	r := in.Registration
	if r == nil {
		return f
	}
	f.note(text("registration.firstName", r.FirstName))
	f.note(text("registration.middleName", r.MiddleName))
	f.note(text("registration.lastName", r.LastName))
	f.note(text("registration.personalCode", r.PersonalCode))
	f.note(api.Email("registration.email", r.Email))
	f.note(api.Phone(phoneField, string(r.PhoneNumber)))
	f.note(api.Country("registration.countryCode", r.CountryCode))
	if r.DateOfBirth != "" {
		if day, err := usher.ParseDate(r.DateOfBirth); err != nil || day.Time().After(d.Now()) {
			f.note(usher.Invalid("registration.dateOfBirth", "must be a day in the past, as YYYY-MM-DD"))
		}
	}
	return f
}

// details gives what is compared with the document. The country code is not said to be that of the nationality, so it is not taken for it.
func (r registration) details() usher.Details {
	return usher.Details{
		FirstName: strings.TrimSpace(r.FirstName + " " + r.MiddleName), LastName: r.LastName, DateOfBirth: usher.Date(r.DateOfBirth),
		Email: r.Email, Phone: string(r.PhoneNumber), NationalID: r.PersonalCode,
	}
}

// How two of the sandbox's names work: a session that ends soon, and one that keeps the word and ends when its link is opened.
const (
	expireAfter  = 60 * time.Second
	sandboxAbort = "abort"
)

// bewitch lets the beginning of the last name decide what is to come of a sandbox session.
func bewitch(n *usher.NewSession, lastName string) {
	switch {
	case strings.HasPrefix(lastName, "APPROVE"):
		n.Steer = usher.SteerClear
	case strings.HasPrefix(lastName, "REJECT"):
		n.Steer = usher.SteerReject
	case strings.HasPrefix(lastName, "REVIEW"):
		n.Steer = usher.SteerReview
	case strings.HasPrefix(lastName, "EXPIRE"):
		n.Expires = expireAfter
	case strings.HasPrefix(lastName, "ABORT"):
		n.Metadata[keptSandbox] = sandboxAbort
	}
}

// find gives the session of an IDV of a tenant, and when its applicant was erased, or the zero time.
func (d *dialect) find(ctx context.Context, tenant, id string) (usher.Session, time.Time, error) {
	id, ok := canonical(id)
	if !ok {
		return usher.Session{}, time.Time{}, usher.NotFound("identity verification")
	}
	s, err := d.Service.SessionByKey(ctx, tenant, Name, id)
	erased, err := d.erasure(ctx, s, err)
	s.Key = id
	return s, erased, named(err, "identity verification")
}

// erasure takes the error of who read a session, and gives when its applicant was erased instead, if that is what it says.
func (d *dialect) erasure(ctx context.Context, s usher.Session, err error) (time.Time, error) {
	if !hasCode(err, usher.CodeGone) {
		return time.Time{}, err
	}
	a, err := d.Service.Applicant(ctx, s.TenantID, s.ApplicantID)
	return a.UpdatedAt, err
}

func hasCode(err error, code usher.Code) bool {
	e, ok := errors.AsType[*usher.Error](err)
	return ok && e.Code == code
}

// named calls what was not found by the name the caller knows it by.
func named(err error, kind string) error {
	if hasCode(err, usher.CodeNotFound) {
		return usher.NotFound(kind)
	}
	return err
}

func (d *dialect) getIDV(c call) (any, error) {
	s, erased, err := d.find(c.Context(), c.tenant(), c.PathValue("id"))
	return idvOf(s, erased), err
}

// mostDeliveries bounds the history of one IDV; the oldest are told.
const mostDeliveries = 200

// listWebhooks gives what was sent of an IDV and its identification, oldest first, to each address. Of an erased person's the payload is gone.
func (d *dialect) listWebhooks(c call) (any, error) {
	s, _, err := d.find(c.Context(), c.tenant(), c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	told := []envelope{}
	filter := usher.DeliveryFilter{SessionID: s.ID, Paging: usher.Paging{Limit: api.MostLimit, Oldest: true}}
	for len(told) < mostDeliveries {
		page, err := d.Service.ListDeliveries(c.Context(), c.tenant(), filter)
		if err != nil {
			return nil, err
		}
		for _, one := range page.Items {
			e, ok, err := d.deliveryOf(c.Context(), one)
			if err != nil {
				return nil, err
			}
			if ok {
				told = append(told, e)
			}
		}
		if filter.After = page.Next; page.Next == "" {
			break
		}
	}
	return told, nil
}

// deliveryOf gives one delivery as an entry of the history; ok is false for one in the words of another dialect.
func (d *dialect) deliveryOf(ctx context.Context, one usher.Delivery) (e envelope, ok bool, err error) {
	if !slices.Contains(names(), one.Message.Event) {
		return e, false, nil
	}
	full, _, err := d.Service.Delivery(ctx, one.TenantID, one.ID)
	if err != nil {
		return e, false, err
	}
	e = envelope{
		ID: envelopeID(one.EventID, one.Message.Event), ApplicationID: one.TenantID, CreatedUTC: at(one.CreatedAt), Type: one.Message.Event,
	}
	if len(full.Message.Body) > 0 {
		var sent struct {
			CreatedUTC time.Time       `json:"createdUtc"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := json.Unmarshal(full.Message.Body, &sent); err != nil {
			return e, false, fmt.Errorf("read what was sent: %w", err)
		}
		e.CreatedUTC, e.Payload = at(sent.CreatedUTC), sent.Payload
	}
	delivered := one.Status == usher.DeliveryDelivered
	if e.IsDelivered = &delivered; delivered {
		e.DeliveredUTC = at(one.DoneAt)
	}
	return e, true, nil
}
