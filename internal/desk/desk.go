package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/flow"
	"github.com/usher-kyc/usher/internal/web"
)

const (
	cookieName  = "desk"
	defaultIdle = 15 * time.Minute
	defaultUndo = 10 * time.Second
	// warnBefore is how long before the end of a quiet session its page says so (WCAG 2.2, 2.2.1 asks for 20 s at least).
	warnBefore = 2 * time.Minute
)

// Config is what a desk needs. Files, Base, Secure and Log are those of [web.Config].
type Config struct {
	Files  fs.FS
	Base   string // "/desk"
	Secure bool
	Log    *slog.Logger

	URL string // how staff reach the host of the desk, for links that are handed over; empty takes the host that was asked

	Service usher.Service
	Door    door.Door
	Auditor usher.Auditor
	Trail   Trail // proves the audit trail; nil shows its entries alone
	// Preview gives a new JPEG of a picture, upright, of at most maxSide pixels, without anything but the pixels.
	Preview func(ctx context.Context, raw io.Reader, maxSide int) ([]byte, error)
	// Portrait cuts the face out of a picture, as a JPEG; nil shows no faces beside each other.
	Portrait func(ctx context.Context, picture []byte) ([]byte, error)
	// Member gives a member of staff of a tenant by id, for their name; nil shows ids.
	Member func(ctx context.Context, tenant, id string) (usher.Staff, error)
	// Members gives the reviewers that a senior may give a case to; nil leaves that out.
	Members func(ctx context.Context, tenant string, most int) ([]usher.Staff, error)
	// Undo is how long a decision can be taken back before it is carried out; 0 means 10 s, and less that it is carried out at once.
	Undo time.Duration
	Keys Keys      // makes credentials of API clients; nil leaves out the settings
	Team door.Team // makes members of staff; nil leaves that page out
	// Mail brings somebody the link by which they set up how they sign in: an invitation, or again, after an administrator took away what they had. nil
	// leaves handing it over to the administrator.
	Mail func(ctx context.Context, to, link string, again bool) error
	// Brands keeps how the applicant's pages look; nil leaves that page out.
	Brands usher.Brands
	// Texts keeps what applicants are told of reasons; nil leaves that page out.
	Texts usher.Texts
	// Report writes the evidence pack of a case; nil leaves it out.
	Report usher.Reporter
	// ReadFlow reads the text of a flow and says what is wrong with it; nil leaves the editor out.
	ReadFlow func(text string) (usher.Flow, []flow.Problem)
	// CheckEndpoint says why a webhook endpoint may not be registered, beyond what the service says; nil takes any.
	CheckEndpoint func(usher.Endpoint) error
	Address       func(*http.Request) string // who is counted when a password is wrong; nil takes the peer's address
	Idle          time.Duration              // how long the door lets a session be quiet, to warn in time; 0 means 15 min
	Now           func() time.Time           // nil means time.Now
}

// Desk is the pages of reviewers; an http.Handler for everything below its base.
type Desk struct {
	*web.Kit
	config Config
	spoken *web.Catalog // the texts of the applicant's pages, where Texts is given
	listed []Route
}

