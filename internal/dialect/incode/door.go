package incode

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// The headers of a request.
const (
	headerVersion = "Api-Version"
	headerKey     = "X-Api-Key"
	headerToken   = "X-Incode-Hardware-Id"
)

// scopeSession is what the token of a session gives: the applicant's part in that session. It is no scope that an API client can have.
const scopeSession usher.Scope = "session"

// The purposes of stamps, and how long they are good for.
const (
	stampSession   = "incode-session"
	stampExecutive = "incode-executive"
	stampCustomer  = "incode-customer"

	sessionLife   = 24 * time.Hour
	executiveLife = 24 * time.Hour
	customerLife  = 91 * 24 * time.Hour
)

// executiveHost is what stands behind the client id in an executive's e-mail address; nothing is ever sent there.
const executiveHost = "@incode.usher"

type askedKey struct{}

// asked is a request's path as it came, and whether it was in the form that needs no API key.
type asked struct {
	path    string
	keyless bool
}

func askedOf(r *http.Request) asked {
	a, _ := r.Context().Value(askedKey{}).(asked)
	return a
}

// door stands before the kit's front: it brings the vendor's two forms of a path to one, answers browsers that ask whether they may call, and
// says on every answer how long it took.
func (d *dialect) door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &timed{ResponseWriter: w, now: d.Now, began: d.Now()}
		given, keyless := strings.CutPrefix(path.Clean("/"+r.URL.Path), "/0/")
		way := asked{path: r.URL.Path, keyless: keyless}
		inner := r.WithContext(context.WithValue(r.Context(), askedKey{}, way))
		address := *r.URL
		address.Path, address.RawPath = path.Clean("/"+given), ""
		inner.URL = &address
		if origin := r.Header.Get("Origin"); origin != "" {
			preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
			h := w.Header()
			h.Add("Vary", "Origin")
			if preflight || d.mayRead(inner, origin) {
				h.Set("Access-Control-Allow-Origin", origin)
				h.Set("Access-Control-Expose-Headers", "Processing-Time")
			}
			if preflight {
				h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
				h.Set("Access-Control-Allow-Headers", "content-type, x-api-key, api-version, x-incode-hardware-id")
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, inner)
	})
}

// mayRead tells whether a page of an origin may read the answer: the API client behind the call lists it. A preflight names no client, so every
// origin may ask; without a token in its hands, a page can do nothing.
func (d *dialect) mayRead(r *http.Request, origin string) bool {
	if d.Dev {
		return true
	}
	client, err := d.clientBehind(r)
	return err == nil && slices.ContainsFunc(client.FrameAncestors, func(listed string) bool {
		anyPort, ok := strings.CutSuffix(listed, ":*")
		return listed == origin || (ok && strings.HasPrefix(origin, anyPort+":"))
	})
}

func (d *dialect) clientBehind(r *http.Request) (usher.APIClient, error) {
	p, err := d.bearer(r.Context(), r.Header.Get(headerToken))
	if err != nil {
		return d.Front.Credentials.APIKey(r.Context(), Name, r.Header.Get(headerKey))
	}
	if !slices.Contains(p.Scopes, scopeSession) {
		return p.Client, nil
	}
	s, err := d.session(r.Context(), p.Tenant(), p.Client.ID)
	if err != nil {
		return usher.APIClient{}, err
	}
	return d.Front.Credentials.Client(r.Context(), s.TenantID, s.ClientID)
}

// timed tells in a header how many milliseconds an answer took.
type timed struct {
	http.ResponseWriter
	now     func() time.Time
	began   time.Time
	started bool
}

