package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// StaffSessionRow is a signed-in browser of a member of staff. Hash is SHA-256 of its cookie.
type StaffSessionRow struct {
	Hash              []byte
	ID                string // for lists
	StaffID           string
	Stage             string // "" for somebody who is in, else what is still asked of them
	Generation        int64  // of the member, when the sign-in was looked at
	Method            string // how it was proved who it is
	Address, Agent    string // where from, and with which browser, in words
	Failed            int64  // tries that failed since the sign-in before
	CreatedAt, SeenAt time.Time
	ProvedAt          time.Time // when it was last proved who it is
}

const staffSessionColumns = `hash, id, staff_id, stage, generation, method, address, agent, failed, created_at, seen_at, proved_at`

func scanStaffSession(row scanner) (StaffSessionRow, error) {
	var r StaffSessionRow
	var created, seen, proved int64
	err := row.Scan(&r.Hash, &r.ID, &r.StaffID, &r.Stage, &r.Generation, &r.Method, &r.Address, &r.Agent, &r.Failed, &created, &seen, &proved)
	r.CreatedAt, r.SeenAt, r.ProvedAt = at(created), at(seen), at(proved)
	return r, err
}

// AddStaffSession writes a signed-in browser in place of the session with the hash from, where one is given; ErrConflict when the member is of
// another generation by now, or kept out, or when there is no such session any more. So a sign-in that was looked at before a new password, a
// new role or a lock does not survive it.
func (s *Store) AddStaffSession(ctx context.Context, r StaffSessionRow, from []byte, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		if from == nil {
			w.mustOne(w.exec(`INSERT INTO staff_sessions (`+staffSessionColumns+`) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
				FROM staff WHERE id = $3 AND generation = $5 AND NOT disabled`, r.Hash, r.ID, r.StaffID, r.Stage, r.Generation, r.Method, r.Address, r.Agent,
				r.Failed, ms(r.CreatedAt), ms(r.SeenAt), ms(r.ProvedAt)))
		} else {
			// The row itself changes its hash: of two who exchange one cookie at once, one finds nothing to exchange.
			w.mustOne(w.exec(`UPDATE staff_sessions SET hash = $2, stage = $3, method = $4, proved_at = $5, seen_at = $6, created_at = $7, failed = $8
				WHERE hash = $1 AND generation = $9 AND EXISTS (SELECT 1 FROM staff WHERE id = $10 AND generation = $9 AND NOT disabled)`,
				from, r.Hash, r.Stage, r.Method, ms(r.ProvedAt), ms(r.SeenAt), ms(r.CreatedAt), r.Failed, r.Generation, r.StaffID))
		}
		w.audit(audit...)
	})
}

// StaffSession gives the signed-in browser with a cookie's hash.
func (s *Store) StaffSession(ctx context.Context, hash []byte) (StaffSessionRow, error) {
	return one(ctx, s, scanStaffSession, `SELECT `+staffSessionColumns+` FROM staff_sessions WHERE hash = $1`, hash)
}

// StaffSessions lists the signed-in browsers of a member of staff that were seen after a time, the last seen first.
func (s *Store) StaffSessions(ctx context.Context, staff string, after time.Time) ([]StaffSessionRow, error) {
	return all(ctx, s, scanStaffSession, `SELECT `+staffSessionColumns+` FROM staff_sessions WHERE staff_id = $1 AND stage = '' AND seen_at > $2
		ORDER BY seen_at DESC, id`, staff, ms(after))
}

// SeeStaffSession notes that a signed-in browser was seen, never earlier than before. One that was signed out meanwhile stays signed out: ErrNotFound.
func (s *Store) SeeStaffSession(ctx context.Context, hash []byte, now time.Time) error {
	n, err := s.exec(ctx, `UPDATE staff_sessions SET seen_at = CASE WHEN seen_at < $2 THEN $2 ELSE seen_at END WHERE hash = $1`, hash, ms(now))
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// DeleteStaffSession signs a browser out.
func (s *Store) DeleteStaffSession(ctx context.Context, hash []byte, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`DELETE FROM staff_sessions WHERE hash = $1`, hash)
		w.audit(audit...)
	})
}

// EndStaffSession signs out the browser of a member of staff that a list names by id; ErrConflict when there is none.
func (s *Store) EndStaffSession(ctx context.Context, staff, id string, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`DELETE FROM staff_sessions WHERE staff_id = $1 AND id = $2`, staff, id))
		if w.err == nil {
			w.audit(audit...)
		}
	})
}

