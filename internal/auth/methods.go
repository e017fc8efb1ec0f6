package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// What is under way for a short time, and how long.
const (
	trySecret   = "totp"
	tryRegister = "register"
	tryPasskey  = "passkey"
	tryProvider = "provider"
	tryInvite   = "invite"
	tryForm     = "form"

	tryTime    = 10 * time.Minute
	inviteTime = 24 * time.Hour
)

const mostPasskeys = 20

// own gives the member of a session who may change how they sign in: while they set it up, or right after they proved who they are.
func (a *Auth) own(ctx context.Context, s door.Session) (store.StaffRow, error) {
	if s.Stage != door.Setup && (s.Stage != door.In || !s.Fresh(a.now())) {
		return store.StaffRow{}, &usher.Error{Code: usher.CodeForbidden, Detail: "desk_prove", Message: "prove first who you are"}
	}
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return store.StaffRow{}, fmt.Errorf("read staff: %w", err)
	}
	return row, nil
}

// changed gives the entry of the trail for a change that a member made of how they sign in.
func (a *Auth) changed(row store.StaffRow, action, detail string) usher.AuditRecord {
	return a.entry(row.TenantID, staffOf(row).Actor(), action, row.ID, detail)
}

// Account shows how the member of a session signs in; see [door.Door].
func (a *Auth) Account(ctx context.Context, s door.Session) (door.Account, error) {
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return door.Account{}, fmt.Errorf("read staff: %w", err)
	}
	return a.account(ctx, row)
}

func (a *Auth) account(ctx context.Context, row store.StaffRow) (door.Account, error) {
	acc := door.Account{Email: row.Email, Unnamed: isStandIn(row.Email), Password: row.PasswordHash != "", TOTP: row.TOTP != nil}
	var err error
	if acc.Rules, err = a.Rules(ctx, row.TenantID); err != nil {
		return acc, err
	}
	if acc.Codes, err = a.store.StaffCodesLeft(ctx, row.ID); err != nil {
		return acc, fmt.Errorf("count recovery codes: %w", err)
	}
	keys, err := a.store.Passkeys(ctx, row.ID)
	if err != nil {
		return acc, fmt.Errorf("read passkeys: %w", err)
	}
	for _, k := range keys {
		acc.Passkeys = append(acc.Passkeys, passkeyOf(k))
	}
	elsewhere, err := a.store.Identities(ctx, row.ID)
	if err != nil {
		return acc, fmt.Errorf("read identities: %w", err)
	}
	for _, i := range elsewhere {
		acc.Identities = append(acc.Identities, door.Identity{Issuer: i.Issuer, Subject: i.Subject, UsedAt: i.UsedAt})
	}
	acc.Sessions, err = a.sessions(ctx, row)
	return acc, err
}

// sessions lists where a member is signed in.
func (a *Auth) sessions(ctx context.Context, row store.StaffRow) ([]door.Session, error) {
	now := a.now()
	rows, err := a.store.StaffSessions(ctx, row.ID, now.Add(-a.config.Idle))
	if err != nil {
		return nil, fmt.Errorf("read staff sessions: %w", err)
	}
	var list []door.Session
	for _, r := range rows {
		if a.over(r, row, now) == "" {
			list = append(list, sessionOf(r, row, ""))
		}
	}
	return list, nil
}

// Name takes the e-mail address of somebody whose own is a stand-in; see [door.Door].
func (a *Auth) Name(ctx context.Context, s door.Session, email string) error {
	row, err := a.own(ctx, s)
	if err != nil {
		return err
	}
	if !isStandIn(row.Email) {
		return nil
	}
	if email, err = a.freeEmail(ctx, email); err != nil {
		return err
	}
	if err := a.store.ChangeStaff(ctx, row.ID, store.StaffChange{Email: &email, Keep: digest(s.Cookie)}, a.changed(row, "staff.named", "")); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return nil
}

// SetOwnPassword gives the member of a session another password; see [door.Door].
func (a *Auth) SetOwnPassword(ctx context.Context, s door.Session, password string) (door.Session, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return s, err
	}
	hash, err := a.newPassword(ctx, row, password)
	if err != nil {
		return s, err
	}
	change := store.StaffChange{PasswordHash: &hash, Keep: digest(s.Cookie)}
	if err := a.store.ChangeStaff(ctx, row.ID, change, a.changed(row, "staff.password_changed", "")); err != nil {
		return s, fmt.Errorf("write staff: %w", err)
	}
	return a.turned(ctx, s)
}

