package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

const invitePrefix = "ush_in_"

// standIn ends the address of a first administrator who has yet to say their own: a name that can never be one (RFC 2606).
const standIn = "@first-admin.invalid"

func isStandIn(email string) bool { return strings.HasSuffix(email, standIn) }

// freeEmail gives an address in the form it is kept in, or an error when it is none or somebody's.
func (a *Auth) freeEmail(ctx context.Context, email string) (string, error) {
	email = plainEmail(email)
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email || isStandIn(email) {
		return "", usher.Invalid("email", "use an e-mail address such as name@example.com")
	}
	if _, err := a.store.StaffByEmail(ctx, email); err == nil {
		return "", &usher.Error{Code: usher.CodeConflict, Field: "email", Message: "somebody signs in with this e-mail address already"}
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("read staff: %w", err)
	}
	return email, nil
}

// Invite makes a member of staff who sets up how they sign in by a link; see [door.Team].
func (a *Auth) Invite(ctx context.Context, tenant, email string, role usher.Role, by usher.Actor) (string, error) {
	email, err := a.freeEmail(ctx, email)
	if err != nil {
		return "", err
	}
	row, err := a.add(ctx, tenant, email, "", role, by)
	if err != nil {
		return "", err
	}
	return a.invite(ctx, row, by)
}

// Reinvite makes a member begin anew; see [door.Team].
func (a *Auth) Reinvite(ctx context.Context, tenant, id string, by usher.Actor) (string, error) {
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return "", err
	}
	alone, err := a.onWordOf(ctx, tenant, by)
	if err != nil {
		return "", err
	}
	if err := a.store.ClearStaffMethods(ctx, row.ID, alone, a.entry(tenant, by, "staff.methods_cleared", row.ID, "")); err != nil {
		return "", fmt.Errorf("clear ways to sign in: %w", err)
	}
	if err := a.store.ResetCounter(ctx, accountCounter(row.Email)); err != nil {
		return "", fmt.Errorf("reset counter: %w", err)
	}
	if row, err = a.member(ctx, tenant, id); err != nil {
		return "", err
	}
	return a.invite(ctx, row, by)
}

// onWordOf gives the administrator on whose word alone somebody signs in whom by lets in: whoever has an invitation can use it, its maker as well.
// One who is not confirmed may be another's hand, so that it is the other's word. The operator of the server is believed.
func (a *Auth) onWordOf(ctx context.Context, tenant string, by usher.Actor) (string, error) {
	if by.Kind != usher.ByStaff {
		return "", nil
	}
	row, err := a.member(ctx, tenant, by.ID)
	if err != nil {
		return "", err
	}
	return cmp.Or(row.SetUpBy, row.ID), nil
}

// Confirm takes the word of a second administrator; see [door.Team].
func (a *Auth) Confirm(ctx context.Context, tenant, id string, generation int64, by usher.Actor) error {
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return err
	}
	if by.Kind == usher.ByStaff {
		mine, err := a.member(ctx, tenant, by.ID)
		if err != nil {
			return err
		}
		if mine.ID == row.ID || mine.ID == row.SetUpBy || mine.SetUpBy != "" {
			return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_confirm", Message: "another administrator has to confirm it"}
		}
	}
	m := door.Member{}
	if err := a.describe(ctx, row, &m); err != nil {
		return err
	}
	if m.Invited || row.Generation != generation {
		return changedMeanwhile()
	}
	err = a.store.ConfirmStaff(ctx, row, a.entry(tenant, by, "staff.confirmed", row.ID, row.SetUpBy))
	if errors.Is(err, store.ErrConflict) {
		return changedMeanwhile()
	}
	if err != nil {
		return fmt.Errorf("confirm staff: %w", err)
	}
	return nil
}

func changedMeanwhile() error {
	return &usher.Error{Code: usher.CodeConflict, Detail: "desk_confirm", Message: "they have not set up how they sign in yet, or it has changed: look again"}
}

