package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// Provider is an identity provider (OpenID Connect Core 1.0) that says who members of staff of one tenant are.
type Provider struct {
	Name         string // for the button
	Issuer       string // its address, exactly as it stands in its tokens
	ClientID     string
	ClientSecret string
	RedirectURL  string // where it sends browsers back to
	TenantID     string // whose staff it knows

	GroupsClaim string // member of the ID token that lists groups; "" means groups
	// Roles are what groups may do. Where any is named, nobody comes in without one of them, who comes for the first time is made a member, and the
	// role follows the groups at each sign-in; the role that may most counts. Where none is named, members have to be invited and keep their roles.
	Roles map[string]usher.Role
	ACR   []string // a sign-in must have one of these classes (acr), where any is named
	AMR   []string // and one of these methods (amr)

	Client *http.Client // nil means http.DefaultClient
}

// algorithms are those of signatures that are taken. None is left out, and so are those whose key would be the client's own secret: what the
// provider's public key is must never be the key of an HMAC.
func algorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}
}

// discovery is what a provider says of itself, read when it is first needed.
type discovery struct {
	mu    sync.Mutex
	known *oidc.Provider
}

// elsewhere gives the provider's addresses and keys.
func (a *Auth) elsewhere(ctx context.Context) (*oidc.Provider, oauth2.Config, error) {
	p := a.config.Provider
	if p == nil {
		return nil, oauth2.Config{}, usher.NotFound("page")
	}
	a.discovery.mu.Lock()
	defer a.discovery.mu.Unlock()
	if a.discovery.known == nil {
		known, err := oidc.NewProvider(a.outward(context.WithoutCancel(ctx)), p.Issuer)
		if err != nil {
			return nil, oauth2.Config{}, &usher.Error{Code: usher.CodeConflict, Detail: "desk_provider", Message: "the identity provider does not answer", Err: err}
		}
		a.discovery.known = known
	}
	return a.discovery.known, oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.RedirectURL, Endpoint: a.discovery.known.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}, nil
}

func (a *Auth) outward(ctx context.Context) context.Context {
	client := a.config.Provider.Client
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	return oidc.ClientContext(ctx, client)
}

// asked is what is kept of a sign-in elsewhere: what the provider has to send back or put into its token, and where to go after.
type asked struct {
	State, Nonce, Verifier, Next string
	At                           time.Time
}

// AskProvider begins a sign-in elsewhere; see [door.Door]. With a session that is in, the provider is told to ask who it is anew.
func (a *Auth) AskProvider(ctx context.Context, s *door.Session, next string, v door.Visitor) (string, string, error) {
	if err := a.mayAsk(ctx, v); err != nil {
		return "", "", err
	}
	_, config, err := a.elsewhere(ctx)
	if err != nil {
		return "", "", err
	}
	t := asked{State: newCookie(), Nonce: newCookie(), Verifier: oauth2.GenerateVerifier(), Next: next, At: a.now()}
	doc, err := json.Marshal(t)
	if err != nil {
		return "", "", fmt.Errorf("write sign-in elsewhere: %w", err)
	}
	var row store.StaffRow
	options := []oauth2.AuthCodeOption{oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)}
	if s != nil {
		row.ID = s.Staff.ID
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	ticket, err := a.begin(ctx, tryProvider, row, doc, tryTime, false)
	if err != nil {
		return "", "", err
	}
	return config.AuthCodeURL(t.State, options...), ticket, nil
}

// TakeProvider takes what the provider sent the browser back with; see [door.Door].
func (a *Auth) TakeProvider(ctx context.Context, s *door.Session, ticket, state, code string, v door.Visitor) (door.Session, string, error) {
	if a.config.Provider == nil {
		return door.Session{}, "", usher.NotFound("page")
	}
	t, err := a.take(ctx, tryProvider, ticket)
	if err != nil {
		return door.Session{}, "", err
	}
	var began asked
	if err := json.Unmarshal(t.Doc, &began); err != nil {
		return door.Session{}, "", fmt.Errorf("read sign-in elsewhere: %w", err)
	}
	who := try{what: byProvider, visitor: v}
	mine := (s == nil && t.StaffID == "") || (s != nil && t.StaffID == s.Staff.ID)
	if !mine || code == "" || subtle.ConstantTimeCompare([]byte(state), []byte(began.State)) != 1 {
		return door.Session{}, "", a.wrong(ctx, who, DetailWrong)
	}
	rules, err := a.Rules(ctx, a.config.Provider.TenantID)
	if err != nil {
		return door.Session{}, "", err
	}
	if !rules.Provider { // before anybody is made or linked
		return door.Session{}, "", a.wrong(ctx, who, DetailWrong)
	}
	token, err := a.fetchToken(ctx, began, code, s != nil)
	if err != nil {
		a.config.Log.WarnContext(ctx, "what the identity provider says was not taken", "error", err)
		return door.Session{}, "", a.wrong(ctx, who, DetailWrong)
	}
	row, err := a.memberElsewhere(ctx, s, token)
	if err != nil {
		return door.Session{}, "", err
	}
	if row.ID == "" {
		return door.Session{}, "", a.wrong(ctx, who, DetailWrong)
	}
	who.row, who.email = row, row.Email
	if row.Disabled || (s != nil && row.ID != s.Staff.ID) {
		return door.Session{}, "", a.wrong(ctx, who, DetailWrong)
	}
	var in door.Session
	switch {
	case s == nil:
		in, err = a.letIn(ctx, row, door.In, byProvider, v)
	case s.Stage == door.Setup:
		in = *s // linked now; Finish lets them in
	default:
		in, err = a.promote(ctx, *s, row, door.In, byProvider)
	}
	return in, began.Next, err
}