// turned gives the session another cookie after a change of how its member signs in. The proof stays as old as it is.
func (a *Auth) turned(ctx context.Context, s door.Session) (door.Session, error) {
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return s, fmt.Errorf("read staff: %w", err)
	}
	return a.exchange(ctx, s, row, change{stage: s.Stage, method: s.Method, proved: s.ProvedAt, since: s.Since, failed: int64(s.Failed)})
}

// BeginTOTP makes a secret; see [door.Door].
func (a *Auth) BeginTOTP(ctx context.Context, s door.Session) (string, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return "", err
	}
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret)
	sealed, err := a.sealTOTP(row, secret)
	if err != nil {
		return "", err
	}
	return a.begin(ctx, trySecret, row, sealed, tryTime, true)
}

// PendingTOTP shows a secret that is not confirmed yet; see [door.Door].
func (a *Auth) PendingTOTP(ctx context.Context, s door.Session, ticket string) (door.Pending, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return door.Pending{}, err
	}
	secret, _, err := a.pending(ctx, row, ticket)
	if err != nil {
		return door.Pending{}, err
	}
	return door.Pending{URI: totpURI(secret, row.Email), Secret: secretText(secret)}, nil
}

func (a *Auth) pending(ctx context.Context, row store.StaffRow, ticket string) (secret, sealed []byte, err error) {
	t, err := a.store.StaffTry(ctx, digest(ticket), trySecret, a.now())
	if errors.Is(err, store.ErrNotFound) || (err == nil && t.StaffID != row.ID) {
		return nil, nil, usher.NotFound("code")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read secret of codes: %w", err)
	}
	secret, err = a.openTOTP(row, t.Doc)
	return secret, t.Doc, err
}

// CommitTOTP takes the first code of a new secret; see [door.Door].
func (a *Auth) CommitTOTP(ctx context.Context, s door.Session, ticket, code string) ([]string, door.Session, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return nil, s, err
	}
	secret, sealed, err := a.pending(ctx, row, ticket)
	if err != nil {
		return nil, s, err
	}
	step := matchStep(secret, plainCode(code), a.now())
	if step == 0 {
		return nil, s, usher.Invalid("code", "this is not the code that is shown now")
	}
	if _, err := a.take(ctx, trySecret, ticket); err != nil {
		return nil, s, err
	}
	codes, hashes := newRecoveryCodes(row.ID)
	if err := a.store.SetStaffTOTP(ctx, row.ID, sealed, step, hashes, a.changed(row, "staff.totp_added", "")); err != nil {
		return nil, s, fmt.Errorf("write secret of codes: %w", err)
	}
	s, err = a.turned(ctx, s)
	return codes, s, err
}

// RemoveTOTP takes one-time and recovery codes away; see [door.Door].
func (a *Auth) RemoveTOTP(ctx context.Context, s door.Session) (door.Session, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return s, err
	}
	if err := a.without(ctx, row, func(acc *door.Account) { acc.TOTP = false }); err != nil {
		return s, err
	}
	if err := a.store.SetStaffTOTP(ctx, row.ID, nil, 0, nil, a.changed(row, "staff.totp_removed", "")); err != nil {
		return s, fmt.Errorf("write secret of codes: %w", err)
	}
	return a.othersOut(ctx, s, row)
}

// without refuses to take away what somebody needs to come in again.
func (a *Auth) without(ctx context.Context, row store.StaffRow, take func(*door.Account)) error {
	acc, err := a.account(ctx, row)
	if err != nil {
		return err
	}
	if take(&acc); !acc.Enough() {
		return &usher.Error{Code: usher.CodeConflict, Detail: "desk_last_way", Message: "this is your only way to sign in: add another first"}
	}
	return nil
}

// othersOut ends the member's other sessions and turns this one: what was taken away may have been taken from somebody else.
func (a *Auth) othersOut(ctx context.Context, s door.Session, row store.StaffRow) (door.Session, error) {
	if err := a.store.EndStaffSessions(ctx, row.ID, digest(s.Cookie)); err != nil {
		return s, fmt.Errorf("end staff sessions: %w", err)
	}
	return a.turned(ctx, s)
}

// NewCodes gives new recovery codes; see [door.Door].
func (a *Auth) NewCodes(ctx context.Context, s door.Session) ([]string, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return nil, err
	}
	if row.TOTP == nil {
		return nil, usher.Invalid("codes", "recovery codes stand in for one-time codes: set those up first")
	}
	codes, hashes := newRecoveryCodes(row.ID)
	if err := a.store.SetStaffCodes(ctx, row.ID, hashes, a.changed(row, "staff.codes_renewed", "")); err != nil {
		return nil, fmt.Errorf("write recovery codes: %w", err)
	}
	return codes, nil
}

