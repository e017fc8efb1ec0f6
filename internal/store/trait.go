package store

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// TraitRow is a thing by which an applicant can be known again, as stored. Hash is keyed, over tenant, kind and value. Bands are keyed hashes, too:
// with one of them in common two traits may be alike.
type TraitRow struct {
	TenantID, ApplicantID, SessionID, Evidence string
	Hash                                       []byte
	Bands                                      [][]byte
	Doc                                        []byte // sealed, of a trait that has bands
	At                                         time.Time
}

// KeepTraits writes traits, each once for its session and picture, and none of an applicant who was erased meanwhile.
func (s *Store) KeepTraits(ctx context.Context, rows []TraitRow) error {
	return s.together(ctx, func(w *writer) {
		for _, r := range rows {
			w.exec(`INSERT INTO traits (tenant_id, applicant_id, session_id, evidence_id, hash, doc, at) SELECT $1, $2, $3, $4, $5, $6, $7
				WHERE EXISTS (SELECT 1 FROM keysets WHERE applicant_id = $2 AND tenant_id = $1`+w.s.c.Words.Keep+`) ON CONFLICT DO NOTHING`,
				r.TenantID, r.ApplicantID, r.SessionID, r.Evidence, r.Hash, r.Doc, ms(r.At))
			for _, band := range r.Bands {
				w.exec(`INSERT INTO trait_bands (hash, trait) SELECT $1, pos FROM traits WHERE hash = $2 AND session_id = $3 AND evidence_id = $4
					ON CONFLICT DO NOTHING`, band, r.Hash, r.SessionID, r.Evidence)
			}
		}
	})
}

const traitColumns = `t.tenant_id, t.applicant_id, t.session_id, t.evidence_id, t.hash, t.doc, t.at`

func scanTrait(row scanner) (TraitRow, error) {
	var r TraitRow
	var when int64
	err := row.Scan(&r.TenantID, &r.ApplicantID, &r.SessionID, &r.Evidence, &r.Hash, &r.Doc, &when)
	r.At = at(when)
	return r, err
}

// SameTrait gives the newest trait with a hash of each other applicant of the tenant, newest first.
func (s *Store) SameTrait(ctx context.Context, tenant, applicant string, hash []byte, limit int) ([]TraitRow, error) {
	return all(ctx, s, scanTrait, `SELECT `+traitColumns+` FROM traits t WHERE t.pos IN (SELECT max(pos) FROM traits
		WHERE hash = $1 AND tenant_id = $2 AND applicant_id <> $3 GROUP BY applicant_id ORDER BY max(pos) DESC LIMIT $4) ORDER BY t.pos DESC`,
		hash, tenant, applicant, limit)
}

// AlikeTraits gives the traits of other applicants of the tenant with most bands in common, newest first among equals.
func (s *Store) AlikeTraits(ctx context.Context, tenant, applicant string, bands [][]byte, limit int) ([]TraitRow, error) {
	args := []any{tenant, applicant, limit}
	marks := make([]string, len(bands))
	for i, b := range bands {
		args = append(args, b)
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	return all(ctx, s, scanTrait, `SELECT `+traitColumns+` FROM trait_bands b JOIN traits t ON t.pos = b.trait
		WHERE b.hash IN (`+strings.Join(marks, ", ")+`) AND t.tenant_id = $1 AND t.applicant_id <> $2
		GROUP BY t.pos ORDER BY count(*) DESC, t.pos DESC LIMIT $3`, args...)
}

// forgetTraits removes all by which an applicant could be known again.
func (w *writer) forgetTraits(applicant string) {
	w.exec(`DELETE FROM trait_bands WHERE trait IN (SELECT pos FROM traits WHERE applicant_id = $1)`, applicant)
	w.exec(`DELETE FROM traits WHERE applicant_id = $1`, applicant)
}
