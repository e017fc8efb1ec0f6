package web

import (
	"net/http"
	"strings"
)

// setHeaders sets what every answer carries, whatever the route.
func setHeaders(h http.Header, secure bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // links hold secrets
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// setPolicy sets what depends on the route. No nonce is needed, since there is no inline script or style; Trusted Types without a policy
// close the ways by which a string could become code.
// A page that brings its styles along names them by their hash, so that no other can be put in their place.
func (k *Kit) setPolicy(h http.Header, o Route) {
	styles := "'self'"
	if o.FirstPage && k.sheet.hash != "" {
		styles += " '" + k.sheet.hash + "'"
	}
	ancestors := "'none'"
	if len(o.FrameAncestors) > 0 {
		ancestors = strings.Join(o.FrameAncestors, " ")
		h.Del("X-Frame-Options") // it knows no list; browsers that know frame-ancestors ignore it
	} else {
		h.Set("X-Frame-Options", "DENY")
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src "+styles+"; img-src 'self' blob:; "+
		"media-src 'self' blob:; connect-src 'self'; form-action 'self'; frame-ancestors "+ancestors+"; base-uri 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'")
	camera := "camera=()"
	if o.Camera {
		camera = "camera=(self)"
	}
	h.Set("Permissions-Policy", camera+", microphone=(), geolocation=(), display-capture=(), payment=(), usb=()")
}
