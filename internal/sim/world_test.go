package sim_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/sqlitetest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// plan is what a seed breaks, and how often: chances of one thing failing once. Most seeds break a few kinds of things and leave the others
// whole, since faults that come all at once hide each other.
type plan struct {
	nodes                                             int
	readFails, writeFails, blobFails                  float64
	checkFails, openerFails, hookFails, dies          float64
	kills, stops, boots, jumps, passes, stalls, stays float64 // per step; the others per thing, dies per moment that matters
	callsBack                                         map[usher.CheckKind]bool
	broken                                            usher.CheckKind // a provider that never answers well
	breaks                                            string
	noBank                                            bool // the bank never answers
	steps                                             int
}

func planOf(d dice) plan {
	r := d.of("plan")
	some := func(most float64) float64 {
		if r.IntN(2) == 0 {
			return 0
		}
		return most * r.Float64()
	}
	p := plan{
		nodes:     1 + r.IntN(3),
		readFails: some(0.01), writeFails: some(0.15), blobFails: some(0.2), checkFails: some(0.7), openerFails: some(0.8), hookFails: some(0.6),
		kills: some(0.01), stops: some(0.004), boots: 0.03, jumps: some(0.01), passes: 0.005 + some(0.02), stalls: some(0.004), stays: some(0.9), dies: some(0.08),
		callsBack: map[usher.CheckKind]bool{usher.CheckFace: r.IntN(3) == 0},
		steps:     6000,
	}
	if r.IntN(6) == 0 {
		p.broken, p.breaks = usher.CheckDocument, []string{"errs", "hangs", "lies", "panics"}[r.IntN(4)]
	}
	p.noBank = r.IntN(10) == 0
	return p
}

// world is everything there is, and the one who says what happens next.
type world struct {
	t      testing.TB
	dice   dice
	rng    *rand.Rand // of the order of things; nobody else draws from it
	plan   plan
	mutant mutant
	gate   gate
	file   string
	raw    *pool // past every tap, for the world itself
	master *vault.Master
	nodes  []*node
	leases leases
	live   sync.WaitGroup // everything that must have ended when the world does

	locked atomic.Bool // somebody writes
	healed bool        // faults have ended
	over   bool        // actors are to end
	steps  int
	last   string // who was let go last
	start  time.Time
	sum    hash.Hash
	trace  []string
	counts map[string]int
	mu     sync.Mutex // of counts and what was rewritten

	jobsStale bool
	jobList   []jobRow
	jobRuns   int
	timers    map[string]time.Time // when each timer's job was put in last
	rewritten bool

	tenants  []usher.Tenant
	goals    []*goal
	person   *person // nil in most worlds
	deeds    []*deed
	actors   int // at work
	files    map[string][]byte
	bank     bank
	receipts map[string]*receipt
	arrived  []*receipt
	done     []string // invariants broken, first one first

	checkpoints []audit.Checkpoint
}

const (
	traceEnd  = 120
	mostAfter = 25_000 // steps after all faults have ended
)

// outcome is what is left of a run.
type outcome struct {
	seed   uint64
	broken string // "" when everything held
	sum    string // of the whole trace
	steps  int
	tail   []string
	notes  map[string]int // how often what happened
	fits   bool           // the mutant's statement was met
}

// simulate runs a seed in a bubble of its own.
func simulate(t *testing.T, seed uint64, m mutant) (o outcome) {
	t.Helper()
	dir := t.TempDir()
	if err := sqlitetest.Fresh(dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "usher.db")
	synctest.Test(t, func(t *testing.T) {
		d := dice(seed)
		w := &world{
			t: t, dice: d, rng: rand.New(rand.NewPCG(seed, 1)), plan: planOf(d), mutant: m, file: file, start: time.Now(), sum: sha256.New(),
			counts: map[string]int{}, timers: map[string]time.Time{}, files: map[string][]byte{}, receipts: map[string]*receipt{},
			bank: bank{number: map[string]string{}, people: map[string][]string{}}, jobsStale: true,
		}
		w.run()
		o = outcome{seed: seed, sum: hex.EncodeToString(w.sum.Sum(nil)[:8]), steps: w.steps, tail: w.trace, notes: w.counts, fits: w.rewritten}
		if len(w.done) > 0 {
			o.broken = strings.Join(w.done[:min(len(w.done), 5)], "\n")
		}
	})
	return o
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Fatalf("seed %d, step %d: the simulation itself failed: %v", uint64(w.dice), w.steps, err)
	}
}

