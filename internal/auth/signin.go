package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// Wrong tries within the window before an account, or all accounts from one address, must wait for its end. A password, a code and a passkey are
// counted apart: who knows an e-mail address alone can keep its owner from using the password, and not from using a passkey.
const (
	wrongPerAccount = 5
	wrongPerAddress = 20
	wrongWindow     = 15 * time.Minute
	asksPerAddress  = 300 // challenges of passkeys and sign-ins elsewhere, begun within the window
)

// How long failed tries are kept to be told at the next sign-in. What was tried on an address that nobody has is forgotten sooner.
const toldFor = 90 * 24 * time.Hour

// Ways in which it was proved who somebody is.
const (
	byPassword   = "password"
	byTOTP       = "password+totp"
	byRecovery   = "password+recovery"
	byPasskey    = "passkey"
	byProvider   = "provider"
	byInvitation = "invitation"
)

// Details of a CodeUnauthenticated that a page may tell apart.
const (
	DetailIdle    = "idle"    // nothing was done for too long
	DetailEnded   = "ended"   // the day is over, or somebody ended it
	DetailBrowser = "browser" // the cookie came from another kind of browser than it was given to
	DetailWrong   = "wrong_password"
	DetailCode    = "wrong_code"
)

// SignIn takes a password; see [door.Door]. An unknown address, a wrong password and a member who is kept out get the same answer
// (CodeUnauthenticated, DetailWrong) after the same work. CodeLimited tells to wait.
func (a *Auth) SignIn(ctx context.Context, email, password string, v door.Visitor) (door.Session, error) {
	email = plainEmail(email)
	if len(email) > longestPassword || len(password) > longestPassword {
		return door.Session{}, unauthenticated(DetailWrong)
	}
	row, err := a.store.StaffByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return door.Session{}, fmt.Errorf("read staff: %w", err)
	}
	who := try{row: row, email: email, counter: accountCounter(email), what: byPassword, visitor: v}
	if err := a.mayTry(ctx, who); err != nil {
		return door.Session{}, err
	}
	right, err := a.rightPassword(ctx, row, password)
	if err != nil {
		return door.Session{}, err
	}
	if !right {
		return door.Session{}, a.wrong(ctx, who, DetailWrong)
	}
	stage, err := a.owed(ctx, row)
	if err != nil {
		return door.Session{}, err
	}
	if stage == refused {
		return door.Session{}, a.wrong(ctx, who, DetailWrong)
	}
	if err := a.store.ResetCounter(ctx, who.counter); err != nil {
		return door.Session{}, fmt.Errorf("reset counter: %w", err)
	}
	return a.letIn(ctx, row, stage, byPassword, v)
}

// rightPassword compares a password, with a decoy where there is none to compare with, so that it takes as long.
func (a *Auth) rightPassword(ctx context.Context, row store.StaffRow, password string) (bool, error) {
	known := row.ID != "" && !row.Disabled && row.PasswordHash != ""
	hash := a.decoy
	if known {
		hash = row.PasswordHash
	}
	right, err := hashed(ctx, a, func() (bool, error) { return passwordMatches(hash, password) })
	return right && known, err
}

// refused is the stage of somebody whose password is right and of no use.
const refused door.Stage = "refused"

// owed says what is asked of somebody whose password is right. Who has a passkey or an identity elsewhere beside the password, and no one-time
// codes, has to come by that: a password alone must not be the way around it.
func (a *Auth) owed(ctx context.Context, row store.StaffRow) (door.Stage, error) {
	rules, err := a.Rules(ctx, row.TenantID)
	if err != nil {
		return "", err
	}
	switch {
	case !rules.Passwords:
		return refused, nil
	case row.TOTP != nil:
		return door.Second, nil
	case !rules.Second:
		return door.In, nil
	}
	keys, err := a.store.Passkeys(ctx, row.ID)
	if err != nil {
		return "", fmt.Errorf("read passkeys: %w", err)
	}
	elsewhere, err := a.store.Identities(ctx, row.ID)
	if err != nil {
		return "", fmt.Errorf("read identities: %w", err)
	}
	if len(keys)+len(elsewhere) > 0 {
		return refused, nil
	}
	return door.Setup, nil
}

// Second takes a one-time or recovery code; see [door.Door].
func (a *Auth) Second(ctx context.Context, s door.Session, code string, v door.Visitor) (door.Session, error) {
	if s.Stage != door.Second {
		return door.Session{}, unauthenticated("")
	}
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return door.Session{}, fmt.Errorf("read staff: %w", err)
	}
	method, err := a.takeCode(ctx, row, code, v)
	if err != nil {
		return door.Session{}, err
	}
	return a.promote(ctx, s, row, door.In, method)
}

// takeCode uses up a one-time or recovery code of a member, and says which it was.
func (a *Auth) takeCode(ctx context.Context, row store.StaffRow, code string, v door.Visitor) (string, error) {
	who := try{row: row, email: row.Email, counter: secondCounter(row.ID), what: "code", visitor: v}
	if err := a.mayTry(ctx, who); err != nil {
		return "", err
	}
	method, err := a.useCode(ctx, row, code)
	if err != nil {
		return "", err
	}
	if method == "" {
		return "", a.wrong(ctx, who, DetailCode)
	}
	if err := a.store.ResetCounter(ctx, who.counter); err != nil {
		return "", fmt.Errorf("reset counter: %w", err)
	}
	return method, nil
}

