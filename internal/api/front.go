package api

import (
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"strings"

	"github.com/usher-kyc/usher"
)

// Front is what stands in front of a dialect's routes; see the package comment for its order.
type Front struct {
	Dialect     string
	Credentials usher.Credentials
	Fail        Fail         // nil means [WriteProblem]
	Log         *slog.Logger // nil writes no log

	// Who finds the client behind a request, for dialects that do not send Authorization: Bearer; nil means that they do.
	Who   func(*http.Request) (Principal, error)
	Open  func(*http.Request) bool // requests that need no token, such as signing in; nil means none
	Forms func(*http.Request) bool // requests that may carry a form; nil means none

	PerAddress *Limiter                   // nil does not limit
	PerClient  *Limiter                   // nil does not limit
	Address    func(*http.Request) string // nil means [RemoteAddress]
	// Caller gives the whole address of who calls, for clients that are bound to networks; nil means [RemoteAddr].
	Caller func(*http.Request) netip.Addr

	Idempotency Idempotency // nil ignores the header
	// Whole names the POST requests whose effect is one change that takes the key and keeps the answer; nil means none.
	Whole     func(*http.Request) bool
	Conflicts Conflicts
	BodyLimit int64 // bytes of a body that carries an idempotency key; 0 means 1 MB
}

func (f Front) bodyLimit() int64 {
	if f.BodyLimit > 0 {
		return f.BodyLimit
	}
	return DefaultBodyLimit
}

// Handler puts the front before the routes of a mux, and holds callers to what each route asks for. An address the mux does not know, and a
// method it does not take, are answered through Fail like everything else.
func (f Front) Handler(routes *Mux) http.Handler {
	if f.Fail == nil {
		f.Fail = WriteProblem
	}
	if f.Address == nil {
		f.Address = RemoteAddress
	}
	if f.Caller == nil {
		f.Caller = RemoteAddr
	}
	h := f.route(routes)
	h = idempotent(f, h)
	h = limited(f.PerClient, clientKey, f.Fail, h)
	h = bearer(f, h)
	h = f.refuseForms(h)
	h = limited(f.PerAddress, f.Address, f.Fail, h)
	h = headers(h)
	h = lastResort(f.Fail, h)
	h = access(h)
	return identify(f.Log, f.Caller, h)
}

// route notes the pattern for the access log and gives the mux's own refusals the dialect's shape.
func (f Front) route(routes *Mux) http.Handler {
	mux := routes.mux
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		recordOf(r.Context()).pattern = pattern
		if pattern != "" {
			if err := routes.allows(pattern, r); err != nil {
				f.Fail(w, r, err)
				return
			}
			if strings.Contains(pattern, "{") {
				mux.ServeHTTP(w, r) // looks the pattern up once more, since only it can set the request's path values
				return
			}
			r.Pattern = pattern
			h.ServeHTTP(w, r)
			return
		}
		asked := &nowhere{header: http.Header{}}
		h.ServeHTTP(asked, r)
		if asked.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", asked.header.Get("Allow"))
			f.Fail(w, r, &usher.Error{
				Code: usher.CodeInvalid, Detail: DetailMethod, Message: "this address takes " + asked.header.Get("Allow"),
			})
			return
		}
		f.Fail(w, r, usher.NotFound("address"))
	})
}

// refuseForms keeps a web page on another site from calling an API in a visitor's name: what a page can send without asking first is a form
// or plain text.
func (f Front) refuseForms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("Content-Type")
		if given == "application/json" {
			next.ServeHTTP(w, r) // as nearly everybody sends; nothing to parse
			return
		}
		kind, _, _ := mime.ParseMediaType(given)
		switch kind {
		case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
			if f.Forms == nil || !f.Forms(r) {
				f.Fail(w, r, &usher.Error{
					Code: usher.CodeInvalid, Detail: DetailMediaType, Message: "forms are not taken here; send application/json",
				})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
