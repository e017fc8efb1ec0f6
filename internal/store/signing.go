package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// SigningKeyRow is a key that signs what leaves the server. Sealed is its private part; KID names its public part.
type SigningKeyRow struct {
	Purpose        string
	Generation     int64 // from 1; the newest signs
	KID            string
	Public, Sealed []byte
	CreatedAt      time.Time
}

// AddSigningKey writes the key of a new generation, with entries of the trail; ErrConflict, and none of them, when another node was first.
func (s *Store) AddSigningKey(ctx context.Context, r SigningKeyRow, audit ...usher.AuditRecord) error {
	n, err := s.noted(ctx, audit, `INSERT INTO signing_keys (purpose, generation, kid, public, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (purpose, generation) DO NOTHING`, r.Purpose, r.Generation, r.KID, r.Public, r.Sealed, ms(r.CreatedAt))
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

// SigningKeys gives the keys of a purpose, newest first.
func (s *Store) SigningKeys(ctx context.Context, purpose string) ([]SigningKeyRow, error) {
	return all(ctx, s, func(row scanner) (SigningKeyRow, error) {
		var r SigningKeyRow
		var created int64
		err := row.Scan(&r.Purpose, &r.Generation, &r.KID, &r.Public, &r.Sealed, &created)
		r.CreatedAt = at(created)
		return r, err
	}, `SELECT purpose, generation, kid, public, sealed, created_at FROM signing_keys WHERE purpose = $1 ORDER BY generation DESC`, purpose)
}
