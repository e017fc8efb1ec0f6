package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// ClientRow is an API client as stored.
type ClientRow struct {
	ID, TenantID, Dialect string
	Doc                   []byte // JSON of what never changes of the client; it holds no secret
	AllowFrom             string // networks, with spaces between them; "" is everywhere
	CreatedAt             time.Time
	ExpiresAt             time.Time // zero: never
	DisabledAt            time.Time // zero: it is not
}

// SecretRow is one of the secrets of an API client: there are two for a while when it is rotated. Hash is SHA-256 of it.
type SecretRow struct {
	ClientID, Dialect string
	Generation        int64 // from 1; the highest is the newest
	Hash              []byte
	Last4             string
	CreatedAt         time.Time
	EndsAt            time.Time // zero: when it is rotated
	UsedAt            time.Time // to about a minute; zero: never
}

const clientColumns = `id, tenant_id, dialect, doc, allow_from, created_at, expires_at, disabled_at`

func scanClient(row scanner) (ClientRow, error) {
	var r ClientRow
	var created, expires, disabled int64
	err := row.Scan(&r.ID, &r.TenantID, &r.Dialect, &r.Doc, &r.AllowFrom, &created, &expires, &disabled)
	r.CreatedAt, r.ExpiresAt, r.DisabledAt = at(created), at(expires), at(disabled)
	return r, err
}

// NextClientEnd tells when the next API client ends that has an end and is not disabled; the zero time when there is none.
func (s *Store) NextClientEnd(ctx context.Context, now time.Time) (time.Time, error) {
	var ends int64
	err := s.row(ctx, `SELECT coalesce(min(expires_at), 0) FROM clients WHERE disabled_at = 0 AND expires_at > $1`, []any{ms(now)}, &ends)
	return at(ends), err
}

// EndingClients gives API clients of all tenants that are not disabled and end after from, at to at the latest: the next first, at most so many.
func (s *Store) EndingClients(ctx context.Context, from, to time.Time, most int) ([]ClientRow, error) {
	return all(ctx, s, scanClient, `SELECT `+clientColumns+` FROM clients WHERE expires_at > $1 AND expires_at <= $2 AND disabled_at = 0
		ORDER BY expires_at, id LIMIT $3`, ms(from), ms(to), most)
}

// CountEndingClients counts a tenant's API clients that are not disabled and end after from, at to at the latest.
func (s *Store) CountEndingClients(ctx context.Context, tenant string, from, to time.Time) (n int, err error) {
	err = s.row(ctx, `SELECT COUNT(*) FROM clients WHERE tenant_id = $1 AND expires_at > $2 AND expires_at <= $3 AND disabled_at = 0`,
		[]any{tenant, ms(from), ms(to)}, &n)
	return n, err
}

const secretColumns = `client_id, dialect, generation, hash, last4, created_at, ends_at, used_at`

func scanSecret(row scanner) (SecretRow, error) {
	var r SecretRow
	var created, ends, used int64
	err := row.Scan(&r.ClientID, &r.Dialect, &r.Generation, &r.Hash, &r.Last4, &created, &ends, &used)
	r.CreatedAt, r.EndsAt, r.UsedAt = at(created), at(ends), at(used)
	return r, err
}

// AddClient writes a new API client with its first secret, and what the trail says of it.
func (s *Store) AddClient(ctx context.Context, r ClientRow, secret SecretRow, entries ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`INSERT INTO clients (`+clientColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			r.ID, r.TenantID, r.Dialect, r.Doc, r.AllowFrom, ms(r.CreatedAt), ms(r.ExpiresAt), ms(r.DisabledAt))
		w.mustOne(w.addSecret(secret))
		w.audit(requested(ctx, entries)...)
	})
}

