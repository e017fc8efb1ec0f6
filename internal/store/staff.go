package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// StaffRow is a member of staff as stored.
type StaffRow struct {
	ID, TenantID, Email, PasswordHash string
	Role                              usher.Role
	Disabled                          bool
	KeysOff                           bool // single-letter keys of the desk; read only, see SetStaffKeys
	CreatedAt                         time.Time
	Generation                        int64  // read only; a sign-in of another generation is over
	TOTP                              []byte // sealed secret, or nil; read only, see SetStaffTOTP
	SetUpBy                           string // the administrator on whose word alone they sign in, or ""
}

const staffColumns = `id, tenant_id, email, password_hash, role, disabled, created_at, keys_off, generation, totp, set_up_by`

func scanStaff(row scanner) (StaffRow, error) {
	var r StaffRow
	var created int64
	err := row.Scan(&r.ID, &r.TenantID, &r.Email, &r.PasswordHash, &r.Role, &r.Disabled, &created, &r.KeysOff, &r.Generation, &r.TOTP, &r.SetUpBy)
	r.CreatedAt = at(created)
	return r, err
}

// AddStaff writes a new member of staff.
func (s *Store) AddStaff(ctx context.Context, r StaffRow, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`INSERT INTO staff (id, tenant_id, email, password_hash, role, disabled, created_at, keys_off, set_up_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8)`, r.ID, r.TenantID, r.Email, r.PasswordHash, r.Role, r.Disabled, ms(r.CreatedAt), r.SetUpBy)
		w.audit(audit...)
	})
}

// StaffChange is what changes of a member of staff; what is nil stays.
type StaffChange struct {
	Email        *string
	PasswordHash *string
	Role         *usher.Role
	Disabled     *bool
	Keep         []byte // hash of a session that stays when all others end; nil ends all
}

// ChangeStaff changes a member of staff and nothing but what is said: another change at the same moment is not undone by it. Their sign-ins end,
// those that are being written at this moment as well: the generation rises, and a session of an older one is worth nothing.
func (s *Store) ChangeStaff(ctx context.Context, id string, c StaffChange, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE staff SET email = COALESCE($2, email), password_hash = COALESCE($3, password_hash), role = COALESCE($4, role),
			disabled = COALESCE($5, disabled), generation = generation + 1 WHERE id = $1`, id, c.Email, c.PasswordHash, c.Role, c.Disabled)
		w.endSessions(id, c.Keep)
		w.audit(audit...)
	})
}

// endSessions ends the sign-ins of a member but one, which is taken along into the new generation.
func (w *writer) endSessions(staff string, keep []byte) {
	if keep == nil {
		keep = []byte{}
	}
	w.exec(`DELETE FROM staff_sessions WHERE staff_id = $1 AND hash <> $2`, staff, keep)
	w.exec(`UPDATE staff_sessions SET generation = (SELECT generation FROM staff WHERE id = $1) WHERE hash = $2`, staff, keep)
	w.exec(`DELETE FROM staff_tries WHERE staff_id = $1`, staff)
}

// EndStaffSessions signs a member of staff out everywhere, but in the session with the hash keep where there is one.
func (s *Store) EndStaffSessions(ctx context.Context, staff string, keep []byte, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE staff SET generation = generation + 1 WHERE id = $1`, staff)
		w.endSessions(staff, keep)
		w.audit(audit...)
	})
}

// ConfirmStaff takes it that a member of staff does not sign in on one administrator's word alone any more. The row is as it was looked at: ErrConflict
// when they were made to begin anew since, or somebody else has confirmed it.
func (s *Store) ConfirmStaff(ctx context.Context, r StaffRow, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`UPDATE staff SET set_up_by = '' WHERE id = $1 AND set_up_by = $2 AND set_up_by <> '' AND generation = $3`, r.ID, r.SetUpBy, r.Generation))
		w.audit(audit...)
	})
}

// SetStaffKeys switches the single-letter keys of the desk off, or on again, for a member of staff.
func (s *Store) SetStaffKeys(ctx context.Context, id string, off bool) error {
	_, err := s.exec(ctx, `UPDATE staff SET keys_off = $2 WHERE id = $1`, id, off)
	return err
}

// StaffByEmail gives a member of staff by e-mail address, in lower case.
func (s *Store) StaffByEmail(ctx context.Context, email string) (StaffRow, error) {
	return one(ctx, s, scanStaff, `SELECT `+staffColumns+` FROM staff WHERE email = $1`, email)
}

// Staff gives a member of staff by id.
func (s *Store) Staff(ctx context.Context, id string) (StaffRow, error) {
	return one(ctx, s, scanStaff, `SELECT `+staffColumns+` FROM staff WHERE id = $1`, id)
}

// ListStaff gives a tenant's staff, by e-mail.
func (s *Store) ListStaff(ctx context.Context, tenant string) ([]StaffRow, error) {
	return all(ctx, s, scanStaff, `SELECT `+staffColumns+` FROM staff WHERE tenant_id = $1 ORDER BY email`, tenant)
}

// SetStaffTOTP gives a member of staff a sealed secret for codes, or takes it away when it is nil, and new recovery codes in place of the old
// ones. step is the time step that confirmed the secret: it and older ones are of no use any more.
func (s *Store) SetStaffTOTP(ctx context.Context, id string, sealed []byte, step int64, codes [][]byte, audit ...usher.AuditRecord) error {
	var secret any // a nil slice is not NULL to every driver
	if sealed != nil {
		secret = sealed
	}
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE staff SET totp = $2, totp_step = $3 WHERE id = $1`, id, secret, step)
		w.recoveryCodes(id, codes)
		w.audit(audit...)
	})
}

// UseStaffStep uses a time step of a member's codes up, and all before it; ErrConflict when it, or a later one, was used before, by whatever node.
func (s *Store) UseStaffStep(ctx context.Context, id string, step int64) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2 AND totp IS NOT NULL`, id, step))
	})
}

// SetStaffCodes gives a member of staff new recovery codes (hashes of them) in place of the old ones.
func (s *Store) SetStaffCodes(ctx context.Context, id string, codes [][]byte, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.recoveryCodes(id, codes)
		w.audit(audit...)
	})
}

func (w *writer) recoveryCodes(staff string, codes [][]byte) {
	w.exec(`DELETE FROM staff_codes WHERE staff_id = $1`, staff)
	for _, c := range codes {
		w.exec(`INSERT INTO staff_codes (staff_id, hash, used_at) VALUES ($1, $2, 0)`, staff, c)
	}
}

// UseStaffCode uses a recovery code up; ErrConflict when there is no such code, or it was used before.
func (s *Store) UseStaffCode(ctx context.Context, staff string, hash []byte, now time.Time) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`UPDATE staff_codes SET used_at = $3 WHERE staff_id = $1 AND hash = $2 AND used_at = 0`, staff, hash, ms(now)))
	})
}

// StaffCodesLeft counts the recovery codes that a member of staff has not used.
func (s *Store) StaffCodesLeft(ctx context.Context, staff string) (int, error) {
	var n int
	err := s.row(ctx, `SELECT COUNT(*) FROM staff_codes WHERE staff_id = $1 AND used_at = 0`, []any{staff}, &n)
	return n, err
}
