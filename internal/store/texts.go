package store

import (
	"context"

	"github.com/usher-kyc/usher"
)

// PutReasonText writes what a tenant says of a reason in one language; without a text nothing is kept.
func (s *Store) PutReasonText(ctx context.Context, tenant string, t usher.ReasonText, audit ...usher.AuditRecord) error {
	if t.Text == "" {
		_, err := s.noted(ctx, audit, `DELETE FROM reason_texts WHERE tenant_id = $1 AND reason = $2 AND language = $3`, tenant, t.Reason, t.Language)
		return err
	}
	_, err := s.noted(ctx, audit, `INSERT INTO reason_texts (tenant_id, reason, language, text, updated_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant_id, reason, language) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at`,
		tenant, t.Reason, t.Language, t.Text, ms(t.UpdatedAt))
	return err
}

// ReasonTexts lists what a tenant says of reasons, by reason and language.
func (s *Store) ReasonTexts(ctx context.Context, tenant string) ([]usher.ReasonText, error) {
	return all(ctx, s, func(row scanner) (usher.ReasonText, error) {
		var t usher.ReasonText
		var updated int64
		err := row.Scan(&t.Reason, &t.Language, &t.Text, &updated)
		t.UpdatedAt = at(updated)
		return t, err
	}, `SELECT reason, language, text, updated_at FROM reason_texts WHERE tenant_id = $1 ORDER BY reason, language`, tenant)
}