func (w *writer) addSecret(r SecretRow) int64 {
	return w.exec(`INSERT INTO client_secrets (`+secretColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 0, 0) ON CONFLICT DO NOTHING`,
		r.ClientID, r.Dialect, r.Generation, r.Hash, r.Last4, ms(r.CreatedAt))
}

// AddSecret writes the next secret of an API client. The one before it is good until a time, and all older ones end now. ErrConflict when
// somebody else was faster.
func (s *Store) AddSecret(ctx context.Context, r SecretRow, until time.Time, entries ...usher.AuditRecord) error {
	return s.together(ctx, func(w *writer) {
		w.mustOne(w.addSecret(r))
		w.endSecrets(r.ClientID, r.Generation-1, r.CreatedAt)
		w.endSecrets(r.ClientID, r.Generation, until)
		w.audit(requested(ctx, entries)...)
	})
}

// endSecrets ends those before a generation at a time, unless they end earlier.
func (w *writer) endSecrets(client string, before int64, until time.Time) {
	w.exec(`UPDATE client_secrets SET ends_at = $3 WHERE client_id = $1 AND generation < $2 AND (ends_at = 0 OR ends_at > $3)`,
		client, before, ms(until))
}

// ClientChange changes an API client; what is nil stays.
type ClientChange struct {
	AllowFrom *string
	ExpiresAt *time.Time
}

// ChangeClient changes a tenant's API client; ErrNotFound when there is none that is not disabled.
func (s *Store) ChangeClient(ctx context.Context, tenant, id string, c ClientChange, entries ...usher.AuditRecord) error {
	var expires *int64
	if c.ExpiresAt != nil {
		v := ms(*c.ExpiresAt)
		expires = &v
	}
	found := false
	err := s.together(ctx, func(w *writer) {
		found = w.exec(`UPDATE clients SET allow_from = COALESCE($3, allow_from), expires_at = COALESCE($4, expires_at)
			WHERE id = $1 AND tenant_id = $2 AND disabled_at = 0`, id, tenant, c.AllowFrom, expires) > 0
		if found {
			w.audit(requested(ctx, entries)...)
		}
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// DisableClient ends a tenant's API client with all its secrets and tokens; ErrNotFound when there is none that is not disabled.
func (s *Store) DisableClient(ctx context.Context, tenant, id string, now time.Time, entries ...usher.AuditRecord) error {
	found := false
	err := s.together(ctx, func(w *writer) {
		found = w.exec(`UPDATE clients SET disabled_at = $3 WHERE id = $1 AND tenant_id = $2 AND disabled_at = 0`, id, tenant, ms(now)) > 0
		if !found {
			return
		}
		w.exec(`UPDATE client_secrets SET ends_at = $2 WHERE client_id = $1 AND (ends_at = 0 OR ends_at > $2)`, id, ms(now))
		w.exec(`DELETE FROM tokens WHERE client_id = $1`, id)
		w.audit(requested(ctx, entries)...)
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// Client gives an API client by its id.
func (s *Store) Client(ctx context.Context, id string) (ClientRow, error) {
	return one(ctx, s, scanClient, `SELECT `+clientColumns+` FROM clients WHERE id = $1`, id)
}

// Clients gives a tenant's API clients, oldest first.
func (s *Store) Clients(ctx context.Context, tenant string) ([]ClientRow, error) {
	return all(ctx, s, scanClient, `SELECT `+clientColumns+` FROM clients WHERE tenant_id = $1 ORDER BY created_at, id`, tenant)
}

// SecretByHash gives the secret of a dialect with a hash.
func (s *Store) SecretByHash(ctx context.Context, dialect string, hash []byte) (SecretRow, error) {
	return one(ctx, s, scanSecret, `SELECT `+secretColumns+` FROM client_secrets WHERE hash = $1 AND dialect = $2`, hash, dialect)
}

// Secrets gives the secrets of an API client that have not ended, newest first.
func (s *Store) Secrets(ctx context.Context, client string, now time.Time) ([]SecretRow, error) {
	return all(ctx, s, scanSecret, `SELECT `+secretColumns+` FROM client_secrets
		WHERE client_id = $1 AND (ends_at = 0 OR ends_at > $2) ORDER BY generation DESC`, client, ms(now))
}

// UseSecret notes when a secret was used, unless that was noted since a time.
func (s *Store) UseSecret(ctx context.Context, client string, generation int64, now, since time.Time) error {
	_, err := s.exec(ctx, `UPDATE client_secrets SET used_at = $3 WHERE client_id = $1 AND generation = $2 AND used_at <= $4`,
		client, generation, ms(now), ms(since))
	return err
}