// PasskeyRow is a passkey of a member of staff. Doc is the credential record (JSON; public), ID the credential's.
type PasskeyRow struct {
	ID                []byte
	StaffID, Name     string
	Doc               []byte
	SignCount         int64
	CreatedAt, UsedAt time.Time
}

const passkeyColumns = `id, staff_id, name, doc, sign_count, created_at, used_at`

func scanPasskey(row scanner) (PasskeyRow, error) {
	var r PasskeyRow
	var created, used int64
	err := row.Scan(&r.ID, &r.StaffID, &r.Name, &r.Doc, &r.SignCount, &created, &used)
	r.CreatedAt, r.UsedAt = at(created), at(used)
	return r, err
}

// AddPasskey writes a new passkey; ErrConflict when there is one with its id.
func (s *Store) AddPasskey(ctx context.Context, r PasskeyRow, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`INSERT INTO staff_passkeys (`+passkeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
			r.ID, r.StaffID, r.Name, r.Doc, r.SignCount, ms(r.CreatedAt), ms(r.UsedAt)))
		if w.err == nil {
			w.audit(audit...)
		}
	})
}

// Passkey gives a passkey by its credential id.
func (s *Store) Passkey(ctx context.Context, id []byte) (PasskeyRow, error) {
	return one(ctx, s, scanPasskey, `SELECT `+passkeyColumns+` FROM staff_passkeys WHERE id = $1`, id)
}

// Passkeys lists the passkeys of a member of staff, oldest first.
func (s *Store) Passkeys(ctx context.Context, staff string) ([]PasskeyRow, error) {
	return all(ctx, s, scanPasskey, `SELECT `+passkeyColumns+` FROM staff_passkeys WHERE staff_id = $1 ORDER BY created_at, id`, staff)
}

// UsePasskey notes the use of a passkey. Its counter must have risen, unless it counts nothing: ErrConflict tells of a copy, or that it is gone.
func (s *Store) UsePasskey(ctx context.Context, r PasskeyRow) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`UPDATE staff_passkeys SET doc = $2, sign_count = $3, used_at = $4 WHERE id = $1 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))`,
			r.ID, r.Doc, r.SignCount, ms(r.UsedAt)))
	})
}

// DeletePasskey takes a passkey away from a member of staff; ErrConflict when they have no such.
func (s *Store) DeletePasskey(ctx context.Context, staff string, id []byte, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`DELETE FROM staff_passkeys WHERE staff_id = $1 AND id = $2`, staff, id))
		if w.err == nil {
			w.audit(audit...)
		}
	})
}

// StaffTryRow is something under way for a short time: a challenge, a sign-in elsewhere, an invitation. Hash is SHA-256 of the secret that leads to it.
type StaffTryRow struct {
	Hash       []byte
	Kind       string
	StaffID    string // "" where it is not known yet
	Generation int64
	Doc        []byte
	EndsAt     time.Time
}

const tryColumns = `hash, kind, staff_id, generation, doc, ends_at`

func scanStaffTry(row scanner) (StaffTryRow, error) {
	var r StaffTryRow
	var ends int64
	err := row.Scan(&r.Hash, &r.Kind, &r.StaffID, &r.Generation, &r.Doc, &ends)
	r.EndsAt = at(ends)
	return r, err
}

