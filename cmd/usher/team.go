package main

import (
	"context"
	"crypto/rand"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/desk"
)

// deskTeam lets administrators make and change members of staff at the desk.
type deskTeam struct{ *auth.Auth }

var _ desk.Team = deskTeam{}

// Members lists a tenant's staff.
func (t deskTeam) Members(ctx context.Context, tenant string) ([]desk.Member, error) {
	all, err := t.Auth.Members(ctx, tenant)
	list := make([]desk.Member, len(all))
	for i, m := range all {
		list[i] = desk.Member{Staff: m.Staff, Disabled: m.Disabled}
	}
	return list, err
}

// Invite makes a member with a password of 128 random bits, which is told once.
func (t deskTeam) Invite(ctx context.Context, tenant, email string, role usher.Role, by usher.Actor) (string, error) {
	password := rand.Text()
	_, err := t.CreateStaff(ctx, tenant, auth.NewStaff{Email: email, Password: password, Role: role}, by)
	return password, err
}

// NewPassword gives a member such a password.
func (t deskTeam) NewPassword(ctx context.Context, tenant, id string, by usher.Actor) (string, error) {
	password := rand.Text()
	return password, t.SetPassword(ctx, tenant, id, password, by)
}
