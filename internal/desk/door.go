package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/web"
)

// What is under way is led to by a cookie each: a challenge of a passkey, a sign-in elsewhere, a secret that is not confirmed yet.
const (
	passkeyCookie  = "desk-passkey"
	providerCookie = "desk-provider"
	secretCookie   = "desk-secret"
	formCookie     = "desk-form"

	ticketAge = 600 // s
)

// longestAnswer is how many bytes a browser's answer to a challenge may have.
const longestAnswer = 32 << 10

func (d *Desk) doorRoutes() {
	plain := web.Route{}
	d.open("GET /sign-in", usher.ActEnter, plain, d.signInPage)
	d.open("POST /sign-in", usher.ActEnter, plain, d.signIn)
	d.open("GET /sign-in/code", usher.ActEnter, plain, d.codePage)
	d.open("POST /sign-in/code", usher.ActEnter, plain, d.takeCode)
	d.open("POST /sign-out", usher.ActEnter, plain, d.signOut)
	d.open("POST /passkey/ask", usher.ActEnter, plain, d.askPasskey)
	d.open("POST /passkey/take", usher.ActEnter, plain, d.takePasskey)
	d.open("GET /provider", usher.ActEnter, plain, d.askProvider)
	d.open("GET /provider/back", usher.ActEnter, plain, d.takeProvider)
	d.open("GET /invitation/{token}", usher.ActEnter, plain, d.invitation)
	d.open("POST /invitation/{token}", usher.ActEnter, plain, d.accept)
}

// visitor says who asks.
func (d *Desk) visitor(r *http.Request) door.Visitor {
	return door.Visitor{Address: d.config.Address(r), Agent: r.UserAgent()}
}

// enter gives the session of the request's cookie.
func (d *Desk) enter(r *http.Request) (door.Session, error) {
	return d.config.Door.Enter(r.Context(), d.Cookie(r, cookieName), d.visitor(r))
}

// entered gives the session of the request's cookie, or nil where there is none.
func (d *Desk) entered(r *http.Request) (*door.Session, error) {
	s, err := d.enter(r)
	if code, _ := told(err); code == usher.CodeUnauthenticated {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read who is signed in: %w", err)
	}
	return &s, nil
}

// stagePath is where somebody goes on who is not in yet.
func stagePath(s door.Stage) string {
	switch s {
	case door.Second:
		return "/sign-in/code"
	case door.Setup:
		return "/set-up"
	case door.In:
	}
	return "/"
}

// doorData is what the sign-in page shows.
type doorData struct {
	Email string
	Next  string
	Why   string // key of why somebody who was signed in is here
	Ways  door.Ways
}

func (d *Desk) signInPage(w http.ResponseWriter, r *http.Request) error {
	if d.PickLanguage(w, r) {
		return nil
	}
	data := doorData{Next: inside(r.URL.Query().Get("next")), Ways: d.config.Door.Ways()}
	switch why := r.URL.Query().Get("why"); why {
	case "idle", "ended", "out", "browser", "link", "provider":
		data.Why = "desk.door." + why
	}
	return d.Render(w, r, web.Page{Name: "sign-in", Data: data})
}

func (d *Desk) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data := doorData{Email: r.PostForm.Get("email"), Next: inside(r.PostForm.Get("next")), Ways: d.config.Door.Ways()}
	in, err := d.config.Door.SignIn(r.Context(), data.Email, r.PostForm.Get("password"), d.visitor(r))
	if err == nil {
		return d.goOn(w, r, in, data.Next)
	}
	problem, status, err := refusal(err, "email", "desk.door.wrong")
	if err != nil {
		return err
	}
	return d.Render(w, r, web.Page{Name: "sign-in", Status: status, Errors: problem, Data: data})
}

// refusal gives what a form says when it was not right, or err where that is not the form's matter.
func refusal(err error, field, wrong string) (web.Errors, int, error) {
	switch code, _ := told(err); code {
	case usher.CodeUnauthenticated, usher.CodeInvalid:
		return web.Errors{{Field: field, Key: wrong}}, http.StatusUnauthorized, nil
	case usher.CodeLimited:
		return web.Errors{{Field: field, Key: "desk.door.locked"}}, http.StatusTooManyRequests, nil
	}
	return nil, 0, err
}

// goOn gives the browser its cookie and sends it on: to what is still asked of it, or where it wanted to go.
func (d *Desk) goOn(w http.ResponseWriter, r *http.Request, s door.Session, next string) error {
	d.SetCookie(w, cookieName, s.Cookie, 0)
	return d.See(w, r, d.onward(s, next))
}