// said is what an ID token says of somebody.
type said struct {
	issuer, subject string
	email           string
	role            usher.Role // by their groups; "" where groups say nothing
}

// fetchToken exchanges the code and holds the ID token against what was asked for. Its errors name what does not fit, and nobody.
func (a *Auth) fetchToken(ctx context.Context, began asked, code string, anew bool) (said, error) {
	p := a.config.Provider
	provider, config, err := a.elsewhere(ctx)
	if err != nil {
		return said{}, err
	}
	ctx = a.outward(ctx)
	answer, err := config.Exchange(ctx, code, oauth2.VerifierOption(began.Verifier))
	if err != nil {
		return said{}, errors.New("the code was not exchanged") // the answer may hold more than a log should
	}
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return said{}, errors.New("there is no ID token")
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: algorithms(), Now: a.config.Now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return said{}, fmt.Errorf("the ID token is not valid: %w", err)
	}
	var claims struct {
		ACR      string   `json:"acr"`
		AMR      []string `json:"amr"`
		AuthTime int64    `json:"auth_time"`
		Email    string   `json:"email"`
		Party    string   `json:"azp"`
	}
	all := map[string]any{}
	if err := errors.Join(token.Claims(&claims), token.Claims(&all)); err != nil {
		return said{}, errors.New("the ID token cannot be read")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(began.Nonce)) != 1:
		return said{}, errors.New("the ID token is for another sign-in")
	case token.Subject == "":
		return said{}, errors.New("the ID token is about nobody")
	case len(token.Audience) > 1 && claims.Party != p.ClientID:
		return said{}, errors.New("the ID token is for several, and not for us")
	case len(p.ACR) > 0 && !slices.Contains(p.ACR, claims.ACR):
		return said{}, errors.New("the sign-in is not of the class that is asked for")
	case len(p.AMR) > 0 && !slices.ContainsFunc(claims.AMR, func(m string) bool { return slices.Contains(p.AMR, m) }):
		return said{}, errors.New("the sign-in was not by a method that is asked for")
	case anew && time.Unix(claims.AuthTime, 0).Before(began.At.Add(-time.Minute)):
		return said{}, errors.New("nobody was asked anew who they are")
	}
	return said{issuer: token.Issuer, subject: token.Subject, email: plainEmail(claims.Email), role: p.roleOf(all)}, nil
}

// roleOf gives the role that may most of those that somebody's groups have.
func (p *Provider) roleOf(claims map[string]any) usher.Role {
	name := p.GroupsClaim
	if name == "" {
		name = "groups"
	}
	list, _ := claims[name].([]any)
	var best usher.Role
	for _, g := range list {
		group, _ := g.(string)
		if role, ok := p.Roles[group]; ok && slices.Index(usher.Roles(), role) > slices.Index(usher.Roles(), best) {
			best = role
		}
	}
	return best
}

// memberElsewhere gives the member of staff behind what a provider says; no row where there is none. Who they are is issuer and subject: an e-mail
// address names nobody, since a provider may give it to another person, or let people write it themselves.
func (a *Auth) memberElsewhere(ctx context.Context, s *door.Session, token said) (store.StaffRow, error) {
	p := a.config.Provider
	if len(p.Roles) > 0 && token.role == "" {
		return store.StaffRow{}, nil
	}
	known, err := a.store.Identity(ctx, token.issuer, token.subject)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.StaffRow{}, fmt.Errorf("read identity: %w", err)
	}
	id, by := known.StaffID, usher.Actor{Kind: usher.BySystem, ID: "identity provider"}
	switch {
	case id != "":
	case s != nil && s.Stage == door.Setup && s.Staff.TenantID == p.TenantID:
		id = s.Staff.ID
	case s == nil && len(p.Roles) > 0:
		made, err := a.memberMade(ctx, token, by)
		if err != nil {
			return store.StaffRow{}, err
		}
		id = made.ID
	default:
		return store.StaffRow{}, nil
	}
	row, err := a.store.Staff(ctx, id)
	if err != nil {
		return store.StaffRow{}, fmt.Errorf("read staff: %w", err)
	}
	if row.TenantID != p.TenantID {
		return store.StaffRow{}, nil
	}
	now := a.now()
	var entries []usher.AuditRecord
	if known.StaffID == "" {
		entries = append(entries, a.entry(row.TenantID, by, "staff.identity_added", row.ID, token.issuer))
	}
	err = a.store.PutIdentity(ctx, store.IdentityRow{Issuer: token.issuer, Subject: token.subject, StaffID: row.ID, CreatedAt: now, UsedAt: now}, entries...)
	if errors.Is(err, store.ErrConflict) {
		return store.StaffRow{}, nil
	}
	if err != nil {
		return store.StaffRow{}, fmt.Errorf("write identity: %w", err)
	}
	if token.role != "" && token.role != row.Role && (s == nil || s.Stage != door.Setup) {
		if err := a.SetRole(ctx, row.TenantID, row.ID, token.role, by); err != nil {
			return store.StaffRow{}, err
		}
		return a.member(ctx, row.TenantID, row.ID)
	}
	return row, nil
}

// memberMade makes a member of somebody who comes for the first time. The e-mail address is for people to read: where it is taken, or none, a
// stand-in is.
func (a *Auth) memberMade(ctx context.Context, token said, by usher.Actor) (store.StaffRow, error) {
	email := token.email
	parsed, err := mail.ParseAddress(email)
	if err == nil && parsed.Address == email {
		_, err = a.freeEmail(ctx, email)
	}
	if err != nil {
		email = shortHash(token.issuer+"\x00"+token.subject) + "@provider.invalid"
	}
	return a.add(ctx, a.config.Provider.TenantID, email, "", token.role, by)
}
