package desk

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// doorData is what the sign-in page shows.
type doorData struct {
	Email string
	Next  string
	Why   string // key of why somebody who was signed in is here
}

func (d *Desk) signInPage(w http.ResponseWriter, r *http.Request) error {
	if d.PickLanguage(w, r) {
		return nil
	}
	data := doorData{Next: inside(r.URL.Query().Get("next"))}
	switch why := r.URL.Query().Get("why"); why {
	case "idle", "ended", "out":
		data.Why = "desk.door." + why
	}
	return d.Render(w, r, web.Page{Name: "sign-in", Data: data})
}

func (d *Desk) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data := doorData{Email: r.PostForm.Get("email"), Next: inside(r.PostForm.Get("next"))}
	_, cookie, err := d.config.Door.SignIn(r.Context(), data.Email, r.PostForm.Get("password"), d.config.Address(r))
	var problem web.Errors
	switch code, _ := told(err); {
	case err == nil:
		d.SetCookie(w, cookieName, cookie, 0)
		return d.See(w, r, "/"+strings.TrimPrefix(data.Next, "/"))
	case code == usher.CodeUnauthenticated, code == usher.CodeInvalid:
		problem.Add("email", "desk.door.wrong")
	case code == usher.CodeLimited:
		problem.Add("email", "desk.door.locked")
	default:
		return err
	}
	status := http.StatusUnauthorized
	if code, _ := told(err); code == usher.CodeLimited {
		status = http.StatusTooManyRequests
	}
	return d.Render(w, r, web.Page{Name: "sign-in", Status: status, Errors: problem, Data: data})
}

func (d *Desk) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := d.config.Door.SignOut(r.Context(), d.Cookie(r, cookieName)); err != nil {
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

// inside gives a path below the base to go on to, or "" when it is not one: nobody is sent to another site by a sign-in.
func inside(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/cases/") || strings.Contains(next, "\\") {
		return ""
	}
	return u.EscapedPath()
}

func badForm(err error) error {
	return &usher.Error{Code: usher.CodeInvalid, Message: "the form could not be read", Err: err}
}
