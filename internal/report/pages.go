package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// draw lays a case out, section by section.
func (r *Report) draw(ctx context.Context, w io.Writer, d dossier, say words) error {
	made := say.own("made", "at", stamp(d.at), "by", say.actor(d.by, d.staff))
	s := newSheet(say, r.letters, say.own("title"), d.session.ID, made, d.at)
	p := printer{s, d, say}
	p.cover()
	p.applicant()
	p.consent()
	p.contact()
	p.checks()
	p.hits()
	p.decisions()
	if err := r.pictures(ctx, p); err != nil {
		return err
	}
	p.history()
	s.space(4)
	s.paragraph("", 8, 0x50, say.worth("honesty"))
	if s.marked {
		// The mark explains itself and must not be taken for one more.
		s.paragraph("", 8, 0x50, say.own("foot"))
	}
	return s.write(w)
}

// printer writes the sections of one case.
type printer struct {
	*sheet
	d   dossier
	say words
}

func (p printer) cover() {
	s := p.d.session
	p.paragraph("", 9, 0x60, p.d.tenant.Name)
	p.style("B", 19, 0x10)
	p.space(1)
	p.pdf.CellFormat(width, 9, p.say.own("title"), "", 1, "L", false, 0, "")
	p.space(2)
	switch {
	case p.d.tenant.Mode == usher.Sandbox:
		p.banner(p.say.own("sandbox") + p.also())
	case p.d.session.IsSimulated():
		p.banner(p.say.worth("simulated"))
	}
	p.heading(p.say.own("summary"))
	p.fact(p.say.own("person"), p.d.name())
	p.fact(p.say.own("state"), p.say.name("desk.state.", string(s.State)))
	p.fact(p.say.own("reasons"), p.say.reasons(s.Reasons))
	p.fact(p.say.own("case"), s.ID)
	p.fact(p.say.own("reference"), s.Reference)
	p.fact(p.say.own("purpose"), p.say.name("desk.purpose.", string(s.Purpose)))
	p.fact(p.say.own("flow"), p.say.own("flow_of", "name", s.FlowName, "version", s.FlowVersion))
	p.fact(p.say.own("dialect"), s.Dialect)
	p.fact(p.say.own("attempt"), strconv.Itoa(s.Attempt))
	p.fact(p.say.own("created"), stamp(s.CreatedAt))
	p.fact(p.say.own("started"), stamp(s.StartedAt))
	p.fact(p.say.own("submitted"), stamp(s.SubmittedAt))
	p.fact(p.say.own("decided"), stamp(s.DecidedAt))
	for _, a := range p.d.accounts {
		if a.SessionID != "" && a.SessionID != s.ID {
			continue
		}
		text := p.say.own("account_of", "status", a.Status, "kind", a.Type, "number", a.Number, "currency", a.Currency, "opener", a.Opener)
		if a.Test {
			text += "; " + p.say.own("test_account")
		}
		p.fact(p.say.own("accounts"), text)
	}
}

// also gives the words on simulated results, for a sandbox where there are some.
func (p printer) also() string {
	if !p.d.session.IsSimulated() {
		return ""
	}
	return " " + p.say.worth("simulated")
}

func (p printer) applicant() {
	p.heading(p.say.own("applicant"))
	p.fact(p.say.own("applicant_id"), p.d.applicant.ID)
	if p.d.applicant.Reference != p.d.session.Reference {
		p.fact(p.say.own("reference"), p.d.applicant.Reference)
	}
	p.details(p.d.applicant.Details)
	if c := p.d.applicant.Details.Company; c != nil {
		p.fact(p.say.own("company"), joined(c.Name, c.TradingName, c.Form))
		p.fact(p.say.own("register_number"), c.Number)
		p.fact(p.say.name("desk.field.", "address"), address(c.Address))
		for _, o := range c.Owners {
			p.fact(p.say.own("owners"), joined(o.Role, o.Details.FirstName+" "+o.Details.LastName, string(o.Details.DateOfBirth)))
		}
	}
}

func (p printer) details(d usher.Details) {
	for _, one := range []struct{ field, value string }{
		{"first_name", d.FirstName},
		{"last_name", d.LastName},
		{"date_of_birth", string(d.DateOfBirth)},
		{"nationality", d.Nationality},
		{"email", d.Email},
		{"phone", d.Phone},
		{"address", address(d.Address)},
	} {
		p.fact(p.say.name("desk.field.", one.field), one.value)
	}
	p.fact(p.say.own("national_id"), d.NationalID)
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), ", ")
}

func address(a *usher.Address) string {
	if a == nil {
		return ""
	}
	return joined(a.Street, strings.TrimSpace(a.PostalCode+" "+a.City), a.Region, a.Country)
}