// broke notes an invariant that does not hold.
func (w *world) broke(format string, args ...any) {
	w.done = append(w.done, fmt.Sprintf(format, args...))
}

// say adds a line to the trace.
func (w *world) say(line string) {
	w.steps++
	line = fmt.Sprintf("%d %s %s", w.steps, time.Since(w.start).Round(time.Millisecond), line)
	w.sum.Write([]byte(line + "\n"))
	w.trace = append(w.trace, line)
	if len(w.trace) > 2*traceEnd && !*wholeTrace {
		w.trace = slices.Delete(w.trace, 0, traceEnd)
	}
}

// count gives a name its number, so that each time something is done has a name of its own.
func (w *world) count(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name]++
	return fmt.Sprintf("%s #%d", name, w.counts[name])
}

func (w *world) strikes(chance float64, name string) bool {
	return !w.healed && chance > 0 && w.dice.of("fault "+name).Float64() < chance
}

// does draws what goes wrong with one thing: " " and a word, or "".
func (w *world) does(chance float64, name string, ways ...string) (string, *rand.Rand) {
	roll := w.dice.of("fault " + name)
	if w.healed || roll.Float64() >= chance {
		return "", roll
	}
	return " " + ways[roll.IntN(len(ways))], roll
}

func (w *world) writeFault(name string) (fault string, after int, wait time.Duration) {
	does, roll := w.does(w.plan.writeFails, name, "begin", "statement", "commit", "unknown", "unknown", "unknown and undone", "slow")
	return strings.TrimSpace(does), roll.IntN(6), time.Duration(roll.IntN(20_000)) * time.Millisecond
}

func (w *world) unlock() { w.locked.Store(false) }

// committed is told of every commit, while nobody else runs.
func (w *world) committed() { w.jobsStale = true }

func (w *world) rewrite(text string) string {
	if w.mutant.from == "" {
		return text
	}
	changed := strings.ReplaceAll(text, w.mutant.from, w.mutant.to)
	if changed != text {
		w.fits()
	}
	return changed
}

// fits notes that the mutant met what it changes.
func (w *world) fits() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rewritten = true
}

// note counts something that is told of at the end.
func (w *world) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts["~ "+what]++
}

// alive gives the processes that answer.
func (w *world) alive() []*incarnation {
	var list []*incarnation
	for _, n := range w.nodes {
		if n.inc != nil && n.inc.ready {
			list = append(list, n.inc)
		}
	}
	return list
}