// EndSession ends one of the member's sessions; see [door.Door].
func (a *Auth) EndSession(ctx context.Context, s door.Session, id string) error {
	return a.endSession(ctx, s.Staff.TenantID, s.Staff.ID, id, s.Staff.Actor())
}

func (a *Auth) endSession(ctx context.Context, tenant, staff, id string, by usher.Actor) error {
	err := a.store.EndStaffSession(ctx, staff, id, a.entry(tenant, by, "staff.session_ended", staff, id))
	if errors.Is(err, store.ErrConflict) {
		return usher.NotFound("session")
	}
	if err != nil {
		return fmt.Errorf("end staff session: %w", err)
	}
	return nil
}

// EndOthers ends all of the member's sessions but this one; see [door.Door].
func (a *Auth) EndOthers(ctx context.Context, s door.Session) error {
	e := a.entry(s.Staff.TenantID, s.Staff.Actor(), "staff.sessions_ended", s.Staff.ID, "others")
	if err := a.store.EndStaffSessions(ctx, s.Staff.ID, digest(s.Cookie), e); err != nil {
		return fmt.Errorf("end staff sessions: %w", err)
	}
	return nil
}

// begin keeps something under way and gives the ticket that leads to it.
func (a *Auth) begin(ctx context.Context, kind string, row store.StaffRow, doc []byte, length time.Duration, alone bool, audit ...usher.AuditRecord) (string, error) {
	ticket := newCookie()
	if kind == tryInvite {
		ticket = newSecret(invitePrefix)
	}
	t := store.StaffTryRow{Hash: digest(ticket), Kind: kind, StaffID: row.ID, Generation: row.Generation, Doc: doc, EndsAt: a.now().Add(length)}
	if err := a.store.AddStaffTry(ctx, t, alone, audit...); err != nil {
		return "", fmt.Errorf("write what is under way: %w", err)
	}
	return ticket, nil
}

// take uses up what a ticket leads to. CodeUnauthenticated when it is too late, or was used before.
func (a *Auth) take(ctx context.Context, kind, ticket string) (store.StaffTryRow, error) {
	t, err := a.store.TakeStaffTry(ctx, digest(ticket), kind, a.now())
	if errors.Is(err, store.ErrNotFound) {
		return t, unauthenticated(DetailEnded)
	}
	if err != nil {
		return t, fmt.Errorf("read what is under way: %w", err)
	}
	return t, nil
}

// Rules are how a tenant's staff may sign in; see [door.Team].
func (a *Auth) Rules(ctx context.Context, tenant string) (door.Rules, error) {
	doc, err := a.store.StaffRules(ctx, tenant)
	var r door.Rules
	switch {
	case err == nil:
		if err := json.Unmarshal(doc, &r); err != nil {
			return r, fmt.Errorf("read rules of signing in: %w", err)
		}
		return r, nil
	case !errors.Is(err, store.ErrNotFound):
		return r, fmt.Errorf("read rules of signing in: %w", err)
	}
	t, err := a.tenant(ctx, tenant)
	if err != nil {
		return r, err
	}
	return door.Rules{Passkeys: true, Passwords: true, Provider: true, Second: t.Mode == usher.Live}, nil
}

// SetRules changes how a tenant's staff may sign in; see [door.Team]. Who changes them must be able to come in by them.
func (a *Auth) SetRules(ctx context.Context, tenant string, r door.Rules, by usher.Actor) error {
	before, err := a.Rules(ctx, tenant)
	if err != nil {
		return err
	}
	if by.Kind == usher.ByStaff {
		row, err := a.member(ctx, tenant, by.ID)
		if err != nil {
			return err
		}
		acc, err := a.account(ctx, row)
		if err != nil {
			return err
		}
		if acc.Rules = r; !acc.Enough() {
			return &usher.Error{Code: usher.CodeConflict, Detail: "desk_last_way", Message: "you could not sign in by these rules: add another way to your account first"}
		}
	}
	doc, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write rules of signing in: %w", err)
	}
	e := a.entry(tenant, by, "staff.rules_changed", tenant, rulesText(before)+" → "+rulesText(r))
	if err := a.store.PutStaffRules(ctx, tenant, doc, e); err != nil {
		return fmt.Errorf("write rules of signing in: %w", err)
	}
	return nil
}

func rulesText(r door.Rules) string {
	var words []string
	for _, w := range []struct {
		on   bool
		word string
	}{{r.Passkeys, "passkeys"}, {r.Passwords, "passwords"}, {r.Provider, "provider"}, {r.Second, "second factor"}} {
		if w.on {
			words = append(words, w.word)
		}
	}
	return fmt.Sprint(slices.Clip(words))
}

func encodeID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }
