package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/trace"
)

// audit takes in entries of the trail. They are written at the end of the transaction, by chainAudit.
func (w *writer) audit(records ...usher.AuditRecord) { w.trail = append(w.trail, records...) }

// requested gives entries the id of the request that a context belongs to.
func requested(ctx context.Context, records []usher.AuditRecord) []usher.AuditRecord {
	id := trace.RequestOf(ctx).ID
	if id == "" || len(records) == 0 {
		return records
	}
	records = slices.Clone(records)
	for i := range records {
		records[i].RequestID = cmp.Or(records[i].RequestID, id)
	}
	return records
}

// noted has the writer run one statement, with entries of the trail that go with it if it touches a row; it gives the number of rows.
func (s *Store) noted(ctx context.Context, audit []usher.AuditRecord, query string, args ...any) (n int64, err error) {
	audit = requested(ctx, audit)
	err = s.together(ctx, func(w *writer) {
		if n = w.exec(query, args...); n > 0 {
			w.audit(audit...)
		}
	})
	return n, err
}

// chainAudit writes the entries that a transaction's callers gave, as the last thing before it is committed. The head of each chain is locked by
// the statement that counts it up, so that entries of two nodes follow one another; the locks are short, and taken in one order.
func (w *writer) chainAudit(records []usher.AuditRecord) {
	slices.SortStableFunc(records, func(a, b usher.AuditRecord) int { return strings.Compare(a.TenantID, b.TenantID) })
	var scratch []byte
	for len(records) > 0 && w.err == nil {
		tenant := records[0].TenantID
		n := 1
		for n < len(records) && records[n].TenantID == tenant {
			n++
		}
		seq, hash := w.lockHead(tenant, n)
		for i := range records[:n] {
			r := &records[i]
			r.Seq = seq + int64(i) + 1
			hash, scratch = r.Link(hash, scratch)
			r.Hash = hash
		}
		for part := range slices.Chunk(records[:n], mostAuditRows) {
			w.insertAudit(part)
		}
		w.exec(`UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1`, tenant, hash[:])
		records = records[n:]
	}
}

// lockHead counts n entries more on a chain and gives where it ended before. Nobody else can add to it until the transaction has ended.
func (w *writer) lockHead(tenant string, n int) (seq int64, hash usher.AuditHash) {
	w.rows(`INSERT INTO audit_heads (tenant_id, seq, hash) VALUES ($1, $2, $3)
		ON CONFLICT (tenant_id) DO UPDATE SET seq = audit_heads.seq + excluded.seq RETURNING seq, hash`,
		[]any{tenant, n, hash[:]}, func(row scanner) error {
			var b []byte
			err := row.Scan(&seq, &b)
			copy(hash[:], b)
			return err
		})
	return seq - int64(n), hash
}

const (
	auditColumns = `id, tenant_id, seq, at, actor_kind, actor_id, actor_role, action, object, detail, reason, request_id, before_hash, after_hash, hash`
	auditWidth   = 15
	// mostAuditRows bounds one statement.
	mostAuditRows = 16
)

func (w *writer) insertAudit(records []usher.AuditRecord) {
	args := make([]any, 0, len(records)*auditWidth)
	for _, r := range records {
		args = append(args, r.ID, r.TenantID, r.Seq, ms(r.At), r.Actor.Kind, r.Actor.ID, r.Actor.Role, r.Action, r.Object, r.Detail, r.Reason,
			r.RequestID, r.Before, r.After, r.Hash[:])
	}
	w.exec(`INSERT INTO audit (`+auditColumns+`) VALUES `+placeholders(len(records), auditWidth), args...)
}

// placeholders gives ($1, $2), ($3, $4) for rows of a width.
func placeholders(rows, width int) string {
	var b strings.Builder
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteString("($")
		case i%width == 0:
			b.WriteString("), ($")
		default:
			b.WriteString(", $")
		}
		b.WriteString(strconv.Itoa(i + 1))
	}
	return b.String() + ")"
}

// chainOld chains the entries of a version that knew no chains, tenant by tenant, in the order they were written.
func (s *Store) chainOld(ctx context.Context) error {
	tenants, err := all(ctx, s, func(row scanner) (t string, err error) { return t, row.Scan(&t) },
		`SELECT tenant_id FROM audit_heads WHERE seq = 0 ORDER BY tenant_id`)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		if err := s.together(ctx, func(w *writer) { w.chainOldOf(tenant) }); err != nil {
			return fmt.Errorf("chain the audit trail: %w", err)
		}
	}
	return nil
}

func (w *writer) chainOldOf(tenant string) {
	if w.exec(`UPDATE audit_heads SET seq = 0 WHERE tenant_id = $1 AND seq = 0`, tenant) == 0 {
		return // another node did it
	}
	var head usher.AuditRecord
	var scratch []byte
	var place int64
	for w.err == nil {
		var page []usher.AuditRecord
		var places []int64
		w.rows(`SELECT `+auditColumns+`, pos FROM audit WHERE tenant_id = $1 AND pos > $2 ORDER BY pos LIMIT 1000`, []any{tenant, place},
			func(row scanner) error {
				r, err := scanAudit(row, &place)
				page, places = append(page, r), append(places, place)
				return err
			})
		for i, r := range page {
			r.Seq = head.Seq + 1
			r.Hash, scratch = r.Link(head.Hash, scratch)
			w.exec(`UPDATE audit SET seq = $2, hash = $3 WHERE pos = $1`, places[i], r.Seq, r.Hash[:])
			head = r
		}
		if len(page) == 0 {
			break
		}
	}
	w.exec(`UPDATE audit_heads SET seq = $2, hash = $3 WHERE tenant_id = $1`, tenant, head.Seq, head.Hash[:])
}

