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

// Zip writes everything: report.pdf, data.json, checks.json, events.json, each file under evidence/ as it came in, and SHA256SUMS, which
// `sha256sum -c SHA256SUMS` understands. A file whose bytes are not those that were taken in ends the pack with an error.
func (r *Report) Zip(ctx context.Context, w io.Writer, tenant, session, locale string, by usher.Actor) error {
	say := r.words(locale)
	d, err := r.open(ctx, tenant, session, by, "zip "+say.lang)
	if err != nil {
		return err
	}
	p := &pack{zip: zip.NewWriter(w), at: d.at}
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
		raw, err := json.MarshalIndent(one.value, "", "  ")
		if err != nil {
			return fmt.Errorf("encode %s: %w", one.name, err)
		}
		if _, err := p.add(one.name, bytes.NewReader(append(raw, '\n'))); err != nil {
			return err
		}
	}
	for _, f := range d.files {
		if err := r.addFile(ctx, p, d, f); err != nil {
			return err
		}
	}
	if _, err := p.add("SHA256SUMS", strings.NewReader(p.sums.String())); err != nil {
		return err
	}
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("write evidence pack: %w", err)
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
	zip  *zip.Writer
	at   time.Time
	sums strings.Builder
}

// add writes one file and gives its SHA-256 in hex.
func (p *pack) add(name string, from io.Reader) (string, error) {
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
