package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// proveData is what the page shows that asks once more who it is. Carried is a form that was sent, which is sent on when it is proved.
type proveData struct {
	frame
	Next     string // page to go to
	Again    string // path that the carried form is for, or ""
	Carried  []field
	Password bool
	TOTP     bool
	Passkey  bool
	Provider string
}

// field is a value of a carried form.
type field struct{ Name, Value string }

// keptForm is a form that waits while its sender is at the identity provider, and the path that it is for.
type keptForm struct {
	Again   string
	Carried []field
}

// keep has a form wait for its sender, who may go elsewhere from the page that asks for a proof. A link cannot take it along, and our own forms may end
// on no other site.
func (d *Desk) keep(w http.ResponseWriter, r *http.Request, v visit, data proveData) error {
	if data.Again == "" || data.Provider == "" {
		d.ClearCookie(w, formCookie)
		return nil
	}
	form, err := json.Marshal(keptForm{data.Again, data.Carried})
	if err != nil {
		return fmt.Errorf("keep form: %w", err)
	}
	ticket, err := d.config.Door.KeepForm(r.Context(), v.session, form, d.visitor(r))
	if err != nil {
		return err
	}
	d.SetCookie(w, formCookie, ticket, ticketAge)
	return nil
}

// again shows a form that waited to its sender, who sends it on by a button; who has not proved who they are is asked to.
func (d *Desk) again(w http.ResponseWriter, r *http.Request, v visit) error {
	form, err := d.config.Door.KeptForm(r.Context(), v.session, d.Cookie(r, formCookie))
	if code, _ := told(err); code == usher.CodeNotFound {
		return d.See(w, r, v.account())
	}
	if err != nil {
		return err
	}
	var kept keptForm
	if err := json.Unmarshal(form, &kept); err != nil {
		return fmt.Errorf("read kept form: %w", err)
	}
	data := proveData{frame: v.frame(), Again: inside(kept.Again), Carried: kept.Carried}
	if v.session.Fresh(d.config.Now()) {
		return d.Render(w, r, v.page("again", data))
	}
	var problems web.Errors
	if r.URL.Query().Get("why") == "provider" {
		problems.Add("proof_password", "desk.door.provider")
	}
	return d.showProof(w, r, v, data, problems, http.StatusForbidden)
}

// askProof asks once more who it is. A form that was sent is carried along: nothing that was typed is lost.
func (d *Desk) askProof(w http.ResponseWriter, r *http.Request, v visit) error {
	here := strings.TrimPrefix(r.URL.RequestURI(), d.config.Base)
	if r.Method != http.MethodPost {
		return d.See(w, r, "/prove?"+url.Values{"next": {here}}.Encode())
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	return d.showProof(w, r, v, proveData{Again: here, Carried: carried(r.PostForm)}, nil, http.StatusForbidden)
}

// carried are the fields of a form but those of the proof itself.
func carried(form url.Values) []field {
	var list []field
	for name, values := range form {
		if strings.HasPrefix(name, "proof_") {
			continue
		}
		for _, value := range values {
			list = append(list, field{name, value})
		}
	}
	return list
}

func (d *Desk) showProof(w http.ResponseWriter, r *http.Request, v visit, data proveData, problems web.Errors, status int) error {
	acc, err := d.config.Door.Account(r.Context(), v.session)
	if err != nil {
		return err
	}
	ways := d.config.Door.Ways()
	data.frame, data.Password, data.TOTP = v.frame(), acc.Password && acc.Rules.Passwords, acc.TOTP
	data.Passkey = ways.Passkeys && acc.Rules.Passkeys && len(acc.Passkeys) > 0
	if acc.Rules.Provider && len(acc.Identities) > 0 {
		data.Provider = ways.Provider
	}
	if err := d.keep(w, r, v, data); err != nil {
		return err
	}
	page := v.page("prove", data)
	page.Errors, page.Status, page.Here = problems, status, d.URL("/prove")
	return d.Render(w, r, page)
}

func (d *Desk) provePage(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.showProof(w, r, v, proveData{Next: inside(r.URL.Query().Get("next"))}, nil, http.StatusOK)
}

// prove takes password and code, and goes on: to a page, or by sending the carried form on (307 keeps method and body).
func (d *Desk) prove(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	form := r.PostForm
	data := proveData{Next: inside(form.Get("proof_next")), Again: inside(form.Get("proof_again")), Carried: carried(form)}
	s, err := d.config.Door.Prove(r.Context(), v.session, form.Get("proof_password"), form.Get("proof_code"), d.visitor(r))
	if err != nil {
		problem, status, err := refusal(err, "proof_password", "desk.prove.wrong")
		if err != nil {
			return err
		}
		return d.showProof(w, r, v, data, problem, status)
	}
	d.SetCookie(w, cookieName, s.Cookie, 0)
	if data.Again != "" {
		http.Redirect(w, r, d.URL(data.Again), http.StatusTemporaryRedirect)
		return nil
	}
	if data.Next == "" {
		data.Next = "/account"
	}
	return d.See(w, r, data.Next)
}