// New gives a desk. Its error names the template or text at fault.
func New(c Config) (*Desk, error) {
	if c.Service == nil || c.Door == nil || c.Auditor == nil || c.Preview == nil {
		return nil, errors.New("make desk: it needs a service, a door, an auditor and previews")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Idle == 0 {
		c.Idle = defaultIdle
	}
	if c.Undo == 0 {
		c.Undo = defaultUndo
	}
	if c.Address == nil {
		c.Address = peer
	}
	if c.Member == nil {
		c.Member = func(_ context.Context, _, id string) (usher.Staff, error) { return usher.Staff{ID: id, Email: id}, nil }
	}
	kit, err := web.New(web.Config{Files: c.Files, Area: "desk", Base: c.Base, Secure: c.Secure, Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("make desk: %w", err)
	}
	d := &Desk{Kit: kit, config: c}
	if c.Texts != nil {
		if d.spoken, err = web.LoadCatalog(c.Files, "hosted"); err != nil {
			return nil, fmt.Errorf("make desk: %w", err)
		}
	}
	d.routes()
	return d, nil
}

// visit is a signed-in member of staff, at one request.
type visit struct {
	staff   usher.Staff
	session door.Session
	tenant  usher.Tenant
	say     words
	keys    bool // single-letter keys are on
	sets    bool // there are settings that the reader may change
	ends    int  // API clients that end soon
	warn    time.Duration
}

// frame is what the layout shows of a visit; every page's data has it.
type frame struct {
	Me     usher.Staff
	Live   bool // real people are behind the cases
	Sets   bool // there are settings that the reader may change
	Keys   bool
	Ending int   // API clients that end soon, for those who look after them
	Warn   int64 // ms of quiet until the page warns that the session will end
	Out    bool  // is not signed in yet: sets up how to
}

// May tells a template whether the reader may do something, so that it offers nothing that would be refused.
func (f frame) May(do usher.Action) bool {
	return usher.Can(f.Me.Caller(), do, usher.Object{TenantID: f.Me.TenantID, Live: f.Live}).Allowed
}

func (v visit) frame() frame {
	return frame{Me: v.staff, Live: v.tenant.Mode == usher.Live, Sets: v.sets, Keys: v.keys, Ending: v.ends, Warn: v.warn.Milliseconds(), Out: v.session.Stage != door.In}
}

// page makes a page of the visit's tenant.
func (v visit) page(name string, data any) web.Page {
	return web.Page{Name: name, Brand: v.tenant.Name, Test: v.tenant.Mode == usher.Sandbox, Data: data}
}

type handler func(w http.ResponseWriter, r *http.Request, v visit) error

// staff lets in members of staff whom the table allows an action, and sends everybody else to the sign-in page.
func (d *Desk) staff(do usher.Action, h handler) web.HandlerFunc {
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
		if in.Stage != door.In {
			return d.See(w, r, stagePath(in.Stage))
		}
		s := in.Staff
		v, err := d.visit(r, in)
		if err != nil {
			return err
		}
		access := usher.Can(s.Caller(), do, usher.Object{TenantID: s.TenantID, Live: v.tenant.Mode == usher.Live})
		if !access.Allowed {
			return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_role", Message: "the role does not allow this"}
		}
		if access.Fresh && !in.Fresh(d.config.Now()) {
			return d.askProof(w, r, v)
		}
		return forDesk(h(w, r.WithContext(usher.Acting(r.Context(), s.Actor())), v))
	}
}

// visit gives what pages need to know of who asks.
func (d *Desk) visit(r *http.Request, in door.Session) (visit, error) {
	tenant, err := d.config.Service.Tenant(r.Context(), in.Staff.TenantID)
	if err != nil {
		return visit{}, fmt.Errorf("read tenant: %w", err)
	}
	v := visit{
		staff: in.Staff, session: in, tenant: tenant, say: words{d.Catalog(), d.Lang(r, "")}, keys: !in.Staff.KeysOff,
		warn: d.config.Idle - warnBefore, sets: d.config.Keys != nil && in.Staff.Role.May(usher.ActSeeSettings),
	}
	if v.sets {
		if v.ends, err = d.config.Keys.Ending(r.Context(), v.tenant.ID, d.config.Now().Add(soonEnds)); err != nil {
			return visit{}, err
		}
	}
	return v, nil
}

// sendToDoor sends to the sign-in page and remembers where to come back to. A form cannot be come back to.
func (d *Desk) sendToDoor(w http.ResponseWriter, r *http.Request, why string) error {
	q := url.Values{}
	if why != "" && d.Cookie(r, cookieName) != "" {
		q.Set("why", why)
	}
	d.ClearCookie(w, cookieName)
	if here := strings.TrimPrefix(r.URL.Path, d.config.Base); r.Method == http.MethodGet && here != "/" {
		q.Set("next", here)
	}
	to := "/sign-in"
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return d.See(w, r, to)
}

// told gives code and detail of what a caller may be told; "" for anything else.
func told(err error) (code usher.Code, detail string) {
	var e *usher.Error
	if errors.As(err, &e) {
		return e.Code, e.Detail
	}
	return "", ""
}

// forDesk gives the errors of the service the words that fit a reviewer: those of the kit are written for applicants.
func forDesk(err error) error {
	var e *usher.Error
	if !errors.As(err, &e) || e.Code == usher.CodeInternal || strings.HasPrefix(e.Detail, "desk_") {
		return err
	}
	mine := *e
	mine.Detail = "desk"
	return &mine
}

// peer gives the network that one subscriber is given: all of an IPv4 address, 64 bits of an IPv6 one.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	const subscriber, all = 64, 128
	return ip.Mask(net.CIDRMask(subscriber, all)).String()
}
