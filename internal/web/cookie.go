package web

import "net/http"

// CookieName gives the name under which a cookie is kept. By https it has the prefix __Host-, with which a browser takes it only when it
// is Secure, for the whole host and from the host itself. By http, which only a developer's loopback uses, it goes without: browsers
// disagree on Secure cookies there, and programs that are not browsers do not send them.
func (k *Kit) CookieName(name string) string {
	if k.config.Secure {
		return "__Host-" + name
	}
	return name
}

// SetCookie keeps a value in the browser until it is closed, or, with age over 0, for that many seconds. Cookies are Lax, not Strict: an
// applicant arrives from the client's site, and the first page must know the browser again.
func (k *Kit) SetCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, k.cookie(name, value, age))
}

// ClearCookie forgets it.
func (k *Kit) ClearCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, k.cookie(name, "", -1))
}

// SetFramedCookie keeps a value as SetCookie does, for a page in a frame of another site: by https the cookie is SameSite=None and Partitioned
// (CHIPS), so that browsers which block cookies of third parties keep it, apart for each site that frames us. By http there is no such cookie,
// and a browser may not keep any.
func (k *Kit) SetFramedCookie(w http.ResponseWriter, name, value string, age int) {
	c := k.cookie(name, value, age)
	if k.config.Secure {
		c.SameSite, c.Partitioned = http.SameSiteNoneMode, true
	}
	http.SetCookie(w, c)
}

func (k *Kit) cookie(name, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: k.CookieName(name), Value: value, Path: "/", MaxAge: age,
		Secure: k.config.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// Cookie gives the value of a cookie, or "".
func (k *Kit) Cookie(r *http.Request, name string) string {
	c, err := r.Cookie(k.CookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}
