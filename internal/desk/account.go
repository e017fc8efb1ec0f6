package desk

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/web"
)

func (d *Desk) accountRoutes() {
	plain := web.Route{}
	d.open("GET /set-up", usher.ActEnter, plain, d.mine(seen, d.account))
	d.open("GET /account", usher.ActEnter, plain, d.mine(seen, d.account))
	d.open("GET /account/codes", usher.ActEnter, plain, d.mine(fresh, d.secretPage))
	d.open("POST /account/name", usher.ActEnter, plain, d.mine(fresh, d.takeName))
	d.open("POST /account/password", usher.ActEnter, plain, d.mine(fresh, d.takePassword))
	d.open("POST /account/codes/begin", usher.ActEnter, plain, d.mine(fresh, d.beginSecret))
	d.open("POST /account/codes", usher.ActEnter, plain, d.mine(fresh, d.takeSecret))
	d.open("POST /account/codes/remove", usher.ActEnter, plain, d.mine(fresh, d.removeSecret))
	d.open("POST /account/recovery", usher.ActEnter, plain, d.mine(fresh, d.newCodes))
	d.open("POST /account/passkeys/ask", usher.ActEnter, plain, d.mine(seen, d.beginPasskey))
	d.open("POST /account/passkeys/take", usher.ActEnter, plain, d.mine(seen, d.takeNewPasskey))
	d.open("POST /account/passkeys/{id}/remove", usher.ActEnter, plain, d.mine(fresh, d.removePasskey))
	d.open("POST /account/sessions/{id}/end", usher.ActEnter, plain, d.mine(seen, d.endSession))
	d.open("POST /account/sessions/end", usher.ActEnter, plain, d.mine(seen, d.endOthers))
	d.open("POST /set-up/finish", usher.ActEnter, plain, d.mine(seen, d.finish))
	d.open("GET /prove", usher.ActEnter, plain, d.mine(seen, d.provePage))
	d.open("POST /prove", usher.ActEnter, plain, d.mine(seen, d.prove))
	d.open("GET /prove/again", usher.ActEnter, plain, d.mine(seen, d.again))
}

// need of a proof: pages about somebody's own account are seen by who is signed in, and changed by who proved a moment ago who they are.
type proof bool

const (
	seen  proof = false
	fresh proof = true
)

// mine lets in somebody at their own account: signed in, or setting up how to sign in.
func (d *Desk) mine(need proof, h handler) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodGet && d.PickLanguage(w, r) {
			return nil
		}
		in, err := d.enter(r)
		if code, detail := told(err); code == usher.CodeUnauthenticated {
			return d.sendToDoor(w, r, detail)
		}
		if err != nil {
			return fmt.Errorf("read who is signed in: %w", err)
		}
		if in.Stage == door.Second {
			return d.See(w, r, stagePath(in.Stage))
		}
		v, err := d.visit(r, in)
		if err != nil {
			return err
		}
		if need == fresh && in.Stage == door.In && !in.Fresh(d.config.Now()) {
			return d.askProof(w, r, v)
		}
		return forDesk(h(w, r, v))
	}
}

// home of an account: the page of setting up for who is not in yet.
func (v visit) account() string {
	if v.session.Stage == door.Setup {
		return "/set-up"
	}
	return "/account"
}

type accountData struct {
	frame
	door.Account
	Offers door.Ways
	Here   string // id of this session
	Failed int    // tries that failed since the sign-in before
	Done   string
	Enough bool
	Alone  bool // another administrator has yet to confirm how they sign in
	Dev    bool // a password alone is enough here
}

// Key names a session's browser and how long it is signed in; the page says which is this one.
func (d *Desk) account(w http.ResponseWriter, r *http.Request, v visit) error {
	if want := v.account(); r.URL.Path != d.URL(want) {
		return d.See(w, r, want)
	}
	return d.accountPage(w, r, v, nil)
}

func (d *Desk) accountPage(w http.ResponseWriter, r *http.Request, v visit, problems web.Errors) error {
	acc, err := d.config.Door.Account(r.Context(), v.session)
	if err != nil {
		return err
	}
	data := accountData{
		frame: v.frame(), Account: acc, Offers: d.config.Door.Ways(), Here: v.session.ID, Enough: acc.Enough() && !acc.Unnamed,
		Dev: !acc.Rules.Second, Alone: v.session.SetUpBy != "",
	}
	if r.URL.Query().Has("failed") {
		data.Failed = v.session.Failed
	}
	if done := "desk.me.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done = done
	}
	name := "account"
	if v.session.Stage == door.Setup {
		name = "set-up"
	}
	page := v.page(name, data)
	page.Here = d.URL(v.account())
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// kept goes back to the account with the session's new cookie.
func (d *Desk) kept(w http.ResponseWriter, r *http.Request, v visit, s door.Session, done string) error {
	d.SetCookie(w, cookieName, s.Cookie, 0)
	return d.See(w, r, v.account()+"?done="+done)
}

func (d *Desk) takeName(w http.ResponseWriter, r *http.Request, v visit) error {
	err := d.config.Door.Name(r.Context(), v.session, r.PostFormValue("email"))
	switch code, _ := told(err); code {
	case usher.CodeInvalid:
		return d.accountPage(w, r, v, web.Errors{{Field: "email", Key: "wrong.email"}})
	case usher.CodeConflict:
		return d.accountPage(w, r, v, web.Errors{{Field: "email", Key: "desk.problem.email_taken"}})
	}
	if err != nil {
		return err
	}
	return d.See(w, r, v.account()+"?done=name")
}