// Prove takes password and code once more; see [door.Door].
func (a *Auth) Prove(ctx context.Context, s door.Session, password, code string, v door.Visitor) (door.Session, error) {
	if s.Stage != door.In || len(password) > longestPassword {
		return door.Session{}, unauthenticated(DetailWrong)
	}
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return door.Session{}, fmt.Errorf("read staff: %w", err)
	}
	who := try{row: row, email: row.Email, counter: accountCounter(row.Email), what: byPassword, visitor: v}
	if err := a.mayTry(ctx, who); err != nil {
		return door.Session{}, err
	}
	right, err := a.rightPassword(ctx, row, password)
	if err != nil {
		return door.Session{}, err
	}
	stage := refused
	if right {
		if stage, err = a.owed(ctx, row); err != nil {
			return door.Session{}, err
		}
	}
	if stage == refused || stage == door.Setup {
		return door.Session{}, a.wrong(ctx, who, DetailWrong)
	}
	if err := a.store.ResetCounter(ctx, who.counter); err != nil {
		return door.Session{}, fmt.Errorf("reset counter: %w", err)
	}
	method := byPassword
	if stage == door.Second {
		if method, err = a.takeCode(ctx, row, code, v); err != nil {
			return door.Session{}, err
		}
	}
	return a.promote(ctx, s, row, door.In, method)
}

// try is one try to prove who somebody is. The row is empty for an address that nobody has.
type try struct {
	row     store.StaffRow
	email   string
	counter string
	what    string
	visitor door.Visitor
}

// mayTry counts a try, and refuses it when there were too many. The try is counted before it is looked at, so that many at once are not more than
// one after the other; a right one takes the count back.
func (a *Auth) mayTry(ctx context.Context, t try) error {
	now := a.now()
	fromAddress, ends, err := a.store.Counter(ctx, addressCounter(t.visitor.Address), now)
	if err != nil {
		return fmt.Errorf("read counter: %w", err)
	}
	if fromAddress >= wrongPerAddress {
		a.config.Signed("locked")
		return waitUntil(ends, now)
	}
	tries, ends, err := a.store.Count(ctx, t.counter, now, wrongWindow)
	if err != nil {
		return fmt.Errorf("raise counter: %w", err)
	}
	if tries <= wrongPerAccount {
		return nil
	}
	a.config.Signed("locked")
	if tries == wrongPerAccount+1 {
		if err := a.store.CountEach(ctx, nil, now, a.entryOf(t, "staff.locked_out")); err != nil {
			return fmt.Errorf("note lock-out: %w", err)
		}
	}
	return waitUntil(ends, now)
}

// wrong counts a wrong try against its address and for the next sign-in. What nobody has an account for costs the same writes as what somebody has.
func (a *Auth) wrong(ctx context.Context, t try, detail string) error {
	told := wrongWindow
	if t.row.ID != "" {
		told = toldFor
	}
	counters := map[string]time.Duration{addressCounter(t.visitor.Address): wrongWindow, failedCounter(t.email): told}
	if err := a.store.CountEach(ctx, counters, a.now(), a.entryOf(t, "staff.sign_in_failed")); err != nil {
		return fmt.Errorf("raise counter: %w", err)
	}
	a.config.Signed("wrong")
	a.config.Log.WarnContext(ctx, "a member of staff could not sign in", "staff_id", t.row.ID, "by", t.what)
	return unauthenticated(detail)
}

// entryOf gives the entry of the trail for a try, or nil when nobody has the account.
func (a *Auth) entryOf(t try, action string) *usher.AuditRecord {
	if t.row.ID == "" {
		return nil
	}
	r := a.entry(t.row.TenantID, usher.Actor{Kind: usher.BySystem}, action, t.row.ID, t.what)
	return &r
}

func waitUntil(ends, now time.Time) error {
	minutes := int((ends.Sub(now) + time.Minute - 1) / time.Minute)
	return &usher.Error{
		Code: usher.CodeLimited, Detail: "sign_in", Message: fmt.Sprintf("too many wrong tries; try again in %d min", max(minutes, 1)),
	}
}

// mayAsk bounds how much of what is kept for some minutes one address can begin.
func (a *Auth) mayAsk(ctx context.Context, v door.Visitor) error {
	now := a.now()
	n, ends, err := a.store.Count(ctx, "sign_in/asks/"+shortHash(v.Address), now, wrongWindow)
	if err != nil {
		return fmt.Errorf("raise counter: %w", err)
	}
	if n > asksPerAddress {
		return waitUntil(ends, now)
	}
	return nil
}

// Counters carry hashes: an e-mail address in clear would be one more place to forget it from.
func accountCounter(email string) string { return "sign_in/account/" + shortHash(email) }

func secondCounter(staff string) string { return "sign_in/second/" + shortHash(staff) }

func failedCounter(email string) string { return "sign_in/failed/" + shortHash(email) }

func addressCounter(address string) string { return "sign_in/address/" + shortHash(address) }

func shortHash(text string) string { return hex.EncodeToString(digest(text)[:16]) }
