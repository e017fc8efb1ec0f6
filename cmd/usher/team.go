package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/sender"
)

// staffAuth gives what knows API clients and members of staff.
func (h *house) staffAuth() (*auth.Auth, error) {
	provider, err := h.settings.provider()
	if err != nil {
		return nil, err
	}
	return auth.New(auth.Config{
		Store: h.db.Store, Log: h.log, Seal: h.vault, DeskURL: h.settings.DeskURL, Provider: provider, Signed: h.watch.metrics.SignIn,
	}), nil
}

// tellFirstAdmins prints the link by which the first administrator of each tenant with real people behind it sets up how they sign in, where
// nobody can sign in yet. Each start makes new ones, and the ones before are worth nothing.
func (h *house) tellFirstAdmins(ctx context.Context, c console) error {
	tenants, err := h.db.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if t.Mode != usher.Live {
			continue
		}
		token, err := h.auth.FirstAdmin(ctx, t.ID, usher.Actor{Kind: usher.BySystem, ID: "first start"})
		if err != nil {
			return err
		}
		if token != "" {
			fmt.Fprintf(c.out, "first administrator of %s, once and within 24 hours: %s\n", t.Name, h.inviteURL(token))
		}
	}
	return nil
}

// inviteURL gives the address that an invited person opens.
func (h *house) inviteURL(token string) string {
	return h.settings.DeskURL + deskBase + "/invitation/" + token
}

// inviteMail sends somebody their invitation; nil where the server sends no e-mail.
func (h *house) inviteMail() (func(ctx context.Context, to, link string, again bool) error, error) {
	if h.settings.SMTP == "" {
		return nil, nil
	}
	mail, err := sender.NewSMTP(h.settings.SMTP, h.settings.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("smtp, mail-from: %w", err)
	}
	return func(ctx context.Context, to, link string, again bool) error {
		m := usher.CodeMessage{
			Channel: usher.ByEmail, To: to, Subject: "Your invitation to the review desk",
			Text: "Open this link to set up how you sign in. It works once and for 24 hours.\n\n" + link + "\n",
		}
		if again {
			m.Subject = "Your sign-in at the review desk was reset"
			m.Text = "An administrator has taken away every way in which you sign in. " + m.Text + "\nIf you did not ask for it, tell another administrator at once.\n"
		}
		return mail.Send(ctx, m)
	}, nil
}

// provider gives the identity provider of the settings, or nil where none is named.
func (s settings) provider() (*auth.Provider, error) {
	if s.OIDCIssuer == "" {
		return nil, nil
	}
	if s.OIDCClient == "" || s.OIDCTenant == "" {
		return nil, usageError{errors.New("oidc-issuer: name oidc-client-id and oidc-tenant as well")}
	}
	u, err := url.Parse(s.OIDCIssuer)
	if err != nil || u.Host == "" || (u.Scheme != "https" && !isLoopback(u.Hostname())) {
		return nil, usageError{fmt.Errorf("oidc-issuer: %q is not an https address", s.OIDCIssuer)}
	}
	roles := map[string]usher.Role{}
	for _, pair := range words(s.OIDCRoles) {
		group, role, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || group == "" || !slices.Contains(usher.Roles(), usher.Role(role)) {
			return nil, usageError{fmt.Errorf("oidc-roles: %q is not like kyc-team=reviewer", pair)}
		}
		roles[group] = usher.Role(role)
	}
	return &auth.Provider{
		Name: s.OIDCName, Issuer: s.OIDCIssuer, ClientID: s.OIDCClient, ClientSecret: s.OIDCSecret, TenantID: s.OIDCTenant,
		RedirectURL: s.DeskURL + deskBase + "/provider/back", GroupsClaim: s.OIDCGroups, Roles: roles, ACR: words(s.OIDCACR), AMR: words(s.OIDCAMR),
	}, nil
}

// staffCall is a command line of usher staff.
type staffCall struct {
	c                   console
	tenant, email, role string
}

func staffCommand(ctx context.Context, c console, args []string) error {
	s := &staffCall{c: c}
	flags := func(fs *flag.FlagSet) {
		fs.StringVar(&s.tenant, "tenant", "", "id of the tenant")
		fs.StringVar(&s.email, "email", "", "address to sign in with")
		fs.StringVar(&s.role, "role", string(usher.RoleReviewer), "viewer, reviewer, senior, auditor, developer or admin")
	}
	words := map[string]func(*house, []string) error{}
	for word, do := range map[string]func(context.Context, *house) error{
		"invite": s.invite, "reset": s.reset, "release": s.release, "sign-out": s.signOut, "confirm": s.confirm, "create": s.create, "list": s.list,
	} {
		words[word] = func(h *house, _ []string) error { return do(ctx, h) }
	}
	return manage(ctx, c, "staff", args, flags, words)
}

