package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

// cutter stands between a store and its server and cuts a connection at a commit.
type cutter struct {
	server string
	mode   atomic.Int32 // what becomes of the next commit
}

const (
	whole  = iota
	before // the server never hears of it
	after  // the server does it, and the answer is lost
)

// through gives the URL of a server behind a cutter.
func through(t *testing.T, of string) (*cutter, string) {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	c := &cutter{server: filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))}
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL."+q.Get("port")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(conn)
		}
	}()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return c, u.String()
}

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var cut atomic.Bool
	go func() {
		defer client.Close()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if err != nil || cut.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], []byte("COMMIT\x00")) {
			mode := c.mode.Swap(whole)
			if mode == before {
				return
			}
			cut.Store(mode == after)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// TestAnswerOfCommitIsLost cuts the connection at a commit: it is written once all the same, and the caller is told so.
func TestAnswerOfCommitIsLost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, through := through(t, postgrestest.URL(t))
	db := postgrestest.Open(t, postgres.Config{URL: through})
	for round, mode := range []int32{before, after, before, after} {
		row := session(fmt.Sprintf("s%d", round))
		c.mode.Store(mode)
		if err := db.Commit(ctx, store.Change{Session: &row}); err != nil {
			t.Fatalf("mode %d: %v", mode, err)
		}
		c.mode.Store(mode)
		n, _, err := db.Count(ctx, "counter", time.UnixMilli(1), time.Hour)
		if err != nil || n != int64(round+1) {
			t.Fatalf("mode %d: counted %d, %v", mode, n, err)
		}
		next := row
		next.Was, next.Version = 1, 2
		c.mode.Store(mode)
		err = db.Commit(ctx, store.Change{Session: &next, Events: []store.EventRow{eventOf(next)}, Jobs: []store.Job{{Kind: "k", Object: row.ID}}})
		if err != nil {
			t.Fatalf("mode %d: %v", mode, err)
		}
		if jobs, err := db.Waiting(ctx); err != nil || jobs != round+1 {
			t.Fatalf("mode %d: %d jobs, %v", mode, jobs, err)
		}
		if c.mode.Load() != whole {
			t.Fatal("the connection was not cut")
		}
	}
}

func session(id string) store.SessionRow {
	now := time.UnixMilli(1)
	return store.SessionRow{
		ID: id, TenantID: "t", ApplicantID: "a" + id, Dialect: "native", Purpose: usher.ForOnboarding, State: usher.Created, Version: 1,
		Doc: []byte("doc"), CreatedAt: now, UpdatedAt: now,
	}
}

func eventOf(s store.SessionRow) store.EventRow {
	return store.EventRow{
		ID: fmt.Sprintf("%s-%d", s.ID, s.Version), TenantID: "t", ApplicantID: s.ApplicantID, SessionID: s.ID, Dialect: "native",
		Purpose: s.Purpose, Type: usher.EvidenceReceived, Sequence: s.Version, At: s.UpdatedAt,
	}
}

// TestNothingAcknowledgedIsLost changes sessions while every connection is cut, over and over, and the server is killed: what was acknowledged is there,
// what was not is there whole or not at all, and every session's events follow its versions without a gap.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, true)
	db := postgrestest.Open(t, postgres.Config{URL: server.URL(t)})
	const callers = 16
	var stop atomic.Bool
	var acknowledged [callers]int64
	var failed atomic.Int64
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			row := session(fmt.Sprintf("s%d", n))
			for !stop.Load() {
				err := db.Commit(context.Background(), store.Change{Session: &row, Events: []store.EventRow{eventOf(row)}})
				if errors.Is(err, store.ErrConflict) {
					t.Errorf("%s at %d: what nobody else writes conflicts", row.ID, row.Version)
					return
				}
				if err == nil {
					acknowledged[n] = row.Version
				} else {
					failed.Add(1)
					if !usher.Passes(err) {
						t.Errorf("a server that is away is told as %v", err)
					}
					stored, err := db.Session(context.Background(), "t", row.ID)
					switch {
					case errors.Is(err, store.ErrNotFound):
						continue
					case err != nil:
						time.Sleep(10 * time.Millisecond) // the server is away: the same again
						continue
					case stored.Version < row.Version:
						continue
					}
				}
				row.Was, row.Version = row.Version, row.Version+1
			}
		})
	}
	for range 5 {
		time.Sleep(100 * time.Millisecond)
		if err := server.Do(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`); err != nil {
			t.Error(err)
		}
	}
	server.Kill(t)
	time.Sleep(300 * time.Millisecond)
	stop.Store(true)
	all.Wait()
	total := int64(0)
	for n := range callers {
		row := session(fmt.Sprintf("s%d", n))
		stored, err := db.Session(context.Background(), "t", row.ID)
		if err != nil && acknowledged[n] > 0 {
			t.Fatal(err)
		}
		if stored.Version < acknowledged[n] {
			t.Errorf("%s is at %d, and %d was acknowledged", row.ID, stored.Version, acknowledged[n])
		}
		total += acknowledged[n]
		list, err := db.ListEvents(context.Background(), "t", usher.EventFilter{SessionID: row.ID, Paging: usher.Paging{Limit: 100_000, Oldest: true}})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range list {
			if e.Sequence != int64(i+1) {
				t.Fatalf("%s: event %d has number %d", row.ID, i+1, e.Sequence)
			}
		}
		if int64(len(list)) != stored.Version {
			t.Errorf("%s is at %d and has %d events", row.ID, stored.Version, len(list))
		}
	}
	t.Logf("%d changes acknowledged, %d refused", total, failed.Load())
}
