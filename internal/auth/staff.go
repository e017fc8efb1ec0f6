package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Wrong passwords within the window before an account, or all accounts from one address, must wait for its end.
const (
	wrongPerAccount = 5
	wrongPerAddress = 20
	wrongWindow     = 15 * time.Minute
)

// seenEvery is how often a session's last request is written down. A session may so end this much before its idle time, never after it.
const seenEvery = 10 * time.Second

// Details of a CodeUnauthenticated that a page may tell apart.
const (
	DetailIdle  = "idle"  // nothing was done for too long
	DetailEnded = "ended" // the day is over
	DetailWrong = "wrong_password"
)

// NewStaff is what is needed to make a member of staff.
type NewStaff struct {
	Email    string
	Password string
	Role     usher.Role
}

// CreateStaff makes a member of a tenant's staff. The e-mail address is what they sign in with, so nobody else may have it.
func (a *Auth) CreateStaff(ctx context.Context, tenant string, n NewStaff, by usher.Actor) (usher.Staff, error) {
	email := plainEmail(n.Email)
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
		return usher.Staff{}, usher.Invalid("email", "use an e-mail address such as name@example.com")
	}
	if !n.Role.May(usher.ActUseDesk) {
		return usher.Staff{}, usher.Invalid("role", "use viewer, reviewer, senior, auditor, developer or admin")
	}
	if err := goodPassword(email, n.Password); err != nil {
		return usher.Staff{}, err
	}
	if _, err := a.store.StaffByEmail(ctx, email); err == nil {
		return usher.Staff{}, &usher.Error{Code: usher.CodeConflict, Field: "email", Message: "somebody signs in with this e-mail address already"}
	} else if !errors.Is(err, store.ErrNotFound) {
		return usher.Staff{}, fmt.Errorf("read staff: %w", err)
	}
	hash, err := hashed(ctx, a, func() (string, error) { return hashPassword(n.Password, a.config.HashMemory), nil })
	if err != nil {
		return usher.Staff{}, err
	}
	if _, err := a.tenant(ctx, tenant); err != nil {
		return usher.Staff{}, err
	}
	now := a.now()
	row := store.StaffRow{ID: newID(now), TenantID: tenant, Email: email, PasswordHash: hash, Role: n.Role, CreatedAt: now}
	if err := a.store.AddStaff(ctx, row); err != nil {
		return usher.Staff{}, fmt.Errorf("write staff: %w", err)
	}
	return staffOf(row), a.audit(ctx, tenant, by, "staff.created", row.ID, string(n.Role))
}

// Member is a member of staff as a list shows them.
type Member struct {
	usher.Staff
	Disabled  bool
	CreatedAt time.Time
}

