package report

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// Zip writes everything of a session: report.pdf, data.json, checks.json, events.json, each file under evidence/ as it came in, and SHA256SUMS, which
// `sha256sum -c SHA256SUMS` understands. A file whose bytes are not those that were taken in ends the pack with an error.
func (r *Report) Zip(ctx context.Context, w io.Writer, tenant, session, locale string, by usher.Actor) error {
	p := &pack{zip: zip.NewWriter(w), at: r.c.Now().UTC()}
	if err := r.put(ctx, p, tenant, session, locale, by); err != nil {
		return err
	}
	return p.end()
}

// ZipApplicant writes everything of an applicant: applicant.json, what Zip writes of each session in a folder of its own, and SHA256SUMS. It is what a
// person is given who asks what is known of them (Regulation (EU) 2016/679, Articles 15 and 20).
func (r *Report) ZipApplicant(ctx context.Context, w io.Writer, tenant, applicant, locale string, by usher.Actor) error {
	a, err := r.c.Service.Applicant(ctx, tenant, applicant)
	if err != nil {
		return err
	}
	if a.Erased {
		return &usher.Error{Code: usher.CodeGone, Message: "this applicant was erased"}
	}
	p := &pack{zip: zip.NewWriter(w), at: r.c.Now().UTC()}
	whole := struct {
		GeneratedAt time.Time       `json:"generated_at"`
		Applicant   usher.Applicant `json:"applicant"`
		Accounts    []usher.Account `json:"accounts"`
		Sessions    []string        `json:"sessions"`
	}{GeneratedAt: p.at, Applicant: a}
	if whole.Accounts, err = r.c.Service.AccountsOf(ctx, tenant, applicant); err != nil {
		return err
	}
	f := usher.SessionFilter{ApplicantID: applicant, Paging: usher.Paging{Limit: 100}}
	for {
		page, err := r.c.Service.ListSessions(ctx, tenant, f)
		if err != nil {
			return err
		}
		for _, s := range page.Items {
			whole.Sessions = append(whole.Sessions, s.ID)
		}
		if f.After = page.Next; page.Next == "" {
			break
		}
	}
	if err := p.addJSON("applicant.json", whole); err != nil {
		return err
	}
	for _, id := range whole.Sessions {
		p.folder = "sessions/" + id + "/"
		if err := r.put(ctx, p, tenant, id, locale, by); err != nil {
			return err
		}
	}
	p.folder = ""
	return p.end()
}

// put adds a session to a pack.
func (r *Report) put(ctx context.Context, p *pack, tenant, session, locale string, by usher.Actor) error {
	say := r.words(locale)
	d, err := r.open(ctx, tenant, session, by, "zip "+say.lang)
	if err != nil {
		return err
	}
	var pdf bytes.Buffer
	if err := r.draw(ctx, &pdf, d, say); err != nil {
		return err
	}
	if _, err := p.add("report.pdf", &pdf); err != nil {
		return err
	}
	for _, one := range []struct {
		name  string
		value any
	}{{"data.json", d.data()}, {"checks.json", d.checkList()}, {"events.json", d.eventList()}} {
		if err := p.addJSON(one.name, one.value); err != nil {
			return err
		}
	}
	for _, f := range d.files {
		if err := r.addFile(ctx, p, d, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) addFile(ctx context.Context, p *pack, d dossier, f file) error {
	_, body, err := r.c.Service.OpenEvidence(ctx, d.tenant.ID, d.session.ID, f.ID, 0, d.by)
	if err != nil {
		return err
	}
	sum, err := p.add(f.Name, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}
	if sum != f.SHA256 {
		return fmt.Errorf("evidence %s is not what was taken in: its hash differs", f.ID)
	}
	return nil
}

// pack is a zip file on its way out.
type pack struct {
	zip    *zip.Writer
	at     time.Time
	folder string // in front of names, with a slash at its end
	sums   strings.Builder
}

func (p *pack) addJSON(name string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	_, err = p.add(name, bytes.NewReader(append(raw, '\n')))
	return err
}

// end writes the hashes of all files.
func (p *pack) end() error {
	if _, err := p.add("SHA256SUMS", strings.NewReader(p.sums.String())); err != nil {
		return err
	}
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("write evidence pack: %w", err)
	}
	return nil
}

// add writes one file and gives its SHA-256 in hex.
func (p *pack) add(name string, from io.Reader) (string, error) {
	name = p.folder + name
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at})
	if err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, h), from); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	fmt.Fprintf(&p.sums, "%s  %s\n", sum, name)
	return sum, nil
}

// data is data.json.
type data struct {
	GeneratedAt time.Time         `json:"generated_at"`
	GeneratedBy usher.Actor       `json:"generated_by"`
	Simulated   bool              `json:"simulated"` // some of it was made up
	Tenant      usher.Tenant      `json:"tenant"`
	Applicant   usher.Applicant   `json:"applicant"`
	Session     usher.Session     `json:"session"`
	Evidence    []dataFile        `json:"evidence"`
	Accounts    []usher.Account   `json:"accounts"`
	PagesSeen   []usher.PageView  `json:"pages_seen"`
	Staff       map[string]string `json:"staff"` // e-mail addresses by id
}

type dataFile struct {
	usher.Evidence
	File    string `json:"file"`
	InForce bool   `json:"in_force"` // not replaced by a later one
}

// data gives what is known, without what stands in the other files and without places in our store.
func (d dossier) data() data {
	s := d.session.Clone()
	s.Evidence = nil
	for i := range s.Steps {
		s.Steps[i].Checks = nil
	}
	all := data{
		GeneratedAt: d.at, GeneratedBy: d.by, Simulated: d.tenant.Mode == usher.Sandbox || d.session.IsSimulated(), Tenant: d.tenant, Applicant: d.applicant,
		Session: s, Accounts: d.accounts, PagesSeen: d.pages, Staff: d.staff, Evidence: []dataFile{},
	}
	for _, f := range d.files {
		f.Ref = ""
		all.Evidence = append(all.Evidence, dataFile{Evidence: f.Evidence, File: f.Name, InForce: f.InForce})
	}
	return all
}

// checked is one result in checks.json. Screening holds the hits with the judgements of now.
type checked struct {
	Step  string `json:"step"`
	Round int    `json:"round"`
	usher.CheckResult
}

func (d dossier) checkList() []checked {
	list := []checked{}
	for _, st := range d.session.Steps {
		for _, c := range st.Checks {
			for _, s := range d.screenings {
				if c.Screening != nil && c.Screening.ID == s.ID {
					c.Screening = &s
				}
			}
			list = append(list, checked{Step: st.ID, Round: st.Round, CheckResult: c})
		}
	}
	return list
}

// eventList gives the history without places in our store.
func (d dossier) eventList() []usher.Event {
	list := []usher.Event{}
	for _, e := range d.events {
		if e.Data.Evidence != nil {
			ev := *e.Data.Evidence
			ev.Ref = ""
			e.Data.Evidence = &ev
		}
		list = append(list, e)
	}
	return list
}
