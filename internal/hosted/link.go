package hosted

import (
	"errors"
	"net/http"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// showLink shows what a link is for, without using it: programs that look at mail open links, too. It tells nothing of what was given, only
// who asks.
func (h *Hosted) showLink(w http.ResponseWriter, r *http.Request) error {
	if h.kit.PickLanguage(w, r) {
		return nil
	}
	v, err := h.config.Service.LookLink(r.Context(), r.PathValue("token"))
	if err != nil {
		return h.deadLink(w, r, v, err)
	}
	if v.Session.State == usher.Expired || v.Session.State == usher.Cancelled {
		return h.ended(w, r, v)
	}
	return h.render(w, r, v, web.Page{Name: "start", Data: h.startPage(r, v)})
}

// startPage is what the page of a link says.
type startPage struct {
	Title, Lead, Button string
	Needs               []string
	Who                 bool
	Other               bool // it was begun in another browser, which loses it
	Deadline            string
}

func (h *Hosted) startPage(r *http.Request, v usher.Visit) startPage {
	lang := h.kit.Lang(r, v.Session.Locale)
	text := func(key string, args ...any) string { return h.kit.Catalog().Text(lang, key, args...) }
	ours := h.holds(r, v.Session)
	switch v.Session.State {
	case usher.Submitted, usher.InReview, usher.Approved, usher.Rejected:
		return startPage{Title: "resume.title", Lead: "resume.see", Button: "resume.see_button", Other: !ours}
	case usher.Created:
		return startPage{
			Title: "start.title", Lead: "start.lead", Button: "start.button", Who: true,
			Needs: needs(v.Session.Flow, text), Deadline: h.kit.Catalog().Time(lang, v.Session.ExpiresAt),
		}
	default:
	}
	p := startPage{
		Title: "resume.title", Lead: "resume.lead", Button: "resume.button", Other: true, Deadline: h.kit.Catalog().Time(lang, v.Session.ExpiresAt),
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

// holds tells whether this browser has the visit of a session already.
func (h *Hosted) holds(r *http.Request, s usher.Session) bool {
	cookie := h.kit.Cookie(r, visitCookie(s.ID))
	if cookie == "" {
		return false
	}
	v, err := h.config.Service.Visit(r.Context(), cookie)
	return err == nil && v.Session.ID == s.ID && !v.Replaced
}

// start binds the link to this browser and goes to the applicant's page. A browser that has the visit already keeps it, and with it what it
// may show.
func (h *Hosted) start(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	v, err := h.config.Service.LookLink(r.Context(), token)
	if err != nil {
		return h.deadLink(w, r, v, err)
	}
	t := &turn{h: h, w: w, r: r, visit: v, s: v.Session}
	if h.holds(r, v.Session) {
		return t.goHome()
	}
	if v, err = h.config.Service.UseLink(r.Context(), token); err != nil {
		return h.deadLink(w, r, v, err)
	}
	t.visit, t.s = v, v.Session
	h.kit.SetCookie(w, visitCookie(v.Session.ID), v.Token, 0)
	h.kit.ClearCookie(w, noteCookie(v.Session.ID))
	return t.goHome()
}

// deadLink shows why a link does not work, and the way to a new one. A link that never was gets the same page as any address that is not
// there.
func (h *Hosted) deadLink(w http.ResponseWriter, r *http.Request, v usher.Visit, err error) error {
	var e *usher.Error
	if !errors.As(err, &e) || e.Code != usher.CodeGone {
		return err
	}
	switch {
	case v.Session.ID == "" || v.Session.State == usher.Expired:
		return h.notice(w, r, v, http.StatusGone, "link.expired", "link.next")
	case v.Session.State == usher.Cancelled:
		return h.ended(w, r, v)
	case e.Detail == "link_replaced":
		return h.notice(w, r, v, http.StatusGone, "link.replaced", "link.next")
	}
	return h.notice(w, r, v, http.StatusGone, "link.expired", "link.next")
}
