package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// seenEvery is how often a session's last request is written down. A session may so end this much before its idle time, never after it.
const seenEvery = 10 * time.Second

// How long somebody may take for what is still asked of them.
const (
	secondTime = 10 * time.Minute
	setupTime  = time.Hour
)

// clockSlack is how far the clocks of two nodes may differ. A session that was seen later than that in the future is over: a clock that was set
// back must not make it longer.
const clockSlack = 2 * time.Minute

// newCookie gives 256 random bits in letters.
func newCookie() string {
	var secret [32]byte
	_, _ = rand.Read(secret[:])
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// letIn begins a session of a member. What was looked at is row; when it has changed since in what counts for signing in, nobody is let in.
func (a *Auth) letIn(ctx context.Context, row store.StaffRow, stage door.Stage, method string, v door.Visitor) (door.Session, error) {
	now := a.now()
	cookie := newCookie()
	s := store.StaffSessionRow{
		Hash: digest(cookie), ID: newID(now), StaffID: row.ID, Stage: string(stage), Generation: row.Generation, Method: method,
		Address: v.Address, Agent: browserOf(v.Agent), CreatedAt: now, SeenAt: now,
	}
	action := "staff.sign_in_begun"
	if stage == door.In {
		var err error
		if s.Failed, err = a.store.Take(ctx, failedCounter(row.Email), now); err != nil {
			return door.Session{}, fmt.Errorf("take counter: %w", err)
		}
		s.ProvedAt, action = now, "staff.signed_in"
	}
	err := a.store.AddStaffSession(ctx, s, nil, a.entry(row.TenantID, staffOf(row).Actor(), action, row.ID, method))
	if errors.Is(err, store.ErrConflict) {
		return door.Session{}, unauthenticated(DetailWrong)
	}
	if err != nil {
		return door.Session{}, fmt.Errorf("write staff session: %w", err)
	}
	if stage == door.In {
		a.config.Signed("ok")
	}
	return sessionOf(s, row, cookie), nil
}

// promote gives a session another cookie after a proof, and another stage where it had one. The old cookie is worth nothing from then on.
func (a *Auth) promote(ctx context.Context, s door.Session, row store.StaffRow, stage door.Stage, method string) (door.Session, error) {
	now := a.now()
	c := change{stage: stage, method: method, proved: now, since: s.Since, failed: int64(s.Failed)}
	action := "staff.proved"
	if s.Stage != stage {
		var err error
		if c.failed, err = a.store.Take(ctx, failedCounter(row.Email), now); err != nil {
			return door.Session{}, fmt.Errorf("take counter: %w", err)
		}
		action, c.since = "staff.signed_in", now
	}
	next, err := a.exchange(ctx, s, row, c, a.entry(row.TenantID, staffOf(row).Actor(), action, row.ID, method))
	if err == nil && s.Stage != stage {
		a.config.Signed("ok")
	}
	return next, err
}

// change is what another cookie stands for.
type change struct {
	stage         door.Stage
	method        string
	proved, since time.Time
	failed        int64
}

// exchange gives a session another cookie. The old one is worth nothing from then on.
func (a *Auth) exchange(ctx context.Context, s door.Session, row store.StaffRow, c change, audit ...usher.AuditRecord) (door.Session, error) {
	cookie := newCookie()
	next := store.StaffSessionRow{
		Hash: digest(cookie), ID: s.ID, StaffID: row.ID, Stage: string(c.stage), Generation: row.Generation, Method: c.method, Failed: c.failed,
		Address: s.Address, Agent: s.Browser, CreatedAt: c.since, SeenAt: a.now(), ProvedAt: c.proved,
	}
	err := a.store.AddStaffSession(ctx, next, digest(s.Cookie), audit...)
	if errors.Is(err, store.ErrConflict) {
		return door.Session{}, unauthenticated(DetailEnded)
	}
	if err != nil {
		return door.Session{}, fmt.Errorf("write staff session: %w", err)
	}
	return sessionOf(next, row, cookie), nil
}

// Enter gives the session of a cookie; see [door.Door]. Every call counts as something done.
func (a *Auth) Enter(ctx context.Context, cookie string, v door.Visitor) (door.Session, error) {
	session, row, err := a.session(ctx, cookie)
	if err != nil {
		return door.Session{}, err
	}
	now := a.now()
	if why := a.over(session, row, now); why != "" {
		if err := a.store.DeleteStaffSession(ctx, session.Hash); err != nil {
			return door.Session{}, fmt.Errorf("end staff session: %w", err)
		}
		return door.Session{}, unauthenticated(why)
	}
	if browserOf(v.Agent) != session.Agent {
		// A copy of the cookie, most likely: whoever holds it has to prove who they are, the owner as well.
		e := a.entry(row.TenantID, staffOf(row).Actor(), "staff.session_elsewhere", row.ID, session.ID)
		if err := a.store.DeleteStaffSession(ctx, session.Hash, e); err != nil {
			return door.Session{}, fmt.Errorf("end staff session: %w", err)
		}
		return door.Session{}, unauthenticated(DetailBrowser)
	}
	s := sessionOf(session, row, cookie)
	if now.Sub(session.SeenAt) < seenEvery {
		return s, nil
	}
	err = a.store.SeeStaffSession(ctx, session.Hash, now)
	if errors.Is(err, store.ErrNotFound) {
		return door.Session{}, unauthenticated("")
	}
	if err != nil {
		return door.Session{}, fmt.Errorf("note staff session: %w", err)
	}
	s.SeenAt = now
	return s, nil
}

// over says why a session is over, or "".
func (a *Auth) over(s store.StaffSessionRow, row store.StaffRow, now time.Time) string {
	age, quiet := now.Sub(s.CreatedAt), now.Sub(s.SeenAt)
	switch {
	case row.Disabled, s.Generation != row.Generation, age >= a.config.Absolute, quiet < -clockSlack, age < -clockSlack:
		return DetailEnded
	case door.Stage(s.Stage) == door.Second && age >= secondTime, door.Stage(s.Stage) == door.Setup && age >= setupTime:
		return DetailEnded
	case quiet >= a.config.Idle && door.Stage(s.Stage) != door.Setup:
		return DetailIdle
	}
	return ""
}

// Leave ends the session of a cookie; see [door.Door].
func (a *Auth) Leave(ctx context.Context, cookie string) error {
	session, row, err := a.session(ctx, cookie)
	var told *usher.Error
	if errors.As(err, &told) {
		return nil
	}
	if err != nil {
		return err
	}
	e := a.entry(row.TenantID, staffOf(row).Actor(), "staff.signed_out", row.ID, "")
	if err := a.store.DeleteStaffSession(ctx, session.Hash, e); err != nil {
		return fmt.Errorf("end staff session: %w", err)
	}
	return nil
}

func (a *Auth) session(ctx context.Context, cookie string) (store.StaffSessionRow, store.StaffRow, error) {
	var none store.StaffRow
	if cookie == "" {
		return store.StaffSessionRow{}, none, unauthenticated("")
	}
	session, err := a.store.StaffSession(ctx, digest(cookie))
	if errors.Is(err, store.ErrNotFound) {
		return session, none, unauthenticated("")
	}
	if err != nil {
		return session, none, fmt.Errorf("read staff session: %w", err)
	}
	row, err := a.store.Staff(ctx, session.StaffID)
	if err != nil {
		return session, none, fmt.Errorf("read staff: %w", err)
	}
	return session, row, nil
}

func sessionOf(r store.StaffSessionRow, row store.StaffRow, cookie string) door.Session {
	return door.Session{
		Staff: staffOf(row), Stage: door.Stage(r.Stage), ID: r.ID, Method: r.Method, Address: r.Address, Browser: r.Agent, Failed: int(r.Failed),
		Since: r.CreatedAt, SeenAt: r.SeenAt, ProvedAt: r.ProvedAt, SetUpBy: row.SetUpBy, Cookie: cookie,
	}
}

// browserOf says in words what a User-Agent says of browser and system, without versions, which change while somebody is signed in. It is what the
// program says of itself: it tells browsers apart, not people.
func browserOf(agent string) string {
	find := func(names [][2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	browser := find([][2]string{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser", "Samsung Internet"},
		{"Firefox", "Firefox"},
		{"FxiOS", "Firefox"},
		{"CriOS", "Chrome"},
		{"Chrome", "Chrome"},
		{"Safari", "Safari"},
	})
	system := find([][2]string{
		{"iPhone", "iOS"}, {"iPad", "iOS"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	default:
		name, _, _ := strings.Cut(agent, "/") // a program that is not a browser names itself first
		const longest = 40
		return name[:min(len(name), longest)]
	}
}
