package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

const insertEvent = `INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, at)
	VALUES ($1, 't', 'a', $1, 'native', 'onboarding', 'session.created', 1, 1)`

// events gives the ids of a tenant's events behind one of them.
func events(t *testing.T, db *store.Store, after string) (ids []string) {
	t.Helper()
	list, err := db.ListEvents(context.Background(), "t", usher.EventFilter{Paging: usher.Paging{Limit: 1000, Oldest: true, After: after}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestSlowTransactionIsNotSkipped begins a transaction, writes an event in a later one that is committed first, and reads with a cursor in between: the
// first one's event must come behind what was read.
func TestSlowTransactionIsNotSkipped(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := postgrestest.Start(t, false).URL(t) // not the shared one: nothing is settled on it while this goes on
	db := postgrestest.Open(t, postgres.Config{URL: url, Tail: 50 * time.Millisecond})
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run := func(on interface {
		Begin(context.Context) (pgx.Tx, error)
	}, id string,
	) pgx.Tx {
		tx, err := on.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, insertEvent, id); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	slow := run(conn, "slow")
	commitEvent(t, db.Store, "quick")
	if got := events(t, db.Store, ""); len(got) != 0 {
		t.Fatalf("got %v while an earlier one may still come", got)
	}
	if err := slow.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	commitEvent(t, db.Store, "last")
	if got := fmt.Sprint(events(t, db.Store, "")); got != "[slow quick last]" {
		t.Fatalf("got %s", got)
	}
}

func commitEvent(t *testing.T, db *store.Store, id string) {
	t.Helper()
	err := db.Commit(context.Background(), store.Change{Events: []store.EventRow{{
		ID: id, TenantID: "t", ApplicantID: "a", SessionID: id, Dialect: "native", Purpose: usher.ForOnboarding, Type: usher.SessionCreated, Sequence: 1,
		At: time.UnixMilli(1),
	}}})
	if err != nil {
		t.Error(err)
	}
}

// TestReaderMissesNothing has two nodes write while a client follows by its cursor.
func TestReaderMissesNothing(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	nodes := []*store.Store{postgrestest.Open(t, postgres.Config{URL: url}).Store, postgrestest.Open(t, postgres.Config{URL: url}).Store}
	const writers, each = 8, 25
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				commitEvent(t, nodes[w%2], fmt.Sprintf("e%d-%d", w, i))
			}
		})
	}
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	seen, last, cursor := map[string]bool{}, false, ""
	for {
		got := events(t, nodes[0], cursor)
		for _, id := range got {
			if seen[id] {
				t.Fatalf("%s came twice", id)
			}
			seen[id], cursor = true, id
		}
		if last && len(got) == 0 {
			break
		}
		select {
		case <-over:
			last = true
		default:
		}
	}
	if len(seen) != writers*each {
		t.Fatalf("the client was given %d of %d events", len(seen), writers*each)
	}
}

// TestRestoredElsewhere reads a database whose rows were counted by a server that had run for longer: what is written next must come behind them.
func TestRestoredElsewhere(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, postgres.Config{URL: url})
	commitEvent(t, db.Store, "old")
	if err := postgrestest.Run(url, `UPDATE events SET pos = pos + (1::bigint << 50)`); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"new", "newer"} {
		again := postgrestest.Open(t, postgres.Config{URL: url})
		commitEvent(t, again.Store, id)
		commitEvent(t, db.Store, id+" on the other node")
	}
	if got := fmt.Sprint(events(t, db.Store, "")); got != "[old new new on the other node newer newer on the other node]" {
		t.Fatalf("got %s", got)
	}
}
