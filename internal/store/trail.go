package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
)

const (
	// auditPage is how many entries are read at once: a reading that lasts holds up the database's own tidying.
	auditPage = 5000
	// auditRun is how many places of a chain the database gives as one text.
	auditRun = 500
)

// AuditTrail gives a tenant's chain from a place on, in its order, a page at a time: whoever takes entries slowly holds no connection meanwhile.
// Most of what a row costs is the way of its columns out of the database, so runs of entries come as one text; what does not come well that way is
// read column by column.
func (s *Store) AuditTrail(ctx context.Context, tenant string, from int64) iter.Seq2[usher.AuditRecord, error] {
	return func(yield func(usher.AuditRecord, error) bool) {
		runs := trailRuns{s: s, tenant: tenant, mark: "\x1f" + rand.Text()[:6]}
		for last := false; !last; {
			page, err := runs.read(ctx, from)
			if err == nil && len(page) == 0 {
				page, err = s.auditRows(ctx, tenant, from)
				last = len(page) < auditPage
			}
			if err != nil {
				yield(usher.AuditRecord{}, fmt.Errorf("read the audit trail: %w", err))
				return
			}
			for i := range page {
				from = page[i].Seq + 1
				if !yield(page[i], nil) {
					return
				}
			}
		}
	}
}

// auditRows reads a page column by column.
func (s *Store) auditRows(ctx context.Context, tenant string, from int64) ([]usher.AuditRecord, error) {
	return all(ctx, s, func(row scanner) (usher.AuditRecord, error) { return scanAudit(row) },
		`SELECT `+auditColumns+` FROM audit WHERE tenant_id = $1 AND seq >= $2 AND seq > 0 ORDER BY seq LIMIT $3`, tenant, from, auditPage)
}

// trailRuns reads a chain as runs. The mark stands behind each member of an entry: made by chance for one reading, so that nobody could have put it into
// an entry to have its members cut elsewhere than they are.
type trailRuns struct {
	s            *Store
	tenant, mark string
	page         []usher.AuditRecord
}

// read gives the entries of a run of places, until it is called again; none when there are none or they have to be read column by column: a member
// that is not there at all, one that holds what marks begin with, a hash of another length, places out of order.
func (t *trailRuns) read(ctx context.Context, from int64) ([]usher.AuditRecord, error) {
	var n int
	var text string
	var hashes []byte
	err := t.s.row(ctx, `SELECT count(*) FILTER (WHERE octet_length(hash) = 32), coalesce(string_agg(concat_ws($4, seq, id, at, actor_kind, actor_id,
		actor_role, action, object, detail, reason, request_id, before_hash, after_hash, ''), ''), ''), string_agg(hash, '')
		FROM `+t.s.c.Words.rising(`audit WHERE tenant_id = $1 AND seq >= $2 AND seq < $3 AND seq > 0`, `seq`),
		[]any{t.tenant, from, from + auditRun, t.mark}, &n, &text, &hashes)
	if err != nil || n == 0 || len(hashes) != n*len(usher.AuditHash{}) {
		return nil, err
	}
	t.page = t.page[:0]
	for range n {
		r := usher.AuditRecord{TenantID: t.tenant}
		var ok bool
		if text, ok = t.cut(&r, text); !ok || r.Seq < from {
			return nil, nil
		}
		copy(r.Hash[:], hashes)
		hashes, from = hashes[len(r.Hash):], r.Seq+1
		t.page = append(t.page, r)
	}
	if text != "" {
		return nil, nil
	}
	return t.page, nil
}

// cut takes an entry off a run and gives the rest.
func (t *trailRuns) cut(r *usher.AuditRecord, text string) (rest string, ok bool) {
	var seq, when string
	for _, member := range [...]*string{
		&seq, &r.ID, &when, (*string)(&r.Actor.Kind), &r.Actor.ID, (*string)(&r.Actor.Role), &r.Action, &r.Object, &r.Detail, &r.Reason, &r.RequestID,
		&r.Before, &r.After,
	} {
		end := strings.IndexByte(text, t.mark[0])
		if end < 0 || !strings.HasPrefix(text[end:], t.mark) {
			return text, false
		}
		*member, text = text[:end], text[end+len(t.mark):]
	}
	var notSeq, notWhen error
	var millis int64
	r.Seq, notSeq = strconv.ParseInt(seq, 10, 64)
	millis, notWhen = strconv.ParseInt(when, 10, 64)
	r.At = at(millis)
	return text, notSeq == nil && notWhen == nil
}
