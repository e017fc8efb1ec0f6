package ondato

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// findKYC gives the session behind a KYC identification of a tenant, and when its applicant was erased, or the zero time.
func (d *dialect) findKYC(ctx context.Context, tenant, id string) (usher.Session, time.Time, error) {
	unknown := usher.NotFound("identification")
	session, ok := sessionOf(id)
	if !ok {
		return usher.Session{}, time.Time{}, unknown
	}
	s, err := d.Service.Session(ctx, tenant, session)
	erased, err := d.erasure(ctx, s, err)
	if err == nil && !hasKYC(s, erased) {
		err = unknown
	}
	return s, erased, named(err, "identification")
}

// hasKYC tells whether a session is one of this dialect with an identification. An erased one has lost its key.
func hasKYC(s usher.Session, erased time.Time) bool {
	return s.Dialect == Name && begun(s) && (s.Key != "" || !erased.IsZero())
}

func (d *dialect) getKYC(c call) (any, error) {
	s, _, err := d.findKYC(c.Context(), c.tenant(), c.PathValue("id"))
	return identificationOf(s), err
}

// mostScanned bounds the sessions that one search looks at.
const mostScanned = 10_000

// filterKYC lists identifications, newest first. Sessions without one are passed over, which the store cannot do.
func (d *dialect) filterKYC(c call) (any, error) {
	var in kycFilter
	if err := c.read(&in); err != nil {
		return nil, err
	}
	part, err := readWindow(c.URL.Query())
	if err != nil {
		return nil, err
	}
	search, err := d.newSearch(c, in)
	if err != nil {
		return nil, err
	}
	counted := c.Header.Get("Return-Total-Count") == "true"
	found := []identification{}
	total := 0
	err = search.each(c.Context(), func(k identification) bool {
		if total++; total > part.offset && len(found) < part.limit {
			found = append(found, k)
		}
		return counted || len(found) < part.limit
	})
	if err == nil && counted {
		c.w.Header().Set("Total-Count", strconv.Itoa(total))
	}
	return found, err
}

// search is a search for identifications.
type search struct {
	d        *dialect
	tenant   string
	in       kycFilter
	from, to time.Time
	sessions usher.SessionFilter
}

func (d *dialect) newSearch(c call, in kycFilter) (*search, error) {
	var f faults
	moment := func(field, text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999", time.DateOnly} {
			if t, err := time.Parse(layout, text); err == nil {
				return t
			}
		}
		f.note(usher.Invalid(field, "must be a time such as 2026-03-04T09:00:00Z"))
		return time.Time{}
	}
	s := &search{d: d, tenant: c.tenant(), in: in, from: moment("createdUtc.from", in.CreatedUTC.From), to: moment("createdUtc.to", in.CreatedUTC.To)}
	s.sessions = usher.SessionFilter{
		Paging: usher.Paging{Limit: api.MostLimit}, Dialect: Name, Purpose: usher.ForOnboarding, Reference: in.ExternalReferenceID, CreatedBefore: s.to,
	}
	for _, state := range usher.States() {
		if in.Status == "" || in.Status == standings[state].kyc {
			s.sessions.States = append(s.sessions.States, state)
		}
	}
	if len(s.sessions.States) == 0 {
		f.note(usher.Invalid("status", "must be Awaiting, Approved or Rejected"))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if !s.from.IsZero() {
		// An identification begins within the time its session is given.
		flows, err := d.setupFlows(c.Context(), s.tenant)
		if err != nil {
			return nil, err
		}
		var longest time.Duration
		for _, flow := range flows {
			longest = max(longest, flow.Expires)
		}
		s.sessions.CreatedFrom = s.from.Add(-longest)
	}
	return s, nil
}

// each gives what is found to a function, until it has enough.
func (s *search) each(ctx context.Context, take func(identification) bool) error {
	if s.in.ApplicationID != "" && s.in.ApplicationID != s.tenant {
		return nil
	}
	if s.in.IdentityVerificationID != "" {
		one, _, err := s.d.find(ctx, s.tenant, s.in.IdentityVerificationID)
		if hasCode(err, usher.CodeNotFound) {
			return nil
		}
		if err == nil && s.fits(one) {
			take(identificationOf(one))
		}
		return err
	}
	for range mostScanned / api.MostLimit {
		page, err := s.d.Service.ListSessions(ctx, s.tenant, s.sessions)
		if err != nil {
			return err
		}
		for _, one := range page.Items {
			if s.fits(one) && !take(identificationOf(one)) {
				return nil
			}
		}
		if s.sessions.After = page.Next; page.Next == "" {
			return nil
		}
	}
	return usher.Invalid("createdUtc", "must be narrower: there are too many identifications to search")
}

func (s *search) fits(one usher.Session) bool {
	// In a list an erased session is told by having lost its attempt with everything else.
	var erased time.Time
	if one.Attempt == 0 {
		erased = one.UpdatedAt
	}
	if !hasKYC(one, erased) {
		return false
	}
	k := identificationOf(one)
	return slices.Contains(s.sessions.States, one.State) &&
		(s.in.ExternalReferenceID == "" || k.ExternalReferenceID == s.in.ExternalReferenceID) &&
		!k.CreatedUTC.Before(s.from) && (s.to.IsZero() || !k.CreatedUTC.After(s.to))
}

func gone() error {
	return &usher.Error{Code: usher.CodeGone, Message: "the personal data of this identification was redacted"}
}

// getFile gives one picture as it came in.
func (d *dialect) getFile(c call) (any, error) {
	s, erased, err := d.findKYC(c.Context(), c.tenant(), c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !erased.IsZero() {
		return nil, gone()
	}
	id, _ := canonical(c.PathValue("file"))
	i := slices.IndexFunc(s.Evidence, func(e usher.Evidence) bool { return e.ID == id && pictures[e.Kind].kind != "" })
	if i < 0 {
		return nil, usher.NotFound("file")
	}
	e, body, err := d.Service.OpenEvidence(c.Context(), c.tenant(), s.ID, id, 0, c.p.Actor())
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer func() { _ = body.Close() }() // it was only read
		attach(w, e.ContentType, fileOf(e).FileName)
		w.Header().Set("Content-Length", strconv.FormatInt(e.Size, 10))
		_, _ = io.Copy(w, body) // a client that hung up, or a file that ends early, which its length tells
	}), nil
}

// attach says what a file is and what to call it.
func attach(w http.ResponseWriter, contentType, name string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// getReport gives the report as a PDF, where this server writes one.
func (d *dialect) getReport(c call) (any, error) {
	s, erased, err := d.findKYC(c.Context(), c.tenant(), c.PathValue("id"))
	switch {
	case err != nil:
		return nil, err
	case !erased.IsZero():
		return nil, gone()
	case d.Report == nil:
		return nil, usher.NotFound("report")
	}
	var pdf bytes.Buffer // whole, so that a failure is still an error on the wire
	if err := d.Report.PDF(c.Context(), &pdf, c.tenant(), s.ID, s.Locale, c.p.Actor()); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		attach(w, "application/pdf", kycID(s.ID)+".pdf")
		_, _ = w.Write(pdf.Bytes())
	}), nil
}
