package hosted

import (
	"context"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// keeping is how a browser keeps its visit from one page to the next.
type keeping int

const (
	byCookie       keeping = iota
	byFramedCookie         // a cookie for frames: apart for each site that frames us
	// byPage is for frames in browsers that keep no cookie of a third party: each page holds the visit in its forms, and every way on is a form
	// sent by POST, or a request of our script with a header. Nothing of it ever stands in an address, which would be logged.
	byPage
)

const (
	visitHeader  = "Usher-Visit"
	visitField   = "visit"
	goField      = "go"   // of a form that only leads to another page
	framedSuffix = "-f"   // of the names of cookies for frames
	probeCookie  = "keep" // comes back where a browser keeps cookies for frames
	longestVisit = 16 << 10
)

// ancestors gives the origins that may frame the pages of a session: those that its API client lists, where its dialect knows frames.
func (h *Hosted) ancestors(ctx context.Context, s usher.Session) ([]string, error) {
	if !h.config.Rules[s.Dialect].Framed || h.config.Client == nil {
		return nil, nil
	}
	client, err := h.config.Client(ctx, s.TenantID, s.ClientID)
	if isCode(err, usher.CodeNotFound) {
		return nil, nil // a client that is gone frames nothing
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(client.FrameAncestors), func(o string) bool { return !isOrigin(o, !h.config.Secure) }), nil
}

// isOrigin tells whether a text is an origin and nothing else: it goes into a header. In development a loopback origin may leave its port open,
// and any may do without https.
func isOrigin(raw string, dev bool) bool {
	bare, open := strings.CutSuffix(raw, ":*")
	u, err := url.Parse(bare)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != bare || strings.ContainsAny(bare, " ;,'\"*") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case open:
		return dev && loopback && u.Port() == ""
	case u.Scheme == "http":
		return dev || loopback
	}
	return u.Scheme == "https"
}

// identify finds the visit's secret and the note that belongs to it: in the header of a script, in a cookie, or in the form of the page.
func (t *turn) identify(session string) (note string) {
	if held := t.r.Header.Get(visitHeader); held != "" {
		return t.heldByPage(held)
	}
	for keep, suffix := range []string{byCookie: "", byFramedCookie: framedSuffix} {
		if secret := t.h.kit.Cookie(t.r, visitCookie(session)+suffix); secret != "" {
			t.keep, t.secret = keeping(keep), secret
			return t.h.kit.Cookie(t.r, noteCookie(session)+suffix)
		}
	}
	if t.r.Method != http.MethodPost {
		return ""
	}
	kind, _, err := mime.ParseMediaType(t.r.Header.Get("Content-Type"))
	switch {
	case err != nil:
	case kind == "application/x-www-form-urlencoded":
		return t.heldByPage(t.r.PostFormValue(visitField))
	case kind == "multipart/form-data":
		return t.heldByPage(t.firstPart())
	}
	return ""
}

// firstPart gives the visit out of a form with a file, where it comes first. What else comes first is left for readFile.
func (t *turn) firstPart() string {
	parts, err := t.r.MultipartReader()
	if err != nil {
		return ""
	}
	t.parts = parts
	part, err := parts.NextPart()
	if err != nil {
		return ""
	}
	if part.FormName() != visitField {
		t.ahead = part
		return ""
	}
	held, err := io.ReadAll(io.LimitReader(part, longestVisit))
	if err != nil {
		return ""
	}
	return string(held)
}

// heldByPage reads what a page holds: secret and note, with a point between them.
func (t *turn) heldByPage(held string) (note string) {
	secret, note, ok := strings.Cut(held, ".")
	if !ok || secret == "" {
		return ""
	}
	t.keep, t.secret = byPage, secret
	return note
}

// Carry gives what the forms of a page must hold, or "" where a cookie does.
func (l layout) Carry() string {
	t := l.t
	if t.keep != byPage || t.secret == "" {
		return ""
	}
	return t.secret + "." + t.h.seal(t.note, t.s.ID, t.secret)
}

// choose says how a new visit is kept: by the ordinary cookie unless this may be a frame, and there by the cookie for frames if the first page
// got one back.
func (t *turn) choose() keeping {
	switch {
	case !t.mayBeFramed():
		return byCookie
	case t.h.kit.Cookie(t.r, probeCookie) != "":
		return byFramedCookie
	}
	return byPage
}

// mayBeFramed tells whether this page may be in a frame: its session may be framed, and the browser does not say that it is a window of its own.
func (t *turn) mayBeFramed() bool {
	return len(t.origins) > 0 && t.r.Header.Get("Sec-Fetch-Dest") != "document"
}

// keepCookie keeps a value the way the visit is kept; "" forgets it. A visit that the page holds keeps nothing here.
func (t *turn) keepCookie(name, value string) {
	age := 0
	if value == "" {
		age = -1
	}
	switch t.keep {
	case byCookie:
		t.h.kit.SetCookie(t.w, name, value, age)
	case byFramedCookie:
		t.h.kit.SetFramedCookie(t.w, name+framedSuffix, value, age)
	case byPage:
	}
}

// goes tells whether this is a form that only leads to another page.
func (t *turn) goes() bool { return t.keep == byPage && t.r.PostForm.Get(goField) != "" }
