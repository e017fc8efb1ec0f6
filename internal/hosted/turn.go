package hosted

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
}

// visit wraps a handler that needs to know whose browser this is.
func (h *Hosted) visit(do func(*turn) error) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := r.PathValue("session")
		cookie := h.kit.Cookie(r, visitCookie(id))
		if cookie == "" {
			return h.notice(w, r, usher.Visit{}, http.StatusUnauthorized, "nocookie", "nocookie.way")
		}
		v, err := h.config.Service.Visit(r.Context(), cookie)
		switch {
		case err == nil, isCode(err, usher.CodeGone) && v.Session.ID != "":
		case isCode(err, usher.CodeNotFound, usher.CodeUnauthenticated, usher.CodeGone):
			return h.notice(w, r, usher.Visit{}, http.StatusUnauthorized, "nocookie", "nocookie.way")
		default:
			return err
		}
		if v.Session.ID != id {
			return usher.NotFound("session")
		}
		if v.Replaced {
			return h.notice(w, r, v, http.StatusConflict, "elsewhere", "elsewhere.way")
		}
		t := &turn{h: h, w: w, r: r, visit: v, s: v.Session}
		t.note = h.open(h.kit.Cookie(r, noteCookie(id)), id, cookie)
		return do(t)
	}
}

// page adds one page of the flow: a handler that shows it and one that takes its form, where it has one.
func (h *Hosted) page(at place, o web.Route, show, take func(*turn) error) {
	guarded := func(do func(*turn) error) web.HandlerFunc {
		return h.visit(func(t *turn) error {
			t.at = at
			if t.r.Method == http.MethodGet && h.kit.PickLanguage(t.w, t.r) {
				return nil
			}
			if !reachable(t.s, t.note, at) {
				return t.goHome()
			}
			err := do(t)
			switch {
			case isCode(err, usher.CodeConflict):
				// The session moved on in the meantime, or a step lacks something: where it stands now is the answer.
				return t.goHome()
			case isCode(err, usher.CodeGone):
				return h.notice(t.w, t.r, t.visit, http.StatusGone, "ended.expired", "ended.expired.way")
			}
			return err
		})
	}
	h.kit.Handle("GET /f/{session}/"+string(at), o, guarded(show))
	if take != nil {
		h.kit.Handle("POST /f/{session}/"+string(at), o, guarded(take))
	}
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

func (t *turn) path(p place) string { return "/f/" + url.PathEscape(t.s.ID) + "/" + string(p) }

// see sends the browser to a page of this session.
func (t *turn) see(p place) error { return t.h.kit.See(t.w, t.r, t.path(p)) }

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
	visit := t.h.kit.Cookie(t.r, visitCookie(t.s.ID))
	t.h.kit.SetCookie(t.w, noteCookie(t.s.ID), t.h.seal(t.note, t.s.ID, visit), 0)
}

// render shows a page.
func (t *turn) render(name string, data any, errs web.Errors) error {
	p := web.Page{Name: name, Data: data, Errors: errs}
	if len(errs) > 0 {
		p.Status = http.StatusUnprocessableEntity
	}
	return t.h.render(t.w, t.r, t.visit, p)
}

func (h *Hosted) render(w http.ResponseWriter, r *http.Request, v usher.Visit, p web.Page) error {
	p.Brand, p.Test, p.Locale = v.Tenant.Name, v.Session.Mode == usher.Sandbox, v.Session.Locale
	return h.kit.Render(w, r, p)
}

// text gives words in the language of the page.
func (t *turn) text(key string, args ...any) string {
	return t.h.kit.Catalog().Text(t.lang(), key, args...)
}

func (t *turn) lang() string { return t.h.kit.Lang(t.r, t.s.Locale) }

// json answers a script of ours.
func (t *turn) json(v any) error {
	t.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(t.w).Encode(v)
}

// notice shows a page that says one thing and how to go on.
func (h *Hosted) notice(w http.ResponseWriter, r *http.Request, v usher.Visit, status int, key, way string) error {
	if r.Method == http.MethodGet && h.kit.PickLanguage(w, r) {
		return nil
	}
	if v.Tenant.Name == "" && way == "link.next" {
		way = "help.person.text_any"
	}
	return h.render(w, r, v, web.Page{Name: "notice", Status: status, Data: map[string]any{
		"Key": key, "Way": way, "Client": v.Tenant.Name, "Return": returnLink(v.Session),
	}})
}

// returnLink gives the href attribute of the link back to the client, or "". The address is the client's, held against its list when the
// session began, and must come out exactly as it went in: html/template would rewrite some characters of it, so it is escaped here.
func returnLink(s usher.Session) template.HTMLAttr {
	scheme, rest, ok := strings.Cut(s.ReturnURL, ":")
	if !ok || rest == "" || slices.Contains([]string{"javascript", "data", "vbscript", "blob", "file", "about"}, strings.ToLower(strings.TrimSpace(scheme))) {
		return ""
	}
	if strings.ContainsFunc(scheme, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')
	}) {
		return ""
	}
	return template.HTMLAttr(`href="` + html.EscapeString(s.ReturnURL) + `"`)
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