// AddStaffTry writes something under way; with alone, others of its kind and member end.
func (s *Store) AddStaffTry(ctx context.Context, r StaffTryRow, alone bool, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		if alone {
			w.exec(`DELETE FROM staff_tries WHERE staff_id = $1 AND kind = $2`, r.StaffID, r.Kind)
		}
		w.exec(`INSERT INTO staff_tries (`+tryColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`, r.Hash, r.Kind, r.StaffID, r.Generation, r.Doc, ms(r.EndsAt))
		w.audit(audit...)
	})
}

// StaffTry gives something under way that has not ended.
func (s *Store) StaffTry(ctx context.Context, hash []byte, kind string, now time.Time) (StaffTryRow, error) {
	return one(ctx, s, scanStaffTry, `SELECT `+tryColumns+` FROM staff_tries WHERE hash = $1 AND kind = $2 AND ends_at > $3`, hash, kind, ms(now))
}

// TakeStaffTry uses something under way up: of many who ask at once, one gets it and the others ErrNotFound.
func (s *Store) TakeStaffTry(ctx context.Context, hash []byte, kind string, now time.Time) (r StaffTryRow, err error) {
	found := false
	err = s.together(ctx, func(w *writer) {
		w.rows(`DELETE FROM staff_tries WHERE hash = $1 AND kind = $2 AND ends_at > $3 RETURNING `+tryColumns, []any{hash, kind, ms(now)},
			func(row scanner) error {
				var err error
				r, err = scanStaffTry(row)
				found = err == nil
				return err
			})
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return r, err
}

// IdentityRow is who a member of staff is at an identity provider.
type IdentityRow struct {
	Issuer, Subject   string
	StaffID           string
	CreatedAt, UsedAt time.Time
}

// PutIdentity writes an identity, or when it was last used; ErrConflict when it is another member's.
func (s *Store) PutIdentity(ctx context.Context, r IdentityRow, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`INSERT INTO staff_identities (issuer, subject, staff_id, created_at, used_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (issuer, subject) DO UPDATE SET used_at = excluded.used_at WHERE staff_identities.staff_id = excluded.staff_id`,
			r.Issuer, r.Subject, r.StaffID, ms(r.CreatedAt), ms(r.UsedAt)))
		if w.err == nil {
			w.audit(audit...)
		}
	})
}

func scanIdentity(row scanner) (IdentityRow, error) {
	var r IdentityRow
	var created, used int64
	err := row.Scan(&r.Issuer, &r.Subject, &r.StaffID, &created, &used)
	r.CreatedAt, r.UsedAt = at(created), at(used)
	return r, err
}

// Identity gives the member of staff behind an issuer's subject.
func (s *Store) Identity(ctx context.Context, issuer, subject string) (IdentityRow, error) {
	return one(ctx, s, scanIdentity, `SELECT issuer, subject, staff_id, created_at, used_at FROM staff_identities WHERE issuer = $1 AND subject = $2`,
		issuer, subject)
}

// Identities lists who a member of staff is at identity providers.
func (s *Store) Identities(ctx context.Context, staff string) ([]IdentityRow, error) {
	return all(ctx, s, scanIdentity, `SELECT issuer, subject, staff_id, created_at, used_at FROM staff_identities WHERE staff_id = $1
		ORDER BY created_at, subject`, staff)
}

// ClearStaffMethods takes every way to sign in from a member of staff, and signs them out: an administrator makes them begin anew. setUpBy is on whose
// word alone they will sign in, or "".
func (s *Store) ClearStaffMethods(ctx context.Context, id, setUpBy string, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE staff SET password_hash = '', totp = NULL, totp_step = 0, generation = generation + 1, set_up_by = $2 WHERE id = $1`, id, setUpBy)
		w.exec(`DELETE FROM staff_passkeys WHERE staff_id = $1`, id)
		w.exec(`DELETE FROM staff_identities WHERE staff_id = $1`, id)
		w.recoveryCodes(id, nil)
		w.endSessions(id, nil)
		w.audit(audit...)
	})
}

// StaffRules gives what a tenant says of how its staff signs in (JSON); ErrNotFound when it never said.
func (s *Store) StaffRules(ctx context.Context, tenant string) ([]byte, error) {
	var doc []byte
	err := s.row(ctx, `SELECT doc FROM staff_rules WHERE tenant_id = $1`, []any{tenant}, &doc)
	return doc, err
}

// PutStaffRules writes what a tenant says of how its staff signs in.
func (s *Store) PutStaffRules(ctx context.Context, tenant string, doc []byte, audit ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`INSERT INTO staff_rules (tenant_id, doc) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE SET doc = excluded.doc`, tenant, doc)
		w.audit(audit...)
	})
}

// CountEach raises counters in one transaction, with an entry of the trail or, so that it takes as long without one, one more counter.
func (s *Store) CountEach(ctx context.Context, names map[string]time.Duration, now time.Time, audit *usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		for _, name := range slices.Sorted(maps.Keys(names)) { // in one order, so that two never wait for each other
			w.count(name, now, names[name])
		}
		if audit != nil {
			w.audit(*audit)
		} else {
			w.count("no one", now, time.Minute)
		}
	})
}

func (w *writer) count(name string, now time.Time, window time.Duration) {
	w.exec(`INSERT INTO counters (name, count, ends_at) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE SET
		count = CASE WHEN counters.ends_at <= $3 THEN 1 ELSE counters.count + 1 END,
		ends_at = CASE WHEN counters.ends_at <= $3 THEN $2 ELSE counters.ends_at END`, name, ms(now.Add(window)), ms(now))
}

// Take gives a counter's value, 0 when its window has ended, and forgets it.
func (s *Store) Take(ctx context.Context, name string, now time.Time) (int64, error) {
	n, _, err := s.Counter(ctx, name, now)
	if err != nil || n == 0 {
		return 0, err
	}
	return n, errors.Join(s.ResetCounter(ctx, name))
}
