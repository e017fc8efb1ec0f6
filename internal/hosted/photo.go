package hosted

import (
	"net/url"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// showDocument asks which document will be used.
func (t *turn) showDocument() error { return t.documentPage(nil) }

func (t *turn) documentPage(errs web.Errors) error {
	st, _ := stepOf(t.s, usher.StepDocument)
	d := documentOf(t.s, st, t.note)
	return t.render("document", map[string]any{
		"At": t.progress().At, "Of": t.progress().Of, "Accept": d.accept, "Chosen": string(d.kind), "Why": why(st, ""),
	}, errs)
}

// chooseDocument notes the choice. Pictures of another document do not count for it.
func (t *turn) chooseDocument() error {
	st, _ := stepOf(t.s, usher.StepDocument)
	d := documentOf(t.s, st, t.note)
	choice := usher.DocumentType(t.r.PostFormValue("document"))
	if !slices.Contains(d.accept, choice) {
		return t.documentPage(web.Errors{{Field: "document", Key: "wrong.document"}})
	}
	switch {
	case choice == d.kind:
	case choice == d.done && !d.front && !d.back:
		// Back to the document that was there, before any picture of the other one was taken.
		t.note.Document, t.note.From = "", 0
		t.remember()
		return t.goHome()
	default:
		t.note.Document, t.note.From = choice, 0
		if d.kind != "" || t.photographed() {
			t.note.From = len(t.s.Evidence)
		}
		t.remember()
	}
	return t.see(documentOf(t.s, st, t.note).next())
}

// photographed tells whether the applicant has sent pictures of a document, of which kind we cannot know any more. What the client's back
// end sent does not count: it belongs to whatever the applicant says.
func (t *turn) photographed() bool {
	return slices.ContainsFunc(t.s.Evidence, func(e usher.Evidence) bool {
		return (e.Kind == usher.DocumentFront || e.Kind == usher.DocumentBack) && (e.Source == usher.FromCamera || e.Source == usher.FromUpload)
	})
}

// photo is what the pages about one picture share.
type photo struct {
	progress
	Title    string // key
	Document string // key of "your passport", or "" where the picture shows none
	Why      []usher.ReasonCode

	// of the page with instructions and upload
	Camera   string // address of the camera page, "" where only files are taken
	Open     string // key of the words that lead there
	Tips     string
	Lead     string // key, or ""
	Label    string // key of the words of the file field
	Hint     string // key of what may be chosen
	Accept   string // types of file
	Video    bool
	Skip     string // address that a form is sent to by who goes on without it, ""
	Max      int64
	TooLarge string // key

	Part   string // address that the file is sent to in pieces, ""
	Native string // which camera app of a phone is to take the photo, after several that failed, ""
	Sent   string // address of the page with the photo that was sent before, ""
	Phone  string // address of the page that leads on to a phone, "" on a phone

	// of the camera page
	Upload  string // address of the upload page
	Facing  string // which camera is asked for
	Frame   string // shape of the outline: passport, card or selfie
	Instead string // key of the words for the other way
	Ready   string // key of what is said when the camera runs

	Problems []problem
	Lost     problem
}

// subject gives the subject of this page, its step, and the document where it is about one.
func (t *turn) subject() (subject, usher.StepStatus, document) {
	sub, _ := subjectAt(t.at)
	st, _ := stepOf(t.s, sub.step)
	if sub.step == usher.StepDocument {
		return sub, st, documentOf(t.s, st, t.note)
	}
	return sub, st, document{}
}

// name gives the part of a text's key that names the subject: the photo page of a passport has no front.
func (s subject) name(d document) string {
	if s.at == atFront && !d.kind.HasBack() {
		return "page"
	}
	return string(s.at)
}

func (t *turn) showPhoto() error { return t.photoPage(nil) }

func (t *turn) photoPage(errs web.Errors) error {
	sub, st, d := t.subject()
	if wait := t.mustWait(sub); wait > 0 {
		return t.triesPage(sub, wait)
	}
	p := photo{
		progress: t.progress(), Title: "photo." + sub.name(d) + ".title", Why: why(st, sub.kind), Part: t.partURL(sub), Tips: "document", Open: "photo.camera",
		Label: "photo.upload.title", Hint: "photo.upload.hint", Instead: "photo.upload.instead", Accept: "image/jpeg,image/png",
		Max: t.most(sub), TooLarge: sub.wrong("too_large"), Lost: t.lost(),
	}
	if d.kind != "" {
		p.Document = "doc." + string(d.kind) + ".your"
	}
	if sub.facing != "" {
		p.Camera = t.url(sub.camera())
		if !onPhone(t.r) {
			p.Phone = t.url(atPhone)
		}
	}
	if t.note.Failed >= nativeAfter && sub.at != atVideo {
		p.Native = sub.facing
	}
	if last, sent := newest(t.s, st, sub.kind, d.from); sent && last.Attempt == t.s.Attempt && len(errs) > 0 && sub.at != atVideo {
		p.Sent = t.url(sub.check())
	}
	switch sub.at {
	case atSelfie:
		p.Tips = "selfie"
	case atVideo:
		p.Tips, p.Video, p.Title, p.Lead, p.Open = "selfie", true, "video.title", "video.lead", "video.camera"
		p.Label, p.Hint, p.Instead, p.Accept = "video.upload.title", "video.upload.hint", "video.upload.instead", "video/mp4,video/webm,video/quicktime"
		if def, _, _ := t.s.Flow.Step(st.ID); def.VideoFree {
			p.Skip = t.url(atSelfie.check())
		}
	case atAddress:
		p.Lead, p.Label, p.Hint, p.Accept = "photo.address.lead", "photo.upload.title_file", "photo.upload.hint_pdf", "application/pdf,image/jpeg,image/png"
	default:
	}
	return t.render("photo", p, errs)
}

func (t *turn) showCamera() error {
	sub, _, d := t.subject()
	if wait := t.mustWait(sub); wait > 0 {
		return t.triesPage(sub, wait)
	}
	p := photo{
		progress: t.progress(), Part: t.partURL(sub), Title: "camera." + sub.name(d) + ".title", Upload: t.url(sub.at) + "#upload", Facing: sub.facing,
		Frame: "card", Ready: "camera.ready.document", Problems: t.problems(), Lost: t.lost(), Instead: "photo.upload.instead",
	}
	switch {
	case sub.at == atSelfie:
		p.Frame, p.Ready = "selfie", "camera.ready.selfie"
	case d.kind == usher.Passport:
		p.Frame = "passport"
	}
	if d.kind != "" {
		p.Document = "doc." + string(d.kind) + ".your"
	}
	return t.render("camera", p, nil)
}

// showRecorder shows the page that records a video and plays it back.
func (t *turn) showRecorder() error {
	sub, _, _ := t.subject()
	return t.render("video", photo{
		progress: t.progress(), Part: t.partURL(sub), Title: "video.title", Upload: t.url(sub.at) + "#upload", Facing: sub.facing, Instead: "video.upload.instead",
		Problems: append(t.problems(), t.problem("old", usher.MomentHardware)), Lost: t.lost(), Max: t.most(sub), TooLarge: sub.wrong("too_large"),
	}, nil)
}

// most gives how many bytes a file about a subject may have.
func (t *turn) most(sub subject) int64 {
	if sub.at == atVideo {
		return t.h.config.MaxVideo
	}
	return t.h.config.MaxUpload
}

// wrong gives the key of the words for what is wrong with a file.
func (s subject) wrong(what string) string {
	if s.at == atVideo && slices.Contains([]string{"too_large", "same"}, what) {
		return "video.error." + what
	}
	return "photo.error." + what
}

// checkPage shows a picture back before it counts.
type checkPage struct {
	progress
	Title, Text, Use, AgainText string // keys
	Thumb                       thumb
	Again                       string
	Advice                      []usher.ReasonCode
	Block                       bool // the first try could be better: ask for another before offering to use it anyway
}

// triesBeforeAnyway is how many pictures that could be better are taken before the applicant may use one of them: one retry is asked for,
// and nobody is kept who cannot take a better one.
const triesBeforeAnyway = 2

func (t *turn) showCheck() error {
	sub, st, d := t.subject()
	e, _ := newest(t.s, st, sub.kind, d.from)
	p := checkPage{
		progress: t.progress(), Title: "check.title", Text: "check.document", Thumb: t.thumb(e), Again: t.url(sub.at), Use: "check.use", AgainText: "check.again",
		Advice: e.Advice,
	}
	switch sub.at {
	case atSelfie:
		p.Title, p.Text = "check.selfie.title", "check.selfie"
	case atAddress:
		p.Title, p.Text, p.Use, p.AgainText = "check.file.title", "check.file", "check.use_file", "check.again_file"
	default:
	}
	if e.Source == usher.FromCamera && t.note.Failed < nativeAfter {
		p.Again = t.url(sub.camera())
	}
	tries := 0
	for _, other := range t.s.Evidence[min(d.from, len(t.s.Evidence)):] {
		if other.Kind == sub.kind && other.Attempt == t.s.Attempt {
			tries++
		}
	}
	p.Block = len(p.Advice) > 0 && tries < triesBeforeAnyway
	return t.render("check", p, nil)
}

// use takes the picture as it is. When it was the last that the step needs, the step is done.
func (t *turn) use() error {
	_, st, d := t.subject()
	c := usher.Command{Kind: usher.CmdCompleteStep, Step: st.ID}
	if st.Kind == usher.StepDocument {
		if !d.front || d.kind.HasBack() && !d.back {
			return t.see(d.next())
		}
		c.Document = &usher.DocumentChoice{Type: d.kind}
	}
	// Who goes on without a video says so here; where the flow does not let them, the session refuses.
	if _, sent := newest(t.s, st, usher.SelfieVideo, 0); wantsVideo(t.s, st) && !sent && t.r.PostFormValue("without") != "video" {
		return t.see(atVideo)
	}
	if wantsChallenge(t.s, st) && t.r.PostFormValue("without") != "challenge" {
		return t.see(atChallenge)
	}
	if err := t.do(c); err != nil {
		return err
	}
	return t.goHome()
}

// thumb is a small view of a file.
type thumb struct {
	Src    string
	Got    string // key of the words that stand for what is not shown
	Hidden bool   // it was sent from another browser, or never meant for this page
	ByPage bool   // a script must fetch it, since the address alone does not say whose it is
}

func (t *turn) thumb(e usher.Evidence) thumb {
	return thumb{
		Src: t.url("evidence/" + place(url.PathEscape(e.ID))), Got: got(e), Hidden: !t.mayShow(e), ByPage: t.keep == byPage,
	}
}

// got gives the key of the words for a file that is not a picture, or "".
func got(e usher.Evidence) string {
	switch {
	case strings.HasPrefix(e.ContentType, "video/"):
		return "check.video"
	case e.ContentType == "application/pdf":
		return "check.pdf"
	}
	return ""
}

// mayShow tells whether a file may be seen in this browser: only what the applicant sent, and after a visit was taken over only what was sent
// from here.
func (t *turn) mayShow(e usher.Evidence) bool {
	if e.Source != usher.FromCamera && e.Source != usher.FromUpload {
		return false
	}
	return !t.visit.Took || t.note.sent(e.ID)
}

// codes gives the codes of reasons, each once.
func codes(rs []usher.Reason) []usher.ReasonCode {
	var list []usher.ReasonCode
	for _, r := range rs {
		if !slices.Contains(list, r.Code) {
			list = append(list, r.Code)
		}
	}
	return list
}

// why gives the reasons for which a kind of evidence is asked again: those that name it, or no file.
func why(st usher.StepStatus, kind usher.EvidenceKind) []usher.ReasonCode {
	return codes(slices.DeleteFunc(slices.Clone(st.Redo), func(r usher.Reason) bool { return r.Evidence != "" && r.Evidence != kind }))
}
