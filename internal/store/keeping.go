package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
)

// KeepRules gives a tenant's rules; ErrNotFound when it has set none.
func (s *Store) KeepRules(ctx context.Context, tenant string) (rules usher.KeepRules, err error) {
	var doc string
	if err := s.row(ctx, `SELECT doc FROM keep_rules WHERE tenant_id = $1 AND doc <> ''`, []any{tenant}, &doc); err != nil {
		return rules, err
	}
	if err := json.Unmarshal([]byte(doc), &rules); err != nil {
		return rules, fmt.Errorf("decode rules of keeping: %w", err)
	}
	return rules, nil
}

// PutKeepRules writes a tenant's rules, the record of who changed them, and the jobs that follow from it: all of it or nothing.
func (s *Store) PutKeepRules(ctx context.Context, tenant string, rules usher.KeepRules, now time.Time, by usher.AuditRecord, jobs ...Job) error {
	doc, err := encode(rules)
	if err != nil {
		return err
	}
	return s.submit(ctx, &pending{jobs: jobs, write: func(w *writer) {
		w.exec(`INSERT INTO keep_rules (tenant_id, doc, bodies_pos, updated_at) VALUES ($1, $2, 0, $3)
			ON CONFLICT (tenant_id) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at`, tenant, doc, ms(now))
		w.audit(by)
	}})
}

// KeptRow is an applicant whose keeping is to be looked at. Due is when that was to be, as it is stored.
type KeptRow struct {
	TenantID, ApplicantID string
	Due                   int64
}

// KeepDue gives applicants of a tenant whose keeping is to be looked at by now, those that wait longest first, from behind the given one on.
func (s *Store) KeepDue(ctx context.Context, tenant string, now time.Time, after KeptRow, limit int) ([]KeptRow, error) {
	return all(ctx, s, func(row scanner) (r KeptRow, err error) {
		err = row.Scan(&r.TenantID, &r.ApplicantID, &r.Due)
		return r, err
	}, `SELECT tenant_id, id, keep_due FROM applicants WHERE tenant_id = $1 AND keep_due <= $2 AND erased = FALSE AND (keep_due, id) > ($3, $4)
		ORDER BY keep_due, id LIMIT $5`, tenant, ms(now), after.Due, after.ApplicantID, limit)
}

// KeepUntil puts off looking at an applicant's keeping, unless it was asked for meanwhile.
func (s *Store) KeepUntil(ctx context.Context, r KeptRow, next time.Time) error {
	_, err := s.exec(ctx, `UPDATE applicants SET keep_due = $3 WHERE id = $1 AND keep_due = $2`, r.ApplicantID, r.Due, ms(next))
	return err
}

// KeepAllAgain asks for a look at the keeping of those applicants of a tenant that were to be looked at after now, some of them at a time. It gives how
// many that were: none is the end.
func (s *Store) KeepAllAgain(ctx context.Context, tenant string, now time.Time, limit int) (int64, error) {
	return s.exec(ctx, `UPDATE applicants SET keep_due = $2 WHERE id IN
		(SELECT id FROM applicants WHERE tenant_id = $1 AND keep_due > $2 AND erased = FALSE LIMIT $3)`, tenant, ms(now), limit)
}

// Forgetting is how far a walk over the bodies of a tenant's deliveries has come. The zero value begins behind those that a walk before has forgotten.
type Forgetting struct {
	pos   int64
	waits bool // one that was passed still waits, so the next walk begins there
	Seen  int  // how many it came to
	Done  bool // nothing older is left
}

// ForgetBodies forgets the bodies of a tenant's deliveries that were made before a time and wait for nobody, and what receivers answered, which may
// repeat them. It looks at no more than limit of them: whoever wants all calls it until Done. One that still waits keeps its body, and is come to again
// by the next walk.
func (s *Store) ForgetBodies(ctx context.Context, tenant string, f Forgetting, before time.Time, limit int) (Forgetting, error) {
	if f.pos == 0 {
		err := s.row(ctx, `SELECT bodies_pos FROM keep_rules WHERE tenant_id = $1`, []any{tenant}, &f.pos)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return f, err
		}
	}
	last, kept, seen, young := f.pos, f.pos, 0, false
	err := s.rows(ctx, `SELECT pos, created_at, status FROM deliveries WHERE tenant_id = $1 AND pos > $2 ORDER BY pos LIMIT $3`, []any{tenant, f.pos, limit},
		func(row scanner) error {
			var pos, created int64
			var status usher.DeliveryStatus
			err := row.Scan(&pos, &created, &status)
			if young = young || created >= ms(before); young {
				return err
			}
			f.waits = f.waits || status == usher.DeliveryPending
			if last = pos; !f.waits {
				kept = pos
			}
			seen++
			return err
		})
	if err != nil {
		return f, err
	}
	if seen > 0 {
		err = s.together(ctx, func(w *writer) {
			w.exec(`UPDATE delivery_attempts SET doc = `+s.c.Words.NoAnswer+` WHERE delivery_id IN (SELECT id FROM deliveries
				WHERE tenant_id = $1 AND pos > $2 AND pos <= $3 AND status <> 'pending' AND body IS NOT NULL)`, tenant, f.pos, last)
			w.exec(`UPDATE deliveries SET body = NULL WHERE tenant_id = $1 AND pos > $2 AND pos <= $3 AND status <> 'pending' AND body IS NOT NULL`, tenant, f.pos, last)
			if kept > f.pos {
				w.exec(`INSERT INTO keep_rules (tenant_id, doc, bodies_pos, updated_at) VALUES ($1, '', $2, 0)
					ON CONFLICT (tenant_id) DO UPDATE SET bodies_pos = excluded.bodies_pos`, tenant, kept)
			}
		})
		if err != nil {
			return f, err
		}
	}
	f.pos, f.Seen, f.Done = last, f.Seen+seen, young || seen < limit
	return f, nil
}
