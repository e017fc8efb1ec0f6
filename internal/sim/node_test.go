package sim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
	"github.com/usher-kyc/usher/internal/webhook"
)

// node is a machine: its clock outlives its processes.
type node struct {
	w     *world
	name  string
	skew  atomic.Int64 // how far its clock is off, in nanoseconds
	lives int
	inc   *incarnation // nil while it is down
}

// incarnation is one process of a node: an engine, a store with its writer, a sender, and all they remember.
type incarnation struct {
	node   *node
	name   string
	before string // the process of this node that died before it, where it knows
	dead   atomic.Bool
	ready  bool        // it answers
	writer who         // names what its store writes
	woken  atomic.Bool // its sender is to be woken: two wakes at once would be told apart, or not, by chance
	store  *store.Store
	engine *engine.Engine
	queue  *queue
	sender *webhook.Sender
	cancel []func()      // of the sender and of the life among the others
	opened chan struct{} // closed when it has started, or failed to
	sent   chan struct{} // closed when the sender has ended
}

func (n *node) now() time.Time { return time.Now().Add(time.Duration(n.skew.Load())) }

// boot starts a process of the node. It may fail, or be killed meanwhile.
func (n *node) boot() {
	n.lives++
	inc := &incarnation{node: n, name: fmt.Sprintf("%s.%d", n.name, n.lives), opened: make(chan struct{}), sent: make(chan struct{})}
	if n.lives > 1 && n.w.dice.of("before "+inc.name).IntN(2) == 0 {
		inc.before = fmt.Sprintf("%s.%d", n.name, n.lives-1)
	}
	inc.writer.name = inc.name + "/writer"
	n.inc = inc
	n.w.live.Go(func() {
		err := inc.open(as(context.Background(), inc.name+"/start"))
		close(inc.opened)
		switch {
		case err != nil && n.w.gate.stop(inc, inc.name+" cannot start") == nil:
			n.kill()
		case err == nil && n.w.gate.stop(inc, inc.name+" is up") == nil:
			inc.ready = true
		}
	})
}

// open puts the process together.
func (inc *incarnation) open(ctx context.Context) error {
	n, w := inc.node, inc.node.w
	inc.queue = &queue{w: w, inc: inc}
	write, read := database(w.file, "immediate", 1), database(w.file, "deferred", 8)
	closeBoth := func() error { return errors.Join(read.db.Close(), write.db.Close()) }
	var err error
	inc.store, err = store.New(ctx, store.Config{
		Write: tap{write, w, inc}, Read: tap{read, w, inc}, Queue: inc.queue, Close: closeBoth, Node: inc.name,
		Words: sqlite.Words(), Wrote: func(n int, _ time.Duration) { w.note(fmt.Sprintf("batches of %d", n)) },
		Gather: func() { _ = w.gate.stop(inc, inc.writer.name+" gathers") },
	})
	if err != nil {
		return errors.Join(err, closeBoth())
	}
	keys, err := vault.New(vault.Config{Master: w.master, Keysets: inc.store, Now: n.now})
	w.must(err)
	inc.engine = engine.New(engine.Config{
		Store: inc.store, Queue: inc.queue, Vault: keys, Blobs: blobs{w: w, inc: inc}, Renderers: []usher.Renderer{renderer{}},
		Checkers: w.checkers(inc), Openers: []usher.AccountOpener{opener{w: w, inc: inc}}, Dev: true, Now: n.now,
		Pages:   []usher.StepKind{usher.StepConsent, usher.StepDetails, usher.StepDocument, usher.StepSelfie},
		LinkURL: func(token string) string { return "https://verify.example.test/s/" + token },
		Wake:    func() { inc.woken.Store(true) }, TakeOver: inc.queue.takeOver,
	})
	inc.sender, err = webhook.New(webhook.Config{
		Outbox: outbox{w: w, inc: inc}, Client: &http.Client{Transport: receiver{w: w, inc: inc}}, Now: n.now, Rand: func() float64 { return 0.5 },
		Policies: map[string]webhook.Policy{dialect: {Schedule: schedule()}}, Alive: inc.engine.Alive,
	})
	w.must(err)
	if err := inc.engine.Join(ctx, inc.before); err != nil {
		return err
	}
	w.must(inc.engine.Start(ctx))
	sending, cut := context.WithCancel(as(context.Background(), inc.name+"/sender"))
	living, end := context.WithCancel(as(context.Background(), inc.name+"/life"))
	inc.cancel = []func(){cut, end}
	w.live.Go(func() { inc.engine.Live(living) })
	w.live.Go(func() {
		defer close(inc.sent)
		_ = inc.sender.Run(sending) // what it could not say it says by leases that end
	})
	return nil
}

// schedule is shorter than the native one, so that some deliveries die.
func schedule() []time.Duration {
	return []time.Duration{0, 5 * time.Second, 2 * time.Minute, 20 * time.Minute, 2 * time.Hour}
}

