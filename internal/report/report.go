// Package report writes the evidence pack of a session: what an auditor or a court asks for when they want to know who was let in, and why.
//
// The way of data: [Report] gathers a case through [usher.Service] (applicant, session, checks, decisions, history, accounts, screenings), notes on
// the audit trail who takes it out, and only then writes. PDF lays it out for people, in their language, with copies of the pictures; Zip adds the
// same as JSON, every file as it came in, and the hash of each, so that anybody can tell later whether something was changed.
//
// What was simulated says so on the first page. The typeface of the PDF (the Go fonts, which golang.org/x/image carries) has Latin, Greek and
// Cyrillic letters; names in other scripts are written in Latin letters, marked, and explained, and stand unchanged in the JSON.
package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/web"
)

// Config is what reports are made from. Service, Auditor, Files and Pictures are needed.
type Config struct {
	Service  usher.Service
	Auditor  usher.Auditor
	Files    fs.FS           // texts of the desk, see package web
	Pictures *picture.Intake // makes the copies that people see
	// Member gives the name of a member of staff; nil shows ids.
	Member func(ctx context.Context, tenant, id string) (usher.Staff, error)
	Now    func() time.Time // nil is time.Now
}

// Report is an [usher.Reporter].
type Report struct {
	c       Config
	catalog *web.Catalog
	letters letters
}

var _ usher.Reporter = (*Report)(nil)

// New reads the texts and the typeface.
func New(c Config) (*Report, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	catalog, err := web.LoadCatalog(c.Files, "desk")
	if err != nil {
		return nil, fmt.Errorf("read texts of reports: %w", err)
	}
	l, err := newLetters()
	if err != nil {
		return nil, err
	}
	return &Report{c: c, catalog: catalog, letters: l}, nil
}

// The longest file that is taken into memory to be shown, in bytes: more than intake ever lets in.
const largestPicture = 16 << 20

// file is one piece of evidence and its name in a pack.
type file struct {
	usher.Evidence
	Name    string
	InForce bool
}

// dossier is everything there is to say about a session.
type dossier struct {
	tenant     usher.Tenant
	applicant  usher.Applicant
	session    usher.Session
	files      []file
	events     []usher.Event // oldest first
	accounts   []usher.Account
	screenings []usher.Screening
	pages      []usher.PageView
	staff      map[string]string // e-mail addresses by id
	by         usher.Actor
	at         time.Time
}

// PDF writes a report for people.
func (r *Report) PDF(ctx context.Context, w io.Writer, tenant, session, locale string, by usher.Actor) error {
	say := r.words(locale)
	d, err := r.open(ctx, tenant, session, by, "pdf "+say.lang)
	if err != nil {
		return err
	}
	return r.draw(ctx, w, d, say)
}

// open gathers a case and notes who takes it out; who could not be noted gets nothing.
func (r *Report) open(ctx context.Context, tenant, session string, by usher.Actor, form string) (dossier, error) {
	d := dossier{by: by, at: r.c.Now().UTC(), staff: map[string]string{}}
	var err error
	// An erased applicant's session is gone, and so is the report.
	if d.session, err = r.c.Service.Session(ctx, tenant, session); err != nil {
		return d, err
	}
	if d.applicant, err = r.c.Service.Applicant(ctx, tenant, d.session.ApplicantID); err != nil {
		return d, err
	}
	if d.tenant, err = r.c.Service.Tenant(ctx, tenant); err != nil {
		return d, err
	}
	if d.accounts, err = r.c.Service.AccountsOf(ctx, tenant, d.session.ApplicantID); err != nil {
		return d, err
	}
	if d.pages, err = r.c.Service.Journey(ctx, tenant, session); err != nil {
		return d, err
	}
	if d.events, err = r.history(ctx, tenant, session); err != nil {
		return d, err
	}
	if d.screenings, err = r.screened(ctx, d.session); err != nil {
		return d, err
	}
	d.files = filesOf(d.session)
	r.nameStaff(ctx, &d)
	err = r.c.Auditor.Record(ctx, usher.AuditRecord{
		TenantID: tenant, At: d.at, Actor: by, Action: "report.exported", Object: session, Detail: form,
	})
	if err != nil {
		return d, fmt.Errorf("note that a report was exported: %w", err)
	}
	return d, nil
}

func (r *Report) history(ctx context.Context, tenant, session string) ([]usher.Event, error) {
	var all []usher.Event
	f := usher.EventFilter{Paging: usher.Paging{Limit: 200, Oldest: true}, SessionID: session}
	for {
		page, err := r.c.Service.ListEvents(ctx, tenant, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		f.After = page.Next
	}
}

// screened gives the screenings that checks of the session rest on, with the judgements of now.
func (r *Report) screened(ctx context.Context, s usher.Session) ([]usher.Screening, error) {
	var list []usher.Screening
	for _, c := range s.Checks() {
		if c.Screening == nil {
			continue
		}
		now, err := r.c.Service.Screening(ctx, s.TenantID, c.Screening.ID)
		if e, ok := errors.AsType[*usher.Error](err); ok && e.Code == usher.CodeNotFound {
			now, err = *c.Screening, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, now)
	}
	return list, nil
}

// nameStaff looks up who the members of staff are that took part. One who is gone keeps the id.
func (r *Report) nameStaff(ctx context.Context, d *dossier) {
	note := func(a usher.Actor) {
		if a.Kind != usher.ByStaff || d.staff[a.ID] != "" || r.c.Member == nil {
			return
		}
		if m, err := r.c.Member(ctx, d.tenant.ID, a.ID); err == nil {
			d.staff[a.ID] = m.Email
		}
	}
	note(d.by)
	for _, e := range d.events {
		if e.Data.By != nil {
			note(*e.Data.By)
		}
		if e.Data.Decision != nil {
			note(e.Data.Decision.By)
		}
	}
	for _, s := range d.screenings {
		for _, h := range s.Hits {
			if h.Judgement != nil {
				note(h.Judgement.By)
			}
		}
	}
}

// endings are the ends of file names by content type.
var endings = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "video/webm": ".webm", "video/mp4": ".mp4", "application/pdf": ".pdf",
}

// filesOf gives every piece of evidence, in the order in which it came, with the name that it has in a pack.
func filesOf(s usher.Session) []file {
	var list []file
	for i, e := range s.Evidence {
		ending, ok := endings[e.ContentType]
		if !ok {
			ending = ".bin"
		}
		list = append(list, file{
			Evidence: e, Name: fmt.Sprintf("evidence/%02d-%s%s", i+1, e.Kind, ending),
			InForce: slices.ContainsFunc(s.InForce(), func(n usher.Evidence) bool { return n.ID == e.ID }),
		})
	}
	return list
}

// name gives the applicant's name, or "".
func (d dossier) name() string {
	if c := d.applicant.Details.Company; c != nil && c.Name != "" {
		return c.Name
	}
	return strings.TrimSpace(d.applicant.Details.FirstName + " " + d.applicant.Details.LastName)
}
