package store

import (
	"cmp"
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// Lists in the order of commit are read from a cursor on: what a client has not been given by then, it must be given later, behind the cursor. With
// several writers, a row may become visible before another whose place is in front of it. So a list ends where places may still be taken, and since a
// transaction that was begun takes a few ms to end, who asks for the newest waits for that long.
const (
	tail      = 250 * time.Millisecond
	tailPause = 2 * time.Millisecond
)

// inOrder reads a page of a tenant's rows in the order of commit, from a query that has its conditions.
func inOrder[T any](ctx context.Context, s *Store, q query, table, column, tenant string, p usher.Paging, scan func(scanner) (T, error)) ([]T, error) {
	if settled := s.c.Words.Settled; settled != "" {
		q.when(true, column+" < "+settled)
	}
	q.order(column, p)
	list, err := all(ctx, s, scan, q.text, q.args...)
	if err != nil || s.c.Words.Settled == "" || (p.Oldest && len(list) > p.Limit) {
		return list, err
	}
	hidden, err := s.awaitTail(ctx, table, tenant)
	if err != nil || !hidden {
		return list, err
	}
	return all(ctx, s, scan, q.text, q.args...)
}

// awaitTail waits until all that is visible of a tenant's rows is settled, or for as long as that may take. It tells whether something was not.
func (s *Store) awaitTail(ctx context.Context, table, tenant string) (hidden bool, err error) {
	var newest, settled int64
	err = s.row(ctx, `SELECT COALESCE(max(pos), 0), `+s.c.Words.Settled+` FROM `+table+` WHERE tenant_id = $1`, []any{tenant}, &newest, &settled)
	if err != nil || newest < settled {
		return false, err
	}
	for end := time.Now().Add(cmp.Or(s.c.Tail, tail)); newest >= settled && time.Now().Before(end); {
		select {
		case <-time.After(tailPause):
		case <-ctx.Done():
			return true, ctx.Err()
		}
		if err := s.row(ctx, `SELECT `+s.c.Words.Settled, nil, &settled); err != nil {
			return true, err
		}
	}
	return true, nil
}