func (d *Desk) takePassword(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Door.SetOwnPassword(r.Context(), v.session, r.PostFormValue("new_password"))
	if code, _ := told(err); code == usher.CodeInvalid {
		return d.accountPage(w, r, v, web.Errors{{Field: "new_password", Key: "desk.me.password.weak"}})
	}
	if err != nil {
		return err
	}
	return d.kept(w, r, v, s, "password")
}

type secretData struct {
	frame
	Pending door.Pending
	Code    web.QR
	Back    string
}

func (d *Desk) beginSecret(w http.ResponseWriter, r *http.Request, v visit) error {
	ticket, err := d.config.Door.BeginTOTP(r.Context(), v.session)
	if err != nil {
		return err
	}
	d.SetCookie(w, secretCookie, ticket, ticketAge)
	return d.See(w, r, "/account/codes")
}

func (d *Desk) secretPage(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.showSecret(w, r, v, nil)
}

func (d *Desk) showSecret(w http.ResponseWriter, r *http.Request, v visit, problems web.Errors) error {
	pending, err := d.config.Door.PendingTOTP(r.Context(), v.session, d.Cookie(r, secretCookie))
	if code, _ := told(err); code == usher.CodeNotFound {
		return d.See(w, r, v.account())
	}
	if err != nil {
		return err
	}
	data := secretData{frame: v.frame(), Pending: pending, Back: v.account()}
	data.Pending.Secret = groups(pending.Secret)
	if data.Code, err = web.NewQR(pending.URI); err != nil {
		return err
	}
	page := v.page("totp", data)
	page.Here = d.URL("/account/codes")
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// groups writes letters in fours, as people type them.
func groups(text string) string {
	const four = 4
	var parts []string
	for ; len(text) > four; text = text[four:] {
		parts = append(parts, text[:four])
	}
	return strings.Join(append(parts, text), " ")
}

type codesData struct {
	frame
	Codes []string
	Back  string
}

func (d *Desk) takeSecret(w http.ResponseWriter, r *http.Request, v visit) error {
	codes, s, err := d.config.Door.CommitTOTP(r.Context(), v.session, d.Cookie(r, secretCookie), r.PostFormValue("code"))
	switch code, _ := told(err); code {
	case usher.CodeInvalid:
		return d.showSecret(w, r, v, web.Errors{{Field: "code", Key: "desk.code.wrong"}})
	case usher.CodeNotFound, usher.CodeUnauthenticated:
		return d.See(w, r, v.account())
	}
	if err != nil {
		return err
	}
	d.SetCookie(w, cookieName, s.Cookie, 0)
	d.ClearCookie(w, secretCookie)
	return d.showCodes(w, r, v, codes)
}

// showCodes shows recovery codes, once.
func (d *Desk) showCodes(w http.ResponseWriter, r *http.Request, v visit, codes []string) error {
	page := v.page("codes", codesData{v.frame(), codes, v.account()})
	page.Here = d.URL(v.account())
	return d.Render(w, r, page)
}

func (d *Desk) removeSecret(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Door.RemoveTOTP(r.Context(), v.session)
	if err != nil {
		return err
	}
	return d.kept(w, r, v, s, "removed")
}

func (d *Desk) newCodes(w http.ResponseWriter, r *http.Request, v visit) error {
	codes, err := d.config.Door.NewCodes(r.Context(), v.session)
	if err != nil {
		return err
	}
	return d.showCodes(w, r, v, codes)
}

func (d *Desk) beginPasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	options, ticket, err := d.config.Door.BeginPasskey(r.Context(), v.session)
	if err != nil {
		return d.replyTo(w, r, err)
	}
	d.SetCookie(w, passkeyCookie, ticket, ticketAge)
	return reply(w, http.StatusOK, map[string]any{"options": options})
}

func (d *Desk) takeNewPasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	answer, err := io.ReadAll(io.LimitReader(r.Body, longestAnswer))
	if err != nil {
		return badForm(err)
	}
	s, err := d.config.Door.CommitPasskey(r.Context(), v.session, d.Cookie(r, passkeyCookie), r.URL.Query().Get("name"), answer)
	if err != nil {
		return d.replyTo(w, r, err)
	}
	d.ClearCookie(w, passkeyCookie)
	d.SetCookie(w, cookieName, s.Cookie, 0)
	return reply(w, http.StatusOK, map[string]string{"to": d.URL(v.account() + "?done=passkey")})
}

func (d *Desk) removePasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Door.RemovePasskey(r.Context(), v.session, r.PathValue("id"))
	if err != nil {
		return err
	}
	return d.kept(w, r, v, s, "removed")
}

func (d *Desk) endSession(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := d.config.Door.EndSession(r.Context(), v.session, r.PathValue("id")); err != nil {
		return err
	}
	return d.See(w, r, v.account()+"?done=ended")
}

func (d *Desk) endOthers(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := d.config.Door.EndOthers(r.Context(), v.session); err != nil {
		return err
	}
	return d.See(w, r, v.account()+"?done=ended")
}

func (d *Desk) finish(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Door.Finish(r.Context(), v.session, d.visitor(r))
	switch code, _ := told(err); code {
	case usher.CodeInvalid:
		return d.accountPage(w, r, v, web.Errors{{Field: "email", Key: "wrong.email"}})
	case usher.CodeConflict:
		return d.accountPage(w, r, v, web.Errors{{Field: "ways", Key: "desk.setup.not_enough"}})
	}
	if err != nil {
		return err
	}
	return d.goOn(w, r, s, "")
}