func (p printer) consent() {
	for _, st := range p.d.session.Steps {
		if st.Consent == nil {
			continue
		}
		c := st.Consent
		face := p.say.own("no")
		if c.Face {
			face = p.say.own("yes")
		}
		p.heading(p.say.own("consent"))
		p.fact(p.say.own("agreed_at"), stamp(c.At))
		p.fact(p.say.own("text_agreed"), c.Text)
		p.fact(p.say.own("hash"), c.SHA256)
		p.fact(p.say.own("language"), c.Locale)
		p.fact(p.say.own("face"), face)
	}
}

func (p printer) checks() {
	p.heading(p.say.own("checks"))
	if len(p.d.session.Checks()) == 0 {
		p.paragraph("", 9, 0x20, p.say.own("none"))
	}
	for _, st := range p.d.session.Steps {
		for _, c := range st.Checks {
			p.check(st.ID, c)
		}
	}
}

func (p printer) check(step string, c usher.CheckResult) {
	p.room(8 * line)
	p.space(1.5)
	p.paragraph("B", 10, 0x20, p.say.name("desk.check.", string(c.Kind))+" ("+string(c.Kind)+", "+step+")")
	if c.Outcome == "" {
		p.fact(p.say.own("verdict"), p.say.own("not_yet"))
		return
	}
	p.fact(p.say.own("verdict"), p.say.name("desk.outcome.", string(c.Outcome)))
	p.fact(p.say.own("assurance"), p.say.name("desk.assurance.", string(c.Assurance)))
	if c.Assurance != "" {
		p.fact(p.say.own("score"), strconv.FormatFloat(c.Score, 'f', 3, 64))
	}
	p.fact(p.say.own("reasons"), p.say.reasons(c.Reasons))
	p.fact(p.say.own("provider"), strings.TrimSpace(c.Provider+" "+c.Version))
	p.fact(p.say.own("examined"), p.say.names("desk.examined.", c.Examined))
	p.fact(p.say.own("not_examined"), p.say.names("desk.examined.", c.NotExamined))
	var read []string
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		read = append(read, p.say.name("desk.field.", name)+": "+c.Fields[name])
	}
	p.fact(p.say.own("fields"), strings.Join(read, "\n"))
	var found []string
	for _, f := range c.Findings {
		found = append(found, p.finding(f))
	}
	p.fact(p.say.own("findings"), strings.Join(found, "\n"))
	p.fact(p.say.own("others"), p.others(c.Duplicates))
	p.fact(p.say.own("rests_on"), strings.Join(p.names(c.EvidenceIDs), "\n"))
	p.fact(p.say.own("took"), fmt.Sprintf("%d ms", c.DurationMS))
}

func (p printer) finding(f usher.Finding) string {
	text := p.say.name("desk.field.", f.Name)
	if f.Given != "" {
		text += ", " + p.say.own("given") + " " + f.Given
	}
	if f.Read != "" {
		text += ", " + p.say.own("read") + " " + f.Read
	}
	if f.OK {
		return text + ": " + p.say.own("ok")
	}
	return text + ": " + p.say.own("not_ok")
}

// names gives what files are called in a pack.
func (p printer) names(ids []string) []string {
	var list []string
	for _, f := range p.d.files {
		if slices.Contains(ids, f.ID) {
			list = append(list, f.Name)
		}
	}
	return list
}

func (p printer) hits() {
	for _, s := range p.d.screenings {
		p.heading(p.say.own("hits"))
		var lists []string
		for _, l := range s.Lists {
			lists = append(lists, joined(l.List, day(l.Date), l.Hash[:min(12, len(l.Hash))], p.age(l)))
		}
		p.paragraph("", 9, 0x20, p.say.own("hits_time", "at", stamp(s.At), "algorithm", s.Algorithm, "lists", strings.Join(lists, "; ")))
		if len(s.Hits) == 0 {
			p.paragraph("", 9, 0x20, p.say.own("hits_none"))
			continue
		}
		var rows [][]string
		for _, h := range s.Hits {
			judged := p.say.own("open")
			if j := h.Judgement; j != nil {
				judged = joined(p.say.own(string(j.Verdict)), j.Why, p.say.actor(j.By, p.d.staff), stamp(j.At))
			}
			rows = append(rows, []string{h.List, h.Name, strconv.FormatFloat(h.Score, 'f', 2, 64), judged})
		}
		p.table([]float64{28, 56, 16, width - 100},
			[]string{p.say.own("list"), p.say.own("listed"), p.say.own("score"), p.say.own("judged")}, rows)
	}
}

// age says of a list what keeps a search of it from being a clear one.
func (p printer) age(l usher.ListVersion) string {
	switch {
	case l.Loaded.IsZero():
		return p.say.own("never_in")
	case l.Stale:
		return p.say.own("stale")
	}
	return ""
}