// scanAudit reads auditColumns, and what more was asked for behind them.
func scanAudit(row scanner, more ...any) (usher.AuditRecord, error) {
	var r usher.AuditRecord
	var when int64
	var hash []byte
	err := row.Scan(append([]any{
		&r.ID, &r.TenantID, &r.Seq, &when, &r.Actor.Kind, &r.Actor.ID, &r.Actor.Role, &r.Action, &r.Object, &r.Detail, &r.Reason,
		&r.RequestID, &r.Before, &r.After, &hash,
	}, more...)...)
	r.At = at(when)
	copy(r.Hash[:], hash)
	return r, err
}

// AddAudit writes entries of the trail by themselves; those that belong to a change travel with it.
func (s *Store) AddAudit(ctx context.Context, records ...usher.AuditRecord) error {
	return s.Commit(ctx, Change{Audit: records})
}

// ListAudit gives a tenant's trail, newest first, of one object when it is not "".
func (s *Store) ListAudit(ctx context.Context, tenant, object string, p usher.Paging) ([]usher.AuditRecord, error) {
	return s.SearchAudit(ctx, tenant, usher.AuditFilter{Paging: p, Object: object})
}

// SearchAudit gives what a filter leaves of a tenant's trail, newest first.
func (s *Store) SearchAudit(ctx context.Context, tenant string, f usher.AuditFilter) ([]usher.AuditRecord, error) {
	q := query{text: `SELECT ` + auditColumns + ` FROM audit WHERE tenant_id = $1`, args: []any{tenant}}
	q.when(f.Object != "", `object = ?`, f.Object)
	q.when(f.Actor != "", `actor_id = ?`, f.Actor)
	q.when(f.Action != "", `action = ?`, f.Action)
	q.when(!f.From.IsZero(), `at >= ?`, ms(f.From))
	q.when(!f.Before.IsZero(), `at < ?`, ms(f.Before))
	for _, cursor := range []struct{ id, compare string }{{f.After, older(f.Oldest)}, {f.Paging.Before, older(!f.Oldest)}} {
		if cursor.id == "" {
			continue
		}
		var when, pos int64
		err := s.row(ctx, `SELECT at, pos FROM audit WHERE id = $1 AND tenant_id = $2`, []any{cursor.id, tenant}, &when, &pos)
		if err != nil {
			return nil, err
		}
		q.when(true, `(at, pos) `+cursor.compare+` (?, ?)`, when, pos)
	}
	direction := " DESC"
	if f.Oldest != (f.Paging.Before != "" && f.After == "") {
		direction = " ASC"
	}
	q.text += ` ORDER BY at` + direction + `, pos` + direction + ` LIMIT ` + strconv.Itoa(max(1, f.Limit+1))
	return all(ctx, s, func(row scanner) (usher.AuditRecord, error) { return scanAudit(row) }, q.text, q.args...)
}

func older(rising bool) string {
	if rising {
		return ">"
	}
	return "<"
}

// AuditHead is where a chain ends.
type AuditHead struct {
	TenantID string
	Seq      int64
	Hash     usher.AuditHash
}

// AuditHeads gives where every chain ends, by tenant.
func (s *Store) AuditHeads(ctx context.Context) ([]AuditHead, error) {
	return all(ctx, s, func(row scanner) (AuditHead, error) {
		var h AuditHead
		var hash []byte
		err := row.Scan(&h.TenantID, &h.Seq, &hash)
		copy(h.Hash[:], hash)
		return h, err
	}, `SELECT tenant_id, seq, hash FROM audit_heads ORDER BY tenant_id`)
}

// AuditLink gives the hash that stands at a place of a chain; ErrNotFound where the chain has no such place.
func (s *Store) AuditLink(ctx context.Context, tenant string, seq int64) (usher.AuditHash, error) {
	var hash usher.AuditHash
	var b []byte
	err := s.row(ctx, `SELECT hash FROM audit WHERE tenant_id = $1 AND seq = $2 AND seq > 0`, []any{tenant, seq}, &b)
	copy(hash[:], b)
	return hash, err
}

// AuditTenants gives the tenants that have entries in the trail, "" among them for the server's own. It leaps along the index from one to the next.
func (s *Store) AuditTenants(ctx context.Context) ([]string, error) {
	return all(ctx, s, func(row scanner) (t string, err error) { return t, row.Scan(&t) },
		`WITH RECURSIVE leaps (tenant) AS (SELECT min(tenant_id) FROM audit WHERE seq > 0
		UNION ALL SELECT (SELECT min(a.tenant_id) FROM audit a WHERE a.tenant_id > leaps.tenant AND a.seq > 0) FROM leaps WHERE leaps.tenant IS NOT NULL)
		SELECT tenant FROM leaps WHERE tenant IS NOT NULL ORDER BY tenant`)
}

// AuditStrays counts entries that stand in no chain, which nothing but a hand in the database can make. It walks through all entries.
func (s *Store) AuditStrays(ctx context.Context) (n int64, err error) {
	err = s.row(ctx, `SELECT count(*) FROM audit WHERE seq <= 0 OR hash IS NULL`, nil, &n)
	return n, err
}