// member gives the member that --tenant and --email name.
func (s *staffCall) member(ctx context.Context, h *house) (usher.Staff, error) {
	all, err := h.auth.Members(ctx, s.tenant)
	for _, m := range all {
		if strings.EqualFold(m.Email, s.email) {
			return m.Staff, nil
		}
	}
	return usher.Staff{}, errors.Join(err, usageError{fmt.Errorf("the tenant has no member of staff %q", s.email)})
}

func (s *staffCall) invite(ctx context.Context, h *house) error {
	if _, err := h.Tenant(ctx, s.tenant); err != nil {
		return err
	}
	token, err := h.auth.Invite(ctx, s.tenant, s.email, usher.Role(s.role), operator)
	if err == nil {
		h.tellLink(s.c, s.email, token)
	}
	return err
}

func (s *staffCall) reset(ctx context.Context, h *house) error {
	member, err := s.member(ctx, h)
	if err != nil {
		return err
	}
	token, err := h.auth.Reinvite(ctx, s.tenant, member.ID, operator)
	if err == nil {
		h.tellLink(s.c, member.Email, token)
	}
	return err
}

func (s *staffCall) release(ctx context.Context, h *house) error {
	member, err := s.member(ctx, h)
	if err == nil {
		err = h.auth.Release(ctx, s.tenant, member.ID, operator)
	}
	if err == nil {
		fmt.Fprintf(s.c.out, "%s may try again\n", member.Email)
	}
	return err
}

func (s *staffCall) signOut(ctx context.Context, h *house) error {
	member, err := s.member(ctx, h)
	if err == nil {
		err = h.auth.SignOut(ctx, s.tenant, member.ID, "", operator)
	}
	if err == nil {
		fmt.Fprintf(s.c.out, "%s is signed out everywhere\n", member.Email)
	}
	return err
}

// confirm is for firms with one administrator, whose word alone is not enough where two have to approve.
func (s *staffCall) confirm(ctx context.Context, h *house) error {
	all, err := h.auth.Members(ctx, s.tenant)
	for _, m := range all {
		if !strings.EqualFold(m.Email, s.email) {
			continue
		}
		if err := h.auth.Confirm(ctx, s.tenant, m.ID, m.Generation, operator); err != nil {
			return err
		}
		fmt.Fprintf(s.c.out, "%s counts where two have to approve\n", m.Email)
		return nil
	}
	return errors.Join(err, usageError{fmt.Errorf("the tenant has no member of staff %q", s.email)})
}

func (s *staffCall) create(ctx context.Context, h *house) error {
	if _, err := h.Tenant(ctx, s.tenant); err != nil {
		return err
	}
	// A command line can be read by others, so the password comes by another way.
	password := s.c.env("USHER_STAFF_PASSWORD")
	if password == "" {
		return usageError{errors.New("put the password, at least 15 characters, into the environment variable USHER_STAFF_PASSWORD, or use staff invite")}
	}
	member, err := h.auth.CreateStaff(ctx, s.tenant, auth.NewStaff{Email: s.email, Password: password, Role: usher.Role(s.role)}, operator)
	if err == nil {
		fmt.Fprintf(s.c.out, "staff %s may sign in at the desk as %s\n", member.Email, member.Role)
	}
	return err
}

func (s *staffCall) list(ctx context.Context, h *house) error {
	all, err := h.auth.Members(ctx, s.tenant)
	for _, m := range all {
		fmt.Fprintf(s.c.out, "%s  %-9s  %s  %s\n", m.ID, m.Role, m.Email, standing(m))
	}
	return err
}

// standing says by what somebody signs in, or why they do not.
func standing(m door.Member) string {
	switch {
	case m.Disabled:
		return "kept out"
	case m.Invited:
		return "invited"
	case m.Locked:
		return strings.Join(m.Ways, ", ") + "; locked out"
	}
	if m.SetUpBy != "" {
		return strings.Join(m.Ways, ", ") + "; to be confirmed"
	}
	return strings.Join(m.Ways, ", ")
}

// tellLink prints the link of an invitation.
func (h *house) tellLink(c console, email, token string) {
	fmt.Fprintf(c.out, "%s sets up how they sign in here, once and within 24 hours:\n%s\n", email, h.inviteURL(token))
	if h.settings.DeskURL == "" {
		fmt.Fprintln(c.out, "(the address begins with that of the desk; say --desk-url to have it whole)")
	}
}