func (p printer) decisions() {
	p.heading(p.say.own("decisions"))
	any := false
	for _, e := range p.d.events {
		if e.Data.Decision == nil {
			continue
		}
		any = true
		x := e.Data.Decision
		verdict := p.say.name("desk.state.", string(x.Verdict))
		if x.Overturn {
			verdict += ", " + p.say.own("overturn")
		}
		p.space(1)
		p.fact(p.say.own("verdict"), verdict)
		p.fact(p.say.own("by"), p.say.actor(x.By, p.d.staff))
		p.fact(p.say.own("when"), clock(e.At))
		p.fact(p.say.own("reasons"), p.say.reasons(x.Reasons))
		p.fact(p.say.own("note"), x.Note)
		p.fact(p.say.own("internal"), x.Internal)
	}
	if !any {
		p.paragraph("", 9, 0x20, p.say.own("none"))
	}
	if len(p.d.session.Facts) == 0 {
		return
	}
	p.heading(p.say.own("corrections"))
	var rows [][]string
	for _, c := range p.d.session.Facts {
		rows = append(rows, []string{p.say.name("desk.field.", c.Field), c.Old, c.New})
	}
	p.table([]float64{labels, 65, width - labels - 65}, []string{p.say.own("field"), p.say.own("old"), p.say.own("new")}, rows)
}

// history is one line for each event.
func (p printer) history() {
	p.heading(p.say.own("history"))
	var rows [][]string
	for _, e := range p.d.events {
		who := ""
		if e.Data.By != nil {
			who = p.say.actor(*e.Data.By, p.d.staff)
		}
		rows = append(rows, []string{
			strconv.FormatInt(e.Sequence, 10), clock(e.At), p.say.name("desk.event.", string(e.Type)), p.about(e), who,
		})
	}
	p.table([]float64{9, 34, 44, 47, width - 134},
		[]string{"", p.say.own("when"), p.say.own("what"), p.say.own("about"), p.say.own("who")}, rows)
}

// about says what an event is about, in a few words.
func (p printer) about(e usher.Event) string {
	d := e.Data
	switch {
	case d.Result != nil:
		return joined(p.say.name("desk.check.", string(d.Check)), p.say.name("desk.outcome.", string(d.Result.Outcome)),
			p.say.name("desk.assurance.", string(d.Result.Assurance)))
	case d.Check != "":
		return p.say.name("desk.check.", string(d.Check))
	case d.Evidence != nil:
		return joined(p.say.name("desk.evidence.", string(d.Evidence.Kind)), p.say.name("desk.source.", string(d.Evidence.Source)))
	case d.Step != "":
		return d.Step
	}
	return strings.Join(slices.DeleteFunc([]string{strings.Join(d.Steps, ", "), p.say.reasons(d.Reasons)}, func(s string) bool { return s == "" }), ": ")
}

// pictures shows the files with where they are from and their hashes: those in force, and those that were replaced, in the order they came in.
func (r *Report) pictures(ctx context.Context, p printer) error {
	p.heading(p.say.own("files"))
	if len(p.d.files) == 0 {
		p.paragraph("", 9, 0x20, p.say.own("none"))
	}
	var list []block
	for _, f := range p.d.files {
		b := block{lines: []string{
			p.say.name("desk.evidence.", string(f.Kind)) + ", " + p.say.name("desk.source.", string(f.Source)),
			f.Name, p.say.own("received") + " " + stamp(f.At), p.say.own("size", "n", f.Size) + ", " + f.ContentType, "SHA-256 " + f.SHA256,
		}}
		if !f.InForce {
			b.lines[0] += ", " + p.say.own("replaced")
		}
		var err error
		switch {
		case !strings.HasPrefix(f.ContentType, "image/") || f.Size > largestPicture:
			b.lines = append(b.lines, p.say.own("not_shown", "name", f.Name))
		default:
			b.jpeg, err = r.copyOf(ctx, p.d, f)
		}
		if picture.CodeOf(err) != "" {
			b.lines, err = append(b.lines, p.say.own("unreadable")), nil
		}
		if err != nil {
			return err
		}
		list = append(list, b)
	}
	p.blocks(list)
	return nil
}

// side is how many pixels the longer side of a picture has in a report: sharp at the size it is shown in, and small enough to be sent.
const side = 900

// copyOf gives a fresh copy of a picture: pixels only, nothing of what else a file may carry.
func (r *Report) copyOf(ctx context.Context, d dossier, f file) ([]byte, error) {
	_, body, err := r.c.Service.OpenEvidence(ctx, d.tenant.ID, d.session.ID, f.ID, 0, d.by)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(body, largestPicture))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("read evidence %s: %w", f.ID, err)
	}
	fresh, _, err := r.c.Pictures.Copy(ctx, raw, picture.CopyConfig{MaxSide: side, Quality: 80})
	return fresh, err
}
