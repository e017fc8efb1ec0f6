package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// NewStaff is what is needed to make a member of staff.
type NewStaff struct {
	Email    string
	Password string
	Role     usher.Role
}

// CreateStaff makes a member of a tenant's staff who signs in with a password. The e-mail address is what they sign in with, so nobody else may have it.
func (a *Auth) CreateStaff(ctx context.Context, tenant string, n NewStaff, by usher.Actor) (usher.Staff, error) {
	email, err := a.freeEmail(ctx, n.Email)
	if err != nil {
		return usher.Staff{}, err
	}
	if !n.Role.May(usher.ActUseDesk) {
		return usher.Staff{}, wrongRole()
	}
	hash, err := a.newPassword(ctx, store.StaffRow{TenantID: tenant, Email: email}, n.Password)
	if err != nil {
		return usher.Staff{}, err
	}
	row, err := a.add(ctx, tenant, email, hash, n.Role, by)
	return staffOf(row), err
}

// add writes a new member.
func (a *Auth) add(ctx context.Context, tenant, email, hash string, role usher.Role, by usher.Actor) (store.StaffRow, error) {
	if !role.May(usher.ActUseDesk) {
		return store.StaffRow{}, wrongRole()
	}
	if _, err := a.tenant(ctx, tenant); err != nil {
		return store.StaffRow{}, err
	}
	alone, err := a.onWordOf(ctx, tenant, by)
	if err != nil {
		return store.StaffRow{}, err
	}
	now := a.now()
	row := store.StaffRow{ID: newID(now), TenantID: tenant, Email: email, PasswordHash: hash, Role: role, CreatedAt: now, SetUpBy: alone}
	if err := a.store.AddStaff(ctx, row, a.entry(tenant, by, "staff.created", row.ID, string(role))); err != nil {
		return store.StaffRow{}, fmt.Errorf("write staff: %w", err)
	}
	return row, nil
}

// newPassword gives the hash of a password that is good enough for a member.
func (a *Auth) newPassword(ctx context.Context, row store.StaffRow, password string) (string, error) {
	firm, err := a.tenant(ctx, row.TenantID)
	if err != nil {
		return "", err
	}
	if err := goodPassword(row.Email, firm.Name, password); err != nil {
		return "", err
	}
	return hashed(ctx, a, func() (string, error) { return hashPassword(password, a.config.HashMemory), nil })
}

func wrongRole() error {
	return usher.Invalid("role", "use viewer, reviewer, senior, auditor, developer or admin")
}