// kill ends a process at once: nothing it does from here on reaches anybody.
func (n *node) kill() {
	inc := n.inc
	n.inc = nil
	inc.dead.Store(true)
	inc.ready = false
	n.w.gate.abandon(inc)
	n.w.live.Go(func() {
		<-inc.opened
		for _, cancel := range inc.cancel {
			cancel()
		}
		if inc.engine != nil {
			_ = inc.engine.Stop(context.Background()) // of a dead process; only its goroutines are to end
		}
		if len(inc.cancel) > 0 {
			<-inc.sent
		}
		if inc.store != nil {
			_ = inc.store.Close()
		}
	})
}

// dies has a process die at a moment that matters, where the seed says so.
func (w *world) dies(inc *incarnation, moment string) bool {
	if inc.node.inc != inc || !w.strikes(w.plan.dies, moment+" of "+inc.name) {
		return inc.dead.Load()
	}
	w.note("deaths " + moment)
	inc.node.kill()
	return true
}

// stop ends a process with care, as a rolling restart does. Until it has ended it may be killed.
func (n *node) stop() {
	inc := n.inc
	inc.ready = false
	n.w.live.Go(func() {
		inc.cancel[0]()
		<-inc.sent
		_ = inc.engine.Stop(context.Background())
		inc.cancel[1]()
		if n.w.gate.stop(inc, inc.name+" has stopped") == nil {
			n.kill() // there is nothing left of it to lose
		}
	})
}

// outbox is the engine's, with a halt before each exchange.
type outbox struct {
	w   *world
	inc *incarnation
}

var _ usher.Outbox = outbox{}

func (o outbox) Exchange(ctx context.Context, reports []usher.DeliveryReport, c usher.DeliveryClaim) ([]usher.ClaimedDelivery, error) {
	by := ctx.Value(whoKey{}).(*who)
	by.n++
	if err := o.w.gate.stop(o.inc, fmt.Sprintf("%s.%d exchanges %d for %d", by.name, by.n, len(reports), c.Limit)); err != nil {
		return nil, err
	}
	for _, r := range reports {
		o.w.leases.end(r, o.inc)
	}
	claimed, err := o.inc.engine.Exchange(ctx, reports, c)
	for _, d := range claimed {
		if by := o.w.leases.begin(d.Delivery, o.inc, c.Now); by != "" && o.w.plan.jumps == 0 {
			o.w.broke("lease: %s was given a delivery of a line that %s had in hand", o.inc.name, by)
		}
	}
	for i := range claimed {
		if d := &claimed[i].Delivery; o.w.mutant.renders && d.Attempts > 0 {
			o.w.fits()
			d.Message.Body = bytes.Replace(d.Message.Body, []byte("{"), []byte("{ "), 1)
		}
	}
	return claimed, err
}

func (o outbox) Release(ctx context.Context, ids []string) error {
	if err := o.w.gate.stop(o.inc, fmt.Sprintf("%s/sender releases %d", o.inc.name, len(ids))); err != nil {
		return err
	}
	o.w.leases.release(ids)
	return o.inc.engine.Release(ctx, ids)
}

func (o outbox) NextDue(ctx context.Context) (time.Time, error) { return o.inc.engine.NextDue(ctx) }

// leases is who has which line of deliveries in hand, as the senders see it.
type leases struct {
	mu     sync.Mutex
	held   map[string]lease // by lane
	told   map[string]bool  // deliveries that somebody said are done
	buried map[string]bool  // processes that were taken for dead; they may live, and lose what they have once more
}

type lease struct {
	by   *incarnation
	at   time.Time
	head string
}

func laneOf(d usher.Delivery) string { return store.DeliveryRow{Delivery: d}.Lane() }

// sureLease is how long a lease lasts at least.
const sureLease = 50 * time.Second

// begin notes a claim, and gives the process that has the line in hand already, or "". A process that died or was taken for dead has nothing.
func (l *leases) begin(d usher.Delivery, inc *incarnation, now time.Time) (other string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := laneOf(d)
	had, ok := l.held[lane]
	if ok && now.Before(had.at) {
		return "" // claimed before the other did, and told later
	}
	if ok && !l.told[had.head] && !l.buried[had.by.name] && !had.by.dead.Load() && had.by.engine.Alive() && now.Sub(had.at) < sureLease {
		other = had.by.name
	}
	if l.held == nil {
		l.held = map[string]lease{}
	}
	l.held[lane] = lease{by: inc, at: now, head: d.ID}
	return other
}

// end notes a report. What somebody tells late is done, though another has the line in hand by then: that one sends it once more, and what comes into
// the empty line behind it waits for nobody.
func (l *leases) end(r usher.DeliveryReport, inc *incarnation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := laneOf(r.Delivery)
	if l.held[lane].by == inc {
		delete(l.held, lane)
	}
	if l.told == nil {
		l.told = map[string]bool{}
	}
	l.told[r.Delivery.ID] = l.told[r.Delivery.ID] || r.Status != usher.DeliveryPending
}

// release ends those that begin with these deliveries.
func (l *leases) release(heads []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.held, func(_ string, held lease) bool { return slices.Contains(heads, held.head) })
}

func (l *leases) bury(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buried == nil {
		l.buried = map[string]bool{}
	}
	l.buried[name] = true
}
