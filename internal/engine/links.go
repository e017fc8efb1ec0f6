package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
)

// newSecret gives 256 random bits as text that can stand in a URL or cookie.
func newSecret() string { return rand.Text() + rand.Text() }

func hashed(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// newLink puts a link beside the session in hand.
func (e *Engine) newLink(h *hand, now time.Time) usher.Link {
	token := newSecret()
	h.change.Link = &store.LinkRow{Hash: hashed(token), TenantID: h.session.TenantID, SessionID: h.session.ID, CreatedAt: now}
	return usher.Link{SessionID: h.session.ID, Token: token, URL: e.c.LinkURL(token), ExpiresAt: h.session.ExpiresAt}
}

// IssueLink makes a new link for a session and kills the old one.
func (e *Engine) IssueLink(ctx context.Context, c usher.APIClient, session string, n usher.NewLink) (usher.Session, usher.Link, error) {
	if err := e.checkReturn(c, n.ReturnURL); err != nil {
		return usher.Session{}, usher.Link{}, err
	}
	var link usher.Link
	s, err := e.script(ctx, c.TenantID, session, "", false, func(h *hand) error {
		cmd := usher.Command{Kind: usher.CmdReissueLink, By: clientActor(c), Return: n.ReturnURL}
		if n.Expires > 0 {
			cmd.Expires = e.now().Add(n.Expires)
		}
		if err := h.decide(ctx, cmd); err != nil {
			return err
		}
		link = e.newLink(h, e.now())
		return nil
	})
	return s, link, err
}

// stampEntry is the purpose of the stamps in entry links.
const stampEntry = "entry"

// entryGrace is how long an entry link is known after the session's end: it then says what became of the session instead of "no such link".
const entryGrace = 30 * 24 * time.Hour

// EntryLink gives a way into a session that is the same each time it is asked for.
func (e *Engine) EntryLink(ctx context.Context, tenant, session string) (usher.Link, error) {
	s, err := e.Session(ctx, tenant, session)
	if err != nil {
		return usher.Link{}, err
	}
	return e.entry(s), nil
}

func (e *Engine) entry(s usher.Session) usher.Link {
	token := e.c.Stamps.Stamp(stampEntry, s.TenantID+"/"+s.ID, s.ExpiresAt.Add(entryGrace))
	return usher.Link{SessionID: s.ID, Token: token, URL: e.c.LinkURL(token), ExpiresAt: s.ExpiresAt}
}

// link gives the row of a link: stored, or, for an entry link, as its stamp says.
func (e *Engine) link(ctx context.Context, token string) (store.LinkRow, error) {
	if e.c.Stamps != nil {
		if subject, err := e.c.Stamps.Stamped(stampEntry, token); err == nil {
			tenant, session, _ := strings.Cut(subject, "/")
			return store.LinkRow{TenantID: tenant, SessionID: session}, nil
		}
	}
	return e.c.Store.Link(ctx, hashed(token))
}

// LookLink tells whose link a token is.
func (e *Engine) LookLink(ctx context.Context, token string) (usher.Visit, error) {
	row, err := e.link(ctx, token)
	if err != nil {
		return usher.Visit{}, found(err, "link")
	}
	v, err := e.visit(ctx, row.TenantID, row.SessionID)
	if err != nil {
		return v, err
	}
	if row.Dead {
		return v, &usher.Error{Code: usher.CodeGone, Detail: "link_replaced", Message: "a newer link took the place of this one"}
	}
	overdue := !v.Session.State.Ended() && v.Session.DueAt() != (time.Time{}) && !e.now().Before(v.Session.ExpiresAt)
	if v.Session.State == usher.Expired || overdue {
		return v, &usher.Error{Code: usher.CodeGone, Detail: "link_expired", Message: "this link has expired"}
	}
	return v, nil
}

// AskLink tells the client that who holds a link which has ended wants a new one.
func (e *Engine) AskLink(ctx context.Context, token string) error {
	v, err := e.LookLink(ctx, token)
	if err != nil && !isCode(err, usher.CodeGone) || v.Session.ID == "" {
		return err
	}
	by := usher.Actor{Kind: usher.ByApplicant, ID: v.Session.ApplicantID}
	_, err = e.Do(ctx, v.Tenant.ID, v.Session.ID, usher.Command{Kind: usher.CmdAskLink, By: by})
	return err
}

func (e *Engine) visit(ctx context.Context, tenant, session string) (usher.Visit, error) {
	t, err := e.Tenant(ctx, tenant)
	if err != nil {
		return usher.Visit{}, err
	}
	s, err := e.Session(ctx, tenant, session)
	return usher.Visit{Tenant: t, Session: s}, err
}

// UseLink binds a link to a browser.
func (e *Engine) UseLink(ctx context.Context, token string) (usher.Visit, error) {
	v, err := e.LookLink(ctx, token)
	if err != nil {
		return v, err
	}
	cookie := newSecret()
	row, err := e.c.Store.AddVisit(ctx, store.VisitRow{
		Hash: hashed(cookie), TenantID: v.Tenant.ID, SessionID: v.Session.ID, CreatedAt: e.now(),
	})
	if err != nil {
		return v, fmt.Errorf("bind link to browser: %w", err)
	}
	// Opening tells of the start, or that somebody came back; where that changes nothing, nothing is written.
	if s := v.Session.State; s == usher.Created || s == usher.InProgress {
		by := usher.Actor{Kind: usher.ByApplicant, ID: v.Session.ApplicantID}
		if v.Session, err = e.Do(ctx, v.Tenant.ID, v.Session.ID, usher.Command{Kind: usher.CmdOpen, By: by}); err != nil {
			return v, err
		}
	}
	v.Token, v.Took = cookie, row.Took
	return v, nil
}

// Visit gives the visit of a browser's cookie.
func (e *Engine) Visit(ctx context.Context, cookie string) (usher.Visit, error) {
	row, err := e.c.Store.Visit(ctx, hashed(cookie))
	if err != nil {
		return usher.Visit{}, found(err, "visit")
	}
	v, err := e.visit(ctx, row.TenantID, row.SessionID)
	v.Token, v.Took, v.Replaced = cookie, row.Took, row.Replaced
	if row.Replaced && err == nil {
		v.Follows, v.Returned, err = e.handedOver(ctx, row.Hash)
	}
	return v, err
}

// The bounds of what is kept of a session's journey.
const (
	mostPageViews = 500
	longestAgent  = 300 // bytes of a browser's name
)

// Saw keeps that a screen was shown.
func (e *Engine) Saw(ctx context.Context, cookie string, v usher.PageView) error {
	row, err := e.c.Store.Visit(ctx, hashed(cookie))
	if err != nil {
		return found(err, "visit")
	}
	s, err := e.Session(ctx, row.TenantID, row.SessionID)
	if err != nil {
		return err
	}
	sealer, err := e.c.Vault.Sealer(ctx, s.TenantID, s.ApplicantID)
	if err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	v.At = e.now()
	v.Agent = strings.ToValidUTF8(v.Agent[:min(len(v.Agent), longestAgent)], "")
	doc, err := seal(sealer, placePageView, s.ID, v)
	if err != nil {
		return err
	}
	err = e.c.Store.AddPageView(ctx, store.PageViewRow{
		TenantID: s.TenantID, ApplicantID: s.ApplicantID, SessionID: s.ID, Doc: doc, At: v.At, Screen: v.Screen, Flow: s.FlowName,
	}, mostPageViews)
	if err != nil {
		return fmt.Errorf("keep page view: %w", err)
	}
	return nil
}

// Journey gives the screens that the applicant of a session saw, oldest first.
func (e *Engine) Journey(ctx context.Context, tenant, session string) ([]usher.PageView, error) {
	if _, err := e.Session(ctx, tenant, session); err != nil {
		return nil, err
	}
	rows, err := e.c.Store.PageViews(ctx, tenant, session)
	if err != nil {
		return nil, err
	}
	views := make([]usher.PageView, len(rows))
	for i, r := range rows {
		if err := e.unseal(ctx, r.TenantID, r.ApplicantID, placePageView, r.SessionID, r.Doc, &views[i]); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// checkReturn refuses a return URL that the client was not given: an open redirect is a gift to phishers.
func (e *Engine) checkReturn(c usher.APIClient, raw string) error {
	return api.ReturnURL("return_url", raw, c.ReturnURLs, e.c.Dev)
}

// isCode tells whether an error carries a code.
func isCode(err error, code usher.Code) bool {
	var ue *usher.Error
	return errors.As(err, &ue) && ue.Code == code
}
