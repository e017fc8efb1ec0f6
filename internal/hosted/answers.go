package hosted

import (
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
)

// answersPage shows everything once more before it is sent.
type answersPage struct {
	progress
	Groups  []answerGroup
	Version int64 // of the session that was shown
}

type answerGroup struct {
	Title string // key
	Rows  []answerRow
}

type answerRow struct {
	Label  string // key
	Lines  []string
	Thumb  *thumb
	Hidden bool
	Change string // address of the page that changes it, "" when it cannot be changed any more
}

func (t *turn) showAnswers() error {
	p := answersPage{progress: t.progress(), Version: t.s.Version}
	for _, st := range t.s.Steps {
		if st.Kind == usher.StepConsent || st.Kind == usher.StepContact || !st.Kind.ByApplicant() || !st.DoneAt.After(t.s.SubmittedAt) {
			continue
		}
		g, err := t.answersOf(st)
		if err != nil {
			return err
		}
		p.Groups = append(p.Groups, g)
	}
	return t.render("answers", p, nil)
}

func (t *turn) answersOf(st usher.StepStatus) (answerGroup, error) {
	change := func(p place) string {
		if !changeable(t.s, st) {
			return ""
		}
		return t.url(p)
	}
	picture := func(label string, kind usher.EvidenceKind, at place, from int) answerRow {
		e, _ := newest(t.s, st, kind, from)
		view := t.thumb(e)
		return answerRow{Label: "answers." + label, Thumb: &view, Change: change(at)}
	}
	switch st.Kind {
	case usher.StepDetails:
		rows, err := t.detailRows(st, change)
		return answerGroup{"answers.details", rows}, err
	case usher.StepDocument:
		d := documentOf(t.s, st, t.note)
		g := answerGroup{Title: "answers.document"}
		if d.kind != "" {
			kind := answerRow{Label: "answers.kind", Lines: []string{t.text("doc." + string(d.kind))}}
			if len(d.accept) > 1 {
				kind.Change = change(atDocument)
			}
			g.Rows = append(g.Rows, kind)
		}
		front := "front"
		if !d.kind.HasBack() {
			front = "page"
		}
		g.Rows = append(g.Rows, picture(front, usher.DocumentFront, atFront, d.from))
		if d.kind.HasBack() {
			g.Rows = append(g.Rows, picture("back", usher.DocumentBack, atBack, d.from))
		}
		return g, nil
	case usher.StepSelfie:
		g := answerGroup{"answers.selfie", []answerRow{picture("photo", usher.Selfie, atSelfie, 0)}}
		if _, sent := newest(t.s, st, usher.SelfieVideo, 0); sent && wantsVideo(t.s, st) {
			g.Rows = append(g.Rows, picture("video", usher.SelfieVideo, atVideo, 0))
		}
		return g, nil
	default:
		return answerGroup{"answers.address", []answerRow{picture("file", usher.ProofOfAddress, atAddress, 0)}}, nil
	}
}

func (t *turn) detailRows(st usher.StepStatus, change func(place) string) ([]answerRow, error) {
	a, err := t.h.config.Service.Applicant(t.ctx(), t.s.TenantID, t.s.ApplicantID)
	if err != nil {
		return nil, err
	}
	d := a.Details
	var rows []answerRow
	for _, f := range asked(t.s, st) {
		add := func(label string, lines ...string) {
			row := answerRow{Label: "answers." + label, Change: change(topicOf(f)), Hidden: t.hides(f)}
			for _, line := range lines {
				if line = strings.TrimSpace(line); line != "" && !row.Hidden {
					row.Lines = append(row.Lines, line)
				}
			}
			rows = append(rows, row)
		}
		switch f {
		case usher.AskName:
			add("name", d.FirstName+" "+d.LastName)
		case usher.AskDateOfBirth:
			add("birth", t.h.kit.Catalog().Date(t.lang(), d.DateOfBirth.Time()))
		case usher.AskNationality:
			add("nationality", t.text("country."+d.Nationality))
		case usher.AskAddress:
			if at := d.Address; at != nil {
				add("home", at.Street, at.PostalCode+" "+at.City, at.Region, t.text("country."+at.Country))
			}
		case usher.AskContact:
			add("email", d.Email)
			add("phone", "+"+d.Phone)
		}
	}
	return rows, nil
}

// send hands everything in, as it was shown: when the session has changed since, the page is shown anew.
func (t *turn) send() error {
	version, err := strconv.ParseInt(t.r.PostFormValue("version"), 10, 64)
	if err != nil || version < 1 {
		return t.goHome()
	}
	if err := t.do(usher.Command{Kind: usher.CmdSubmit, IfVersion: version}); err != nil {
		return err
	}
	t.note = note{Lang: t.note.Lang, Told: t.note.Told}
	t.remember()
	return t.goHome()
}