func (d *Desk) onward(s door.Session, next string) string {
	to := stagePath(s.Stage)
	switch {
	case s.Stage == door.Second && next != "":
		return to + "?" + url.Values{"next": {next}}.Encode()
	case s.Stage != door.In:
		return to
	case s.Failed > 0:
		return "/account?failed"
	case next != "":
		return next
	}
	return to
}

// codeData is what the page of the second factor shows.
type codeData struct {
	Next string
	Ways door.Ways
}

func (d *Desk) codePage(w http.ResponseWriter, r *http.Request) error {
	if d.PickLanguage(w, r) {
		return nil
	}
	s, err := d.entered(r)
	if err != nil {
		return err
	}
	if s == nil || s.Stage != door.Second {
		return d.See(w, r, "/sign-in")
	}
	return d.Render(w, r, web.Page{Name: "code", Data: codeData{inside(r.URL.Query().Get("next")), d.config.Door.Ways()}})
}

func (d *Desk) takeCode(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	s, err := d.entered(r)
	if err != nil {
		return err
	}
	if s == nil || s.Stage != door.Second {
		return d.See(w, r, "/sign-in?why=ended")
	}
	next := inside(r.PostForm.Get("next"))
	in, err := d.config.Door.Second(r.Context(), *s, r.PostForm.Get("code"), d.visitor(r))
	if err == nil {
		return d.goOn(w, r, in, next)
	}
	problem, status, err := refusal(err, "code", "desk.code.wrong")
	if err != nil {
		return err
	}
	return d.Render(w, r, web.Page{Name: "code", Status: status, Errors: problem, Data: codeData{next, d.config.Door.Ways()}})
}

func (d *Desk) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := d.config.Door.Leave(r.Context(), d.Cookie(r, cookieName)); err != nil {
		return err
	}
	d.ClearCookie(w, cookieName)
	w.Header().Set("Clear-Site-Data", `"storage"`)
	return d.See(w, r, "/sign-in?why=out")
}

// stay is what desk-idle.js asks for when a reviewer is still there: that it came through the door is all there is to it.
func (d *Desk) stay(w http.ResponseWriter, _ *http.Request, _ visit) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// reply answers a script.
func reply(w http.ResponseWriter, status int, answer any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a reader who has gone is not an error of the page
	return nil
}

// replyTo tells a script why nothing came of it, in the language of the reader.
func (d *Desk) replyTo(w http.ResponseWriter, r *http.Request, err error) error {
	key, status := "desk.passkey.wrong", http.StatusUnauthorized
	switch code, _ := told(err); code {
	case usher.CodeUnauthenticated:
	case usher.CodeLimited:
		key, status = "desk.door.locked", http.StatusTooManyRequests
	case usher.CodeForbidden:
		key, status = "desk.prove.again", http.StatusForbidden
	case usher.CodeInvalid, usher.CodeNotFound, usher.CodeConflict:
		status = http.StatusUnprocessableEntity
	default:
		return err
	}
	return reply(w, status, map[string]string{"error": d.Catalog().Text(d.Lang(r, ""), key)})
}

// forProof tells whether a request asks for a proof of somebody who is here already.
func (d *Desk) forProof(r *http.Request) (*door.Session, error) {
	if r.URL.Query().Get("for") != "proof" {
		return nil, nil
	}
	s, err := d.enter(r)
	return &s, err
}

func (d *Desk) askPasskey(w http.ResponseWriter, r *http.Request) error {
	s, err := d.forProof(r)
	if err != nil {
		return d.replyTo(w, r, err)
	}
	options, ticket, err := d.config.Door.AskPasskey(r.Context(), s, d.visitor(r))
	if err != nil {
		return d.replyTo(w, r, err)
	}
	d.SetCookie(w, passkeyCookie, ticket, ticketAge)
	return reply(w, http.StatusOK, map[string]any{"options": options})
}

func (d *Desk) takePasskey(w http.ResponseWriter, r *http.Request) error {
	s, err := d.forProof(r)
	if err != nil {
		return d.replyTo(w, r, err)
	}
	answer, err := io.ReadAll(io.LimitReader(r.Body, longestAnswer))
	if err != nil {
		return badForm(err)
	}
	in, err := d.config.Door.TakePasskey(r.Context(), s, d.Cookie(r, passkeyCookie), answer, d.visitor(r))
	if err != nil {
		return d.replyTo(w, r, err)
	}
	d.ClearCookie(w, passkeyCookie)
	d.SetCookie(w, cookieName, in.Cookie, 0)
	return reply(w, http.StatusOK, map[string]string{"to": d.URL(d.onward(in, inside(r.URL.Query().Get("next"))))})
}

