package hosted

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// turn is one request of an applicant within their session.
type turn struct {
	h     *Hosted
	w     http.ResponseWriter
	r     *http.Request
	visit usher.Visit
	s     usher.Session
	note  note
	at    place

	looks *usher.Brand       // the client's, once it was asked for
	says  []usher.ReasonText // what the client says of reasons, once it was asked for; never nil then

	keep    keeping
	secret  string   // of the visit; "" before there is one
	origins []string // that may frame this page
	tells   []json.RawMessage

	parts *multipart.Reader // of a form with a file
	ahead *multipart.Part   // its first part, where it was read while looking for the visit
}

// visit wraps a handler that needs to know whose browser this is.
func (h *Hosted) visit(do func(*turn) error) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := r.PathValue("session")
		t := &turn{h: h, w: w, r: r}
		sealed := t.identify(id)
		if t.secret == "" {
			return t.notice(http.StatusUnauthorized, "nocookie", "nocookie.way", "")
		}
		v, err := h.config.Service.Visit(r.Context(), t.secret)
		switch {
		case err == nil, isCode(err, usher.CodeGone) && v.Session.ID != "":
		case isCode(err, usher.CodeNotFound, usher.CodeUnauthenticated, usher.CodeGone):
			t.secret = ""
			return t.notice(http.StatusUnauthorized, "nocookie", "nocookie.way", "")
		default:
			return err
		}
		if v.Session.ID != id {
			return usher.NotFound("session")
		}
		if err := t.enter(v); err != nil {
			return err
		}
		if t.keep == byPage && len(t.origins) == 0 {
			return usher.NotFound("session") // only frames hold a visit in the page
		}
		t.note = h.open(sealed, id, t.secret)
		switch {
		case v.Follows:
			return t.follow(do)
		case v.Returned:
			return t.returned()
		case v.Replaced:
			t.secret = ""
			return t.notice(http.StatusConflict, "elsewhere", "elsewhere.way", "")
		}
		return do(t)
	}
}

// enter notes whose session this is, and lets those frame the answer who may.
func (t *turn) enter(v usher.Visit) error {
	t.visit, t.s = v, v.Session
	var err error
	if t.origins, err = t.h.ancestors(t.ctx(), v.Session); err != nil {
		return err
	}
	t.h.kit.Frame(t.w, t.r, t.origins)
	t.h.kit.SetLayout(t.r, layout{t})
	return nil
}

// page adds one page of the flow: a handler that shows it and one that takes its form, where it has one.
func (h *Hosted) page(at place, o web.Route, show, take func(*turn) error) {
	h.shows[at] = show
	guarded := h.visit(func(t *turn) error {
		t.at = at
		looks := t.r.Method != http.MethodPost || t.goes()
		if looks && t.pickLanguage() {
			return nil
		}
		if !reachable(t.s, t.note, at) || !looks && take == nil {
			return t.goHome()
		}
		var err error
		if looks {
			err = t.show(at)
		} else {
			err = take(t)
		}
		switch {
		case isCode(err, usher.CodeConflict):
			// The session moved on in the meantime, or a step lacks something: where it stands now is the answer.
			return t.goHome()
		case isCode(err, usher.CodeGone):
			return t.notice(http.StatusGone, "ended.expired", "ended.expired.way", usher.MomentExpired)
		}
		return err
	})
	h.kit.Handle("GET /f/{session}/"+string(at), o, guarded)
	h.kit.Handle("POST /f/{session}/"+string(at), o, guarded)
}

// show shows a page, and keeps that it was shown.
func (t *turn) show(p place) error {
	t.at = p
	t.saw(screenAt(p, t.s))
	return t.h.shows[p](t)
}

// pickLanguage takes the language that an address names. done: the browser was sent to the same page without it.
func (t *turn) pickLanguage() (done bool) {
	tag := t.r.URL.Query().Get("lang")
	if t.keep == byCookie || tag == "" {
		return t.h.kit.PickLanguage(t.w, t.r)
	}
	t.note.Lang = t.h.kit.Catalog().Match(tag)
	t.remember()
	if t.keep == byPage {
		return false
	}
	http.Redirect(t.w, t.r, t.r.URL.Path, http.StatusSeeOther)
	return true
}

// ctx gives the request's context.
func (t *turn) ctx() context.Context { return t.r.Context() }

// by gives the applicant as the author of a command.
func (t *turn) by() usher.Actor { return usher.Actor{Kind: usher.ByApplicant, ID: t.s.ApplicantID} }