func (w *world) run() {
	w.raw = database(w.file, "immediate", 1)
	defer w.raw.db.Close()
	_, err := w.raw.db.ExecContext(context.Background(), jobTable+";"+w.mutant.setup)
	w.must(err)
	w.master, err = vault.ParseMaster(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	w.must(err)
	for i := range w.plan.nodes {
		w.nodes = append(w.nodes, &node{w: w, name: fmt.Sprintf("n%d", i+1)})
	}
	w.healed = true // faults have not begun
	for _, n := range w.nodes {
		n.boot()
	}
	w.settle(func() bool { return len(w.alive()) == len(w.nodes) })
	w.settled(w.found)
	w.rest()
	w.healed = false
	w.people()
	for w.rest(); w.actors > 0 && w.steps < w.plan.steps && len(w.done) == 0; w.rest() {
		w.step()
	}
	if w.heal(); len(w.done) == 0 {
		w.settled(w.judge)
	}
	for _, n := range w.nodes {
		if n.inc != nil {
			n.kill()
		}
	}
	w.gate.close()
	w.live.Wait()
}

// settled does something that halts at the gate, from outside of the order of things, letting everybody go until it is done.
func (w *world) settled(do func()) {
	ended := make(chan struct{})
	go func() { defer close(ended); do() }()
	w.settle(func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
}

// settle lets everybody go until something is so.
func (w *world) settle(so func() bool) {
	for {
		w.rest()
		if so() {
			return
		}
		if list := w.gate.waiting(w.locked.Load()); len(list) > 0 {
			w.let(list[0])
		} else {
			time.Sleep(time.Second)
		}
	}
}

func (w *world) let(h *halt) {
	if h.lock {
		w.locked.Store(true)
		h.taken = true
	}
	w.last = by(h.name)
	w.gate.release(h)
}

// by gives who halts, without where.
func by(name string) string {
	first, _, _ := strings.Cut(name, " ")
	who, _, _ := strings.Cut(first, ".")
	return who
}

// rest waits until everybody halts, or waits for time or for another.
func (w *world) rest() {
	synctest.Wait()
	for _, n := range w.nodes {
		if n.inc != nil && n.inc.woken.Swap(false) {
			n.inc.sender.Wake()
			synctest.Wait()
		}
	}
}

// step does one thing: to a node, to the clock, or letting somebody go.
func (w *world) step() {
	w.rest()
	if !w.healed && w.fate() {
		return
	}
	list := w.gate.waiting(w.locked.Load())
	work := w.work()
	long := w.rng.Float64() < w.plan.stalls
	if long || len(list)+len(work) == 0 || w.rng.Float64() < w.plan.passes {
		w.pass(long, len(list)+len(work) == 0)
		return
	}
	at := w.rng.IntN(len(list) + len(work))
	if stay := slices.IndexFunc(list, func(h *halt) bool { return by(h.name) == w.last }); stay >= 0 && w.rng.Float64() < w.plan.stays {
		at = stay
	}
	if *wholeTrace {
		for _, h := range list {
			w.trace = append(w.trace, "    waits: "+h.name)
		}
	}
	if at < len(list) {
		w.say(list[at].name)
		w.let(list[at])
		return
	}
	work[at-len(list)]()
}

// pass lets time go on: mostly a little, sometimes for long, which is also how it looks when a process is held up.
func (w *world) pass(long, idle bool) {
	steps := []time.Duration{time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, time.Second, time.Second, 3 * time.Second}
	switch {
	case idle:
		steps = []time.Duration{time.Second, 3 * time.Second}
	case long:
		steps = []time.Duration{7 * time.Second, 25 * time.Second, 45 * time.Second, 70 * time.Second, 3 * time.Minute, 25 * time.Minute}
	}
	d := steps[w.rng.IntN(len(steps))]
	if !w.healed && !w.locked.Load() {
		w.mark()
	}
	w.say("time passes: " + d.String())
	time.Sleep(d)
}

// fate draws what becomes of a node, and tells whether anything did.
func (w *world) fate() bool {
	n := w.nodes[w.rng.IntN(len(w.nodes))]
	roll := w.rng.Float64()
	hit := func(chance float64) bool {
		roll -= chance
		return roll < 0
	}
	switch {
	case n.inc == nil && hit(w.plan.boots):
		w.say(n.name + " starts")
		n.boot()
	case n.inc == nil:
		return false
	case hit(w.plan.kills):
		w.say(n.inc.name + " is killed")
		n.kill()
	case n.inc.ready && hit(w.plan.stops):
		w.say(n.inc.name + " is to stop")
		n.stop()
	case hit(w.plan.jumps):
		d := time.Duration(w.rng.IntN(1201)-600) * time.Second
		w.say(fmt.Sprintf("the clock of %s is off by %s now", n.name, d))
		n.skew.Store(int64(d))
	default:
		return false
	}
	return true
}

// work gives what processes could begin now: a job that is due, or a timer whose time has come, each by any process that has room.
func (w *world) work() (list []func()) {
	if w.locked.Load() {
		return nil
	}
	due := w.due()
	for _, inc := range w.alive() {
		q := inc.queue
		if q.handler == nil || q.running >= jobsAtOnce {
			continue
		}
		for _, r := range due {
			list = append(list, func() {
				w.say(fmt.Sprintf("%s takes job %d: %s, try %d", inc.name, r.id, r.job.Kind, r.attempt+1))
				q.take(r)
			})
		}
		for _, t := range q.timers {
			if time.Since(w.timers[t.Kind]) >= t.Every {
				list = append(list, func() { w.tick(q, t) })
			}
		}
	}
	return list
}

// tick runs a timer's job: one process at a time puts it in, and it is not tried again.
func (w *world) tick(q *queue, t store.Timer) {
	w.timers[t.Kind] = time.Now()
	w.jobRuns++
	name := fmt.Sprintf("%s/%s%d", q.inc.name, t.Kind, w.jobRuns)
	w.say(name + " begins")
	handler := q.handler
	q.running++
	w.live.Go(func() {
		_ = run(name, handler, store.Job{Kind: t.Kind, Period: true, Attempt: 1, Last: true}) // the next time does what this one could not
		if w.gate.stop(q.inc, name+" ends") == nil {
			q.running--
		}
	})
}

// heal ends all faults, starts what is down, and lets time go on until nothing more happens.
func (w *world) heal() {
	w.rest()
	w.healed, w.over = true, true
	w.say("faults end")
	w.plan.passes, w.plan.stalls, w.plan.stays = 0, 0, 0.5
	for _, n := range w.nodes {
		n.skew.Store(0)
		if n.inc != nil && !n.inc.ready {
			w.say(n.inc.name + " is killed")
			n.kill()
		}
		if n.inc == nil {
			n.boot()
		}
	}
	quiet, leaps := 0, 0
	for n := 0; quiet < 6 && len(w.done) == 0; n++ {
		w.rest()
		if w.resting() && w.idle() {
			quiet++
		} else if !w.resting() {
			quiet = 0
		}
		if n > mostAfter {
			w.broke("liveness: something still goes on long after all faults have ended: %s", w.unrest())
			return
		}
		if len(w.gate.waiting(w.locked.Load()))+len(w.work()) > 0 {
			w.step()
			continue
		}
		// Leaps are counted, not steps: a world all of whose leaps take as many steps might never take a short one, and a sender that looks for work a
		// second into each would find every lease over that it takes.
		d := []time.Duration{time.Second, 10 * time.Second, 2 * time.Minute, 15 * time.Minute}[min(leaps%20, 3)]
		leaps++
		if w.busy() {
			d = time.Second // a leap would look as if the process had been held up, and would end what it is at
		}
		time.Sleep(d)
	}
}

// busy tells whether a process is at a job.
func (w *world) busy() bool {
	return slices.ContainsFunc(w.alive(), func(inc *incarnation) bool { return inc.queue.running > 0 })
}

// idle tells whether no process has anything in hand.
func (w *world) idle() bool { return len(w.gate.waiting(false)) == 0 }

// resting tells whether nothing is left to do in the database: no job, no delivery, no deadline, no held decision, no actor at work.
func (w *world) resting() bool { return w.unrest() == "" }

func (w *world) unrest() string {
	if w.actors > 0 {
		return "an actor"
	}
	if jobs := w.jobs(); len(jobs) > 0 {
		return fmt.Sprintf("job %+v", jobs[0])
	}
	if w.waits() {
		return "a person who is to be erased"
	}
	for _, q := range []string{
		`SELECT 'delivery ' || id FROM deliveries WHERE status = 'pending'`, `SELECT 'held decision ' || id FROM held_decisions`,
		`SELECT 'session ' || id || ' ' || state FROM sessions WHERE due_at > 0`,
	} {
		var what string
		if err := w.raw.db.QueryRowContext(context.Background(), q+` LIMIT 1`).Scan(&what); err == nil {
			return what
		}
	}
	return ""
}
