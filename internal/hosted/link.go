package hosted

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// showLink shows what a link is for, without using it: programs that look at mail open links, too. It tells nothing of what was given, only
// who asks.
func (h *Hosted) showLink(w http.ResponseWriter, r *http.Request) error {
	v, err := h.config.Service.LookLink(r.Context(), r.PathValue("token"))
	t := &turn{h: h, w: w, r: r}
	if entered := t.enter(v); entered != nil {
		return entered
	}
	if !t.mayBeFramed() && h.kit.PickLanguage(w, r) {
		return nil
	}
	if err != nil {
		return t.deadLink(err)
	}
	if v.Session.State == usher.Expired || v.Session.State == usher.Cancelled {
		return t.showEnded()
	}
	if t.mayBeFramed() {
		h.kit.SetFramedCookie(w, probeCookie, "1", 0)
	}
	return t.display(web.Page{Name: "start", Data: t.startPage()})
}

// startPage is what the page of a link says.
type startPage struct {
	Title, Lead, Button string   // keys
	Needs               []string // words
	Who                 string   // key of who asks and why, or ""
	Other               bool     // it was begun in another browser, which loses it
	Deadline            string
	Action              string // where the button leads; in a frame with the language that was picked there
}

func (t *turn) startPage() startPage {
	p := t.startWords()
	p.Action = t.r.URL.Path
	if lang := t.r.URL.Query().Get("lang"); lang != "" {
		p.Action += "?" + url.Values{"lang": {lang}}.Encode()
	}
	return p
}

func (t *turn) startWords() startPage {
	deadline := t.h.kit.Catalog().Time(t.lang(), t.s.ExpiresAt)
	ours := t.holds()
	switch t.s.State {
	case usher.Submitted, usher.InReview, usher.Approved, usher.Rejected:
		return startPage{Title: "resume.title", Lead: "resume.see", Button: "resume.see_button", Other: !ours}
	case usher.Created:
		return startPage{
			Title: t.word("start.title"), Lead: t.word("start.lead"), Button: "start.button", Who: t.word("start.who.text"),
			Needs: needs(t.s.Flow, t.text), Deadline: deadline,
		}
	default:
	}
	p := startPage{
		Title: "resume.title", Lead: t.word("resume.lead"), Button: "resume.button", Other: true, Deadline: deadline,
	}
	if ours {
		p.Button, p.Other = "resume.same", false
	}
	return p
}

// needs lists what a flow asks an applicant to have at hand.
func needs(f usher.Flow, text func(string, ...any) string) []string {
	var list []string
	camera := false
	for _, st := range f.Steps {
		switch st.Kind {
		case usher.StepDetails:
			list = append(list, text("start.need.details"))
		case usher.StepDocument:
			camera = true
			if len(st.Accept) == 1 {
				list = append(list, text("start.need.document_one", "document", text("doc."+string(st.Accept[0])+".your")))
				continue
			}
			names := make([]string, len(st.Accept))
			for i, kind := range st.Accept {
				names[i] = text("doc." + string(kind) + ".your")
			}
			last := len(names) - 1
			either := strings.Join(names[:last], ", ") + " " + text("list.or") + " " + names[last]
			list = append(list, text("start.need.document", "list", either))
		case usher.StepSelfie:
			camera = true
		case usher.StepProofOfAddress:
			list = append(list, text("start.need.address"))
		default:
		}
	}
	if camera {
		list = append(list, text("start.need.camera"))
	}
	return list
}

// holds tells whether this browser has the visit of the session already, and finds its note.
func (t *turn) holds() bool {
	sealed := t.identify(t.s.ID)
	if t.secret == "" {
		return false
	}
	v, err := t.h.config.Service.Visit(t.ctx(), t.secret)
	if err != nil || v.Session.ID != t.s.ID || v.Replaced {
		t.secret = ""
		return false
	}
	t.note = t.h.open(sealed, t.s.ID, t.secret)
	return true
}

// start binds the link to this browser and goes to the applicant's page. A browser that has the visit already keeps it, and with it what it
// may show.
func (h *Hosted) start(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	v, err := h.config.Service.LookLink(r.Context(), token)
	t := &turn{h: h, w: w, r: r}
	if entered := t.enter(v); entered != nil {
		return entered
	}
	if err != nil {
		return t.deadLink(err)
	}
	if t.holds() {
		return t.goHome()
	}
	if v, err = h.config.Service.UseLink(r.Context(), token); err != nil {
		return t.deadLink(err)
	}
	t.visit, t.s, t.secret, t.keep = v, v.Session, v.Token, t.choose()
	if lang := r.URL.Query().Get("lang"); lang != "" && t.keep != byCookie {
		t.note.Lang = h.kit.Catalog().Match(lang)
	}
	t.keepCookie(visitCookie(v.Session.ID), v.Token)
	t.remember()
	t.saw(screenWelcome)
	return t.goHome()
}

// askURL gives the address that asks for a new link, where this notice is about a link or time that ended and the client can give a new one.
func (t *turn) askURL(key string) string {
	ended := key == "link.expired" || key == "ended.expired"
	switch {
	case t.s.ID == "" || !t.s.Flow.Reissue && ended, key != "link.replaced" && !ended:
		return ""
	case t.secret != "":
		return t.url("ask")
	case t.r.PathValue("token") != "":
		return t.h.kit.URL("/s/" + t.r.PathValue("token") + "/ask")
	}
	return ""
}

// askByLink tells the client that who holds a link that has ended wants a new one.
func (h *Hosted) askByLink(w http.ResponseWriter, r *http.Request) error {
	v, err := h.config.Service.LookLink(r.Context(), r.PathValue("token"))
	if err != nil && !isCode(err, usher.CodeGone) || v.Session.ID == "" {
		return err
	}
	t := &turn{h: h, w: w, r: r}
	if err := t.enter(v); err != nil {
		return err
	}
	return t.asked(h.config.Service.AskLink(r.Context(), r.PathValue("token")))
}

// ask does the same for a browser that was in the session when its time ended.
func (t *turn) ask() error {
	return t.asked(t.do(usher.Command{Kind: usher.CmdAskLink}))
}

// asked says that the client was told, or, where it can give no new link, what there is to do.
func (t *turn) asked(err error) error {
	switch {
	case isCode(err, usher.CodeConflict):
		return t.notice(http.StatusConflict, "link.expired", "link.next", "")
	case err != nil:
		return err
	}
	return t.notice(http.StatusOK, "link.asked", "link.asked.way", "")
}

// deadLink shows why a link does not work, and the way to a new one. A link that never was gets the same page as any address that is not
// there.
func (t *turn) deadLink(err error) error {
	var e *usher.Error
	if !errors.As(err, &e) || e.Code != usher.CodeGone {
		return err
	}
	switch {
	case t.s.ID == "" || t.s.State == usher.Expired:
		return t.notice(http.StatusGone, "link.expired", "link.next", usher.MomentExpired)
	case t.s.State == usher.Cancelled:
		return t.showEnded()
	case e.Detail == "link_replaced":
		return t.notice(http.StatusGone, "link.replaced", "link.next", "")
	}
	return t.notice(http.StatusGone, "link.expired", "link.next", usher.MomentExpired)
}