// do carries out a command and keeps the session as it is after it.
func (t *turn) do(c usher.Command) error {
	c.By = t.by()
	s, err := t.h.config.Service.Do(t.ctx(), t.s.TenantID, t.s.ID, c)
	if err != nil {
		return err
	}
	t.s = s
	return nil
}

// url gives the address of a page of this session.
func (t *turn) url(p place) string { return t.h.kit.URL(t.path(p)) }

func (t *turn) path(p place) string { return t.home() + "/" + string(p) }

// home gives the path that leads to the page whose turn it is.
func (t *turn) home() string { return "/f/" + url.PathEscape(t.s.ID) }

// see sends the browser to a page of this session, or shows it at once where the browser could not find its way there by an address alone.
func (t *turn) see(p place) error {
	if t.keep == byPage {
		return t.show(p)
	}
	return t.h.kit.See(t.w, t.r, t.path(p))
}

// goHome reads the session as it is now and sends the browser where the applicant belongs.
func (t *turn) goHome() error {
	s, err := t.h.config.Service.Session(t.ctx(), t.s.TenantID, t.s.ID)
	if err != nil {
		return err
	}
	t.s = s
	return t.see(home(t.s, t.note))
}

// remember keeps the note in the browser.
func (t *turn) remember() {
	value := ""
	if !t.note.empty() {
		value = t.h.seal(t.note, t.s.ID, t.secret)
	}
	t.keepCookie(noteCookie(t.s.ID), value)
}

// render shows a page of the session.
func (t *turn) render(name string, data any, errs web.Errors) error {
	t.tell(momentOf(t.s))
	p := web.Page{Name: name, Here: t.url(t.at), Data: data, Errors: errs}
	if len(errs) > 0 {
		p.Status = http.StatusUnprocessableEntity
	}
	return t.display(p)
}

// displayOf shows a page that is no answer to a form.
func (t *turn) displayOf(name string, data any) error {
	return t.display(web.Page{Name: name, Here: t.url(t.at), Data: data})
}

// display shows a page in the name of the client, in the language of the session.
func (t *turn) display(p web.Page) error {
	p.Brand, p.Test, p.Locale = t.client(), t.s.Mode == usher.Sandbox, t.locale()
	if title := t.rules().Title; title != nil {
		p.Title = title(t.s, t.lang())
	}
	return t.h.kit.Render(t.w, t.r, p)
}

// client gives the name of who asks, as applicants know it.
func (t *turn) client() string { return cmp.Or(t.brand().Name, t.visit.Tenant.Name) }

// locale gives the language that was picked in a frame, or that the session was ordered in.
func (t *turn) locale() string { return cmp.Or(t.note.Lang, t.s.Locale) }

// text gives words in the language of the page.
func (t *turn) text(key string, args ...any) string {
	return t.h.kit.Catalog().Text(t.lang(), key, args...)
}

// word gives the key of the words for what the session is for, where there are some of their own.
func (t *turn) word(key string) string {
	if own := key + "." + string(t.s.Purpose); t.h.kit.Catalog().Has(own) {
		return own
	}
	return key
}

func (t *turn) lang() string { return t.h.kit.Lang(t.r, t.locale()) }

// json answers a script of ours.
func (t *turn) json(v any) error {
	t.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(t.w).Encode(v)
}

// notice shows a page that says one thing and how to go on, at a moment or at none.
func (t *turn) notice(status int, key, way string, m usher.Moment) error {
	if t.r.Method == http.MethodGet && t.secret == "" && !t.mayBeFramed() && t.h.kit.PickLanguage(t.w, t.r) {
		return nil
	}
	if t.client() == "" && way == "link.next" {
		way = "help.person.text_any"
	}
	t.tell(m)
	page := web.Page{Name: "notice", Status: status, Data: map[string]any{"Key": key, "Way": way, "Out": t.out(m), "Ask": t.askURL(key)}}
	if t.at != "" {
		page.Here = t.url(t.at)
	}
	return t.display(page)
}

// isCode tells whether an error is of one of the codes.
func isCode(err error, codes ...usher.Code) bool {
	var e *usher.Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// progress gives the number of a page and of all pages of this go, for "Step 2 of 4".
func (t *turn) progress() progress {
	p := progress{Of: 1}
	kind, _ := kindAt(t.at)
	for _, st := range t.s.Steps {
		if !st.Kind.ByApplicant() || st.State == usher.StepDone && !st.DoneAt.After(t.s.SubmittedAt) {
			continue
		}
		p.Of++
		if st.Kind == kind {
			p.At = p.Of - 1
		}
	}
	if p.At == 0 {
		p.At = p.Of
	}
	return p
}

// progress is how far along the applicant is.
type progress struct{ At, Of int }