// askProvider sends the browser to the identity provider. It is a link and no form: the content policy lets forms end nowhere else.
func (d *Desk) askProvider(w http.ResponseWriter, r *http.Request) error {
	s, err := d.forProof(r)
	if code, _ := told(err); code == usher.CodeUnauthenticated {
		return d.See(w, r, "/sign-in?why=ended")
	}
	if err != nil {
		return err
	}
	address, ticket, err := d.config.Door.AskProvider(r.Context(), s, inside(r.URL.Query().Get("next")), d.visitor(r))
	if code, detail := told(err); code == usher.CodeLimited || (code == usher.CodeConflict && detail == "desk_provider") {
		return d.See(w, r, "/sign-in?why=provider")
	}
	if err != nil {
		return err
	}
	if s != nil {
		ticket = "proof." + ticket
	}
	d.SetCookie(w, providerCookie, ticket, ticketAge)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// takeProvider is where the identity provider sends the browser back to.
func (d *Desk) takeProvider(w http.ResponseWriter, r *http.Request) error {
	ticket, proof := strings.CutPrefix(d.Cookie(r, providerCookie), "proof.")
	d.ClearCookie(w, providerCookie)
	var s *door.Session
	if proof {
		var err error
		if s, err = d.entered(r); err != nil {
			return err
		}
		if s == nil {
			return d.See(w, r, "/sign-in?why=ended")
		}
	}
	q := r.URL.Query()
	in, next, err := d.config.Door.TakeProvider(r.Context(), s, ticket, q.Get("state"), q.Get("code"), d.visitor(r))
	kept := proof && d.Cookie(r, formCookie) != ""
	switch code, _ := told(err); {
	case err == nil && kept && next == "":
		return d.goOn(w, r, in, "/prove/again")
	case err == nil:
		return d.goOn(w, r, in, next)
	case kept && (code == usher.CodeUnauthenticated || code == usher.CodeLimited):
		return d.See(w, r, "/prove/again?why=provider")
	case code == usher.CodeUnauthenticated, code == usher.CodeLimited:
		return d.See(w, r, "/sign-in?why=provider")
	}
	return err
}

func (d *Desk) invitation(w http.ResponseWriter, r *http.Request) error {
	if d.PickLanguage(w, r) {
		return nil
	}
	in, err := d.config.Door.Invitation(r.Context(), r.PathValue("token"))
	if code, _ := told(err); code == usher.CodeUnauthenticated {
		return d.See(w, r, "/sign-in?why=link")
	}
	if err != nil {
		return err
	}
	return d.Render(w, r, web.Page{Name: "invitation", Brand: in.Firm, Data: in})
}

// accept uses an invitation up. It takes a button, so that whoever looks at a link in passing, as mail filters do, does not.
func (d *Desk) accept(w http.ResponseWriter, r *http.Request) error {
	s, err := d.config.Door.Accept(r.Context(), r.PathValue("token"), d.visitor(r))
	if code, _ := told(err); code == usher.CodeUnauthenticated {
		return d.See(w, r, "/sign-in?why=link")
	}
	if err != nil {
		return err
	}
	return d.goOn(w, r, s, "")
}

// inside gives a path below the base to go on to, or "" when it is not one: nobody is sent to another site by a sign-in.
func inside(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, "\\") {
		return ""
	}
	for _, begin := range []string{"/cases/", "/settings", "/account", "/news", "/figures", "/live", "/keys", "/audit", "/set-up"} {
		if strings.HasPrefix(next, begin) {
			return u.RequestURI()
		}
	}
	return ""
}

// invitationLink gives the address that an invited person opens.
func (d *Desk) invitationLink(r *http.Request, token string) string {
	return cmp.Or(d.config.URL, "http://"+r.Host) + d.URL("/invitation/"+token)
}

// mailed tells whether the link of an invitation went out by e-mail.
func (d *Desk) mailed(ctx context.Context, to, link string, again bool) bool {
	return d.config.Mail != nil && d.config.Mail(ctx, to, link, again) == nil
}

func badForm(err error) error {
	return &usher.Error{Code: usher.CodeInvalid, Message: "the form could not be read", Err: err}
}
