package crashtest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
)

const (
	callers = 6
	// How long a server that is left in peace may take to bring everything to an end.
	settleTime = time.Minute
)

// rounds gives how often a test hurts its server: its share, in percent, of USHER_CRASH_ROUNDS, which counts those of all tests.
func rounds(t *testing.T, share int) int {
	t.Helper()
	if testing.Short() {
		return 2
	}
	word := os.Getenv("USHER_CRASH_ROUNDS")
	if word == "" {
		word = "200"
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		t.Fatalf("USHER_CRASH_ROUNDS is %q, want a number", word)
	}
	return max(n*share/100, 2)
}

// TestCrash kills a busy server again and again; see the package comment for what it holds.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.open(t)
			s := servertest.With(t, servertest.Config{Database: d.url})
			s.Start(t)
			w := begin(t, s)
			r := chance(t)
			n := rounds(t, 30)
			var slowest time.Duration
			for round := range n {
				w.breathe(t, r, round%3 == 0)
				_ = s.Kill() // it says "killed", which is what was asked
				slowest = max(slowest, s.Start(t))
				if w.o.report(t) {
					t.Fatalf("in round %d of %d", round+1, n)
				}
			}
			w.end(t, d)
			t.Logf("%d rounds, slowest start %d ms", n, slowest.Milliseconds())
		})
	}
}

// chance gives numbers of a seed that is told.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// pause lets a server work for a while.
func pause(r *rand.Rand) { time.Sleep(time.Duration(5+r.IntN(196)) * time.Millisecond) }

// breathe lets servers work for a while, and now and then, when they must, until they have acknowledged something: where the machine is busy with other
// things they would else be hurt again before they have done anything, round after round.
func (w *world) breathe(t *testing.T, r *rand.Rand, must bool) {
	t.Helper()
	before := w.o.Answered.Load()
	pause(r)
	for limit := time.Now().Add(2 * settleTime); must && w.o.Answered.Load() == before; time.Sleep(callPause) {
		if time.Now().After(limit) {
			t.Fatalf("nothing was acknowledged for %s", 2*settleTime)
		}
	}
}

// world is a busy server: callers that note what was acknowledged, and a receiver of its webhooks.
type world struct {
	s       *servertest.Server
	o       *oracle
	hooks   *receiver
	stop    chan struct{}
	stopped sync.Once
	working sync.WaitGroup
	last    func([]servertest.Event) // looks at what a test wants to see beside the rest, while the servers still run
}

// begin makes a server busy.
func begin(t *testing.T, s *servertest.Server) *world {
	t.Helper()
	o, hooks := prepare(t, s)
	w := &world{s: s, o: o, hooks: hooks, stop: make(chan struct{})}
	for caller := range callers {
		w.working.Go(func() { o.work(t.Context(), caller, w.stop) })
	}
	return w
}

// halt lets the callers end what they are at.
func (w *world) halt() {
	w.stopped.Do(func() { close(w.stop) })
	w.working.Wait()
}

// end lets the callers end, waits until everything has come to its end, compares, ends the servers and looks into the database that they left.
func (w *world) end(t *testing.T, d database, others ...*servertest.Server) {
	t.Helper()
	w.halt()
	w.o.report(t)
	events := settled(t, w.o, w.hooks)
	w.o.compare(t, events)
	if w.last != nil {
		w.last(events)
	}
	w.hooks.mu.Lock()
	took, duplicates, wrong := w.hooks.took, w.hooks.duplicates, w.hooks.wrong
	w.hooks.mu.Unlock()
	for _, told := range wrong {
		t.Error(told)
	}
	for _, s := range append(others, w.s) {
		if err := s.Term(); err != nil {
			t.Errorf("the server did not end well: %v", err)
		}
	}
	d.inspect(t, w.s, len(events))
	w.s.Run(t, "audit", "verify") // it fails when a chain does not hold
	t.Logf("%d calls acknowledged, %d sent again, %d kept answers; %d sessions and %d by a vendor's API, %d events; %d deliveries, %d of them twice",
		w.o.Answered.Load(), w.o.Repeated.Load(), w.o.Replayed.Load(), len(w.o.sessions), len(w.o.scans), len(events), took, duplicates)
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