// Members lists a tenant's staff; see [door.Team].
func (a *Auth) Members(ctx context.Context, tenant string) ([]door.Member, error) {
	rows, err := a.store.ListStaff(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	list := make([]door.Member, len(rows))
	for i, row := range rows {
		list[i] = door.Member{Staff: staffOf(row), Disabled: row.Disabled, CreatedAt: row.CreatedAt, SetUpBy: row.SetUpBy, Generation: row.Generation}
		if err := a.describe(ctx, row, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// describe adds to a member by what they sign in, and whether they are locked out.
func (a *Auth) describe(ctx context.Context, row store.StaffRow, m *door.Member) error {
	acc, err := a.account(ctx, row)
	if err != nil {
		return err
	}
	for _, w := range []struct {
		has bool
		way string
	}{{len(acc.Passkeys) > 0, "passkey"}, {acc.Password, "password"}, {acc.TOTP, "totp"}, {len(acc.Identities) > 0, "provider"}} {
		if w.has {
			m.Ways = append(m.Ways, w.way)
		}
	}
	m.Invited = len(m.Ways) == 0
	for _, counter := range []string{accountCounter(row.Email), secondCounter(row.ID)} {
		n, _, err := a.store.Counter(ctx, counter, a.now())
		if err != nil {
			return fmt.Errorf("read counter: %w", err)
		}
		m.Locked = m.Locked || n > wrongPerAccount
	}
	return nil
}

// Member gives a member of a tenant's staff by id, disabled or not: what they did keeps their name.
func (a *Auth) Member(ctx context.Context, tenant, id string) (usher.Staff, error) {
	row, err := a.member(ctx, tenant, id)
	return staffOf(row), err
}

func (a *Auth) member(ctx context.Context, tenant, id string) (store.StaffRow, error) {
	row, err := a.store.Staff(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.TenantID != tenant) {
		return store.StaffRow{}, usher.NotFound("member of staff")
	}
	if err != nil {
		return store.StaffRow{}, fmt.Errorf("read staff: %w", err)
	}
	return row, nil
}

// Disable keeps a member of staff out, or lets them in again; see [door.Team]. Who is signed in is out with their next request.
func (a *Auth) Disable(ctx context.Context, tenant, id string, disabled bool, by usher.Actor) error {
	if _, err := a.member(ctx, tenant, id); err != nil {
		return err
	}
	action := "staff.enabled"
	if disabled {
		action = "staff.disabled"
	}
	if err := a.store.ChangeStaff(ctx, id, store.StaffChange{Disabled: &disabled}, a.entry(tenant, by, action, id, "")); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return nil
}

// SetRole gives a member of staff another role; see [door.Team]. They sign in anew.
func (a *Auth) SetRole(ctx context.Context, tenant, id string, role usher.Role, by usher.Actor) error {
	if !role.May(usher.ActUseDesk) {
		return wrongRole()
	}
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return err
	}
	e := a.entry(tenant, by, "staff.role_changed", id, string(row.Role)+" → "+string(role))
	if err := a.store.ChangeStaff(ctx, id, store.StaffChange{Role: &role}, e); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return nil
}

// SetPassword gives a member of staff a new password and signs them out everywhere.
func (a *Auth) SetPassword(ctx context.Context, tenant, id, password string, by usher.Actor) error {
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return err
	}
	hash, err := a.newPassword(ctx, row, password)
	if err != nil {
		return err
	}
	if err := a.store.ChangeStaff(ctx, id, store.StaffChange{PasswordHash: &hash}, a.entry(tenant, by, "staff.password_changed", id, "")); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return nil
}

// Sessions lists where a member is signed in; see [door.Team].
func (a *Auth) Sessions(ctx context.Context, tenant, id string) ([]door.Session, error) {
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	return a.sessions(ctx, row)
}

// SignOut ends a member's session, or all; see [door.Team].
func (a *Auth) SignOut(ctx context.Context, tenant, id, session string, by usher.Actor) error {
	if _, err := a.member(ctx, tenant, id); err != nil {
		return err
	}
	if session != "" {
		return a.endSession(ctx, tenant, id, session, by)
	}
	if err := a.store.EndStaffSessions(ctx, id, nil, a.entry(tenant, by, "staff.sessions_ended", id, "all")); err != nil {
		return fmt.Errorf("end staff sessions: %w", err)
	}
	return nil
}

// Release lets a member try again; see [door.Team].
func (a *Auth) Release(ctx context.Context, tenant, id string, by usher.Actor) error {
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return err
	}
	for _, counter := range []string{accountCounter(row.Email), secondCounter(row.ID)} {
		if err := a.store.ResetCounter(ctx, counter); err != nil {
			return fmt.Errorf("reset counter: %w", err)
		}
	}
	return a.audit(ctx, tenant, by, "staff.released", id, "")
}

// SetKeys switches the single-letter keys of the desk off, or on again; see [door.Door].
func (a *Auth) SetKeys(ctx context.Context, staff string, off bool) error {
	if err := a.store.SetStaffKeys(ctx, staff, off); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return nil
}

// Reviewers lists those of a tenant's staff who may decide now, by e-mail address, at most so many.
func (a *Auth) Reviewers(ctx context.Context, tenant string, most int) ([]usher.Staff, error) {
	rows, err := a.store.ListStaff(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	var list []usher.Staff
	for _, row := range rows {
		if !row.Disabled && row.Role.May(usher.ActTakeCase) && len(list) < most {
			list = append(list, staffOf(row))
		}
	}
	return list, nil
}

// hashed does work on a password when there is room for it.
func hashed[T any](ctx context.Context, a *Auth, work func() (T, error)) (T, error) {
	select {
	case a.hashes <- struct{}{}:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { <-a.hashes }()
	a.runs.Add(1)
	return work()
}

func staffOf(row store.StaffRow) usher.Staff {
	return usher.Staff{ID: row.ID, TenantID: row.TenantID, Email: row.Email, Role: row.Role, KeysOff: row.KeysOff}
}

func plainEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
