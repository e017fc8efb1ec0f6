package crashtest_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to look into the database when the server is gone

	"github.com/usher-kyc/usher/internal/servertest"
)

const (
	callers = 6
	// How long a server that is left in peace may take to bring everything to an end.
	settleTime = time.Minute
)

func rounds(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		return 3
	}
	word := os.Getenv("USHER_CRASH_ROUNDS")
	if word == "" {
		return 50
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		t.Fatalf("USHER_CRASH_ROUNDS is %q, want a number", word)
	}
	return n
}

// TestCrash kills a busy server again and again; see the package comment for what it holds.
func TestCrash(t *testing.T) {
	n := rounds(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	s := servertest.New(t)
	s.Start(t)
	o, hooks := prepare(t, s)
	stop := make(chan struct{})
	var working sync.WaitGroup
	for caller := range callers {
		working.Go(func() { o.work(t.Context(), caller, stop) })
	}
	var slowest time.Duration
	for round := range n {
		time.Sleep(time.Duration(5+r.IntN(196)) * time.Millisecond)
		_ = s.Kill() // it says "killed", which is what was asked
		slowest = max(slowest, s.Start(t))
		if o.report(t) {
			t.Fatalf("in round %d of %d", round+1, n)
		}
	}
	close(stop)
	working.Wait()
	o.report(t)
	events := settled(t, o, hooks)
	o.compare(t, events)
	hooks.mu.Lock()
	took, duplicates, wrong := hooks.took, hooks.duplicates, hooks.wrong
	hooks.mu.Unlock()
	for _, w := range wrong {
		t.Error(w)
	}
	if err := s.Term(); err != nil {
		t.Errorf("the server did not end well: %v", err)
	}
	inspect(t, s.Dir, len(events))
	t.Logf("%d rounds (slowest start %d ms); %d calls acknowledged, %d sent again, %d kept answers; %d sessions and %d by a vendor's API, %d events; %d deliveries, %d of them twice",
		n, slowest.Milliseconds(), o.Answered.Load(), o.Repeated.Load(), o.Replayed.Load(), len(o.sessions), len(o.scans), len(events), took, duplicates)
}

// prepare signs in and registers the receiver.
func prepare(t *testing.T, s *servertest.Server) (*oracle, *receiver) {
	t.Helper()
	o, hooks := newOracle(s.Client(t)), newReceiver(t)
	var endpoint struct {
		Secret string `json:"secret"`
	}
	if err := o.Post(t.Context(), "/v1/webhook_endpoints", fields{"url": hooks.URL, "events": []string{"*"}, "origin": "any"}, &endpoint); err != nil {
		t.Fatal(err)
	}
	hooks.trust(endpoint.Secret)
	o.vendor = signIn(t, s)
	return o, hooks
}

// report tells the faults found so far.
func (o *oracle) report(t *testing.T) bool {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.wrong {
		t.Error(w)
	}
	return len(o.wrong) > 0
}

// settled waits until no session runs any more and every event was delivered, and gives the events.
func settled(t *testing.T, o *oracle, hooks *receiver) []servertest.Event {
	t.Helper()
	for limit := time.Now().Add(settleTime); ; time.Sleep(100 * time.Millisecond) {
		events, err := o.Events(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		states := map[string]string{}
		for _, e := range events {
			if e.Data.State != "" {
				states[e.SessionID] = e.Data.State
			}
		}
		running := 0
		for _, state := range states {
			if state == "submitted" {
				running++
			}
		}
		missing := hooks.missing(events)
		if running == 0 && missing == 0 && o.opened(events, states) {
			return events
		}
		if time.Now().After(limit) {
			t.Fatalf("after %s in peace: %d sessions are still submitted, %d of %d events not delivered, every account opened: %v",
				settleTime, running, missing, len(events), o.opened(events, states))
		}
	}
}

// opened tells whether every approved session whose flow opens one has its account.
func (o *oracle) opened(events []servertest.Event, states map[string]string) bool {
	have := map[string]bool{}
	for _, e := range events {
		if e.Type == "account.opened" {
			have[e.SessionID] = true
		}
	}
	for id, state := range states {
		if o.scans[id] == "" && state == "approved" && !have[id] {
			return false
		}
	}
	return true
}

// compare holds the server's events and sessions against what was acknowledged.
func (o *oracle) compare(t *testing.T, events []servertest.Event) {
	t.Helper()
	ids, last, states, accounts := map[string]bool{}, map[string]int64{}, map[string]string{}, map[string]int{}
	for _, e := range events {
		if ids[e.ID] {
			t.Errorf("the event %s is there twice", e.ID)
		}
		ids[e.ID] = true
		if e.Sequence != last[e.Subject()]+1 {
			t.Errorf("the events of %s jump from %d to %d", e.Subject(), last[e.Subject()], e.Sequence)
		}
		last[e.Subject()] = e.Sequence
		if e.Data.State != "" {
			states[e.Subject()] = e.Data.State
		}
		if e.Type == "account.opened" {
			accounts[e.SessionID]++
		}
	}
	for id, n := range accounts {
		if n > 1 {
			t.Errorf("%d accounts were opened for session %s", n, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(o.sessions)) {
		acknowledged := o.sessions[id]
		var now servertest.Session
		if err := o.Get(t.Context(), "/v1/sessions/"+id, &now); err != nil {
			t.Errorf("the acknowledged session %s: %v", id, err)
			continue
		}
		if now.Version < acknowledged.Version {
			t.Errorf("session %s is at version %d, %d was acknowledged", id, now.Version, acknowledged.Version)
		}
		if now.Version != last[id] || now.State != states[id] {
			t.Errorf("session %s is %s at version %d, its events lead to %s at %d", id, now.State, now.Version, states[id], last[id])
		}
		if ended(acknowledged.State) && now.State != acknowledged.State {
			t.Errorf("session %s was acknowledged as %s and is %s", id, acknowledged.State, now.State)
		}
	}
	o.compareScans(t)
	for id, files := range o.files {
		for _, f := range files {
			o.compareFile(t, id, f)
		}
	}
}

func ended(state string) bool {
	return slices.Contains([]string{"approved", "rejected", "cancelled", "expired"}, state)
}

func (o *oracle) compareFile(t *testing.T, session, file string) {
	t.Helper()
	id, want, _ := strings.Cut(file, "/")
	var raw []byte
	if err := o.Get(t.Context(), "/v1/sessions/"+session+"/evidence/"+id+"/content", &raw); err != nil {
		t.Errorf("the acknowledged evidence %s: %v", id, err)
		return
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the evidence %s is not what was sent", id)
	}
}

// inspect looks into the database that the server left.
func inspect(t *testing.T, dir string, events int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]string{
		`PRAGMA integrity_check`:                                                                                 "ok",
		`SELECT count(*) FROM events`:                                                                            fmt.Sprint(events),
		`SELECT count(*) FROM deliveries WHERE status = 'delivered'`:                                             fmt.Sprint(events),
		`SELECT count(*) FROM deliveries WHERE status <> 'delivered'`:                                            "0",
		`SELECT count(*) FROM (SELECT 1 FROM accounts GROUP BY session_id HAVING count(*) > 1)`:                  "0",
		`SELECT count(*) FROM sessions s WHERE version <> (SELECT count(*) FROM events WHERE session_id = s.id)`: "0",
		`SELECT count(*) FROM applicants WHERE id NOT IN (SELECT applicant_id FROM keysets)`:                     "0",
		`SELECT count(*) FROM river_job WHERE kind = 'usher' AND state = 'discarded'`:                            "0",
	} {
		var got string
		if err := db.QueryRowContext(context.Background(), query).Scan(&got); err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