// Members lists a tenant's staff, by e-mail address.
func (a *Auth) Members(ctx context.Context, tenant string) ([]Member, error) {
	rows, err := a.store.ListStaff(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	list := make([]Member, len(rows))
	for i, row := range rows {
		list[i] = Member{Staff: staffOf(row), Disabled: row.Disabled, CreatedAt: row.CreatedAt}
	}
	return list, nil
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

// Disable keeps a member of staff out, or lets them in again. Who is signed in is out with their next request.
func (a *Auth) Disable(ctx context.Context, tenant, id string, disabled bool, by usher.Actor) error {
	if _, err := a.member(ctx, tenant, id); err != nil {
		return err
	}
	if err := a.store.ChangeStaff(ctx, id, store.StaffChange{Disabled: &disabled}); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	action := "staff.enabled"
	if disabled {
		action = "staff.disabled"
	}
	return a.audit(ctx, tenant, by, action, id, "")
}

// SetRole gives a member of staff another role, which holds from their next request on.
func (a *Auth) SetRole(ctx context.Context, tenant, id string, role usher.Role, by usher.Actor) error {
	if !role.May(usher.ActUseDesk) {
		return usher.Invalid("role", "use viewer, reviewer, senior, auditor, developer or admin")
	}
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return err
	}
	if err := a.store.ChangeStaff(ctx, id, store.StaffChange{Role: &role}); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return a.audit(ctx, tenant, by, "staff.role_changed", id, string(row.Role)+" → "+string(role))
}

// SetPassword gives a member of staff a new password and signs them out everywhere.
func (a *Auth) SetPassword(ctx context.Context, tenant, id, password string, by usher.Actor) error {
	row, err := a.member(ctx, tenant, id)
	if err != nil {
		return err
	}
	if err := goodPassword(row.Email, password); err != nil {
		return err
	}
	hash, err := hashed(ctx, a, func() (string, error) { return hashPassword(password, a.config.HashMemory), nil })
	if err != nil {
		return err
	}
	if err := a.store.ChangeStaff(ctx, id, store.StaffChange{PasswordHash: &hash}); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	if err := a.store.DeleteStaffSessions(ctx, id); err != nil {
		return fmt.Errorf("end staff sessions: %w", err)
	}
	return a.audit(ctx, tenant, by, "staff.password_changed", id, "")
}

// SignIn gives the member of staff and the secret of their new cookie; see [usher.StaffDoor]. A wrong password, an unknown address and a
// disabled account get the same answer (CodeUnauthenticated, DetailWrong) after the same work. CodeLimited tells to wait.
func (a *Auth) SignIn(ctx context.Context, email, password, address string) (usher.Staff, string, error) {
	email = plainEmail(email)
	if len(email) > longestPassword || len(password) > longestPassword {
		return usher.Staff{}, "", unauthenticated(DetailWrong)
	}
	row, err := a.store.StaffByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return usher.Staff{}, "", fmt.Errorf("read staff: %w", err)
	}
	if err := a.mayTry(ctx, email, address); err != nil {
		return usher.Staff{}, "", err
	}
	known := err == nil && !row.Disabled
	hash := a.decoy
	if known {
		hash = row.PasswordHash
	}
	right, err := hashed(ctx, a, func() (bool, error) { return passwordMatches(hash, password) })
	if err != nil {
		return usher.Staff{}, "", err
	}
	if !right || !known {
		return usher.Staff{}, "", a.wrong(ctx, row.ID, address)
	}
	if err := a.store.ResetCounter(ctx, accountCounter(email)); err != nil {
		return usher.Staff{}, "", fmt.Errorf("reset counter: %w", err)
	}
	return a.letIn(ctx, row)
}

// letIn starts a session of a member of staff.
func (a *Auth) letIn(ctx context.Context, row store.StaffRow) (usher.Staff, string, error) {
	var secret [32]byte
	_, _ = rand.Read(secret[:])
	cookie := base64.RawURLEncoding.EncodeToString(secret[:])
	now := a.now()
	session := store.StaffSessionRow{Hash: digest(cookie), StaffID: row.ID, CreatedAt: now, SeenAt: now}
	if err := a.store.PutStaffSession(ctx, session); err != nil {
		return usher.Staff{}, "", fmt.Errorf("write staff session: %w", err)
	}
	s := staffOf(row)
	return s, cookie, a.audit(ctx, s.TenantID, s.Actor(), "staff.signed_in", s.ID, "")
}

// mayTry counts a try on the account, and refuses it when there were too many. The try is counted before the password is looked at, so that
// many at once are not more than one after the other; a right password takes the count back.
func (a *Auth) mayTry(ctx context.Context, email, address string) error {
	now := a.now()
	fromAddress, ends, err := a.store.Counter(ctx, addressCounter(address), now)
	if err != nil {
		return fmt.Errorf("read counter: %w", err)
	}
	if fromAddress >= wrongPerAddress {
		return waitUntil(ends, now)
	}
	tries, ends, err := a.store.Count(ctx, accountCounter(email), now, wrongWindow)
	if err != nil {
		return fmt.Errorf("raise counter: %w", err)
	}
	if tries > wrongPerAccount {
		return waitUntil(ends, now)
	}
	return nil
}