func (a *Auth) invite(ctx context.Context, row store.StaffRow, by usher.Actor) (string, error) {
	return a.begin(ctx, tryInvite, row, []byte("{}"), inviteTime, true, a.entry(row.TenantID, by, "staff.invited", row.ID, string(row.Role)))
}

// FirstAdmin gives the secret of a link by which the first administrator of a tenant sets up how they sign in, or "" where somebody can sign in
// already. Each call makes another one, and the one before is worth nothing.
func (a *Auth) FirstAdmin(ctx context.Context, tenant string, by usher.Actor) (string, error) {
	members, err := a.Members(ctx, tenant)
	if err != nil {
		return "", err
	}
	id := ""
	for _, m := range members {
		switch {
		case !m.Invited:
			return "", nil
		case m.Role == usher.RoleAdmin && !m.Disabled:
			id = m.ID // who was given a link before, and did not use it in time
		}
	}
	if id == "" {
		made, err := a.add(ctx, tenant, tenant+standIn, "", usher.RoleAdmin, by)
		if err != nil {
			return "", err
		}
		id = made.ID
	}
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return "", err
	}
	return a.invite(ctx, row, by)
}

// Invitation tells whom an invitation is for; see [door.Door].
func (a *Auth) Invitation(ctx context.Context, token string) (door.Invited, error) {
	if !wellFormed(token, invitePrefix) {
		return door.Invited{}, unauthenticated(DetailEnded)
	}
	t, err := a.store.StaffTry(ctx, digest(token), tryInvite, a.now())
	if errors.Is(err, store.ErrNotFound) {
		return door.Invited{}, unauthenticated(DetailEnded)
	}
	if err != nil {
		return door.Invited{}, fmt.Errorf("read invitation: %w", err)
	}
	row, err := a.store.Staff(ctx, t.StaffID)
	if err != nil {
		return door.Invited{}, fmt.Errorf("read staff: %w", err)
	}
	firm, err := a.tenant(ctx, row.TenantID)
	if err != nil {
		return door.Invited{}, err
	}
	in := door.Invited{Email: row.Email, Firm: firm.Name}
	if isStandIn(row.Email) {
		in.Email = ""
	}
	return in, nil
}

// Accept uses an invitation up; see [door.Door].
func (a *Auth) Accept(ctx context.Context, token string, v door.Visitor) (door.Session, error) {
	if !wellFormed(token, invitePrefix) {
		return door.Session{}, unauthenticated(DetailEnded)
	}
	t, err := a.take(ctx, tryInvite, token)
	if err != nil {
		return door.Session{}, err
	}
	row, err := a.store.Staff(ctx, t.StaffID)
	if err != nil {
		return door.Session{}, fmt.Errorf("read staff: %w", err)
	}
	if row.Generation != t.Generation || row.Disabled {
		return door.Session{}, unauthenticated(DetailEnded)
	}
	return a.letIn(ctx, row, door.Setup, byInvitation, v)
}

// Finish lets somebody in who has set up enough; see [door.Door].
func (a *Auth) Finish(ctx context.Context, s door.Session, _ door.Visitor) (door.Session, error) {
	if s.Stage != door.Setup { // for who is in, another session would be a proof that nobody gave
		return s, &usher.Error{Code: usher.CodeConflict, Detail: "desk_not_enough", Message: "there is nothing to finish"}
	}
	row, err := a.own(ctx, s)
	if err != nil {
		return s, err
	}
	acc, err := a.account(ctx, row)
	if err != nil {
		return s, err
	}
	if acc.Unnamed {
		return s, usher.Invalid("email", "say your e-mail address")
	}
	if !acc.Enough() {
		return s, &usher.Error{Code: usher.CodeConflict, Detail: "desk_not_enough", Message: "set up a passkey, or a password with one-time codes"}
	}
	return a.promote(ctx, s, row, door.In, s.Method)
}