// WriteHeader sets the header and begins the answer.
func (t *timed) WriteHeader(status int) {
	if !t.started {
		t.started = true
		t.Header().Set("Processing-Time", strconv.FormatInt(t.now().Sub(t.began).Milliseconds(), 10))
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (t *timed) Write(b []byte) (int, error) {
	if !t.started {
		t.WriteHeader(http.StatusOK)
	}
	return t.ResponseWriter.Write(b)
}

// Unwrap gives the writer behind, for [http.ResponseController].
func (t *timed) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// who finds out who calls. The API key is asked for first, then the token. In the form of a path that begins with /0 the token is enough, and so is
// an executive's everywhere, since the vendor's own samples approve without a key.
func (d *dialect) who(r *http.Request) (api.Principal, error) {
	if r.Header.Get(headerVersion) != "1.0" {
		return api.Principal{}, api.Malformed("api-version", `must be "1.0"`)
	}
	opening := r.URL.Path == pathStart || r.URL.Path == pathLogIn
	caller, tokenErr := d.bearer(r.Context(), r.Header.Get(headerToken))
	executive := tokenErr == nil && !slices.Contains(caller.Scopes, scopeSession)
	key, keyless := r.Header.Get(headerKey), askedOf(r).keyless && !opening
	var client usher.APIClient
	if opening || (!keyless && (key != "" || !executive)) {
		var err error
		if client, err = d.Front.Credentials.APIKey(r.Context(), Name, key); err != nil {
			if is(err, usher.CodeUnauthenticated) {
				err = &usher.Error{Code: usher.CodeForbidden, Message: "the API key is missing or not known"}
			}
			return api.Principal{}, err
		}
	}
	verifying := r.URL.Path == pathVerify || r.URL.Path == pathVerifyOld
	if opening || (verifying && client.ID != "" && tokenErr != nil) {
		return api.Principal{Client: client, Scopes: client.Scopes}, nil
	}
	if tokenErr != nil {
		return api.Principal{}, tokenErr
	}
	if client.ID != "" && client.TenantID != caller.Tenant() {
		return api.Principal{}, usher.NotFound("interview")
	}
	return caller, nil
}

// bearer gives who a token stands for: an executive, or the applicant of a session, whose id then takes the place of the client's.
func (d *dialect) bearer(ctx context.Context, token string) (api.Principal, error) {
	unknown := &usher.Error{Code: usher.CodeUnauthenticated, Message: "the token is missing, not known or has ended"}
	if subject, err := d.Stamps.Stamped(stampSession, token); err == nil {
		tenant, id, _ := strings.Cut(subject, "/")
		return api.Principal{Client: usher.APIClient{ID: id, TenantID: tenant, Dialect: Name}, Scopes: []usher.Scope{scopeSession}, SessionID: id}, nil
	}
	access, err := d.Stamps.Stamped(stampExecutive, token)
	if err != nil {
		return api.Principal{}, unknown
	}
	client, scopes, err := d.Front.Credentials.Bearer(ctx, Name, access)
	if is(err, usher.CodeUnauthenticated) {
		return api.Principal{}, unknown
	}
	return api.Principal{Client: client, Scopes: scopes}, err
}

// sessionToken makes the token of a session: at most 256 characters, as the vendor says of its own. It ends on a whole minute, so that answers
// that follow each other carry the same token: a client that compares them sees one session, not two.
func sessionToken(stamps usher.Stamps, s usher.Session, now time.Time) string {
	return stamps.Stamp(stampSession, s.TenantID+"/"+interviewID(s), now.Add(sessionLife).Truncate(time.Minute))
}

// logIn gives an executive a token. The pair is an API client's id and secret: nobody's sign-in at the desk.
func (d *dialect) logIn(r request) (any, error) {
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	address := api.RemoteAddress
	if d.Front.Address != nil {
		address = d.Front.Address
	}
	if err := r.limit(d.logins, strings.ToLower(body.Email)+" "+address(r.Request)); err != nil {
		return nil, err
	}
	wrong := &usher.Error{Code: usher.CodeUnauthenticated, Message: "the e-mail address or the password is wrong"}
	id, _ := strings.CutSuffix(strings.ToLower(body.Email), executiveHost)
	client, err := d.Front.Credentials.ClientSecret(r.Context(), Name, id, body.Password)
	switch {
	case is(err, usher.CodeUnauthenticated):
		return nil, wrong
	case err != nil:
		return nil, err
	case client.TenantID != r.tenant() || !client.Has(usher.ScopeDecide):
		return nil, wrong
	}
	t, err := d.Front.Credentials.Issue(r.Context(), client, nil, executiveLife, 0)
	if err != nil {
		return nil, err
	}
	return tokenAnswer{Token: d.Stamps.Stamp(stampExecutive, t.Access, t.ExpiresAt)}, nil
}

// limit holds a key to a limiter.
func (r request) limit(l *api.Limiter, key string) error {
	ok, retry := l.Allow(key)
	if ok {
		return nil
	}
	seconds := strconv.Itoa(int(retry/time.Second) + 1)
	r.w.Header().Set("Retry-After", seconds)
	return &usher.Error{Code: usher.CodeLimited, Message: "too many requests; try again in " + seconds + " s"}
}

// executive refuses who is not one.
func (r request) executive() error {
	if r.byApplicant() || r.p.Need(usher.ScopeDecide) != nil {
		return needsExecutive()
	}
	return nil
}

func needsExecutive() *usher.Error {
	return &usher.Error{Code: usher.CodeUnauthenticated, Message: "this needs the token of an executive"}
}

// is tells whether an error carries a code.
func is(err error, code usher.Code) bool {
	e, ok := errors.AsType[*usher.Error](err)
	return ok && e.Code == code
}