// wrong counts a wrong password against its address. It is noted in the log and not in the audit trail: a write more for accounts that exist
// would tell by its time which do.
func (a *Auth) wrong(ctx context.Context, staff, address string) error {
	if _, _, err := a.store.Count(ctx, addressCounter(address), a.now(), wrongWindow); err != nil {
		return fmt.Errorf("raise counter: %w", err)
	}
	a.config.Log.WarnContext(ctx, "a member of staff could not sign in", "staff_id", staff)
	return unauthenticated(DetailWrong)
}

func waitUntil(ends, now time.Time) error {
	minutes := int((ends.Sub(now) + time.Minute - 1) / time.Minute)
	return &usher.Error{
		Code: usher.CodeLimited, Detail: "sign_in", Message: fmt.Sprintf("too many wrong passwords; try again in %d min", max(minutes, 1)),
	}
}

// Staff gives the member of staff behind a cookie; see [usher.StaffDoor]. Every call counts as something done.
func (a *Auth) Staff(ctx context.Context, cookie string) (usher.Staff, error) {
	session, row, err := a.session(ctx, cookie)
	if err != nil {
		return usher.Staff{}, err
	}
	now := a.now()
	why := ""
	switch {
	case row.Disabled:
		why = DetailEnded
	case now.Sub(session.CreatedAt) >= a.config.Absolute:
		why = DetailEnded
	case now.Sub(session.SeenAt) >= a.config.Idle:
		why = DetailIdle
	}
	if why != "" {
		if err := a.store.DeleteStaffSession(ctx, session.Hash); err != nil {
			return usher.Staff{}, fmt.Errorf("end staff session: %w", err)
		}
		return usher.Staff{}, unauthenticated(why)
	}
	if now.Sub(session.SeenAt) < seenEvery {
		return staffOf(row), nil
	}
	err = a.store.SeeStaffSession(ctx, session.Hash, now)
	if errors.Is(err, store.ErrNotFound) {
		return usher.Staff{}, unauthenticated("")
	}
	if err != nil {
		return usher.Staff{}, fmt.Errorf("note staff session: %w", err)
	}
	return staffOf(row), nil
}

// SetKeys switches the single-letter keys of the desk off, or on again; see [usher.StaffDoor].
func (a *Auth) SetKeys(ctx context.Context, staff string, off bool) error {
	if err := a.store.SetStaffKeys(ctx, staff, off); err != nil {
		return fmt.Errorf("write staff: %w", err)
	}
	return nil
}

// Reviewers lists those of a tenant's staff who may decide now, by e-mail address, at most so many.
func (a *Auth) Reviewers(ctx context.Context, tenant string, most int) ([]usher.Staff, error) {
	all, err := a.Members(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var list []usher.Staff
	for _, m := range all {
		if !m.Disabled && m.Role.May(usher.ActTakeCase) && len(list) < most {
			list = append(list, m.Staff)
		}
	}
	return list, nil
}

// SignOut ends the session of a cookie; an unknown one is signed out already.
func (a *Auth) SignOut(ctx context.Context, cookie string) error {
	session, row, err := a.session(ctx, cookie)
	var told *usher.Error
	if errors.As(err, &told) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.store.DeleteStaffSession(ctx, session.Hash); err != nil {
		return fmt.Errorf("end staff session: %w", err)
	}
	return a.audit(ctx, row.TenantID, staffOf(row).Actor(), "staff.signed_out", row.ID, "")
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

// hashed does work on a password when there is room for it.
func hashed[T any](ctx context.Context, a *Auth, work func() (T, error)) (T, error) {
	select {
	case a.hashes <- struct{}{}:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { <-a.hashes }()
	return work()
}

func staffOf(row store.StaffRow) usher.Staff {
	return usher.Staff{ID: row.ID, TenantID: row.TenantID, Email: row.Email, Role: row.Role, KeysOff: row.KeysOff}
}

func plainEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Counters carry hashes: an e-mail address in clear would be one more place to forget it from.
func accountCounter(email string) string {
	return "sign_in/account/" + hex.EncodeToString(digest(email)[:16])
}

func addressCounter(address string) string {
	return "sign_in/address/" + hex.EncodeToString(digest(address)[:16])
}
