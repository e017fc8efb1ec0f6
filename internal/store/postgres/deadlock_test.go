package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

// deadlocks counts the statements that were broken off because two transactions waited for each other.
type deadlocks struct{ atomic.Int64 }

func (d *deadlocks) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (d *deadlocks) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	var told *pgconn.PgError
	if errors.As(data.Err, &told) && told.Code == "40P01" {
		d.Add(1)
	}
}

func (d *deadlocks) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (d *deadlocks) TraceBatchQuery(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	d.TraceQueryEnd(ctx, conn, pgx.TraceQueryEndData{Err: data.Err})
}

func (d *deadlocks) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TestWritersTakeRowsInOneOrder has changes that are written in sets, changes that are written alone and erasures at work on the same rows. A deadlock
// is not an error, since the transaction is done again; but it costs a second, and there is to be none.
func TestWritersTakeRowsInOneOrder(t *testing.T) {
	t.Parallel()
	var counted deadlocks
	db := postgrestest.Open(t, postgres.Config{URL: postgrestest.URL(t), Tracer: &counted})
	ctx := context.Background()
	now := time.UnixMilli(1_750_000_000_000)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(db.PutTenant(ctx, usher.Tenant{ID: "t", Name: "t", Mode: usher.Sandbox, CreatedAt: now}))
	const people, rounds = 3, 25
	for i := range people {
		a := store.ApplicantRow{ID: fmt.Sprint("a", i), TenantID: "t", Version: 1, CreatedAt: now, UpdatedAt: now}
		s := store.SessionRow{ID: fmt.Sprint("s", i), TenantID: "t", ApplicantID: a.ID, Version: 1, CreatedAt: now, UpdatedAt: now}
		must(db.Commit(ctx, store.Change{Applicant: &a, Session: &s, Keyset: &store.Keyset{ApplicantID: a.ID, TenantID: "t", Wrapped: []byte("k")}}))
		must(db.Commit(ctx, store.Change{Monitor: &store.MonitorRow{Monitor: usher.Monitor{TenantID: "t", ApplicantID: a.ID, SessionID: s.ID, State: usher.MonitorActive}}}))
	}
	// change reads both rows and writes both, with what more makes of it.
	change := func(i int, more func(*store.Change)) error {
		a, err := db.Applicant(ctx, "t", fmt.Sprint("a", i%people))
		if err != nil {
			return err
		}
		s, err := db.Session(ctx, "t", fmt.Sprint("s", i%people))
		if err != nil {
			return err
		}
		a.Was, a.Version = a.Version, a.Version+1
		s.Was, s.Version = s.Version, s.Version+1
		c := store.Change{Applicant: &a, Session: &s}
		more(&c)
		if err := db.Commit(ctx, c); !errors.Is(err, store.ErrConflict) {
			return err
		}
		return nil
	}
	var ids atomic.Int64
	var all sync.WaitGroup
	for _, more := range []func(*store.Change){
		func(*store.Change) {}, // one of a set
		func(*store.Change) {},
		func(c *store.Change) {
			c.CaseLog = []store.CaseLogRow{{ID: fmt.Sprint("l", ids.Add(1)), TenantID: "t", ApplicantID: c.Applicant.ID, SessionID: c.Session.ID, At: now}}
		},
		func(c *store.Change) {
			c.CaseEdit = &store.CaseEdit{Case: store.CaseRow{SessionID: c.Session.ID, TenantID: "t", ApplicantID: c.Applicant.ID, Version: 2, Was: 1}}
		},
		func(c *store.Change) {
			c.News = &store.MonitorRow{Monitor: usher.Monitor{TenantID: "t", ApplicantID: c.Applicant.ID, SessionID: c.Session.ID}}
		},
		func(c *store.Change) { c.Session, c.Erase = nil, c.Applicant.ID },
	} {
		all.Go(func() {
			for i := range rounds {
				must(change(i, more))
			}
		})
	}
	all.Wait()
	if n := counted.Load(); n > 0 {
		t.Errorf("%d deadlocks", n)
	}
}
